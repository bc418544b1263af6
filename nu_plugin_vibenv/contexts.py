"""One of Docker's contexts, as a command about it answers with it."""

from __future__ import annotations

from collections.abc import Mapping

from vibenv_core import context_store, hosts
from vibenv_core.hosts import Context


def listed(env: Mapping[str, str], name: str) -> Context:
    """The context of that name. Raises: NotFound, WrongState (a file of Docker's cannot be read)."""
    for context in hosts.contexts(env):
        if context.name == name and context.error is None:
            return context
    raise context_store.unknown(env, name, about="name")
