"""Whose typing it is, where nobody says."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """The user's name on this machine; empty for one that has none here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
