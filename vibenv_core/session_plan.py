"""What to do about sessions: pure decisions, carried out by `sessions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from . import labels, session_process
from .errors import (
    AlreadyExists,
    EngineError,
    Foreign,
    NotFound,
    Unreachable,
    UsageError,
    VibenvError,
    WrongState,
)
from .model import Access, Container, ContainerSpec, Folder, Image, SessionState, VolumeMount, Wish
from .settings import VERSION, Settings
from .supervisor import LOG_FOLDER

SESSION_VARIABLE = "VIBENV_SESSION"
"""In a session's environment: its name."""

NOT_RUNNING = "session::not_running"
"""The code of the error that a session does not run, so that nothing can be run in it."""

_DOCKER_BIND = "/var/run/docker.sock:/run/docker.sock"
_DAGGER_BIND = "/run/dagger:/run/dagger"
_BINDS = {
    Access.DOCKER: (_DOCKER_BIND, _DAGGER_BIND),
    Access.DAGGER: (_DAGGER_BIND,),
    Access.NONE: (),
}

_MEMORY_SHARE = 0.75
"""Of the host's memory, what one session may use: the rest is for the engine and who looks after it."""
_CPU_SHARES = 512
"""Half of what the registry, the Dagger engine and all other containers have, where processors are short."""
_OOM_SCORE_ADJ = 500
"""Where several sessions together use up the host's memory, one of their processes goes first."""
_LOG_DRIVER = "local"
"""What every engine has and gives back what it was told, without keeping all of it for ever."""
_LOG_OPTIONS = {"max-size": "1m", "max-file": "2", "compress": "false"}
"""Its last line is in one of the two files at any time; to compress what nobody reads takes a processor."""
_CAP_DROP = ("AUDIT_WRITE", "MKNOD")
"""Of what Docker lets root in a container do: to write to the host's audit log, and to make device files.

All else a package manager, or what it installs, needs: without NET_RAW Debian's `ping` cannot even be run.
"""
_NO_NEW_PRIVILEGES = "no-new-privileges"
"""Nobody but root gets to be root, whatever program they run; root may still be somebody else (`su`, apt)."""

_TMP = "/tmp"
_STICKY = 0o1777
"""A folder that everybody may write to, and only remove from it what is theirs."""
_LOADER = ("LD_PRELOAD", "LD_LIBRARY_PATH")
"""Variables that make the image's libraries part of whatever starts: meant for the program only."""
_SHELL = ("/bin/sh",)
"""What an image runs that names no program itself."""
_NO_PROGRAM = (126, 127)
"""The exit codes for something that cannot be run, and for nothing of that name, as in a shell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What sessions are made from, as the engine has it."""

    settings: Settings
    launcher: Image
    image: Image
    """What the session's program finds itself in; the launcher, unless another image is wished."""
    holder: str
    """The container whose volume has what runs inside every session."""
    host_memory: int


def launcher(found: Image | None, settings: Settings) -> Image:
    """`found`, what the engine has of `settings.launcher_image`, when sessions can be made from it.

    Raises: NotFound (no launcher), WrongState (another version of vibenv made it).
    """
    if found is None:
        raise NotFound(
            f"the engine has no launcher image {settings.launcher_image}",
            code="launcher::missing",
            help="`vibenv create launcher` builds it, after `vibenv up`",
        )
    made_by = found.labels.get(labels.VERSION, "another program")
    if made_by != VERSION:
        raise WrongState(
            f"the launcher image was made by vibenv {made_by}, and this is {VERSION}",
            code="launcher::outdated",
            help="`vibenv create launcher` renews it; sessions that are there go on with theirs",
        )
    return found


def no_image(reference: str, why: VibenvError | None = None) -> NotFound:
    """The error for an image that the engine has not, nor its registry, as `why` says."""
    return NotFound(
        f"there is no image `{reference}`" + (f": {why.message}" if why else ""),
        code="image::not_found",
        help="see that its name is right, and that the engine's host may have it: `docker pull` there tells",
        about="image",
    )


