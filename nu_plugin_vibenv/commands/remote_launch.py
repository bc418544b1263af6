"""`vibenv remote-launch`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from vibenv_core import hosts, process, remote
from vibenv_core.errors import EngineError, UsageError
from vibenv_core.settings import Settings

from .. import engines, terminal
from ..completions import image_names
from ..sdk import Call, Example, Flag
from ..session_command import SessionCommand


class RemoteLaunch(SessionCommand):
    """Open a Dagger environment's terminal right here, with a cache volume at /root/session.

    This is what runs in the session of a plain `vibenv launch`; typed at a prompt, nothing keeps it when
    the terminal is closed but what is in /root/session.
    """

    name = "vibenv remote-launch"
    search_terms = ("dagger", "terminal")
    input_output = ((object, None),)
    examples = (
        Example("vibenv remote-launch my-task", "an environment on the default image"),
        Example("vibenv remote-launch my-task --recipe build.dag", "one that a Dagger script makes"),
    )

    image = Flag(str, "the image that the environment starts from", complete=image_names)
    recipe = Flag(Path, "a file with a Dagger script that ends in a container, instead of an image")

    def answer(self, call: Call) -> object:
        """Nothing, once the terminal has been left."""
        name, recipe, env = self.wanted(call), _recipe(call[self.recipe]), call.engine.environment()
        host = hosts.resolve(call[self.host], env)
        program = remote.program(
            host,
            self._settings(call, env),
            name,
            recipe=recipe,
            env=env,
            connect=lambda: engines.connected(host, env, cancelled=call.cancelled),
            cancelled=call.cancelled,
        )
        with terminal.taken(call) as tty:
            exit_code = process.on_terminal(program.argv, env=program.env, tty=tty)
        if exit_code:
            raise EngineError(
                f"the Dagger client ended with exit code {exit_code}",
                code="remote::failed",
                help="what it said is above; `vibenv doctor` checks the Dagger engine",
            )
        return None

    def _settings(self, call: Call, env: Mapping[str, str]) -> Settings:
        image, settings = call[self.image], Settings.from_environment(env)
        return settings if image is None else dataclasses.replace(settings, environment_image=image)


def _recipe(file: Path | None) -> str | None:
    """The text of a recipe's file."""
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}", code="recipe::unreadable", help="name a file", about="recipe"
        ) from error
