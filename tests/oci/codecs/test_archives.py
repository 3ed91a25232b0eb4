"""Trees, tars, gzip and zip: deterministic, and read back by others."""

import gzip
import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.codecs.gzipped import gzip_chunks
from relgraph.oci.codecs.spool import Watch, described, spool
from relgraph.oci.codecs.tarball import tar_chunks, true_mode
from relgraph.oci.codecs.tree import Entry, Kind, Tree, read_folder, tree_of
from relgraph.oci.codecs.zipball import zip_chunks
from relgraph.oci.content import BytesSource
from relgraph.oci.digest import digest_of

_NAMES = st.text("abcxyz019-_. äß", min_size=1, max_size=30).filter(lambda name: name.strip(".") != "")
_PATHS = st.lists(_NAMES, min_size=1, max_size=6).map("/".join)
_FILES = st.dictionaries(_PATHS, st.binary(max_size=1500), max_size=6)


def _tree(files: dict[str, bytes]) -> Tree | None:
    try:
        return tree_of(files)
    except DeclarationError:
        return None  # two names that are one on some file systems


def _tar(tree: Tree, **options: object) -> bytes:
    return b"".join(tar_chunks(tree, **options))  # type: ignore[arg-type]  # passed on


@given(_FILES)
def test_a_tar_reads_back_as_what_went_in(files: dict[str, bytes]) -> None:
    tree = _tree(files)
    if tree is not None:
        with tarfile.open(fileobj=io.BytesIO(_tar(tree))) as archive:
            members = archive.getmembers()
            assert {m.name: archive.extractfile(m).read() for m in members} == files  # type: ignore[union-attr]  # all are files
            assert all((m.uid, m.gid, m.uname, m.gname, m.mtime, m.mode) == (0, 0, "", "", 0, 0o644) for m in members)


@given(_FILES, st.randoms())
def test_the_order_of_the_files_does_not_matter(files: dict[str, bytes], random: object) -> None:
    items = list(files.items())
    random.shuffle(items)  # type: ignore[attr-defined]  # a random.Random
    left, right = _tree(files), _tree(dict(items))
    assert (left is None) == (right is None)
    if left is not None and right is not None:
        assert _tar(left) == _tar(right)


