"""Copies between repositories."""

import threading
from collections import Counter

import pytest

from artifacts import FAST, LAYER, Open, Recorder, attach, blob, publish, publish_index, store
from docker_registry import DockerRegistry
from hostile_registry import HostileRegistry, answered, reset_after, truncated
from relgraph.effects.connection import NetworkFailure
from relgraph.errors import EnvironmentFailure
from relgraph.oci.content import Source
from relgraph.oci.copy import FetchSource, companion_of, companion_tags, copy, upload
from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound, TagExists
from relgraph.oci.garbage import collect
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import push_bytes, push_document


@pytest.fixture
def source() -> MemoryRepository:
    """A repository to copy from."""
    return MemoryRepository("source")


def test_a_manifest_is_copied_with_what_it_names(source: MemoryRepository, local: LocalRepository) -> None:
    manifest = publish(source, "v1", layers=3)
    done = copy(source, local, "v1", tag="v1")
    assert local.load("v1") == manifest
    assert (done.root, done.manifests, done.blobs, done.bytes) == (manifest.descriptor, 1, 4, 302)
    again = copy(source, local, "v1", tag="v1")
    assert (again.manifests, again.blobs) == (0, 0)


def test_a_digest_is_copied_without_a_name(source: MemoryRepository, local: LocalRepository) -> None:
    manifest = publish(source, "v1")
    copy(source, local, manifest.digest)
    assert local.load(manifest.digest) == manifest
    assert list(local.tags()) == []


def test_an_index_is_copied_with_its_manifests(source: MemoryRepository, local: LocalRepository) -> None:
    index, manifests = publish_index(source, "v1", platforms=3)
    nested = Index.make([index.descriptor, manifests[0].descriptor])
    source.publish(nested, "v2")
    assert copy(source, local, "v2", tag="v2").manifests == 5
    assert local.load("v2") == nested
    assert [local.load(manifest.digest) for manifest in manifests] == manifests


def test_what_the_destination_has_is_not_sent(
    source: MemoryRepository, hostile: HostileRegistry, remote: "object", connect: Open
) -> None:
    index, manifests = publish_index(source, "v1", platforms=2)
    repository = connect(hostile.address)
    copy(source, repository, manifests[0].digest)
    hostile.seen.clear()
    copy(source, repository, "v1", tag="v1", referrers=False)
    sent = [seen.query["digest"][0] for seen in hostile.seen if seen.method == "PUT" and "/uploads/" in seen.path]
    assert set(sent) == {layer.digest for layer in manifests[1].layers}
    assert repository.load("v1") == index


def test_referrers_come_along_and_theirs(source: MemoryRepository, local: LocalRepository) -> None:
    index, manifests = publish_index(source, "v1")
    note = attach(source, manifests[0].descriptor, seed=50)
    of_note = attach(source, note.descriptor, seed=51)
    of_index = attach(source, index.descriptor, seed=52)
    signature = store(source, seed=53)
    source.publish(signature, companion_tags(index.digest)[0])
    done = copy(source, local, "v1", tag="v1")
    assert done.referrers == 4
    for subject, referrer in ((manifests[0], note), (note, of_note), (index, of_index)):
        assert [entry.digest for entry in local.referrers(subject.descriptor)] == [referrer.digest]
    assert local.load(companion_tags(index.digest)[0]) == signature
    assert copy(source, local, "v1", tag="v1").blobs == 0


def test_referrers_stay_behind_when_told_to(source: MemoryRepository, local: LocalRepository) -> None:
    manifest = publish(source, "v1")
    attach(source, manifest.descriptor)
    assert copy(source, local, "v1", tag="v1", referrers=False).referrers == 0
    assert list(local.referrers(manifest.descriptor)) == []


def test_new_referrers_are_copied_to_where_their_subject_is(source: MemoryRepository, local: LocalRepository) -> None:
    manifest = publish(source, "v1")
    copy(source, local, "v1", tag="v1")
    note = attach(source, manifest.descriptor)
    assert copy(source, local, "v1", tag="v1").referrers == 1
    assert [entry.digest for entry in local.referrers(manifest.descriptor)] == [note.digest]


def test_a_list_of_signatures_only_grows(source: MemoryRepository, local: LocalRepository) -> None:
    manifest = publish(source, "v1")
    tag = companion_tags(manifest.digest)[0]
    one, two, other = store(source, layers=1, seed=2), store(source, layers=2, seed=2), store(source, layers=1, seed=3)
    for each in (one, two, other):
        push_document(source, each)
    source.tag(one.descriptor, tag)
    copy(source, local, "v1", tag="v1")
    source.tag(two.descriptor, tag, replacing=one.descriptor)
    copy(source, local, "v1", tag="v1")
    assert local.load(tag) == two
    source.tag(one.descriptor, tag, replacing=two.descriptor)
    copy(source, local, "v1", tag="v1")
    assert local.load(tag) == two
    source.tag(other.descriptor, tag, replacing=one.descriptor)
    with pytest.raises(TagExists):
        copy(source, local, "v1", tag="v1")
    assert local.load(tag) == two


