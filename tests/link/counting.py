"""Run in a session: counts until it is told to stop, and says which lines it was typed.

counting.py FILE [TICKS-A-SECOND]       what is typed is also written into the file
"""

import os
import select
import sys
import time
import tty

tty.setraw(0)
pause = 1 / float(sys.argv[2]) if len(sys.argv) > 2 else None
tick, due, line = 0, time.monotonic(), b""
with open(sys.argv[1], "ab", buffering=0) as typed:  # noqa: PTH123  # pathlib takes long to import
    while True:
        wait = None if pause is None else max(0.0, due - time.monotonic())
        if select.select([0], [], [], wait)[0]:
            keys = os.read(0, 1 << 16)
            typed.write(keys)
            *lines, line = (line + keys).split(b"\r")
            for said in lines:
                os.write(1, b"got %b.\r\n" % said)
                pause = None if said == b"stop" else pause
        else:
            tick, due = tick + 1, due + (pause or 0)
            os.write(1, b"tick %d\r\n" % tick)
