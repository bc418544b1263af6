"""What a command reads as Python values is what it would get by way of the typed ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nu_plugin_vibenv.sdk import Call, Command, Plugin, to_python
from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.codec import Msgpack
from nu_plugin_vibenv.sdk.convert import rfc3339
from nu_plugin_vibenv.sdk.errors import RemoteProtocolError
from nu_plugin_vibenv.sdk.plain import plain_value
from nu_plugin_vibenv.sdk.span import UNKNOWN
from nu_plugin_vibenv.sdk.testing import FakeNu
from nu_plugin_vibenv.sdk.wire_values import decode_value, encode_value
from tests.sdk.examples import scalars, spans, values

SPAN = {"start": 1, "end": 2}


dates = st.builds(v.DateValue, st.datetimes(timezones=st.timezones()).map(rfc3339), spans)


@given(st.lists(st.one_of(scalars, dates, values), max_size=12))
def test_values_are_read_as_they_are_by_way_of_the_typed_ones(several: list[v.Value]) -> None:
    tree = encode_value(v.ListValue(tuple(several)))
    assert repr(plain_value(tree)) == repr(to_python(decode_value(tree)))


@pytest.mark.parametrize(
    "tree",
    [
        None,
        {},
        "Int",
        {"Int": None},
        {"Int": {"span": SPAN}},
        {"Int": {"val": "1", "span": SPAN}},
        {"Filesize": {"val": "1", "span": SPAN}},
        {"Record": {"val": [], "span": SPAN}},
        {"Record": {"val": {"a": {"Bool": {"val": 1, "span": SPAN}}}, "span": SPAN}},
        {"List": {"val": [], "span": SPAN}},
        {"Date": {"val": 1, "span": SPAN}},
    ],
)
def test_what_is_no_value_is_refused(tree: object) -> None:
    with pytest.raises(RemoteProtocolError, match="expected"):
        plain_value(tree)


class Total(Command):
    """Add up the input."""

    name = "total"

    def run(self, call: Call) -> int:
        """Read all of it."""
        return sum(call.input.values())


def _nested(depth: int) -> object:
    tree: object = {"Int": {"val": 1, "span": SPAN}}
    for _ in range(depth):
        tree = {"List": {"vals": [tree], "span": SPAN}}
    return tree


@pytest.mark.parametrize(
    ("tree", "told"),
    [({"Int": 7}, "expected a Int value"), (_nested(338), "recursion")],
    ids=["wrong", "deep"],
)
def test_an_item_that_cannot_be_read_costs_one_call(tree: object, told: str) -> None:
    with FakeNu(Plugin(version="0", commands=[Total()])) as nu:
        nu.send(m.Call(0, m.Run("total", p.EvaluatedCall(UNKNOWN), p.ListStream(4, UNKNOWN))))
        nu.send_bytes(Msgpack().pack({"Data": [4, {"List": tree}]}))
        assert nu.receive() == m.Drop(4)
        error = nu.receive().response.error
        assert error.msg == "nu sent something that cannot be read"
        assert told in error.help
        assert nu.run("total", input=[1, 2]) == 3
