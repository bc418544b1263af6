"""What the pipeline and the configuration give a command, typed: rows, and errors in their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from nu_plugin_vibenv.sdk import ByteStream, Call, Command, LabeledError, Plugin, Switch
from nu_plugin_vibenv.sdk.testing import FakeNu, run


@dataclass(frozen=True)
class Parcel:
    """What comes in by the pipeline."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Settings:
    """How the plugin is configured."""

    most: int = 3


class Weigh(Command):
    """Weigh parcels, as the configuration allows."""

    name = "weigh"
    input_output = ((list[Parcel], list[Parcel]),)
    single = Switch()

    def run(self, call: Call) -> object:
        if call[self.single]:
            return call.input.value(Parcel | None)
        most = call.engine.plugin_config(Settings).most
        return (parcel for parcel in call.input.values(Parcel) if parcel.weight <= most)


def test_the_input_comes_as_dataclasses_one_by_one_and_as_a_whole() -> None:
    rows: list[dict[str, object]] = [{"name": "a"}, {"name": "b", "weight": 4}, {"name": "c", "weight": 2}]
    light = [{"name": "a", "weight": 1.0}, {"name": "c", "weight": 2.0}]
    assert run(Weigh(), input=rows) == run(Weigh(), input=iter(rows)) == light
    assert run(Weigh(), input={"name": "a"}, single=True) == {"name": "a", "weight": 1.0}
    assert run(Weigh(), single=True) is None


@pytest.mark.parametrize("type", ["Binary", "String", "Unknown"])
def test_a_byte_stream_is_text_or_bytes_as_is_asked(type: str) -> None:
    class Take(Command):
        """Take what comes as text or as bytes."""

        name = "take"
        raw = Switch()

        def run(self, call: Call) -> str | bytes:
            return call.input.value(bytes) if call[self.raw] else call.input.value(str)

    assert run(Take(), input=ByteStream([b"a", b"b"], type), raw=True) == b"ab"
    if type == "Binary":
        with pytest.raises(LabeledError, match="the input: expected string"):
            run(Take(), input=ByteStream([b"a"], type))
    else:
        assert run(Take(), input=ByteStream([b"a", b"b"], type)) == "ab"


def test_input_that_is_not_what_was_wanted_is_an_error_at_the_very_cell() -> None:
    with pytest.raises(LabeledError, match="the input: expected string in `name`") as refused:
        run(Weigh(), input=[{"name": 1}])
    assert refused.value.labels[0].text == "this is 1"


def test_the_configuration_comes_as_a_dataclass_and_is_checked() -> None:
    plugin = Plugin(version="0", commands=[Weigh()])
    with FakeNu(plugin, plugin_config={"most": 5}) as nu:
        assert nu.run("weigh", input=[{"name": "b", "weight": 4}]) == [{"name": "b", "weight": 4.0}]
    wrong = pytest.raises(LabeledError, match="the plugin's configuration: expected int in `most`")
    with FakeNu(plugin, plugin_config={"most": "many"}) as nu, wrong:
        nu.run("weigh", input=[])


def test_errors_among_the_input_are_raised_or_handed_on_in_their_places() -> None:
    class Through(Command):
        """Hand on all there is."""

        name = "through"

        def run(self, call: Call) -> Iterator[object]:
            return call.input.values()

    class Count(Command):
        """Say which of what comes is an error."""

        name = "count"

        def run(self, call: Call) -> object:
            return [isinstance(value, LabeledError) for value in call.input.values(errors=True)]

    broken = [1, LabeledError("broken"), 2]
    assert run(Count(), input=iter(broken)) == [False, True, False]
    with pytest.raises(LabeledError, match="broken"):
        run(Through(), input=iter(broken))
