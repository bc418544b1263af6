"""A script types, sees and waits in a session that runs, as a person beside it types too."""

from __future__ import annotations

import time

from tests.supervisor.test_process import Start, start
from tests.terminal.client import PATIENCE_S
from vibenv_core.supervisor import asciicast, frames
from vibenv_core.supervisor.asciicast import Typed
from vibenv_core.supervisor.frames import Kind

__all__ = ["start"]

RAW = "import os, tty\ntty.setraw(0)\nos.write(1, b'ready')\n"
ECHO = RAW + "while typed := os.read(0, 4096): os.write(1, typed.hex().encode() + b'\\r\\n')"
DEAF = RAW + "import signal\nsignal.pause()"
PYTHON = ("/usr/bin/env", "python3", "-ISc")


def test_a_script_types_waits_for_the_answer_and_sees_it(start: Start) -> None:
    session = start("sh", "-c", "read line; echo you said $line; exec cat")
    script = session.attach(rows=0, cols=0, person=False, author="script")
    sent = script.ask("send", at=0, parts=[{"text": "hello"}, {"key": "Enter"}])
    assert sent == {"id": sent["id"], "typed": 6, "seq": 0}
    waited = script.ask("wait", regex=r"said (\w+)", since=sent["seq"], timeout_s=PATIENCE_S)
    assert (waited["reason"], waited["match"], waited["groups"]) == ("regex", "said hello", ["hello"])
    shown = script.ask("screen")
    assert shown["lines"][:3] == ["hello", "you said hello", ""]
    assert (shown["cursor"], shown["seq"]) == ([2, 0], waited["seq"] + 2)
    again = script.ask("send", at=0, parts=[{"text": "hello"}, {"key": "Enter"}])
    assert again["seq"] == 0
    script.send(frames.said(Kind.REQUEST, {"id": 1, "do": "wait", "exit": True}))
    script.ask("send", at=6, parts=[{"key": "C-d"}])
    answers = (frames.plain(frame.payload) for frame in script.frames if frame.kind == Kind.ANSWER)
    ended = next((answer for answer in answers if answer["id"] == 1), None)
    ended = ended or frames.plain(script.until_frame(Kind.ANSWER).payload)
    assert ended["exit_code"] == 0


def test_a_persons_key_goes_before_a_scripts_text_and_ends_it(start: Start) -> None:
    session = start(*PYTHON, DEAF)
    person = session.attach(author="ann")
    script = session.attach(rows=0, cols=0, person=False)
    person.until_painted(b"ready")
    script.send(
        frames.said(Kind.REQUEST, {"id": 1, "do": "send", "at": 0, "parts": [{"text": "x" * 100_000}]})
    )
    script.until_frame(Kind.TYPED)
    person.type(b"\x03")
    refused = frames.plain(script.until_frame(Kind.ANSWER).payload)
    assert (refused["code"], refused["holder"], refused["for_s"]) == ("keys_held", "ann", 3.0)
    assert 0 < refused["typed"] < 100_000
    assert script.ask("send", at=refused["typed"], parts=[{"text": "y"}])["code"] == "keys_held"


def test_a_script_waits_for_the_keys_and_types_when_the_person_has_done(start: Start) -> None:
    session = start(*PYTHON, ECHO)
    person = session.attach(author="ann")
    script = session.attach(rows=0, cols=0, person=False)
    person.until_painted(b"ready")
    person.type(b"a")
    person.until_painted(b"61")
    began = time.monotonic()
    assert script.ask("send", at=0, parts=[{"text": "b"}], wait_s=10)["typed"] == 1
    assert time.monotonic() - began > 2.5
    person.until_painted(b"62")


def test_a_program_that_does_not_read_ends_a_send(start: Start) -> None:
    session = start(*PYTHON, DEAF)
    script = session.attach(rows=0, cols=0, person=False)
    assert script.ask("wait", text="ready", timeout_s=PATIENCE_S)["reason"] == "text"
    refused = script.ask("send", at=0, parts=[{"text": "x" * 100_000}])
    assert refused["code"] == "unread"
    assert 0 < refused["typed"] < 100_000


