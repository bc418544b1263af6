"""Questions to a session's supervisor: one connection after the other, and each thing typed once."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

import pytest

from vibenv_core import asking
from vibenv_core.engine import Engine
from vibenv_core.errors import (
    EngineError,
    Interrupted,
    NotFound,
    Unreachable,
    UsageError,
    VibenvError,
    WrongState,
)
from vibenv_core.kept import Connection, Kept
from vibenv_core.model import Container, SessionState
from vibenv_core.screen import screen
from vibenv_core.send import parts, send
from vibenv_core.session_process import REQUESTS, TOOLS
from vibenv_core.stream import Stream
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Frames, Kind
from vibenv_core.supervisor.requests import Wait
from vibenv_core.wait import wait

SHOWN = {"rows": 1, "cols": 4, "cursor": [0, 2], "title": "t", "alternate": False, "lines": ["$"], "seq": 9}
NEVER = threading.Event()


class Far:
    """The far end of one connection: what was said there, and what is answered."""

    def __init__(
        self, near: socket.socket, argv: Sequence[str], env: Mapping[str, str], heard: list[dict[str, Any]]
    ) -> None:
        self.hello: dict[str, Any] = json.loads(argv[-1])
        self.asked: list[dict[str, Any]] = [json.loads(line) for line in env[REQUESTS].splitlines()]
        self._heard = heard
        self._socket = near
        self._frames = Frames()

    def say(self, data: bytes, stream: int = 1) -> None:
        self._socket.sendall(struct.pack(">BxxxI", stream, len(data)) + data)

    def welcome(self, typed: int = 0) -> None:
        self.say(frames.said(Kind.WELCOME, {"typed": typed, "rows": 1, "cols": 4, "version": 1}))

    def next(self) -> dict[str, Any]:
        """The next request."""
        while not self.asked:
            data = self._socket.recv(1 << 16)
            if not data:
                raise EOFError
            for frame in self._frames.feed(data):
                if frame.kind == Kind.REQUEST:
                    self.asked.append(frames.plain(frame.payload))
                elif frame.kind == Kind.INPUT:
                    self.say(frames.positioned(Kind.TYPED, frames.position(frame.payload)[0]))
        self._heard.append(self.asked[0])
        return self.asked.pop(0)

    def answer(self, **said: Any) -> dict[str, Any]:
        """Answer the next question, other than how it is, with `said`."""
        while (request := self.next())["do"] == "state":
            self.say(frames.said(Kind.ANSWER, {"id": request["id"], "seq": 7}))
        self.say(frames.said(Kind.ANSWER, {"id": request["id"], **said}))
        return request

    def close(self) -> None:
        self._socket.close()


Act = Callable[[Far], object]
At = Callable[..., "PlainEngine"]


class PlainEngine:
    """An engine with one session, at whose connections `acts` are at the far end, one after the other."""

    def __init__(self, *acts: Act) -> None:
        self.kept: Kept[tuple[str, ...], Connection] = Kept()
        self.hellos: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        """All requests."""
        self.mended = 0
        self.state = SessionState.RUNNING
        self.mounts = {TOOLS: "tools"}
        self.failures: list[VibenvError] = []
        """What opening a connection fails with, at first."""
        self._acts = list(acts)

    def exec_stream(self, _container: str, argv: Sequence[str], *, env: Mapping[str, str]) -> Stream:
        if self.failures:
            raise self.failures.pop(0)
        ours, theirs = socket.socketpair()
        far = Far(theirs, argv, env, self.heard)
        self.hellos.append(far.hello)
        threading.Thread(target=self._serve, args=(far, self._acts.pop(0)), daemon=True).start()
        return Stream(ours)

    def _serve(self, far: Far, act: Act) -> None:
        with suppress(EOFError, OSError):
            act(far)
        far.close()

    def ping(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def mend(self, _since_ns: int) -> None:
        self.mended += 1

    def inspect(self, _container: str) -> Container | None:
        return cast(Container, self) if self.state is not SessionState.REMOVING else None

    name = "vibenv-a"
    labels = {"vibenv.session": "a"}  # noqa: RUF012
    exit_code = 3

    @property
    def as_engine(self) -> Engine:
        """What takes an engine asks this one no more than it has."""
        return cast(Engine, self)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links that are not waited for long, and sessions that are, however busy this machine is."""
    monkeypatch.setattr("vibenv_core.heartbeat._PATIENCE_S", 30.0)
    monkeypatch.setattr(asking, "_PAUSES_S", (0.0,))
    monkeypatch.setattr(asking, "_SETTLING_S", 0.1)


