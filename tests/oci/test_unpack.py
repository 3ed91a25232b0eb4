"""The parts of artifacts as files."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from artifacts import blob
from relgraph.errors import EnvironmentFailure
from relgraph.oci.codecs.codec import Form, Part
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch, NotFound, UnsafeArchive
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import push_bytes
from relgraph.oci.unpack import FileExists, write_parts


@pytest.fixture
def store() -> MemoryRepository:
    """Where the parts are."""
    return MemoryRepository()


def file(store: MemoryRepository, path: str, data: bytes = b"content") -> Part:
    return Part(path, push_bytes(store, Descriptor.of("a/b", data), data))


def tar_bytes(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def folder(store: MemoryRepository, path: str, files: dict[str, bytes], *, content: bool = True) -> Part:
    plain = tar_bytes(files)
    packed = gzip.compress(plain, mtime=0)
    descriptor = push_bytes(store, Descriptor.of("a/b", packed), packed)
    return Part(path, descriptor, Form.TAR_GZIP, digest_of(plain) if content else "")


def found(where: Path) -> dict[str, bytes]:
    return {path.relative_to(where).as_posix(): path.read_bytes() for path in where.rglob("*") if path.is_file()}


def test_files_and_folders_are_written(store: MemoryRepository, tmp_path: Path) -> None:
    parts = [file(store, "a.txt"), file(store, "deep/er/b.txt", b"b"), folder(store, "conf", {"conf/x": b"1", "conf/y/z": b"2"})]
    paths = write_parts(store, parts, tmp_path / "out")
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == ["out/a.txt", "out/deep/er/b.txt", "out/conf"]
    assert found(tmp_path) == {
        "out/a.txt": b"content", "out/deep/er/b.txt": b"b", "out/conf/x": b"1", "out/conf/y/z": b"2"
    }  # fmt: skip


def test_what_is_whole_becomes_the_folder(store: MemoryRepository, tmp_path: Path) -> None:
    write_parts(store, [folder(store, "", {"x": b"1"})], tmp_path / "out")
    assert found(tmp_path) == {"out/x": b"1"}


def test_a_zip_is_unpacked(store: MemoryRepository, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("cue.mod/module.cue", "x")
    data = out.getvalue()
    part = Part("", push_bytes(store, Descriptor.of("a/b", data), data), Form.ZIP)
    write_parts(store, [part], tmp_path / "out")
    assert found(tmp_path) == {"out/cue.mod/module.cue": b"x"}


def test_what_is_there_already_stays(store: MemoryRepository, tmp_path: Path) -> None:
    parts = [file(store, "a.txt"), folder(store, "conf", {"conf/x": b"1"})]
    write_parts(store, parts, tmp_path)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*")}
    write_parts(store, parts, tmp_path)
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("name", "data"), [("a.txt", b"other!!"), ("a.txt", b"longer than it was"), ("conf/x", b"2"), ("conf/new", b"")]
)
def test_other_content_is_not_touched(store: MemoryRepository, tmp_path: Path, name: str, data: bytes) -> None:
    parts = [file(store, "a.txt"), folder(store, "conf", {"conf/x": b"1"})]
    write_parts(store, parts, tmp_path)
    (tmp_path / name).write_bytes(data)
    before = found(tmp_path)
    with pytest.raises(FileExists) as caught:
        write_parts(store, parts, tmp_path)
    assert caught.value.status == 1
    assert found(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_something_else_in_the_place_of_a_file_is_not_touched(store: MemoryRepository, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "a.txt"
    (tmp_path / "victim").write_bytes(b"precious")
    if kind == "folder":
        place.mkdir()
    elif kind == "link":
        place.symlink_to("victim")
    else:
        os.mkfifo(place)
    with pytest.raises(FileExists):
        write_parts(store, [file(store, "a.txt", b"evil1234")], tmp_path)
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_a_link_on_the_way_is_not_followed(store: MemoryRepository, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "d").symlink_to(tmp_path / "victim")
    for part in (file(store, "d/evil"), folder(store, "d/evil", {"x": b"1"})):
        with pytest.raises(EnvironmentFailure, match="cannot be written"):
            write_parts(store, [part], tmp_path / "out")
    assert list((tmp_path / "victim").iterdir()) == []


@pytest.mark.parametrize("path", ["../evil", "/evil", "a/../../evil", "", "a\\b", "C:x", "a\nb", "."])
@pytest.mark.parametrize("archive", [True, False])
def test_no_title_leads_elsewhere(store: MemoryRepository, tmp_path: Path, path: str, archive: bool) -> None:
    if archive and not path:
        return  # the whole
    part = folder(store, path, {"x": b"1"}) if archive else file(store, path)
    with pytest.raises((UnsafeArchive, EnvironmentFailure)):
        write_parts(store, [file(store, "good"), part], tmp_path / "deep" / "out")
    assert found(tmp_path) == {}


def test_titles_do_not_collide(store: MemoryRepository, tmp_path: Path) -> None:
    for names in (("a", "A"), ("a", "a/b"), ("x/y", "X/z")):
        with pytest.raises(UnsafeArchive):
            write_parts(store, [file(store, names[0], b"1"), file(store, names[1], b"2")], tmp_path)
    assert found(tmp_path) == {}


def test_wrong_content_leaves_nothing(store: MemoryRepository, tmp_path: Path) -> None:
    part = file(store, "a.txt", blob(1000))
    store.blobs[part.descriptor.digest] = bytes(1000)
    with pytest.raises(ContentMismatch):
        write_parts(store, [part], tmp_path)
    archive = folder(store, "conf", {"conf/x": blob(1000)})
    store.blobs[archive.descriptor.digest] = store.blobs[archive.descriptor.digest][:-1] + b"!"
    with pytest.raises((ContentMismatch, UnsafeArchive)):
        write_parts(store, [archive], tmp_path)
    other = folder(store, "conf", {"conf/x": b"2"})._replace(content=digest_of(b"other"))
    with pytest.raises(ContentMismatch, match="unpacked it has"):
        write_parts(store, [other], tmp_path)
    with pytest.raises(NotFound):
        write_parts(store, [Part("x", Descriptor.of("a/b", b"missing"))], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_a_folder_is_taken_off_once(store: MemoryRepository, tmp_path: Path) -> None:
    write_parts(store, [folder(store, "a/b", {"a/b/x": b"1"})], tmp_path / "one")
    assert found(tmp_path / "one") == {"a/b/x": b"1"}
    write_parts(store, [folder(store, "a", {"x": b"1", "a/y": b"2"})], tmp_path / "two")
    assert found(tmp_path / "two") == {"a/x": b"1", "a/a/y": b"2"}
    with pytest.raises(UnsafeArchive, match="outside of"):
        write_parts(store, [folder(store, "a", {"a/x": b"1", "b": b"2"})], tmp_path / "three")


def test_files_without_a_name_are_not_needed(store: MemoryRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    write_parts(store, [file(store, "a.txt")], tmp_path)
    assert found(tmp_path) == {"a.txt": b"content"}
    part = file(store, "b.txt", blob(100))
    store.blobs[part.descriptor.digest] = bytes(100)
    with pytest.raises(ContentMismatch):
        write_parts(store, [part], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_many_are_written_at_once(store: MemoryRepository, tmp_path: Path) -> None:
    parts = [file(store, f"f{number}", blob(100, number)) for number in range(60)]
    write_parts(store, parts, tmp_path, workers=8)
    assert len(found(tmp_path)) == 60
