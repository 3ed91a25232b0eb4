import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from artifacts import FAST, Recorder
from hostile_registry import HostileRegistry
from relgraph.errors import EnvironmentFailure
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.codec import Options
from relgraph.oci.codecs.generic import CODEC
from relgraph.oci.errors import InvalidReference, TagExists
from relgraph.oci.local import LocalRepository
from relgraph.oci.reference import parse_reference
from relgraph.oci.remote import RemoteRepository
from relgraph.oci.stores import Stores, open_repository, put


def artifact_of(folder: Path, words: str) -> Artifact:
    folder.mkdir(exist_ok=True)
    (folder / "notes.txt").write_text(words)
    return CODEC.encode((folder / "notes.txt",), Options())


def test_one_function_opens_what_a_reference_names(hostile: HostileRegistry, tmp_path: Path) -> None:
    made = artifact_of(tmp_path / "files", "some words")
    for reference in (f"{hostile.address}/acme/notes:ignored", f"layout:{tmp_path / 'out'}//acme/notes"):
        with open_repository(reference, create=True) as repository:
            descriptor = put(repository, made, "1.0.0")
            assert descriptor == repository.resolve("1.0.0") == made.root.descriptor
            assert list(repository.tags()) == ["1.0.0"]


def test_what_is_put_without_a_tag_is_found_by_its_digest(tmp_path: Path) -> None:
    with open_repository(f"layout:{tmp_path / 'out'}", create=True) as repository:
        descriptor = put(repository, artifact_of(tmp_path / "files", "some words"))
        assert repository.load(descriptor.digest).descriptor == descriptor
        assert list(repository.tags()) == []


def test_a_tag_moves_from_what_it_is_known_to_name_and_from_nothing_else(tmp_path: Path) -> None:
    new = artifact_of(tmp_path / "more", "new")
    with open_repository(f"layout:{tmp_path / 'out'}//acme/notes", create=True) as repository:
        old = put(repository, artifact_of(tmp_path / "files", "old"), "latest")
        with pytest.raises(TagExists):
            put(repository, new, "latest")
        assert put(repository, new, "latest", replacing=old) == repository.resolve("latest")


def test_a_missing_layout_is_made_only_on_demand(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="not an OCI image layout"), open_repository(f"layout:{tmp_path / 'out'}"):
        pass


def test_what_is_no_reference_is_no_repository() -> None:
    with pytest.raises(InvalidReference), open_repository("https://registry.example/acme"):
        pass


def test_stores_share_what_they_opened(hostile: HostileRegistry, tmp_path: Path) -> None:
    recorder = Recorder()
    with Stores(lambda: FAST, variables={}, reporter=recorder) as stores:
        one = parse_reference(f"layout:{tmp_path / 'out'}//a")
        two = parse_reference(f"layout:{tmp_path / 'out'}//b")
        first, second = stores.open(one, create=True), stores.open(two)
        assert first.name != second.name
        remote = stores.open(parse_reference(f"{hostile.address}/acme/notes"))
        put(remote, artifact_of(tmp_path / "files", "words"), "1.0.0")
    assert recorder.outcomes


def test_threads_share_what_is_opened(hostile: HostileRegistry, tmp_path: Path) -> None:
    start = threading.Barrier(8, timeout=10)

    def opened(number: int) -> tuple[int, int]:
        start.wait()
        local = stores.open(parse_reference(f"layout:{tmp_path / 'out'}//r{number}"), create=True)
        remote = stores.open(parse_reference(f"{hostile.address}/acme/r{number}"))
        assert isinstance(local, LocalRepository)
        assert isinstance(remote, RemoteRepository)
        return id(local.layout), id(remote.transport.link)

    with Stores(lambda: FAST, variables={}) as stores, ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(opened, range(8)))) == 1