def test_a_wait_ends_with_quiet_with_time_and_with_the_session(start: Start) -> None:
    session = start("sh", "-c", "echo begun; read line; exit 3")
    script = session.attach(rows=0, cols=0, person=False)
    assert script.ask("wait", text="begun", timeout_s=PATIENCE_S)["line"] == "begun"
    assert script.ask("wait", text="never", timeout_s=0.05)["reason"] == "timeout"
    assert script.ask("wait", idle_s=0.2, timeout_s=PATIENCE_S)["reason"] == "idle"
    script.send(frames.said(Kind.REQUEST, {"id": 1, "do": "wait", "text": "never"}))
    script.type(b"\n")
    ended = frames.plain(script.until_frame(Kind.ANSWER).payload)
    assert (ended["reason"], ended["exit_code"]) == ("exit", 3)


def test_a_text_is_found_that_scrolls_by_in_a_flood(start: Start) -> None:
    lines = "for number in range(300_000): print('%079d' % number)"
    session = start(*PYTHON, f"input()\n{lines}")
    script = session.attach(rows=0, cols=0, person=False)
    script.send(frames.said(Kind.REQUEST, {"id": "wait", "do": "wait", "regex": r"^0+123456$"}))
    script.send(frames.said(Kind.REQUEST, {"id": "send", "do": "send", "at": 0, "parts": [{"key": "Enter"}]}))
    script.until(lambda: len([1 for frame in script.frames if frame.kind == Kind.ANSWER]) == 2, "both")
    found = [frames.plain(frame.payload) for frame in script.frames if frame.kind == Kind.ANSWER][1]
    assert (found["id"], found["line"]) == ("wait", f"{123456:079}")
    assert found["seq"] == 81 * 123457


def test_a_pattern_that_takes_forever_is_refused_and_the_terminal_goes_on(start: Start) -> None:
    session = start("sh", "-c", "echo " + "a" * 60 + "; exec cat")
    script = session.attach()
    script.until_painted(b"aaa")
    refused = script.ask("wait", regex="(a|a)*b", timeout_s=PATIENCE_S)
    assert (refused["code"], "takes too long" in refused["error"]) == ("bad_regex", True)
    script.type(b"still here\n")
    script.until_painted(b"still here")


def test_a_screen_is_told_with_its_looks_and_then_the_rows_that_have_changed(start: Start) -> None:
    paints = (
        r"\033[1;31mred\033[m plain\n\033]4;2;#123456\033\\\033[42mgreen\033[m\n\033]11;#010203\033\\",
        r"\033[1Ax",
    )
    session = start("sh", "-c", f"printf '{paints[0]}'; read line; printf '{paints[1]}'; exec cat")
    script = session.attach(rows=0, cols=0, person=False)
    script.ask("wait", text="green", timeout_s=PATIENCE_S)
    script.ask("wait", idle_s=0.2, timeout_s=PATIENCE_S)
    shown = script.ask("screen", styled=True)
    assert shown["cells"][:3] == [
        [{"text": "red", "fg": 1, "bold": True}, {"text": " plain"}],
        [{"text": "green", "bg": "#123456"}],
        [],
    ]
    assert (shown["colors"], shown["cursor_shape"]) == ({"background": "#010203"}, "block")
    seq = script.ask("send", at=0, parts=[{"key": "Enter"}])["seq"]
    assert seq == shown["seq"]
    script.ask("wait", text="x", since=seq)
    changes = script.ask("screen", since=seq)
    assert (changes["changed"], changes["lines"]) == ([2], ["x"])
    assert script.ask("screen", since=changes["seq"])["changed"] == []
    assert script.ask("screen", since=1)["changed"] is None


def test_the_recording_says_who_typed_and_never_what(start: Start) -> None:
    session = start("sh", "-c", "stty -echo; echo ready; cat > /dev/null")
    person = session.attach(author="ann")
    script = session.attach(rows=0, cols=0, person=False, author="bot\x1b[31m")
    person.until_painted(b"ready")
    script.ask("send", at=0, parts=[{"text": "secret"}])
    person.type(b"se")
    person.type(b"cret")
    person.until_frame(Kind.TYPED)
    recorded = session.recorded().decode()
    typed = [event for event in asciicast.read(recorded.splitlines()[1:]) if isinstance(event, Typed)]
    assert [(each.author, each.person, each.size) for each in typed] == [
        ("bot[31m", False, 6),
        ("ann", True, None),
    ]
    assert "secret" not in recorded
