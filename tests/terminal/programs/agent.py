"""A full-screen program as coding agents are: it paints what changes, and all of it for a new size only.

Each key but `q` moves its spinner and is shown; `q` ends it, with every mode still set, as a crash would.
"""

import os
import signal
import sys
import tty
from types import FrameType

ENTER = (
    "\x1b[?1049h\x1b[?2004h\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?1h\x1b=\x1b[>1u\x1b[?25l\x1b[3 q"
    "\x1b]2;agent — thinking\x07"
)
FOCUS = (b"\x1b[I", b"\x1b[O")
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
steps = 0
typed = b""


def write(text: str) -> None:
    os.write(1, text.encode())


def at(row: int, column: int, text: str) -> str:
    return f"\x1b[{row};{column}H{text}"


def paint_all(_number: int = 0, _frame: FrameType | None = None) -> None:
    """Everything, for the terminal's size; the middle is a scrolling region."""
    size = os.get_terminal_size()
    said = "\x1b[r\x1b[m\x1b[2J" + at(1, 1, "\x1b[48;2;30;30;60m\x1b[K\x1b[1;38;2;255;200;0m agent \x1b[m")
    for row in range(2, size.lines - 3):
        shade = row * 255 // size.lines
        said += at(row, 1, f"\x1b[38;2;{shade};120;{255 - shade}m● step {row}\x1b[0;3m 世界 e\u0301\x1b[m")
        said += at(row, size.columns - 8, f"\x1b[38;5;{row % 256};4:3mright {row % 10}\x1b[m")
    edge = "─" * (size.columns - 2)
    said += at(size.lines - 2, 1, f"\x1b[38;5;33m╭{edge}╮")
    said += at(size.lines - 1, 1, f"│\x1b[m\x1b[{size.lines - 1};{size.columns}H\x1b[38;5;33m│")
    said += at(size.lines, 1, f"╰{edge}╯\x1b[m\x1b[2;{size.lines - 3}r")
    write(said)
    paint_step()


def paint_step() -> None:
    """The spinner, and the end of what was typed; the cursor stays there."""
    lines = os.get_terminal_size().lines
    write(at(1, 10, f"\x1b[48;2;30;30;60;36m{SPINNER[steps % len(SPINNER)]}\x1b[m"))
    shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in typed)[-30:]
    write(at(lines - 1, 3, f"\x1b[7m>\x1b[m {shown:30}") + at(lines - 1, 5 + len(shown), "") + "\x1b[?25h")


tty.setraw(0)
signal.signal(signal.SIGWINCH, paint_all)
write(ENTER)
paint_all()
while key := os.read(0, 256):
    if key == b"q":
        sys.exit(7)
    if key in FOCUS:
        continue
    steps += 1
    typed += key
    paint_step()
