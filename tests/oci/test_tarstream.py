"""Tars as they come from elsewhere."""

import io
import struct
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.oci.errors import UnsafeArchive
from relgraph.oci.tarstream import Member, MemberKind, TarReader

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1, max_size=120)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def packed(members: "list[tuple[tarfile.TarInfo, bytes]]", form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form, encoding="utf-8") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def read(data: bytes) -> "list[tuple[Member, bytes]]":
    reader = TarReader(io.BytesIO(data))
    return [(member, b"".join(iter(lambda: reader.read(100), b""))) for member in reader]


def info(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, target, mode
    return made


@given(st.lists(st.tuples(PATHS, st.binary(max_size=1200)), max_size=4), st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
def test_what_was_packed_is_read(files: list[tuple[str, bytes]], form: int) -> None:
    found = read(packed([(info(name), data) for name, data in files], form))
    assert [(member.name, member.kind, member.size, data) for member, data in found] == [
        (name, MemberKind.FILE, len(data), data) for name, data in files
    ]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_all_kinds_are_told(form: int) -> None:
    members = [
        info("d/", tarfile.DIRTYPE, mode=0o700),
        info("d/f", mode=0o755),
        info("l", tarfile.SYMTYPE, "d/f"),
        info("h", tarfile.LNKTYPE, "d/f"),
        info("p", tarfile.FIFOTYPE),
        info("c", tarfile.CHRTYPE),
        info("old", tarfile.AREGTYPE),
        info("cont", tarfile.CONTTYPE),
    ]
    found = [member for member, _ in read(packed([(member, b"") for member in members], form))]
    assert [(member.kind.name, member.target) for member in found] == [
        ("FOLDER", ""),
        ("FILE", ""),
        ("LINK", "d/f"),
        ("HARD_LINK", "d/f"),
        ("OTHER", ""),
        ("OTHER", ""),
        ("FILE", ""),
        ("FILE", ""),
    ]
    assert [member.mode for member in found[:2]] == [0o700, 0o755]


def test_what_is_not_read_is_skipped() -> None:
    data = packed([(info("a"), b"x" * 5000), (info("b"), b"y")])
    assert [member.name for member in TarReader(io.BytesIO(data))] == ["a", "b"]


def test_content_may_be_read_in_any_pieces() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(7, size or 7) if size != 0 else 0)

    data = packed([(info("a" * 150), b"x" * 1000), (info("b"), b"y")])
    reader = TarReader(Slow(data))
    assert [(member.name[0], len(b"".join(iter(reader.read, b"")))) for member in reader] == [("a", 1000), ("b", 1)]


def header(**fields: Any) -> bytes:
    """A raw header; the checksum is right unless it is given."""
    block = bytearray(512)
    values = {"name": b"x", "mode": b"0000644\0", "size": b"00000000000\0", "type": b"0", "magic": b"ustar\x0000"} | fields
    places = {"name": 0, "mode": 100, "size": 124, "type": 156, "link": 157, "magic": 257, "prefix": 345}
    for key, place in places.items():
        value = values.get(key, b"")
        block[place : place + len(value)] = value
    total = sum(block) + 8 * 32
    block[148:156] = fields.get("checksum", b"%06o\0 " % total)
    return bytes(block)


END = bytes(1024)


def extended(*records: bytes) -> bytes:
    body = b"".join(records)
    return header(type=b"x", size=b"%011o\0" % len(body)) + body + bytes(-len(body) % 512)


def record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    while len(str(length)) + len(key) + len(value) + 3 != length:
        length += 1
    return b"%d %s=%s\n" % (length, key, value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"x" * 100, "ends in the middle"),
        (b"x" * 512 + END, "no number"),
        (header(checksum=b"0000000\0") + END, "checksum"),
        (header(size=b"9\0") + END, "no number"),
        (header(size=b"\xff" + b"\xff" * 11) + END, "out of range"),
        (header(size=b"\x80" + b"\x7f" * 11) + END, "out of range"),
        (header(size=b"00000001000\0") + b"short", "ends in the middle"),
        (header(type=b"S") + END, "not supported"),
        (header(type=b"M") + END, "not supported"),
        (header(type=b"Z") + END, "not supported"),
        (header(type=b"5", size=b"00000000001\0") + bytes(512) + END, "with content"),
        (header(type=b"2", size=b"00000000001\0") + bytes(512) + END, "with content"),
        (header(name=b"\xff\xfe") + END, "not UTF-8"),
        (END + header() + END, "something follows"),
        (END + b"hidden", "something follows"),
        (header(type=b"x", size=b"00100000000\0") + END, "a header of"),
        (header(type=b"L", size=b"00100000000\0") + END, "a header of"),
        (extended(b"nonsense") + header() + END, "malformed"),
        (extended(b"99 path=x\n") + header() + END, "malformed"),
        (extended(b"10 path=xy\n") + header() + END, "malformed"),
        (extended(b"8 pathx\n") + header() + END, "malformed"),
        (extended(record(b"size", b"-1")) + header() + END, "no number"),
        (extended(record(b"GNU.sparse.map", b"0,1")) + header() + END, "not supported"),
        (header(type=b"g", size=b"00000000012\0") + b"10 path=x\n" + bytes(502) + header() + END, "all entries alike"),
        (extended(record(b"comment", b"x")) * 9 + header() + END, "more than 8 headers"),
    ],
)
def test_what_is_malformed_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UnsafeArchive, match=words):
        read(data)