def test_a_tag_with_other_content_is_refused_before_anything_is_sent(
    source: MemoryRepository, hostile: HostileRegistry, connect: Open
) -> None:
    repository = connect(hostile.address)
    publish(repository, "v1")
    publish(source, "v1", seed=1)
    hostile.seen.clear()
    with pytest.raises(TagExists):
        copy(source, repository, "v1", tag="v1")
    assert [seen.method for seen in hostile.seen] == ["HEAD"]


def test_a_channel_moves_where_what_it_replaces_is_named(source: MemoryRepository, local: LocalRepository) -> None:
    before = publish(local, "latest")
    after = publish(source, "latest", seed=1)
    copy(source, local, "latest", tag="latest", replacing=before.descriptor)
    assert local.load("latest") == after


def test_between_repositories_of_one_registry_no_blob_is_sent(hostile: HostileRegistry, connect: Open, reporter: Recorder) -> None:
    origin, destination = connect(hostile.address, "acme/web"), connect(hostile.address, "acme/mirror")
    index, _ = publish_index(origin, "v1")
    hostile.seen.clear()
    reporter.bytes = 0
    copy(origin, destination, "v1", tag="v1", referrers=False)
    assert destination.load("v1") == index
    assert hostile.counted("PUT", "/uploads/") == hostile.counted("GET", "/blobs/") == 0
    assert hostile.counted("POST", "mount=") == 5
    assert reporter.bytes == 0


def test_between_repositories_of_dockers_registry_no_blob_is_sent(docker: DockerRegistry, connect: Open) -> None:
    origin, destination = connect(docker.address, "acme/web"), connect(docker.address, "acme/mirror")
    manifest = publish(origin, "v1", layers=5)
    before = len(docker.requests())
    copy(origin, destination, "v1", tag="v1", referrers=False)
    methods = Counter(request.method for request in docker.requests()[before:])
    assert methods == {"GET": 1, "POST": 6, "HEAD": 2, "PUT": 1}
    assert destination.load("v1") == manifest


def test_pushing_again_costs_one_request(source: MemoryRepository, docker: DockerRegistry, connect: Open) -> None:
    publish(source, "v1", layers=20)
    copy(source, connect(docker.address), "v1", tag="v1")
    before = len(docker.requests())
    copy(source, connect(docker.address), "v1", tag="v1")
    assert [request.method for request in docker.requests()[before:]] == ["HEAD"]


def test_a_copy_that_was_ended_is_gone_on_with(source: MemoryRepository, hostile: HostileRegistry, connect: Open) -> None:
    manifest = publish(source, "v1", layers=10)
    hostile.fault("PUT", "/manifests/", answered(403), times=1)
    with pytest.raises(EnvironmentFailure):
        copy(source, connect(hostile.address), "v1", tag="v1")
    assert hostile.tags == {}
    before = hostile.counted("PUT", "/uploads/")
    copy(source, connect(hostile.address), "v1", tag="v1")
    assert hostile.counted("PUT", "/uploads/") == before == 11
    assert connect(hostile.address).load("v1") == manifest


def test_a_large_blob_goes_on_where_another_run_left_it(hostile: HostileRegistry, connect: Open, local: LocalRepository) -> None:
    data = blob(6 << 20)
    manifest = Manifest.make(EMPTY, [Descriptor.of(LAYER, data)])
    for piece in (b"{}", data):
        hostile.add_blob("acme/web", piece)
    hostile.add_manifest("acme/web", manifest.raw, "v1")
    hostile.fault("GET", f"/blobs/{manifest.layers[0].digest}", truncated(5 << 20), times=1)
    once = FAST._replace(patience=FAST.patience._replace(attempts=1))
    with pytest.raises(NetworkFailure):
        copy(connect(hostile.address, settings=once), local, "v1", tag="v1")
    assert not local.layout.has(manifest.layers[0].digest)
    copy(connect(hostile.address), local, "v1", tag="v1")
    assert local.load("v1") == manifest
    asked = [seen.headers.get("range") for seen in hostile.seen if str(manifest.layers[0].digest) in seen.path]
    assert asked == [None, f"bytes={5 << 20}-"]


def test_the_first_failure_ends_all(source: MemoryRepository, hostile: HostileRegistry, connect: Open) -> None:
    publish(source, "v1", layers=200)
    hostile.fault("POST", "/uploads/", answered(403))
    with pytest.raises(EnvironmentFailure):
        copy(source, connect(hostile.address), "v1", tag="v1", workers=4)
    assert hostile.counted("POST") < 20
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("relgraph")]


