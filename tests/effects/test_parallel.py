"""Work shared with a forked child: the same answer, whatever becomes of the child."""

import os
import signal
from collections.abc import Sequence

import pytest

from relgraph.effects.parallel import aside, shared_work

HERE = os.getpid()


def text_of(items: Sequence[int]) -> bytes:
    return b",".join(str(item).encode() for item in items)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.parallel.os.cpu_count", lambda: 2)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the processes that are forked from now on."""
    found: list[int] = []
    fork = os.fork

    def noted() -> int:
        if child := fork():
            found.append(child)
        return child

    monkeypatch.setattr("relgraph.effects.parallel.os.fork", noted)
    return found


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 5000])
def test_the_parts_in_order_are_the_whole(count: int) -> None:
    answers = [answer for answer in shared_work(range(count), text_of, least=4) if answer]
    assert b",".join(answers) == text_of(range(count))


def test_little_work_is_not_shared() -> None:
    assert len(shared_work(range(7), text_of, least=4)) == 1
    assert len(shared_work(range(8), text_of, least=4)) == 2
    assert len(shared_work(range(100_000), text_of, least=4)) <= 256


def test_the_child_works_while_this_process_does_something_else() -> None:
    reading, writing = os.pipe()

    def pid(_: Sequence[int]) -> bytes:
        os.write(writing, b".")
        return str(os.getpid()).encode()

    def until_the_child_has_begun() -> None:
        os.read(reading, 1)

    assert {int(answer) for answer in shared_work(range(8), pid, least=4, meanwhile=until_the_child_has_begun)} != {HERE}
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("way", ["raises", "killed", "exits"])
def test_the_work_of_a_child_that_fails_is_done_here(way: str) -> None:
    def work(items: Sequence[int]) -> bytes:
        if os.getpid() != HERE:
            if way == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if way == "exits":
                raise SystemExit(0)
            raise ValueError("in the child")
        return text_of(items)

    assert b",".join(shared_work(range(8), work, least=4)) == text_of(range(8))


def test_an_answer_larger_than_a_pipe_comes_whole() -> None:
    answers = shared_work(range(8), lambda items: text_of(items) * 300_000, least=4)
    assert answers == [text_of(range(4)) * 300_000, text_of(range(4, 8)) * 300_000]


def test_a_failure_here_leaves_no_child_behind(children: list[int]) -> None:
    def fail() -> None:
        raise ValueError("here")

    with pytest.raises(ValueError, match="here"):
        shared_work(range(8), text_of, least=4, meanwhile=fail)
    assert children
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_work_aside_is_answered_when_asked_for() -> None:
    with aside(lambda: str(os.getpid()).encode()) as answer:
        here = os.getpid()
    with aside(lambda: b"x" * 1_000_000) as answer:
        assert answer() == b"x" * 1_000_000
    with aside(lambda: str(os.getpid()).encode()) as answer:
        told = answer()
    assert told is not None
    assert int(told) != here


def test_work_aside_that_fails_has_no_answer() -> None:
    def fail() -> bytes:
        raise ValueError("in the child")

    with aside(fail) as answer:
        assert answer() is None


def test_without_a_second_core_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.parallel.os.cpu_count", lambda: 1)
    with aside(lambda: b"done") as answer:
        assert answer() is None


def test_a_failure_beside_it_leaves_no_child_behind(children: list[int]) -> None:
    with pytest.raises(ValueError, match="here"), aside(lambda: b"x" * 1_000_000):
        raise ValueError("here")
    assert children
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_where_no_process_can_be_started_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr("relgraph.effects.parallel.os.fork", refuse)
    with aside(lambda: b"done") as answer:
        assert answer() is None
    assert b",".join(shared_work(range(8), text_of, least=4)) == text_of(range(8))
