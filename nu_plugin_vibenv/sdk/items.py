"""Items of a list stream straight from Python to msgpack, for the values that tables are made of.

Building a tree of every value for the packer takes three times as long as putting its bytes together: the
names of kinds and columns and the span are the same in each row, so they are packed once.
"""

from __future__ import annotations

from . import messages as m
from . import pipelines as p
from .convert import datetime, from_python, nanoseconds, rfc3339, row_fields, timedelta
from .data import TYPE_CHECKING
from .span import Span
from .values import Filesize
from .wire_values import SPAN, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .codec import Codec

    Write = Callable[[Any], bytes]

_I64 = 1 << 63


def item_encoder(codec: Codec, stream_id: int, span: Span) -> Callable[[object], bytes]:
    """What turns a Python value into the whole message that sends it on this stream, with `span` in all its
    parts.

    The encoder raises NotConvertible and LocalProtocolError, and is for one thread.
    """
    pack = codec.encoding.atoms()
    if pack is None:
        return lambda item: codec.encode(m.StreamMessage(stream_id, p.ListItem(from_python(item, span))))
    return _MsgpackItems(pack, codec.encoding.pack, stream_id, span).message


class _MsgpackItems:
    def __init__(self, pack: Write, pack_tree: Write, stream_id: int, span: Span) -> None:
        self._pack = pack
        self._pack_tree = pack_tree
        self._span = span
        self._names: dict[object, bytes] = {}
        self._start = b"\x81" + pack("Data") + b"\x92" + pack(stream_id) + b"\x81" + pack("List")
        self._end = pack("span") + pack(SPAN.encode(span))
        self._nothing = b"\x81" + pack("Nothing") + b"\x81" + self._end
        int_, string, float_ = (self._head(kind) for kind in ("Int", "String", "Float"))
        bool_, filesize, date = (self._head(kind) for kind in ("Bool", "Filesize", "Date"))
        duration, end = self._head("Duration"), self._end
        self._record, self._list = self._head("Record"), self._head("List", "vals")
        self._writers: dict[type, Write] = {
            type(None): lambda _value: self._nothing,
            str: lambda value: string + pack(value) + end,
            int: lambda value: int_ + pack(value) + end if -_I64 <= value < _I64 else self._other(value),
            float: lambda value: float_ + pack(value) + end,
            bool: lambda value: bool_ + pack(value) + end,
            Filesize: lambda value: filesize + pack(int(value)) + end,
            timedelta: lambda value: duration + pack(nanoseconds(value)) + end,
            datetime: lambda value: date + pack(rfc3339(value)) + end,
            dict: self._dict,
            list: self._sequence,
            tuple: self._sequence,
        }

    def _head(self, kind: str, field: str = "val") -> bytes:
        return b"\x81" + self._pack(kind) + b"\x82" + self._pack(field)

    def message(self, item: object) -> bytes:
        return self._start + self._writers.get(type(item), self._other)(item)

    def _dict(self, value: dict[str, object]) -> bytes:
        writers, other, names = self._writers, self._other, self._names
        parts = [self._record, _map_header(len(value))]
        for name, cell in value.items():
            parts.append(names.get(name) or self._name(name))
            parts.append(writers.get(type(cell), other)(cell))
        parts.append(self._end)
        return b"".join(parts)

    def _name(self, name: object) -> bytes:
        packed = self._pack(str(name))
        if len(self._names) < 1000:  # columns are few; the keys of other records need not be
            self._names[name] = packed
        return packed

    def _sequence(self, value: list[object]) -> bytes:
        parts = [self._list, _array_header(len(value))]
        parts += [self._writers.get(type(element), self._other)(element) for element in value]
        parts.append(self._end)
        return b"".join(parts)

    def _other(self, value: Any) -> bytes:
        fields = row_fields(type(value))
        if fields is not None and not hasattr(value, "to_nu"):
            return self._dict({column: getattr(value, name) for name, column in fields.items()})
        return self._pack_tree(VALUE.encode(from_python(value, self._span)))


def _map_header(length: int) -> bytes:
    if length < 16:
        return bytes((0x80 | length,))
    return b"\xde" + length.to_bytes(2, "big") if length < 1 << 16 else b"\xdf" + length.to_bytes(4, "big")


def _array_header(length: int) -> bytes:
    if length < 16:
        return bytes((0x90 | length,))
    return b"\xdc" + length.to_bytes(2, "big") if length < 1 << 16 else b"\xdd" + length.to_bytes(4, "big")