def test_content_that_is_wrong_at_its_source_is_not_copied(source: MemoryRepository, local: LocalRepository) -> None:
    manifest = publish(source, "v1")
    source.blobs[manifest.layers[0].digest] = bytes(100)
    with pytest.raises(ContentMismatch):
        copy(source, local, "v1", tag="v1")
    assert list(local.tags()) == []
    assert not local.layout.has(manifest.digest)


def test_a_manifest_that_is_wrong_at_its_source_is_not_copied(source: MemoryRepository, local: LocalRepository) -> None:
    _, manifests = publish_index(source, "v1")
    source.blobs[manifests[0].digest] = manifests[1].raw
    with pytest.raises(ContentMismatch):
        copy(source, local, "v1", tag="v1")
    assert list(local.layout.digests()) == []


def test_layers_that_must_not_be_pushed_stay_where_they_are(source: MemoryRepository, local: LocalRepository) -> None:
    foreign = Descriptor.of("application/vnd.oci.image.layer.nondistributable.v1.tar", b"x")._replace(urls=("https://x.example",))
    manifest = Manifest.make(EMPTY, [foreign])
    push_bytes(source, EMPTY, b"{}")
    push_bytes(source, foreign, b"x")
    source.publish(manifest, "v1")
    with pytest.raises(NotFound):  # a layout keeps nothing whose parts it does not have
        copy(source, local, "v1", tag="v1")
    assert not local.layout.has(foreign.digest)


def test_an_index_without_end_is_refused(source: MemoryRepository, local: LocalRepository) -> None:
    index, _ = publish_index(source, "v1")
    for _ in range(20):
        index = Index.make([index.descriptor])
        push_document(source, index)
    with pytest.raises(InvalidContent, match="too many manifests"):
        copy(source, local, index.digest)


def test_what_was_made_is_uploaded(local: LocalRepository) -> None:
    made = MemoryRepository()
    manifest = publish(made, "x")
    done = upload(made, local, manifest, tag="v1")
    assert done.manifests == 1
    assert local.load("v1") == manifest
    assert upload(made, local, manifest, tag="v1").manifests == 0


def test_reading_can_be_stopped(source: MemoryRepository) -> None:
    data = blob(5 << 20)
    descriptor = push_bytes(source, Descriptor.of(LAYER, data), data)
    stop = threading.Event()
    content: Source = FetchSource(source, descriptor, stop)
    with content.open() as reader:
        assert len(reader.read(10) or b"") == 10
        stop.set()
        with pytest.raises(EnvironmentFailure, match="stopped"):
            reader.read(10)
        reader.close()


def test_a_source_without_offsets_is_read_from_its_start(source: MemoryRepository) -> None:
    data = blob(1000)
    descriptor = push_bytes(source, Descriptor.of(LAYER, data), data)
    with FetchSource(source, descriptor, threading.Event()).open_at(600) as reader:
        assert reader.read(1000) == data[600:]


@pytest.mark.parametrize(
    ("tag", "owner"),
    [
        (companion_tags(digest_of(b"x"))[0], digest_of(b"x")),
        (companion_tags(digest_of(b"x"))[1], digest_of(b"x")),
        (f"sha256-{digest_of(b'x').hex}", digest_of(b"x")),
        ("sha256-abc.sig", None),
        ("v1", None),
        ("", None),
    ],
)
def test_tags_may_belong_to_digests(tag: str, owner: str | None) -> None:
    assert companion_of(tag) == owner


def test_a_registry_that_resets_is_survived(source: MemoryRepository, hostile: HostileRegistry, connect: Open) -> None:
    manifest = publish(source, "v1", layers=12)
    for method in ("POST", "PUT", "HEAD"):
        hostile.fault(method, "/", reset_after(0), times=2)
    patient = FAST._replace(patience=FAST.patience._replace(attempts=6))
    copy(source, connect(hostile.address, settings=patient), "v1", tag="v1")
    assert connect(hostile.address).load("v1") == manifest


def test_content_that_is_damaged_here_is_not_taken_there(local: LocalRepository, hostile: HostileRegistry, connect: Open) -> None:
    """A registry verifies what it is given, so that it is not read twice here; what it says is understood."""
    manifest = publish(local, "v1")
    local.layout.blob_path(manifest.layers[0].digest).write_bytes(bytes(100))
    with pytest.raises(ContentMismatch, match="something else"):
        copy(local, connect(hostile.address), "v1", tag="v1")
    assert hostile.tags == {}


def test_a_manifest_of_an_index_can_stand_by_itself(source: MemoryRepository, local: LocalRepository) -> None:
    _, manifests = publish_index(source, "v1")
    copy(source, local, "v1", tag="v1")
    copy(source, local, manifests[0].digest)
    local.untag("v1")
    collect(local.layout, grace=0)
    assert local.load(manifests[0].digest) == manifests[0]
