"""What nu is told of a command: its parameters with shapes, its input and output types, its examples."""

from __future__ import annotations

from .data import TYPE_CHECKING, Data

if TYPE_CHECKING:
    from typing import ClassVar

    from .values import Value


class Type(Data):
    """The type of a value in a pipeline.

    `of` says what it is made of: a Type for List, Types for OneOf, (name, Type) pairs for Record and Table,
    the name of a Custom.
    """

    name: str
    of: object = None

    ANY: ClassVar[Type]
    BINARY: ClassVar[Type]
    BOOL: ClassVar[Type]
    CELL_PATH: ClassVar[Type]
    CLOSURE: ClassVar[Type]
    DATE: ClassVar[Type]
    DURATION: ClassVar[Type]
    FILESIZE: ClassVar[Type]
    FLOAT: ClassVar[Type]
    GLOB: ClassVar[Type]
    INT: ClassVar[Type]
    NOTHING: ClassVar[Type]
    NUMBER: ClassVar[Type]
    RANGE: ClassVar[Type]
    STRING: ClassVar[Type]

    @staticmethod
    def list(of: Type) -> Type:
        """A list whose elements are all of one type."""
        return Type("List", of)

    @staticmethod
    def one_of(*types: Type) -> Type:
        """A value of any one of these types."""
        return Type("OneOf", types)

    @staticmethod
    def record(**columns: Type) -> Type:
        """A record that has these columns."""
        return Type("Record", tuple(columns.items()))

    @staticmethod
    def table(**columns: Type) -> Type:
        """A table that has these columns."""
        return Type("Table", tuple(columns.items()))

    @staticmethod
    def custom(name: str) -> Type:
        """A custom value, by the name that `describe` shows."""
        return Type("Custom", name)


for _name in [
    "Any",
    "Binary",
    "Bool",
    "Closure",
    "Date",
    "Duration",
    "Filesize",
    "Float",
    "Glob",
    "Int",
    "Nothing",
    "Number",
    "Range",
    "String",
]:
    setattr(Type, _name.upper(), Type(_name))
Type.CELL_PATH = Type("CellPath")


class Shape(Data):
    """How nu parses what is typed for an argument.

    `of` as for Type; for Closure the shapes of its parameters or None, for Keyword the word as bytes and a
    Shape.
    """

    name: str
    of: object = None

    ANY: ClassVar[Shape]
    BINARY: ClassVar[Shape]
    BOOL: ClassVar[Shape]
    CELL_PATH: ClassVar[Shape]
    CLOSURE: ClassVar[Shape]
    DATE: ClassVar[Shape]
    DIRECTORY: ClassVar[Shape]
    DURATION: ClassVar[Shape]
    EXTERNAL_ARGUMENT: ClassVar[Shape]
    FILESIZE: ClassVar[Shape]
    FLOAT: ClassVar[Shape]
    GLOB: ClassVar[Shape]
    INT: ClassVar[Shape]
    NOTHING: ClassVar[Shape]
    NUMBER: ClassVar[Shape]
    PATH: ClassVar[Shape]
    RANGE: ClassVar[Shape]
    RECORD: ClassVar[Shape]
    STRING: ClassVar[Shape]
    TABLE: ClassVar[Shape]

    @staticmethod
    def list(of: Shape) -> Shape:
        """A list whose elements are all of one shape."""
        return Shape("List", of)

    @staticmethod
    def one_of(*shapes: Shape) -> Shape:
        """Whatever can be parsed as one of these, tried in order."""
        return Shape("OneOf", shapes)

    @staticmethod
    def record(**columns: Shape) -> Shape:
        """A record that has these columns."""
        return Shape("Record", tuple(columns.items()))

    @staticmethod
    def table(**columns: Shape) -> Shape:
        """A table that has these columns."""
        return Shape("Table", tuple(columns.items()))


for _name in [
    "Any",
    "Binary",
    "Directory",
    "Duration",
    "Filesize",
    "Float",
    "Int",
    "Nothing",
    "Number",
    "Range",
    "String",
]:
    setattr(Shape, _name.upper(), Shape(_name))
Shape.BOOL = Shape("Boolean")
Shape.CELL_PATH = Shape("CellPath")
Shape.CLOSURE = Shape("Closure")
Shape.DATE = Shape("DateTime")
Shape.EXTERNAL_ARGUMENT = Shape("ExternalArgument")
Shape.GLOB = Shape("GlobPattern")
Shape.PATH = Shape("Filepath")
Shape.RECORD = Shape("Record", ())
Shape.TABLE = Shape("Table", ())


class ListCompletion(Data):
    """Words that nu offers by itself, without asking the plugin."""

    words: tuple[str, ...]


class CommandCompletion(Data):
    """A nu command that is asked, by the number of its declaration."""

    decl_id: int


class BuiltinCompletion(Data):
    """One of nu's own completers; `of` holds the options of NuFile and Command."""

    name: str
    of: object = None


class ExternalCompleter(Data):
    """The completer that the user configured for external commands."""


class CommandCompleter(Data):
    """A nu command that completes every argument, by the number of its declaration."""

    decl_id: int


if TYPE_CHECKING:
    Completion = ListCompletion | CommandCompletion | BuiltinCompletion


class PositionalArg(Data):
    name: str
    desc: str
    shape: Shape
    completion: Completion | None = None
    var_id: int | None = None
    default_value: Value | None = None


class FlagArg(Data):
    """A flag, without a value when `arg` is None."""

    long: str
    short: str | None = None
    arg: Shape | None = None
    required: bool = False
    desc: str = ""
    completion: Completion | None = None
    var_id: int | None = None
    default_value: Value | None = None


class Category(Data):
    """Where `help commands` files a command: one of nu's own names, or `of` when the name is Custom."""

    name: str = "Default"
    of: str | None = None


class Signature(Data):
    name: str
    description: str = ""
    extra_description: str = ""
    search_terms: tuple[str, ...] = ()
    required_positional: tuple[PositionalArg, ...] = ()
    optional_positional: tuple[PositionalArg, ...] = ()
    rest_positional: PositionalArg | None = None
    named: tuple[FlagArg, ...] = ()
    input_output_types: tuple[tuple[Type, Type], ...] = ()
    allow_variants_without_examples: bool = False
    is_filter: bool = False
    creates_scope: bool = False
    allows_unknown_args: bool = False
    complete: ExternalCompleter | CommandCompleter | None = None
    category: Category = Category()


class PluginExample(Data):
    example: str
    description: str
    result: Value | None = None


class PluginSignature(Data):
    sig: Signature
    examples: tuple[PluginExample, ...] = ()
