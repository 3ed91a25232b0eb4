"""Bad input gets one clear line, the right exit status, and loses nothing: through the program's real door, on real repositories.

What cannot be read at all ends the scan (status 2 where the command line is wrong, 3 where the repository is); what cannot be read among
other things is named on standard error, and the rest is judged.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitworld import git, write_world
from relgraph.cli.main import main
from relgraph.model.example import Commit

FILES: dict[str, str | bytes] = {
    "go.mod": "module github.com/example/platform\n\ngo 1.24.0\n",
    "Dockerfile": "FROM golang:1.22\n",
    "chart/values.yaml": "image: ghcr.io/example/platform:1.2.3\n",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return write_world(tmp_path / "platform", (Commit(FILES),))


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, list[str]]:
    """Exit status, standard output and the lines of standard error of a scan."""
    status = main(["scan", *map(str, words)])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert "internal error" not in err
    return status, out, err.splitlines()


def loose(clone: Path, rev: str) -> Path:
    """The file of an object, with every object in a file of its own."""
    for pack in (clone / ".git/objects/pack").glob("*.pack"):
        git(clone, "unpack-objects", "-q", data=pack.rename(clone / "moved.pack").read_bytes())
        (clone / "moved.pack").unlink()
    oid = git(clone, "rev-parse", rev)
    path = clone / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    return path


def test_a_path_that_is_no_repository_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file.yaml").write_text("image: ghcr.io/example/platform:1.2.3\n")
    for path, problem in (
        (tmp_path, "not a git repository"),
        (tmp_path / "file.yaml", "a file, not a repository"),
        (tmp_path / "missing", "no such file or directory"),
    ):
        status, out, err = said(capsys, path)
        assert (status, out, len(err)) == (2, "", 2)
        assert err[0] == f"relgraph: error: {path}: {problem}"
        assert err[1].startswith("hint: ")


def test_a_repository_without_tags_is_judged(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # That none was fetched is likelier than that the page names one that never was.
    (clone / "README.md").write_text("See https://github.com/example/platform/tree/v1.0.0\n")
    git(clone, "remote", "add", "origin", "https://github.com/example/platform.git")
    status, out, err = said(capsys, clone)
    assert (status, err) == (1, [])
    assert "RG107" in out
    assert "v1.0.0" not in out


@pytest.mark.parametrize("tag", ["banana", "v1", "2026.02", "1.0.0.0.0", "v01.02.03", "v1.2.3-.1", "v" + "9" * 60, "ünïcode"])
def test_a_tag_that_is_no_semver_stands_in_nobodys_way(clone: Path, tag: str, capsys: pytest.CaptureFixture[str]) -> None:
    git(clone, "tag", tag)
    git(clone, "tag", "v1.0.0")
    for target in (clone, f"{clone}@{tag}"):
        status, out, err = said(capsys, target)
        assert (status, err) == (1, [])
        assert "RG107" in out


def test_a_hundred_thousand_tags_are_as_good_as_three(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit = git(clone, "rev-parse", "HEAD")
    rows = sorted(f"{commit} refs/tags/v{number // 1000}.{number % 1000}.0\n" for number in range(100_000))
    (clone / ".git/packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + "".join(rows))
    git(clone, "remote", "add", "origin", "https://github.com/example/platform.git")
    (clone / "README.md").write_text("See https://github.com/example/platform/tree/v7.7.1\n")
    status, out, err = said(capsys, clone)
    assert (status, err) == (1, [])
    assert "has no tag v7.7.1" in out
    assert "RG107" in out


@pytest.mark.parametrize("damage", [b"garbage", None])
def test_a_damaged_tag_is_named_and_the_others_count(clone: Path, damage: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    git(clone, "tag", "v1.2.3")
    git(clone, "tag", "-a", "-m", "bad", "v1.3.0")
    path = loose(clone, "refs/tags/v1.3.0")
    path.unlink() if damage is None else path.write_bytes(damage)
    git(clone, "remote", "add", "origin", "https://github.com/example/platform.git")
    (clone / "README.md").write_text("See https://github.com/example/platform/tree/v1.2.3\n")
    status, out, err = said(capsys, clone)
    assert status == 1
    assert err == [
        "relgraph: warning: 1 tag was not understood: v1.3.0",
        "hint: an object is missing or damaged; `git fsck` says more",
    ]
    assert "RG107" in out
    assert "v1.2.3" not in out


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_file_is_named_and_the_others_are_judged(
    clone: Path, damage: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = loose(clone, "HEAD:chart/values.yaml")
    path.unlink() if damage is None else path.write_bytes(damage)
    status, out, err = said(capsys, f"{clone}@HEAD")
    assert (status, err[0]) == (1, "relgraph: warning: 1 file was not read: chart/values.yaml")
    assert "RG107" in out


@pytest.mark.parametrize("rev", ["HEAD", "HEAD^{tree}", "HEAD:chart"])
def test_a_commit_or_folder_that_is_damaged_ends_the_scan(clone: Path, rev: str, capsys: pytest.CaptureFixture[str]) -> None:
    loose(clone, rev).write_bytes(b"garbage")
    status, out, err = said(capsys, f"{clone}@HEAD")
    assert (status, out, len(err)) == (3, "", 2)
    assert "git fsck" in err[1]


def test_a_broken_index_does_not_concern_a_commit(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / ".git/index").write_bytes(b"garbage")
    status, _, err = said(capsys, clone)
    assert status == 3
    assert "PATH@HEAD" in err[1]
    assert said(capsys, f"{clone}@HEAD")[0] == 1


def test_an_empty_repository_is_no_clean_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_world(tmp_path / "platform", ())
    assert said(capsys, path)[::2] == (
        3, [f"relgraph: error: {path}: the repository has no commits", "hint: commit something first"],
    )  # fmt: skip
    (path / "Dockerfile").write_text("FROM golang:1.22\n")
    assert said(capsys, path)[0] == 0


def test_a_tag_on_a_file_or_folder_is_no_revision(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(clone, "tag", "v1.0.0", "HEAD:go.mod")
    git(clone, "tag", "banana", "HEAD^{tree}")
    assert said(capsys, clone)[0] == 1
    for tag, kind in (("v1.0.0", "blob"), ("banana", "tree")):
        status, _, err = said(capsys, f"{clone}@{tag}")
        assert (status, err[0]) == (2, f"relgraph: error: {clone}: '{tag}' names a {kind}, not a commit")


@pytest.mark.parametrize("rev", ["{weird}", "HEAD~3", ":/x", "HEAD:go.mod", "@{-1}", "--all", "a b"])
def test_what_names_no_revision_is_a_usage_error(clone: Path, rev: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, f"{clone}@{rev}")
    assert (status, out, len(err)) == (2, "", 2)


def test_large_files_are_left_out_and_named(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # More than 4 MiB is not read for references. Nothing of a larger file is read: this one would take a minute and the memory.
    with (clone / "huge.yaml").open("wb") as file:
        file.truncate(1 << 30)  # a gigabyte that takes no room
    (clone / "long.yaml").write_bytes(b"image: ghcr.io/example/platform:9.9.9 " * 150_000)
    status, out, err = said(capsys, clone)
    assert (status, err[0]) == (1, "relgraph: warning: 2 files were not read: huge.yaml, long.yaml")
    assert "9.9.9" not in out


def test_a_large_committed_file_is_left_out_and_named(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Above 16 MiB an object is not even asked for, so this size stands for a gigabyte, which git would take long to store.
    oid = git(clone, "hash-object", "-w", "--stdin", data=b"image: ghcr.io/example/platform:9.9.9\n" * 500_000)
    git(clone, "update-index", "--add", "--cacheinfo", f"100644,{oid},huge.yaml")
    git(clone, "commit", "-q", "-m", "large")
    for target in (f"{clone}@HEAD", f"{clone}@index"):
        status, out, err = said(capsys, target)
        assert (status, err[0]) == (1, "relgraph: warning: 1 file was not read: huge.yaml")
        assert "9.9.9" not in out
        assert "RG107" in out


@pytest.mark.parametrize(
    "content",
    [
        b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(50)),
        b"a: " + b"{b: " * 20_000,
        b"- " * 20_000,
        b"{{- if .x }}\nimage: {{ .Values.image }}:{{ .Values.tag }}\n{{- end }}\n",
        b"image: ghcr.io/example/platform:1.2.4\xff\xfe\n",
        "image: ghcr.io/example/platform:1.2.4\n".encode("utf-16"),
        b"\x00\x01\x02" * 1000,
        b"ghcr.io/example/platform:1.2.4 " * 3000,
        b"A_VERSION=1.2.3 https://github.com/example/platform/releases/download/v1.0/x_1.0.0.tgz " * 1000,
    ],
)
def test_no_content_ends_a_scan(clone: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    paths = (
        "x.yaml",
        "x.sh",
        "x.md",
        "Makefile",
        "chart/Chart.yaml",
        ".github/workflows/x.yml",
        ".goreleaser.yaml",
        "package.json",
    )
    for path in paths:
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_bytes(content)
    status, out, err = said(capsys, clone)
    assert (status, err) == (1, [])
    assert "RG107" in out


def test_names_cannot_drive_a_terminal(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate((b"new\nline", b"\x1b[31mred\x07", b"\xff\xfe", "\u202eevil".encode(), b"%0A::error::x")):
        with open(os.path.join(os.fsencode(clone), name + b".yaml"), "wb") as file:
            file.write(b"image: quay.io/acme/tool:1.0.%d\n" % number)
    for form in ("text", "json", "sarif", "junit", "github", "gitlab", "markdown"):
        _, out, err = said(capsys, clone, "--format", form)
        assert err == []
        assert not any(ord(char) < 32 and char != "\n" for char in out)
        assert "\u202e" not in out


def test_links_are_not_followed(clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "outside.yaml").write_text("image: ghcr.io/example/platform:9.9.9\n")
    for name, target in (
        ("a.yaml", "b.yaml"),
        ("b.yaml", "a.yaml"),
        ("self", "."),
        ("o.yaml", "../outside.yaml"),
        ("z.yaml", "/dev/zero"),
    ):
        (clone / name).symlink_to(target)
    os.mkfifo(clone / "pipe.yaml")
    status, out, err = said(capsys, clone)
    assert (status, err) == (1, [])
    assert "9.9.9" not in out


@pytest.mark.parametrize("path", ["", "/nonexistent"])
def test_without_git_the_scan_says_so(clone: Path, path: str) -> None:
    code = f"from relgraph.cli.main import main; raise SystemExit(main(['scan', {str(clone)!r}]))"
    done = subprocess.run([sys.executable, "-c", code], env={"PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == "relgraph: error: git: not found on PATH"
    assert "install git" in done.stderr


def test_a_folder_that_is_gone_is_said_to_be(clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gone").mkdir()
    before = Path.cwd()
    os.chdir(tmp_path / "gone")
    try:
        (tmp_path / "gone").rmdir()
        assert said(capsys)[::2] == (
            2,
            ["relgraph: error: .: the current folder no longer exists", "hint: change to another folder"],
        )
        assert said(capsys, clone)[0] == 1
    finally:
        os.chdir(before)