@pytest.fixture
def at() -> Iterator[At]:
    """Makes engines, whose kept connections are closed with the test."""
    engines: list[PlainEngine] = []

    def made(*acts: Act) -> PlainEngine:
        engines.append(PlainEngine(*acts))
        return engines[-1]

    yield made
    for engine in engines:
        engine.kept.close()


def rests(far: Far) -> None:
    """Say nothing until the near end goes."""
    while True:
        far.next()


def showing(far: Far) -> None:
    far.welcome()
    while True:
        far.answer(**SHOWN)


def answering(**said: Any) -> Act:
    """Answers one question."""

    def act(far: Far) -> None:
        far.welcome()
        far.answer(**said)
        rests(far)

    return act


def test_a_screen_is_given_as_it_was_told(at: At) -> None:
    engine = at(showing)
    shown = screen(engine.as_engine, "a", cancelled=NEVER)
    assert (shown.lines, shown.seq, shown.changed) == (["$"], 9, None)


def test_a_program_says_who_it_is_and_that_it_is_none_with_a_terminal(at: At) -> None:
    engine = at(answering(typed=2, seq=1))
    send(engine.as_engine, "a", parts("ab"), author="bot", cancelled=NEVER)
    (hello,) = engine.hellos
    assert (hello["rows"], hello["cols"], hello["person"], hello["author"]) == (0, 0, False, "bot")


def test_the_next_question_goes_over_the_same_connection(at: At) -> None:
    engine = at(showing)
    for _ in range(3):
        screen(engine.as_engine, "a", cancelled=NEVER)
    assert len(engine.hellos) == 1


def test_a_kept_connection_that_has_ended_is_replaced(at: At) -> None:
    def once(far: Far) -> None:
        far.welcome()
        far.answer(**SHOWN)

    engine = at(once, once)
    screen(engine.as_engine, "a", cancelled=NEVER)
    screen(engine.as_engine, "a", cancelled=NEVER)
    assert len(engine.hellos) == 2


def test_what_was_not_answered_before_a_cut_is_typed_at_the_same_position_again(at: At) -> None:
    def deaf(far: Far) -> None:
        far.welcome()
        far.answer(typed=3, seq=1)
        assert [far.next()["do"], far.next()["do"]] == ["state", "send"]

    def hearing(far: Far) -> None:
        far.welcome(typed=5)
        far.answer(typed=5, seq=2)

    engine = at(deaf, hearing)
    send(engine.as_engine, "a", parts("abc"), author="bot", cancelled=NEVER)
    done = send(engine.as_engine, "a", parts("de"), author="bot", cancelled=NEVER)
    assert (done.bytes, done.seq) == (2, 2)
    assert [request["at"] for request in engine.heard if request["do"] == "send"] == [0, 3, 3]
    assert len({hello["client"] for hello in engine.hellos}) == 1


def test_a_wait_that_is_cut_goes_on_from_where_it_began(at: At) -> None:
    def cut(far: Far) -> None:
        far.welcome()
        state = far.next()
        far.say(frames.said(Kind.ANSWER, {"id": state["id"], "seq": 7}))
        far.next()

    def hearing(far: Far) -> None:
        far.welcome()
        far.answer(reason="text", match="x", seq=30)

    engine = at(cut, hearing)
    met = wait(engine.as_engine, "a", Wait(text="x", timeout_s=5), cancelled=NEVER)
    assert (met.reason, met.match, met.seq) == ("text", "x", 30)
    first, again = (request for request in engine.heard if request["do"] == "wait")
    assert (first.get("since"), again["since"]) == (None, 7)
    assert again["timeout_s"] < first["timeout_s"]


