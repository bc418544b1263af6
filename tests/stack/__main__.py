"""The command line of the stack: `tests/stack/engine`."""

import argparse
import os
import sys
from pathlib import Path

from tests.stack import Failed, archive, engine, images, recipes


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/stack/engine", description=engine.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start an engine, filled with the stack's images; prints its address")
    up.add_argument("name")
    up.add_argument("version", choices=("20", "28", "29"))
    up.add_argument("--no-live-restore", action="store_true", help="containers end when dockerd does")
    for name, what in (
        ("down", "end an engine; its data folder stays"),
        ("clean", "remove its containers and volumes"),
    ):
        commands.add_parser(name, help=what).add_argument("name")
    run = commands.add_parser("run", help="run a command in an engine's namespaces, where its port 5000 is")
    run.add_argument("name")
    run.add_argument("argv", nargs=argparse.REMAINDER)
    commands.add_parser("list", help="names of the engines that run")
    commands.add_parser("make", help="make or fetch all that the tests' engines need, into the cache")
    commands.add_parser("nu", help="fetch Nushell; prints its path")
    load = commands.add_parser("load", help="make images and load them into the engine at a socket")
    load.add_argument("socket", type=Path)
    load.add_argument(
        "images", nargs="+", metavar="image", help="the official name of one of the stack's images"
    )
    try:
        _carry_out(parser.parse_args())
    except Failed as failure:
        sys.exit(f"failed: {failure}")


def _carry_out(given: argparse.Namespace) -> None:
    if given.command == "list":
        print("\n".join(engine.running()))
        return
    if given.command == "make":
        for make in images.ALL.values():
            make()
        recipes.docker()
        for version in recipes.NUSHELL_VERSIONS:
            recipes.nushell(version)
        return
    if given.command == "nu":
        print(recipes.nushell())
        return
    if given.command == "load":
        loaded = archive.load(given.socket, [images.ALL[name]() for name in given.images])
        print("\n".join(loaded))
        return
    if given.command == "up":
        options = {"live-restore": not given.no_live_restore}
        wanted = engine.Engine(name=given.name, version=given.version, options=options)
        wanted.up()
        print(wanted.url)
        return
    there = engine.Engine(name=given.name, version="20")
    if given.command == "down":
        there.down()
    elif given.command == "clean":
        there.clean()
    else:
        argv = there.inside([word for word in given.argv if word != "--"])
        sys.stdout.flush()
        os.execvp(argv[0], argv)


main()
