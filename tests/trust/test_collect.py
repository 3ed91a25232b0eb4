"""What is fetched as signed material, and what is not taken for it."""

import pytest

from relgraph.oci.codecs.artifact import EMPTY_BLOB, Blob, blob_of
from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.errors import ContentMismatch, RegistryFailure
from relgraph.oci.manifest import Document, Index, Manifest
from relgraph.oci.memory import MemoryRepository
from relgraph.trust import collect as collecting
from relgraph.trust.bundle import MEDIA_TYPE
from relgraph.trust.collect import collect, companion_tag
from relgraph.trust.verdict import Role, Scheme
from trustworld import REPOSITORY, TrustWorld


@pytest.fixture
def world() -> TrustWorld:
    return TrustWorld()


def _refer(world: TrustWorld, *layers: Blob, artifact_type: str, config: Descriptor = EMPTY) -> Descriptor:
    for blob in (EMPTY_BLOB, *layers):
        world.repository.push(blob.descriptor, blob.source)
    manifest = Manifest.make(
        config, [layer.descriptor for layer in layers], artifact_type=artifact_type, subject=world.subject.bare
    )
    return world.repository.publish(manifest)


def test_nothing_is_nothing(world: TrustWorld) -> None:
    assert collect(world.repository, world.subject) == ()


def test_both_schemes_are_fetched(world: TrustWorld) -> None:
    world.sign("a", Scheme.TAG)
    world.sign("a", Scheme.BUNDLE)
    world.attest("https://example.com/own", {}, "a", Scheme.TAG)
    found = [(item.scheme, item.role, item.problem) for item in collect(world.repository, world.subject)]
    assert found == [(Scheme.BUNDLE, None, ""), (Scheme.TAG, Role.SIGNATURE, ""), (Scheme.TAG, Role.ATTESTATION, "")]
    assert len(collect(world.repository, world.subject, attestations=False)) == 2


def test_referrers_of_other_kinds_are_not_looked_at(world: TrustWorld) -> None:
    _refer(world, blob_of("text/plain", b"x"), artifact_type="application/spdx+json")
    assert collect(world.repository, world.subject) == ()


def test_a_bundle_whose_entry_has_lost_its_type_is_found(world: TrustWorld) -> None:
    layer = blob_of(MEDIA_TYPE, b"{}")
    config = Descriptor.of("application/vnd.oci.image.config.v1+json", b"{}")
    _refer(world, layer, artifact_type="", config=config)
    _refer(world, blob_of("text/plain", b"x"), artifact_type="", config=config)
    assert [(item.body, item.problem) for item in collect(world.repository, world.subject)] == [(b"{}", "")]


def test_what_is_listed_as_a_bundle_and_has_none_is_bad(world: TrustWorld) -> None:
    _refer(world, blob_of("text/plain", b"x"), artifact_type=MEDIA_TYPE)
    assert [item.problem for item in collect(world.repository, world.subject)] == ["it is listed as a bundle and has none"]


def test_an_index_is_no_bundle(world: TrustWorld) -> None:
    world.repository.publish(Index.make([], artifact_type=MEDIA_TYPE, subject=world.subject.bare))
    assert collect(world.repository, world.subject) == ()


def test_there_is_an_end_to_bundles(world: TrustWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_MOST_MANIFESTS", 2)
    for number in range(4):
        _refer(world, blob_of(MEDIA_TYPE, b"%d" % number), artifact_type=MEDIA_TYPE)
    assert [item.problem for item in collect(world.repository, world.subject)] == ["", "", "more than 2 bundles"]


def test_a_list_of_signatures_that_cannot_be_read_is_bad(world: TrustWorld) -> None:
    class Damaged(MemoryRepository):
        def load(self, reference: str) -> Document:
            raise ContentMismatch(f"{reference}: other bytes came", expected="a", actual="b")

    (found, _) = collect(Damaged(), world.subject)
    assert (found.role, found.problem) == (Role.SIGNATURE, f"{companion_tag(world.subject, Role.SIGNATURE)}: other bytes came")


def test_a_tag_that_names_an_index_holds_no_signatures(world: TrustWorld) -> None:
    world.repository.publish(Index.make([]), companion_tag(world.subject, Role.SIGNATURE))
    assert collect(world.repository, world.subject) == ()


def test_a_missing_payload_is_bad_not_absent(world: TrustWorld) -> None:
    done = world.sign("a", Scheme.TAG)
    document = world.repository.load(str(done.digest))
    assert isinstance(document, Manifest)
    del world.repository.blobs[document.layers[0].digest]
    assert "not found" in collect(world.repository, world.subject)[0].problem


def test_no_answer_is_not_the_answer_that_there_are_no_signatures(world: TrustWorld) -> None:
    class Down(MemoryRepository):
        def load(self, reference: str) -> Document:
            raise RegistryFailure(f"{REPOSITORY}: 503", status=503)

    down = Down(REPOSITORY)
    with pytest.raises(RegistryFailure):
        collect(down, world.subject)
