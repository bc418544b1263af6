"""Variables of an environment, as a user gives them."""

from __future__ import annotations

from collections.abc import Mapping

from vibenv_core.errors import UsageError


def variables(given: Mapping[str, object] | None) -> dict[str, str]:
    """What `--env` says. Raises: UsageError, for what is neither text nor a number."""
    for name, value in (given or {}).items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise UsageError(
                f"the variable `{name}` is neither text nor a number",
                code="usage::env",
                help="--env {NAME: value}",
                about="env",
            )
    return {name: str(value) for name, value in (given or {}).items()}
