"""Names that strangers chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.oci.bounds import Bounds
from relgraph.oci.errors import UnsafeArchive
from relgraph.oci.names import NameBook, safe_parts

BOUNDS = Bounds(path=100, depth=4)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a", ("a",)),
        ("a/b", ("a", "b")),
        ("a/b/", ("a", "b")),
        ("./a", ("a",)),
        ("././a/", ("a",)),
        ("./", ()),
        (".", ()),
        ("...", ("...",)),
        (".hidden", (".hidden",)),
        ("ä b/ç", ("ä b", "ç")),
        ("c:d/e", None),
        ("-rf", ("-rf",)),
        ("~", ("~",)),
    ],
)
def test_paths_below_a_folder_are_allowed(name: str, parts: tuple[str, ...] | None) -> None:
    if parts is None:
        with pytest.raises(UnsafeArchive):
            safe_parts(name, BOUNDS)
    else:
        assert safe_parts(name, BOUNDS) == parts


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc/passwd",
        "//x",
        "..",
        "../x",
        "a/..",
        "a/../b",
        "./../x",
        "a//b",
        "a/./b",
        "a/b//",
        "C:x",
        "c:/x",
        "a\\b",
        "..\\x",
        "\\\\server\\share",
        "a\0b",
        "a\nb",
        "a\x1b[2J",
        "a\x7f",
        "a\x9b",
        "a\ud800",
        "x" * 101,
        "a/b/c/d/e",
    ],
)
def test_what_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UnsafeArchive):
        safe_parts(name, BOUNDS)
    with pytest.raises(UnsafeArchive):
        safe_parts("x" * 256 + name, Bounds())


@given(st.text(max_size=40) | st.text("ab./\\:\0", max_size=12))
def test_whatever_is_allowed_stays_below(name: str) -> None:
    try:
        parts = safe_parts(name, Bounds())
    except UnsafeArchive:
        return
    assert all(part not in ("", ".", "..") and "/" not in part and "\0" not in part for part in parts)


@pytest.mark.parametrize(
    "paths",
    [
        (["a", "a"]),
        (["a", "A"]),
        (["ä", "a\u0308"]),
        (["straße", "STRASSE"]),
        (["a/b", "A/c"]),
        (["a", "a/b"]),
        (["a/b", "a"]),
        (["İ", "i\u0307"]),
    ],
)
def test_names_that_are_one_name_elsewhere_collide(paths: list[str]) -> None:
    book = NameBook()
    book.add(tuple(paths[0].split("/")), folder=False)
    with pytest.raises(UnsafeArchive):
        book.add(tuple(paths[1].split("/")), folder=False)


def test_folders_may_come_again() -> None:
    book = NameBook()
    book.add(("a", "b"), folder=False)
    book.add(("a",), folder=True)
    book.add(("a",), folder=True)
    book.add((), folder=True)
    with pytest.raises(UnsafeArchive, match="a file and a folder"):
        book.add(("a", "b"), folder=True)
