"""Which engine is meant, from a flag, the environment and files as the Docker CLI writes them."""

import hashlib
import json
from pathlib import Path

import pytest

from vibenv_core import hosts
from vibenv_core.errors import NotFound, UsageError, WrongState


class Docker:
    """A folder as Docker's CLI keeps it, and the environment that names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"DOCKER_CONFIG": str(folder)}

    def add(self, name: str, url: str, *, description: str = "", skip_tls_verify: bool = False) -> Path:
        """A context; what comes back is the folder where its TLS files belong."""
        key = hashlib.sha256(name.encode()).hexdigest()
        meta = self.folder / "contexts" / "meta" / key
        meta.mkdir(parents=True)
        endpoint = {"Host": url, "SkipTLSVerify": skip_tls_verify}
        content = {
            "Name": name,
            "Metadata": {"Description": description},
            "Endpoints": {"docker": endpoint},
        }
        (meta / "meta.json").write_text(json.dumps(content))
        return self.folder / "contexts" / "tls" / key / "docker"

    def use(self, name: str) -> None:
        (self.folder / "config.json").write_text(json.dumps({"currentContext": name}))


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path)


def test_without_any_word_the_local_socket_is_meant(docker: Docker) -> None:
    assert hosts.resolve(None, docker.env) == hosts.Host(
        name="default", url="unix:///var/run/docker.sock", tls=None
    )


def test_each_word_outdoes_the_next(docker: Docker) -> None:
    for name in ("flag", "vibenv", "context", "current"):
        docker.add(name, f"tcp://{name}:1")
    docker.use("current")
    env = dict(docker.env)
    assert hosts.resolve(None, env).url == "tcp://current:1"
    env["DOCKER_CONTEXT"] = "context"
    assert hosts.resolve(None, env).url == "tcp://context:1"
    env["DOCKER_HOST"] = "tcp://docker-host:1"
    assert hosts.resolve(None, env).url == "tcp://docker-host:1"
    env["VIBENV_HOST"] = "vibenv"
    assert hosts.resolve(None, env).url == "tcp://vibenv:1"
    assert hosts.resolve("flag", env).url == "tcp://flag:1"
    assert hosts.resolve("unix:///run/x.sock", env).url == "unix:///run/x.sock"


def test_the_default_context_is_docker_host_where_that_is_set(docker: Docker) -> None:
    env = {**docker.env, "DOCKER_HOST": "10.0.0.1:2375"}
    assert hosts.resolve("default", env).url == "tcp://10.0.0.1:2375"


def test_a_host_is_named_as_it_was_typed(docker: Docker) -> None:
    docker.add("box", "tcp://box:2375")
    assert hosts.resolve("box", docker.env).name == "box"
    assert hosts.resolve("tcp://box:2375", docker.env).name == "tcp://box:2375"


def test_an_unknown_context_is_answered_with_the_known_ones(docker: Docker) -> None:
    docker.add("zeta", "tcp://z:1")
    docker.add("alpha", "tcp://a:1")
    with pytest.raises(NotFound) as raised:
        hosts.resolve("nope", docker.env)
    assert raised.value.code == "vibenv::host::unknown"
    assert "`nope`" in raised.value.message
    assert "default, alpha, zeta" in (raised.value.help or "")
    assert raised.value.about == "host"


def test_an_ssh_host_is_found_and_not_yet_connected_to(docker: Docker) -> None:
    docker.add("dagger-ssm", "ssh://i-0abc")
    assert hosts.resolve("dagger-ssm", docker.env) == hosts.Host(
        name="dagger-ssm", url="ssh://i-0abc", tls=None
    )


@pytest.mark.parametrize("url", ["ssh://-oProxyCommand=x", "ssh://a b", "ssh://me@%h", "tcp://-x:1"])
def test_a_host_that_another_program_could_misread_is_refused(docker: Docker, url: str) -> None:
    docker.add("bad", url)
    for named in (url, "bad"):
        with pytest.raises(UsageError) as raised:
            hosts.resolve(named, docker.env)
        assert raised.value.code == "vibenv::host::bad_name"


@pytest.mark.parametrize("url", ["npipe:////./pipe/docker", "unix://relative.sock", "tcp://", "ftp://x"])
def test_an_address_of_another_kind_is_refused(docker: Docker, url: str) -> None:
    with pytest.raises(UsageError) as raised:
        hosts.resolve(url, docker.env)
    assert raised.value.code == "vibenv::host::unsupported"


def test_a_contexts_own_tls_files_are_used(docker: Docker) -> None:
    folder = docker.add("secure", "tcp://secure:2376", skip_tls_verify=True)
    folder.mkdir(parents=True)
    for part in ("ca", "cert", "key"):
        (folder / f"{part}.pem").touch()
    assert hosts.resolve("secure", docker.env).tls == hosts.Tls(
        ca=folder / "ca.pem", certificate=folder / "cert.pem", key=folder / "key.pem", verify=False
    )


def test_a_certificate_without_its_key_is_not_used(docker: Docker) -> None:
    folder = docker.add("half", "tcp://half:2376")
    folder.mkdir(parents=True)
    (folder / "ca.pem").touch()
    (folder / "cert.pem").touch()
    assert hosts.resolve("half", docker.env).tls == hosts.Tls(
        ca=folder / "ca.pem", certificate=None, key=None, verify=True
    )


def test_dockers_tls_variables_hold_for_an_address(docker: Docker, tmp_path: Path) -> None:
    env = {**docker.env, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    (tmp_path / "ca.pem").touch()
    found = hosts.resolve("tcp://box:2376", env)
    assert found.tls == hosts.Tls(ca=tmp_path / "ca.pem", certificate=None, key=None, verify=True)
    assert hosts.resolve("unix:///run/docker.sock", env).tls is None


def test_contexts_are_listed_by_name_with_the_current_one_marked(docker: Docker) -> None:
    docker.add("zeta", "ssh://z")
    docker.add("alpha", "tcp://a:1", description="the first")
    docker.use("zeta")
    listed = hosts.contexts(docker.env)
    assert [(each.name, each.url, each.current) for each in listed] == [
        ("default", "unix:///var/run/docker.sock", False),
        ("alpha", "tcp://a:1", False),
        ("zeta", "ssh://z", True),
    ]
    assert listed[1].description == "the first"


def test_a_context_that_cannot_be_read_is_listed_with_its_error(docker: Docker) -> None:
    docker.add("broken", "tcp://b:1")
    docker.add("whole", "tcp://w:1")
    broken = docker.folder / "contexts" / "meta" / hashlib.sha256(b"broken").hexdigest() / "meta.json"
    broken.write_text("{")
    listed = {each.name: each for each in hosts.contexts(docker.env)}
    assert listed["whole"].url == "tcp://w:1"
    assert str(broken) in str(listed[broken.parent.name].error)
    assert hosts.resolve("whole", docker.env).url == "tcp://w:1"


def test_what_is_current_and_no_context_is_listed_last(docker: Docker) -> None:
    docker.add("box", "tcp://b:1")
    missing = hosts.contexts({**docker.env, "DOCKER_CONTEXT": "gone"})[-1]
    assert (missing.name, missing.current, missing.url) == ("gone", True, None)
    assert str(missing.error) == "Docker has no context named `gone`"
    typed = hosts.contexts({**docker.env, "VIBENV_HOST": "unix:///x.sock"})
    assert [each.current for each in typed] == [False, False, True]
    assert typed[-1].url == "unix:///x.sock"


def test_verification_may_be_left_out_without_files(docker: Docker) -> None:
    docker.add("loose", "tcp://l:1", skip_tls_verify=True)
    docker.add("local", "unix:///l.sock", skip_tls_verify=True)
    assert hosts.resolve("loose", docker.env).tls == hosts.Tls(
        ca=None, certificate=None, key=None, verify=False
    )
    assert hosts.resolve("local", docker.env).tls is None


def test_a_context_without_a_docker_engine_is_none_of_them(docker: Docker) -> None:
    docker.add("swarm", "tcp://s:1")
    meta = next(docker.folder.glob("contexts/meta/*/meta.json"))
    meta.write_text(json.dumps({"Name": "swarm", "Endpoints": {"kubernetes": {"Host": "https://k"}}}))
    assert [each.name for each in hosts.contexts(docker.env)] == ["default"]


def test_a_broken_file_of_dockers_is_named(docker: Docker) -> None:
    (docker.folder / "config.json").write_text("{")
    with pytest.raises(WrongState) as raised:
        hosts.resolve(None, docker.env)
    assert raised.value.code == "vibenv::host::bad_config"
    assert str(docker.folder / "config.json") in raised.value.message


def test_without_a_folder_of_its_own_dockers_files_are_in_the_home(tmp_path: Path) -> None:
    Docker(tmp_path / ".docker").add("mine", "tcp://m:1")
    assert hosts.resolve("mine", {"HOME": str(tmp_path)}).url == "tcp://m:1"


def test_when_all_hosts_are_asked_each_engine_is_asked_once_by_its_current_name(docker: Docker) -> None:
    docker.add("box", "tcp://b:1")
    docker.add("same", "tcp://b:1")
    docker.add("other", "unix:///o.sock")
    docker.use("same")
    env = {**docker.env, "DOCKER_HOST": "", "VIBENV_HOST": "other"}
    assert [each.name for each in hosts.all_hosts(docker.env) if each.name != "default"] == ["same", "other"]
    assert [each.name for each in hosts.all_hosts(env) if each.name != "default"] == ["other", "box"]


def test_a_machine_without_an_engine_is_asked_only_where_it_is_current(
    docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "_LOCAL", f"unix://{tmp_path}/docker.sock")
    docker.add("box", "tcp://b:1")
    assert [each.name for each in hosts.all_hosts(docker.env)] == ["default", "box"]
    docker.use("box")
    assert [each.name for each in hosts.all_hosts(docker.env)] == ["box"]
    (tmp_path / "docker.sock").touch()
    assert [each.name for each in hosts.all_hosts(docker.env)] == ["box", "default"]


class Asked(dict[str, str]):
    """An environment that keeps in mind what was looked for in it."""

    names: set[str]

    def get(self, name: str, default: object = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return super().get(name)


def test_no_variable_is_looked_at_but_those_that_are_named(docker: Docker) -> None:
    docker.add("there", "tcp://there:2375")
    asked: set[str] = set()
    for env in (
        docker.env,
        {"HOME": str(docker.folder)},
        {"DOCKER_HOST": "there:2375", "DOCKER_TLS_VERIFY": "1"},
        {"VIBENV_HOST": "tcp://there:2375"},
        {**docker.env, "DOCKER_CONTEXT": "there"},
    ):
        environment = Asked(env)
        environment.names = asked
        hosts.resolve(None, environment)
        hosts.contexts(environment)
    assert asked == set(hosts.VARIABLES)
