"""`vibenv context create`."""

from __future__ import annotations

from pathlib import Path

from vibenv_core import address, context_store, tls_files
from vibenv_core.contexts import Endpoint, context_name
from vibenv_core.errors import UsageError
from vibenv_core.hosts import VARIABLES

from ..command import VibenvCommand
from ..contexts import listed
from ..sdk import Call, Example, Flag, Positional, Switch
from ..tables.contexts import ContextRecord, context_record


class ContextCreate(VibenvCommand):
    """Give an engine's address a name, for `--host` and for Docker's own command line alike.

    It is one of Docker's contexts: `docker context ls` shows it, and `docker --context NAME …` uses it. The
    same typed again changes nothing; another target needs `--force`.
    """

    name = "vibenv context create"
    search_terms = ("docker", "host", "ssm", "ec2", "ssh")
    input_output = ((object, ContextRecord),)
    examples = (
        Example("vibenv context create dagger-ssm i-0123456789abcdef0", "an EC2 instance, by AWS SSM"),
        Example("vibenv context create lab me@lab.example.com --description 'the big one'", "any ssh host"),
        Example(
            "vibenv context create other unix:///run/other/docker.sock", "another engine of this machine"
        ),
    )

    context = Positional(str, "its name")
    target = Positional(str, "i-…, user@host, ssh://…, unix:///PATH or tcp://HOST:PORT")
    description = Flag(str, "what it is for")
    ca = Flag(Path, "trust certificates signed by this CA only (tcp)")
    cert = Flag(Path, "the client's certificate (tcp)")
    key = Flag(Path, "the client's key (tcp)")
    skip_tls_verify = Switch("do not check the engine's certificate (tcp)")
    force = Switch("change the context of that name when there is one", short="f")

    def answer(self, call: Call) -> object:
        """The context, and whether it had to be made or changed."""
        name = context_name(call[self.context])
        wanted = Endpoint(
            url=address.target(call[self.target]),
            description=call[self.description] or "",
            skip_tls_verify=call[self.skip_tls_verify],
        )
        tls = tls_files.contents(self._tls_files(call, wanted.url))
        env = call.engine.environment(*VARIABLES)
        changed = context_store.create(env, name, wanted, tls, force=call[self.force])
        return context_record(listed(env, name), changed=changed)

    def _tls_files(self, call: Call, url: str) -> dict[str, Path | None]:
        given = {"ca.pem": call[self.ca], "cert.pem": call[self.cert], "key.pem": call[self.key]}
        if not url.startswith("tcp://") and (any(given.values()) or call[self.skip_tls_verify]):
            raise UsageError(
                f"`{url}` is not reached over TLS",
                code="context::tls",
                help="leave out --ca, --cert, --key and --skip-tls-verify: they are for tcp://…",
                about="target",
            )
        return given
