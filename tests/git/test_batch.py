import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitworld import git, write_world
from relgraph.errors import EnvironmentFailure
from relgraph.git.batch import ObjectReader
from relgraph.git.command import Git
from relgraph.git.objects import blob_id
from relgraph.model.example import Commit


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("batch") / "r", [Commit({"a": "one\n", "b": "two\n"}, ("v1",))])


def store(folder: Path, data: bytes) -> str:
    return git(folder, "hash-object", "-w", "--stdin", data=data)


def loose(folder: Path, oid: str) -> Path:
    return folder / ".git" / "objects" / oid[:2] / oid[2:]


def damage(folder: Path, data: bytes) -> str:
    oid = store(folder, data)
    file = loose(folder, oid)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.chmod(0o644)
    file.write_bytes(content)
    return oid


def reader(folder: Path, limit: int = 1 << 20) -> ObjectReader:
    return ObjectReader(Git(str(folder)), limit=limit)


def test_an_object_has_id_kind_size_and_content(repository: Path) -> None:
    found = reader(repository).read("HEAD:a")
    assert found is not None
    assert found == (blob_id(b"one\n"), "blob", 4, b"one\n")


def test_what_git_cannot_name_is_none(repository: Path) -> None:
    names = ["0" * 40, "HEAD:nope", "", "HEAD:a\nHEAD:b", "x" * 5000, "with blanks 12", "\udcff", "HEAD:b"]
    answers = [*reader(repository).read_many(names)]
    assert [answer is None for answer in answers] == [True] * 7 + [False]


def test_no_names_start_no_process(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: str) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(Git, "spawn", refuse)
    assert [*reader(repository).read_many([])] == []
    assert [*reader(repository).read_many(["", "\n"])] == [None, None]


def test_many_requests_stay_in_order(repository: Path) -> None:
    names = [("HEAD:a", "HEAD:b", "0" * 40)[number % 3] for number in range(20_000)]
    answers = [answer.data if answer else None for answer in reader(repository).read_many(names)]
    assert answers == [(b"one\n", b"two\n", None)[number % 3] for number in range(20_000)]


def test_readings_may_be_nested_and_abandoned(repository: Path) -> None:
    objects = reader(repository)
    for first in objects.read_many(["HEAD:a"] * 200):
        inner = objects.read("HEAD:b")
        assert first is not None
        assert inner is not None
        assert (first.data, inner.data) == (b"one\n", b"two\n")
        break
    after = objects.read("HEAD:a")
    assert after is not None
    assert after.data == b"one\n"


def test_threads_do_not_disturb_each_other(repository: Path) -> None:
    objects = reader(repository)
    wrong: list[object] = []

    def work(name: str, data: bytes) -> None:
        wrong.extend(found for found in objects.read_many([name] * 500) if found is None or found.data != data)

    threads = [threading.Thread(target=work, args=pair) for pair in (("HEAD:a", b"one\n"), ("HEAD:b", b"two\n")) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_large_objects_have_a_size_and_no_content(repository: Path) -> None:
    oid = store(repository, bytes(3 << 20))
    answers = [*reader(repository).read_many([oid, "HEAD:a"])]
    assert answers[0] is not None
    assert answers[1] is not None
    assert answers[0] == (oid, "blob", 3 << 20, None)
    assert answers[1].data == b"one\n"


def test_a_damaged_object_costs_itself_only(repository: Path) -> None:
    # Random content is stored as it is, so that the damage falls into it; the other is damaged in its compressed head.
    long = damage(repository, bytes((number * number) % 251 for number in range(200_000)))
    short = damage(repository, b"short content of a blob that will be damaged")
    names = ["HEAD:a", long, long, "HEAD:b", short, "HEAD:a"] * 40
    answers = [answer.data if answer else None for answer in reader(repository).read_many(names)]
    assert answers == [b"one\n", None, None, b"two\n", None, b"one\n"] * 40


def test_an_emptied_object_file_is_missing(repository: Path) -> None:
    oid = store(repository, b"soon emptied")
    loose(repository, oid).chmod(0o644)
    loose(repository, oid).write_bytes(b"")
    assert reader(repository).read(oid) is None


def test_a_git_that_cannot_work_at_all_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="not a git repository"):
        reader(tmp_path).read("HEAD")


def test_sizes_without_reading(repository: Path) -> None:
    oids = [blob_id(b"one\n"), "1" * 40, store(repository, bytes(3 << 20))]
    assert reader(repository).sizes(oids) == [4, None, 3 << 20]
    assert reader(repository).sizes([]) == []


def test_a_closed_reader_starts_anew(repository: Path) -> None:
    objects = reader(repository)
    assert objects.read("HEAD:a") is not None
    objects.close()
    assert objects.read("HEAD:a") is not None
    objects.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.binary(max_size=200), max_size=30))
def test_any_content_survives(repository: Path, contents: list[bytes]) -> None:
    stream = b"".join(b"blob\ndata %d\n%s\n" % (len(data), data) for data in contents)
    git(repository, "fast-import", "--quiet", data=stream)
    answers = [*reader(repository).read_many(map(blob_id, contents))]
    assert [answer.data if answer else None for answer in answers] == contents


def test_what_was_read_is_known(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = reader(repository)
    first = objects.read(blob_id(b"one\n"))

    def refuse(*arguments: str) -> None:
        raise AssertionError(arguments)

    objects.close()
    monkeypatch.setattr(Git, "spawn", refuse)
    assert objects.read(blob_id(b"one\n")) == first
    with pytest.raises(AssertionError):
        objects.read(blob_id(b"two\n"))


def test_known_and_unknown_objects_come_in_the_order_asked_for(repository: Path) -> None:
    objects = reader(repository)
    one, two = blob_id(b"one\n"), blob_id(b"two\n")
    objects.read(two)
    answers = [*objects.read_many([one, two, "0" * 40, two, one, "HEAD:b"])]
    assert [answer.data if answer else None for answer in answers] == [b"one\n", b"two\n", None, b"two\n", b"one\n", b"two\n"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_asks_a_git_of_its_own(repository: Path) -> None:
    objects = reader(repository)
    assert objects.read("HEAD:a")
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        found = objects.read("HEAD:b")
        os.write(writing, found.data if found and found.data else b"nothing")
        os._exit(0)
    assert os.read(reading, 100) == b"two\n"
    os.waitpid(child, 0)
    again = objects.read("HEAD:a")
    assert again is not None
    assert again.data == b"one\n"
    for descriptor in (reading, writing):
        os.close(descriptor)
