"""Private keys in files: plain PKCS #8, and cosign's encrypted form.

cosign's file is PEM around a JSON document: the parameters of scrypt, a nonce and a NaCl secret box with the PKCS #8 bytes
(``secure-systems-lab/go-securesystemslib/encrypted``, https://github.com/sigstore/cosign, ``pkg/cosign/keys.go``).
"""

import base64
import binascii
import hashlib
import re
from typing import Any

from relgraph.model.jsontext import JsonProblem, dump_go, load_strict
from relgraph.trust.errors import KeyProblem
from relgraph.trust.keys import PrivateKey, private_from_der
from relgraph.trust.secretbox import KEY_SIZE, NONCE_SIZE, WrongKey, open_box, seal_box

__all__ = ["SALT_SIZE", "encrypted_file", "is_encrypted", "read_private"]

#: Bytes of the salt.
SALT_SIZE = 32

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+?)-----END \1-----\s*")
_ENCRYPTED = (b"ENCRYPTED SIGSTORE PRIVATE KEY", b"ENCRYPTED COSIGN PRIVATE KEY")
_PLAIN = (b"PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY")
_LARGEST_FILE = 64 << 10
# What cosign writes; it wrote 32768 before.
_N, _R, _P = 65536, 8, 1
# A file must not choose how much memory it costs: 256 MiB at most (128 * N * r).
_MOST_MEMORY = 1 << 28


def is_encrypted(data: bytes) -> bool:
    """Whether a private key file wants a password."""
    return any(b"-----BEGIN " + name in data for name in _ENCRYPTED)


def read_private(data: bytes, password: bytes | None, *, what: str) -> PrivateKey:
    """The private key of a file; ``password`` is needed where :func:`is_encrypted` says so.

    Raises :class:`~relgraph.trust.errors.KeyProblem`; no message has any of the key.
    """
    match = _PEM.fullmatch(data.strip()) if len(data) <= _LARGEST_FILE else None
    if match is None:
        raise KeyProblem(f"{what}: not a private key in PEM form", hint="`relgraph store.keygen` makes one")
    kind = match[1]
    try:
        body = base64.b64decode(b"".join(match[2].split()), validate=True)
    except binascii.Error:
        raise KeyProblem(f"{what}: not a private key in PEM form") from None
    if kind in _PLAIN:
        return private_from_der(body, what=what)
    if kind not in _ENCRYPTED:
        hint = "a private key is needed here"
        if kind == b"ENCRYPTED PRIVATE KEY":
            hint = "convert it to PKCS #8 without a password, or import it with cosign"
        raise KeyProblem(f"{what}: {kind.decode('ascii').lower()} is not read here", hint=hint)
    if password is None:
        raise KeyProblem(f"{what}: the key is encrypted and there is no password", hint="set COSIGN_PASSWORD, or run in a terminal")
    return private_from_der(_decrypt(body, password, what), what=what)


def encrypted_file(key: PrivateKey, password: bytes, *, salt: bytes, nonce: bytes) -> bytes:
    """The key as cosign's encrypted file. ``salt`` and ``nonce`` are random and never used again."""
    box = seal_box(key.der, _derive(password, salt, _N, _R, _P), nonce)
    document = {
        "kdf": {"name": "scrypt", "params": {"N": _N, "r": _R, "p": _P}, "salt": _base64(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _base64(nonce)},
        "ciphertext": _base64(box),
    }
    text = base64.b64encode(dump_go(document)).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    name = _ENCRYPTED[0].decode()
    return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----", ""]).encode()


def _decrypt(body: bytes, password: bytes, what: str) -> bytes:
    try:
        document: Any = load_strict(body, limit=_LARGEST_FILE)
        kdf, cipher = document["kdf"], document["cipher"]
        params = kdf["params"]
        numbers = (params["N"], params["r"], params["p"])
        salt, nonce = _bytes(kdf["salt"]), _bytes(cipher["nonce"])
        box = _bytes(document["ciphertext"])
        names = (kdf["name"], cipher["name"])
    except (JsonProblem, KeyError, TypeError, ValueError):
        raise KeyProblem(f"{what}: not a key file of cosign") from None
    if names != ("scrypt", "nacl/secretbox") or len(nonce) != NONCE_SIZE:
        raise KeyProblem(f"{what}: encrypted in a way that is not read here")
    n, r, p = numbers
    if not all(isinstance(number, int) and not isinstance(number, bool) and number > 0 for number in numbers):
        raise KeyProblem(f"{what}: not a key file of cosign")
    if n & (n - 1) or 128 * n * r > _MOST_MEMORY or p > 16 or n < 2:
        raise KeyProblem(f"{what}: decrypting it would cost too much", hint="make a new key")
    try:
        return open_box(box, _derive(password, salt, n, r, p), nonce)
    except WrongKey:
        raise KeyProblem(f"{what}: the password is wrong", hint="it comes from COSIGN_PASSWORD, else from the terminal") from None


def _derive(password: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY + (1 << 20), dklen=KEY_SIZE)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii"), validate=True)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
