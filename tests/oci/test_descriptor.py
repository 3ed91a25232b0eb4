from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, Descriptor, is_media_type
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import InvalidContent

DIGEST = str(digest_of(b"x"))
SOUND: dict[str, Any] = {"mediaType": "a/b", "digest": DIGEST, "size": 1}

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
DESCRIPTORS = st.builds(
    Descriptor,
    st.sampled_from(["a/b", "application/vnd.oci.image.config.v1+json"]),
    st.binary(max_size=4).map(digest_of),
    st.integers(0, 1 << 62),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.sampled_from(["", "x/y"]),
    st.none() | st.fixed_dictionaries({"os": TEXTS}),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.none(),
)


@given(DESCRIPTORS)
def test_a_descriptor_survives_json(descriptor: Descriptor) -> None:
    assert Descriptor.from_json(descriptor.to_json(), what="it") == descriptor


def test_embedded_data_survives_json() -> None:
    descriptor = Descriptor.of("a/b", b"hello")._replace(data=b"hello")
    assert Descriptor.from_json(descriptor.to_json(), what="it") == descriptor


def test_the_empty_descriptor_is_that_of_the_specification() -> None:
    assert EMPTY.digest == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert (EMPTY.size, EMPTY_BODY, EMPTY.media_type) == (2, b"{}", "application/vnd.oci.empty.v1+json")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"mediaType": 1}, "media type"),
        ({"mediaType": "nonsense"}, "media type"),
        ({"mediaType": None}, "media type"),
        ({"size": -1}, "size"),
        ({"size": True}, "size"),
        ({"size": 1.5}, "size"),
        ({"size": "1"}, "size"),
        ({"size": 1 << 63}, "size"),
        ({"digest": None}, "digest"),
        ({"digest": "sha256:../../etc"}, "digest"),
        ({"annotations": []}, "annotations"),
        ({"annotations": {"a": 1}}, "not text"),
        ({"urls": "x"}, "urls"),
        ({"urls": [1]}, "url"),
        ({"data": "!"}, "embedded data"),
        ({"data": "aGVsbG8="}, "embedded data"),
        ({"data": 1}, "embedded data"),
        ({"platform": []}, "platform"),
        ({"artifactType": 1}, "artifact type"),
        ({"mediatype": "c/d"}, "looks like"),
        ({"ſize": 2}, "looks like"),
    ],
)
def test_a_malformed_descriptor_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidContent, match=word):
        Descriptor.from_json(SOUND | change, what="it")


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(InvalidContent, match="not a JSON object"):
        Descriptor.from_json(value, what="it")


def test_the_bare_descriptor_names_content_only() -> None:
    full = Descriptor.of("a/b", b"x", annotations={"k": "v"}, artifact_type="c/d")
    assert full.bare == Descriptor("a/b", full.digest, 1)


def test_media_types_have_no_parameters() -> None:
    assert is_media_type("application/vnd.oci.image.layer.v1.tar+gzip")
    assert not is_media_type("text/plain; charset=utf-8")
    assert not is_media_type("text/" + "x" * 128)
