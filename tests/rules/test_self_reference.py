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
    assert (
        said(**{"docs/a.md": "Name one, for example `helm pull oci://ghcr.io/example/platform/web-chart --version 0.1.0`.\n"}) == []
    )
    assert said(**{"pkg/x/testdata/up.sh": SCRIPT.format("0.1.0")}) == []
    assert said(**{"site/package.json": '{"name": "site", "version": "0.0.1"}\n'}) == []


def test_a_sentence_often_speaks_of_the_past() -> None:
    history = (
        Commit(BASE, tags=("v0.1.0",)),
        Commit({**BASE, "x": "1"}, tags=("v0.2.0",)),
        Commit({**BASE, "docs/a.md": "The platform v0.1.0 release was scanned by hand.\n"}),
    )
    assert {one.severity.value for one in findings(RULE, history)} <= {"note"}


def test_how_a_reader_chooses_a_release() -> None:
    def shown(version: str) -> set[str]:
        line = f"Install a specific release:\n\n    helm upgrade --install web oci://ghcr.io/example/platform/web-chart --version {version}\n"
        history = (
            Commit(BASE, tags=("v0.1.0", "v0.2.0-rc.1")),
            Commit({**BASE, "x": "1"}, tags=("v0.2.0",)),
            Commit({**BASE, "docs/a.md": line}),
        )
        return {one.severity.value for one in findings(RULE, history)}

    assert shown("0.1.0") == {"note"}
    assert shown("0.2.0-rc.1") == {"error"}


def test_what_a_command_printed_of_a_release_stays_true() -> None:
    shown = f"```shell\n$ crane digest ghcr.io/example/platform/web:v0.1.0\nsha256:{'a' * 64}\n```\n"
    assert said(**{"docs/a.md": shown}) == []


def test_the_version_under_development_is_no_release_to_follow() -> None:
    assert said(VERSION="0.3.0-dev\n") == []
    assert said(**{"VERSION": "0.3.0-dev\n", "docs/a.md": f"```shell\n{SCRIPT.format('0.1.0')}```\n"}) == [("docs/a.md", "0.1.0")]


def test_a_package_that_the_tags_are_not_for() -> None:
    def of_package(version: str) -> list[str | None]:
        files = {"Cargo.toml": f'[package]\nname = "inner"\nversion = "{version}"\n', "n": "1"}
        history = (Commit(files, ("v2.54.0",)), Commit(files | {"n": "2"}, ("v2.55.0",)), Commit(files | {"n": "3", "up.sh": UP}))
        return [one.actual for one in findings(RULE, history)]

    assert of_package("0.1.0") == []
    assert of_package("2.54.0") == ["2.54.0"]


UP = "#!/bin/sh\ndocker run ghcr.io/example/platform/web:2.55.0\n"
