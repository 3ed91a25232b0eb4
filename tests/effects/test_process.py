import gc
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from relgraph.effects import clock, environment, process
from relgraph.errors import EnvironmentFailure

FOLDER, PROGRAM = os.path.split(sys.executable)
ENV = {"PATH": FOLDER}


def python(code: str) -> list[str]:
    return [PROGRAM, "-I", "-c", code]


def test_output_status_and_input_of_a_program() -> None:
    code = "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data[::-1]); sys.stderr.write('no'); sys.exit(3)"
    assert process.run(python(code), env=ENV, data=b"abc") == (3, b"cba", b"no")


def test_input_and_output_larger_than_any_pipe() -> None:
    data = bytes(range(256)) * 4096
    done = process.run(python("import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"), env=ENV, data=data)
    assert done.stdout == data


def test_the_environment_is_what_was_given_and_nothing_else() -> None:
    done = process.run(python("import os; print(sorted(os.environ))"), env={"PATH": FOLDER, "ONE": "1", "LC_ALL": "C"})
    assert {"ONE", "PATH"} <= set(eval(done.stdout)) <= {"ONE", "PATH", "LC_ALL", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}


def test_a_missing_program_is_an_environment_failure_with_a_hint() -> None:
    with pytest.raises(EnvironmentFailure, match="no-such-program: not found on PATH") as raised:
        process.run(["no-such-program"], env=ENV, hint="install it")
    assert raised.value.hint == "install it"
    assert raised.value.status == 3


def test_no_path_at_all_still_says_what_is_missing() -> None:
    with pytest.raises(EnvironmentFailure, match="not found on PATH"):
        process.run(["no-such-program"], env={})


def test_a_program_in_a_relative_folder_of_path_is_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "git"
    trap.write_text("#!/bin/sh\necho trapped\n")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    for path in (".", "", os.pathsep):
        with pytest.raises(EnvironmentFailure, match="not found"):
            process.run(["git"], env={"PATH": path}, cwd=str(tmp_path))


def test_a_folder_that_cannot_be_entered_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match=r"cannot enter .*gone"):
        process.run(python("pass"), env=ENV, cwd=str(tmp_path / "gone"))


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(EnvironmentFailure, match="no answer within"):
        process.run(python("import time; time.sleep(60)"), env=ENV, limit=0.2)


def test_programs_run_side_by_side_and_finish_once() -> None:
    running = [process.start(python(f"print({number})"), env=ENV) for number in range(3)]
    assert [one.finish().stdout.strip() for one in reversed(running)] == [b"2", b"1", b"0"]
    assert running[0].finish() is running[0].finish()


def test_a_program_nobody_waits_for_is_ended() -> None:
    running = process.start(python("import time; time.sleep(60)"), env=ENV)
    inner: subprocess.Popen[bytes] = running._process
    del running
    gc.collect()
    assert inner.poll() is not None


ECHO = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line.upper()); sys.stdout.buffer.flush()"


def test_a_child_answers_as_long_as_it_is_asked() -> None:
    child = process.spawn(python(ECHO), env=ENV)
    child.write(b"one\n")
    assert child.line() == b"ONE"
    child.write(b"two\nthree\n")
    assert child.read(5) == b"TWO\nT"
    child.skip(2)
    assert child.line() == b"EE"
    child.close()
    child.close()


def test_the_end_of_a_child_is_noticed_after_its_last_answer() -> None:
    child = process.spawn(python("print('last', flush=True)"), env=ENV)
    child.write(b"x" * 100)
    assert child.line() == b"last"
    child._process.wait()
    child.write(b"x" * 100_000)
    with pytest.raises(process.ChildEnded):
        child.line()
    with pytest.raises(process.ChildEnded):
        child.read(1)
    child.close()
    child.write(b"after the end")


def test_a_silent_child_meets_the_limit() -> None:
    child = process.spawn(python("import time; time.sleep(60)"), env=ENV, limit=0.2)
    with pytest.raises(EnvironmentFailure, match="no answer within"):
        child.line()
    child.kill()
    assert child._process.returncode is not None


def test_a_child_that_ignores_the_end_of_its_input_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PATIENCE", 0.2)
    child = process.spawn(python("import time\nprint('up', flush=True)\ntime.sleep(60)"), env=ENV)
    child.line()
    child.close()
    assert child._process.returncode is not None


def test_environment_variables_are_chosen_by_name_or_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELGRAPH_A", "1")
    monkeypatch.setenv("RELGRAPH_B", "2")
    monkeypatch.delenv("RELGRAPH_C", raising=False)
    assert environment.inherited("RELGRAPH_A", "RELGRAPH_C") == {"RELGRAPH_A": "1"}
    assert environment.inherited("RELGRAPH_*") == {"RELGRAPH_A": "1", "RELGRAPH_B": "2"}
    assert environment.variable("RELGRAPH_B") == "2"
    assert environment.variable("RELGRAPH_C") is None


def test_the_clock_goes_forward() -> None:
    assert clock.monotonic() <= clock.monotonic()
    assert clock.now() > 1_700_000_000
