"""The `example` commands in each nu that is tested: streams, environment, closures, other commands."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.testing import Nushell

from .conftest import MakeProgram


def message_of_error(nu: Nushell, script: str) -> object:
    """What `try` catches of a script that must fail."""
    return nu.value(f"try {{ {script}; 'no error' }} catch {{|e| $e.msg }}")


def test_every_example_of_the_help_gives_what_it_says(example: Nushell) -> None:
    assert len(example.examples()) >= 8
    example.check_examples()


SCRIPTS: list[tuple[str, object]] = [
    ("example seq 1 5 | describe", "list<int> (stream)"),
    ("example seq 1 0", []),
    ("example seq 1 100_000 | length", 100_000),
    ("example seq 1 1_000_000 | first 2", [1, 2]),
    ("[1 2 3] | example sum", 6),
    ("[1.0 2.0 3.5] | example sum", 6.5),
    ("seq 1 5 | into float | example sum", 15.0),
    ("seq 1 100_000 | example sum", 5_000_050_000),
    ("[0x[41] 0x[42]] | example collect-bytes | decode", "AB"),
    ("[a b c] | example collect-bytes | describe", "byte stream"),
    ("seq 1 10_000 | each { $'($in)(char nl)' } | example collect-bytes | lines | length", 10_000),
    ("example two 3 x | last", {"one": 9, "two": 18, "three": 27}),
    ("[42] | example call-decl 'to json' {indent: 4}", "[\n    42\n]"),
    ("[1 2 3] | example call-decl reduce {fold: 10} {|it, acc| $it + $acc}", 16),
    ("example env NUSHELL_OPINION --set=rocks; $env.NUSHELL_OPINION", "rocks"),
    ("$env.FOO = 'bar'; let a = example env FOO; $env.FOO = 'z'; [$a (example env FOO)]", ["bar", "z"]),
    ("$env.BAZ = [1 2]; example env | get BAZ", [1, 2]),
    ("cd /usr; example env --cwd", "/usr"),
    ("open --raw /etc/passwd | example echo | describe", "byte stream"),
    ("1..3 | example echo | each { $in * 2 }", [2, 4, 6]),
]


def test_scripts_give_what_they_give_upstream(example: Nushell) -> None:
    given = example.values([script for script, _ in SCRIPTS])
    assert list(zip((script for script, _ in SCRIPTS), given, strict=True)) == SCRIPTS


@pytest.mark.parametrize(
    "source", ["ls /usr", "open --raw /etc/passwd", "[1] | metadata set --content-type a/b"]
)
def test_what_nu_knows_of_data_is_passed_on_with_it(example: Nushell, source: str) -> None:
    scripts = [f"{source} {passed} | metadata | reject span" for passed in ("", "| example echo")]
    plain, passed_on = example.values(scripts)
    assert passed_on == plain != {}


def test_values_are_printed_as_nu_writes_them_into_text(example: Nushell) -> None:
    values = "[1 [2 3] {a: 1.5, b: null} 3kb 2sec true x]"
    printed = example.run(f"{values} | example for-each {{ $in }}").stderr
    assert printed.splitlines() == ["1", "[2, 3]", "{a: 1.5, b: }", "3.0 kB", "2sec", "true", "x"]


def test_a_command_that_is_called_sees_the_caller_s_scope(example: Nushell) -> None:
    script = "let it = 10; example call-decl 'scope variables' | where name == '$it' | length"
    assert example.value(script) == 1


def test_a_stream_may_be_closed_at_any_moment(example: Nushell) -> None:
    for _ in range(10):
        assert example.value("example seq 1 5 | describe --no-collect") == "stream"


def test_items_pass_while_their_source_is_slow(example: Nushell) -> None:
    script = "[1] | each {|n| sleep 30sec; $n } | prepend 0 | example echo | first"
    assert example.value(script) == 0


def test_a_closure_is_run_for_each_item(example: Nushell) -> None:
    assert example.run("[a b c] | example for-each { $in }").stderr == "a\nb\nc\n"


def test_what_is_printed_by_mistake_does_no_harm(example: Nushell) -> None:
    done = example.run("example one 3 bb 4 more --flag -n x")
    assert done.returncode == 0
    assert "a: 3\nb: bb\nflag: true" in done.stderr


def test_an_error_points_at_what_was_typed(example: Nushell) -> None:
    done = example.run("example three 1 b")
    assert "ERROR from plugin" in done.stderr
    assert re.search(r"error message pointing to call head span", done.stderr)


@pytest.mark.parametrize(
    ("script", "msg"),
    [
        ("example config", "No config sent"),
        ("example call-decl 'no such thing'", "Can't find `no such thing`"),
        ("[a] | each { $in } | example sum", "Sum only accepts ints and floats"),
        ("example env X --cwd --set 1", "Invalid arguments"),
        ("example generate 0 {|i| 5 }", "Can't convert to record."),
        ("[1] | example for-each {|x| error make {msg: 'inner'} }", "inner"),
    ],
)
def test_an_error_of_a_command_can_be_caught(example: Nushell, script: str, msg: str) -> None:
    assert message_of_error(example, script) == msg


def test_the_configuration_of_the_plugin_is_read(example: Nushell) -> None:
    config = {"path": "some/path", "nested": {"bool": True, "string": "Hello Example!"}}
    script = f"$env.config = {{plugins: {{example: {json.dumps(config)}}}}}; example config"
    assert example.value(script) == config


def test_calls_run_side_by_side_in_one_process(example: Nushell) -> None:
    script = "1..8 | par-each --threads 8 {|n| example seq 1 $n | example sum } | math sum"
    assert example.value(script) == sum(n * (n + 1) // 2 for n in range(1, 9))


def test_help_has_everything_that_was_declared(example: Nushell) -> None:
    text = example.value("example one --help")
    for part in ("Plugin test example 1", "Extra description", "terms: example", "-f, --flag", "<a>"):
        assert part in text
    assert example.value("example") == example.value("help example")


def test_the_plugin_can_be_registered_and_stopped(
    nu_binaries: Path, program: MakeProgram, tmp_path: Path
) -> None:
    def nu(script: str) -> str:
        argv: list[str | Path] = [
            nu_binaries,
            "--plugin-config",
            tmp_path / "plugins.msgpackz",
            "--commands",
            script,
        ]
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return str(done.stdout).strip()

    nu(f"plugin add {program('example')}")
    assert nu("plugin list | get 0 | $'($in.name) ($in.version)'") == "example 0.1.0"
    stopped = nu("example disable-gc | ignore; plugin stop example; plugin list | get 0.status")
    assert stopped in ("loaded", "inactive")
    assert nu("plugin stop example; example seq 1 3 | to json --raw") == "[1,2,3]"
