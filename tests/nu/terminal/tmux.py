"""A terminal that a test drives and looks at: one tmux server of its own for each."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE_S = 20.0
_POLL_S = 0.02
_SETTINGS = "set -g status off\nset -s escape-time 0\nset -g default-terminal xterm-256color\n"

SHORT_PROMPT = """\
$env.config.show_banner = false
$env.PROMPT_COMMAND = "nu"
$env.PROMPT_COMMAND_RIGHT = ""
$env.PROMPT_INDICATOR = "> "
"""
"""What a Nushell's `config.nu` says for a prompt that PROMPT finds."""
PROMPT = r"^nu> *$"


class Tmux:
    """One window running one program; ends with the `with` block, whatever state it is in."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, rows: int = 24, cols: int = 80
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tmux-")
        self._socket = str(Path(self._folder.name, "socket"))
        settings = Path(self._folder.name, "tmux.conf")
        settings.write_text(_SETTINGS)
        self._env = {**env, "TERM": "xterm-256color"}
        where = ["-c", str(cwd), "-x", str(cols), "-y", str(rows)]
        self._tmux("-f", str(settings), "new-session", "-d", *where, *argv)
        self._server = int(self.ask("#{pid}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self._server, signal.SIGTERM)
        self._folder.cleanup()

    def type(self, text: str) -> None:
        """Type `text` as it is."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `C-c`, `Escape`."""
        self._tmux("send-keys", *keys)

    def enter(self, line: str) -> None:
        """Type a line."""
        self.type(line)
        self.press("Enter")

    def resize(self, rows: int, cols: int) -> None:
        """Change the window's size."""
        self._tmux("resize-window", "-x", str(cols), "-y", str(rows))

    @property
    def screen(self) -> str:
        """What is seen, line by line, without trailing blanks."""
        return self.capture().rstrip("\n")

    @property
    def scrollback(self) -> str:
        """What is seen and what has scrolled off."""
        return self.capture("-S", "-").rstrip("\n")

    def capture(self, *options: str) -> str:
        """What `tmux capture-pane` gives with `options`, as it is."""
        return self._tmux("capture-pane", "-p", *options)

    def ask(self, format: str) -> str:
        """A tmux format, filled in: `#{cursor_flag}`."""
        return self._tmux("display-message", "-p", format).strip()

    def flags(self) -> str:
        """What tmux knows of the terminal's modes, in one line."""
        names = (
            "alternate_on",
            "cursor_flag",
            "insert_flag",
            "keypad_cursor_flag",
            "keypad_flag",
            "wrap_flag",
        )
        mouse = (
            "mouse_any_flag",
            "mouse_button_flag",
            "mouse_sgr_flag",
            "mouse_standard_flag",
            "origin_flag",
        )
        return self.ask(" ".join(f"{name}=#{{{name}}}" for name in (*names, *mouse)))

    def attributes(self) -> str:
        """The terminal's own attributes: `stty -a` without the size."""
        tty = self.ask("#{pane_tty}")
        said = subprocess.run(["stty", "-a", "-F", tty], capture_output=True, text=True, check=True).stdout
        return re.sub(r"rows \d+; columns \d+; ", "", said)

    def wait_for(self, pattern: str) -> str:
        """The screen, once it matches `pattern` (multi-line mode)."""
        return self.wait_until(lambda screen: re.search(pattern, screen, re.M) is not None, pattern)

    def wait_until(self, holds: Callable[[str], bool], what: str) -> str:
        """The screen, once `holds` of it."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            screen = self.screen
            if holds(screen):
                return screen
            assert time.monotonic() < deadline, f"{what} is not there after {_PATIENCE_S:g} s:\n{screen}"
            time.sleep(_POLL_S)

    def _tmux(self, *arguments: str) -> str:
        argv = ["tmux", "-S", self._socket, *arguments]
        said = subprocess.run(argv, env=self._env, capture_output=True, text=True, check=False)
        assert said.returncode == 0, f"{arguments}: {said.stderr}"
        return said.stdout
