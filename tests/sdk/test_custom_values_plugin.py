"""The `custom-value` commands in each nu that is tested: every operation on values of a plugin's own."""

from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.testing import Nushell

COOL = "I used to be a custom value! My data was ({})"
DIFFERENT = "I used to be a DIFFERENT custom value! ({})"


SCRIPTS: list[tuple[str, object]] = [
    ("custom-value generate | into value", COOL.format("abc")),
    ("custom-value generate | custom-value update | into value", COOL.format("abcxyz")),
    ("custom-value update-arg (custom-value generate) | into value", COOL.format("abcxyz")),
    ("custom-value generate2 | custom-value update | into value", DIFFERENT.format("xyzabc")),
    ("custom-value generate2 { custom-value update } | into value", DIFFERENT.format("xyzabc")),
    ("custom-value generate | describe", "CoolCustomValue"),
    ("custom-value generate | into string", COOL.format("abc")),
    ("(custom-value generate).0", "abc"),
    ("(custom-value generate).1?", None),
    ("(custom-value generate).cool", "abc"),
    ("(custom-value generate).COOL!", "abc"),
    ("(custom-value generate).meh?", None),
    ("(custom-value generate) ++ (custom-value generate) | into value", COOL.format("abcabc")),
    (
        "custom-value generate | [($in | custom-value update) $in] | sort | each { into value }",
        [COOL.format("abc"), COOL.format("abcxyz")],
    ),
    ("42 | custom-value handle make | custom-value handle get", 42),
]


def test_scripts_give_what_they_give_upstream(custom: Nushell) -> None:
    given = custom.values([script for script, _ in SCRIPTS])
    assert list(zip((script for script, _ in SCRIPTS), given, strict=True)) == SCRIPTS


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("(custom-value generate).1", "nu::shell::access_beyond_end"),
        ("(custom-value generate).meh", "nu::shell::column_not_found"),
        ("(custom-value generate).COOL", "nu::shell::column_not_found"),
        ("(custom-value generate) + 1", "CoolCustomValue cannot be used with Add"),
        ("custom-value generate | save file", "Cannot save custom value"),
        ("1 | custom-value update", "nu::shell::cant_convert"),
    ],
)
def test_what_a_value_cannot_do_is_an_error(custom: Nushell, script: str, said: str) -> None:
    done = custom.run(script)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_value_can_be_saved(custom: Nushell, tmp_path: Path) -> None:
    assert custom.run(f"custom-value generate2 | save {tmp_path}/file").returncode == 0
    assert (tmp_path / "file").read_text() == "xyz"


def test_the_plugin_is_told_once_when_a_value_is_dropped(custom: Nushell) -> None:
    done = custom.run("do {|v| [$v $v]} (custom-value drop-check 'Hello') | ignore")
    assert done.stderr == "DropCheckValue was dropped: Hello\n"


def test_handles_can_be_replaced_and_dropped_many_times(custom: Nushell) -> None:
    update = "custom-value handle update"
    script = f"'hEllO' | custom-value handle make | {update} {{ str upcase }} | {update} {{ str downcase }}"
    assert custom.value(f"1..10 | each {{ {script} | custom-value handle get }} | uniq") == ["hello"]


def test_an_example_shows_the_plain_form_of_a_value(custom: Nushell) -> None:
    assert COOL.format("abc") in custom.value("custom-value generate --help")
