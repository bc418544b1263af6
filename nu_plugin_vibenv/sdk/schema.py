"""How a type of the protocol stands on the wire, both ways: small schemas that `wire.py` puts together.

The other side is Rust's serde: a unit variant of an enum is `"Name"`, any other `{"Name": payload}`; a struct
is a map by field; a tuple is an array; an Option is the value or null. Fields not known here are ignored, as
nu does, so that a later nu can be talked to.

Pure: trees of dict, list, str, int, float, bool, bytes and None on one side, `Data` on the other.
"""

from __future__ import annotations

from .data import TYPE_CHECKING
from .errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    class Schema(Protocol):
        """Reads and writes one type; raises RemoteProtocolError and LocalProtocolError."""

        def decode(self, tree: Any) -> Any: ...
        def encode(self, value: Any) -> Any: ...

    class Variant(Schema, Protocol):
        """A schema of one class, which can be a variant of an enum."""

        cls: type[Any]


def shown(tree: object) -> str:
    """A tree as an error message may quote it: one line, not too long."""
    text = repr(tree)
    return text if len(text) <= 80 else text[:77] + "..."


class Plain:
    """A value that stands for itself."""

    def __init__(self, *types: type) -> None:
        self.types = types

    def decode(self, tree: Any) -> Any:
        if type(tree) not in self.types:
            raise RemoteProtocolError(f"expected {self.types[0].__name__}, got {shown(tree)}")
        return tree

    def encode(self, value: Any) -> Any:
        if not isinstance(value, self.types):
            raise LocalProtocolError(f"expected {self.types[0].__name__}, got {shown(value)}")
        return value


class Opaque:
    """Anything, kept as it came."""

    def decode(self, tree: Any) -> Any:
        return tree

    def encode(self, value: Any) -> Any:
        return value


class Bytes:
    """Bytes: an array of numbers from nu, and whatever the encoding has for bytes to it."""

    def decode(self, tree: Any) -> bytes:
        if type(tree) is bytes:
            return tree
        if type(tree) is list:
            try:
                return bytes(tree)
            except (TypeError, ValueError):
                pass
        raise RemoteProtocolError(f"expected bytes, got {shown(tree)}")

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise LocalProtocolError(f"expected bytes, got {shown(value)}")
        return bytes(value)


class Word:
    """One of a fixed set of words."""

    def __init__(self, words: str) -> None:
        self.words = frozenset(words.split())

    def decode(self, tree: Any) -> Any:
        if type(tree) is not str or tree not in self.words:
            raise RemoteProtocolError(f"expected one of {', '.join(sorted(self.words))}, got {shown(tree)}")
        return tree

    def encode(self, value: Any) -> Any:
        if value not in self.words:
            raise LocalProtocolError(f"expected one of {', '.join(sorted(self.words))}, got {shown(value)}")
        return value


class Maybe:
    """Something or null."""

    def __init__(self, item: Schema) -> None:
        self.item = item

    def decode(self, tree: Any) -> Any:
        return None if tree is None else self.item.decode(tree)

    def encode(self, value: Any) -> Any:
        return None if value is None else self.item.encode(value)


class Seq:
    """Any number of one thing, as a tuple."""

    def __init__(self, item: Schema) -> None:
        self.item = item

    def decode(self, tree: Any) -> Any:
        if type(tree) is not list:
            raise RemoteProtocolError(f"expected an array, got {shown(tree)}")
        return tuple([self.item.decode(element) for element in tree])

    def encode(self, value: Any) -> Any:
        return [self.item.encode(element) for element in value]


class Map:
    """Names and one thing for each, in order."""

    def __init__(self, item: Schema) -> None:
        self.item = item

    def decode(self, tree: Any) -> Any:
        if type(tree) is not dict:
            raise RemoteProtocolError(f"expected a map, got {shown(tree)}")
        return {key: self.item.decode(element) for key, element in tree.items()}

    def encode(self, value: Any) -> Any:
        return {key: self.item.encode(element) for key, element in value.items()}


class Pair:
    """A tuple of different things, without a class of its own."""

    def __init__(self, *items: Schema) -> None:
        self.items = items

    def decode(self, tree: Any) -> Any:
        return tuple(decode_array(self.items, tree))

    def encode(self, value: Any) -> Any:
        return [item.encode(element) for item, element in zip(self.items, value, strict=True)]


def decode_array(items: tuple[Schema, ...], tree: Any) -> list[Any]:
    """Read an array of exactly these things."""
    if type(tree) is not list or len(tree) != len(items):
        raise RemoteProtocolError(f"expected an array of {len(items)}, got {shown(tree)}")
    return [item.decode(element) for item, element in zip(items, tree, strict=True)]


class Unit:
    """A variant without payload."""

    fields: tuple[Schema, ...] = ()

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls
        self.instance = cls()

    def decode(self, _tree: Any) -> Any:
        return self.instance

    def encode(self, _value: Any) -> Any:
        return None


