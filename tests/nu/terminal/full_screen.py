"""A program such as htop: the alternate screen, mouse and no cursor; it paints again only for a new size."""

import os
import signal
from types import FrameType

ENTER = b"\x1b[?1049h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?1h\x1b=\x1b[?25l"
painted: os.terminal_size | None = None


def paint(_number: int, _frame: FrameType | None) -> None:
    """Fill the screen with the number of each line, but for a size that is painted already."""
    global painted
    size = os.get_terminal_size()
    if size == painted:
        return
    painted = size
    lines = [f"line {row} of {size.lines}x{size.columns}" for row in range(1, size.lines + 1)]
    os.write(1, b"\x1b[H\x1b[2J" + "\r\n".join(lines).encode())


signal.signal(signal.SIGWINCH, paint)
os.write(1, ENTER)
paint(0, None)
while True:
    signal.pause()
