"""Docker's contexts as Nushell's user makes and uses them, seen by Docker's own command lines too."""

from __future__ import annotations

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nu_plugin_vibenv.commands import plugin
from nu_plugin_vibenv.completions import context_names
from nu_plugin_vibenv.sdk import CompletionRequest
from tests.nu.shell import Shell
from tests.stack import recipes

README = Path(__file__).resolve().parents[2] / "README.md"


@dataclass(frozen=True)
class Docker:
    """Docker's own command line, at home where the shell is."""

    program: Path
    home: Path

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.program, *arguments],
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def contexts(self) -> dict[str, dict[str, Any]]:
        listed = self.run("context", "ls", "--format", "{{json .}}")
        return {row["Name"]: row for row in map(json.loads, listed.splitlines())}

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Its files by path, with their modes."""
        found = (path for path in (self.home / ".docker").rglob("*") if path.is_file())
        return {str(path.relative_to(self.home)): (path.stat().st_mode, path.read_bytes()) for path in found}


@pytest.fixture
def shell(installed: Shell, tmp_path: Path) -> Shell:
    """A Nushell whose user has nothing in the home folder yet."""
    return replace(installed, variables={"HOME": str(tmp_path)})


@pytest.fixture(params=["20.10", "28"])
def docker(request: pytest.FixtureRequest, tmp_path: Path) -> Docker:
    program = Path("/usr/bin/docker") if request.param == "20.10" else recipes.docker() / "usr/bin/docker"
    found = Docker(program=program, home=tmp_path)
    assert f"version {request.param}." in found.run("--version")
    return found


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate and its key, which is its own CA, and a key that is another's."""
    folder = tmp_path_factory.mktemp("pems")
    for name in ("cert", "other"):
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2"]
        files = ["-out", str(folder / f"{name}.pem"), "-keyout", str(folder / f"{name}-key.pem")]
        subprocess.run([*made, *files], check=True, capture_output=True)
    return folder


def test_docker_shows_and_uses_what_vibenv_made(shell: Shell, docker: Docker) -> None:
    made = shell.value("vibenv context create dagger-ssm i-0123456789abcdef0 --description 'by <SSM> & é'")
    assert made == {
        "name": "dagger-ssm",
        "current": False,
        "host": "ssh://i-0123456789abcdef0",
        "tls": None,
        "description": "by <SSM> & é",
        "changed": True,
        "detail": None,
    }
    shown = docker.contexts()["dagger-ssm"]
    assert (shown["DockerEndpoint"], shown["Description"]) == (made["host"], made["description"])
    used = shell.value("vibenv context use dagger-ssm")
    assert (used["current"], used["changed"]) == (True, True)
    assert json.loads(docker.run("context", "inspect"))[0]["Name"] == "dagger-ssm"
    assert docker.contexts()["dagger-ssm"]["Current"] is True


def test_the_lines_of_the_readme_lead_to_a_host_elsewhere(shell: Shell) -> None:
    (lines,) = re.findall(r"^## A host elsewhere\n\n((?:    .*\n)+)", README.read_text(), re.MULTILINE)
    *prepared, up = lines.splitlines()
    assert up.strip() == "vibenv up"
    for line in prepared:
        shell.value(f"({line.partition('#')[0].strip()})")
    assert shell.value("vibenv context list | where current | select name host") == [
        {"name": "dev", "host": "ssh://i-0123456789abcdef0"}
    ]


def test_the_files_are_those_that_docker_writes(shell: Shell, docker: Docker, tmp_path: Path) -> None:
    description = "a <b> & \"c\" 'd' é \u2028"
    docker.run("context", "create", "lab", "--description", description, "--docker", "host=ssh://me@lab")
    docker.run("context", "create", "bare", "--docker", "host=unix:///x.sock")
    theirs = docker.files()
    for path in (tmp_path / ".docker").rglob("meta.json"):
        path.unlink()
    shell.value(
        f"vibenv context create lab me@lab --description {json.dumps(description, ensure_ascii=False)}"
    )
    shell.value("vibenv context create bare unix:///x.sock")
    assert docker.files() == theirs


