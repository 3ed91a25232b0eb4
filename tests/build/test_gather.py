"""Which files a build reads, and where they lie in what is built."""

import pytest

from relgraph.build.gather import below, clean, contents, matching, pattern_of, placed, read_all, with_files, with_folders
from relgraph.git.memory import MemoryTree
from relgraph.oci.codecs.tree import tree_of


@pytest.mark.parametrize(("path", "expected"), [("./a//b/", "a/b"), ("", ""), (".", ""), ("/a", "a"), ("../a", "../a")])
def test_paths_are_written_as_git_does(path: str, expected: str) -> None:
    assert clean(path) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [("a/b.txt", "a/b.txt"), ("a", "a/**"), ("./a/", "a/**"), (".", "**"), ("a/*.md", "a/*.md"), ("a/x", "a/x/**")],
)
def test_a_folder_stands_for_all_files_below_it(source: str, expected: str) -> None:
    assert pattern_of(source, ["a/b.txt", "a/c/d"]) == expected


@pytest.mark.parametrize(
    ("destination", "pattern", "path", "expected"),
    [
        ("etc/web.conf", "conf/web.conf", "conf/web.conf", "etc/web.conf"),
        ("etc/", "conf/web.conf", "conf/web.conf", "etc/web.conf"),
        ("", "conf/web.conf", "conf/web.conf", "web.conf"),
        ("/srv", "site/**", "site/css/a.css", "srv/css/a.css"),
        ("srv", "site/*.html", "site/index.html", "srv/index.html"),
        (".", "**", "a/b", "a/b"),
    ],
)
def test_files_lie_below_their_destination_as_in_their_folder(destination: str, pattern: str, path: str, expected: str) -> None:
    assert placed(destination, pattern, path) == expected


def test_only_plain_files_that_match_are_read() -> None:
    tree = MemoryTree("r", 1, {"a/b": "1", "c": "2"})
    assert matching(below("a"), tree.entries) == ["a/b"]
    assert read_all(tree, ["a/b", "c", "gone"]) == {"a/b": b"1", "c": b"2"}


def test_new_contents_keep_the_modes_of_files() -> None:
    tree = tree_of({"run": b"old", "x": b"x"}, executable=["run"])
    done = with_files(tree, {"run": b"new", "made": b"m"})
    assert contents(done) == {"made": b"m", "run": b"new", "x": b"x"}
    assert [(entry.path, entry.mode) for entry in done.entries] == [("made", 0o644), ("run", 0o755), ("x", 0o644)]


def test_every_folder_on_the_way_to_a_file_gets_an_entry() -> None:
    tree = with_folders(tree_of({"a/b/c": b"", "d": b""}))
    assert [(entry.path, entry.kind.value) for entry in tree.entries] == [
        ("a", "folder"),
        ("a/b", "folder"),
        ("a/b/c", "file"),
        ("d", "file"),
    ]
