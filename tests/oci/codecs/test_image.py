"""Images: from root file systems, from docker save, from layouts."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.oci.codecs import image, rootfs
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.codec import Options
from relgraph.oci.codecs.files import open_files
from relgraph.oci.codecs.rootfs import Platform, parse_platform
from relgraph.oci.codecs.tree import tree_of
from relgraph.oci.content import BytesSource
from relgraph.oci.descriptor import REF_NAME, Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import read_blob

_AMD = Options(platform="linux/amd64")


def _config(made: Artifact) -> dict[str, Any]:
    assert isinstance(made.root, Manifest)
    value: dict[str, Any] = json.loads(read_blob(made, made.root.config, limit=1 << 20))
    return value


def _tar(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return out.getvalue()


def _saved(layers: Iterable[bytes], *, tags: tuple[str, ...] = ("web:1",)) -> dict[str, bytes]:
    """The files of an archive in the older form of docker save."""
    contents = list(layers)
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(c) for c in contents]}}
    )
    name = digest_of(config.encode()).hex + ".json"
    paths = [f"{digest_of(content).hex}/layer.tar" for content in contents]
    files = dict(zip(paths, contents, strict=True))
    manifest = [{"Config": name, "RepoTags": list(tags), "Layers": paths}]
    return {**files, name: config.encode(), "manifest.json": json.dumps(manifest).encode()}


def test_a_folder_becomes_an_image_of_one_layer(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "server").write_bytes(b"#!")
    (tmp_path / "bin" / "server").chmod(0o4755)
    (tmp_path / "sh").symlink_to("bin/server")
    config = BytesSource(b'{"Entrypoint": ["/bin/server"], "Env": ["A=b"]}')
    options = Options(platform="linux/arm64/v8", config=config, created=datetime(2026, 1, 2, tzinfo=UTC), annotations={"a": "b"})
    made = rootfs.encode((tmp_path,), options)
    assert isinstance(made.root, Manifest)
    data = read_blob(made, made.root.layers[0], limit=1 << 20)
    assert _config(made) == {
        "created": "2026-01-02T00:00:00Z",
        "architecture": "arm64",
        "os": "linux",
        "variant": "v8",
        "config": {"Env": ["A=b"], "Entrypoint": ["/bin/server"]},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(gzip.decompress(data))]},
        "history": [{"created": "2026-01-02T00:00:00Z", "created_by": "relgraph"}],
    }
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert {m.name: (m.mode, m.uid) for m in archive}["bin/server"] == (0o4755, 0)
    assert made.root.annotations == {"a": "b"}


def test_a_tar_stays_what_it_is_whether_it_was_compressed_or_not(tmp_path: Path) -> None:
    content = _tar({"etc/os-release": b"ID=x\n"})
    (tmp_path / "root.tar").write_bytes(content)
    (tmp_path / "root.tar.gz").write_bytes(gzip.compress(content, 1))
    plain, packed = (rootfs.encode((tmp_path / name,), _AMD) for name in ("root.tar", "root.tar.gz"))
    assert plain.root.digest == packed.root.digest
    assert _config(plain)["rootfs"]["diff_ids"] == [digest_of(content)]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a", b"", "not a tar"),
        ("a", b"x" * 1000, "not a tar"),
        ("a.gz", gzip.compress(b"x" * 1000), "not a tar"),
        ("a.gz", b"\x1f\x8b broken", "a.gz"),
        ("a.gz", gzip.compress(_tar({"a": b""}))[:-8], "ended"),
    ],
)
def test_what_is_no_tar_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((DeclarationError, EnvironmentFailure), match=reason):
        rootfs.encode((tmp_path / name,), _AMD)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (b"[]", "not a JSON object"),
        (b"{", "not JSON"),
        (b'{"Entrypiont": []}', "'Entrypiont' is no field"),
        (b'{"a":1,"a":2}', "twice"),
    ],
)
def test_a_config_that_is_none_is_refused(tmp_path: Path, config: bytes, reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        rootfs.encode((tmp_path,), _AMD._replace(config=BytesSource(config)))


def test_a_whole_image_config_may_be_given(tmp_path: Path) -> None:
    given = BytesSource(b'{"os": "linux", "config": {"Cmd": ["x"]}}')
    assert _config(rootfs.encode((tmp_path,), _AMD._replace(config=given)))["config"] == {"Cmd": ["x"]}


def test_platforms() -> None:
    assert parse_platform("linux/arm/v7") == Platform("linux", "arm", "v7")
    assert str(parse_platform("linux/amd64")) == "linux/amd64"
    assert Platform("linux", "arm", "v7").fields == {"architecture": "arm", "os": "linux", "variant": "v7"}
    for text in ("", "linux", "linux/", "a/b/c/d", "linux/am d"):
        with pytest.raises(UsageError):
            parse_platform(text)


def test_an_image_without_a_platform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a platform"):
        rootfs.encode((tmp_path,), Options())
    with pytest.raises(UsageError, match="one folder or one tar"):
        rootfs.encode((), _AMD)


def test_layers_are_put_together_without_a_daemon() -> None:
    layers = [rootfs.tree_layer(tree_of({"a": b"1"}), prefix="opt/", comment="base"), rootfs.tree_layer(tree_of({"b": b"2"}))]
    made = rootfs.image_of(layers, Platform("linux", "amd64"), run={}, options=Options())
    assert _config(made)["history"] == [{"created_by": "relgraph", "comment": "base"}, {"created_by": "relgraph"}]
    made.push_to(MemoryRepository())


@pytest.mark.parametrize("folder", [True, False])
def test_an_archive_of_docker_save_becomes_an_image(tmp_path: Path, folder: bool) -> None:
    layers = [_tar({"a": b"a"}), _tar({"b": b"b"}), _tar({"a": b"a"})]
    files = _saved(layers)
    if folder:
        for path, data in files.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(data)
        source = tmp_path
    else:
        source = tmp_path / "saved.tar"
        source.write_bytes(_tar(files))
    made = image.encode((source,), Options())
    assert isinstance(made.root, Manifest)
    assert [gzip.decompress(read_blob(made, layer, limit=1 << 20)) for layer in made.root.layers] == layers
    config = read_blob(made, made.root.config, limit=1 << 20)
    assert digest_of(config).hex + ".json" in files
    made.push_to(MemoryRepository())


def test_a_layer_that_is_compressed_already_stays_as_it_is(tmp_path: Path) -> None:
    content = _tar({"a": b"a"})
    files = _saved([content])
    path = next(name for name in files if name.endswith("layer.tar"))
    packed = gzip.compress(content, 1, mtime=7)
    (tmp_path / "saved.tar").write_bytes(_tar({**files, path: packed}))
    made = image.encode((tmp_path / "saved.tar",), Options())
    assert isinstance(made.root, Manifest)
    assert read_blob(made, made.root.layers[0], limit=1 << 20) == packed
    (tmp_path / "saved.tar").write_bytes(_tar({**files, path: gzip.compress(_tar({"a": b"evil"}))}))
    with pytest.raises(ContentMismatch):
        image.encode((tmp_path / "saved.tar",), Options())


def test_a_layer_that_is_a_link_to_another_is_followed(tmp_path: Path) -> None:
    files = _saved([_tar({"a": b"a"})])
    path = next(name for name in files if name.endswith("layer.tar"))
    moved = {("other/layer.tar" if name == path else name): data for name, data in files.items()}
    (tmp_path / "saved.tar").write_bytes(_tar(moved, {path: "../other/layer.tar"}))
    image.encode((tmp_path / "saved.tar",), Options())


def test_a_layer_other_than_the_config_promises_is_refused(tmp_path: Path) -> None:
    files = _saved([_tar({"a": b"a"})])
    path = next(name for name in files if name.endswith("layer.tar"))
    (tmp_path / "saved.tar").write_bytes(_tar({**files, path: _tar({"a": b"evil"})}))
    with pytest.raises(ContentMismatch, match=r"layer\.tar"):
        image.encode((tmp_path / "saved.tar",), Options())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"manifest.json": b"[]"}, "names no image"),
        ({"manifest.json": b"{}"}, "names no image"),
        ({"manifest.json": b'[{"Config":"absent","Layers":[]}]'}, "absent is missing"),
        ({"manifest.json": b'[{"Config":"../../etc/passwd","Layers":[]}]'}, "is missing"),
        ({"manifest.json": b'[{"Config":7}]'}, "has a Config and Layers"),
        (
            {"manifest.json": b'[{"Config":"c","Layers":["x"]}]', "c": b'{"rootfs":{"diff_ids":[]}}'},
            "knows 0 layers, the archive 1",
        ),
        ({"manifest.json": b'[{"Config":"c","Layers":[]}]', "c": b"{}"}, "no rootfs.diff_ids"),
        ({"manifest.json": b'[{"Config":"c","Layers":["x"]}]', "c": b'{"rootfs":{"diff_ids":["sha256:../x"]}}'}, "not a digest"),
        ({"manifest.json": b'[{"Config":"a"},{"Config":"b","RepoTags":["x:1"]}]'}, "2 images"),
        ({"manifest.json": b" " * (5 << 20)}, "more than the"),
    ],
)
def test_a_broken_archive_is_refused(tmp_path: Path, change: dict[str, bytes], reason: str) -> None:
    (tmp_path / "saved.tar").write_bytes(_tar({**_saved([]), **change}))
    with pytest.raises((InvalidContent, DeclarationError), match=reason):
        image.encode((tmp_path / "saved.tar",), Options())


def test_one_of_several_saved_images_is_selected_by_its_tag(tmp_path: Path) -> None:
    one, two = _saved([_tar({"a": b"1"})]), _saved([_tar({"a": b"2"})], tags=("db:2",))
    both = json.loads(one["manifest.json"]) + json.loads(two["manifest.json"])
    (tmp_path / "saved.tar").write_bytes(_tar({**one, **two, "manifest.json": json.dumps(both).encode()}))
    made = image.encode((tmp_path / "saved.tar",), Options(reference="db:2"))
    assert isinstance(made.root, Manifest)
    assert gzip.decompress(read_blob(made, made.root.layers[0], limit=1 << 20)) == _tar({"a": b"2"})
    with pytest.raises(DeclarationError, match="no image 'other:1'") as caught:
        image.encode((tmp_path / "saved.tar",), Options(reference="other:1"))
    assert caught.value.hint == "it has db:2, web:1"


def _layout(root: Path, made: Artifact, entries: list[Descriptor] | None = None) -> Path:
    repository = MemoryRepository()
    made.push_to(repository)
    for digest, data in repository.blobs.items():
        path = root / "blobs" / digest.algorithm / digest.hex
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "oci-layout").write_bytes(b'{"imageLayoutVersion":"1.0.0"}')
    (root / "index.json").write_bytes(Index.make(entries or [made.root.descriptor]).raw)
    return root


def _image(text: bytes) -> Artifact:
    return rootfs.image_of([rootfs.tree_layer(tree_of({"a": text}))], Platform("linux", "amd64"), run={}, options=Options())


def test_a_layout_keeps_every_digest(tmp_path: Path) -> None:
    one, two = _image(b"1"), _image(b"2")
    index = Index.make([one.root.descriptor._replace(platform={"os": "linux", "architecture": "amd64"}), two.root.descriptor])
    whole = Artifact((*one.blobs, *two.blobs), (one.root, two.root, index))
    made = image.encode((_layout(tmp_path, whole),), Options())
    assert made.root.raw == index.raw
    assert [document.digest for document in made.documents] == [one.root.digest, two.root.digest, index.digest]
    made.push_to(MemoryRepository())


def test_one_image_of_a_layout_is_selected(tmp_path: Path) -> None:
    one, two = _image(b"1"), _image(b"2")
    whole = Artifact((*one.blobs, *two.blobs), (one.root, two.root))
    entries = [made.root.descriptor._replace(annotations={REF_NAME: tag}) for made, tag in ((one, "v1"), (two, "v2"))]
    root = _layout(tmp_path, whole, entries)
    assert image.encode((root,), Options(reference="v2")).root.digest == two.root.digest
    assert image.encode((root,), Options(reference=str(one.root.digest))).root.digest == one.root.digest
    with pytest.raises(DeclarationError, match="2 images"):
        image.encode((root,), Options())
    with pytest.raises(DeclarationError, match="no image 'v3'"):
        image.encode((root,), Options(reference="v3"))


def test_a_layout_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    made = _image(b"1")
    root = _layout(tmp_path, made)
    assert isinstance(made.root, Manifest)
    manifest = root / "blobs" / "sha256" / made.root.digest.hex
    layer = root / "blobs" / "sha256" / made.root.layers[0].digest.hex
    layer.write_bytes(bytes(made.root.layers[0].size))
    with pytest.raises(ContentMismatch):
        image.encode((root,), Options()).push_to(MemoryRepository())
    layer.unlink()
    with pytest.raises(NotFound):
        image.encode((root,), Options())
    manifest.write_bytes(manifest.read_bytes().replace(b"{", b" "))
    with pytest.raises(ContentMismatch):
        image.encode((root,), Options())


def test_a_layout_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    made = _image(b"1")
    root = _layout(tmp_path / "layout", made)
    assert isinstance(made.root, Manifest)
    layer = root / "blobs" / "sha256" / made.root.layers[0].digest.hex
    outside = tmp_path / "outside"
    layer.rename(outside)
    layer.symlink_to(outside)
    with pytest.raises(NotFound):
        image.encode((root,), Options())


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="neither an OCI layout nor"):
        image.encode((tmp_path,), Options())
    (tmp_path / "x").write_bytes(b"no tar")
    with pytest.raises(InvalidContent, match="neither a folder nor a tar"):
        open_files(tmp_path / "x")
    with pytest.raises(EnvironmentFailure, match="No such file"):
        open_files(tmp_path / "absent")
    with pytest.raises(UsageError):
        image.encode((), Options())
