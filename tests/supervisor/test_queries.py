"""What a program asks its terminal is answered by the emulator, and never reaches a client's terminal."""

import time
from collections.abc import Iterator
from random import Random

import pytest

from tests.supervisor.programs import Programs
from tests.supervisor.screens import shown_by
from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.queries import Queries

ANSWERED = (
    *(b"\x1b[c", b"\x1b[0c", b"\x1b[>c", b"\x1b[>0c", b"\x1b[=c", b"\x1b[5n", b"\x1b[6n", b"\x1b[?996n"),
    *(b"\x1b[4$p", b"\x1b[?2026$p", b"\x1b[?9999$p", b"\x1b[14t", b"\x1b[16t", b"\x1b[18t", b"\x1b[>q"),
    *(b"\x1b[>0q", b"\x1b[?u", b"\x1b[?2048h", b"\x1b[?2033h", b"\x1bZ", b"\x1b]4;1;?\x07", b"\x1b]10;?\x07"),
    *(
        b"\x1b]11;?\x1b\\",
        b"\x1b]12;?\x07",
        b"\x1b]4;1;?;2;?\x1b\\",
        b"\x1b]10;?;?\x07",
        b"\x1b]7501;?\x1b\\",
    ),
    *(b"\x1b]21;foreground=?;cursor=?\x1b\\", b"\x1b]5522;type=read;Lg==\x1b\\", b"\x1bP$qm\x1b\\"),
    *(b"\x1bP$q q\x1b\\", b"\x1bP+q544e;524742\x1b\\", b"\x1b_25a1;s\x1b\\"),
)
ANSWERED_BY_OTHERS = (
    *(
        b"\x05",
        b"\x1b[?6n",
        b"\x1b[?15n",
        b"\x1b[x",
        b"\x1b[?4m",
        b"\x1b[?1;1;0S",
        b"\x1b[0;1*y",
        b"\x1b[1$w",
    ),
    *(b"\x1b[11t", b"\x1b[13;2t", b"\x1b[19t", b"\x1b[20t", b"\x1b[21t", b"\x1b]17;?\x07", b"\x1b]50;?\x07"),
    *(b"\x1b]52;c;?\x07", b"\x1b]60\x1b\\", b"\x1b]1337;ReportCellSize\x07", b"\x1b]99;i=1:p=?;\x1b\\"),
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
)
NO_QUERIES = (
    *(b"\x1b[m", b"\x1b[38;5;6m", b"\x1b[u", b"\x1b[s", b"\x1b[>1u", b"\x1b[<u", b"\x1b[=1;1u", b"\x1b[2 q"),
    *(b"\x1b[?25h", b"\x1b[?2048l", b"\x1b[22;0t", b"\x1b[8;24;80t", b"\x1b[4h", b"\x1b[!p", b'\x1b[1"q'),
    *(b"\x1b]0;a title?\x07", b"\x1b]4;1;#123456\x07", b"\x1b]11;red\x1b\\", b"\x1b]8;;http://x/?\x1b\\"),
    *(b"\x1b]75010;state=done\x1b\\", b"\x1b]52;c;dGV4dA==\x07", b"\x1b]104\x07", b"\x1b]133;A\x07"),
    *(b"\x1bPq#0;2;0;0;0#0~~\x1b\\", b"\x1b_Ga=T,f=24;AAAA\x1b\\", b"\x1b(0", b"\x1b7", b"\x1b#8", b"\x1bM"),
)
NOTHING = b"\x1b\\"


@pytest.fixture
def screen() -> Iterator[GhosttyScreen]:
    made = GhosttyScreen(24, 80)
    yield made
    made.close()


def for_clients(*pieces: bytes) -> bytes:
    """What clients get of output that comes in pieces; to its end nothing is kept back."""
    queries = Queries()
    return b"".join(queries.feed(piece)[1] for piece in (*pieces, b"\n"))[:-1]


@pytest.mark.parametrize("query", ANSWERED)
def test_what_the_emulator_answers_is_not_passed_on(screen: GhosttyScreen, query: bytes) -> None:
    assert screen.feed(query)
    assert for_clients(b"before" + query + b"after") == b"before" + NOTHING + b"after"


@pytest.mark.parametrize("query", ANSWERED_BY_OTHERS)
def test_what_only_another_terminal_would_answer_is_not_passed_on(
    screen: GhosttyScreen, query: bytes
) -> None:
    assert screen.feed(query) == b""
    assert for_clients(b"before" + query + b"after").replace(NOTHING, b"") == b"beforeafter"


