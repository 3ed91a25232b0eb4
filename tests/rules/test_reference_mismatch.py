"""Which references are compared with each other, and how much it matters that they differ."""

from judged import of_files
from relgraph.model.finding import Severity
from relgraph.rules.reference_mismatch import RULE

GUIDE = "```shell\ncurl -Lo ./tool https://{}/dl/v{}/tool-linux-amd64\n```\n"


def test_downloads_from_one_address() -> None:
    (found,) = of_files(RULE, {"docs/a.md": GUIDE.format("get.example.org", "0.20.0"), "docs/b.md": GUIDE.format("get.example.org", "0.14.0")})
    assert (found.place.path, found.actual, found.expected) == ("docs/b.md", "v0.14.0", "v0.20.0")


def test_a_download_host_that_is_named_for_a_module() -> None:
    go_mod = "module github.com/example/platform\n\ngo 1.22\n\nrequire sigs.k8s.io/lantern v0.20.0\n"
    (found,) = of_files(RULE, {"go.mod": go_mod, "hack/up.sh": "#!/bin/sh\ncurl -LO https://lantern.sigs.k8s.io/dl/v0.14.0/lantern-linux\n"})
    assert (found.place.path, found.actual) == ("hack/up.sh", "v0.14.0")


def test_pages_and_names_of_schemas_are_no_downloads() -> None:
    one, two = "See https://schemas.example.org/claim/v0.1/.\n", "See https://schemas.example.org/claim/v0.2/.\n"
    assert of_files(RULE, {"docs/a.md": one, "docs/b.md": two}) == []


def test_fixtures_invent_versions() -> None:
    go_mod = "module github.com/example/platform\n\ngo 1.22\n\nrequire github.com/example/engine v0.6.3\n"
    fixture = {"pkg/web/web_test.go": 'package web\n\nconst u = "https://github.com/example/engine/releases/download/v0.1.0/engine.tgz"\n'}
    assert all(one.severity is Severity.NOTE for one in of_files(RULE, {"go.mod": go_mod, **fixture}))
