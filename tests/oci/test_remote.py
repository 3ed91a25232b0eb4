"""Referrers without an API, tags that move between requests, and what a publication costs."""

import json
import threading

import pytest

from artifacts import Open, attach, publish, store
from hostile_registry import INDEX, MANIFEST, Exchange, HostileRegistry, answered
from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import InvalidContent, NotFound, RegistryFailure, TagMoved
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.remote import RemoteRepository, fallback_tag


def listed(repository: RemoteRepository, subject: Descriptor, artifact_type: str = "") -> list[tuple[str, str]]:
    return [(entry.digest, entry.artifact_type) for entry in repository.referrers(subject, artifact_type)]


def test_pushing_again_costs_one_request(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    manifest = publish(remote, "v1")
    hostile.seen.clear()
    remote.publish(manifest, "v1")
    assert [seen.method for seen in hostile.seen] == ["HEAD"]


def test_the_fallback_tag_has_bounded_parts() -> None:
    assert fallback_tag(digest_of(b"x")) == "sha256-" + digest_of(b"x").hex
    assert len(fallback_tag(digest_of(b"x", "sha512"))) == len("sha512-") + 64


@pytest.mark.parametrize("status", [404, 400, 405, 406])
def test_without_an_api_the_fallback_is_read_and_written(hostile: HostileRegistry, remote: RemoteRepository, status: int) -> None:
    hostile.referrers = False
    hostile.fault("GET", "/referrers/", answered(status))
    manifest = publish(remote, "v1")
    note = attach(remote, manifest.descriptor)
    tag = fallback_tag(manifest.digest)
    index = json.loads(hostile.data[hostile.tags["acme/web", tag]])
    assert index == {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {"mediaType": MANIFEST, "digest": note.digest, "size": len(note.raw), "artifactType": "application/vnd.example.note"}
        ],
    }
    assert listed(remote, manifest.descriptor) == [(note.digest, "application/vnd.example.note")]


