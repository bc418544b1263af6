"""What travels through pipelines, and the arguments of calls either way, named as in `nu-plugin-protocol`."""

from __future__ import annotations

from .data import TYPE_CHECKING, Data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .errors import LabeledError
    from .span import Span
    from .values import Value


class NoSource(Data):
    pass


class HtmlThemes(Data):
    pass


class FilePath(Data):
    path: str


class UnknownSource(Data):
    """A source that a later nu knows."""

    name: str
    payload: object


class PipelineMetadata(Data):
    """What nu knows of where data came from, such as `ls` or the file that was opened.

    `custom` is what commands and plugins add of their own, under names that begin with the plugin's.
    """

    data_source: DataSource = NoSource()
    path_columns: tuple[str, ...] = ()
    content_type: str | None = None
    custom: Mapping[str, Value] = {}


class Empty(Data):
    """No input, or no output."""


class SingleValue(Data):
    """All of the data at once."""

    value: Value
    metadata: PipelineMetadata | None = None


class UnreadValue(Data):
    """A single value left as it stands on the wire, for whoever wants it to read as they like."""

    tree: object
    metadata: PipelineMetadata | None = None


class ListStream(Data):
    """Values that come one by one as `ListItem`s of stream `id`."""

    id: int
    span: Span
    metadata: PipelineMetadata | None = None


class ByteStream(Data):
    """Bytes that come in `RawBytes` of stream `id`; `type` is "Binary", "String" or "Unknown"."""

    id: int
    span: Span
    type: str
    metadata: PipelineMetadata | None = None


class ListItem(Data):
    value: Value


class UnreadItem(Data):
    """An item of a list stream left as it stands on the wire."""

    tree: object
    if not TYPE_CHECKING:

        def __init__(self, tree) -> None:  # one for each row: half the time of the general one
            self.__dict__["tree"] = tree


class RawBytes(Data):
    data: bytes


class RawError(Data):
    error: LabeledError


class Spanned(Data):
    """Something (a str, an int, a name of a flag) and where it stands in the source."""

    item: object
    span: Span


class NamedArg(Data):
    """A flag by its long name; `value` is None for a plain switch."""

    name: Spanned
    value: Value | None


class EvaluatedCall(Data):
    """The arguments of one call: `head` is where the command's name stands."""

    head: Span
    positional: tuple[Value, ...] = ()
    named: tuple[NamedArg, ...] = ()


DataSource = NoSource | HtmlThemes | FilePath | UnknownSource
ReadHeader = Empty | SingleValue | ListStream | ByteStream
PipelineDataHeader = ReadHeader | UnreadValue
StreamData = ListItem | UnreadItem | RawBytes | RawError
