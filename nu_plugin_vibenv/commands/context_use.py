"""`vibenv context use`."""

from __future__ import annotations

from vibenv_core import context_store, hosts

from ..command import VibenvCommand
from ..completions import context_names
from ..contexts import listed
from ..sdk import Call, Example, Positional
from ..tables.contexts import ContextRecord, context_record


class ContextUse(VibenvCommand):
    """Make a context the one that is used without `--host`, by Docker's own command line too.

    `current` in the answer is false where a variable of this shell outdoes it, which `detail` names.
    """

    name = "vibenv context use"
    search_terms = ("switch", "docker", "host")
    input_output = ((object, ContextRecord),)
    examples = (
        Example("vibenv context use lab", "commands are about `lab` from now on"),
        Example("vibenv context use default", "about this machine again"),
    )

    context = Positional(str, "its name", complete=context_names)

    def answer(self, call: Call) -> object:
        """The context, and whether it is used."""
        env = call.engine.environment(*hosts.VARIABLES)
        changed = context_store.use(env, call[self.context])
        context = listed(env, call[self.context])
        variable = None if context.current else hosts.overriding(env)
        detail = variable and f"{variable} decides in this shell: hide-env {variable}"
        return context_record(context, changed=changed, detail=detail)