@pytest.mark.parametrize("output", NO_QUERIES)
def test_what_asks_nothing_is_passed_on_as_it_is(screen: GhosttyScreen, output: bytes) -> None:
    assert screen.feed(output) == b""
    assert for_clients(output + b"after") == output + b"after"


@pytest.mark.parametrize(
    ("output", "left"),
    [
        (b"\x1b[?25;2048;2004h", b"\x1b[?25;2004h"),
        (b"\x1b]4;1;red;2;?\x07", b"\x1b]4;1;red\x07"),
        (b"\x1b]10;?;blue\x1b\\", b"\x1b]11;blue\x1b\\"),
        (b"\x1b]21;foreground=red;cursor=?\x1b\\", b"\x1b]21;foreground=red\x1b\\"),
    ],
)
def test_of_what_also_sets_something_that_is_left(output: bytes, left: bytes) -> None:
    assert for_clients(output) == left


@pytest.mark.parametrize("report", [b"state=done", b"state=blocked:msg=QQ==", b"nonsense", b"", b"x" * 4000])
@pytest.mark.parametrize("end", [b"\x07", b"\x1b\\"])
def test_a_report_of_a_programs_status_is_for_the_session_alone(report: bytes, end: bytes) -> None:
    assert for_clients(b"before\x1b]7501;" + report + end + b"after") == b"before" + NOTHING + b"after"


def test_a_query_ends_for_clients_what_had_begun_before_it() -> None:
    with_clients = GhosttyScreen(2, 20)
    with_clients.feed(for_clients(b"\x1b]2;title\x1b[6ntext"))
    assert shown_by(with_clients)[0] == "text"
    with_clients.close()


@pytest.mark.parametrize("seed", range(30))
def test_output_may_be_split_anywhere(seed: int) -> None:
    random = Random(seed)
    parts = [*Programs(seed, 24, 80).output(60), *random.choices((*ANSWERED, *NO_QUERIES), k=30)]
    random.shuffle(parts)
    output = b"".join(parts)
    queries = Queries()
    whole = queries.feed(output + b"\n")
    cuts = sorted(random.choices(range(len(output)), k=40))
    pieces = [output[start:end] for start, end in zip([0, *cuts], [*cuts, len(output)], strict=True)]
    queries = Queries()
    fed = [queries.feed(piece) for piece in (*pieces, b"\n")]
    assert tuple(b"".join(part) for part in zip(*fed, strict=True)) == whole
    assert whole[0] == output + b"\n"


@pytest.mark.parametrize("seed", range(20))
def test_a_terminal_is_asked_nothing_and_shows_the_same(seed: int) -> None:
    parts = [*Programs(seed, 24, 80).output(40, screens=False), *ANSWERED]
    Random(seed).shuffle(parts)
    queries, session, client = Queries(), GhosttyScreen(24, 80), GhosttyScreen(24, 80)
    for part in (*parts, b"\n"):
        shown, passed_on = queries.feed(part)
        session.feed(shown)
        assert client.feed(passed_on) == b""
    assert shown_by(client) == shown_by(session)
    assert client.cursor == session.cursor
    session.close()
    client.close()


@pytest.mark.parametrize("begins", [b"\x1b]11;", b"\x1b[", b"\x1bP$q", b"\x1bP+q", b"\x1b_G", b"\x1b]5522;"])
def test_what_never_ends_is_not_kept_back(begins: bytes) -> None:
    queries = Queries()
    kept = len(begins) - len(queries.feed(begins)[1])
    for _ in range(100):
        shown, passed_on = queries.feed(b"1" * 1000)
        assert shown == passed_on
        kept += 1000 - len(shown)
        assert kept <= 5200
    assert kept == 0


def test_plain_and_coloured_output_is_passed_on_quickly() -> None:
    plain = (b"x" * 78 + b"\r\n") * 100_000
    coloured = (
        b"\x1b[32mline\x1b[m of \x1b[1msome\x1b[m output as programs with \x1b[4mcolours\x1b[m write\r\n"
        * 50_000
    )
    for output, megabytes_a_second in ((plain, 100), (coloured, 30)):
        queries, began = Queries(), time.process_time()
        for at in range(0, len(output), 65536):
            queries.feed(output[at : at + 65536])
        taken = time.process_time() - began
        assert len(output) / 1e6 / taken > megabytes_a_second
