"""Run in a session: prints lines without end, until ctrl-c."""

import os
import signal
import threading

stopped = threading.Event()
signal.signal(signal.SIGINT, lambda *_: stopped.set())
number = 0
while not stopped.is_set():
    os.write(1, b"".join(b"%060d\r\n" % (number + at) for at in range(100)))
    number += 100
os.write(1, b"stopped.")
signal.pause()
