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


def put(home: Path, name: str, size: int, used: int) -> None:
    home.mkdir(exist_ok=True)
    (home / name).write_bytes(bytes(size))
    os.utime(home / name, (used, used))


def names(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


def test_what_was_not_used_for_the_longest_time_makes_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.cache._MOST_BYTES", 1000)
    for used, name in enumerate(("c-1", "a-1", "b-1", "d-1")):
        put(home, name, 300, used)
    CacheFile("new", "1").write(b"content")
    assert names(home) == ["a-1", "b-1", "d-1", "new-1"]
    CacheFile("new", "1").write(bytes(200))
    assert names(home) == ["b-1", "d-1", "new-1"]


def test_many_small_files_make_room_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.cache._MOST_FILES", 3)
    for number in range(10):
        CacheFile("sites-" + str(number), "1").write(b"content")
        os.utime(home / f"sites-{number}-1", (number, number))
    assert names(home) == ["sites-7-1", "sites-8-1", "sites-9-1"]


def test_reading_is_using(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.cache._MOST_FILES", 2)
    for used, name in enumerate(("a", "b")):
        CacheFile(name, "1").write(b"content")
        os.utime(home / f"{name}-1", (used, used))
    assert CacheFile("a", "1").read() == b"content"
    CacheFile("c", "1").write(b"content")
    assert names(home) == ["a-1", "c-1"]


def test_what_was_just_written_stays_however_large(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.cache._MOST_BYTES", 10)
    put(home, "old-1", 1, 1)
    CacheFile("new", "1").write(bytes(100))
    assert names(home) == ["new-1"]
    assert CacheFile("new", "1").read() == bytes(100)


def test_folders_and_links_do_not_count_and_abandoned_files_go(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.cache._MOST_FILES", 2)
    put(home, ".sites-1.123", 9, 1)
    put(home, ".sites-1.456", 9, 2**31)  # another process is writing it
    put(home, "old-1", 9, 1)
    (home / "folder").mkdir()
    (home / "link").symlink_to("old-1")
    CacheFile("new", "1").write(b"content")
    assert names(home) == [".sites-1.456", "folder", "link", "new-1", "old-1"]


def test_files_that_others_remove_meanwhile_are_no_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.cache._MOST_FILES", 1)
    for name in ("a-1", "b-1"):
        put(home, name, 1, 1)
    remove = os.unlink

    def beaten(path: str) -> None:
        remove(path)
        remove(path)

    monkeypatch.setattr("relgraph.effects.cache.os.unlink", beaten)
    CacheFile("new", "1").write(b"content")
    assert names(home) == ["new-1"]


def test_many_processes_may_write_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.cache._MOST_FILES", 4)
    children = []
    for number in range(6):
        child = os.fork()
        if child == 0:
            try:
                for turn in range(20):
                    cache = CacheFile(f"sites{(number + turn) % 8}", "1")
                    cache.write(b"content" * 100)
                    assert cache.read() in (None, b"content" * 100)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 6
    CacheFile("last", "1").write(b"content")
    assert len(names(home)) <= 4
