"""Sessions as a script in Nushell handles them, on a real engine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from nu_plugin_vibenv.commands.doctor import nushell_check
from tests.nu.shell import Shell
from vibenv_core import labels
from vibenv_core.engine import Engine as DockerEngine
from vibenv_core.launcher import Launcher
from vibenv_core.model import Verdict

NOWHERE = "unix:///nowhere/docker.sock"
STUBBORN = "sh -c 'trap : HUP TERM; while true; do sleep 0.1; done'"
"""A program that ends only when it is killed."""


@pytest.mark.one_engine("20")
def test_each_supported_nushell_gives_the_same_tables_and_errors(
    nu_binaries: Path, tmp_path: Path, stack: DockerEngine, launcher: Launcher
) -> None:
    shell = Shell(nu=nu_binaries, home=tmp_path).on(stack.host.url)
    assert shell.install().returncode == 0
    launched = shell.value("vibenv launch t --command bash | get 0 | select name state")
    assert launched == {"name": "t", "state": "running"}
    assert shell.value("vibenv list --long | get 0.command") == ["bash"]
    assert shell.error("vibenv stop nope")["code"] == "vibenv::session::not_found"
    assert shell.value("vibenv list | vibenv remove --force | get name") == ["t"]


def test_names_from_the_pipeline_are_launched_side_by_side_with_a_row_for_each(shell: Shell) -> None:
    names = shell.value("[a b c] | vibenv launch --command bash | get name")
    assert sorted(names) == ["a", "b", "c"]
    assert sorted(shell.value("vibenv list | where state == running | get name")) == ["a", "b", "c"]


def test_a_list_of_sessions_is_a_table_to_filter_and_sort(shell: Shell) -> None:
    shell.value("vibenv launch a --command bash")
    rows = shell.value("vibenv list | where state == running | sort-by created | first 1")
    assert [row["name"] for row in rows] == ["a"]


def test_columns_have_types(shell: Shell) -> None:
    shell.value("vibenv launch a --command bash")
    kinds = "vibenv list --long | first | items {|column, cell| [$column ($cell | describe)] } | into record"
    described = shell.value(
        f"{kinds.replace('into record', 'each {|pair| {column: $pair.0 type: $pair.1} }')}"
    )
    types = {row["column"]: row["type"] for row in described}
    assert types["created"] == types["started"] == "datetime"
    assert types["uptime"] == "duration"
    assert types["size"] == "filesize"
    assert types["command"] == "list<string>"


def test_an_error_has_a_code_that_a_script_can_tell(shell: Shell) -> None:
    code = "try { vibenv stop nope } catch {|e| $e.details.code}"
    assert shell.value(code) == "vibenv::session::not_found"


def test_an_error_is_shown_at_the_name_that_was_typed(shell: Shell) -> None:
    failed = shell.run("-c", "use vibenv; vibenv stop nope")
    assert failed.returncode == 1
    assert "there is no session `nope`" in failed.stderr
    [marked] = [line for line in failed.stderr.splitlines() if "this name" in line]
    [source] = [line for line in failed.stderr.splitlines() if "use vibenv; vibenv stop nope" in line]
    assert marked.index("-- this name") > source.index("nope")


def test_a_failure_of_several_is_a_row_and_the_others_go_on(shell: Shell) -> None:
    shell.value("[a b] | vibenv launch --command bash")
    rows = {row["name"]: row for row in shell.value("[a nope b] | vibenv stop --grace 1sec")}
    assert rows["nope"]["error"]["code"] == "vibenv::session::not_found"
    assert rows["nope"]["state"] is None
    assert {rows[name]["state"] for name in "ab"} == {"stopped"}
    assert {rows[name]["error"] for name in "ab"} == {None}


def test_strict_raises_the_first_error_of_several(shell: Shell) -> None:
    assert shell.error("[nope neither] | vibenv stop --strict")["code"] == "vibenv::session::not_found"


def test_a_row_comes_as_soon_as_its_session_is_done(shell: Shell) -> None:
    shell.value("vibenv launch quick --command bash")
    shell.value(f'vibenv launch slow --command "{STUBBORN}"')
    timed = "[slow quick] | vibenv stop --grace 3sec | each {|row| {name: $row.name at: (date now)} }"
    rows = shell.value(f"{timed} | each {{|row| {{name: $row.name at: ($row.at | into int)}} }}")
    assert [row["name"] for row in rows] == ["quick", "slow"]
    assert rows[1]["at"] - rows[0]["at"] > 1e9


def test_a_name_that_is_an_argument_and_the_input_of_a_closure_is_meant_once(shell: Shell) -> None:
    launched = shell.value("[a b] | each {|name| vibenv launch $name --command bash | get 0.name }")
    assert launched == ["a", "b"]


def test_a_bad_name_is_refused_before_anything_is_asked_of_an_engine(installed: Shell) -> None:
    for typed in ("vibenv launch Bad", "[ok Bad] | vibenv stop", "vibenv rename ok Bad", "vibenv attach Bad"):
        assert installed.error(typed, DOCKER_HOST=NOWHERE)["code"] == "vibenv::session::bad_name"


def test_a_taken_name_is_refused_and_the_session_goes_on(shell: Shell) -> None:
    before = shell.value("vibenv launch a --command bash; vibenv list --long")
    assert shell.error("vibenv launch a --command bash")["code"] == "vibenv::session::taken"
    assert shell.value("vibenv list --long | get id") == [before[0]["id"]]
    assert shell.value("vibenv launch a --reuse | get name") == ["a"]


def test_of_two_launches_of_one_name_at_once_one_wins_and_the_other_says_so(shell: Shell) -> None:
    attempt = "try { vibenv launch $name --command bash | get 0.state } catch {|e| $e.details.code }"
    race = f"1..10 | each {{|i| let name = $'race($i)'; [1 2] | par-each {{|_| {attempt} }} | sort }}"
    assert shell.value(race) == [["running", "vibenv::session::taken"]] * 10


def test_remove_spares_a_running_session_unless_forced(shell: Shell) -> None:
    shell.value("vibenv launch a --command bash")
    assert shell.error("vibenv remove a")["code"] == "vibenv::session::running"
    assert shell.value("vibenv remove a --force | get name") == ["a"]
    assert shell.value("vibenv list") == []


def test_rename_keeps_the_session_running(shell: Shell) -> None:
    before = shell.value("vibenv launch a --command bash; vibenv list --long | get id")
    assert shell.value("vibenv rename a b | get 0 | select name state") == {"name": "b", "state": "running"}
    assert shell.value("vibenv list --long | get id") == before


def test_launch_passes_on_variables_limits_and_access(shell: Shell) -> None:
    shell.value("vibenv launch a --command bash --env {A: 1} --cpus 0.5 --memory 256mb --access none")
    row = shell.value("vibenv list --long | first")
    assert (row["cpus"], row["memory"], row["access"]) == (0.5, 256_000_000, "none")
    assert (row["pids_limit"], row["cpu_shares"]) == (4096, 512)


def test_a_session_in_any_image_runs_what_that_runs_and_has_no_access(shell: Shell) -> None:
    launched = shell.value("vibenv launch box --image debian:stable-slim | get 0 | select state image")
    assert launched == {"state": "running", "image": "debian:stable-slim"}
    row = shell.value("vibenv list --long | first")
    assert (row["image"], row["command"], row["access"]) == ("debian:stable-slim", [], "none")
    assert row["log"].startswith("vibenv-log-box-")


def test_an_image_that_is_nowhere_is_shown_where_it_was_typed(shell: Shell) -> None:
    details = shell.error("vibenv launch a --image localhost:5000/nowhere:1")
    assert details["code"] == "vibenv::image::not_found"
    assert "localhost:5000/nowhere:1" in details["msg"]
    assert shell.value("vibenv list") == []


def test_limits_can_be_taken_away_or_set_for_all(shell: Shell) -> None:
    shell.value("vibenv launch free --command bash --memory 0b --pids-limit 0")
    shell.value("$env.VIBENV_SESSION_MEMORY = '512mb'; vibenv launch set --command bash")
    rows = {row["name"]: row for row in shell.value("vibenv list --long")}
    assert (rows["free"]["memory"], rows["free"]["pids_limit"]) == (None, None)
    assert rows["set"]["memory"] == 512_000_000


def test_stats_are_numbers_to_compute_with(shell: Shell) -> None:
    shell.value("vibenv launch a --command bash --memory 64mb")
    shell.value("vibenv launch b --command bash; vibenv stop b --grace 0sec")
    (row,) = shell.value("vibenv stats | where cpu < 50 and memory < 64mb and memory_limit < 65mb")
    assert row["name"] == "a"
    assert row["pids"] < row["pids_limit"] == 4096


def test_the_recording_of_a_removed_session_is_kept_when_that_is_wished(
    shell: Shell, stack: DockerEngine
) -> None:
    shell.value("[a b] | vibenv launch --command bash")
    shell.value("vibenv remove a --force --keep-log; vibenv remove b --force")
    (kept,) = stack.volumes(labels.LOG)
    stack.remove_volume(kept.name)
    assert kept.name.startswith("vibenv-log-a-")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("vibenv launch a --command ''", "vibenv::usage::command"),
        ("vibenv launch a --command 'sh -c \"x'", "vibenv::usage::command"),
        ("vibenv launch a --env {A: [1]}", "vibenv::usage::env"),
        ("vibenv launch a --env {A: true}", "vibenv::usage::env"),
        ("vibenv launch a --jobs 0", "vibenv::usage::jobs"),
        ("[a b] | vibenv exec uname --jobs 0", "vibenv::usage::jobs"),
        ("[a b] | vibenv launch --attach", "vibenv::usage::one_name"),
        ("[a b] | vibenv attach", "vibenv::usage::one_name"),
        ("vibenv launch", "vibenv::usage::no_name"),
        ("vibenv list --host nowhere", "vibenv::host::unknown"),
        ("vibenv list --host ssh://-nowhere", "vibenv::host::bad_name"),
    ],
)
def test_what_can_never_work_is_refused_with_a_code_and_a_help(
    installed: Shell, stack: DockerEngine, typed: str, code: str
) -> None:
    details = installed.on(stack.host.url).error(typed)
    assert details["code"] == code
    assert details["help"]


def test_host_is_the_flag_then_the_variables_of_the_call(installed: Shell, stack: DockerEngine) -> None:
    url = stack.host.url
    code = (
        f"[(vibenv list | length)"
        f" (with-env {{DOCKER_HOST: '{NOWHERE}'}} {{ try {{ vibenv list }} catch {{|e| $e.details.code }} }})"
        f" (with-env {{DOCKER_HOST: '{NOWHERE}'}} {{ vibenv list --host '{url}' | length }})"
        f" (with-env {{DOCKER_HOST: '{NOWHERE}' VIBENV_HOST: '{url}'}} {{ vibenv list | length }})]"
    )
    assert installed.on(url).value(code) == [0, "vibenv::engine::not_running", 0, 0]


@pytest.mark.parametrize("typed", ["5 | vibenv stop", "{id: 1} | vibenv stop", "1..3 | vibenv launch"])
def test_input_that_names_no_session_is_refused_with_what_would(installed: Shell, typed: str) -> None:
    details = installed.error(typed, DOCKER_HOST=NOWHERE)
    assert details["code"] == "vibenv::usage::not_a_name"
    assert "vibenv list | " in details["help"]


def test_the_doctor_looks_at_nushell_and_the_whole_stack(shell: Shell) -> None:
    rows = shell.value("vibenv doctor")
    assert {"nushell", "docker", "registry", "dagger", "launcher"} <= {row["check"] for row in rows}
    assert [row for row in rows if row["ok"] is False] == []


def test_a_nushell_beyond_those_tested_is_a_warning() -> None:
    assert nushell_check("0.115.1", None).verdict is Verdict.OK
    beyond = nushell_check("0.999.0", "nu 0.999.0 is newer than the last tested")
    assert (beyond.verdict, beyond.detail) == (Verdict.WARN, "nu 0.999.0 is newer than the last tested")


def test_nothing_to_do_is_no_error(installed: Shell, stack: DockerEngine) -> None:
    assert installed.value("[] | vibenv stop", DOCKER_HOST=stack.host.url) == []


def test_attach_without_a_terminal_says_that_it_needs_one(shell: Shell) -> None:
    shell.value("vibenv launch a --command bash")
    begun = time.monotonic()
    assert shell.error("vibenv attach a")["code"] == "vibenv::attach::no_terminal"
    assert time.monotonic() - begun < 10