def launch(name: str, wish: Wish, basis: Basis, *, token: str) -> ContainerSpec:
    """The container of a new session. `token` makes the name of its recording's volume one of its own.

    Raises: UsageError (the environment's own terminal without the Dagger engine that opens it).
    """
    ours = wish.image is None
    access = wish.access or (Access.DOCKER if ours else Access.NONE)
    if ours and access is Access.NONE and not wish.command:
        raise UsageError(
            "without the Dagger engine there is no environment to open",
            code="session::no_environment",
            help=f"say what to run: `vibenv launch {name} --access none --command bash`",
            about="access",
        )
    image = _without_supervisor(basis.image)
    env = {**_environment(name, image, basis), **wish.env}
    loader = {variable: env[variable] for variable in _LOADER if variable in env}
    reference = basis.image.reference
    log = labels.log_volume(name, token)
    log_labels = {labels.LOG: name, labels.VERSION: VERSION}
    return ContainerSpec(
        name=labels.container_name(name),
        image=reference,
        labels=labels.session_labels(name, command=wish.command, access=access, image=reference),
        entrypoint=tuple(
            session_process.supervise_argv(
                _program(name, wish, image), rows=wish.rows, cols=wish.cols, env=loader
            )
        ),
        env={**env, **dict.fromkeys(loader, "")},
        binds=_BINDS[access],
        volumes=(VolumeMount(volume=log, destination=labels.LOG_MOUNT, labels=log_labels),),
        volumes_from=(f"{basis.holder}:ro",),
        tmpfs={_TMP: f"exec,mode={_STICKY:o}"} if wish.read_only else {},
        read_only=wish.read_only,
        hostname=name,
        init=True,
        cap_drop=() if wish.new_privileges else _CAP_DROP,
        security_opt=() if wish.new_privileges else (_NO_NEW_PRIVILEGES,),
        log_driver=_LOG_DRIVER,
        log_options=_LOG_OPTIONS,
        oom_score_adj=_OOM_SCORE_ADJ,
        cpus=wish.cpus,
        memory=_memory(wish, basis),
        cpu_shares=_CPU_SHARES,
        pids_limit=wish.pids_limit or None,
    )


def folders(image: Image, *, read_only: bool) -> tuple[Folder, ...]:
    """The folders that a session in `image` needs before it starts, because its user could not make them."""
    if image.user.partition(":")[0] in ("", "0", "root"):
        return ()
    needed = (LOG_FOLDER,) if read_only else (LOG_FOLDER, _TMP)
    return tuple(Folder(PurePosixPath(path), _STICKY) for path in needed)


def _program(name: str, wish: Wish, image: Image) -> Sequence[str]:
    if wish.command:
        return wish.command
    if wish.image is None:
        return session_process.default_program(name)
    return image.entrypoint + image.command or _SHELL


def _without_supervisor(image: Image) -> Image:
    """`image`, or for one that was committed of a session what that was made from: its program is then run by
    a supervisor of its own."""
    supervised = session_process.supervised(image.entrypoint)
    if supervised is None:
        return image
    program, env = supervised
    return replace(image, entrypoint=program, command=(), env={**image.env, **env})


def _environment(name: str, image: Image, basis: Basis) -> dict[str, str]:
    """What the image sets as far as it matters here, and what vibenv adds to it."""
    kept = {variable: image.env[variable] for variable in ("LANG", *_LOADER) if image.env.get(variable)}
    ours = basis.settings.to_environment() if basis.image is basis.launcher else {}
    return {"LANG": "C.UTF-8", **kept, SESSION_VARIABLE: name, **ours}


def _memory(wish: Wish, basis: Basis) -> int | None:
    wished = basis.settings.session_memory_bytes if wish.memory is None else wish.memory
    return (int(basis.host_memory * _MEMORY_SHARE) if wished is None else wished) or None


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


def must_run(name: str, found: Container) -> None:
    """Raises: WrongState, unless something can be run in the session."""
    if found.state is not SessionState.RUNNING:
        raise WrongState(
            f"the session `{name}` is {found.state}",
            code=NOT_RUNNING,
            help=f"`vibenv start {name}` lets it run again",
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


def no_access(session: str) -> Unreachable:
    """The error for a command that needs an engine, typed in a session that was given none."""
    return Unreachable(
        f"the session `{session}`, in which this was typed, has no access to a Docker engine",
        code="engine::no_access",
        help="type it on the host, or in a session that `vibenv launch NAME --access docker` made there; "
        "`--host` names another engine",
        about="host",
    )


def not_ready(name: str, within_s: float) -> EngineError:
    """The error for a session that runs, and whose terminal accepts no clients."""
    return EngineError(
        f"the terminal of `{name}` did not come up in {within_s:.0f} s",
        code="session::not_ready",
        help="see whether the host is short of memory or disk: `docker info`, `docker system df`",
    )


def ended_at_once(name: str, found: Container | None, said: str) -> WrongState:
    """The error for a session whose program ended before its terminal was there."""
    how = "went away" if found is None else f"ended at once, with the exit code {found.exit_code}"
    help = "see that the program keeps running: `--command sh` does, in an image that has it"
    if found is not None and found.exit_code in _NO_PROGRAM:
        image = found.labels.get(labels.IMAGE, found.image)
        help = f"the image {image} has no such program: name one that it has with `--command`"
        if said.startswith(_SHELL[0]):
            help = f"the image {image} has no shell: name a program that it has with `--command`"
    return WrongState(
        f"the program of `{name}` {how}" + (f": {said}" if said else ""),
        code="session::ended",
        help=help,
        about="command",
    )
