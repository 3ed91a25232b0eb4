"""The cache folder: private, whole or nothing, never in the way."""

import os
from pathlib import Path

import pytest

from relgraph.effects.cache import CacheFile, program_stamp


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("RELGRAPH_CACHE", raising=False)
    return tmp_path / "relgraph"


def test_what_was_written_is_read_back(home: Path) -> None:
    CacheFile("sites", "1").write(b"content")
    assert CacheFile("sites", "1").read() == b"content"
    assert (home / "sites-1").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700


def test_another_state_of_the_program_replaces_what_the_old_one_kept(home: Path) -> None:
    CacheFile("sites", "1").write(b"old")
    CacheFile("other", "1").write(b"kept")
    CacheFile("sites", "2").write(b"new")
    assert CacheFile("sites", "1").read() is None
    assert sorted(path.name for path in home.iterdir()) == ["other-1", "sites-2"]


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 40])
def test_a_damaged_file_reads_as_none(home: Path, damage: bytes) -> None:
    CacheFile("sites", "1").write(b"content")
    (home / "sites-1").write_bytes(damage)
    assert CacheFile("sites", "1").read() is None


@pytest.mark.parametrize("other", ["folder", "pipe", "link"])
def test_what_is_no_file_is_not_waited_for_and_in_nobodys_way(home: Path, other: str) -> None:
    CacheFile("sites", "1").write(b"content")
    path = home / "sites-1"
    content = path.read_bytes()
    path.unlink()
    if other == "folder":
        path.mkdir()
    elif other == "pipe":
        os.mkfifo(path)
    else:
        (home / "elsewhere").write_bytes(content)
        path.symlink_to("elsewhere")
    assert CacheFile("sites", "1").read() is None
    CacheFile("sites", "1").write(b"new")
    assert CacheFile("sites", "1").read() == (None if other == "folder" else b"new")


def test_an_interrupted_writing_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        CacheFile("sites", "1").write(b"content")
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("home")
def test_the_cache_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    CacheFile("sites", "1").write(b"content")
    monkeypatch.setenv("RELGRAPH_CACHE", "off")
    assert CacheFile("sites", "1").read() is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    CacheFile("sites", "1").write(b"content")
    assert CacheFile("sites", "1").read() is None


@pytest.mark.parametrize("root", ["relative/cache", ""])
def test_a_relative_root_is_not_followed(root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", root)
    monkeypatch.setenv("HOME", "")
    CacheFile("sites", "1").write(b"content")
    assert os.listdir(tmp_path) == []


def test_a_change_of_the_program_changes_its_stamp(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1\n")
    before = program_stamp(str(tmp_path))
    assert program_stamp(str(tmp_path)) == before
    (tmp_path / "two.py").write_text("a = 1\n")
    assert program_stamp(str(tmp_path)) != before
