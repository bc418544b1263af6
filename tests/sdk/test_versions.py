"""What is known of the versions of nu: the table, what follows from it, and the real nus it speaks of."""

import pytest

from nu_plugin_vibenv.sdk import versions
from nu_plugin_vibenv.sdk.testing import Nushell
from tests.stack import recipes

from .conftest import MakeProgram


def test_the_tests_run_with_every_version_that_is_called_tested() -> None:
    assert set(recipes.NUSHELL_VERSIONS) == set(versions.TESTED)


@pytest.mark.parametrize("version", versions.TESTED)
def test_a_version_that_is_called_tested_is_taken_without_a_word(version: str) -> None:
    assert (versions.refusal(version), versions.warning(version)) == (None, None)


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("0.113.1", "nu 0.113.1 is too old for this plugin, which needs 0.114: since then ranges and cell"),
        ("0.9.0", "too old"),
        ("soon", "no version"),
        ("1", "no version"),
        ("0.²", "no version"),
        ("0." + "9" * 5000, "no version"),
    ],
)
def test_a_version_that_cannot_work_is_refused(version: str, reason: str) -> None:
    assert reason in str(versions.refusal(version))


@pytest.mark.parametrize("version", ["0.116.0", "0.200.1-nightly.3", "1.0.0"])
def test_a_version_beyond_those_tested_is_taken_and_told_of(version: str) -> None:
    assert versions.refusal(version) is None
    assert f"nu {version} is newer than {versions.TESTED[-1]}" in str(versions.warning(version))


def test_a_change_holds_from_its_version_on() -> None:
    change = versions.BUILTIN_COMPLETIONS
    assert [versions.has(version, change) for version in ("0.114.9", "0.115.0", "1.0.0")] == [
        False,
        True,
        True,
    ]


def test_every_change_that_is_not_needed_is_between_versions_that_are_tested() -> None:
    first, last = (versions.parse(versions.TESTED[index]) for index in (0, -1))
    assert first is not None
    assert last is not None
    assert first >= versions.OLDEST
    assert all(first < change.since <= last for change in versions.CHANGES if not change.needed)


def test_a_real_nu_that_is_too_old_is_told_why(program: MakeProgram) -> None:
    done = Nushell(recipes.nushell(recipes.NUSHELL_TOO_OLD), [program("example")]).run("example seq 1 3")
    assert done.returncode != 0
    assert "nu_plugin_example: nu 0.109.1 is too old for this plugin, which needs 0.114" in done.stderr


TEXTS = ["1..5", "1..<5", "1..3..9", "5..4..1", "0.5..1.0..2.0", "$.a", '$."a b".3?.c!?', "$.0"]


def test_ranges_and_cell_paths_come_back_from_the_plugin_as_they_went(example: Nushell) -> None:
    given = example.values([f"{text} | example echo | to nuon" for text in TEXTS])
    assert given == example.values([f"{text} | to nuon" for text in TEXTS])
