"""From targets to contexts, and from what templates say to what decides a build."""

import pytest

from buildworld import COMMIT, node_of, part, target_of
from relgraph.build.builder import Part, Target
from relgraph.build.stamping import NOBODY, context_of, filled, stamped, stamping_of, texts_of
from relgraph.errors import DeclarationError
from relgraph.stamp.stamp import Spec

WEB = part("images.web", "1.2.0-dev.1+gab", "1.2.0-dev.1_gab")
CHART = Part("charts.core", "1.2.0-dev.1+gab", "v1.2.0-dev.1_gab", "oci://registry.example/acme/core")


def target(**stamp: object) -> Target:
    own = part("images.site", "1.2.0")
    return target_of(node_of("images.site"), {}, own, WEB, CHART, stamp=stamp)


def test_templates_see_what_the_target_uses() -> None:
    texts = {
        "a": "{{ nodes.core.tag }} {{ nodes.core.image }}",
        "b": "{{ nodes.web.tag }} {{ nodes.web.pinned }}",
        "c": "{{ name }} {{ repo }} {{ commit }} {{ time }}",
    }
    assert filled(target(), texts, {"images.web": "sha256:1"}) == {
        "a": "v1.2.0-dev.1+gab registry.example/acme/core:v1.2.0-dev.1_gab",
        "b": "1.2.0-dev.1_gab registry.example/acme/web@sha256:1",
        "c": f"site acme {COMMIT} 2023-11-14T22:13:20Z",
    }


def test_what_texts_say_decides_and_digests_are_needed() -> None:
    found = texts_of(target(), {"a": "{{ nodes.web.pinned }} {{ version }}"})
    assert found.needs == ("images.web",)
    assert found.facts["said"] == {"version": "1.2.0", "images.web pinned": "registry.example/acme/web"}
    assert texts_of(target(), {"a": "plain"}).facts == {"texts": {"a": "plain"}, "said": {}}


def test_a_stamp_is_tried_without_digests() -> None:
    spec = Spec(replace={"IMAGE": "{{ nodes['images.web'].digest }}"}, templates={"x.j2": b"{{ tag }}"})
    found = stamping_of(target(), {"f": b"IMAGE"}, spec)
    assert found.needs == ("images.web",)
    assert found.facts["said"] == {"tag": "1.2.0"}
    assert stamped(target(), {"f": b"IMAGE"}, spec, {"images.web": NOBODY})["f"] == NOBODY.encode()
    assert stamping_of(target(), {}, Spec()) == ({}, (), {})


def test_problems_name_the_node_and_where_it_is_declared() -> None:
    with pytest.raises(DeclarationError, match=r"^graph/acme\.yaml:1:1: images\.site: stamp: stamp\.replace\.X: this placeholder"):
        stamping_of(target(), {}, Spec(replace={"X": "y"}))
    with pytest.raises(DeclarationError, match=r"^graph/acme\.yaml:1:1: images\.site: build: args\.A:1:4: there is no name 'q'"):
        texts_of(target(), {"args.A": "{{ q }}"})


def test_a_digest_that_is_not_known_is_no_text() -> None:
    assert context_of(target(), {}).nodes["images.web"].pinned == ""
