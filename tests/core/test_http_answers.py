"""Answers of an engine, one behind the other on a connection."""

import pytest

from vibenv_core.http_answers import Answers, Piece

CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"Id":\r\n4;x=y\r\n"c"}\r\n0\r\n\r\n'
REFUSED = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
NO_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


def whole(answers: Answers, *received: bytes) -> list[tuple[int, bytes]]:
    """The answers that have ended, by status and body."""
    done, body = [], b""
    for data in received:
        for piece in answers.feed(data):
            body += piece.data
            if piece.ended:
                done.append((piece.status, body))
                body = b""
    return done


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_answers_are_told_apart_in_pieces_of_any_size(size: int) -> None:
    sent = CHUNKED + REFUSED + EMPTY + NO_CHUNK + NO_CONTENT + CHUNKED
    received = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert whole(Answers(), *received) == [
        (200, b'{"Id":"c"}'),
        (404, b"{}"),
        (200, b""),
        (200, b""),
        (204, b""),
        (200, b'{"Id":"c"}'),
    ]


def test_what_comes_of_an_answer_is_there_before_its_end() -> None:
    answers = Answers()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert list(answers.feed(head + b"5\r\nfir")) == [Piece(200, b"fir", ended=False)]
    assert list(answers.feed(b"st\r\n6\r\nsecond")) == [
        Piece(200, b"st", ended=False),
        Piece(200, b"second", ended=False),
    ]


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    assert list(Answers().feed(b"HTTP/1.0 200 OK\r\n\r\nit all")) == [Piece(200, b"it all", ended=False)]


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
def test_what_is_no_answer_is_an_error(said: bytes) -> None:
    with pytest.raises(ValueError, match=r"begins no answer|invalid literal"):
        list(Answers().feed(said))
