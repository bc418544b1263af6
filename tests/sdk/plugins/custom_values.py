"""`custom-value …`: the commands and values of nu's `nu_plugin_custom_values`."""

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from nu_plugin_vibenv.sdk import (
    Call,
    Closure,
    Command,
    Custom,
    Example,
    Label,
    LabeledError,
    Operator,
    Optional,
    Ordering,
    Plugin,
    Positional,
    Shape,
    Type,
    serve,
)

ONE_ARGUMENT = Shape("Closure", (Shape.ANY,))


class Text(Custom):
    """A value that is a text and nothing else."""

    def __init__(self, text: str) -> None:
        self.text = text

    def to_bytes(self) -> bytes:
        return self.text.encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        return cls(data.decode())

    def partial_cmp(self, other: object) -> Ordering | None:
        if not isinstance(other, type(self)):
            return None
        return "Less" if self.text < other.text else "Equal" if self.text == other.text else "Greater"


class CoolCustomValue(Text):
    """A value with cells that can be appended to another."""

    type_name = "CoolCustomValue"

    def to_base_value(self) -> str:
        return f"I used to be a custom value! My data was ({self.text})"

    def follow_path_int(self, index: int, optional: bool) -> str | None:
        if index == 0:
            return self.text
        if optional:
            return None
        raise LabeledError("Row number too large (max: 0).", code="nu::shell::access_beyond_end")

    def follow_path_string(self, column: str, optional: bool, insensitive: bool) -> str | None:
        if (column.lower() if insensitive else column) == "cool":
            return self.text
        if optional:
            return None
        raise LabeledError(f"Cannot find column '{column}'", code="nu::shell::column_not_found")

    def operation(self, operator: Operator, right: object) -> object:
        if operator.name == "Concatenate" and isinstance(right, CoolCustomValue):
            return CoolCustomValue(self.text + right.text)
        return super().operation(operator, right)


class SecondCustomValue(Text):
    """A value that can be saved."""

    type_name = "SecondCustomValue"

    def to_base_value(self) -> str:
        return f"I used to be a DIFFERENT custom value! ({self.text})"

    def save(self, path: str) -> None:
        try:
            Path(path).write_text(self.text)
        except OSError as error:
            raise LabeledError(f"{self.type_name} cannot be saved: {error}") from error


class DropCheckValue(Text):
    """A value that says on stderr when it is dropped."""

    type_name = "DropCheckValue"
    notify_on_drop = True

    def to_base_value(self) -> dict[str, str]:
        return {"msg": self.text}

    def dropped(self) -> None:
        print(f"DropCheckValue was dropped: {self.text}", file=sys.stderr)


class HandleCustomValue(Text):
    """A number that stands for a value which the plugin keeps until the handle is dropped."""

    type_name = "HandleCustomValue"
    notify_on_drop = True

    def to_base_value(self) -> object:
        return kept.get(self.text)

    def dropped(self) -> None:
        kept.pop(self.text, None)


kept: dict[str, object] = {}
"""What the handles stand for."""
numbers = itertools.count()


def handle(value: object) -> HandleCustomValue:
    """A new handle of a value, which is kept from now on."""
    made = HandleCustomValue(str(next(numbers)))
    kept[made.text] = value
    return made


def handled(call: Call) -> object:
    """The value that the input's handle stands for."""
    try:
        made = HandleCustomValue.of(call.input.value())
    except LabeledError as error:
        labels = [Label("not a handle", call.input.span or call.head)]
        raise LabeledError(error.msg, labels=labels, code="nu::shell::unsupported_input") from error
    if made.text not in kept:
        label = Label("this handle is no longer valid", call.input.span or call.head)
        help = "the plugin may have exited, or there was a bug"
        raise LabeledError("Handle expired", labels=[label], help=help)
    return kept[made.text]


