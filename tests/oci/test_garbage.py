"""What is kept, what is removed, and what is large."""

import os
import time
from pathlib import Path

import pytest

from artifacts import attach, blob, publish, publish_index, store
from relgraph.oci.content import BytesSource
from relgraph.oci.copy import companion_tags
from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.errors import ContentMismatch
from relgraph.oci.garbage import Collected, collect, damaged, measure
from relgraph.oci.ingest import INGEST
from relgraph.oci.layout import Entry
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import push_bytes


def age(local: LocalRepository, seconds: float = 7200) -> None:
    """Let everything in the layout be old."""
    moment = time.time() - seconds
    for path in local.layout.path.rglob("*"):
        if path.is_file():
            os.utime(path, (moment, moment))


def held(local: LocalRepository) -> set[str]:
    return set(local.layout.digests())


def all_of(*manifests: Manifest) -> set[str]:
    return {digest for manifest in manifests for digest in (manifest.digest, *(child.digest for child in manifest.children))}


def test_what_a_name_leads_to_is_kept(local: LocalRepository) -> None:
    kept, dropped = publish(local, "v1"), publish(local, "v2", seed=1)
    index, manifests = publish_index(local, "v3", seed=2)
    local.untag("v2")
    age(local)
    removed = collect(local.layout)
    assert removed == Collected(3, len(dropped.raw) + 200, 0, 0)
    assert held(local) == all_of(kept, *manifests) | {index.digest}


def test_what_is_young_is_kept(local: LocalRepository) -> None:
    manifest = store(local)
    assert collect(local.layout) == Collected(0, 0, 0, 0)
    local.publish(manifest, "v1")
    assert collect(local.layout, grace=0).blobs == 0


def test_what_a_push_has_found_there_counts_as_young(local: LocalRepository) -> None:
    data = blob(50)
    layer = push_bytes(local, Descriptor.of("a/b", data), data)
    age(local)
    local.push(layer, BytesSource(data))
    assert collect(local.layout).blobs == 0


def test_what_refers_to_something_kept_is_kept(local: LocalRepository) -> None:
    kept, dropped = publish(local, "v1"), publish(local, "v2", seed=1)
    note = attach(local, kept.descriptor, seed=2)
    of_note = attach(local, note.descriptor, seed=3)
    orphan = attach(local, dropped.descriptor, seed=4)
    of_orphan = attach(local, orphan.descriptor, seed=5)
    local.untag("v2")
    age(local)
    assert collect(local.layout).entries == 2
    assert held(local) == all_of(kept, note, of_note)
    assert not held(local) & {orphan.digest, of_orphan.digest}
    assert [entry.digest for entry in local.referrers(kept.descriptor)] == [note.digest]


def test_what_cosign_keeps_beside_a_manifest_goes_with_it(local: LocalRepository) -> None:
    kept, dropped = publish(local, "v1"), publish(local, "v2", seed=1)
    signatures = []
    for manifest, seed in ((kept, 2), (dropped, 3)):
        signature = store(local, seed=seed)
        local.publish(signature, companion_tags(manifest.digest)[0])
        signatures.append(signature)
    local.untag("v2")
    age(local)
    collect(local.layout)
    assert held(local) == all_of(kept, signatures[0])


def test_what_stands_in_the_index_by_itself_is_kept_unless_told_otherwise(local: LocalRepository) -> None:
    alone = publish(local)
    named = publish(local, seed=1)
    foreign = Entry(named.descriptor._replace(annotations={"org.opencontainers.image.ref.name": "not a tag"}))
    local.layout.update(lambda entries: [entries[0], foreign])
    age(local)
    assert collect(local.layout).blobs == 0
    assert collect(local.layout, untagged=True).entries == 1
    assert held(local) == all_of(named)
    assert alone.digest not in held(local)


def test_a_dry_run_says_and_does_not(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    age(local)
    would = collect(local.layout, dry_run=True, without=[("acme/web", "v1")])
    assert would.blobs == len(all_of(manifest))
    assert held(local) == all_of(manifest)
    assert list(local.tags()) == ["v1"]


def test_leftovers_of_transfers_go_when_they_are_old(local: LocalRepository) -> None:
    folder = local.layout.private / INGEST
    folder.mkdir(exist_ok=True)
    (folder / "old.part").write_bytes(b"x")
    age(local)
    (folder / "young.part").write_bytes(b"x")
    assert collect(local.layout).leftovers == 1
    assert [item.name for item in folder.iterdir()] == ["young.part"]


def test_a_manifest_that_cannot_be_read_stops_everything(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    publish(local, "v2", seed=1)
    local.untag("v2")
    local.layout.blob_path(manifest.digest).write_bytes(b"{}")
    local.layout._documents.clear()
    age(local)
    before = held(local)
    with pytest.raises(ContentMismatch):
        collect(local.layout)
    assert held(local) == before


def test_names_are_given_up_before_content(local: LocalRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = publish(local, "v1")
    orphan = attach(local, store(local, seed=5).descriptor)
    age(local)

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(KeyboardInterrupt):
        collect(local.layout)
    assert [entry.descriptor.digest for entry in local.layout.entries()] == [manifest.digest]
    assert orphan.digest in held(local)


def test_sizes_say_what_each_name_holds_alone(local: LocalRepository) -> None:
    one = publish(local, "v1")
    two = Manifest.make(EMPTY, [*one.layers, push_bytes(local, Descriptor.of("a/b", blob(500, 7)), blob(500, 7))])
    local.publish(two, "v2")
    unused = push_bytes(local, Descriptor.of("a/b", blob(70)), blob(70))
    sizes = measure(local.layout)
    assert (sizes.unused_blobs, sizes.unused_bytes) == (1, unused.size)
    assert sizes.bytes == 202 + 500 + 70 + len(one.raw) + len(two.raw)
    assert [(item.tag, item.bytes, item.own) for item in sizes.tags] == [
        ("v1", 202 + len(one.raw), len(one.raw)),
        ("v2", 702 + len(two.raw), 500 + len(two.raw)),
    ]


def test_damage_is_found_and_can_be_repaired(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    layer = manifest.layers[0]
    assert damaged(local.layout) == []
    local.layout.blob_path(layer.digest).write_bytes(bytes(layer.size))
    assert damaged(local.layout) == [layer.digest]
    assert damaged(local.layout, remove=True) == [layer.digest]
    publish(local, "v1")
    assert damaged(local.layout) == []
