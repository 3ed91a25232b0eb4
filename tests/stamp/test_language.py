"""What a template reads, and what is wrong with it, before anything is rendered."""

import pytest

from relgraph.stamp.fill import reads
from stampworld import NODES, wrong


def test_what_is_read_is_known_without_rendering() -> None:
    text = "{% if version == 'never' %}{{ nodes.helm.version }}{{ nodes['images.web'].digest }}{% endif %}{{ commit }}"
    found = reads({"x": text}, NODES)
    assert found.own == {"version", "commit"}
    assert found.nodes == {("tools.helm", "version"), ("images.web", "digest")}
    assert found.digests == {"images.web"}
    assert reads({"x": "{{ nodes['images.web'].pinned }}"}, NODES).digests == {"images.web"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ verson }}", "args.x:1:4: there is no name 'verson' (did you mean 'version'?)"),
        (
            "a\nb {{ nodes.wob.tag }}",
            "args.x:2:12: the node uses no 'wob' (what a template reads must be among 'uses' or 'contains')",
        ),
        ("{{ nodes['images.wep'].tag }}", "args.x:1:11: the node uses no 'images.wep' (did you mean 'images.web'?)"),
        ("{{ nodes.web.tag }}", "args.x:1:10: 'web' is the name of images.web and charts.web (write its id)"),
        (
            "{{ nodes.helm.image }}",
            "args.x:1:10: nothing tells the image of tools.helm (declare its ref, or where its version comes from)",
        ),
        ("{{ nodes.helm.pinned }}", "args.x:1:10: nothing tells where tools.helm is published (declare its ref)"),
        (
            "{{ nodes['db-admin'].tag }}",
            "args.x:1:11: nothing tells the tag of images.db-admin (declare its ref, or where its version comes from)",
        ),
        ("{{ nodes['images.web'].tags }}", "args.x:1:24: there is no field of a node 'tags' (did you mean 'tag'?)"),
        (
            "{% set n = 'web' %}{{ nodes[n].tag }}",
            "args.x:1:23: which node is meant must be written out (write nodes['images.web'].digest, without a variable)",
        ),
        ("{% for n in nodes %}{% endfor %}", "args.x:1:13: 'nodes' is not read as a whole (write nodes['images.web'].tag)"),
        ("{{ values.x }}", "args.x:1:11: there is no value 'x' (there are none)"),
        ("{{ version | uper }}", "args.x:1:14: there is no filter 'uper' (did you mean 'upper'?)"),
        ("{% set version = 1 %}", "args.x:1:8: 'version' has a meaning already (choose another name)"),
        ("{% include 'x' %}", "args.x:1:4: stamping has no 'include' (what a template reads must be written in it)"),
        ("{% macro m() %}{% endmacro %}", "args.x:1:4: stamping has no 'macro' (what a template reads must be written in it)"),
        ("{{ version", "args.x:1:1: unexpected end of template, expected 'end of print statement'. ()"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    (found,) = wrong(text)
    assert found.removeprefix("stamp: ") == problem
