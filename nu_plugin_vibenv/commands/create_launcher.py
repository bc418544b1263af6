"""`vibenv create launcher`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vibenv_core import launcher
from vibenv_core.settings import Settings

from ..long_command import LongCommand
from ..sdk import Call, Example, Switch
from ..tables.host import LauncherRecord, launcher_record

if TYPE_CHECKING:
    from vibenv_core.model import Progress


class CreateLauncher(LongCommand):
    """Build the image that sessions run in, publish it to the host's registry and pull it from there.

    It holds Docker's and Dagger's clients, dtach, Nushell and vibenv itself. Nothing is built while what it
    is made of has not changed.
    """

    name = "vibenv create launcher"
    search_terms = ("build", "image", "publish")
    input_output = ((object, LauncherRecord),)
    examples = (
        Example("vibenv create launcher", "build it, or find that nothing has changed"),
        Example("vibenv create launcher | get size", "how large it is"),
    )

    force = Switch("build it even when nothing has changed", short="f")

    def work(self, call: Call) -> Callable[[Progress], object]:
        """Compare what it is to be made of with what is there, and build if they differ."""
        env = call.engine.environment()
        engine, settings = self.engine(call), Settings.from_environment(env)

        def create(progress: Progress) -> object:
            made = launcher.create(
                engine, settings, env=env, progress=progress, cancelled=call.cancelled, force=call[self.force]
            )
            return launcher_record(made)

        return create
