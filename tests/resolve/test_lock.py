"""The lock file: one spelling, strict reading."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.resolve.lock import SCHEMA, Lock, Locked, LockProblem, Pin, read_lock, write_lock

_HEX = "0123456789abcdef"
_DIGESTS = st.text(_HEX, min_size=64, max_size=64).map("sha256:{}".format)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_PINS = st.builds(Pin, _DIGESTS, st.integers(0, 1 << 40), st.just("") | _TEXT, st.dictionaries(_TEXT, _TEXT, max_size=2))
_ENTRIES = st.builds(
    Locked, _TEXT, _TEXT, st.sampled_from(["", "^1.2", ">=1 <2"]), st.sampled_from(["1.2.3", "v1.0.0-rc.1"]), _TEXT, _PINS
)
_LOCKS = st.lists(_ENTRIES, max_size=4, unique_by=lambda entry: entry.name).map(Lock.of)

_ENTRY: dict[str, Any] = {
    "name": "charts.web",
    "source": "oci://registry.example/charts/web",
    "range": "^1.4",
    "version": "1.4.2",
    "tag": "v1.4.2",
    "digest": "sha256:" + "a" * 64,
    "size": 1234,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
}


def _file(**changes: Any) -> bytes:
    entry = {key: value for key, value in {**_ENTRY, **changes}.items() if value is not None}
    return json.dumps({"schema": SCHEMA, "entries": [entry]}).encode()


@given(_LOCKS)
def test_what_is_written_reads_back_the_same(lock: Lock) -> None:
    assert read_lock(write_lock(lock)) == lock


@given(_LOCKS, st.randoms())
def test_one_lock_has_one_spelling(lock: Lock, random: Any) -> None:
    shuffled = list(lock.entries)
    random.shuffle(shuffled)
    assert write_lock(Lock(tuple(shuffled))) == write_lock(lock)
    assert write_lock(read_lock(write_lock(lock))) == write_lock(lock)


def test_the_file_is_made_to_be_read_in_a_diff() -> None:
    text = write_lock(read_lock(_file(annotations={"b": "2", "a": "1"}))).decode()
    assert text.splitlines()[:4] == ["{", '  "schema": "relgraph.dev/lock/v1",', '  "entries": [', "    {"]
    assert text.index('"a": "1"') < text.index('"b": "2"')
    assert text.endswith("}\n")


def test_an_entry_is_found_by_name() -> None:
    lock = read_lock(_file())
    found = lock.get("charts.web")
    assert found is not None
    assert found.pin.size == 1234
    assert lock.get("charts.other") is None


def test_what_is_not_said_is_not_written() -> None:
    text = write_lock(read_lock(_file(range=None, size=None, mediaType=None))).decode()
    assert not any(word in text for word in ("range", "size", "mediaType", "annotations"))


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (b"", "", "not JSON"),
        (b"[]", "schema", "is understood"),
        (b'{"schema": "relgraph.dev/lock/v2", "entries": []}', "schema", "'relgraph.dev/lock/v2' where"),
        (b'{"schema": "relgraph.dev/lock/v1"}', "entries", "not a list"),
        (b'{"schema": "relgraph.dev/lock/v1", "entries": [1]}', "entries[0]", "not an object"),
        (b'{"schema": "relgraph.dev/lock/v1", "entries": [], "more": 1}', "more", "not understood"),
        (b'{"schema": "relgraph.dev/lock/v1", "entries": [], "entries": []}', "", "stands twice"),
        (_file(digest="sha256:../../etc/passwd"), "entries[0].digest", "no digest"),
        (_file(digest="sha256:" + "A" * 64), "entries[0].digest", "no digest"),
        (_file(digest="md5:" + "a" * 32), "entries[0].digest", "no digest"),
        (_file(digest=None), "entries[0].digest", "is missing"),
        (_file(name=7), "entries[0].name", "a text is expected"),
        (_file(tag=""), "entries[0].tag", "a text is expected"),
        (_file(version="latest"), "entries[0].version", "no version"),
        (_file(range=">>1"), "entries[0].range", "no operator >>"),
        (_file(size=-1), "entries[0].size", "number of bytes"),
        (_file(size=True), "entries[0].size", "number of bytes"),
        (_file(size=1.5), "entries[0].size", "number of bytes"),
        (_file(annotations={"a": 1}), "entries[0].annotations", "texts by name"),
        (_file(unknown="x"), "entries[0].unknown", "not understood"),
    ],
)
def test_what_relgraph_would_not_have_written_is_refused_with_its_place(data: bytes, where: str, reason: str) -> None:
    with pytest.raises(LockProblem, match=reason) as caught:
        read_lock(data)
    assert caught.value.where == where
    assert caught.value.status == 2


def test_two_entries_of_one_name_are_refused() -> None:
    data = json.dumps({"schema": SCHEMA, "entries": [_ENTRY, _ENTRY]}).encode()
    with pytest.raises(LockProblem, match="two entries named charts"):
        read_lock(data)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=8
    )
)
def test_any_json_is_a_lock_or_refused(value: Any) -> None:
    with pytest.raises(LockProblem):
        read_lock(json.dumps({"schema": SCHEMA, "entries": [value]}).encode())