class Generate(Command):
    """PluginSignature for a plugin that generates a custom value"""

    name = "custom-value generate"
    category = "Experimental"
    input_output = ()
    examples = (Example("custom-value generate", "Generate a new CoolCustomValue", CoolCustomValue("abc")),)

    def run(self, call: Call) -> CoolCustomValue:
        return CoolCustomValue("abc")


class Generate2(Command):
    """PluginSignature for a plugin that generates a different custom value"""

    name = "custom-value generate2"
    category = "Experimental"
    input_output = ()
    closure = Optional(ONE_ARGUMENT, "An optional closure to pass the custom value to.")
    examples = (
        Example("custom-value generate2", "Generate a new SecondCustomValue", SecondCustomValue("xyz")),
        Example(
            "custom-value generate2 { print }",
            "Generate a new SecondCustomValue and pass it to a closure",
        ),
    )

    def run(self, call: Call) -> object:
        value = SecondCustomValue("xyz")
        closure: Closure | None = call[self.closure]
        return value if closure is None else call.engine.eval_closure(closure, value, input=value)


def updated(value: object, call: Call) -> Custom:
    """The value with a little more text."""
    for cls, more in ((CoolCustomValue, "xyz"), (SecondCustomValue, "abc")):
        try:
            return cls(cls.of(value).text + more)
        except LabeledError:
            continue
    label = Label("expected cool or second", call.head)
    raise LabeledError("Can't convert to cool or second.", labels=[label], code="nu::shell::cant_convert")


class Update(Command):
    """PluginSignature for a plugin that updates a custom value"""

    name = "custom-value update"
    category = "Experimental"
    input_output = ()
    examples = (
        Example(
            "custom-value generate | custom-value update",
            "Update a CoolCustomValue",
            CoolCustomValue("abcxyz"),
        ),
        Example(
            "custom-value generate2 | custom-value update",
            "Update a SecondCustomValue",
            SecondCustomValue("xyzabc"),
        ),
    )

    def run(self, call: Call) -> Custom:
        return updated(call.input.value(), call)


class UpdateArg(Command):
    """Updates a custom value as an argument"""

    name = "custom-value update-arg"
    category = "Experimental"
    input_output = ()
    custom_value = Positional(object, "The custom value to update.")

    def run(self, call: Call) -> Custom:
        return updated(call[self.custom_value], call)


class DropCheck(Command):
    """Generates a custom value that prints a message when dropped"""

    name = "custom-value drop-check"
    category = "Experimental"
    input_output = ()
    msg = Positional(str, "The message to print on drop.")

    def run(self, call: Call) -> DropCheckValue:
        return DropCheckValue(call[self.msg])


HANDLE = Type.custom("HandleCustomValue")


class HandleMake(Command):
    """Store a value in plugin memory and return a handle to it"""

    name = "custom-value handle make"
    input_output = ((Type.ANY, HANDLE),)

    def run(self, call: Call) -> HandleCustomValue:
        return handle(call.input.value())


class HandleGet(Command):
    """Get a value previously stored in a handle"""

    name = "custom-value handle get"
    input_output = ((HANDLE, Type.ANY),)

    def run(self, call: Call) -> object:
        return handled(call)


class HandleUpdate(Command):
    """Update the value in a handle and return a new handle with the result"""

    name = "custom-value handle update"
    input_output = ((HANDLE, HANDLE),)
    closure = Positional(ONE_ARGUMENT, "The closure to run on the value.")

    def run(self, call: Call) -> HandleCustomValue:
        value = handled(call)
        return handle(call.engine.eval_closure(call[self.closure], value, input=value).value())


PLUGIN = Plugin(
    version="0.1.0",
    commands=[
        Generate(), Generate2(), Update(), UpdateArg(),
        DropCheck(), HandleGet(), HandleMake(), HandleUpdate(),
    ],
    custom_values=[CoolCustomValue, SecondCustomValue, DropCheckValue, HandleCustomValue],
)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Run the plugin."""
    return serve(PLUGIN, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
