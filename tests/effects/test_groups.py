import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from relgraph.effects.groups import Ending, Groups
from relgraph.errors import EnvironmentFailure

ENVIRONMENT = {"PATH": os.environ["PATH"]}
STUBBORN = "trap '' TERM; echo up > up; while :; do sleep 0.02; done"

OWNER = """
import os, sys
from relgraph.effects.groups import Groups
groups = Groups()
groups.run(["sh", "-c", "(sleep 60; :) & echo $! > child; mv child pid; wait"], cwd=sys.argv[1], env=dict(os.environ), stdin=None,
           stdout=2, stderr=2)
"""


def run(groups: Groups, folder: Path, text: str, *, limit: float = 0.0, stdin: int | None = None) -> tuple[Ending, str]:
    with (folder / "log").open("w+b") as log:
        ending = groups.run(
            ["sh", "-c", text], cwd=str(folder), env=ENVIRONMENT, stdin=stdin, stdout=log.fileno(), stderr=log.fileno(), limit=limit
        )
        log.seek(0)
        return ending, log.read().decode()


def gone(pid: int) -> bool:
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def wait_for(path: Path) -> None:
    for _ in range(1000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(path)


def test_a_program_runs_in_a_session_of_its_own(tmp_path: Path) -> None:
    with Groups() as groups:
        ending, text = run(groups, tmp_path, "echo $$; cut -d' ' -f6 /proc/self/stat; echo wrong >&2; cat; exit 7")
    pid, session, wrong = text.split()
    assert (ending, session, wrong) == (Ending(7, expired=False, cancelled=False), pid, "wrong")
    groups.close()


def test_input_is_read_from_where_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("words")
    with (tmp_path / "given").open("rb") as given, Groups() as groups:
        assert run(groups, tmp_path, "cat", stdin=given.fileno())[1] == "words"


def test_what_it_leaves_running_is_ended(tmp_path: Path) -> None:
    with Groups() as groups:
        ending, text = run(groups, tmp_path, "sleep 60 & echo $!")
    assert ending.status == 0
    assert gone(int(text))


def test_its_limit_ends_it_even_where_it_does_not_want_to(tmp_path: Path) -> None:
    with Groups(grace=0.1) as groups:
        assert run(groups, tmp_path, STUBBORN, limit=0.3)[0] == Ending(-signal.SIGKILL, expired=True, cancelled=False)
    with Groups(grace=30) as groups:
        assert run(groups, tmp_path, "sleep 60", limit=0.1)[0] == Ending(-signal.SIGTERM, expired=True, cancelled=False)
        assert run(groups, tmp_path, "true", limit=60)[0] == Ending(0, expired=False, cancelled=False)


@pytest.mark.parametrize(("at_once", "grace"), [(False, 0.1), (True, 60.0)])
def test_cancelling_ends_what_runs_and_starts_no_more(tmp_path: Path, at_once: bool, grace: float) -> None:
    groups = Groups(grace=grace)
    endings: list[Ending] = []
    thread = threading.Thread(target=lambda: endings.append(run(groups, tmp_path, STUBBORN)[0]))
    thread.start()
    wait_for(tmp_path / "up")
    groups.cancel(at_once=at_once)
    thread.join()
    assert endings == [Ending(-signal.SIGKILL, expired=False, cancelled=True)]
    assert run(groups, tmp_path, "touch never")[0].cancelled
    assert not (tmp_path / "never").exists()
    groups.cancel()
    groups.close()


def test_groups_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)]) as process:
        wait_for(tmp_path / "pid")
        process.kill()
    assert gone(int((tmp_path / "pid").read_text()))


def test_many_groups_at_once_are_all_accounted_for(tmp_path: Path) -> None:
    groups = Groups()
    endings: list[int] = []

    def work(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        for status in range(5):
            endings.append(run(groups, folder, f"exit {status}")[0].status)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(endings) == sorted([0, 1, 2, 3, 4] * 6)
    groups.close()


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    def failure(*argv: str, cwd: Path = tmp_path) -> str:
        with pytest.raises(EnvironmentFailure) as caught, Groups() as groups:
            groups.run(argv, cwd=str(cwd), env=ENVIRONMENT, stdin=None, stdout=2, stderr=2)
        return f"{caught.value} ({caught.value.hint})"

    (tmp_path / "script").write_text("#!/no/such/interpreter\n")
    assert failure("no-such-program") == "no-such-program: not found on PATH (install it, or say where it is by PATH)"
    assert failure(str(tmp_path / "script")).endswith(
        "cannot be started: Permission denied (may it be executed, and is the interpreter that its first line names there?)"
    )
    assert failure("true", cwd=tmp_path / "none").startswith("true: cannot be started: No such file or directory (is ")
