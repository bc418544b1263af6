"""How a command is written: typed arguments, defaults, spans, completions, and the signature nu is told."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from nu_plugin_vibenv.sdk import (
    Call,
    Command,
    CompletionRequest,
    Example,
    Filesize,
    Flag,
    Key,
    LabeledError,
    NoTerminal,
    Optional,
    Plugin,
    Positional,
    Rest,
    Shape,
    Span,
    Suggestion,
    Switch,
    Type,
)
from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk import signature as s
from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.derive import signature
from nu_plugin_vibenv.sdk.testing import FakeNu, run

from .examples import SPAN
from .rows import COLUMNS, Colour, Inner, Row


def hosts(request: CompletionRequest) -> Iterator[Suggestion | str]:
    """What `paint --host` may be given, after the arguments that stand there already."""
    yield f"{request.text}!"
    yield Suggestion("there", f"{request.flag('colour')} {request.positionals} {request.head.start}")


class Paint(Command):
    """Paint things.

    With a brush, or
    without one.
    """

    name = "paint"
    category = "art"
    search_terms = ("brush",)
    input_output = ((Type.NOTHING, Type.STRING),)
    examples = (Example("paint wall", "paint a wall", "red wall"), Example("paint", "fail"))

    what = Positional(Path, "the thing")
    coats = Optional(int, "how many", default=1)
    more = Rest(str, "other things")
    colour = Flag(Colour, "which", default=Colour.RED, short="c")
    host = Flag(str, "where", complete=hosts)
    wait_for = Flag(datetime.timedelta, "how long")
    size = Flag(Filesize, "how large")
    ratio = Flag(float, "how wide", required=True)
    anything = Flag(object, "whatever")
    dry_run = Switch("only say what would be done", short="n")
    given: ClassVar[dict[str, object]] = {}

    def run(self, call: Call) -> object:
        keys = {name: key for name, key in vars(Paint).items() if isinstance(key, Key)}
        Paint.given = {name: call[key] for name, key in keys.items()}
        return None


class Spans(Command):
    """Say where everything stands."""

    name = "spans"
    first = Optional(str)
    rest = Rest(str)
    flag = Flag(str)
    switch = Switch()

    def run(self, call: Call) -> list[int]:
        keys = (self.first, self.flag, self.switch)
        spans = [
            call.head,
            *(call.span(key) for key in keys),
            call.span(self.rest, 1),
            call.span(self.rest, 9),
        ]
        return [span.start for span in spans]


def painted(*positional: object, ratio: float = 1.5, **named: Any) -> dict[str, object]:
    """What `paint` found when it asked for each of its arguments."""
    run(Paint(), *positional, ratio=ratio, **named)
    return Paint.given


def test_arguments_come_as_their_types() -> None:
    hour = datetime.timedelta(hours=1)
    given = painted(
        "wall",
        2,
        "a",
        "b",
        colour="blue",
        host="h",
        wait_for=hour,
        size=Filesize(9),
        anything=[1],
        dry_run=True,
    )
    assert given == {
        "what": Path("/wall"),
        "coats": 2,
        "more": ("a", "b"),
        "colour": Colour.BLUE,
        "host": "h",
        "wait_for": hour,
        "size": Filesize(9),
        "ratio": 1.5,
        "anything": [1],
        "dry_run": True,
    }
    assert isinstance(given["colour"], Colour)
    assert isinstance(given["size"], Filesize)


def test_arguments_that_are_left_out_come_as_their_defaults() -> None:
    given = painted("wall")
    left_out = {name: value for name, value in given.items() if name not in ("what", "ratio")}
    assert left_out == {
        "coats": 1,
        "more": (),
        "colour": Colour.RED,
        "host": None,
        "wait_for": None,
        "size": None,
        "anything": None,
        "dry_run": False,
    }


def test_null_stands_for_an_argument_that_is_left_out() -> None:
    assert painted("wall", None, host=None)["coats"] == 1


def test_null_and_nothing_do_not_stand_for_an_argument_that_is_required() -> None:
    with pytest.raises(LabeledError, match="`what`: expected path"):
        painted(None)
    with pytest.raises(LabeledError, match="`what` is missing"):
        painted()
    with pytest.raises(LabeledError, match="`--ratio`: expected float"):
        run(Paint(), "wall", ratio=None)


def test_a_switch_may_be_given_as_false() -> None:
    assert painted("wall", dry_run=False)["dry_run"] is False


def test_an_int_does_for_a_float() -> None:
    ratio = painted("wall", ratio=2)["ratio"]
    assert ratio == 2.0
    assert isinstance(ratio, float)


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ({"colour": "green"}, ("`--colour`: expected one of: red, blue", 'this is "green"')),
        ({"host": 3}, ("`--host`: expected string", "this is 3")),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_where_it_stands(
    named: dict[str, Any], text: tuple[str, str]
) -> None:
    with pytest.raises(LabeledError) as refused:
        painted("wall", **named)
    assert (refused.value.msg, refused.value.labels[0].text) == text
    assert refused.value.code == "plugin::type_mismatch"


def test_a_path_is_where_the_caller_is_and_not_where_the_plugin_was_started() -> None:
    run(Paint(), "wall", ratio=1.0, directory="/home/me")
    assert Paint.given["what"] == Path("/home/me/wall")
    run(Paint(), "~/wall", ratio=1.0, directory="/home/me")
    assert Paint.given["what"] == Path.home() / "wall"
    run(Paint(), "~nobody-is-called-so/wall", ratio=1.0, directory="/home/me")
    assert Paint.given["what"] == Path("/home/me/~nobody-is-called-so/wall")


def test_a_few_variables_are_asked_for_by_name_and_the_rest_left_alone() -> None:
    class Variables(Command):
        """Give variables."""

        name = "variables"
        names = Rest(str)

        def run(self, call: Call) -> dict[str, str]:
            return call.engine.environment(*call[self.names])

    environment = {"A": "a", "B": 3, "Path": ["/bin", "/usr/bin"], "C": "c"}
    everything = {"A": "a", "Path": "/bin:/usr/bin", "C": "c"}
    assert run(Variables(), environment=environment) == everything
    some = run(Variables(), "A", "B", "Path", "NONE", environment=environment)
    assert some == {"A": "a", "Path": "/bin:/usr/bin"}


def test_an_argument_that_does_not_fit_is_refused_before_the_command_runs() -> None:
    class Careless(Command):
        """Look at no argument."""

        name = "careless"
        colour = Flag(Colour)

        def run(self, call: Call) -> str:
            return "ran"

    with pytest.raises(LabeledError, match="`--colour`: expected one of: red, blue"):
        run(Careless(), colour="green")
    assert run(Careless(), colour="red") == "ran"


def test_a_flag_that_a_test_misspells_is_refused() -> None:
    with pytest.raises(TypeError, match="paint has no flag color"):
        run(Paint(), "wall", color="red")


def test_every_argument_knows_where_it_stands() -> None:
    call = p.EvaluatedCall(
        Span(1, 2),
        (v.StringValue("a", Span(3, 4)), v.StringValue("b", Span(5, 6)), v.StringValue("c", Span(7, 8))),
        (
            p.NamedArg(p.Spanned("flag", Span(9, 10)), v.StringValue("d", Span(11, 12))),
            p.NamedArg(p.Spanned("switch", Span(13, 14)), None),
        ),
    )
    with FakeNu(Plugin(version="0", commands=[Spans()])) as nu:
        nu.send(m.Call(0, m.Run("spans", call, p.Empty())))
        header = nu.receive().response.header
    assert [element.val for element in header.value.vals] == [1, 3, 11, 13, 7, 1]


class Single(Command):
    """Have one parameter."""

    name = "single"
    what = Positional(object)

    def run(self, call: Call) -> None: ...


class Missing(Command):
    """Want a terminal."""

    name = "want terminal"

    def run(self, call: Call) -> None:
        with call.engine.foreground():
            pass


@pytest.mark.parametrize(
    ("call", "msg"),
    [
        (m.Run("gone", p.EvaluatedCall(SPAN), p.Empty()), "this plugin has no command `gone`"),
        (
            m.Run(
                "spans",
                p.EvaluatedCall(SPAN, (), (p.NamedArg(p.Spanned("old", SPAN), None),)),
                p.Empty(),
            ),
            "`spans` has no flag `--old`",
        ),
        (
            m.Run("single", p.EvaluatedCall(SPAN, (v.IntValue(1), v.IntValue(2))), p.Empty()),
            "`single` takes 1 arguments",
        ),
        (
            m.CustomValueCall(p.Spanned(v.PluginCustomValue("Old", b""), SPAN), m.ToBaseValue()),
            "this plugin has no values of the type Old",
        ),
    ],
)
def test_what_an_older_registration_knows_is_answered_with_how_to_renew_it(
    call: m.PluginCall, msg: str
) -> None:
    plugin = Plugin(version="0", commands=[Spans(), Single()], registration="plugin add here")
    with FakeNu(plugin) as nu:
        nu.send(m.Call(0, call))
        error = nu.receive().response.error
    assert (error.msg, error.code) == (msg, "plugin::outdated")
    assert error.help == "the plugin has changed since it was registered: plugin add here"


def test_a_nu_without_terminal_is_told_apart_from_other_errors() -> None:
    with pytest.raises(LabeledError) as refused:
        run(Missing())
    assert refused.value.code == "plugin::no_terminal"
    assert issubclass(NoTerminal, LabeledError)


def test_a_command_is_imported_when_it_is_run_and_not_before() -> None:
    plugin = Plugin(version=lambda: "1.0", commands={"spans": f"{__name__}:Spans", "no": "no.such.module:No"})
    assert plugin.names == ["spans", "no"]
    assert plugin.version == "1.0"
    with FakeNu(plugin) as nu:
        assert nu.run("spans") == [0, 0, 0, 0, 0, 0]
        with pytest.raises(LabeledError, match="No module named"):
            nu.run("no")


def test_the_signature_says_all_that_was_declared() -> None:
    sig = signature(Paint()).sig
    assert (sig.description, sig.extra_description) == ("Paint things.", "With a brush, or\nwithout one.")
    assert sig.search_terms == ("brush",)
    assert sig.category == s.Category("Custom", "art")
    assert sig.input_output_types == ((Type.NOTHING, Type.STRING),)
    assert "which; one of: red, blue" in [flag.desc for flag in sig.named]
    assert sig.required_positional == (s.PositionalArg("what", "the thing", Shape.PATH),)
    assert sig.optional_positional == (
        s.PositionalArg("coats", "how many", Shape.INT, default_value=v.IntValue(1)),
    )
    assert sig.rest_positional == s.PositionalArg("more", "other things", Shape.STRING)
    flags = {flag.long: flag for flag in sig.named}
    assert list(flags) == [
        "help", "colour", "host", "wait-for", "size", "ratio", "anything", "dry-run"
    ]  # fmt: skip
    assert flags["colour"].completion == s.ListCompletion(("red", "blue"))
    assert (flags["colour"].short, flags["colour"].default_value) == ("c", v.StringValue("red"))
    assert [flag.arg for flag in sig.named] == [
        None, Shape.STRING, Shape.STRING, Shape.DURATION, Shape.FILESIZE, Shape.NUMBER, Shape.ANY, None
    ]  # fmt: skip
    assert [flag.long for flag in sig.named if flag.required] == ["ratio"]


def test_the_first_paragraph_of_a_docstring_is_the_short_help_however_it_is_wrapped() -> None:
    class Wrapped(Spans):
        """Say where everything
        stands.

        And more.
        """

    sig = signature(Wrapped()).sig
    assert (sig.description, sig.extra_description) == ("Say where everything stands.", "And more.")


def test_words_to_complete_are_told_and_no_others_are_refused_for_it() -> None:
    class Plant(Command):
        """Plant something."""

        name = "plant"
        tree = Positional(str, complete=("oak", "beech"))

        def run(self, call: Call) -> str:
            return call[self.tree]

    [arg] = signature(Plant()).sig.required_positional
    assert (arg.completion, arg.desc) == (s.ListCompletion(("oak", "beech")), "")
    assert completion_of(m.PositionalAt(0), {}, Plant()) == m.CompletionItems(None)
    assert run(Plant(), "elm") == "elm"


def test_examples_are_told_with_their_results() -> None:
    assert signature(Paint()).examples == (
        s.PluginExample("paint wall", "paint a wall", v.StringValue("red wall")),
        s.PluginExample("paint", "fail", None),
    )


def test_one_of_nu_s_own_categories_is_told_as_such() -> None:
    class Filter(Spans):
        category = "Filters"

    assert signature(Filter()).sig.category == s.Category("Filters")


def test_a_dataclass_names_the_columns_of_a_table_or_record() -> None:
    class Listing(Spans):
        input_output = ((object, list[Row]), (None, Row))

    types = signature(Listing()).sig.input_output_types
    assert types == ((Type.ANY, Type("Table", COLUMNS)), (Type.NOTHING, Type("Record", COLUMNS)))


def test_rows_are_sent_with_their_columns_in_order_in_a_list_and_in_a_stream() -> None:
    at = datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC)
    row = Row("a", Filesize(1), at, None, Path("/x"), Colour.RED, Inner(1, 2.0), [Inner(3, 4.0)], ["t"])

    class Listing(Spans):
        def run(self, call: Call) -> Any:
            return iter([row]) if call[self.switch] else [row]

    listed, streamed = run(Listing()), run(Listing(), switch=True)
    expected = {
        "name": "a",
        "size": Filesize(1),
        "at": at,
        "age": None,
        "where": "/x",
        "colour": "red",
        "inner": {"x": 1, "y": 2.0},
        "inners": [{"x": 3, "y": 4.0}],
        "tags": ["t"],
    }
    for rows in (listed, streamed):
        assert rows == [expected]
        assert list(rows[0]) == list(expected)


def completion_of(
    arg: m.FlagValue | m.PositionalAt, tree: object, command: Command | None = None, *, strip: bool = False
) -> Any:
    asked = command or Paint()
    with FakeNu(Plugin(version="0", commands=[asked])) as nu:
        nu.send(m.Call(0, m.GetCompletion(asked.name, arg, m.DynamicCompletionCall(tree, strip))))
        return nu.receive().response


def named(name: str, content: object) -> dict[str, object]:
    return {"Named": [{"item": name, "span": {"start": 0, "end": 0}}, None, {"expr": content}]}


def test_completions_know_what_stands_on_the_line() -> None:
    arguments = [
        {"Positional": {"expr": {"Filepath": ["wall", False]}}},
        {"Positional": {"expr": {"Int": 3}}},
        {"Positional": {"expr": "Garbage"}},
        named("colour", {"String": "blue"}),
        named("host", {"String": "ala"}),
    ]
    tree = {"head": {"start": 7, "end": 9}, "arguments": arguments}
    assert completion_of(m.FlagValue("host"), tree, strip=True) == m.CompletionItems(
        (Suggestion("al!"), Suggestion("there", "blue ('wall', '3', None) 7"))
    )


@pytest.mark.parametrize("tree", [None, {}, {"head": 3, "arguments": [3]}])
def test_completions_do_without_a_tree_that_they_cannot_read(tree: object) -> None:
    items = completion_of(m.FlagValue("host"), tree).items
    assert [item.value for item in items] == ["!", "there"]


def spaced(_request: CompletionRequest) -> Iterator[Suggestion | str]:
    yield "plain"
    yield 'two "words"'
    yield Suggestion("'quoted already'", "as it is")
    yield Suggestion("a b", "a word", display_override="A B")


class Find(Command):
    """Find something."""

    name = "find"
    what = Positional(str, complete=spaced)
    where = Flag(dict, complete=lambda _request: ["{a: 1}", "a b"])

    def run(self, call: Call) -> None: ...


def test_a_completion_of_several_words_is_quoted_where_a_string_is_wanted() -> None:
    assert completion_of(m.PositionalAt(0), {}, Find()).items == (
        Suggestion("plain"),
        Suggestion('"two \\"words\\""', display_override='two "words"'),
        Suggestion("'quoted already'", "as it is"),
        Suggestion('"a b"', "a word", display_override="A B"),
    )
    assert completion_of(m.FlagValue("where"), {}, Find()).items == (Suggestion("{a: 1}"), Suggestion("a b"))


def test_a_word_whose_quote_is_open_is_completed_without_it() -> None:
    tree = {"arguments": [named("host", {"String": "'al"})]}
    assert completion_of(m.FlagValue("host"), tree).items[0] == Suggestion("al!")


@pytest.mark.parametrize(
    "arg", [m.FlagValue("colour"), m.FlagValue("unknown"), m.PositionalAt(0), m.PositionalAt(9)]
)
def test_nu_completes_by_itself_what_the_plugin_does_not(arg: m.FlagValue | m.PositionalAt) -> None:
    assert completion_of(arg, {}) == m.CompletionItems(None)
