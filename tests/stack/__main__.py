"""The command line of the stack: `tests/stack/engine`."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.stack import Failed, archive, engine, images, recipes


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/stack/engine", description=engine.__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, act: Callable[[argparse.Namespace], None], what: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what)
        added.set_defaults(act=act)
        return added

    starts = command("up", up, "start an engine, filled with the stack's images; prints its address")
    starts.add_argument("name")
    starts.add_argument("version", choices=("20", "28", "29"))
    starts.add_argument("--no-live-restore", action="store_true", help="containers end when dockerd does")
    command("down", down, "end an engine; its data folder stays").add_argument("name")
    command("clean", clean, "remove its containers and volumes").add_argument("name")
    runs = command("run", run, "run a command in an engine's namespaces, where its port 5000 is")
    runs.add_argument("name")
    runs.add_argument("argv", nargs=argparse.REMAINDER)
    command("list", show, "names of the engines that run")
    command("make", make, "make or fetch all that the tests' engines need, into the cache")
    command("nu", nu, "fetch Nushell; prints its path")
    loads = command("load", load, "make images and load them into the engine at a socket")
    loads.add_argument("socket", type=Path)
    loads.add_argument("images", nargs="+", choices=images.ALL, metavar="image", help=", ".join(images.ALL))

    given = parser.parse_args()
    try:
        given.act(given)
    except Failed as failure:
        sys.exit(f"failed: {failure}")


def up(given: argparse.Namespace) -> None:
    options = {"live-restore": not given.no_live_restore}
    wanted = engine.Engine(name=given.name, version=given.version, options=options)
    wanted.up()
    print(wanted.url)


def down(given: argparse.Namespace) -> None:
    named(given).down()


def clean(given: argparse.Namespace) -> None:
    named(given).clean()


def run(given: argparse.Namespace) -> None:
    argv = named(given).inside(given.argv[given.argv[:1] == ["--"] :])
    os.execvp(argv[0], argv)


def show(_given: argparse.Namespace) -> None:
    for name in engine.running():
        print(name)


def make(_given: argparse.Namespace) -> None:
    for image in images.ALL.values():
        image()
    recipes.docker()
    for version in (*recipes.NUSHELL_VERSIONS, recipes.NUSHELL_TOO_OLD):
        recipes.nushell(version)


def nu(_given: argparse.Namespace) -> None:
    print(recipes.nushell())


def load(given: argparse.Namespace) -> None:
    for name in archive.load(given.socket, [images.ALL[name]() for name in given.images]):
        print(name)


def named(given: argparse.Namespace) -> engine.Engine:
    """The engine of that name; its version matters only to start it."""
    return engine.Engine(name=given.name, version="20")


if __name__ == "__main__":
    main()
