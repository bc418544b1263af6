"""Ends with status 9, and leaves a child behind that ignores SIGHUP and SIGTERM and goes on printing."""

import os
import signal
import time

for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGTTOU):
    signal.signal(number, signal.SIG_IGN)
if os.fork():
    print("left a child behind", flush=True)
    os._exit(9)
os.setsid()
for _ in range(600):
    os.write(1, b"still here\r\n")
    time.sleep(0.1)
