"""Which references to itself a repository means to be current."""

from judged import findings
from relgraph.rules.rule import Commit
from relgraph.rules.self_reference import RULE

SCRIPT = "helm upgrade --install web oci://ghcr.io/example/platform/web-chart --version {}\n"
BASE = {"go.mod": "module github.com/example/platform\n", "scripts/up.sh": SCRIPT.format("0.2.0")}


def said(**files: str) -> list[tuple[str, str | None]]:
    history = (Commit({**BASE}, tags=("v0.1.0",)), Commit({**BASE, "x": "1"}, tags=("v0.2.0",)), Commit({**BASE, **files}))
    return [(one.place.path, one.actual) for one in findings(RULE, history)]


def test_what_lags_behind_the_newest_tag() -> None:
    assert said(**{"docs/a.md": f"```shell\n{SCRIPT.format('0.1.0')}```\n"}) == [("docs/a.md", "0.1.0")]


def test_modules_of_the_same_repository_that_a_folder_replaces() -> None:
    module = "module github.com/example/platform/tools\n\ngo 1.22\n\nrequire (\n\tgithub.com/example/platform v0.0.0\n\tgithub.com/example/platform/api v0.0.0-20240101000000-0123456789ab\n)\n"
    assert said(**{"tools/go.mod": module}) == []


def test_examples_fixtures_and_packages_of_folders() -> None:
    assert said(**{"docs/a.md": "Name one, for example `helm pull oci://ghcr.io/example/platform/web-chart --version 0.1.0`.\n"}) == []
    assert said(**{"pkg/x/testdata/up.sh": SCRIPT.format("0.1.0")}) == []
    assert said(**{"site/package.json": '{"name": "site", "version": "0.0.1"}\n'}) == []


def test_a_sentence_often_speaks_of_the_past() -> None:
    history = (Commit(BASE, tags=("v0.1.0",)), Commit({**BASE, "x": "1"}, tags=("v0.2.0",)), Commit({**BASE, "docs/a.md": "The platform v0.1.0 release was scanned by hand.\n"}))
    assert {one.severity.value for one in findings(RULE, history)} <= {"note"}
