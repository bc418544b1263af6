"""`vibenv forward`."""

from __future__ import annotations

from vibenv_core import forwards

from ..command import HostCommand
from ..completions import session_names
from ..sdk import Call, Example, Flag, Positional
from ..session_command import check_name
from ..tables.sessions import ForwardRow, forward_row


class Forward(HostCommand):
    """Serve a port of a session at a port of this machine, on 127.0.0.1 only.

    It goes on when Nushell has ended: `vibenv forwards` lists what is forwarded, and ends it. What ssh
    carries ends with the link to the host, which is ten minutes after that was last used. `detail` says when
    another port was taken than was asked for, and when nobody listens in the session yet.
    """

    name = "vibenv forward"
    search_terms = ("port", "tunnel", "expose", "publish")
    input_output = ((object, ForwardRow),)
    examples = (
        Example("vibenv forward my-task 8000", "port 8000 of the session at port 8000 here, if that is free"),
        Example("http get (vibenv forward my-task 8000 | get url)", "what a server in the session answers"),
        Example("vibenv forward my-task 5432 --local 15432", "at another port than in the session"),
    )

    session = Positional(str, "the session", complete=session_names)
    port = Positional(int, "the port in the session, from 1 to 65535")
    local = Flag(int, "the port here; a free one where it is taken", short="l")

    def answer(self, call: Call) -> object:
        """The forward, made or found."""
        name = check_name(call[self.session], call.span(self.session))
        made, detail = forwards.forward(
            self.engine(call),
            name,
            call[self.port],
            local=call[self.local],
            env=call.engine.environment(),
            cancelled=call.cancelled,
        )
        return forward_row(made, detail)
