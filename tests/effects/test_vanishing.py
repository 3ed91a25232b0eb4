"""Folders that go with the process that made them."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relgraph.effects.vanishing import remove_folder, vanishing_folder

_MAKER = """\
import sys, time
from relgraph.effects.vanishing import vanishing_folder
with vanishing_folder("vanish-") as folder:
    (folder / "deep").mkdir()
    (folder / "deep/file").write_text("x")
    (folder / "deep").chmod(0o500)
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_is_ones_own_and_goes_at_the_end(temporary: Path) -> None:
    with vanishing_folder("x-") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.parent == temporary.resolve()
        (folder / "a/b").mkdir(parents=True)
        (folder / "a/b/c").write_text("x")
        (folder / "link").symlink_to("/")
    assert list(temporary.iterdir()) == []


def test_it_goes_with_an_error(temporary: Path) -> None:
    with pytest.raises(KeyError), vanishing_folder("x-"):
        raise KeyError
    assert list(temporary.iterdir()) == []


def test_what_may_not_be_written_to_goes_too(temporary: Path) -> None:
    with vanishing_folder("x-") as folder:
        (folder / "cache/module").mkdir(parents=True)
        (folder / "cache/module/file").write_text("x")
        for path in ("cache/module/file", "cache/module", "cache"):
            (folder / path).chmod(0o500)
    assert list(temporary.iterdir()) == []


def test_it_may_be_gone_already(tmp_path: Path) -> None:
    remove_folder(tmp_path / "none")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_goes_when_the_process_is_killed(number: int, temporary: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _MAKER], stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(temporary)}
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert (folder / "deep/file").exists()
    process.send_signal(number)
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 20
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists()
