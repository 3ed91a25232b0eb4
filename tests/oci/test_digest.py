import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.oci.digest import ALGORITHMS, Digest, digest_of, is_digest
from relgraph.oci.errors import InvalidDigest


@given(st.binary(max_size=50), st.sampled_from(sorted(ALGORITHMS)))
def test_a_digest_is_its_text(data: bytes, algorithm: str) -> None:
    digest = digest_of(data, algorithm)
    assert digest == f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
    assert (digest.algorithm, digest.hex) == tuple(digest.split(":"))
    assert Digest(digest) is digest
    assert hash(digest) == hash(str(digest))
    hasher = digest.hasher()
    hasher.update(data)
    assert hasher.hexdigest() == digest.hex


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not a digest"),
        ("sha256", "not a digest"),
        ("sha256:", "not a digest"),
        ("sha256:../../x", "not a digest"),
        ("sha256:" + "a" * 63, "64 lower-case"),
        ("sha256:" + "A" * 64, "64 lower-case"),
        ("sha256:" + "a" * 64 + "\n", "not a digest"),
        ("sha256:" + "a" * 65, "64 lower-case"),
        ("sha512:" + "a" * 64, "128 lower-case"),
        ("md5:" + "a" * 32, "md5 is not allowed"),
        ("sha256+b64:abc=", "sha256+b64 is not allowed"),
        ("sha256:" + "٣" * 64, "not a digest"),
        ("x" * 10_000, "(10000 characters)"),
    ],
)
def test_what_is_no_digest_is_named(text: str, word: str) -> None:
    assert not is_digest(text)
    with pytest.raises(InvalidDigest) as caught:
        Digest(text)
    assert word in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.text(max_size=200))
def test_no_text_that_is_allowed_could_be_a_path(text: str) -> None:
    if is_digest(text):
        assert not set(text) & set("/\\.\0")
