"""Asks the user's own terminal, once, whether it shows what programs do, and finds the answer. Pure.

The answer comes among what is typed. Only what can be nothing but an answer, and comes in time, is taken out.

Source: Program status protocol, revision 0.2 (OSC 7501: a terminal that has it answers the query with the
same bytes, after which a later revision may say more); ECMA-48 (DA, which every terminal answers: so that
the other answer does not come is noticed as well).
"""

from __future__ import annotations

import re

_QUERY = b"\x1b]7501;?\x1b\\\x1b[c"
_WAIT_S = 5.0
"""So long an answer may take; who does not answer by then never does."""
_USUAL_S = 1.0
"""So long it takes even where the terminal is far away."""
_ANSWER = re.compile(
    rb"\x1b(?:\]7501;\?[^\x07\x18\x1a\x1b]{0,256}(?:\x07|\x1b\\)|(?P<last>\[\?[\d;]{0,64}c))"
)
_BEGUN = re.compile(
    rb"\x1b(?:\](?:7(?:5(?:0(?:1(?:;(?:\?[^\x07\x18\x1a\x1b]{0,256}\x1b?)?)?)?)?)?)?|\[(?:\?[\d;]{0,64})?)?\Z"
)
_KEYS = (b"\x1b", b"\x1b[", b"\x1b]")
"""How an answer begins, and what keys may send too."""


class StatusQuery:
    """Whether the terminal takes reports of programs' status, as far as that is known."""

    def __init__(self) -> None:
        self.is_answered = False
        """Whether it has said that it does."""
        self._asked_at: float | None = None
        """None before it is asked, and once it has answered all."""
        self._held = b""

    def ask(self, now: float) -> bytes:
        """What asks it."""
        self._asked_at = now
        return _QUERY

    def is_awaited(self, now: float) -> bool:
        """Whether an answer is still likely to come."""
        return self._asked_at is not None and now < self._asked_at + _USUAL_S

    def feed(self, typed: bytes, now: float) -> bytes:
        """What was typed, without answers; the beginning of one is held back."""
        data, self._held = self._held + typed, b""
        passed = b""
        while self._asked_at is not None and now < self._asked_at + _WAIT_S:
            answer = _ANSWER.search(data)
            if answer is None:
                if begun := _BEGUN.search(data):
                    data, self._held = data[: begun.start()], data[begun.start() :]
                break
            passed += data[: answer.start()]
            data = data[answer.end() :]
            if answer["last"]:
                self._asked_at = None
            else:
                self.is_answered = True
        return passed + data

    def release_in(self, pause_s: float, now: float) -> float | None:
        """When to `release` what is held: after a pause if it can be a key, else when no answer comes."""
        if not self._held or self._asked_at is None:
            return None
        return now + pause_s if self._held in _KEYS else self._asked_at + _WAIT_S

    def release(self) -> bytes:
        """What was held back, as it is no answer."""
        held, self._held = self._held, b""
        return held
