import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from relgraph.effects.files import locked, open_regular, temporary_beside, write_file
from relgraph.errors import EnvironmentFailure


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_file(target, [b"a", b"b"])
    write_file(target, [b"c"])
    assert target.read_bytes() == b"c"
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_file(target, [b"old"])

    def chunks() -> "list[bytes]":
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_file(target, (chunk for _ in "x" for chunk in chunks()))
    assert target.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_a_taken_name_can_be_respected(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_file(target, [b"old"], replace=False)
    with pytest.raises(FileExistsError):
        write_file(target, [b"new"], replace=False)
    assert target.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    os.close(open_regular(tmp_path / "file"))
    for name in ("link", "pipe", "missing", "."):
        with pytest.raises(OSError):  # noqa: PT011 - whichever the system says
            open_regular(tmp_path / name)


def test_temporary_names_differ_and_stay_short(tmp_path: Path) -> None:
    names = {temporary_beside(tmp_path / ("n" * 250)).name for _ in range(10)}
    assert len(names) == 10
    assert all(len(name) < 120 and name.startswith(".") for name in names)


def test_a_lock_keeps_other_threads_out(tmp_path: Path) -> None:
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked(tmp_path / "lock"):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_lock_keeps_other_processes_out_until_they_end(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\n"
        "from relgraph.effects.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(EnvironmentFailure, match="another process holds"), locked(tmp_path / "lock", limit=0.05):
            pass
    finally:
        child.kill()
        child.communicate()
    with locked(tmp_path / "lock", limit=5):
        pass
