"""What every repository does, wherever it keeps its content: in memory, in a layout, in registries with and without referrers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from artifacts import LAYER, Open, attach, blob, publish, publish_index, store
from docker_registry import DockerRegistry
from hostile_registry import HostileRegistry
from relgraph.oci.content import BytesSource
from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound, RegistryFailure, TagExists, TagMoved
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import Repository, push_bytes, push_document, read_blob, read_document

DATA = blob(300)
IT = Descriptor.of(LAYER, DATA)


@pytest.fixture(params=["memory", "layout", "registry", "old registry", "docker-registry"])
def repository(request: pytest.FixtureRequest, tmp_path: Path, connect: Open) -> Iterator[Repository]:
    """A repository of each kind."""
    if request.param == "memory":
        yield MemoryRepository()
    elif request.param == "layout":
        yield LocalRepository(Layout(tmp_path / "layout", create=True), "acme/web")
    elif request.param == "docker-registry":
        registry: DockerRegistry = request.getfixturevalue("docker")
        yield connect(registry.address)
    else:
        with HostileRegistry() as hostile:
            hostile.referrers = request.param == "registry"
            yield connect(hostile.address)


def test_content_comes_back(repository: Repository) -> None:
    assert not repository.exists(IT)
    with pytest.raises(NotFound):
        read_blob(repository, IT, limit=1000)
    for _ in range(2):
        repository.push(IT, BytesSource(DATA))
    assert repository.exists(IT)
    assert read_blob(repository, IT, limit=1000) == DATA
    with repository.fetch(IT) as reader:
        assert reader.read(10) == DATA[:10]


def test_nothing_is_content_too(repository: Repository) -> None:
    nothing = Descriptor.of(LAYER, b"")
    push_bytes(repository, nothing, b"")
    assert repository.exists(nothing)
    assert read_blob(repository, nothing, limit=0) == b""


def test_wrong_content_is_not_stored(repository: Repository) -> None:
    with pytest.raises((ContentMismatch, RegistryFailure)):
        repository.push(IT, BytesSource(DATA[:-1] + b"!"))
    assert not repository.exists(IT)


def test_a_manifest_needs_what_it_names(repository: Repository) -> None:
    manifest = Manifest.make(EMPTY, [IT])
    push_bytes(repository, EMPTY, EMPTY_BODY)
    with pytest.raises((NotFound, RegistryFailure)):
        push_document(repository, manifest)
    with pytest.raises((NotFound, RegistryFailure)):
        repository.publish(manifest, "v1")
    with pytest.raises(NotFound):
        repository.resolve("v1")
    with pytest.raises(NotFound):
        repository.resolve(manifest.digest)


def test_a_manifest_comes_back_byte_by_byte(repository: Repository) -> None:
    manifest = publish(repository, "v1")
    for reference in ("v1", manifest.digest):
        assert repository.resolve(reference) == manifest.descriptor
        assert repository.load(reference) == manifest
    assert read_document(repository, manifest.descriptor) == manifest
    assert repository.exists(manifest.descriptor)


def test_publishing_again_changes_nothing(repository: Repository) -> None:
    manifest = publish(repository, "v1")
    assert repository.publish(manifest, "v1") == manifest.descriptor
    repository.tag(manifest.descriptor, "v1")
    assert list(repository.tags()) == ["v1"]


def test_a_tag_is_never_overwritten(repository: Repository) -> None:
    first = publish(repository, "v1")
    second = store(repository, seed=1)
    push_document(repository, second)
    for action in (lambda: repository.publish(second, "v1"), lambda: repository.tag(second.descriptor, "v1")):
        with pytest.raises(TagExists) as caught:
            action()
        assert (caught.value.existing, caught.value.wanted, caught.value.status) == (first.digest, second.digest, 1)
    assert repository.resolve("v1").digest == first.digest


def test_a_tag_moves_where_what_it_replaces_is_named(repository: Repository) -> None:
    first = publish(repository, "latest")
    second = store(repository, seed=1)
    repository.publish(second, "latest", replacing=first.descriptor)
    assert repository.resolve("latest").digest == second.digest
    with pytest.raises(TagExists):
        repository.publish(first, "latest", replacing=first.descriptor._replace(digest=digest_of(b"x")))
    repository.tag(first.descriptor, "latest", replacing=second.descriptor)
    assert repository.resolve("latest").digest == first.digest
    assert list(repository.tags()) == ["latest"]


def test_a_tag_that_is_gone_is_not_replaced(repository: Repository) -> None:
    first = publish(repository, "v1")
    with pytest.raises(TagMoved):
        repository.publish(first, "other", replacing=first.descriptor)


def test_tags_are_listed_in_order(repository: Repository) -> None:
    manifest = publish(repository, "b")
    for tag in ("c", "a", "A", "_"):
        repository.tag(manifest.descriptor, tag)
    assert list(repository.tags()) == sorted(["a", "b", "c", "A", "_"])


def test_only_what_is_stored_can_be_named(repository: Repository) -> None:
    with pytest.raises(NotFound):
        repository.tag(Manifest.make(EMPTY, []).descriptor, "v1")


def test_an_index_holds_manifests(repository: Repository) -> None:
    index, manifests = publish_index(repository, "v1")
    assert repository.load("v1") == index
    for manifest in manifests:
        assert repository.load(manifest.digest) == manifest
        assert repository.resolve(manifest.digest) == manifest.descriptor
    with pytest.raises((NotFound, RegistryFailure)):
        repository.publish(Index.make([Manifest.make(IT, []).descriptor]), "v2")


def test_referrers_are_found_by_their_subject(repository: Repository) -> None:
    manifest = publish(repository, "v1")
    assert list(repository.referrers(manifest.descriptor)) == []
    notes = [attach(repository, manifest.descriptor, seed=seed) for seed in (1, 2)]
    signature = attach(repository, manifest.descriptor, seed=3, artifact_type="application/vnd.example.signature")
    found = {entry.digest: entry for entry in repository.referrers(manifest.descriptor)}
    assert set(found) == {note.digest for note in notes} | {signature.digest}
    assert found[signature.digest].artifact_type == "application/vnd.example.signature"
    only = list(repository.referrers(manifest.descriptor, "application/vnd.example.signature"))
    assert [entry.digest for entry in only] == [signature.digest]
    assert list(repository.referrers(signature.descriptor)) == []
    assert list(repository.referrers(manifest.descriptor, "application/vnd.example.other")) == []


def test_a_referrer_is_listed_once(repository: Repository) -> None:
    manifest = publish(repository, "v1")
    note = attach(repository, manifest.descriptor)
    attach(repository, manifest.descriptor)
    push_document(repository, note)
    assert [entry.digest for entry in repository.referrers(manifest.descriptor)] == [note.digest]


def test_a_referrer_may_come_before_its_subject(repository: Repository) -> None:
    manifest = store(repository)
    note = attach(repository, manifest.descriptor)
    assert [entry.digest for entry in repository.referrers(manifest.descriptor)] == [note.digest]


def test_what_refers_by_an_index_is_found(repository: Repository) -> None:
    manifest = publish(repository, "v1")
    listing = Index.make([], subject=manifest.descriptor, artifact_type="application/vnd.example.list")
    repository.publish(listing)
    found = list(repository.referrers(manifest.descriptor))
    assert [(entry.digest, entry.artifact_type) for entry in found] == [(listing.digest, "application/vnd.example.list")]


def test_annotations_of_referrers_come_along(repository: Repository) -> None:
    manifest = publish(repository, "v1")
    publish(repository, subject=manifest.descriptor, seed=5, annotations={"k": "v"})
    assert [dict(entry.annotations) for entry in repository.referrers(manifest.descriptor)] == [{"k": "v"}]


def test_embedded_data_needs_no_storage() -> None:
    embedded = IT._replace(data=DATA)
    assert read_blob(MemoryRepository(), embedded, limit=300) == DATA
    with pytest.raises(ContentMismatch):
        read_blob(MemoryRepository(), embedded._replace(data=bytes(300)), limit=300)


def test_too_much_is_not_read(repository: Repository) -> None:
    repository.push(IT, BytesSource(DATA))
    with pytest.raises(InvalidContent, match="more than the 299"):
        read_blob(repository, IT, limit=299)
