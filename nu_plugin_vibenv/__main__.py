"""Where vibenv's plugin begins, whoever starts it.

What may be typed:

    nu_plugin_vibenv --stdio                        what Nushell does
    python -m nu_plugin_vibenv install [--nu PATH]  make vibenv known to a Nushell
    python -m nu_plugin_vibenv install --undo       take that away again

Nothing but what the handshake needs is imported before nu asks for it.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Serve Nushell, or install; gives the exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["install"]:
        from .install import main as install

        return install(arguments[1:])
    from .commands import plugin
    from .sdk import serve

    return serve(plugin, arguments)


if __name__ == "__main__":
    sys.exit(main())