def test_an_archive_may_end_without_its_mark() -> None:
    assert [member.name for member, _ in read(header())] == ["x"]
    assert read(b"") == []


def test_a_global_header_may_comment() -> None:
    body = record(b"comment", b"a commit")
    data = header(type=b"g", size=b"%011o\0" % len(body)) + body + bytes(512 - len(body)) + header() + END
    assert [member.name for member, _ in read(data)] == ["x"]


def test_names_come_from_where_they_are_longest() -> None:
    assert read(header(prefix=b"a/b") + END)[0][0].name == "a/b/x"
    assert read(header(prefix=b"a/b", magic=b"ustar  \0") + END)[0][0].name == "x"
    assert read(extended(record(b"path", b"longer")) + header() + END)[0][0].name == "longer"
    assert read(header(name=b"d/", type=b"\0", magic=b"") + END)[0][0].kind is MemberKind.FOLDER


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_header_may_be_cut_in_the_middle_of_a_character(form: int) -> None:
    name = "0" * 99 + "ä" * 20
    found = read(packed([(info(name, tarfile.SYMTYPE, name), b"")], form))
    assert [(member.name, member.target) for member, _ in found] == [(name, name)]


def test_large_sizes_are_read() -> None:
    big = header(size=b"\x80" + struct.pack(">xxxQ", 600)) + b"y" * 600 + bytes(424) + END
    assert read(big)[0][0].size == 600
    pax = extended(record(b"size", b"600")) + header() + b"y" * 600 + bytes(424) + END
    assert read(pax)[0][0].size == 600


def test_checksums_of_signed_bytes_are_known() -> None:
    name = "ä".encode()
    block = bytearray(header(name=name))
    signed = sum(byte - 256 if byte > 127 else byte for byte in block[:148] + block[156:]) + 8 * 32
    block[148:156] = b"%06o\0 " % signed
    assert read(bytes(block) + END)[0][0].name == "ä"


@given(st.binary(max_size=3000))
def test_any_bytes_are_an_archive_or_refused(data: bytes) -> None:
    try:
        read(data)
    except UnsafeArchive:
        pass


@given(st.integers(0, 2047), st.integers(0, 255))
def test_any_damage_is_read_or_refused(position: int, value: int) -> None:
    data = bytearray(packed([(info("a" * 120), b"x" * 10), (info("d", tarfile.DIRTYPE), b"")]))
    data[position] = value
    try:
        read(bytes(data))
    except UnsafeArchive:
        pass
