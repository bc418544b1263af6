"""What is typed reaches the program in order, once, and whoever typed it can tell how far it is."""

from vibenv_core.supervisor.frames import INPUT_WINDOW
from vibenv_core.supervisor.keyboard import Keyboard


def written(keyboard: Keyboard, most: int = 1 << 30) -> bytes:
    """What a program reads, at most so many bytes at a time and in all."""
    read = b""
    while (piece := keyboard.next()) and len(read) < most:
        read += piece[:most]
        keyboard.wrote(len(piece[:most]))
    return read


def test_what_several_clients_type_comes_in_the_order_in_which_it_was_taken() -> None:
    keyboard = Keyboard()
    keyboard.take("a", 0, b"one")
    keyboard.push("b", b"two")
    keyboard.answer(b"!")
    keyboard.take("a", 3, b"three")
    assert written(keyboard) == b"onetwo!three"


def test_a_position_counts_what_the_program_has_and_not_what_waits_for_it() -> None:
    keyboard = Keyboard()
    keyboard.take("a", 0, b"abcdef")
    assert keyboard.position("a") == 0
    assert written(keyboard, most=4) == b"abcd"
    assert keyboard.position("a") == 4
    assert written(keyboard) == b"ef"
    assert keyboard.position("a") == 6


def test_what_comes_again_is_skipped_though_it_still_waits() -> None:
    keyboard = Keyboard()
    keyboard.take("a", 0, b"abc")
    assert keyboard.take("a", 0, b"abc") == b""
    assert keyboard.take("a", 1, b"bcd") == b"d"
    assert written(keyboard) == b"abcd"


def test_a_gap_is_what_the_client_gave_up() -> None:
    keyboard = Keyboard()
    keyboard.take("a", 0, b"abc")
    keyboard.take("a", 100, b"def")
    assert written(keyboard) == b"abcdef"
    assert keyboard.position("a") == 103


def test_clients_have_their_own_positions() -> None:
    keyboard = Keyboard()
    keyboard.take("a", 0, b"abc")
    assert keyboard.take("b", 0, b"xy") == b"xy"
    written(keyboard)
    assert (keyboard.position("a"), keyboard.position("b"), keyboard.position("c")) == (3, 2, 0)


def test_a_client_is_full_at_its_window_and_others_are_not() -> None:
    keyboard = Keyboard()
    keyboard.take("a", 0, bytes(INPUT_WINDOW))
    assert keyboard.is_full("a")
    assert not keyboard.is_full("b")
    written(keyboard, most=1)
    assert not keyboard.is_full("a")


def test_many_clients_together_are_full_too() -> None:
    keyboard = Keyboard()
    for number in range(20):
        keyboard.take(str(number), 0, bytes(INPUT_WINDOW - 1))
    assert keyboard.is_full("somebody else")


def test_answers_that_nobody_reads_do_not_pile_up_without_end() -> None:
    keyboard = Keyboard()
    for _ in range(1000):
        keyboard.answer(bytes(INPUT_WINDOW))
    assert len(written(keyboard)) <= 17 * INPUT_WINDOW


def test_very_many_clients_are_forgotten_but_never_with_something_waiting() -> None:
    keyboard = Keyboard()
    for number in range(5000):
        keyboard.take(str(number), 0, b"x")
        if number:
            written(keyboard)
    keyboard.take("waits", 0, b"abc")
    for number in range(5000):
        keyboard.push(f"more {number}", b"")
    written(keyboard)
    assert keyboard.position("0") == 0
    assert keyboard.position("4999") == 0
    assert keyboard.position("waits") == 3
