"""Everything that a plugin can ask, asked of each nu that is tested, by either way to reach it."""

import re
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.testing import Nushell

from .conftest import MakeProgram
from .plugins.asking import LOCAL_SOCKET

SCRIPT = """
$env.config.plugins.asking = {deep: [1 2]}
cd /usr
let answer = [7] | asking {|n| default $n | each { $in * 2 } } --named "hay"
{answer: $answer, asked: $env.ASKED}
"""


@pytest.mark.parametrize("transport", ["--stdio", "--local-socket"])
def test_nu_answers_everything_that_it_can_be_asked(
    nu_binaries: Path, program: MakeProgram, tmp_path: Path, transport: str
) -> None:
    environment = {"ASKING_HAS": "a value", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    if transport == "--local-socket":
        environment[LOCAL_SOCKET] = "1"
    nu = Nushell(nu_binaries, [program("asking")], environment=environment)
    [given] = nu.values([SCRIPT])
    answer = given["answer"]
    assert re.fullmatch(r"0\.11[45]\.[01]", answer.pop("version"))
    assert len(answer.pop("config")) == 3
    assert answer.pop("refused") != "answered"
    assert answer == {
        "transport": transport,
        "plugin config": {"deep": [1, 2]},
        "variable": "a value",
        "no variable": None,
        "variables": True,
        "environment": "a value",
        "directory": "/usr",
        "help": "Ask nu for everything.",
        "source": '--named "hay"',
        "closure": 8,
        "stream": [2, 4],
        "no declaration": None,
        "declaration": "A",
        "declaration with stream": ["A", "B"],
        "instructions": True,
    }
    assert given["asked"] == [1, 2]
