"""Zip archives (PKWARE's APPNOTE 6.3) whose bytes follow from the files alone.

Names are UTF-8, times the first that a zip can hold, permissions 0644. Each file is deflated, or stored where that is no
smaller. Sizes are limited to what the classic format holds: four gigabytes and 65,535 entries.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

from relgraph.errors import DeclarationError
from relgraph.oci.codecs.deflate import compressor

__all__ = ["zip_chunks"]

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_UTF8 = 1 << 11
_DATE = (0 << 9) | (1 << 5) | 1  # 1 January 1980
_MODE = (0o100644 << 16) & 0xFFFFFFFF
_UNIX = 3 << 8
_LIMIT = 0xFFFFFFFF


def zip_chunks(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The archive of these (name, content) pairs, in the order given.

    Raises :class:`~relgraph.errors.DeclarationError` where the format cannot hold them.
    """
    offset = 0
    central: list[bytes] = []
    for name, data in files:
        encoded = name.encode()
        flags = 0 if name.isascii() else _UTF8
        deflated = _deflate(data)
        method, body = (8, deflated) if len(deflated) < len(data) else (0, data)
        version = 20
        numbers = (zlib.crc32(data), len(body), len(data))
        if offset > _LIMIT or len(data) > _LIMIT or len(central) >= 0xFFFF or len(encoded) > 0xFFFF:
            raise DeclarationError(f"{name[:200]}: too much for a zip archive")
        yield _LOCAL.pack(b"PK\x03\x04", version, flags, method, 0, _DATE, *numbers, len(encoded), 0) + encoded
        yield body
        central.append(
            _CENTRAL.pack(
                b"PK\x01\x02", _UNIX | version, version, flags, method, 0, _DATE, *numbers, len(encoded), 0, 0, 0, 0, _MODE, offset
            )
            + encoded
        )
        offset += _LOCAL.size + len(encoded) + len(body)
    directory = b"".join(central)
    if offset + len(directory) > _LIMIT:
        raise DeclarationError("too much for a zip archive")
    yield directory
    yield _END.pack(b"PK\x05\x06", 0, 0, len(central), len(central), len(directory), offset, 0)


def _deflate(data: bytes) -> bytes:
    stream = compressor()
    return stream.compress(data) + stream.flush()
