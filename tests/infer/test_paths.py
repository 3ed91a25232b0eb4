import subprocess
from pathlib import Path

import pytest

from judged import subject_of
from relgraph.git.memory import MemoryTree
from relgraph.infer.paths import Ignored, ancestors, is_fixture, join, moved_to
from relgraph.rules.rule import Commit


@pytest.mark.parametrize(
    ("folder", "path", "expected"),
    [
        ("", "a/b", "a/b"),
        ("a", "./b", "a/b"),
        ("a/b", "../c", "a/c"),
        ("a", "../../c", None),
        ("a/./b", "c//d", "a/b/c/d"),
    ],
)
def test_paths_are_joined_within_the_tree(folder: str, path: str, expected: str | None) -> None:
    assert join(folder, path) == expected


def test_ancestors_end_with_the_root() -> None:
    assert ancestors("a/b/c") == ("a/b", "a", "")
    assert ancestors("c") == ("",)


@pytest.mark.parametrize(
    ("path", "entries", "expected"),
    [
        ("docs/guide.md", ["attic/guide.md", "x"], "attic/guide.md"),
        ("docs/guide.md", ["a/guide.md", "b/guide.md"], None),
        ("docs/en/guide.md", ["a/guide.md", "b/en/guide.md"], "b/en/guide.md"),
        ("docs/requirements.txt", ["docs/old/requirements.txt", "test/requirements.txt"], "docs/old/requirements.txt"),
        ("cmd/web/main.go", ["cmd/server/main.go"], None),
        ("cmd/main.go", ["cmd/server/main.go"], "cmd/server/main.go"),
        ("README.md", ["docs/README.md"], None),
    ],
)
def test_a_file_that_is_gone_is_looked_for_by_its_name(path: str, entries: list[str], expected: str | None) -> None:
    assert moved_to(path, MemoryTree("HEAD", 0, dict.fromkeys(entries, ""))) == expected


_RULES = "*.log\n/local/\nbuild\n!keep.log\ndocs/**/out.txt\ntemp?/\n[ab].tmp\n# x.md\n\\#odd\n"
_PATHS = [
    "a.log", "x/a.log", "keep.log", "local/x", "x/local/y", "build/a", "x/build", "docs/out.txt", "docs/a/b/out.txt", "temp1/x",
    "temp/x", "a.tmp", "c.tmp", "x.md", "#odd", "sub/z", "sub/deep/z", "other/z", "sub/a.log",
]  # fmt: skip


def test_what_is_ignored_is_what_git_ignores(tmp_path: Path) -> None:
    files = {".gitignore": _RULES, "sub/.gitignore": "z\n!a.log\n"}
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    asked = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin"],
        input="\n".join(_PATHS), capture_output=True, text=True, check=True,
    )  # fmt: skip
    ignored = Ignored(subject_of((Commit(files),)))
    assert [path for path in _PATHS if ignored(path)] == [line.strip('"') for line in asked.stdout.splitlines()]


def test_a_pattern_that_is_none_ignores_nothing() -> None:
    ignored = Ignored(subject_of((Commit({".gitignore": "[z-a]\n"}),)))
    assert not ignored("x")


@pytest.mark.parametrize(
    "path", ["pkg/x/testdata/a.yaml", "pkg/x/test_assets/a.yaml", "charts/web/tests/web_test.yaml", "pkg/a_test.go", "out/a.golden"]
)
def test_fixtures(path: str) -> None:
    assert is_fixture(path)


@pytest.mark.parametrize("path", ["test/e2e/setup.sh", "tests/run.yaml", "pkg/latest.go", "docs/fixtures.md"])
def test_other_files_of_tests_are_none(path: str) -> None:
    assert not is_fixture(path)
