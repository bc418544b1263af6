"""How often it is said how a session is."""

from __future__ import annotations

import json

from vibenv_core.supervisor.status import LONGEST_LINE, Activity, Keys, Present, Status, line, parse
from vibenv_core.supervisor.telling import Telling

STATES = ("idle", "working")


def status(at: float, state: str = "idle", title: str = "", keys: Keys | None = None) -> Status:
    return Status(at=at, activity=Activity(state, 1.0, "quiet"), title=title, keys=keys)


def say(telling: Telling, now: Status) -> bool:
    """Say it if it may be said, all at once."""
    if not telling.is_news(now):
        return False
    telling.tell(now, wall=now.at)
    telling.unsent = memoryview(b"")
    return True


def test_what_has_not_changed_is_said_once_and_nothing_is_due() -> None:
    telling = Telling()
    assert [say(telling, status(at)) for at in (0.0, 5.0, 6.0)] == [True, False, False]
    assert telling.due is None


def test_times_of_day_are_said() -> None:
    telling = Telling()
    now = status(50.0, keys=Keys("anna", True, 53.0))
    assert telling.is_news(now)
    telling.tell(now, wall=1_000_050.0)
    said = parse(bytes(telling.unsent))
    assert said
    assert (said.at, said.activity.since) == (1_000_050.0, 1_000_001.0)
    assert said.keys == Keys("anna", True, 1_000_053.0)


def test_the_same_time_is_said_of_the_same_until_the_clock_is_set_anew() -> None:
    telling, said = Telling(), []
    for number, wall in enumerate((1000.0, 1000.104, 1000.2, 5000.3)):
        telling.tell(status(number / 10), wall)
        told = parse(bytes(telling.unsent))
        assert told
        said.append(told.activity.since)
    assert said == [1001.0, 1001.0, 1001.0, 5001.0]


def test_a_few_changes_are_said_at_once_and_then_ten_a_second_with_the_latest_in_any_case() -> None:
    telling = Telling()
    said = [at for at in range(1000) if say(telling, status(at / 100, STATES[at % 2]))]
    assert said[:10] == list(range(10))
    assert 100 <= len(said) <= 112
    telling.is_news(status(9.995, "blocked"))
    assert telling.due is not None
    assert say(telling, status(telling.due, "blocked"))


def test_a_title_that_changes_all_the_time_is_said_once_a_second() -> None:
    telling = Telling()
    said = [at for at in range(500) if say(telling, status(at / 100, title=str(at)))]
    assert said == [0, 100, 200, 300, 400]
    assert say(telling, status(5.0, "working", title="500"))


def test_the_end_is_said_at_once() -> None:
    telling = Telling()
    for at in range(1000):
        say(telling, status(at / 1000, STATES[at % 2]))
    assert say(telling, status(1.0, "exited"))


def test_while_nobody_reads_nothing_more_is_said_and_then_the_latest() -> None:
    telling = Telling()
    telling.tell(status(0.0), wall=0.0)
    assert not telling.is_news(status(1.0, "working"))
    assert telling.due is None
    telling.unsent = memoryview(b"")
    assert telling.is_news(status(2.0, "blocked"))


def test_that_somebody_goes_on_typing_is_said_now_and_then() -> None:
    telling = Telling()
    said = [at for at in range(60) if say(telling, status(at / 10, keys=Keys("anna", True, at / 10 + 3.0)))]
    assert said == [0, 16, 32, 48]
    assert telling.due == 5.9 + 3.0
    assert say(telling, status(8.9))


def test_a_line_is_never_so_long_that_an_engine_parts_it() -> None:
    crowd = tuple(Present("é" * 100, True, "frames", 24, 80, False, False) for _ in range(256))
    said = line(status(0.0)._replace(clients=crowd, title="字" * 256))
    assert len(said) <= LONGEST_LINE
    assert 0 < len(json.loads(said)["clients"]) < 256
