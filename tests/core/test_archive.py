"""What of a tar stream may be made where."""

import pytest

from vibenv_core.inside.archive import (
    FILE,
    FOLDER,
    LINK,
    Refused,
    check_link,
    check_place,
    destination,
    parts,
)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("a", ("a",)),
        ("a/b c/", ("a", "b c")),
        ("./a//b", ("a", "b")),
        ("a/\n", ("a", "\n")),
        ("a/...", ("a", "...")),
    ],
)
def test_a_name_is_steps_into_the_folder(name: str, steps: tuple[str, ...]) -> None:
    assert parts(name) == steps


@pytest.mark.parametrize("name", ["/etc/passwd", "..", "a/../../b", "a/..", "a\0b"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="leads out"):
        parts(name)


@pytest.mark.parametrize(
    ("place", "target"),
    [("a", "b"), ("a", "./b/c"), ("s/a", "../b"), ("s/t/a", "../../b/c"), ("a", "b/"), ("a", ".")],
)
def test_a_link_within_the_folder_may_be(place: str, target: str) -> None:
    check_link(tuple(place.split("/")), target)


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("a", "/etc/passwd"),
        ("a", ".."),
        ("a", "../a"),
        ("s/a", "../../b"),
        ("s/a", "b/../../.."),
        ("a", "b/.."),
    ],
)
def test_a_link_that_may_lead_out_is_refused(place: str, target: str) -> None:
    with pytest.raises(Refused, match="leads out"):
        check_link(tuple(place.split("/")), target)


@pytest.mark.parametrize(
    ("to", "kind", "folder", "contents", "expected"),
    [
        ("/w/new", None, False, False, "/w/new"),
        ("/w/new", None, True, False, "/w/new"),
        ("/w/new/", None, True, False, "/w/new"),
        ("/w", FOLDER, False, False, "/w/src"),
        ("/w/", FOLDER, True, False, "/w/src"),
        ("/", FOLDER, True, False, "/src"),
        ("/w", FOLDER, True, True, "/w"),
        ("/w/new", None, True, True, "/w/new"),
        ("/w/file", FILE, False, False, "/w/file"),
        ("/w/link", LINK, False, False, "/w/link"),
    ],
)
def test_what_is_copied_goes_where_docker_cp_puts_it(
    to: str, kind: str | None, folder: bool, contents: bool, expected: str
) -> None:
    assert destination(to, kind, base="src", folder=folder, contents=contents) == expected


def test_a_folder_takes_no_files_place() -> None:
    with pytest.raises(Refused, match="is a file"):
        destination("/w/file", FILE, base="src", folder=True, contents=False)


def test_a_folder_that_is_named_has_to_be_there_for_a_file() -> None:
    with pytest.raises(FileNotFoundError):
        destination("/w/new/", None, base="src", folder=False, contents=False)


@pytest.mark.parametrize(("kind", "folder"), [(FILE, True), (LINK, True), (FOLDER, False)])
def test_one_kind_takes_no_other_kinds_place(kind: str, folder: bool) -> None:
    with pytest.raises(Refused, match=f"is a {kind}"):
        check_place("/w/src", kind, folder=folder)


@pytest.mark.parametrize(
    ("kind", "folder"), [(None, True), (None, False), (FILE, False), (LINK, False), (FOLDER, True)]
)
def test_the_same_kind_is_replaced_or_joined(kind: str | None, folder: bool) -> None:
    check_place("/w/src", kind, folder=folder)
