import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relgraph.engine.lock import run_lock
from relgraph.errors import Refused

HOLDER = """
import sys, time
from relgraph.engine.lock import run_lock
with run_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_with_who_holds_the_lock(tmp_path: Path) -> None:
    process = hold(tmp_path)
    with process:
        with pytest.raises(Refused) as caught, run_lock(str(tmp_path)):
            pass
        process.kill()
    assert re.fullmatch(rf"another run is under way here: process {process.pid}, since \d\d:\d\d:\d\d", str(caught.value))
    assert f"kill {process.pid}" in caught.value.hint


def test_the_lock_of_a_dead_process_is_none(tmp_path: Path) -> None:
    process = hold(tmp_path)
    with process:
        process.kill()
    with run_lock(str(tmp_path)):
        assert (tmp_path / "run.lock").read_text().split()[0] == str(os.getpid())


def test_the_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with run_lock(str(tmp_path)), pytest.raises(Refused), run_lock(str(tmp_path)):
            pass


@pytest.mark.parametrize("content", ["", "garbage", "x y", "1"])
def test_a_holder_that_says_nothing_sensible_is_refused_all_the_same(tmp_path: Path, content: str) -> None:
    with run_lock(str(tmp_path)):
        (tmp_path / "run.lock").write_text(content)
        with pytest.raises(Refused, match="another run is under way"), run_lock(str(tmp_path)):
            pass


def test_what_still_runs_for_a_dead_process_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "run.lock").touch()
    descriptor = os.open(tmp_path / "run.lock", os.O_RDWR)
    process = subprocess.Popen(
        [sys.executable, "-c", f"import fcntl, time; fcntl.flock({descriptor}, 2); print('held', flush=True); time.sleep(0.3)"],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(descriptor,),
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        os.close(descriptor)
        gone = subprocess.Popen(["true"])
        gone.wait()
        (tmp_path / "run.lock").write_text(f"{gone.pid} 1000\n")
        with run_lock(str(tmp_path)):
            assert process.wait() == 0
