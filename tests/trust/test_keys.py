"""Keys and the files they live in."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.trust.errors import KeyProblem
from relgraph.trust.keyfiles import encrypted_file, is_encrypted, read_private
from relgraph.trust.keys import PrivateKey, create_key, read_public
from relgraph.trust.secretbox import WrongKey, open_box, seal_box

# The vector of NaCl's own test of crypto_secretbox (tests/secretbox.c there), without the zeros that its C interface wants.
_KEY = bytes.fromhex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
_NONCE = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
_MESSAGE = bytes.fromhex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb31"
    "0e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f93776384864"
    "5e0705"
)
_BOX = bytes.fromhex(
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c972"
    "71d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b3"
    "7973f622a43d14a6599b1f654cb45a74e355a5"
)


def test_the_published_vector_of_nacl_is_met() -> None:
    assert seal_box(_MESSAGE, _KEY, _NONCE) == _BOX
    assert open_box(_BOX, _KEY, _NONCE) == _MESSAGE


@given(st.binary(max_size=300), st.binary(min_size=32, max_size=32), st.binary(min_size=24, max_size=24))
def test_what_is_sealed_opens_again(message: bytes, key: bytes, nonce: bytes) -> None:
    assert open_box(seal_box(message, key, nonce), key, nonce) == message


@given(st.integers(0, len(_BOX) * 8 - 1))
def test_a_box_with_any_bit_changed_does_not_open(bit: int) -> None:
    changed = bytearray(_BOX)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WrongKey):
        open_box(bytes(changed), _KEY, _NONCE)


def test_a_box_opens_with_its_key_and_nonce_only() -> None:
    for key, nonce in ((bytes(32), _NONCE), (_KEY, bytes(24))):
        with pytest.raises(WrongKey):
            open_box(_BOX, key, nonce)
    with pytest.raises(WrongKey, match="shorter"):
        open_box(b"short", _KEY, _NONCE)
    with pytest.raises(ValueError, match="32 bytes"):
        seal_box(b"", b"short", _NONCE)


def test_a_key_signs_and_its_public_half_verifies() -> None:
    key = create_key()
    signature = key.sign(b"data")
    assert key.public.verifies(signature, b"data")
    assert not key.public.verifies(signature, b"other")
    assert not create_key().public.verifies(signature, b"data")
    assert not key.public.verifies(b"", b"data")
    assert not key.public.verifies(signature + b"\0", b"data")


def test_a_public_key_is_the_same_however_it_is_written() -> None:
    key = create_key().public
    again = read_public(key.pem.replace(b"\n", b"\r\n"), what="k.pub")
    assert again == key
    assert again.fingerprint == key.fingerprint
    assert base64.b64decode(key.hint).hex() == key.fingerprint


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-384", "P-521", "RSA"],
)
def test_other_keys_of_cosign_are_used_as_it_does(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    private = PrivateKey(key)
    public = read_public(private.public.pem, what="k.pub")
    assert public.verifies(private.sign(b"data"), b"data")
    assert not public.verifies(private.sign(b"data"), b"other")
    assert read_private(private.pem, None, what="k").public == public


def _pem(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not one public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "not a public key"),
        (b"x" * 70_000, "too large"),
        (create_key().pem, "a private key where a public one belongs"),
        (create_key().public.pem * 2, "not one public key"),
        (_pem(ed25519.Ed25519PrivateKey.generate().public_key()), "of a kind that is not used"),
        (_pem(ec.generate_private_key(ec.SECP256K1()).public_key()), "secp256k1 is not used"),
        (_pem(rsa.generate_private_key(65537, 1024).public_key()), "RSA of 1024 bits"),
    ],
)
def test_what_is_no_usable_public_key_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(KeyProblem, match=reason):
        read_public(data, what="k.pub")


def test_an_encrypted_file_opens_with_its_password_only() -> None:
    key = create_key()
    data = encrypted_file(key, b"secret", salt=bytes(32), nonce=bytes(24))
    assert data.startswith(b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")
    assert is_encrypted(data)
    assert not is_encrypted(key.pem)
    assert read_private(data, b"secret", what="k").public == key.public
    with pytest.raises(KeyProblem, match="the password is wrong"):
        read_private(data, b"other", what="k")
    with pytest.raises(KeyProblem, match="there is no password"):
        read_private(data, None, what="k")


def test_the_older_name_and_cost_of_cosign_are_read() -> None:
    import hashlib

    key = create_key()
    box = seal_box(key.der, hashlib.scrypt(b"p", salt=b"s" * 32, n=32768, r=8, p=1, maxmem=1 << 27, dklen=32), b"n" * 24)
    document = {
        "kdf": {"name": "scrypt", "params": {"N": 32768, "r": 8, "p": 1}, "salt": base64.b64encode(b"s" * 32).decode()},
        "cipher": {"name": "nacl/secretbox", "nonce": base64.b64encode(b"n" * 24).decode()},
        "ciphertext": base64.b64encode(box).decode(),
    }
    assert read_private(_armour(document), b"p", what="k").public == key.public


def _armour(document: object, name: str = "ENCRYPTED COSIGN PRIVATE KEY") -> bytes:
    body = base64.b64encode(json.dumps(document).encode()).decode()
    return f"-----BEGIN {name}-----\n{body}\n-----END {name}-----\n".encode()


def _file(**changes: object) -> bytes:
    fields = {
        "N": 65536,
        "r": 8,
        "p": 1,
        "kdf": "scrypt",
        "cipher": "nacl/secretbox",
        "nonce": base64.b64encode(bytes(24)).decode(),
    }
    fields |= changes
    return _armour(
        {
            "kdf": {"name": fields["kdf"], "params": {name: fields[name] for name in ("N", "r", "p")}, "salt": "AAAA"},
            "cipher": {"name": fields["cipher"], "nonce": fields["nonce"]},
            "ciphertext": "AAAA",
        }
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a private key in PEM form"),
        (b"garbage", "not a private key in PEM form"),
        (_armour({}), "not a key file of cosign"),
        (_armour([]), "not a key file of cosign"),
        (_file(kdf="pbkdf2"), "in a way that is not read"),
        (_file(cipher="aes"), "in a way that is not read"),
        (_file(nonce="AAAA"), "in a way that is not read"),
        (_file(N=1 << 40), "cost too much"),
        (_file(N=1 << 21), "cost too much"),
        (_file(r=1 << 20), "cost too much"),
        (_file(p=1 << 20), "cost too much"),
        (_file(N=65535), "cost too much"),
        (_file(N=1), "cost too much"),
        (_file(N="65536"), "not a key file of cosign"),
        (_file(N=-2), "not a key file of cosign"),
        (_file(N=True), "not a key file of cosign"),
        (_armour({}, "ENCRYPTED PRIVATE KEY"), "encrypted private key is not read"),
        (_armour({}, "CERTIFICATE"), "certificate is not read"),
        (_armour({}, "PRIVATE KEY"), "not a private key"),
    ],
)
def test_what_is_no_usable_key_file_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(KeyProblem, match=reason):
        read_private(data, b"", what="k")


def test_keys_of_other_kinds_are_refused() -> None:
    data = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(KeyProblem, match="of a kind that is not used"):
        read_private(data, None, what="k")


def test_nothing_shows_a_private_key() -> None:
    key = create_key()
    assert repr(key) == f"PrivateKey({key.public.fingerprint[:16]})"
    assert str(key) == repr(key)
    with pytest.raises(KeyProblem) as caught:
        read_private(key.pem.replace(b"A", b"B", 3), None, what="k")
    assert "MI" not in str(caught.value)


@settings(max_examples=30)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_key_or_refused(data: bytes) -> None:
    for read in (lambda: read_private(data, b"", what="k"), lambda: read_public(data, what="k")):
        with pytest.raises(KeyProblem):
            read()
