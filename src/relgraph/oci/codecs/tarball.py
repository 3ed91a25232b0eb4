"""Tar archives whose bytes follow from the tree alone.

The format is POSIX.1-2001 (pax): a ustar header for every entry, preceded by an extended header only where something does
not fit into it. Owners are 0, times are one given moment. The writer is our own because the standard library's makes other
choices in other versions of Python, and a digest must not depend on those.
"""

from collections.abc import Callable, Iterator

from relgraph.errors import EnvironmentFailure
from relgraph.oci.codecs.tree import Entry, Kind, Tree
from relgraph.oci.content import chunks

__all__ = ["plain_mode", "tar_chunks", "true_mode"]

_BLOCK = 512
_TYPES = {Kind.FILE: b"0", Kind.LINK: b"2", Kind.FOLDER: b"5"}


def plain_mode(entry: Entry) -> int:
    """0755 for folders and what can be run, 0644 for other files: what a checkout keeps, whatever the umask."""
    if entry.kind is Kind.LINK:
        return 0o777
    return 0o755 if entry.kind is Kind.FOLDER or entry.mode & 0o111 else 0o644


def true_mode(entry: Entry) -> int:
    """All permission bits as they are, set-user-id and the like included."""
    return entry.mode & 0o7777


def tar_chunks(tree: Tree, *, prefix: str = "", mtime: int = 0, mode: Callable[[Entry], int] = plain_mode) -> Iterator[bytes]:
    """The archive in pieces; ``prefix`` is set before every path (``web/``), ``mtime`` is in seconds since the epoch.

    Raises :class:`~relgraph.errors.EnvironmentFailure` where a file has another size than it had.
    """
    for entry in tree.entries:
        name = prefix + entry.path + ("/" if entry.kind is Kind.FOLDER else "")
        yield _headers(name, entry, mtime, mode(entry))
        if entry.kind is Kind.FILE:
            yield from _content(entry)
            yield bytes(-entry.size % _BLOCK)
    # Two empty blocks and nothing more, as Go writes them: its readers stop there, and oras compares the digest of what it read.
    yield bytes(2 * _BLOCK)


def _content(entry: Entry) -> Iterator[bytes]:
    left = entry.size
    with entry.source.open() as reader:
        for data in chunks(reader):
            left -= len(data)
            if left < 0:
                break
            yield data
    if left:
        raise EnvironmentFailure(f"{entry.path}: it changed while it was read", hint="try again when nothing writes to it")


def _headers(name: str, entry: Entry, mtime: int, mode: int) -> bytes:
    size = entry.size if entry.kind is Kind.FILE else 0
    records: list[bytes] = []
    path = name.encode("utf-8", "surrogateescape")
    split = _split(path)
    link = entry.target.encode("utf-8", "surrogateescape")
    if split is None or not name.isascii():
        records.append(_record("path", path))
    if len(link) > 100 or not link.isascii():
        records.append(_record("linkpath", link))
    if size >= 1 << 33:
        records.append(_record("size", str(size).encode()))
    # A reader that knows no extended headers gets as much of the name as fits.
    front, rest = split or (b"", path[:100])
    header = _header(front, rest, _TYPES[entry.kind], size if size < 1 << 33 else 0, mtime, mode, link[:100])
    if not records:
        return header
    body = b"".join(records)
    extended = _header(b"", b"PaxHeaders/" + rest[-80:].lstrip(b"/"), b"x", len(body), mtime, 0o644, b"")
    return extended + body + bytes(-len(body) % _BLOCK) + header


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """The name as ustar's prefix (at most 155 bytes) and name (at most 100), or None where it does not fit."""
    if len(name) <= 100:
        return b"", name
    cut = name.find(b"/", len(name) - 101)
    if 0 < cut <= 155 and cut < len(name) - 1:
        return name[:cut], name[cut + 1 :]
    return None


def _header(front: bytes, name: bytes, kind: bytes, size: int, mtime: int, mode: int, link: bytes) -> bytes:
    block = b"".join(
        (
            name.ljust(100, b"\0"),
            b"%07o\0" % mode,
            b"%07o\0" % 0,
            b"%07o\0" % 0,
            b"%011o\0" % size,
            b"%011o\0" % mtime,
            b" " * 8,
            kind,
            link.ljust(100, b"\0"),
            b"ustar\x0000",
            bytes(64),
            b"%07o\0" % 0,
            b"%07o\0" % 0,
            front.ljust(155, b"\0"),
            bytes(12),
        )
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _record(keyword: str, value: bytes) -> bytes:
    """``LENGTH KEYWORD=VALUE\\n``, where the length counts itself."""
    rest = b" %s=%s\n" % (keyword.encode(), value)
    length = len(rest)
    while len(rest) + len(str(length)) != length:
        length = len(rest) + len(str(length))
    return str(length).encode() + rest
