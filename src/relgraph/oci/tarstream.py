"""Tar archives of strangers, read as they come: every field checked, nothing believed, little kept in memory.

The formats are ustar and pax (POSIX.1-2001) and GNU's long names. The standard library's reader is not used on what comes
from elsewhere: it takes as much memory as an extended header asks for, and is lenient where two readers could differ.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from relgraph.oci.content import CHUNK, Reader
from relgraph.oci.errors import UnsafeArchive

__all__ = ["Member", "MemberKind", "TarReader"]

_BLOCK = 512
_LARGEST_HEADER = 1 << 20
_MOST_HEADERS = 8  # extended headers before one entry
_LARGEST = 1 << 60
_ZERO = bytes(_BLOCK)


class MemberKind(StrEnum):
    """What an entry is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    HARD_LINK = "hard link"
    OTHER = "device or pipe"


class Member(NamedTuple):
    """One entry. ``name`` and ``target`` are as they are written; ``size`` is that of a file's content in bytes."""

    name: str
    kind: MemberKind
    size: int
    mode: int
    target: str = ""


_KINDS = {
    b"0": MemberKind.FILE,
    b"\0": MemberKind.FILE,
    b"7": MemberKind.FILE,
    b"1": MemberKind.HARD_LINK,
    b"2": MemberKind.LINK,
    b"3": MemberKind.OTHER,
    b"4": MemberKind.OTHER,
    b"5": MemberKind.FOLDER,
    b"6": MemberKind.OTHER,
}


class TarReader:
    """The entries of an archive, in order.

    Iterating gives :class:`Member` values; while one is current, :meth:`read` gives its content. What is not read is skipped.
    Raises :class:`~relgraph.oci.errors.UnsafeArchive` for an archive that is malformed, that ends early, or that goes on
    after its end.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        """The entries."""
        while (member := self._next()) is not None:
            yield member

    def read(self, size: int = CHUNK) -> bytes:
        """Up to ``size`` bytes of the current entry's content; empty at its end."""
        if self._left == 0:
            return b""
        data = self._reader.read(min(size, self._left)) or b""
        if not data:
            raise UnsafeArchive("the archive ends in the middle of a file")
        self._left -= len(data)
        return data

    def _next(self) -> Member | None:
        extended: dict[str, str] = {}
        long_name = long_target = ""
        for _ in range(_MOST_HEADERS):
            self._skip()
            block = self._block()
            if block is None:
                return None
            kind, size = block[156:157], _number(block[124:136], "size")
            _check_sum(block)
            if kind == b"x":
                extended |= _records(self._extra(size))
            elif kind == b"g":
                if {"path", "linkpath", "size"} & _records(self._extra(size)).keys():
                    raise UnsafeArchive("a global header names all entries alike")
            elif kind == b"L":
                long_name = _text(self._extra(size).rstrip(b"\0"))
            elif kind == b"K":
                long_target = _text(self._extra(size).rstrip(b"\0"))
            else:
                return self._member(block, extended, long_name, long_target)
        raise UnsafeArchive(f"more than {_MOST_HEADERS} headers for one entry")

    def _member(self, block: bytes, extended: dict[str, str], long_name: str, long_target: str) -> Member:
        code = block[156:157]
        kind = _KINDS.get(code)
        if any(key.startswith("GNU.sparse") for key in extended) or kind is None:
            raise UnsafeArchive(
                f"an entry of a type that is not supported: {code!r}", hint="sparse files and multi-volume archives are not read"
            )
        # A header whose name stands elsewhere may have been cut in the middle of a character.
        name = extended.get("path") or long_name or _header_name(block)
        target = extended.get("linkpath") or long_target or _text(block[157:257].split(b"\0", 1)[0])
        size = _number(block[124:136], "size")
        if "size" in extended:
            size = _decimal(extended["size"])
        if code == b"\0" and name.endswith("/"):
            kind = MemberKind.FOLDER  # before POSIX there was no type for folders
        # Only files have content; a size on anything else is a way to hide entries from one of two readers.
        if kind is not MemberKind.FILE:
            if size and kind is not MemberKind.HARD_LINK:
                raise UnsafeArchive(f"a {kind} with content", entry=name)
            size = 0
        self._left = size
        self._padding = -size % _BLOCK
        return Member(name, kind, size, _number(block[100:108], "mode") & 0o7777, target)

    def _block(self) -> bytes | None:
        block = self._exactly(_BLOCK, may_end=True)
        if not block:
            return None
        if block == _ZERO:
            while data := self._reader.read(CHUNK):
                if data.count(0) != len(data):
                    raise UnsafeArchive("something follows the end of the archive")
            return None
        return block

    def _extra(self, size: int) -> bytes:
        if size > _LARGEST_HEADER:
            raise UnsafeArchive(f"a header of {size} bytes")
        data = self._exactly(size)
        self._exactly(-size % _BLOCK)
        return data

    def _skip(self) -> None:
        while self._left:
            self.read()
        self._exactly(self._padding)
        self._padding = 0

    def _exactly(self, size: int, *, may_end: bool = False) -> bytes:
        parts: list[bytes] = []
        left = size
        while left:
            data = self._reader.read(left) or b""
            if not data:
                if may_end and left == size:
                    return b""
                raise UnsafeArchive("the archive ends in the middle of an entry")
            parts.append(data)
            left -= len(data)
        return b"".join(parts)


def _header_name(block: bytes) -> str:
    name = _text(block[:100].split(b"\0", 1)[0])
    if block[257:263] == b"ustar\0" and block[345]:
        return _text(block[345:500].split(b"\0", 1)[0]) + "/" + name
    return name


def _check_sum(block: bytes) -> None:
    wanted = _number(block[148:156], "checksum")
    plain = sum(block[:148]) + 8 * 32 + sum(block[156:])
    if wanted == plain:
        return
    # Historic writers summed signed bytes.
    if wanted != plain - 256 * sum(byte > 127 for byte in block[:148] + block[156:]):
        raise UnsafeArchive("not a tar archive, or a damaged one: a header's checksum is wrong")


def _number(field: bytes, what: str) -> int:
    if field[0] in (0x80, 0xFF):  # GNU's base 256
        value = int.from_bytes(field[1:], "big")
        if field[0] == 0xFF or value > _LARGEST:
            raise UnsafeArchive(f"a header's {what} is out of range")
        return value
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if digits.strip(b"01234567"):
        raise UnsafeArchive(f"not a tar archive, or a damaged one: a header's {what} is no number")
    return int(digits, 8) if digits else 0


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise UnsafeArchive("an extended header's size is no number")
    return int(text)


def _records(data: bytes) -> dict[str, str]:
    """The records of an extended header: ``LENGTH KEY=VALUE\\n``; of a key that occurs twice the last counts."""
    records: dict[str, str] = {}
    position = 0
    while position < len(data):
        space = data.find(b" ", position, position + 20)
        length = data[position:space] if space > 0 else b""
        if not length.isdigit() or int(length) < 5 or position + int(length) > len(data):
            raise UnsafeArchive("an extended header is malformed")
        end = position + int(length)
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not equals or data[end - 1 : end] != b"\n":
            raise UnsafeArchive("an extended header is malformed")
        name = _text(key)
        if name in ("path", "linkpath", "size") or name.startswith("GNU.sparse"):
            records[name] = _text(value)
        position = end
    return records


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UnsafeArchive(f"a name that is not UTF-8: {data[:80]!r}") from None
