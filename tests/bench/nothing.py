"""`nothing`: a plugin's command that does nothing, for what a call costs by itself."""

import sys

from nu_plugin_vibenv.sdk import Call, Command, Plugin, serve


class Nothing(Command):
    """Do nothing."""

    name = "nothing"

    def run(self, call: Call) -> None:
        """Do nothing."""


def main() -> int:
    """Serve nu."""
    return serve(Plugin(version="0", commands=[Nothing()]), sys.argv[1:])
