"""Keys: made, read, written; what they sign and verify.

New keys are ECDSA on P-256. Keys of others may also be on P-384 or P-521, or RSA of 2048 bits and more; how each of them
signs is fixed by the key (SHA-256, SHA-384, SHA-512; PKCS #1 v1.5 with SHA-256), never by what a message says. Files are PEM:
SubjectPublicKeyInfo for public keys, PKCS #8 for private ones, or cosign's encrypted form.
"""

import base64
import hashlib
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from relgraph.trust.errors import KeyProblem

__all__ = ["PrivateKey", "PublicKey", "create_key", "private_from_der", "read_public"]

_CURVES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_SMALLEST_RSA = 2048
_LARGEST_RSA = 8192
_LARGEST_FILE = 64 << 10


class PublicKey(NamedTuple):
    """A public key by its SubjectPublicKeyInfo in DER: two that are equal are one key, whatever they are called."""

    der: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER form, in hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def hint(self) -> str:
        """How sigstore's bundles name a key: base64 of the SHA-256 of the DER form."""
        return base64.b64encode(hashlib.sha256(self.der).digest()).decode()

    @property
    def pem(self) -> bytes:
        """The key as a file."""
        key = serialization.load_der_public_key(self.der)
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether this key signed exactly these bytes."""
        key = serialization.load_der_public_key(self.der)
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, data, ec.ECDSA(_CURVES[key.curve.name]))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                return False
        except (InvalidSignature, ValueError):
            return False
        return True


class PrivateKey:
    """A private key. It is never shown: neither its text form nor an error has any of it."""

    __slots__ = ("_key", "public")

    def __init__(self, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
        self._key = key
        self.public = _checked(key.public_key())

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.fingerprint[:16]})"

    def sign(self, data: bytes) -> bytes:
        """The signature: ASN.1 DER for ECDSA, plain bytes for RSA."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, ec.ECDSA(_CURVES[self._key.curve.name]))

    @property
    def der(self) -> bytes:
        """PKCS #8, not encrypted: for encryption only."""
        return self._bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """PKCS #8 as a file, not encrypted."""
        return self._bytes(serialization.Encoding.PEM)

    def _bytes(self, encoding: serialization.Encoding) -> bytes:
        return self._key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def create_key() -> PrivateKey:
    """A new key on P-256, from the system's source of randomness."""
    return PrivateKey(ec.generate_private_key(ec.SECP256R1()))


def read_public(data: bytes, *, what: str) -> PublicKey:
    """The public key of a PEM file. Raises :class:`~relgraph.trust.errors.KeyProblem`; ``what`` names it in messages."""
    if len(data) > _LARGEST_FILE:
        raise KeyProblem(f"{what}: too large for a key")
    if b"PRIVATE KEY" in data:
        raise KeyProblem(f"{what}: a private key where a public one belongs", hint="keep it to yourself; name the .pub file")
    if data.count(b"-----BEGIN") != 1:
        raise KeyProblem(f"{what}: not one public key in PEM form", hint="it begins with -----BEGIN PUBLIC KEY-----")
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblem(f"{what}: not a public key in PEM form", hint="it begins with -----BEGIN PUBLIC KEY-----") from None
    try:
        return _checked(key)
    except KeyProblem as problem:
        raise KeyProblem(f"{what}: {problem}", hint=problem.hint) from None


def private_from_der(data: bytes, *, what: str) -> PrivateKey:
    """The private key of PKCS #8 bytes. Raises :class:`~relgraph.trust.errors.KeyProblem`."""
    try:
        key = serialization.load_der_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyProblem(f"{what}: not a private key") from None
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise KeyProblem(f"{what}: a key of a kind that is not used here", hint="`relgraph store.keygen` makes one that is")
    try:
        return PrivateKey(key)
    except KeyProblem as problem:
        raise KeyProblem(f"{what}: {problem}", hint=problem.hint) from None


def _checked(key: object) -> PublicKey:
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            raise KeyProblem(f"the curve {key.curve.name} is not used here", hint="use P-256")
    elif isinstance(key, rsa.RSAPublicKey):
        if not _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
            raise KeyProblem(f"RSA of {key.key_size} bits", hint=f"use P-256, or RSA of {_SMALLEST_RSA} bits and more")
    else:
        raise KeyProblem("a key of a kind that is not used here", hint="use ECDSA on P-256")
    return PublicKey(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
