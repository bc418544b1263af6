"""Values and messages that the tests of this folder share, and how hypothesis makes more of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.errors import Label, LabeledError
from nu_plugin_vibenv.sdk.span import Span

SPAN = Span(10, 20)
CALL = p.EvaluatedCall(
    SPAN,
    (v.IntValue(1, SPAN), v.StringValue("two", SPAN)),
    (
        p.NamedArg(p.Spanned("three", SPAN), v.IntValue(3, SPAN)),
        p.NamedArg(p.Spanned("four", SPAN), None),
    ),
)
RUN = m.Call(3, m.Run("do this", CALL, p.ListStream(7, SPAN)))

spans = st.builds(Span, st.integers(0, 1 << 40), st.integers(0, 1 << 40))
ints = st.integers(-(1 << 63), (1 << 63) - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]))
optional_texts = st.none() | texts


def _errors(inner: st.SearchStrategy[LabeledError]) -> st.SearchStrategy[LabeledError]:
    return st.builds(
        LabeledError,
        texts,
        labels=st.lists(st.builds(Label, texts, spans), max_size=2),
        code=optional_texts,
        url=optional_texts,
        help=optional_texts,
        inner=st.lists(inner, max_size=2),
    )


errors = st.recursive(st.builds(LabeledError, texts), _errors, max_leaves=3)


@st.composite
def ranges(draw: st.DrawFn) -> v.Range:
    """A range whose numbers are all ints or all floats, as on the wire."""
    floats = st.floats(allow_nan=False, allow_infinity=False)
    number: st.SearchStrategy[Any] = draw(st.sampled_from([ints, floats]))
    end = draw(st.none() | number)
    inclusive = True if end is None else draw(st.booleans())
    return v.Range(draw(number), draw(st.none() | number), end, inclusive)


members = st.builds(v.PathMember, texts, st.booleans(), st.booleans()) | st.builds(
    v.PathMember, st.integers(0, 1 << 40), st.booleans()
)
cell_paths = st.builds(v.CellPath, st.lists(members, max_size=4).map(tuple))
custom_values = st.builds(v.PluginCustomValue, texts, st.binary(), st.booleans())

scalars: st.SearchStrategy[v.Value] = st.one_of(
    st.builds(v.BoolValue, st.booleans(), spans),
    st.builds(v.IntValue, ints, spans),
    st.builds(v.FloatValue, st.floats(allow_nan=False, allow_infinity=False), spans),
    st.builds(v.StringValue, texts, spans),
    st.builds(v.GlobValue, texts, st.booleans(), spans),
    st.builds(v.FilesizeValue, ints, spans),
    st.builds(v.DurationValue, ints, spans),
    st.builds(v.DateValue, texts, spans),
    st.builds(v.RangeValue, ranges(), spans),
    st.builds(v.BinaryValue, st.binary(), spans),
    st.builds(v.CellPathValue, cell_paths, spans),
    st.builds(v.CustomValue, custom_values, spans),
    st.builds(v.ErrorValue, errors, spans),
    st.builds(v.NothingValue, spans),
)


def _containers(inner: st.SearchStrategy[v.Value]) -> st.SearchStrategy[v.Value]:
    captures = st.lists(st.tuples(st.integers(0, 1 << 40), inner), max_size=2).map(tuple)
    closures = st.builds(v.Closure, st.integers(0, 1 << 40), captures)
    return st.one_of(
        st.builds(v.ListValue, st.lists(inner, max_size=4).map(tuple), spans),
        st.builds(v.RecordValue, st.dictionaries(texts, inner, max_size=4), spans),
        st.builds(v.ClosureValue, closures, spans),
    )


values = st.recursive(scalars, _containers, max_leaves=12)
