"""Files, bundles and Flux artifacts."""

import io
import json
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.oci.codecs import bundle, flux, generic
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.codec import Form, Options
from relgraph.oci.codecs.registry import CODECS, by_name, codec_of
from relgraph.oci.codecs.tree import Entry, Kind, Tree, tree_of
from relgraph.oci.descriptor import EMPTY, TITLE, Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import InvalidContent
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import read_blob

_THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _manifest(made: Artifact) -> Manifest:
    assert isinstance(made.root, Manifest)
    return made.root


def _archive(made: Artifact, layer: int = 0) -> Mapping[str, bytes]:
    data = read_blob(made, _manifest(made).layers[layer], limit=1 << 20)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        return {member.name: (archive.extractfile(member) or io.BytesIO()).read() for member in archive}


def _folder(tmp_path: Path) -> Path:
    root = tmp_path / "conf"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.txt").write_bytes(b"a")
    (root / "b.txt").write_bytes(b"b")
    return root


def test_files_are_layers_with_their_names(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(b"{}\n")
    (tmp_path / "two").write_bytes(b"2")
    options = Options(
        artifact_type="application/vnd.example.config",
        media_types={"one.json": "application/json"},
        created=_THEN,
        annotations={"team": "x"},
    )
    made = generic.encode((tmp_path / "one.json", tmp_path / "two"), options)
    manifest = json.loads(made.root.raw)
    assert list(manifest) == ["schemaVersion", "mediaType", "artifactType", "config", "layers", "annotations"]
    assert manifest["artifactType"] == "application/vnd.example.config"
    assert manifest["config"] == {**EMPTY.to_json(), "data": "e30="}
    assert [(layer["mediaType"], layer["annotations"][TITLE]) for layer in manifest["layers"]] == [
        ("application/json", "one.json"),
        ("application/vnd.oci.image.layer.v1.tar", "two"),
    ]
    assert manifest["annotations"] == {"org.opencontainers.image.created": "2026-01-02T03:04:05Z", "team": "x"}


def test_a_folder_travels_as_an_archive_that_oras_unpacks(tmp_path: Path) -> None:
    made = generic.encode((_folder(tmp_path),), Options())
    layer = _manifest(made).layers[0]
    assert layer.media_type == "application/vnd.oci.image.layer.v1.tar+gzip"
    assert layer.annotations["io.deis.oras.content.unpack"] == "true"
    assert _archive(made) == {"conf/b.txt": b"b", "conf/sub": b"", "conf/sub/a.txt": b"a"}
    (part,) = generic.decode(made, _manifest(made))
    assert part.form is Form.TAR_GZIP
    assert part.content == layer.annotations["io.deis.oras.content.digest"]


def test_without_a_time_nothing_depends_on_when_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"f")
    assert "annotations" not in json.loads(generic.encode((tmp_path / "f",), Options()).root.raw)


def test_what_cannot_be_an_artifact_is_named(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"f")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f").write_bytes(b"g")
    with pytest.raises(UsageError, match="at least one file"):
        generic.encode((), Options())
    with pytest.raises(UsageError, match="two files would be named 'f'"):
        generic.encode((tmp_path / "f", tmp_path / "sub" / "f"), Options())
    with pytest.raises(UsageError, match="no media type"):
        generic.encode((tmp_path / "f",), Options(artifact_type="config"))
    with pytest.raises(EnvironmentFailure, match="no such file"):
        generic.encode((tmp_path / "absent",), Options())
    (tmp_path / "sub" / "link").symlink_to("f")
    with pytest.raises(DeclarationError, match="link: a symbolic link to 'f'"):
        generic.encode((tmp_path / "sub",), Options())


def test_parts_are_named_by_title_or_digest() -> None:
    named = Descriptor.of("text/plain", b"a", annotations={TITLE: "a.txt"})
    bare = Descriptor.of("text/plain", b"b")
    parts = generic.titled_parts(Manifest.make(EMPTY, [named, bare, EMPTY]))
    assert [part.path for part in parts] == ["a.txt", f"sha256-{bare.digest.hex}"]


def test_two_contents_under_one_name_are_refused() -> None:
    layers = [Descriptor.of("text/plain", data, annotations={TITLE: "a.txt"}) for data in (b"a", b"b")]
    with pytest.raises(InvalidContent, match="two layers have the title"):
        generic.titled_parts(Manifest.make(EMPTY, layers))


