"""Layouts as tars: for the way to where no registry is, and from strangers."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from artifacts import attach, blob, publish, publish_index, store
from relgraph.errors import RelgraphError
from relgraph.oci.archive import Exported, Imported, export_layout, import_layout
from relgraph.oci.bounds import Bounds
from relgraph.oci.copy import companion_tags
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound, TagExists, UnsafeArchive
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.storage import push_bytes, read_blob

MARKER = b'{"imageLayoutVersion":"1.0.0"}'
EMPTY_INDEX = b'{"schemaVersion":2,"manifests":[]}'


@pytest.fixture
def target(tmp_path: Path) -> Layout:
    """Another layout."""
    return Layout(tmp_path / "target", create=True)


def take(layout: Layout, path: Path) -> Imported:
    with path.open("rb") as file:
        return import_layout(layout, file)


def packed(*members: "tuple[str, bytes] | tarfile.TarInfo") -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    file.seek(0)
    return file


def test_everything_travels(local: LocalRepository, target: Layout, tmp_path: Path) -> None:
    manifest = publish(local, "v1", size=1000)
    index, _ = publish_index(local, "v2", seed=1)
    note = attach(local, manifest.descriptor, seed=50)
    of_note = attach(local, note.descriptor, seed=51)
    signature = store(local, seed=52)
    local.publish(signature, companion_tags(manifest.digest)[0])
    done = export_layout(local.layout, tmp_path / "carry.tar")
    assert (done.tags, done.untagged, done.blobs) == (3, 2, len(list(local.layout.digests())))
    assert take(target, tmp_path / "carry.tar") == Imported(3, done.blobs, done.bytes)
    there = LocalRepository(target, "acme/web")
    assert there.load("v1") == manifest
    assert there.load("v2") == index
    assert there.load(companion_tags(manifest.digest)[0]) == signature
    assert [entry.digest for entry in there.referrers(manifest.descriptor)] == [note.digest]
    assert [entry.digest for entry in there.referrers(note.descriptor)] == [of_note.digest]
    assert len(read_blob(there, manifest.layers[0], limit=1000)) == 1000
    assert take(target, tmp_path / "carry.tar").tags == 0


def test_a_selection_brings_what_belongs_to_it(local: LocalRepository, target: Layout, tmp_path: Path) -> None:
    index, manifests = publish_index(local, "v1")
    publish(local, "v2", seed=9)
    note = attach(local, manifests[0].descriptor, seed=50)
    signature = store(local, seed=51)
    local.publish(signature, companion_tags(index.digest)[0])
    export_layout(local.layout, tmp_path / "carry.tar", [("acme/web", "v1")])
    take(target, tmp_path / "carry.tar")
    there = LocalRepository(target, "acme/web")
    assert list(there.tags()) == sorted([companion_tags(index.digest)[0], "v1"])
    assert [entry.digest for entry in there.referrers(manifests[0].descriptor)] == [note.digest]
    export_layout(local.layout, tmp_path / "digest.tar", [("acme/web", manifests[1].digest)])
    other = Layout(tmp_path / "other", create=True)
    take(other, tmp_path / "digest.tar")
    assert LocalRepository(other).load(manifests[1].digest) == manifests[1]


def test_the_same_content_gives_the_same_bytes(local: LocalRepository, target: Layout, tmp_path: Path) -> None:
    publish(local, "v1")
    publish(local, "v2", seed=1)
    export_layout(local.layout, tmp_path / "one.tar")
    other = LocalRepository(target, "acme/web")
    publish(other, "v2", seed=1)
    publish(other, "v1")
    export_layout(target, tmp_path / "two.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_every_tool_reads_the_archive(local: LocalRepository, tmp_path: Path) -> None:
    manifest = publish(local, "v1")
    long = Descriptor("a/b", digest_of(blob(10), "sha512"), 10)
    push_bytes(local, long, blob(10))
    local.layout.update(lambda entries: [*entries, entries[0]._replace(descriptor=long, tag="v2")])
    assert export_layout(local.layout, tmp_path / "carry.tar") == Exported(2, 0, 5, 212 + len(manifest.raw))
    with tarfile.open(tmp_path / "carry.tar") as archive:
        members = {member.name: member for member in archive}
        assert list(members)[:2] == ["oci-layout", "index.json"]
        assert all(member.mode == 0o644 and member.mtime == 0 and member.uid == 0 for member in members.values())
        found = archive.extractfile(f"blobs/sha256/{manifest.digest.hex}")
        assert found is not None
        assert found.read() == manifest.raw
        assert f"blobs/sha512/{long.digest.hex}" in members


def test_a_compressed_archive_is_taken(local: LocalRepository, target: Layout, tmp_path: Path) -> None:
    manifest = publish(local, "v1")
    export_layout(local.layout, tmp_path / "carry.tar")
    import_layout(target, io.BytesIO(gzip.compress((tmp_path / "carry.tar").read_bytes())))
    assert LocalRepository(target, "acme/web").load("v1") == manifest


def test_what_is_missing_is_not_exported(local: LocalRepository, tmp_path: Path) -> None:
    manifest = publish(local, "v1")
    with pytest.raises(NotFound):
        export_layout(local.layout, tmp_path / "carry.tar", [("acme/web", "v9")])
    local.layout.blob_path(manifest.layers[0].digest).unlink()
    with pytest.raises(NotFound):
        export_layout(local.layout, tmp_path / "carry.tar")
    assert not (tmp_path / "carry.tar").exists()


def test_damaged_content_is_not_exported(local: LocalRepository, tmp_path: Path) -> None:
    manifest = publish(local, "v1")
    local.layout.blob_path(manifest.layers[0].digest).write_bytes(bytes(100))
    with pytest.raises(ContentMismatch):
        export_layout(local.layout, tmp_path / "carry.tar")
    assert [item.name for item in tmp_path.iterdir()] == ["layout"]


def test_a_name_with_other_content_refuses_all_names(local: LocalRepository, target: Layout, tmp_path: Path) -> None:
    there = LocalRepository(target, "acme/web")
    mine = publish(there, "v2", seed=9)
    publish(local, "v1")
    publish(local, "v2", seed=1)
    export_layout(local.layout, tmp_path / "carry.tar")
    with pytest.raises(TagExists, match="acme/web:v2"):
        take(target, tmp_path / "carry.tar")
    assert list(there.tags()) == ["v2"]
    assert there.load("v2") == mine


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def index(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"schemaVersion": 2, "manifests": list(entries)}).encode()


LAYER = blob(10)
ENTRY = Descriptor.of("a/b", LAYER).to_json()


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ([], InvalidContent),
        ([("oci-layout", MARKER)], InvalidContent),
        ([("index.json", EMPTY_INDEX)], InvalidContent),
        ([("oci-layout", b"{}"), ("index.json", EMPTY_INDEX)], InvalidContent),
        ([("oci-layout", MARKER), ("index.json", b"{")], InvalidContent),
        ([("oci-layout", MARKER), ("index.json", EMPTY_INDEX), ("index.json", EMPTY_INDEX)], UnsafeArchive),
        ([("oci-layout", MARKER), ("index.json", EMPTY_INDEX), ("../evil", b"x")], UnsafeArchive),
        ([("oci-layout", MARKER), ("index.json", EMPTY_INDEX), ("/etc/evil", b"x")], UnsafeArchive),
        ([("blobs/sha256/../../evil", b"x")], UnsafeArchive),
        ([("blobs/sha256/" + "a" * 64 + "/x", b"x")], UnsafeArchive),
        ([("blobs/md5/" + "a" * 32, b"x")], UnsafeArchive),
        ([("blobs/sha256/" + "a" * 64, b"x")], ContentMismatch),
        ([link("index.json", "/etc/passwd")], UnsafeArchive),
        ([link("blobs/sha256/" + "a" * 64, "../../index.json", tarfile.LNKTYPE)], UnsafeArchive),
        ([("oci-layout", MARKER), ("index.json", index(ENTRY))], NotFound),
        (
            [("oci-layout", MARKER), ("index.json", index(ENTRY | {"size": 9})), (f"blobs/sha256/{digest_of(LAYER).hex}", LAYER)],
            InvalidContent,
        ),
    ],
)
def test_an_archive_of_a_stranger_is_not_believed(target: Layout, members: Any, error: type[RelgraphError], tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(error):
        import_layout(target, packed(*members))
    after = sorted(path.name for path in tmp_path.rglob("*") if path.name != "ingest")
    assert [name for name in after if name != digest_of(LAYER).hex] == [name for name in before if name != "ingest"]
    assert target.entries() == []


def test_what_docker_adds_is_passed_over(target: Layout) -> None:
    members = [("./oci-layout", MARKER), ("manifest.json", b"[]"), ("repositories", b"{}"), ("./index.json", EMPTY_INDEX)]
    folder = tarfile.TarInfo("blobs/")
    folder.type = tarfile.DIRTYPE
    assert import_layout(target, packed(folder, *members)).tags == 0


def test_a_bomb_is_not_unpacked(target: Layout) -> None:
    data = bytes(70 << 20)
    bomb = gzip.compress(packed((f"blobs/sha256/{digest_of(data).hex}", data)).getvalue(), 9)
    with pytest.raises(UnsafeArchive, match="grows"):
        import_layout(target, io.BytesIO(bomb))
    with pytest.raises(UnsafeArchive, match="more than the 1000"):
        import_layout(target, io.BytesIO(bomb), Bounds(total=1000))
    with pytest.raises(UnsafeArchive, match="entries allowed"):
        import_layout(target, packed(*[(f"blobs/sha256/{digest_of(b'x').hex}", b"x")] * 3), Bounds(entries=2))
    assert list((target.private / "ingest").iterdir()) == []


def test_an_archive_that_ends_early_names_nothing(local: LocalRepository, target: Layout, tmp_path: Path) -> None:
    publish(local, "v1", size=5000)
    export_layout(local.layout, tmp_path / "carry.tar")
    data = (tmp_path / "carry.tar").read_bytes()
    for size in (0, 100, 700, 5000, 9000):
        with pytest.raises(RelgraphError):
            import_layout(target, io.BytesIO(data[:size]))
    assert target.entries() == []
