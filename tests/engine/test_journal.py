from pathlib import Path

from relgraph.engine.journal import Journal, Unfinished, take_unfinished

MARK = b"-" + bytes(32)
SHORT = Unfinished("short", ("a",), {})
LONG = Unfinished("long", ("a", "b/*"), {f"b/{number}": MARK for number in range(50)})


def test_what_had_not_ended_is_found_once(tmp_path: Path) -> None:
    state = str(tmp_path)
    assert take_unfinished(state) == []
    one, other, ended = (Journal(state, number) for number in range(3))
    one.begin(LONG)
    one.end()
    one.begin(SHORT)
    other.begin(LONG)
    ended.begin(LONG)
    ended.end()
    assert take_unfinished(state) == [SHORT, LONG]
    assert take_unfinished(state) == []


def test_a_worker_that_ends_leaves_no_file(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), 0)
    journal.close()
    journal.begin(SHORT)
    journal.end()
    journal.close()
    assert list((tmp_path / "running").iterdir()) == []


def test_a_torn_entry_is_none(tmp_path: Path) -> None:
    for size in range(0, 200, 9):
        journal = Journal(str(tmp_path), 0)
        journal.begin(LONG)
        path = tmp_path / "running/0"
        path.write_bytes(path.read_bytes()[:size])
        assert take_unfinished(str(tmp_path)) == []