def test_with_an_api_no_fallback_is_written(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    manifest = publish(remote, "v1")
    attach(remote, manifest.descriptor)
    assert list(hostile.tags) == [("acme/web", "v1")]


def test_an_api_that_fails_is_no_reason_for_the_fallback(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    manifest = publish(remote, "v1")
    hostile.fault("GET", "/referrers/", answered(500))
    with pytest.raises(RegistryFailure):
        listed(remote, manifest.descriptor)
    hostile.fault("GET", "/referrers/", answered(200, b'{"schemaVersion":2,"config":{}}'))


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"schemaVersion":2,"manifests":[{"digest":"sha256:../x"}]}'])
def test_a_list_that_is_malformed_is_refused(hostile: HostileRegistry, remote: RemoteRepository, body: bytes) -> None:
    hostile.fault("GET", "/referrers/", answered(200, body))
    with pytest.raises(InvalidContent):
        listed(remote, EMPTY)


def test_an_api_that_does_not_filter_is_filtered(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    entries = [
        Descriptor.of(MANIFEST, b"1", artifact_type="a/b"),
        Descriptor.of(MANIFEST, b"2", artifact_type="c/d"),
        Descriptor.of(MANIFEST, b"1", artifact_type="a/b"),
    ]
    hostile.fault("GET", "/referrers/", answered(200, Index.make(entries).raw))
    assert listed(remote, EMPTY, "a/b") == [(entries[0].digest, "a/b")]


def test_pages_of_referrers_are_followed(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    first, second = (Descriptor.of(MANIFEST, data, artifact_type="a/b") for data in (b"1", b"2"))
    link = {"Link": f'</v2/acme/web/referrers/{EMPTY.digest}?page=2>; rel="next"'}
    hostile.fault("GET", "page=2", answered(200, Index.make([second]).raw))
    hostile.fault("GET", "/referrers/", answered(200, Index.make([first]).raw, link))
    assert listed(remote, EMPTY) == [(first.digest, "a/b"), (second.digest, "a/b")]


def test_a_type_that_old_tools_wrote_is_looked_up(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    # docker/buildx#4010: the media type of the config stands where the artifact type belongs.
    hostile.referrers = False
    manifest = publish(remote, "v1")
    note = attach(remote, manifest.descriptor)
    gone = Descriptor.of(MANIFEST, b"gone", artifact_type=EMPTY.media_type)
    entry = note.descriptor._replace(artifact_type=EMPTY.media_type)
    hostile.add_manifest("acme/web", Index.make([entry, gone]).raw, fallback_tag(manifest.digest), INDEX)
    assert listed(remote, manifest.descriptor) == [
        (note.digest, "application/vnd.example.note"),
        (gone.digest, EMPTY.media_type),
    ]
    assert listed(remote, manifest.descriptor, "application/vnd.example.note") == [(note.digest, "application/vnd.example.note")]


def test_something_else_under_the_fallback_tag_lists_nothing(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.referrers = False
    manifest = publish(remote, "v1")
    hostile.add_manifest("acme/web", manifest.raw, fallback_tag(manifest.digest))
    assert listed(remote, manifest.descriptor) == []


def test_another_writer_is_not_overwritten_silently(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.referrers = False
    manifest = publish(remote, "v1")
    tag = fallback_tag(manifest.digest)
    other = Manifest.make(EMPTY, [], artifact_type="o/p", subject=manifest.descriptor)
    entry = other.descriptor._replace(artifact_type="o/p")

    def interfere(exchange: Exchange) -> None:
        # Somebody writes a list of their own right after ours.
        hostile.add_manifest("acme/web", other.raw)
        exchange.body()
        hostile.add_manifest("acme/web", Index.make([entry]).raw, tag, INDEX)
        exchange.send(201)

    hostile.fault("PUT", f"/manifests/{tag}", interfere, times=2)
    note = attach(remote, manifest.descriptor)
    assert set(listed(remote, manifest.descriptor)) == {(note.digest, "application/vnd.example.note"), (other.digest, "o/p")}


def test_writers_that_are_always_faster_are_told_of(
    hostile: HostileRegistry, remote: RemoteRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile.referrers = False
    monkeypatch.setattr("relgraph.effects.clock.sleep", lambda _: None)
    manifest = publish(remote, "v1")
    hostile.fault("PUT", f"/manifests/{fallback_tag(manifest.digest)}", answered(201))
    with pytest.raises(RegistryFailure, match="other writers were faster"):
        attach(remote, manifest.descriptor)


def test_many_attach_at_once(hostile: HostileRegistry, connect: Open) -> None:
    hostile.referrers = False
    repository = connect(hostile.address)
    manifest = publish(repository, "v1")
    threads = [threading.Thread(target=attach, args=(repository, manifest.descriptor), kwargs={"seed": seed}) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(listed(repository, manifest.descriptor)) == 6


def test_a_referrer_that_was_stored_but_not_listed_is_listed_by_the_next_run(
    hostile: HostileRegistry, remote: RemoteRepository
) -> None:
    hostile.referrers = False
    manifest = publish(remote, "v1")
    note = store(remote, layers=1, seed=9, subject=manifest.descriptor)
    hostile.add_manifest("acme/web", note.raw)  # as if the run had ended here
    assert listed(remote, manifest.descriptor) == []
    remote.publish(note)
    assert [digest for digest, _ in listed(remote, manifest.descriptor)] == [note.digest]


def test_of_two_that_replace_the_same_content_one_learns_of_it(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    first, second, third = publish(remote, "latest"), store(remote, seed=1), store(remote, seed=2)

    def overtaken(exchange: Exchange) -> None:
        exchange.body()
        hostile.add_manifest("acme/web", second.raw)
        hostile.add_manifest("acme/web", third.raw, "latest")
        exchange.send(201)

    hostile.fault("PUT", "/manifests/latest", overtaken)
    with pytest.raises(TagMoved) as caught:
        remote.publish(second, "latest", replacing=first.descriptor)
    assert (caught.value.before, caught.value.after) == (second.digest, third.digest)


def test_a_tag_that_moves_between_two_requests_changes_nothing(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    """What was resolved is fetched by its digest: the tag is not asked again."""
    first = publish(remote, "v1")
    descriptor = remote.resolve("v1")
    second = store(remote, seed=1)
    hostile.add_manifest("acme/web", second.raw, "v1")
    assert remote.load(descriptor.digest) == first
    assert remote.load("v1") == second


def test_a_manifest_is_fetched_once(hostile: HostileRegistry, connect: Open) -> None:
    writer, reader = connect(hostile.address), connect(hostile.address)
    manifest = publish(writer, "v1")
    reader.load("v1")
    hostile.seen.clear()
    for _ in range(3):
        with reader.fetch(manifest.descriptor) as content:
            content.read()
    assert hostile.seen == []


def test_what_is_not_there_names_registry_and_reference(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.add_blob("acme/web", EMPTY_BODY)
    for reference in ("v9", EMPTY.digest):
        with pytest.raises(NotFound) as caught:
            remote.load(reference)
        assert hostile.address in str(caught.value)
        assert reference in str(caught.value)


def test_whether_it_may_be_pushed_to_is_known_before_anything_is_pushed(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    remote.check_writable()
    assert [seen.method for seen in hostile.seen if "/uploads" in seen.path] == ["POST", "DELETE"]
    assert hostile.counted("PUT") == 0
    hostile.fault("POST", "/uploads", answered(403))
    with pytest.raises(RegistryFailure):
        remote.check_writable()
