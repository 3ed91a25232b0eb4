import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent
from relgraph.oci.manifest import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    INDEX,
    MANIFEST,
    Index,
    Manifest,
    parse_document,
    referrer_entry,
)

LAYER = Descriptor.of("a/b", b"x")
SOUND: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": MANIFEST,
    "config": EMPTY.to_json(),
    "layers": [LAYER.to_json()],
}
LIST: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [Descriptor.of(MANIFEST, b"m").to_json()]}
TEXTS = st.text(st.characters(codec="utf-8"), max_size=10)


@given(st.lists(st.binary(max_size=3), max_size=4), st.dictionaries(TEXTS, TEXTS, max_size=3), st.booleans())
def test_a_manifest_survives_its_bytes(layers: list[bytes], annotations: dict[str, str], subject: bool) -> None:
    made = Manifest.make(
        EMPTY, [Descriptor.of("a/b", data) for data in layers], subject=LAYER if subject else None, annotations=annotations
    )
    assert parse_document(made.raw, media_type=MANIFEST, digest=made.digest) == made
    assert made.digest == digest_of(made.raw)
    assert made.descriptor == Descriptor(MANIFEST, made.digest, len(made.raw))


@given(st.lists(st.binary(max_size=3), max_size=4))
def test_an_index_survives_its_bytes(items: list[bytes]) -> None:
    made = Index.make([Descriptor.of(MANIFEST, data) for data in items])
    assert parse_document(made.raw, media_type=INDEX, digest=made.digest) == made


def test_bytes_are_compact_and_in_the_order_of_the_struct() -> None:
    made = Manifest.make(EMPTY, [], artifact_type="x/y", subject=LAYER, annotations={"b": "<", "a": "ä"})
    assert list(json.loads(made.raw)) == [
        "schemaVersion",
        "mediaType",
        "artifactType",
        "config",
        "layers",
        "subject",
        "annotations",
    ]
    assert made.raw.endswith('"annotations":{"a":"ä","b":"\\u003c"}}'.encode())
    assert b'"mediaType"' not in Manifest.make(EMPTY, [], write_media_type=False).raw.partition(b'"config"')[0]


def test_the_bytes_that_came_are_kept() -> None:
    raw = json.dumps(SOUND, indent=3).encode()
    assert parse_document(raw).raw == raw
    assert parse_document(raw).digest == digest_of(raw)


@pytest.mark.parametrize("media_type", [DOCKER_MANIFEST, DOCKER_LIST])
def test_dockers_types_are_read(media_type: str) -> None:
    value = (SOUND if media_type == DOCKER_MANIFEST else LIST) | {"mediaType": media_type}
    assert parse_document(json.dumps(value).encode(), media_type=media_type).media_type == media_type


def test_a_type_may_be_said_by_one_side_only() -> None:
    silent = {key: value for key, value in SOUND.items() if key != "mediaType"}
    assert parse_document(json.dumps(silent).encode(), media_type=DOCKER_MANIFEST).media_type == DOCKER_MANIFEST
    assert parse_document(json.dumps(silent).encode()).media_type == MANIFEST
    assert parse_document(json.dumps({"schemaVersion": 2, "manifests": None}).encode()) == parse_document(
        b'{"schemaVersion": 2, "manifests": null}'
    )


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (SOUND | {"manifests": []}, "manifest and of an index"),  # CVE-2021-41190
        (LIST | {"layers": []}, "manifest and of an index"),
        (SOUND | {"mediaType": INDEX}, "fields are not those"),
        (LIST | {"mediaType": MANIFEST}, "fields are not those"),
        (SOUND | {"mediaType": "text/plain"}, "neither a manifest nor an index"),
        (SOUND | {"mediaType": 1}, "mediaType is not text"),
        (SOUND | {"schemaVersion": 1}, "schemaVersion"),
        (SOUND | {"schemaVersion": 2.0}, "schemaVersion"),
        (SOUND | {"schemaVersion": True}, "schemaVersion"),
        (SOUND | {"schemaVersion": 1, "fsLayers": []}, "schema 1"),
        (SOUND | {"Layers": []}, "looks like"),
        (SOUND | {"layers": {}}, "not a list"),
        (SOUND | {"config": None}, "config"),
        (SOUND | {"subject": {}}, "subject"),
        (SOUND | {"artifactType": "nonsense"}, "artifact type"),
        (SOUND | {"artifactType": 1}, "artifact type"),
        (SOUND | {"annotations": {"a": None}}, "not text"),
        ({key: value for key, value in SOUND.items() if key != "layers"}, "no layers"),
        ([], "not a JSON object"),
        ("x", "not a JSON object"),
    ],
)
def test_a_malformed_document_is_refused(value: Any, word: str) -> None:
    with pytest.raises(InvalidContent, match=word):
        parse_document(json.dumps(value).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"schemaVersion":2,"schemaVersion":2}',
        b"[" * 100_000,
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b'{"schemaVersion": NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":' + b"9" * 5000 + b"}",
        b" " * (5 << 20),
    ],
    ids=["empty", "cut", "latin", "mark", "twice", "deep", "deeper", "nan", "surrogate", "number", "large"],
)
def test_json_that_two_readers_could_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidContent):
        parse_document(raw)


def test_what_was_said_outside_must_fit() -> None:
    raw = json.dumps(SOUND).encode()
    with pytest.raises(InvalidContent, match="was given as"):
        parse_document(raw, media_type=DOCKER_MANIFEST)
    with pytest.raises(ContentMismatch) as caught:
        parse_document(raw, digest=digest_of(b"other"))
    assert caught.value.expected == digest_of(b"other")
    assert caught.value.actual == digest_of(raw)
    assert parse_document(raw, digest=digest_of(raw, "sha512")).digest == digest_of(raw, "sha512")


def test_children_come_once_and_without_the_subject() -> None:
    made = Manifest.make(EMPTY, [LAYER, LAYER, EMPTY], subject=Descriptor.of("s/t", b"s"))
    assert made.children == (EMPTY, LAYER)


def test_an_entry_of_a_list_of_referrers_says_what_it_is() -> None:
    named = Manifest.make(EMPTY, [], artifact_type="x/y", annotations={"k": "v"})
    assert referrer_entry(named) == named.descriptor._replace(artifact_type="x/y", annotations={"k": "v"})
    assert referrer_entry(Manifest.make(LAYER, [])).artifact_type == "a/b"
    assert referrer_entry(Index.make([])).artifact_type == ""
