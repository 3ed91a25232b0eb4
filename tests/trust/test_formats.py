"""Envelopes, statements, payloads, bundles: what they hold, and what is not taken for one."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import DeclarationError
from relgraph.trust.bundle import MEDIA_TYPE, is_bundle_type, parse_bundle, write_bundle
from relgraph.trust.dsse import Envelope, envelope_fields, parse_envelope, seal, signed_bytes
from relgraph.trust.errors import Malformed
from relgraph.trust.keys import create_key
from relgraph.trust.predicates import (
    CYCLONEDX,
    SLSA,
    SPDX,
    builder_of,
    check_predicate,
    predicate_type,
    provenance,
    read_document,
)
from relgraph.trust.simplesigning import Payload, parse_payload, write_payload
from relgraph.trust.statement import PAYLOAD_TYPE, Statement, Subject, parse_statement, write_statement

_KEY = create_key()
_HEX = "a" * 64
_DIGEST = f"sha256:{_HEX}"
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
_LIMIT = 1 << 20


def test_what_is_signed_is_the_encoding_of_the_protocol() -> None:
    # The example of the protocol's description.
    assert (
        signed_bytes("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(_TEXT, st.binary(max_size=30), _TEXT, st.binary(max_size=30))
def test_two_messages_never_have_one_encoding(left: str, one: bytes, right: str, two: bytes) -> None:
    assert (signed_bytes(left, one) == signed_bytes(right, two)) is ((left, one) == (right, two))


def test_an_envelope_says_who_signed_it() -> None:
    envelope = seal("text/plain", b"payload", _KEY)
    other = create_key().public
    assert envelope.signers([_KEY.public, other]) == {_KEY.public}
    assert parse_envelope(json.dumps(envelope_fields(envelope)).encode(), limit=_LIMIT) == envelope
    assert envelope._replace(payload=b"other").signers([_KEY.public]) == set()
    assert envelope._replace(payload_type="text/html").signers([_KEY.public]) == set()


def test_a_key_that_signed_twice_is_one_signer() -> None:
    envelope = seal("text/plain", b"payload", _KEY)
    twice = envelope._replace(signatures=envelope.signatures + seal("text/plain", b"payload", _KEY).signatures)
    assert len(twice.signers([_KEY.public, _KEY.public])) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ([], "not an object"),
        ({}, "payloadType and signatures"),
        ({"payloadType": "x", "signatures": []}, "0 signatures"),
        ({"payloadType": "x", "signatures": [{"sig": "AAAA"}] * 100}, "100 signatures"),
        ({"payloadType": "x", "payload": "AAAA", "signatures": [{}]}, "sig: base64"),
        ({"payloadType": "x", "payload": "AAAA", "signatures": ["AAAA"]}, "sig: base64"),
        ({"payloadType": "x", "payload": 7, "signatures": [{"sig": "AAAA"}]}, "payload: base64"),
        ({"payloadType": "x", "payload": "A A A A", "signatures": [{"sig": "AAAA"}]}, "payload: base64"),
        ({"payloadType": "x", "payload": "AAB=", "signatures": [{"sig": "AAAA"}]}, "spare bits"),
        ({"payloadType": "x", "payload": "ä", "signatures": [{"sig": "AAAA"}]}, "base64"),
    ],
)
def test_what_is_no_envelope_is_refused(fields: Any, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        parse_envelope(json.dumps(fields).encode(), limit=_LIMIT)


def test_a_payload_that_stands_twice_is_refused() -> None:
    with pytest.raises(Malformed, match="stands twice"):
        parse_envelope(b'{"payloadType":"x","payload":"AAAA","payload":"BBBB","signatures":[{"sig":"AAAA"}]}', limit=_LIMIT)
    with pytest.raises(Malformed, match="at most 10 are allowed"):
        parse_envelope(b" " * 11, limit=10)


_STATEMENT = Statement((Subject({"sha256": _HEX}, "registry.example/web", {"relgraph.dev/tag": "v1"}),), SLSA, {"a": 1})


def test_a_statement_reads_back_as_what_was_written() -> None:
    data = write_statement(_STATEMENT)
    assert data.startswith(
        b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"registry.example/web","digest":{"sha256":"aa'
    )
    assert parse_statement(data, limit=_LIMIT) == _STATEMENT


def test_a_statement_knows_its_subjects() -> None:
    assert _STATEMENT.subject(_DIGEST) is not None
    assert _STATEMENT.subject("sha256:" + "b" * 64) is None
    assert _STATEMENT.subject("sha512:" + _HEX) is None
    assert _STATEMENT.subject("") is None


def test_the_older_type_of_statement_is_read() -> None:
    data = write_statement(_STATEMENT).replace(b"Statement/v1", b"Statement/v0.1")
    assert parse_statement(data, limit=_LIMIT).predicate_type == SLSA


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_type": "https://in-toto.io/Statement/v2"}, "not an in-toto statement"),
        ({"predicateType": ""}, "predicateType is missing"),
        ({"predicateType": 1}, "predicateType is missing"),
        ({"predicate": []}, "the predicate is no object"),
        ({"subject": []}, "no subject, or too many"),
        ({"subject": [{"digest": {"sha256": _HEX}}] * 2000}, "no subject, or too many"),
        ({"subject": [{}]}, "has a digest"),
        ({"subject": [{"digest": {}}]}, "has a digest"),
        ({"subject": [7]}, "has a digest"),
        ({"subject": [{"digest": {"sha256": "A" * 64}}]}, "not a digest"),
        ({"subject": [{"digest": {"sha256": "a" * 63}}]}, "not a digest"),
        ({"subject": [{"digest": {"sha256": [_HEX]}}]}, "not a digest"),
        ({"subject": [{"digest": {"sha256": _HEX}, "name": 7}]}, "name is text"),
        ({"subject": [{"digest": {"sha256": _HEX}, "annotations": []}]}, None),
        ({"subject": [{"digest": {"sha256": _HEX}, "annotations": ["x"]}]}, "annotations an object"),
    ],
)
def test_what_is_no_statement_is_refused(change: dict[str, Any], reason: str | None) -> None:
    data = json.dumps({**json.loads(write_statement(_STATEMENT)), **change}).encode()
    if reason is None:
        parse_statement(data, limit=_LIMIT)
        return
    with pytest.raises(Malformed, match=reason):
        parse_statement(data, limit=_LIMIT)


def test_an_absent_predicate_says_nothing() -> None:
    data = json.dumps({**json.loads(write_statement(_STATEMENT)), "predicate": None}).encode()
    assert parse_statement(data, limit=_LIMIT).predicate == {}


def test_a_payload_is_written_as_cosign_writes_it() -> None:
    assert write_payload(Payload("registry.example/web", _DIGEST)) == (
        b'{"critical":{"identity":{"docker-reference":"registry.example/web"},'
        b'"image":{"docker-manifest-digest":"'
        + _DIGEST.encode()
        + b'"},"type":"cosign container image signature"},"optional":null}'
    )


@given(_TEXT, st.dictionaries(_TEXT, _TEXT, max_size=3))
def test_a_payload_reads_back_as_what_was_written(repository: str, optional: dict[str, str]) -> None:
    payload = Payload(repository, _DIGEST, optional)
    assert parse_payload(write_payload(payload)) == payload


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "critical is missing"),
        ("[]", "critical is missing"),
        ('{"critical": {}}', "image is missing"),
        ('{"critical": {"image": {}}}', "identity is missing"),
        (
            '{"critical": {"image": {"docker-manifest-digest": "D"}, "identity": {}, "type": "atomic container signature"}}',
            "its type is",
        ),
        ('{"critical": {"image": {"docker-manifest-digest": "sha256:1"}, "identity": {}, "type": "T"}}', "not a digest"),
        ('{"critical": {"image": {"docker-manifest-digest": "D"}, "identity": {"docker-reference": 7}, "type": "T"}}', "no text"),
        ('{"critical": {"image": {"docker-manifest-digest": "D"}, "identity": {}, "type": "T"}, "optional": [1]}', "no object"),
        ('{"critical": {"image": {"docker-manifest-digest": "D", "docker-manifest-digest": "D"}}}', "stands twice"),
    ],
)
def test_what_is_no_payload_is_refused(text: str, reason: str) -> None:
    text = text.replace('"D"', f'"{_DIGEST}"').replace('"T"', '"cosign container image signature"')
    with pytest.raises(Malformed, match=reason):
        parse_payload(text.encode())


def test_a_bundle_has_a_hint_of_its_key() -> None:
    envelope = seal(PAYLOAD_TYPE, write_statement(_STATEMENT), _KEY)
    data = write_bundle(envelope, _KEY.public)
    fields = json.loads(data)
    assert list(fields) == ["mediaType", "verificationMaterial", "dsseEnvelope"]
    assert base64.b64decode(fields["verificationMaterial"]["publicKey"]["hint"]).hex() == _KEY.public.fingerprint
    assert parse_bundle(data, limit=_LIMIT) == (envelope, _KEY.public.hint, False)


def test_a_bundle_that_rests_on_a_certificate_is_known_as_such() -> None:
    envelope = seal(PAYLOAD_TYPE, b"{}", _KEY)
    fields = json.loads(write_bundle(envelope, _KEY.public))
    fields["verificationMaterial"] = {"certificate": {"rawBytes": "AAAA"}, "tlogEntries": []}
    assert parse_bundle(json.dumps(fields).encode(), limit=_LIMIT).certificate


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mediaType": "application/json"}, "media type"),
        ({"mediaType": None}, "media type"),
        ({"dsseEnvelope": []}, "not an object"),
        ({"messageSignature": {}}, "it has no envelope"),
        ({"verificationMaterial": None}, "verificationMaterial is missing"),
    ],
)
def test_what_is_no_bundle_is_refused(change: dict[str, Any], reason: str) -> None:
    fields = {**json.loads(write_bundle(seal(PAYLOAD_TYPE, b"{}", _KEY), _KEY.public)), **change}
    with pytest.raises(Malformed, match=reason):
        parse_bundle(json.dumps(fields).encode(), limit=_LIMIT)


def test_all_spellings_of_a_bundles_type_are_known() -> None:
    for media_type in (
        MEDIA_TYPE,
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle.v0.4+json",
    ):
        assert is_bundle_type(media_type)
    for media_type in ("", "application/json", "application/vnd.dev.sigstore.bundles"):
        assert not is_bundle_type(media_type)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (parse_envelope, parse_statement, parse_bundle):
        with pytest.raises(Malformed):
            read(data, limit=_LIMIT)
    with pytest.raises(Malformed):
        parse_payload(data)


_PROVENANCE = provenance(
    build_type="https://relgraph.dev/build/v1",
    builder="https://ci.example/runner",
    parameters={"tag": "v1.0.0"},
    dependencies={"git+https://git.example/web": "c" * 40, "oci://registry.example/base": _DIGEST},
    invocation="run-7",
)


def test_provenance_has_the_fields_of_slsa() -> None:
    assert _PROVENANCE == {
        "buildDefinition": {
            "buildType": "https://relgraph.dev/build/v1",
            "externalParameters": {"tag": "v1.0.0"},
            "resolvedDependencies": [
                {"uri": "git+https://git.example/web", "digest": {"gitCommit": "c" * 40}},
                {"uri": "oci://registry.example/base", "digest": {"sha256": _HEX}},
            ],
        },
        "runDetails": {"builder": {"id": "https://ci.example/runner"}, "metadata": {"invocationId": "run-7"}},
    }
    assert check_predicate(SLSA, _PROVENANCE) == ""
    assert builder_of(_PROVENANCE) == "https://ci.example/runner"


@pytest.mark.parametrize(
    ("kind", "predicate", "problem"),
    [
        (SLSA, {}, "buildType is missing"),
        (SLSA, {"buildDefinition": {"buildType": "x"}}, "externalParameters is missing"),
        (SLSA, {"buildDefinition": {"buildType": "x", "externalParameters": {}}}, "builder.id is missing"),
        (SPDX, {}, "spdxVersion is missing"),
        (SPDX, {"spdxVersion": "SPDX-2.3"}, ""),
        (CYCLONEDX, {"bomFormat": "SPDX"}, "bomFormat is not CycloneDX"),
        (CYCLONEDX, {"bomFormat": "CycloneDX"}, "specVersion is missing"),
        (CYCLONEDX, {"bomFormat": "CycloneDX", "specVersion": "1.6"}, ""),
        ("https://example.com/own", {}, ""),
    ],
)
def test_predicates_are_what_they_say(kind: str, predicate: dict[str, Any], problem: str) -> None:
    assert problem in check_predicate(kind, predicate)
    assert bool(problem) is bool(check_predicate(kind, predicate))


def test_predicates_have_short_names() -> None:
    assert predicate_type("cyclonedx") == CYCLONEDX
    assert predicate_type("https://example.com/own") == "https://example.com/own"
    with pytest.raises(DeclarationError, match="'sbom' is no type of predicate"):
        predicate_type("sbom")


def test_a_document_must_be_of_the_type_it_is_given_as() -> None:
    assert read_document(b'{"spdxVersion": "SPDX-2.3"}', SPDX, what="x.json") == {"spdxVersion": "SPDX-2.3"}
    for data, reason in ((b"[]", "not a JSON object"), (b"{", "not JSON"), (b"{}", "spdxVersion is missing")):
        with pytest.raises(DeclarationError, match=reason):
            read_document(data, SPDX, what="x.json")


def test_an_envelope_is_a_value() -> None:
    assert Envelope("t", b"p", (b"s",)) == ("t", b"p", (b"s",))
