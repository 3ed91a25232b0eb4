import json

from hypothesis import given

from relgraph.model.site import Role
from relgraph.sites.action_map import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, brief, check_laws, sites_of

SHA = "0123456789abcdef0123456789abcdef01234567"


def test_maps_in_json() -> None:
    data = {
        "entries": {"acme/setup@v4": {"repo": "acme/setup", "version": "v4.1.0", "sha": SHA}},
        "pins": {"acme/check@v1": SHA, "acme/build/sub": SHA, "no action": SHA},
        "list": [{"name": "acme/scan", "sha": SHA, "tag": "v2"}, {"name": "else", "sha": SHA}],
    }
    found = sites_of(EXTRACTOR, ".github/actions-lock.json", json.dumps(data, indent=2))
    assert [(site.name, site.get("comment"), site.role) for site in found] == [
        ("acme/setup", "v4.1.0", Role.RECORD),
        ("acme/check", "v1", Role.RECORD),
        ("acme/build/sub", "", Role.RECORD),
        ("acme/scan", "v2", Role.RECORD),
    ]


def test_json_without_commits_is_not_read() -> None:
    assert brief(sites_of(EXTRACTOR, "actions.json", '{"acme/setup": "v4"}')) == []


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text("actions.json", b'{"acme/x": "' + SHA.encode() + b'", ' + data)
    check_laws(text, list(EXTRACTOR.extract(text)))