def test_a_bundle_is_one_folder(tmp_path: Path) -> None:
    made = bundle.encode((_folder(tmp_path),), Options())
    assert _manifest(made).artifact_type == "application/vnd.relgraph.bundle.v1"
    assert _archive(made) == {"conf/b.txt": b"b", "conf/sub": b"", "conf/sub/a.txt": b"a"}
    assert [part.path for part in bundle.decode(made, _manifest(made))] == [""]
    assert _archive(bundle.encode((tmp_path / "conf",), Options(name="other"))).keys() == {
        "other/b.txt",
        "other/sub",
        "other/sub/a.txt",
    }


def test_a_bundle_from_memory_and_from_a_folder_are_one(tmp_path: Path) -> None:
    root = tmp_path / "conf"
    root.mkdir()
    (root / "b.txt").write_bytes(b"b")
    assert bundle.encode((root,), Options()).root.digest == bundle.bundle(tree_of({"b.txt": b"b"}), "conf").root.digest


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="without files"):
        bundle.bundle(tree_of({}), "x")
    for name in ("", "a/b", ".."):
        with pytest.raises(UsageError, match="cannot be the name"):
            bundle.bundle(tree_of({"a": b""}), name)
    with pytest.raises(UsageError, match="one folder"):
        bundle.encode((tmp_path, tmp_path), Options())
    good = _manifest(bundle.bundle(tree_of({"a": b""}), "x"))
    for layers in ((), good.layers * 2, (good.layers[0].bare,)):
        with pytest.raises(InvalidContent):
            bundle.decode(MemoryRepository(), Manifest.make(EMPTY, layers, artifact_type=bundle.TYPE))


def test_a_flux_artifact_has_the_config_of_an_image_without_one() -> None:
    made = flux.artifact_of(tree_of({"ns.yaml": b"kind: Namespace\n", ".git/HEAD": b"ref"}), Options(annotations={"a": "b"}))
    manifest = _manifest(made)
    config = json.loads(read_blob(made, manifest.config, limit=1000))
    assert manifest.config.size == 233
    assert config["architecture"] == ""
    data = read_blob(made, manifest.layers[0], limit=1000)
    import gzip

    assert config["rootfs"]["diff_ids"] == [digest_of(gzip.decompress(data))]
    assert _archive(made) == {"ns.yaml": b"kind: Namespace\n"}
    assert manifest.artifact_type == ""
    assert flux.decode(made, manifest)[0].form is Form.TAR_GZIP


def test_flux_leaves_links_out() -> None:
    tree = Tree.of([*tree_of({"a": b"a"}).entries, Entry("l", Kind.LINK, 0o777, target="a")])
    assert _archive(flux.artifact_of(tree)).keys() == {"a"}


def test_a_static_flux_artifact_is_a_file() -> None:
    layer = Descriptor.of("application/vnd.cncf.flux.content.v1.json", b"{}")
    manifest = Manifest.make(Descriptor.of(flux.CONFIG, b"{}"), [layer])
    assert flux.decode(MemoryRepository(), manifest) == (("content.json", layer, Form.FILE, ""),)
    with pytest.raises(InvalidContent, match="cannot be text/plain"):
        flux.decode(MemoryRepository(), Manifest.make(manifest.config, [Descriptor.of("text/plain", b"")]))
    with pytest.raises(InvalidContent, match="has a layer"):
        flux.decode(MemoryRepository(), Manifest.make(manifest.config, []))


def test_an_artifact_is_stored_whole_and_read_back() -> None:
    made = bundle.bundle(tree_of({"a": b"a"}), "x")
    repository = MemoryRepository()
    descriptor = made.push_to(repository)
    repository.tag(descriptor, "v1")
    assert repository.resolve("v1").digest == made.root.digest
    assert made.size == sum(len(data) for data in repository.blobs.values())
    assert made.exists(EMPTY)
    assert not made.exists(Descriptor.of("text/plain", b"other"))


def test_every_codec_is_found_by_its_name_and_by_what_it_makes() -> None:
    assert list(CODECS) == ["helm", "image", "rootfs", "bundle", "flux", "cue", "artifact"]
    assert by_name("bundle") is bundle.CODEC
    with pytest.raises(UsageError, match="no such type: zip"):
        by_name("zip")
    assert codec_of(bundle.bundle(tree_of({"a": b"a"}), "x").root) is bundle.CODEC
    assert codec_of(flux.artifact_of(tree_of({"a": b"a"})).root) is flux.CODEC
    assert codec_of(Manifest.make(EMPTY, [], artifact_type="application/x")) is generic.CODEC
    assert codec_of(Index.make([])).name == "image"
