"""The command line of the stack: `tests/stack/engine`."""

import argparse
import os
import sys

from tests.stack import engine


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/stack/engine", description=engine.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start an engine, filled with the stack's images; prints its address")
    up.add_argument("name")
    up.add_argument("version", choices=("20", "28"))
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
    given = parser.parse_args()

    if given.command == "list":
        print("\n".join(engine.running()))
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