class Newtype:
    """A class of one field that stands on the wire as that field."""

    def __init__(self, cls: type[Any], item: Schema) -> None:
        self.cls = cls
        self.item = item

    def decode(self, tree: Any) -> Any:
        return self.cls(self.item.decode(tree))

    def encode(self, value: Any) -> Any:
        return self.item.encode(getattr(value, self.cls.__match_args__[0]))


class Tuple:
    """A class that stands on the wire as an array of its fields."""

    def __init__(self, cls: type[Any], *items: Schema) -> None:
        self.cls = cls
        self.items = items

    def decode(self, tree: Any) -> Any:
        return self.cls(*decode_array(self.items, tree))

    def encode(self, value: Any) -> Any:
        fields = self.cls.__match_args__
        return [item.encode(getattr(value, name)) for name, item in zip(fields, self.items, strict=True)]


_MISSING = object()


class Struct:
    """A class that stands on the wire as a map of its fields, given in the order of the class.

    A field that is missing on the wire is None if it is a `Maybe`, its `defaults` entry if it has one, and an
    error otherwise, as with serde.
    """

    def __init__(
        self, cls: type[Any], /, *, defaults: Mapping[str, Any] | None = None, **items: Schema
    ) -> None:
        self.cls = cls
        self.items = tuple(items.items())
        self.defaults = defaults or {}

    def decode(self, tree: Any) -> Any:
        if type(tree) is not dict:
            raise RemoteProtocolError(f"expected a {self.cls.__name__} as a map, got {shown(tree)}")
        values = []
        for name, item in self.items:
            element = tree.get(name, _MISSING)
            if element is not _MISSING:
                values.append(item.decode(element))
            elif name in self.defaults:
                values.append(self.defaults[name])
            elif isinstance(item, Maybe):
                values.append(None)
            else:
                raise RemoteProtocolError(f"{self.cls.__name__} lacks {name}: {shown(tree)}")
        return self.cls(*values)

    def encode(self, value: Any) -> Any:
        return {name: item.encode(getattr(value, name)) for name, item in self.items}


class Named:
    """An enum kept as one class with a name and what belongs to it, `of`, for enums that only pass through.

    What belongs to a name without carrier is kept as it came.
    """

    def __init__(self, cls: type[Any], carriers: Mapping[str, Schema]) -> None:
        self.cls = cls
        self.carriers = carriers

    def decode(self, tree: Any) -> Any:
        name, of = variant(tree)
        carrier = self.carriers.get(name)
        return self.cls(name, of if carrier is None else carrier.decode(of))

    def encode(self, value: Any) -> Any:
        name, of = (getattr(value, field) for field in self.cls.__match_args__)
        carrier = self.carriers.get(name)
        if carrier is not None:
            return {name: carrier.encode(of)}
        return name if of is None else {name: of}


def variant(tree: Any) -> tuple[str, Any]:
    """The name and the payload of an enum on the wire."""
    if type(tree) is str:
        return tree, None
    if type(tree) is dict and len(tree) == 1:
        [(name, payload)] = tree.items()
        if type(name) is str:
            return name, payload
    raise RemoteProtocolError(f"expected a variant, got {shown(tree)}")


class Tagged:
    """An enum: each variant by its name. A name that is not known is kept as `unknown(name, payload)`."""

    def __init__(self, unknown: Callable[[str, Any], object] | None, /, **variants: Variant) -> None:
        self.variants = variants
        self.unknown = unknown
        self.names = {schema.cls: (name, schema) for name, schema in variants.items()}

    def but(self, **variants: Variant) -> Tagged:
        """The same enum with some variants read otherwise."""
        return Tagged(self.unknown, **{**self.variants, **variants})

    def decode(self, tree: Any) -> Any:
        name, payload = variant(tree)
        schema = self.variants.get(name)
        if schema is not None:
            return schema.decode(payload)
        if self.unknown is None:
            raise RemoteProtocolError(f"expected one of {', '.join(self.variants)}, got {shown(tree)}")
        return self.unknown(name, payload)

    def encode(self, value: Any) -> Any:
        named = self.names.get(type(value))
        if named is None:
            if self.unknown is not None and type(value) is self.unknown:
                return value.name if value.payload is None else {value.name: value.payload}
            raise LocalProtocolError(f"expected one of {', '.join(self.variants)}, got {shown(value)}")
        name, schema = named
        return name if type(schema) is Unit else {name: schema.encode(value)}


class Later:
    """A schema that is named before it is made, for types that contain themselves."""

    def __init__(self, get: Callable[[], Schema]) -> None:
        self.get = get

    def decode(self, tree: Any) -> Any:
        return self.get().decode(tree)

    def encode(self, value: Any) -> Any:
        return self.get().encode(value)
