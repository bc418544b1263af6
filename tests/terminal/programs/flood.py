"""Prints numbered lines of 80 columns, as many bytes of them as it is told, as fast as they are taken.

flood.py BYTES [slowly]     then it says `done` and stays; slowly is 3 MB a second
"""

import os
import signal
import sys
import time
import tty

LINE = "%078d\r\n"
LENGTH = 80


def printed(size: int) -> bytes:
    """What it prints, up to the `done`."""
    return b"".join((LINE % number).encode() for number in range(-(-size // LENGTH)))[:size]


if __name__ == "__main__":
    tty.setraw(1)
    number, left = 0, int(sys.argv[1])
    pause = 80 * 500 / 3e6 if sys.argv[2:] else 0
    while left:
        time.sleep(pause)
        piece = b"".join((LINE % line).encode() for line in range(number, number + 500))[:left]
        number += 500
        left -= len(piece)
        while piece:
            piece = piece[os.write(1, piece) :]
    os.write(1, b"done\r\n")
    signal.pause()