def test_vibenv_shows_and_uses_what_docker_made(shell: Shell, docker: Docker) -> None:
    docker.run("context", "create", "lab", "--description", "big", "--docker", "host=tcp://127.0.0.1:1")
    docker.run("context", "use", "lab")
    assert shell.value("vibenv context list") == [
        row("default", "unix:///var/run/docker.sock"),
        row("lab", "tcp://127.0.0.1:1", current=True, description="big"),
    ]
    assert shell.value("vibenv context use default")["current"] is True
    assert docker.contexts()["default"]["Current"] is True
    assert shell.value("vibenv context create lab tcp://127.0.0.1:1 --description big")["changed"] is False


def row(name: str, host: str, **other: object) -> dict[str, object]:
    return {
        "name": name,
        "current": False,
        "host": host,
        "tls": None,
        "description": None,
        "error": None,
        **other,
    }


def test_tls_files_are_kept_where_docker_looks_for_them(shell: Shell, docker: Docker, pems: Path) -> None:
    cert, key = pems / "cert.pem", pems / "cert-key.pem"
    docker.run("context", "create", "far", "--docker", f"host=tcp://far:1,ca={cert},cert={cert},key={key}")
    theirs = docker.files()
    docker.run("context", "rm", "far")
    made = shell.value(f"vibenv context create far tcp://far:1 --ca {cert} --cert {cert} --key {key}")
    assert made["tls"] == "verified"
    assert docker.files() == theirs
    assert (
        shell.error(f"vibenv context create far tcp://far:1 --ca {cert}")["code"] == "vibenv::context::exists"
    )
    loose = shell.value("vibenv context create far tcp://far:1 --skip-tls-verify --force")
    assert (loose["tls"], loose["changed"]) == ("unverified", True)
    assert [path for path in docker.files() if path.endswith(".pem")] == []
    assert docker.contexts()["far"]["DockerEndpoint"] == "tcp://far:1"


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        ("--cert cert.pem", "belong together"),
        ("--key cert-key.pem", "belong together"),
        ("--cert cert.pem --key other-key.pem", "cannot be used"),
        ("--ca cert-key.pem", "cannot be used"),
        ("--ca none.pem", "is not there"),
    ],
)
def test_tls_files_that_cannot_work_make_no_context(
    shell: Shell, pems: Path, tmp_path: Path, flags: str, what: str
) -> None:
    details = shell.error(f"cd {pems}; vibenv context create far tcp://far:1 {flags}")
    assert details["code"] == "vibenv::context::tls"
    assert what in details["msg"]
    assert list(tmp_path.rglob("*.*")) == []


def test_a_taken_name_is_refused_unless_it_is_the_same(shell: Shell) -> None:
    shell.value("vibenv context create lab me@lab")
    assert shell.value("vibenv context create lab me@lab")["changed"] is False
    details = shell.error("vibenv context create lab me@other")
    assert details["code"] == "vibenv::context::exists"
    assert "ssh://me@lab" in details["msg"]
    changed = shell.value("vibenv context create lab me@other --force")
    assert (changed["host"], changed["changed"]) == ("ssh://me@other", True)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("default me@lab", "context::bad_name"),
        ("-- -lab me@lab", "context::bad_name"),
        ("'a b' me@lab", "context::bad_name"),
        ("lab box", "host::unsupported"),
        ("lab 'ssh://-oProxyCommand=x'", "host::bad_name"),
        ("lab 'me@a b'", "host::bad_name"),
        ("lab me@%h", "host::bad_name"),
        ("lab me@lab --skip-tls-verify", "context::tls"),
    ],
)
def test_what_cannot_be_a_context_is_refused_and_nothing_is_written(
    shell: Shell, tmp_path: Path, typed: str, code: str
) -> None:
    assert shell.error(f"vibenv context create {typed}")["code"] == f"vibenv::{code}"
    assert list(tmp_path.iterdir()) == []


def test_the_variables_that_outdo_the_current_context_are_named(shell: Shell) -> None:
    shell.value("vibenv context create lab me@lab")
    used = shell.value("vibenv context use lab", DOCKER_HOST="unix:///x.sock")
    assert used["current"] is False
    assert used["detail"] == "DOCKER_HOST decides in this shell: hide-env DOCKER_HOST"
    in_effect = "vibenv context list | where current | select name host"
    assert shell.value(in_effect, DOCKER_HOST="unix:///x.sock") == [
        {"name": "default", "host": "unix:///x.sock"}
    ]
    assert shell.value(in_effect, DOCKER_CONTEXT="default") == [
        {"name": "default", "host": "unix:///var/run/docker.sock"}
    ]
    assert shell.value(in_effect) == [{"name": "lab", "host": "ssh://me@lab"}]


