"""XSalsa20-Poly1305, the ``crypto_secretbox`` of NaCl: what cosign encrypts private key files with.

`cryptography` has the authenticator and no Salsa20; a library that has both (PyNaCl) would bring all of libsodium for the two
hundred bytes of a key file. So the stream is here, after D. J. Bernstein, "Extending the Salsa20 nonce"
(https://cr.yp.to/snuffle/xsalsa-20110204.pdf), from additions, rotations and exclusive ors alone, and is tested against NaCl's
published vector and against files made by cosign. It is for key files, not for bulk data.
"""

import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.poly1305 import Poly1305

__all__ = ["KEY_SIZE", "NONCE_SIZE", "WrongKey", "open_box", "seal_box"]

#: Bytes of a key and of a nonce.
KEY_SIZE, NONCE_SIZE = 32, 24

_TAG = 16
_SIGMA = struct.unpack("<4I", b"expand 32-byte k")
_MASK = 0xFFFFFFFF
# The quarter-rounds of a double round: first down the columns, then along the rows of the 4 x 4 matrix.
_QUARTERS = (
    (0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
    (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14),
)  # fmt: skip


class WrongKey(ValueError):
    """The box was not sealed with this key and nonce, or was changed since."""


def seal_box(message: bytes, key: bytes, nonce: bytes) -> bytes:
    """The authenticator (16 bytes) and the encrypted message. A pair of key and nonce is used once."""
    stream = _stream(key, nonce, 32 + len(message))
    sealed = _xor(message, stream[32:])
    return Poly1305.generate_tag(stream[:32], sealed) + sealed


def open_box(box: bytes, key: bytes, nonce: bytes) -> bytes:
    """The message. Raises :class:`WrongKey`; nothing is decrypted before the authenticator was found right."""
    if len(box) < _TAG:
        raise WrongKey("shorter than its authenticator")
    tag, sealed = box[:_TAG], box[_TAG:]
    stream = _stream(key, nonce, 32 + len(sealed))
    try:
        Poly1305.verify_tag(stream[:32], sealed, tag)
    except InvalidSignature:
        raise WrongKey("the authenticator is not right") from None
    return _xor(sealed, stream[32:])


def _stream(key: bytes, nonce: bytes, size: int) -> bytes:
    if len(key) != KEY_SIZE or len(nonce) != NONCE_SIZE:
        raise ValueError("a key has 32 bytes, a nonce 24")
    inner = struct.pack("<8I", *_hsalsa(_matrix(key, nonce[:16])))
    blocks = (_salsa(_matrix(inner, nonce[16:] + struct.pack("<Q", counter))) for counter in range(-(-size // 64)))
    return b"".join(blocks)[:size]


def _matrix(key: bytes, middle: bytes) -> list[int]:
    k, m = struct.unpack("<8I", key), struct.unpack("<4I", middle)
    return [_SIGMA[0], *k[:4], _SIGMA[1], *m, _SIGMA[2], *k[4:], _SIGMA[3]]


def _rounds(matrix: list[int]) -> list[int]:
    x = list(matrix)
    for _ in range(10):
        for a, b, c, d in _QUARTERS:
            x[b] ^= _rotate(x[a] + x[d], 7)
            x[c] ^= _rotate(x[b] + x[a], 9)
            x[d] ^= _rotate(x[c] + x[b], 13)
            x[a] ^= _rotate(x[d] + x[c], 18)
    return x


def _rotate(value: int, by: int) -> int:
    value &= _MASK
    return ((value << by) | (value >> (32 - by))) & _MASK


def _salsa(matrix: list[int]) -> bytes:
    return struct.pack("<16I", *((a + b) & _MASK for a, b in zip(matrix, _rounds(matrix), strict=True)))


def _hsalsa(matrix: list[int]) -> tuple[int, ...]:
    x = _rounds(matrix)
    return (x[0], x[5], x[10], x[15], *x[6:10])


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "little") ^ int.from_bytes(right[: len(left)], "little")).to_bytes(len(left), "little")
