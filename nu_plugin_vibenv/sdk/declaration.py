"""Whether what a command declares can be, said when its class is made and not when a user types it."""

from __future__ import annotations

from .convert import from_python
from .data import TYPE_CHECKING
from .kinds import kind
from .mismatch import Mismatch
from .parameters import Flag, Key, Rest, Switch

if TYPE_CHECKING:
    from typing import Any

    from .command import Command

TAKEN = ("name", "category", "search_terms", "input_output", "examples", "run", "parameters", "positionals")
"""Attributes of a command that no parameter may take the place of."""


def check(cls: type[Command]) -> None:
    """Raises: TypeError, with what is wrong where, for what a class may not declare."""
    for attribute in TAKEN:
        if isinstance(getattr(cls, attribute, None), Key):
            raise TypeError(f"{cls.__name__}.{attribute} is no parameter's: call it `{attribute}_`")
    for attribute in ("search_terms", "examples", "input_output"):
        if not isinstance(getattr(cls, attribute), (tuple, list)):
            raise TypeError(f"{cls.__name__}.{attribute} is a tuple: ({getattr(cls, attribute)!r},)")
    for pair in cls.input_output:
        if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
            raise TypeError(f"{cls.__name__}.input_output has pairs in it: ((taken, given),), not {pair!r}")
    keys = cls.parameters()
    for key in keys:
        _check_key(cls, key)
    _check_names(cls, keys)


def _check_key(cls: type[Command], key: Key[Any]) -> None:
    where = f"{cls.__name__}: {key}"
    try:
        known = kind(key.type)
    except TypeError as error:
        raise TypeError(f"{where}: {error}; a Shape says how nu is to parse it") from None
    if key.default is not None:
        try:
            known.read(from_python(key.default))
        except (Mismatch, TypeError):
            raise TypeError(f"{where}: the default {key.default!r} is not {known.name}") from None
    if not (key.complete is None or callable(key.complete) or isinstance(key.complete, tuple)):
        raise TypeError(f"{where}: `complete` is a function or a tuple of words, not {key.complete!r}")
    if isinstance(key, Flag) and key.required and key.default is not None:
        raise TypeError(f"{where} is required, and so has no default")


def _check_names(cls: type[Command], keys: tuple[Key[Any], ...]) -> None:
    if len([key for key in keys if isinstance(key, Rest)]) > 1:
        raise TypeError(f"{cls.__name__} has more than one Rest")
    seen = {"help", "-h"}
    for key in keys:
        short = f"-{key.short}" if isinstance(key, (Flag, Switch)) and key.short else None
        if short is not None and len(short) != 2:
            raise TypeError(f"{cls.__name__}: {key}: a short flag is one letter, not {short[1:]!r}")
        for name in (key.name, short):
            if name in seen:
                raise TypeError(f"{cls.__name__}: {key}: `{name}` is there twice, or nu's own")
            if name is not None:
                seen.add(name)
