"""Frozen records for the protocol's vocabulary, and stand-ins for what `typing` gives at run time.

A plugin is started for almost every script that uses it, so what its modules cost to import is paid each
time. `dataclasses` takes about 13 ms to import and 0.4 ms for each class, `typing` 3 ms; this module takes
none of that, and type checkers see a frozen dataclass all the same (PEP 681).

Imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import dataclass_transform
else:

    def dataclass_transform(**_options):
        return lambda cls: cls


class Generic:
    """Stands in for `typing.Generic` at run time: `Class[T]` is the class itself."""

    def __class_getitem__(cls, _parameters: object) -> type:
        return cls


@dataclass_transform(frozen_default=True)
class Data:
    """A frozen record: its annotations are its fields, in order, and a class attribute of the same name the
    default.

    Equal when class and fields are. Defaults are shared, so they must not change.
    """

    __match_args__: tuple[str, ...] = ()
    if not TYPE_CHECKING:

        def __init_subclass__(cls) -> None:
            own = cls.__annotations__.items()
            fields = (name for name, annotation in own if not annotation.startswith("ClassVar"))
            cls.__match_args__ = (*cls.__match_args__, *fields)

        def __init__(self, *values, **named) -> None:
            fields = self.__match_args__
            own = self.__dict__
            own.update(zip(fields, values))  # noqa: B905 - counted below, when it is not the usual case
            if len(values) == len(fields) and not named:
                return
            own.update(named)
            if len(own) != len(values) + len(named) or not own.keys() <= set(fields):
                raise TypeError(f"{type(self).__name__} takes {', '.join(fields)}")
            for field in fields[len(values) :]:
                if field not in own and not hasattr(type(self), field):
                    raise TypeError(f"{type(self).__name__} needs {field}")

        def __setattr__(self, name, _value) -> None:
            raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, field) == getattr(other, field) for field in self.__match_args__)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, field) for field in self.__match_args__)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{field}={getattr(self, field)!r}" for field in self.__match_args__)
        return f"{type(self).__name__}({fields})"
