"""Plays a recording straight into the terminal that it runs in, a pane of tmux, and resizes that as it says.

player.py RECORDING PLAYED      the file PLAYED is made once the terminal shows all of it
"""

import os
import re
import subprocess
import sys
import tty
from pathlib import Path

from tests.terminal.recording import Output, Painted, Recording, Resize

ASK = b"\x1b[6n"
ANSWER = re.compile(rb"\x1b\[\d+;\d+R")


def settle() -> None:
    """Wait until the terminal has taken all that was written."""
    os.write(1, ASK)
    said = b""
    while not ANSWER.search(said):
        said += os.read(0, 4096)


def resize(rows: int, cols: int) -> None:
    settle()
    subprocess.run(["tmux", "resize-window", "-x", str(cols), "-y", str(rows)], check=True)


recording = Recording.read(Path(sys.argv[1]).read_bytes())
tty.setraw(0)
for event in recording.events:
    if isinstance(event, Resize):
        resize(event.rows, event.cols)
    elif isinstance(event, Output | Painted):
        data = event.data
        while data:
            data = data[os.write(1, data) :]
settle()
Path(sys.argv[2]).touch()
sys.stdin.read()
