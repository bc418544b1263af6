"""`vibenv context remove`."""

from __future__ import annotations

from vibenv_core import context_store
from vibenv_core.contexts import DEFAULT, context_name
from vibenv_core.errors import WrongState
from vibenv_core.hosts import VARIABLES

from ..command import VibenvCommand
from ..completions import context_names
from ..contexts import listed
from ..sdk import Call, Example, Positional, Switch
from ..tables.contexts import ContextRecord, context_record


class ContextRemove(VibenvCommand):
    """Forget a context with its TLS files; the engine and what runs on it are not touched."""

    name = "vibenv context remove"
    search_terms = ("rm", "delete", "docker", "host")
    input_output = ((object, ContextRecord),)
    examples = (Example("vibenv context remove lab", "forget `lab`"),)

    context = Positional(str, "its name", complete=context_names)
    force = Switch("also the current one; `default` is current then", short="f")

    def answer(self, call: Call) -> object:
        """The context as it was."""
        name, env = context_name(call[self.context]), call.engine.environment(*VARIABLES)
        context = listed(env, name)
        stored_as_current = context_store.current(env) == name
        if (context.current or stored_as_current) and not call[self.force]:
            raise WrongState(
                f"`{name}` is the current context",
                code="context::in_use",
                help=f"vibenv context use default, or vibenv context remove {name} --force",
                about="name",
            )
        if stored_as_current:
            context_store.use(env, DEFAULT)
        context_store.remove(env, name)
        return context_record(context, changed=True)