@pytest.mark.parametrize(
    "path",
    [
        "a" * 100,
        "a" * 101,
        "folder/" * 20 + "file",
        "x" * 150 + "/" + "y" * 100,
        "x" * 160 + "/" + "y" * 100,
        "folders/" * 60 + "z" * 99,
        "ünïcode/" + "ß" * 60,
    ],
)
def test_long_and_foreign_names_survive(path: str, tmp_path: Path) -> None:
    archive = _tar(tree_of({path: b"content"}))
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert opened.getnames() == [path]
    listed = subprocess.run(
        ["tar", "--quoting-style=literal", "-tf", "-"],
        input=archive,
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert listed.stdout.decode().splitlines() == [path]
    assert not listed.stderr


def test_links_folders_and_modes_are_kept_where_that_is_asked_for() -> None:
    tree = Tree.of(
        [
            Entry("bin", Kind.FOLDER, 0o700),
            Entry("bin/su", Kind.FILE, 0o4755, 1, BytesSource(b"x")),
            Entry("bin/long", Kind.LINK, 0o777, target="t" * 150),
            Entry("bin/sh", Kind.LINK, 0o777, target="su"),
        ]
    )
    with tarfile.open(fileobj=io.BytesIO(_tar(tree, mode=true_mode, prefix="root/", mtime=77))) as archive:
        found = {m.name: (m.type, m.mode, m.linkname, m.mtime) for m in archive}
    assert found == {
        "root/bin": (tarfile.DIRTYPE, 0o700, "", 77),
        "root/bin/su": (tarfile.REGTYPE, 0o4755, "", 77),
        "root/bin/long": (tarfile.SYMTYPE, 0o777, "t" * 150, 77),
        "root/bin/sh": (tarfile.SYMTYPE, 0o777, "su", 77),
    }


def test_permissions_are_reduced_to_what_a_checkout_keeps() -> None:
    tree = Tree.of([Entry("a", Kind.FILE, 0o600), Entry("b", Kind.FILE, 0o711), Entry("c", Kind.FOLDER, 0o700)])
    with tarfile.open(fileobj=io.BytesIO(_tar(tree))) as archive:
        assert [m.mode for m in archive] == [0o644, 0o755, 0o755]


def test_a_size_beyond_eight_gigabytes_needs_an_extended_header() -> None:
    class Huge:
        def open(self) -> io.BytesIO:
            return io.BytesIO()

    pieces = tar_chunks(Tree.of([Entry("huge", Kind.FILE, 0o644, 1 << 33, Huge())]))
    with tarfile.open(fileobj=io.BytesIO(next(pieces))) as archive:
        assert archive.next().size == 1 << 33  # type: ignore[union-attr]  # there is one


@pytest.mark.parametrize("size", [4, 6])
def test_a_file_that_changes_while_it_is_read_is_noticed(size: int) -> None:
    tree = Tree.of([Entry("a", Kind.FILE, 0o644, size, BytesSource(b"12345"))])
    with pytest.raises(EnvironmentFailure, match="a: it changed while it was read"):
        _tar(tree)


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (["../a"], "out of its folder"),
        (["/etc/passwd"], "absolute"),
        (["a//b"], "empty part"),
        (["a/./b"], "empty part"),
        ([""], "without a name"),
        (["."], "not a path within"),
        (["./a"], "not a path within"),
        (["a/"], "not a path within"),
        (["C:/a"], "another system"),
        (["a\\b"], "another system"),
        (["a\nb"], "control character"),
        (["a\x7fb"], "control character"),
        (["x" * 256], "too long"),
        (["ab/" * 2000 + "c"], "too long"),
        (["\udcff"], "control characters"),
        (["README", "readme"], "one name to some file systems"),
        (["straße", "STRASSE"], "one name to some file systems"),
        (["caf\u00e9", "cafe\u0301"], "one name to some file systems"),
        (["a", "a/b"], "is a file and a folder"),
    ],
)
def test_names_that_cannot_be_unpacked_everywhere_are_refused(paths: list[str], reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        tree_of(dict.fromkeys(paths, b""))


def test_the_files_of_an_image_may_have_names_of_their_own_system() -> None:
    names = ["units/dev-x\\x2dy.mount", "terminfo/A", "terminfo/a", "latin-\udce4", "tab\tname"]
    tree = Tree.of([Entry(name, Kind.FILE, 0o644) for name in names], portable=False)
    with tarfile.open(fileobj=io.BytesIO(_tar(tree))) as archive:
        assert sorted(archive.getnames()) == sorted(names)
    for bad in (["../a"], ["/a"], ["a", "a"], ["a", "a/b"], ["a\0b"]):
        with pytest.raises(DeclarationError):
            Tree.of([Entry(name, Kind.FILE, 0o644) for name in bad], portable=False)


def test_a_folder_is_read_whatever_its_times_and_the_umask(tmp_path: Path) -> None:
    for name, mode in (("one", 0o600), ("two", 0o644)):
        root = tmp_path / name
        (root / "sub").mkdir(parents=True)
        (root / "sub" / "file").write_bytes(b"x")
        (root / "sub" / "file").chmod(mode)
        (root / "empty").mkdir()
        os.utime(root / "sub" / "file", (mode, mode))
    assert _tar(read_folder(tmp_path / "one")) == _tar(read_folder(tmp_path / "two"))


def test_pipes_have_no_place_in_an_artifact(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EnvironmentFailure, match="neither a file"):
        read_folder(tmp_path)
    with pytest.raises(EnvironmentFailure, match="No such file"):
        read_folder(tmp_path / "absent")


@given(st.lists(st.binary(max_size=200_000), max_size=4))
def test_gzip_does_not_depend_on_how_the_input_is_cut(pieces: list[bytes]) -> None:
    whole = b"".join(gzip_chunks(pieces))
    assert whole == b"".join(gzip_chunks([b"".join(pieces)]))
    assert gzip.decompress(whole) == b"".join(pieces)
    assert whole[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def test_the_bytes_of_an_archive_are_the_same_on_every_machine() -> None:
    # If this fails, the compressor of this machine gives other bytes than those everywhere else.
    files = {f"folder/{number}.txt": f"line {number}\n".encode() * number for number in range(200)}
    tree = tree_of(files, executable=["folder/7.txt"])
    assert digest_of(_tar(tree)).hex[:16] == "410bb7db7a30ac4b"
    assert digest_of(b"".join(gzip_chunks(tar_chunks(tree)))).hex[:16] == "6f4787e2a488d67b"
    assert digest_of(b"".join(zip_chunks(sorted(files.items())))).hex[:16] == "c48453a16a2244c1"


@given(st.dictionaries(_PATHS, st.binary(max_size=3000), max_size=5))
def test_a_zip_reads_back_as_what_went_in(files: dict[str, bytes]) -> None:
    data = b"".join(zip_chunks(files.items()))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {entry.filename: archive.read(entry) for entry in archive.infolist()} == files
        assert all(
            entry.date_time == (1980, 1, 1, 0, 0, 0) and entry.external_attr >> 16 == 0o100644 for entry in archive.infolist()
        )


def test_more_than_a_zip_can_hold_is_refused() -> None:
    with pytest.raises(DeclarationError, match="too much for a zip"):
        b"".join(zip_chunks((f"{number}", b"") for number in range(65536)))


@given(st.lists(st.binary(max_size=700_000), max_size=5))
def test_spooled_content_can_be_read_as_often_as_needed(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    blob = spool(iter(pieces), "application/x")
    assert (blob.descriptor.digest, blob.descriptor.size) == (digest_of(whole), len(whole))
    with blob.source.open() as first, blob.source.open() as second:
        assert first.read(10) == whole[:10]
        assert second.read() == whole
        assert (first.read() or b"") == whole[10:]


def test_a_large_blob_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    blob = spool([bytes(3 << 20)], "application/x")
    assert list(tmp_path.iterdir()) == []
    with blob.source.open() as reader:
        assert len(reader.read() or b"") == 3 << 20


def test_a_file_is_described_as_it_lies(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    blob = described(tmp_path / "f", "text/plain")
    assert (blob.descriptor.digest, blob.descriptor.size, blob.descriptor.media_type) == (digest_of(b"abc"), 3, "text/plain")
    with pytest.raises(EnvironmentFailure, match="No such file"):
        described(tmp_path / "absent", "text/plain")


def test_what_passes_a_watch_is_counted_and_hashed() -> None:
    watch = Watch()
    assert list(watch.pass_on([b"ab", b"c"])) == [b"ab", b"c"]
    assert (watch.size, watch.digest) == (3, digest_of(b"abc"))
