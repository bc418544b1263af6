"""What starting the plugin, and staying connected, takes."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.nu.shell import ROOT, Shell, eventually
from tests.stack.engine import Engine


def modules_after(imports: str) -> set[str]:
    """What a Python has loaded that did nothing but these imports."""
    code = f"import json, sys; import {imports}; print(json.dumps(list(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(shown.stdout))


def test_the_handshake_loads_no_command_and_none_of_the_clients() -> None:
    loaded = modules_after("nu_plugin_vibenv.__main__, nu_plugin_vibenv.commands, nu_plugin_vibenv.sdk")
    assert loaded.isdisjoint({"docker", "dagger", "requests", "vibenv_core.model"})
    assert "nu_plugin_vibenv.commands.list" not in loaded


def test_listing_loads_docker_and_not_dagger() -> None:
    loaded = modules_after("nu_plugin_vibenv.commands.list, vibenv_core.sessions, vibenv_core.engine")
    assert "docker" in loaded
    assert "dagger" not in loaded


def test_an_engine_that_was_restarted_meanwhile_is_asked_again(installed: Shell, spare: Engine) -> None:
    shell = installed.on(spare.url)
    asked, restarted = shell.home / "asked", shell.home / "restarted"
    wait = f"touch '{asked}'; while not ('{restarted}' | path exists) {{ sleep 20ms }}"
    with shell.started(f"vibenv list; {wait}; vibenv list | length") as nu:
        eventually(asked.exists, "the first answer")
        spare.stop_daemon()
        spare.start_daemon()
        restarted.touch()
        output, errors = nu.communicate()
    assert output.strip() == "0", errors
