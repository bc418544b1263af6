"""How long an agent waits for vibenv's commands, beside Docker's CLI and the MCP server of container-use.

python -m tests.bench.agents [--container-use PROGRAM] [--engine 28] [--rounds 11]

The agent speaks to `nu --mcp`, and runs the same with `docker` as a program of its own. PROGRAM is what
`go build ./cmd/container-use` makes of github.com/dagger/container-use: its environments are of the same
Dagger engine, and made of the same image as vibenv's session. Without it, Docker alone is beside vibenv.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

from tests.bench.figures import Figure, beside, in_turns, table, timed
from tests.bench.measures import Bench, launch_session, remove_all
from tests.bench.standing import stood_up
from tests.nu.mcp import Mcp, Result
from tests.stack.engine import Version, claimed
from vibenv_core import dagger_cli

SESSION = "bench"
FILE = "/etc/hostname"
ASKED_AND_ANSWERED = rf"vibenv send {SESSION} 'expr 6 \* 7' --keys [Enter] | vibenv wait --for 42"


@dataclass(frozen=True, slots=True)
class Peer:
    """container-use, and a repository in which it makes environments."""

    program: Path
    repository: Path
    env: Mapping[str, str]

    def server(self) -> Mcp:
        """A server that nobody has asked anything yet."""
        return Mcp([str(self.program), "stdio"], env=self.env, cwd=self.repository)

    def call(self, server: Mcp, tool: str, **arguments: object) -> Result:
        """What one of its tools gives."""
        where = {"environment_source": str(self.repository), "explanation": "to be measured"}
        return _succeeded(server.call(tool, **where, **arguments))


def peer(bench: Bench, program: Path) -> Peer:
    """container-use, set up to use the bench's Dagger engine, and there the image of vibenv's session."""
    repository = bench.folder / "repository"
    settings = repository / ".container-use" / "environment.json"
    settings.parent.mkdir(parents=True)
    image = f"{bench.settings.registry_address}/vibenv-base/{bench.settings.base_image}"
    settings.write_text(json.dumps({"base_image": image, "workdir": "/workdir"}))
    _docker(bench, "push", "--quiet", image)()  # the registry may be newer than the engine's images
    (repository / "file").write_text("one line\n")
    cli = dagger_cli.for_engine(
        bench.engine, bench.settings.dagger_version, env=os.environ, cancelled=threading.Event()
    )
    people = {
        f"GIT_{who}_{what}": "bench@localhost"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    run = Path(bench.url.removeprefix("unix://")).parent
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(bench.folder),
        "_EXPERIMENTAL_DAGGER_RUNNER_HOST": f"unix://{run}/dagger/engine.sock",
        "_EXPERIMENTAL_DAGGER_CLI_BIN": str(cli),
        **people,
    }
    for git in (["init"], ["add", "."], ["commit", "--message", "one"]):
        subprocess.run(["git", *git], cwd=repository, env=env, check=True, capture_output=True)
    return Peer(program.resolve(strict=True), repository, env)


def measure(bench: Bench, peer: Peer | None, report: Callable[[str], object]) -> Iterator[Figure]:
    """All the figures, one after the other; `report` is told what is measured next."""
    launch_session(bench, SESSION, image=bench.settings.base_image)
    try:
        report("a fresh server")
        yield from _fresh(bench, peer)
        with _agent(bench) as agent:
            report("further commands")
            yield from _further(bench, agent)
            if peer is not None:
                report("container-use")
                with peer.server() as server:
                    yield from _beside_peer(bench, agent, peer, server)
    finally:
        remove_all(bench)


def _agent(bench: Bench) -> Mcp:
    return Mcp([str(bench.shell.nu), "--mcp"], env=bench.shell.env(), cwd=bench.shell.home)


def _fresh(bench: Bench, peer: Peer | None) -> Iterator[Figure]:
    def ours() -> None:
        with _agent(bench) as server:
            _evaluate(server, "vibenv list")

    def bare() -> None:
        with _agent(bench) as server:
            _evaluate(server, "1")

    def theirs(peer: Peer) -> None:
        with peer.server() as server:
            peer.call(server, "environment_list")

    actions: list[Callable[[], object]] = [ours, bare, _docker(bench, "ps")]
    if peer is not None:
        actions.append(partial(theirs, peer))
    vibenv, nu, docker, *others = in_turns(bench.rounds, *(partial(timed, action) for action in actions))
    title = "start a server, list, end it, to"
    yield beside(f"{title} a server that is asked nothing of vibenv's", vibenv, nu)
    yield beside(f"{title} `docker ps` alone", vibenv, docker)
    for other in others:
        yield beside(f"{title} container-use", vibenv, other)


def _further(bench: Bench, agent: Mcp) -> Iterator[Figure]:
    name = f"vibenv-{SESSION}"
    for line, argv in [
        ("vibenv list", ["ps"]),
        (f"vibenv exec {SESSION} true", ["exec", name, "true"]),
        (f"vibenv read {SESSION} {FILE}", ["exec", name, "cat", FILE]),
        (f"vibenv screen {SESSION}", ["exec", name, "true"]),
        (ASKED_AND_ANSWERED, ["exec", name, "true"]),
    ]:
        title = " ".join(["docker", *argv]).replace(f" {name}", "")
        yield _figure(bench, agent, line, title, _docker(bench, *argv))


def _beside_peer(bench: Bench, agent: Mcp, peer: Peer, server: Mcp) -> Iterator[Figure]:
    made = json.loads(peer.call(server, "environment_create", title="bench").text)["id"]
    call = partial(partial, peer.call, server)
    numbers = itertools.count()

    def launch() -> None:
        _evaluate(agent, f"vibenv launch bench-{next(numbers)} --image {bench.settings.base_image}")

    yield _figure(bench, agent, "vibenv list", "environment_list", call("environment_list"))
    for line, tool, arguments in [
        (f"vibenv exec {SESSION} true", "environment_run_cmd", {"command": "true"}),
        (f"vibenv read {SESSION} {FILE}", "environment_file_read", {"target_file": "file"}),
    ]:
        yield _figure(bench, agent, line, tool, call(tool, environment_id=made, **arguments))
    create = call("environment_create", title="bench")
    times = in_turns(bench.rounds, partial(timed, launch), partial(timed, create))
    yield beside("vibenv launch --image, to environment_create", *times)


def _figure(bench: Bench, agent: Mcp, line: str, title: str, other: Callable[[], object]) -> Figure:
    """A line of an agent's beside something else, both once they are warm."""
    ours = partial(_evaluate, agent, line)
    for once in (ours, other):
        once()
    times = in_turns(bench.rounds, partial(timed, ours), partial(timed, other))
    return beside(f"{line.replace(f' {SESSION}', '')}, to {title}", *times)


def _docker(bench: Bench, *arguments: str) -> Callable[[], object]:
    argv = ["docker", "--host", bench.url, *arguments]
    return partial(subprocess.run, argv, check=True, capture_output=True)


def _evaluate(server: Mcp, line: str) -> Result:
    return _succeeded(server.call("evaluate", input=line))


def _succeeded(result: Result) -> Result:
    assert not result.failed, result.text
    return result


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.agents", description="Measures agents' calls."
    )
    parser.add_argument(
        "--container-use", type=Path, metavar="PROGRAM", help="container-use, as go builds it"
    )
    parser.add_argument("--engine", choices=get_args(Version), default="28", help="the version of Docker")
    parser.add_argument("--rounds", type=int, default=11, help="how often each is measured")
    wished = parser.parse_args(arguments)
    with claimed("bench", wished.engine) as docker, tempfile.TemporaryDirectory() as folder:
        docker.up()
        try:
            bench = stood_up(docker.url, Path(folder), wished.rounds)
            other = peer(bench, wished.container_use) if wished.container_use else None
            figures = list(measure(bench, other, lambda title: print(f"measuring: {title}", file=sys.stderr)))
        finally:
            docker.clean()
            docker.down()
    print(table(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
