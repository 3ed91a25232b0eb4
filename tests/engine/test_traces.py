import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from relgraph.engine.traces import Trace, Traces, unpack
from relgraph.errors import EnvironmentFailure

TRACE = Trace(b"k" * 32, b"d" * 32, {"digest": "sha256:1"}, (("out/a", b"-" + bytes(32), True),), 1.5, 100.0)

WRITER = """
import os, signal, sys
from relgraph.engine.traces import Trace, Traces
traces = Traces(sys.argv[1], warn=print)
for number in range(int(sys.argv[3])):
    traces.keep_content(b"c" + sys.argv[2].encode() + number.to_bytes(30, "big"), b"data")
    traces.record(f"{sys.argv[2]}{number}", Trace(sys.argv[2].encode() + number.to_bytes(31, "big"), b"", {}, (), 0.0, 1.0), {"a": 1})
os.kill(os.getpid(), signal.SIGKILL)
"""


def start(path: Path, name: str, count: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(count)])


def open_quietly(path: Path) -> Traces:
    return Traces(str(path), warn=pytest.fail)


def test_a_result_is_found_by_step_key_and_deep_key(tmp_path: Path) -> None:
    traces = open_quietly(tmp_path / "db")
    traces.record("a", TRACE, {"files": {"x": b"1"}})
    later = TRACE._replace(key=b"l" * 32, at=200.0, facts={"digest": "sha256:2"})
    traces.record("a", later, {"files": {f"path/{number}": b"12345678" for number in range(1000)}})
    traces.close()
    traces = open_quietly(tmp_path / "db")
    assert {step: unpack(*row) for step, row in traces.latest().items()} == {"a": later}
    assert traces.find(TRACE.key) == TRACE
    assert traces.find(b"none") is None
    assert traces.find_deep(TRACE.deep) == later
    components = traces.components("a")
    assert components is not None
    assert len(components["files"]) == 1000
    assert traces.components("none") is None
    traces.close()


def test_contents_are_there_before_and_after_they_are_written(tmp_path: Path) -> None:
    traces = open_quietly(tmp_path / "db")
    traces.keep_content(b"digest", b"data")
    assert (traces.has_content(b"digest"), traces.content(b"digest")) == (True, b"data")
    traces.record("a", TRACE, {})
    traces.keep_content(b"other", b"data")
    traces.close()
    traces = open_quietly(tmp_path / "db")
    assert [traces.content(digest) for digest in (b"digest", b"other", b"none")] == [b"data", b"data", None]
    traces.close()


@pytest.mark.parametrize("damage", [b"no database at all", b"SQLite format 3\0" + b"\xff" * 5000, b"\0" * 100])
def test_a_damaged_base_is_begun_anew_with_a_warning(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "db").write_bytes(damage)
    warnings: list[str] = []
    traces = Traces(str(tmp_path / "db"), warn=warnings.append)
    assert traces.latest() == {}
    traces.record("a", TRACE, {})
    assert traces.find(TRACE.key) == TRACE
    traces.close()
    assert len(warnings) == 1
    assert "begun anew" in warnings[0]


def test_damage_that_is_found_later_is_met_the_same_way(tmp_path: Path) -> None:
    traces = open_quietly(tmp_path / "db")
    for number in range(300):
        traces.record(f"step {number}", TRACE._replace(key=number.to_bytes(32, "big")), {})
    traces.close()
    with (tmp_path / "db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (os.path.getsize(tmp_path / "db") - 4096))
    warnings: list[str] = []
    traces = Traces(str(tmp_path / "db"), warn=warnings.append)
    assert traces.latest() == {}
    assert traces.find(TRACE.key) is None
    traces.record("a", TRACE, {})
    assert traces.find(TRACE.key) == TRACE
    traces.close()
    assert len(warnings) == 1


def test_another_version_is_begun_anew(tmp_path: Path) -> None:
    traces = open_quietly(tmp_path / "db")
    traces.record("a", TRACE, {})
    traces.close()
    base = sqlite3.connect(tmp_path / "db")
    base.execute("PRAGMA user_version = 7")
    base.execute("CREATE TABLE of_another_version (x)")
    base.close()
    reading = Traces(str(tmp_path / "db"), warn=pytest.fail, readonly=True)
    assert reading.latest() == {}
    reading.close()
    traces = open_quietly(tmp_path / "db")
    assert traces.latest() == {}
    traces.record("a", TRACE, {})
    assert set(traces.latest()) == {"a"}
    traces.close()


def test_reading_only_makes_no_base(tmp_path: Path) -> None:
    traces = Traces(str(tmp_path / "db"), warn=pytest.fail, readonly=True)
    assert traces.latest() == {}
    assert traces.find(b"x") is None
    traces.record("a", TRACE, {})
    traces.close()
    assert list(tmp_path.iterdir()) == []


def test_only_the_newest_results_and_contents_are_kept(tmp_path: Path) -> None:
    traces = open_quietly(tmp_path / "db")
    for number in range(20):
        traces.keep_content(bytes([number]), bytes(1000))
        traces.record("a", TRACE._replace(key=bytes([number]), at=float(number)), {})
    traces.forget(["a"], 10_000)
    assert [number for number in range(20) if traces.find(bytes([number])) is not None] == list(range(12, 20))
    assert sum(traces.has_content(bytes([number])) for number in range(20)) == 9
    traces.close()


def test_several_processes_that_are_killed_lose_nothing_they_recorded(tmp_path: Path) -> None:
    path = tmp_path / "db"
    writers = [start(path, name, 40) for name in "abc"]
    assert [writer.wait() for writer in writers] == [-signal.SIGKILL] * 3
    traces = open_quietly(path)
    assert len(traces.latest()) == 120
    assert all(traces.has_content(b"c" + name + number.to_bytes(30, "big")) for name in (b"a", b"b", b"c") for number in range(40))
    traces.close()


def test_a_base_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    with pytest.raises(EnvironmentFailure, match="unable to open database file") as caught:
        open_quietly(tmp_path / "db")
    assert caught.value.hint == "may the folder be written to?"


def test_a_base_that_another_holds_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **options: connect(path, **(options | {"timeout": 0.01})))
    traces = open_quietly(tmp_path / "db")
    other = connect(tmp_path / "db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(EnvironmentFailure, match="database is locked"):
        traces.record("a", TRACE, {})
    other.execute("ROLLBACK")
    other.close()
    traces.record("a", TRACE, {})
    assert set(traces.latest()) == {"a"}
    traces.close()


def test_components_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    traces = open_quietly(tmp_path / "db")
    traces.record("a", TRACE, {"x": 1})
    base = sqlite3.connect(tmp_path / "db")
    base.execute("UPDATE last SET why = x'7a00'")
    base.commit()
    base.close()
    assert traces.components("a") is None
    traces.close()


def test_a_table_that_is_gone_is_damage(tmp_path: Path) -> None:
    traces = open_quietly(tmp_path / "db")
    traces.record("a", TRACE, {})
    base = sqlite3.connect(tmp_path / "db")
    base.execute("DROP TABLE traces")
    base.close()
    traces.close()
    warnings: list[str] = []
    traces = Traces(str(tmp_path / "db"), warn=warnings.append)
    traces.record("b", TRACE, {})
    assert set(traces.latest()) == {"b"}
    assert len(warnings) == 1
    traces.close()
    traces = Traces(str(tmp_path / "db"), warn=pytest.fail, readonly=True)
    assert traces.find(TRACE.key) == TRACE
    traces.close()
