"""Hostile tars and zips: nothing outside, nothing half, nothing over something else."""

import fcntl
import gzip
import io
import os
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relgraph.errors import EnvironmentFailure
from relgraph.oci.bounds import Bounds
from relgraph.oci.errors import UnsafeArchive
from relgraph.oci.extract import FolderWriter, assembled, extract_tar, extract_zip, open_folder, remove_leftovers, safe_file_name

Entry = tuple[str, bytes] | tarfile.TarInfo


def tar(*entries: Entry, packed: bool = False) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return io.BytesIO(gzip.compress(file.getvalue()) if packed else file.getvalue())


def zipped(*entries: tuple[str, bytes], mode: int = 0o100644, method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = method
            archive.writestr(info, data)
    file.seek(0)
    return file


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))
    }


FORMS: list[tuple[str, Callable[..., io.BytesIO], Callable[..., int]]] = [
    ("tar", tar, extract_tar),
    ("tar.gz", lambda *entries: tar(*entries, packed=True), extract_tar),
    ("zip", zipped, extract_zip),
]
each_form = pytest.mark.parametrize(("pack", "unpack"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])


@each_form
def test_files_and_folders_are_unpacked(tmp_path: Path, pack: Callable[..., io.BytesIO], unpack: Callable[..., int]) -> None:
    assert unpack(pack(("a/b/c", b"1"), ("a/d", b""), ("e", b"2" * 100_000)), tmp_path / "out") == 3
    assert tree(tmp_path) == {
        "out": None, "out/a": None, "out/a/b": None, "out/a/b/c": b"1", "out/a/d": b"", "out/e": b"2" * 100_000
    }  # fmt: skip


BAD_NAMES = ["../evil", "/evil", "a/../../evil", "a\\..\\evil", "C:evil", "a//b", "a/./b", "a\nb", "x" * 300]


@each_form
@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_name_leads_elsewhere(tmp_path: Path, pack: Callable[..., io.BytesIO], unpack: Callable[..., int], name: str) -> None:
    with pytest.raises(UnsafeArchive):
        unpack(pack(("good", b"x"), (name, b"evil")), tmp_path / "deep" / "out")
    assert tree(tmp_path) == {"deep": None}


@each_form
@pytest.mark.parametrize("names", [("a", "A"), ("a", "a"), ("a", "a/b"), ("a/b", "a"), ("ä", "a\u0308"), ("A/x", "a/y")], ids=str)
def test_names_do_not_collide(
    tmp_path: Path, pack: Callable[..., io.BytesIO], unpack: Callable[..., int], names: tuple[str, str]
) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of what the test is about
        file = pack((names[0], b"1"), (names[1], b"2"))
    with pytest.raises(UnsafeArchive):
        unpack(file, tmp_path / "out")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    "entry",
    [
        special("l", tarfile.SYMTYPE, "/etc/passwd"),
        special("l", tarfile.SYMTYPE, "good"),
        special("l", tarfile.LNKTYPE, "good"),
        special("p", tarfile.FIFOTYPE),
        special("c", tarfile.CHRTYPE),
        special("b", tarfile.BLKTYPE),
    ],
    ids=lambda entry: entry.type.decode(),
)
def test_only_files_and_folders_are_unpacked(tmp_path: Path, entry: tarfile.TarInfo) -> None:
    with pytest.raises(UnsafeArchive, match="only files and folders"):
        extract_tar(tar(("good", b"x"), entry), tmp_path / "out")
    assert tree(tmp_path) == {}


def test_a_link_is_no_way_out(tmp_path: Path) -> None:
    """GHSA-8xwf-rjm4-xvhv: a link first, then a file through it."""
    (tmp_path / "victim").mkdir()
    with pytest.raises(UnsafeArchive):
        extract_tar(tar(special("d", tarfile.SYMTYPE, "../victim"), ("d/file", b"evil")), tmp_path / "out")
    assert tree(tmp_path) == {"victim": None}


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010644])
def test_a_zip_has_no_links_or_devices(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UnsafeArchive, match="only files and folders"):
        extract_zip(zipped(("l", b"/etc/passwd"), mode=mode), tmp_path / "out")


def test_modes_are_ours(tmp_path: Path) -> None:
    plain, executable, suid = (tarfile.TarInfo(name) for name in ("plain", "executable", "suid"))
    plain.mode, executable.mode, suid.mode = 0o666, 0o777, 0o6755
    os.umask(before := os.umask(0))
    extract_tar(tar(plain, executable, suid), tmp_path / "out")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
    assert modes == {"plain": 0o644 & ~before, "executable": 0o755 & ~before, "suid": 0o755 & ~before}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(entries=2), "entries allowed"),
        (Bounds(total=10), "bytes allowed"),
        (Bounds(file=5), "allowed for a file"),
        (Bounds(path=3), "too long"),
        (Bounds(depth=1), "deeper than"),
    ],
)
@each_form
def test_bounds_hold(
    tmp_path: Path, pack: Callable[..., io.BytesIO], unpack: Callable[..., Any], bounds: Bounds, words: str
) -> None:
    with pytest.raises(UnsafeArchive, match=words):
        unpack(pack(("abcd", b"123456"), ("b/c", b"123456"), ("d", b"")), tmp_path / "out", bounds)
    assert tree(tmp_path) == {}


