"""Layers as an engine makes them, with what does not follow from their content taken out.

An engine gives every folder that it creates on the way to a file the time of the build. Nobody reads that time, and it makes two
builds of one context two layers: folders get one given time. The times of files are left alone, for there are readers of those.
"""

from collections.abc import Iterable, Iterator

from relgraph.oci.errors import InvalidContent

__all__ = ["folders_at"]

_BLOCK = 512
_LARGEST_HEADER = 1 << 20
_EXTENDED = (b"x", b"g", b"L", b"K")


def folders_at(pieces: Iterable[bytes], time: int) -> Iterator[bytes]:
    """The tar with all its folders at ``time`` (seconds since the epoch), in pieces; everything else is passed on as it is.

    Raises :class:`~relgraph.oci.errors.InvalidContent` for what is no tar.
    """
    stream = _Stream(pieces)
    size_told: int | None = None
    while block := stream.take(_BLOCK):
        if len(block) < _BLOCK:
            raise InvalidContent("a layer ends in the middle of a header")
        if not any(block):
            # The end: two empty blocks, and whatever padding its writer put after them.
            yield block
            yield from stream.rest()
            return
        kind = block[156:157]
        size = _number(block[124:136])
        if kind in _EXTENDED:
            if size > _LARGEST_HEADER:
                raise InvalidContent(f"a layer's header has {size} bytes")
            body = stream.take(size + -size % _BLOCK)
            if len(body) < size:
                raise InvalidContent("a layer ends in the middle of a header")
            if kind == b"x":
                size_told = _told(body[:size])
            yield block
            yield body
            continue
        if size_told is not None:
            size, size_told = size_told, None
        if kind == b"5":
            block = _at(block, time)
        yield block
        # Of other kinds only files have content, whatever a header says of a link's or a device's size.
        if kind in (b"0", b"\0", b"7"):
            yield from stream.pass_on(size + -size % _BLOCK)


def _at(block: bytes, time: int) -> bytes:
    dated = block[:136] + b"%011o\0" % time + b" " * 8 + block[156:]
    return dated[:148] + b"%06o\0 " % sum(dated) + dated[156:]


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU's base 256
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if digits.strip(b"01234567"):
        raise InvalidContent("a layer is no tar: a header's size is no number")
    return int(digits, 8) if digits else 0


def _told(body: bytes) -> int | None:
    """The size that an extended header tells, where it does."""
    position = 0
    while position < len(body):
        length, _, _ = body[position : position + 20].partition(b" ")
        if not length.isdigit() or not 0 < int(length) <= len(body) - position:
            raise InvalidContent("a layer is no tar: an extended header is malformed")
        record = body[position + len(length) + 1 : position + int(length) - 1]
        if record.startswith(b"size=") and record[5:].isdigit():
            return int(record[5:])
        position += int(length)
    return None


class _Stream:
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""
        self._position = 0

    def take(self, size: int) -> bytes:
        """So many bytes together, fewer only at the end."""
        taken = self._held[self._position : self._position + size]
        self._position += len(taken)
        while len(taken) < size and self._more():
            rest = self._held[: size - len(taken)]
            self._position = len(rest)
            taken += rest
        return taken

    def pass_on(self, size: int) -> Iterator[bytes]:
        """So many bytes, in pieces as they come."""
        while size:
            if self._position == len(self._held) and not self._more():
                raise InvalidContent("a layer ends in the middle of a file")
            piece = self._held[self._position : self._position + size]
            self._position += len(piece)
            size -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """All that is left."""
        if self._position < len(self._held):
            yield self._held[self._position :]
        yield from self._pieces

    def _more(self) -> bool:
        self._held, self._position = next(self._pieces, b""), 0
        return bool(self._held)