def test_a_connection_that_says_nothing_is_given_up_and_its_way_mended(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vibenv_core.heartbeat._PATIENCE_S", -0.7)
    engine = at(rests, *[showing] * 20)
    screen(engine.as_engine, "a", cancelled=NEVER)
    assert engine.mended == len(engine.hellos) - 1 > 0


def test_a_wait_in_a_quiet_session_asks_whether_the_session_is_there(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vibenv_core.heartbeat._PAUSE_S", 0.02)

    def quiet(far: Far) -> None:
        far.welcome()
        state, request = far.next(), far.next()
        far.say(frames.said(Kind.ANSWER, {"id": state["id"], "seq": 7}))
        threading.Timer(
            0.5, far.say, [frames.said(Kind.ANSWER, {"id": request["id"], "reason": "idle", "seq": 8})]
        ).start()
        rests(far)  # answers INPUT meanwhile

    engine = at(quiet)
    assert wait(engine.as_engine, "a", Wait(idle_s=0.1), cancelled=NEVER).reason == "idle"
    assert len(engine.hellos) == 1


def test_ctrl_c_ends_a_wait_and_its_connection(at: At) -> None:
    cancelled, gone = threading.Event(), threading.Event()

    def waiting(far: Far) -> None:
        far.welcome()
        far.next(), far.next()
        cancelled.set()
        with suppress(EOFError, OSError):
            far.next()
        gone.set()

    engine = at(waiting)
    with pytest.raises(Interrupted):
        wait(engine.as_engine, "a", Wait(exit=True), cancelled=cancelled)
    assert gone.wait(5)


def test_an_engine_that_cannot_be_reached_is_asked_again_until_the_time_is_up(at: At) -> None:
    engine = at(showing)
    engine.failures = [Unreachable("cut", code="engine::cut")] * 4
    assert screen(engine.as_engine, "a", cancelled=NEVER).seq == 9
    engine.kept.close()
    engine.failures = [Unreachable("cut", code="engine::cut")] * 1_000_000
    with pytest.raises(Unreachable, match="cut") as raised:
        wait(engine.as_engine, "a", Wait(exit=True, timeout_s=-9.8), cancelled=NEVER)
    assert raised.value.code == "vibenv::session::no_answer"


def test_who_is_not_there_or_does_not_run_is_told_so(at: At) -> None:
    engine = at()
    engine.failures = [WrongState("409", code="container::not_running")] * 2
    engine.state = SessionState.STOPPED
    with pytest.raises(WrongState, match="is stopped"):
        screen(engine.as_engine, "a", cancelled=NEVER)
    assert wait(engine.as_engine, "a", Wait(exit=True), cancelled=NEVER).exit_code == 3
    engine.failures = [NotFound("404", code="container::not_found")] * 2
    engine.state = SessionState.REMOVING
    with pytest.raises(NotFound, match="no session `a`"):
        screen(engine.as_engine, "a", cancelled=NEVER)
    with pytest.raises(NotFound, match="no session `a`"):
        wait(engine.as_engine, "a", Wait(exit=True), cancelled=NEVER)


def test_a_session_that_ends_while_it_is_waited_for_has_ended(at: At) -> None:
    def ending(far: Far) -> None:
        far.welcome()
        assert [far.next()["do"], far.next()["do"]] == ["state", "wait"]
        engine.failures = [NotFound("404", code="container::not_found")]
        engine.state = SessionState.REMOVING

    engine = at(ending)
    met = wait(engine.as_engine, "a", Wait(text="x", exit=True), cancelled=NEVER)
    assert (met.reason, met.exit_code) == ("exit", None)


def test_an_engine_that_says_as_output_why_there_is_no_relay_is_understood(at: At) -> None:
    engine = at(lambda far: far.say(b"OCI runtime exec failed: the container is stopping"), showing)
    assert screen(engine.as_engine, "a", cancelled=NEVER).seq == SHOWN["seq"]
    later = at(lambda far: far.say(frames.said(Kind.WELCOME, {"typed": 0, "version": 99})))
    with pytest.raises(EngineError, match="another language"):
        screen(later.as_engine, "a", cancelled=NEVER)


LIES: tuple[dict[str, Any], ...] = ({"rows": "1"}, {"lines": [None]}, {"cursor": [1]}, {"seq": True})


@pytest.mark.parametrize("lie", [{"rows": 1}, *(SHOWN | lie for lie in LIES)])
def test_an_answer_that_is_none_is_an_error_of_that_session(at: At, lie: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match="impossible"):
        screen(at(answering(**lie)).as_engine, "a", cancelled=NEVER)
    with pytest.raises(EngineError, match="impossible"):
        wait(at(answering(reason=7, seq=1)).as_engine, "a", Wait(exit=True), cancelled=NEVER)


def test_a_session_of_an_older_vibenv_is_told_as_such(at: At) -> None:
    engine = at(
        lambda far: far.say(b"unknown: --requests\n\nusage", stream=2),
        lambda far: far.say(b"exec: no such file or directory", stream=2),
        answering(error="not known", code="unknown"),
    )
    for mounts in ({TOOLS: "t"}, {}, {TOOLS: "t"}):
        engine.mounts = mounts
        with pytest.raises(WrongState) as raised:
            screen(engine.as_engine, "a", cancelled=NEVER)
        assert raised.value.code == "vibenv::session::outdated"


def test_a_terminal_that_is_not_there_though_the_session_runs_is_an_error_after_a_while(at: At) -> None:
    engine = at(*[lambda far: far.say(b"/tmp/x.sock: No such file\n", stream=2)] * 1000)
    with pytest.raises(EngineError, match="No such file") as raised:
        screen(engine.as_engine, "a", cancelled=NEVER)
    assert raised.value.code == "vibenv::session::no_terminal"
    assert len(engine.hellos) > 1


@pytest.mark.parametrize(
    ("code", "kind", "ours"),
    [
        ("keys_held", WrongState, "send::keys_held"),
        ("unread", WrongState, "send::unread"),
        ("ended", WrongState, "session::not_running"),
        ("bad_key", UsageError, "send::bad_key"),
        ("bad_regex", UsageError, "wait::bad_regex"),
        ("bad_request", EngineError, "session::bad_request"),
    ],
)
def test_a_refusal_is_an_error_of_its_own(at: At, code: str, kind: type[VibenvError], ours: str) -> None:
    engine = at(answering(error="anna is typing", code=code))
    with pytest.raises(kind) as raised:
        send(engine.as_engine, "a", parts("x"), author="", cancelled=NEVER)
    assert raised.value.code == f"vibenv::{ours}"


@pytest.mark.parametrize(
    ("answer", "wish", "code"),
    [
        ({"reason": "timeout", "seq": 8}, Wait(text="x", timeout_s=1), "wait::timeout"),
        ({"reason": "exit", "exit_code": 2, "seq": 8}, Wait(text="x"), "wait::ended"),
    ],
)
def test_a_wait_in_vain_is_an_error_that_says_for_what(
    at: At, answer: dict[str, Any], wish: Wait, code: str
) -> None:
    engine = at(answering(**answer))
    with pytest.raises(WrongState, match="the text `x`") as raised:
        wait(engine.as_engine, "a", wish, cancelled=NEVER)
    assert raised.value.code == f"vibenv::{code}"


def test_an_end_that_is_waited_for_is_no_error(at: At) -> None:
    for wish in (Wait(exit=True), Wait(states=["exited"])):
        engine = at(answering(reason="exit", exit_code=2, seq=3))
        assert wait(engine.as_engine, "a", wish, cancelled=NEVER).exit_code == 2


def test_what_can_never_work_is_refused_before_anything_is_asked(at: At) -> None:
    engine = at()
    with pytest.raises(UsageError, match="nothing to type"):
        parts("")
    with pytest.raises(UsageError, match="KiB"):
        parts("x" * (1 << 18))
    with pytest.raises(UsageError, match="wait for"):
        wait(engine.as_engine, "a", Wait(), cancelled=NEVER)


def test_text_comes_before_keys() -> None:
    assert parts("a\n", keys=["Enter", "C-c"]) == [{"text": "a\n"}, {"key": "Enter"}, {"key": "C-c"}]
    assert parts("a", paste=True) == [{"paste": "a"}]