def test_bombs_do_not_unpack(tmp_path: Path) -> None:
    zeros = bytes(80 << 20)
    for archive, unpack in ((tar(("x", zeros), packed=True), extract_tar), (zipped(("x", zeros)), extract_zip)):
        with pytest.raises(UnsafeArchive, match="grows more than"):
            unpack(archive, tmp_path / "out")
    assert tree(tmp_path) == {}


def test_a_zip_whose_entries_share_their_bytes_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(("a", b"x" * 100), ("b", b"x" * 100), method=zipfile.ZIP_STORED).getvalue())
    second = data.rfind(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # the second entry's header is said to be the first one's
    with pytest.raises(UnsafeArchive):
        extract_zip(io.BytesIO(bytes(data)), tmp_path / "out")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("missing", [1, 22, 30, 100, 150, 300])
def test_a_zip_that_is_cut_off_is_refused(tmp_path: Path, missing: int) -> None:
    data = zipped(("a", os.urandom(100)), ("b", os.urandom(50))).getvalue()
    with pytest.raises(UnsafeArchive):
        extract_zip(io.BytesIO(data[:-missing]), tmp_path / "out")


def test_a_zip_that_is_damaged_is_refused(tmp_path: Path) -> None:
    whole = zipped(("a", b"content" * 30), ("b", b"y" * 50)).getvalue()
    for position in range(0, len(whole), 3):
        data = bytearray(whole)
        data[position] ^= 0xFF
        target = tmp_path / str(position)
        try:
            extract_zip(io.BytesIO(bytes(data)), target)
        except UnsafeArchive:
            assert not target.exists()


def test_other_kinds_of_zips_are_refused(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(UnsafeArchive, match="compressed by method"):
            extract_zip(zipped(("a", b"x" * 100), method=method), tmp_path / "out")
    data = bytearray(zipped(("a", b"x")).getvalue())
    central = data.rfind(b"PK\x01\x02")
    data[central + 8] |= 1
    with pytest.raises(UnsafeArchive, match="encrypted"):
        extract_zip(io.BytesIO(bytes(data)), tmp_path / "out")
    with pytest.raises(UnsafeArchive, match="folder with content"):
        extract_zip(zipped(("a/", b"x")), tmp_path / "out")


def test_too_many_entries_are_refused_before_they_are_read(tmp_path: Path) -> None:
    data = zipped(*((f"{number}", b"") for number in range(50))).getvalue()
    with pytest.raises(UnsafeArchive, match="more than the 10 entries"):
        extract_zip(io.BytesIO(data), tmp_path / "out", Bounds(entries=10))


@each_form
def test_what_ends_early_leaves_nothing(tmp_path: Path, pack: Callable[..., io.BytesIO], unpack: Callable[..., int]) -> None:
    data = pack(("a", os.urandom(50_000)), ("b", os.urandom(50_000))).getvalue()
    with pytest.raises(UnsafeArchive):
        unpack(io.BytesIO(data[:70_000]), tmp_path / "out")
    assert tree(tmp_path) == {}


@each_form
def test_nothing_is_overwritten(tmp_path: Path, pack: Callable[..., io.BytesIO], unpack: Callable[..., int]) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("folder")
    before = tree(tmp_path)
    for name in ("file", "folder", "link"):
        with pytest.raises(EnvironmentFailure, match="something is there already"):
            unpack(pack(("file", b"evil")), tmp_path / name)
    assert tree(tmp_path) == before
    (tmp_path / "empty").mkdir()
    assert unpack(pack(("file", b"x")), tmp_path / "empty") == 1


def test_a_folder_that_somebody_swaps_for_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"), assembled(tmp_path / "out") as writer:  # noqa: PT012
        writer.folder(("d",))
        hidden = next(path for path in tmp_path.iterdir() if path.name.startswith(".relgraph"))
        (hidden / "d").rmdir()
        (hidden / "d").symlink_to(tmp_path / "victim")
        writer.file(("d", "file"), iter([b"evil"]))
    assert tree(tmp_path) == {"victim": None}


def test_a_file_needs_a_name(tmp_path: Path) -> None:
    number = open_folder(tmp_path)
    with pytest.raises(UnsafeArchive):
        FolderWriter(number).file((), iter([]))
    os.close(number)
    with pytest.raises(UnsafeArchive, match="the name of a folder"):
        extract_tar(tar(("a/", b"x")), tmp_path / "out")
    for name in ("", ".", "a/"):
        with pytest.raises(UnsafeArchive):
            safe_file_name(name)
    assert safe_file_name("a/b") == ("a", "b")


def test_what_an_ended_process_left_is_removed(tmp_path: Path) -> None:
    old, young, busy = (tmp_path / f".relgraph-unpack-{name}" for name in ("old", "young", "busy"))
    for folder in (old, young, busy):
        folder.mkdir()
    moment = time.time() - 60
    for folder in (old, busy):
        os.utime(folder, (moment, moment))
    number = os.open(busy, os.O_RDONLY)
    fcntl.flock(number, fcntl.LOCK_EX)
    remove_leftovers(tmp_path)
    os.close(number)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".relgraph-unpack-busy", ".relgraph-unpack-young"]
