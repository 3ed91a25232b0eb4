import os
import stat
from pathlib import Path

import pytest

from relgraph.cli.output import write_file
from relgraph.errors import EnvironmentFailure


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_file(str(tmp_path / "report"), "naïve\udcff\n")
    assert (tmp_path / "report").read_bytes() == "naïve\\udcff\n".encode()
    assert os.listdir(tmp_path) == ["report"]


def test_what_was_there_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    path.chmod(0o640)
    write_file(str(path), "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o640)


def test_a_link_keeps_pointing_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_file(str(tmp_path / "link"), "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "report"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(EnvironmentFailure, match="No space left on device"):
        write_file(str(path), "new")
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["report"])


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="Is a directory"):
        write_file(str(tmp_path), "new")


def test_a_device_is_written_to(tmp_path: Path) -> None:
    write_file("/dev/null", "gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
