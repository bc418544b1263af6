"""What to do about sessions: pure decisions, carried out by `sessions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import labels, session_process
from .errors import AlreadyExists, Foreign, NotFound, UsageError, WrongState
from .model import Access, Container, ContainerSpec, Image, SessionState
from .settings import VERSION, Settings

SESSION_VARIABLE = "VIBENV_SESSION"
"""In a session's environment: its name."""

_DOCKER_BIND = "/var/run/docker.sock:/run/docker.sock"
_DAGGER_BIND = "/run/dagger:/run/dagger"
_BINDS = {
    Access.DOCKER: (_DOCKER_BIND, _DAGGER_BIND),
    Access.DAGGER: (_DAGGER_BIND,),
    Access.NONE: (),
}


def launch(
    name: str,
    *,
    launcher: Image | None,
    settings: Settings,
    command: Sequence[str],
    env: Mapping[str, str],
    cpus: float | None,
    memory: int | None,
    access: Access,
    rows: int,
    cols: int,
) -> ContainerSpec:
    """The container of a new session. `launcher` is what the engine has of `settings.launcher_image`.

    Raises: NotFound (no launcher), WrongState (another version of vibenv made it), UsageError (the
    environment's own terminal without the Dagger engine that opens it).
    """
    if access is Access.NONE and not command:
        raise UsageError(
            "without the Dagger engine there is no environment to open",
            code="session::no_environment",
            help=f"say what to run: `vibenv launch {name} --access none --command bash`",
            about="access",
        )
    if launcher is None:
        raise NotFound(
            f"the engine has no launcher image {settings.launcher_image}",
            code="launcher::missing",
            help="`vibenv create launcher` builds it, after `vibenv up`",
        )
    made_by = launcher.labels.get(labels.VERSION, "another program")
    if made_by != VERSION:
        raise WrongState(
            f"the launcher image was made by vibenv {made_by}, and this is {VERSION}",
            code="launcher::outdated",
            help="`vibenv create launcher` renews it; sessions that are there go on with theirs",
        )
    program = command or session_process.default_program(name)
    return ContainerSpec(
        name=labels.container_name(name),
        image=settings.launcher_image,
        labels=labels.session_labels(name, command=command, access=access, image=settings.launcher_image),
        entrypoint=tuple(session_process.process_argv(program, rows=rows, cols=cols)),
        env={"LANG": "C.UTF-8", SESSION_VARIABLE: name, **settings.to_environment(), **env},
        binds=_BINDS[access],
        hostname=name,
        init=True,
        cpus=cpus,
        memory=memory,
    )


def find(name: str, found: Container | None) -> Container:
    """`found`, the container of the name that the session `name` would have, when it is that session.

    Raises: NotFound, Foreign.
    """
    if found is None:
        raise NotFound(
            f"there is no session `{name}`",
            code="session::not_found",
            help=f"`vibenv list` shows those that are there; `vibenv launch {name}` makes it",
            about="name",
        )
    if not labels.is_session(found.name, found.labels):
        raise Foreign(
            f"the container `{found.name}` is none of vibenv's sessions",
            code="session::foreign",
            help=f"choose another name, or free this one: `docker rename {found.name} {found.name}-old`",
            about="name",
        )
    return found


def reuse(name: str, found: Container | None, *, wished: bool) -> Container:
    """The session that has taken `name`, when it may be used instead of a new one.

    Raises: AlreadyExists, Foreign, NotFound (it was removed since).
    """
    there = find(name, found)
    if not wished:
        raise taken(name)
    return there


def taken(name: str, *, about: str = "name") -> AlreadyExists:
    """The error for a name that another session has."""
    return AlreadyExists(
        f"there is a session `{name}` already",
        code="session::taken",
        help=f"`vibenv attach {name}` opens it, and `vibenv launch {name} --reuse` takes it as it is",
        about=about,
    )


def must_start(name: str, found: Container) -> bool:
    """Whether the session has to be started to run. Raises: WrongState (it is paused, or on its way out)."""
    match found.state:
        case SessionState.RUNNING | SessionState.RESTARTING:
            return False
        case SessionState.CREATED | SessionState.STOPPED:
            return True
        case SessionState.PAUSED:
            raise WrongState(
                f"the session `{name}` is paused",
                code="session::paused",
                help=f"`docker unpause {found.name}` lets it go on",
                about="name",
            )
        case SessionState.REMOVING | SessionState.DEAD:
            raise WrongState(
                f"the session `{name}` is being removed",
                code="session::dead",
                help=f"`vibenv remove {name} --force` when that does not end",
                about="name",
            )


def must_stop(found: Container) -> bool:
    """Whether the session has to be stopped to be still."""
    return found.state in (SessionState.RUNNING, SessionState.PAUSED, SessionState.RESTARTING)


def check_remove(name: str, found: Container, *, force: bool) -> None:
    """Raises: WrongState, when the session runs and `force` is not set."""
    if must_stop(found) and not force:
        raise WrongState(
            f"the session `{name}` is running",
            code="session::running",
            help=f"`vibenv remove {name} --force` ends and removes it, `vibenv stop {name}` keeps its files",
            about="name",
        )


def ended_at_once(name: str, found: Container | None, said: str) -> WrongState:
    """The error for a session whose program ended before its terminal was there."""
    how = "went away" if found is None else f"ended at once, with the exit code {found.exit_code}"
    return WrongState(
        f"the program of `{name}` {how}" + (f": {said}" if said else ""),
        code="session::ended",
        help="see that the program is in the launcher and keeps running: `--command bash` does",
        about="command",
    )
