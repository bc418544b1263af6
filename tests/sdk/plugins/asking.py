"""`asking`: asks nu for everything that a plugin can ask for, but for the terminal."""

import os
import sys
from collections.abc import Sequence

from nu_plugin_vibenv.sdk import Call, Command, Flag, LabeledError, Plugin, Positional, Shape, serve

LOCAL_SOCKET = "ASKING_BY_LOCAL_SOCKET"
"""The environment variable that, when it is set, has nu use a local socket."""


class Asking(Command):
    """Ask nu for everything."""

    name = "asking"
    closure = Positional(Shape("Closure"), "doubles what it is given")
    named = Flag(str, "something to find in the source")

    def run(self, call: Call) -> dict[str, object]:
        engine, closure = call.engine, call[self.closure]
        upcase = engine.find_decl("str upcase")
        assert upcase is not None
        engine.add_env_var("ASKED", [1, 2])
        engine.set_gc_disabled(True)
        engine.set_gc_disabled(False)
        return {
            "transport": sys.argv[1],
            "version": engine.version,
            "config": sorted(engine.config())[:3],
            "plugin config": engine.plugin_config(),
            "variable": engine.env_var("ASKING_HAS"),
            "no variable": engine.env_var("ASKING_HAS_NOT"),
            "variables": "ASKING_HAS" in engine.env_vars(),
            "environment": engine.environment()["ASKING_HAS"],
            "directory": engine.current_directory(),
            "help": engine.help().splitlines()[0],
            "source": engine.span_contents(call.span(self.named)).decode(),
            "closure": engine.eval_closure(closure, 4).value(),
            "stream": engine.eval_closure(closure, 0, input=iter([1, 2])).value(),
            "no declaration": engine.find_decl("no such thing"),
            "declaration": engine.call_decl(upcase, input="a").value(),
            "declaration with stream": engine.call_decl(upcase, input=iter(["a", "b"])).value(),
            "instructions": len(list(engine.block_ir(closure.block_id)["instructions"])) > 0,  # type: ignore[call-overload]
            "refused": self.refused(call),
        }

    def refused(self, call: Call) -> str:
        """nu's words for a question that has no answer."""
        try:
            call.engine.call_decl(999_999)
        except LabeledError as error:
            return error.msg
        return "answered"


PLUGIN = Plugin(version="1", commands=[Asking()])


def main(argv: Sequence[str]) -> int:
    """Run the plugin."""
    return serve(PLUGIN, argv, prefer_socket=LOCAL_SOCKET in os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
