"""A real nu with plugins: scripts run in it, and the examples of its plugins' commands checked by it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from .data import Data


class CheckedExample(Data):
    """An example of a command's help, and what is wrong with it; None when it is as it says."""

    command: str
    example: str
    wrong: str | None


class Nushell:
    """A real nu that loads plugins for each script, without any configuration of the user."""

    def __init__(
        self,
        nu: str | PathLike[str],
        plugins: Sequence[str | PathLike[str]],
        *,
        environment: Mapping[str, str] | None = None,
        deadline_s: float = 60.0,
    ) -> None:
        loaded = "[" + ", ".join(json.dumps(str(Path(plugin).absolute())) for plugin in plugins) + "]"
        self.argv = [str(nu), "--no-config-file", "--plugins", loaded]
        self._environment = None if environment is None else dict(environment)
        self._deadline_s = deadline_s

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script; raises TimeoutExpired when it takes too long."""
        return subprocess.run(
            [*self.argv, "--commands", script],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self._deadline_s,
            check=False,
        )

    def value(self, script: str) -> Any:
        """What a script gives, as JSON has it. Raises AssertionError with nu's message when it fails."""
        done = self.run(f"{script} | to json --raw")
        if done.returncode != 0:
            raise AssertionError(f"{script}\n{done.stderr}")
        return json.loads(done.stdout)

    def values(self, scripts: Iterable[str]) -> list[Any]:
        """What each of several scripts gives, run one after the other in one nu; see `value`."""
        values: list[Any] = self.value("[" + "\n".join(f"(do {{ {script} }})" for script in scripts) + "]")
        return values

    def examples(self) -> list[CheckedExample]:
        """Each example of the plugins' commands, checked: one with a result is run and has to give just that.

        One without is parsed and not run, for it may do anything.
        """
        found = self.value(_EXAMPLES)
        scripts = [_script(each["name"], each["index"], each["item"]) for each in found]
        return [
            CheckedExample(each["name"], each["item"]["example"], wrong)
            for each, wrong in zip(found, self._wrong(scripts), strict=True)
        ]

    def _wrong(self, scripts: list[str]) -> list[str | None]:
        try:
            return self.values(scripts)
        except AssertionError:  # one that cannot be parsed spoils them all: which is it?
            return [self._wrong_alone(script) for script in scripts]

    def _wrong_alone(self, script: str) -> str | None:
        done = self.run(f"do {{ {script} }} | to json --raw")
        wrong: str | None = json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()
        return wrong

    def check_examples(self) -> None:
        """As `examples`. Raises: AssertionError, with all that do not work or give another result."""
        wrong = [f"{each.example}\n{each.wrong}" for each in self.examples() if each.wrong is not None]
        assert not wrong, "\n\n".join(wrong)


_EXAMPLES = """
    scope commands | where type == plugin
    | each {|c| $c.examples | enumerate | each {|e| $e | insert name $c.name } } | flatten
    | each {|e| {name: $e.name, index: $e.index, item: ($e.item | update result { $in != null })} }
"""


def _script(command: str, index: int, example: Mapping[str, Any]) -> str:
    """What gives null when an example is as it says, and else what is wrong.

    Results are compared as nuon, which keeps their types, or else as JSON: nuon has no custom values.
    """
    if not example["result"]:
        return f"let parsed = {{|| {example['example']}\n}}; null"
    expected = (
        f"scope commands | where name == {json.dumps(command)} | first | get examples | get {index}.result"
    )
    return f"""try {{
        let given: any = ({example["example"]}
        )
        let expected: any = ({expected})
        let nuon: any = {{given: ($given | to nuon), expected: ($expected | to nuon)}}
        let texts: any = (try {{ $nuon.given | str length; $nuon }} catch {{
            {{given: ($given | to json --raw), expected: ($expected | to json --raw)}}
        }})
        if $texts.given == $texts.expected {{ null }} else {{ $"gave ($texts.given), not ($texts.expected)" }}
    }} catch {{|error| $error.rendered }}"""