def test_docker_config_says_where_contexts_are(shell: Shell, tmp_path: Path) -> None:
    elsewhere = {"DOCKER_CONFIG": str(tmp_path / "elsewhere")}
    shell.value("vibenv context create lab me@lab", **elsewhere)
    shell.value("vibenv context use lab", **elsewhere)
    assert shell.value("vibenv context list | get name", **elsewhere) == ["default", "lab"]
    assert shell.value("vibenv context list | get name") == ["default"]


def test_all_else_in_dockers_config_file_stays(shell: Shell, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "docker.json"
    real.parent.mkdir()
    real.write_text('{\n  "detachKeys": "ctrl-q",\n  "unknown": [1,  2],\n  "auths": {}\n}\n')
    real.chmod(0o640)
    (tmp_path / ".docker").mkdir()
    config = tmp_path / ".docker" / "config.json"
    config.symlink_to(real)
    before = real.read_text()
    shell.value("vibenv context create lab me@lab")
    shell.value("vibenv context use lab")
    added = before.replace('"auths": {}', '"auths": {},\n  "currentContext": "lab"')
    assert real.read_text() == added
    assert (config.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o640)
    shell.value("vibenv context use default")
    assert real.read_text() == before


def test_a_config_file_that_is_broken_is_left_alone(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    config = tmp_path / ".docker" / "config.json"
    config.write_text("{")
    shell.value("vibenv context create lab me@lab | get changed", DOCKER_CONTEXT="default")
    details = shell.error("vibenv context use lab")
    assert details["code"] == "vibenv::host::bad_config"
    assert str(config) in details["msg"]
    assert config.read_text() == "{"


def test_a_context_is_removed_with_its_tls_files(shell: Shell, docker: Docker, pems: Path) -> None:
    shell.value(f"vibenv context create far tcp://far:1 --ca {pems / 'cert.pem'}")
    shell.value("vibenv context use far")
    assert shell.error("vibenv context remove far")["code"] == "vibenv::context::in_use"
    removed = shell.value("vibenv context remove far --force")
    assert (removed["name"], removed["host"], removed["tls"]) == ("far", "tcp://far:1", "verified")
    assert docker.contexts().keys() == {"default"}
    assert docker.contexts()["default"]["Current"] is True
    assert [path for path in docker.files() if "contexts" in path] == []
    assert shell.error("vibenv context remove far")["code"] == "vibenv::host::unknown"
    assert shell.error("vibenv context use far")["code"] == "vibenv::host::unknown"


def test_of_two_that_make_a_context_at_once_one_wins_and_the_other_says_so(shell: Shell) -> None:
    def create(number: int) -> str:
        typed = f"vibenv context create lab me@lab-{number}; 'made'"
        return shell.run("-c", f"use vibenv; try {{ {typed} }} catch {{|e| $e.details.code }}").stdout.strip()

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(create, range(4)))
    assert outcomes == ["made", *["vibenv::context::exists"] * 3]


def test_tab_offers_the_contexts_that_can_be_used_with_where_they_lead(shell: Shell, tmp_path: Path) -> None:
    shell.value(
        "vibenv context create lab me@lab; vibenv context create big me@big --description 'the big one'"
    )
    broken = tmp_path / ".docker" / "contexts" / "meta" / "broken" / "meta.json"
    broken.parent.mkdir()
    broken.write_text("{")
    engine = SimpleNamespace(environment=lambda *_names: {"HOME": str(tmp_path), "DOCKER_CONTEXT": "lab"})
    offered = context_names(cast(CompletionRequest, SimpleNamespace(engine=engine)))
    assert [(each.value, each.description) for each in offered] == [
        ("default", "unix:///var/run/docker.sock"),
        ("big", "the big one"),
        ("lab", "ssh://me@lab (current)"),
    ]


EXAMPLES = [
    example.example
    for name in ("list", "create", "use", "remove")
    for example in plugin.command(f"vibenv context {name}").examples
]


def test_every_example_works(shell: Shell) -> None:
    for example in EXAMPLES:
        shown = shell.run("-c", f"use vibenv; {example}")
        assert (shown.returncode, shown.stderr) == (0, ""), example
