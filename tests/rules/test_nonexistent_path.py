"""URLs whose path is not there."""

from judged import findings, of_files
from relgraph.model.finding import Finding, Severity
from relgraph.rules.nonexistent_path import RULE
from relgraph.rules.rule import Commit

OWN = {"go.mod": "module github.com/example/platform\n"}
ENGINE = {"go.mod": "module github.com/example/engine\n"}
CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\nicon: https://raw.githubusercontent.com/example/platform/main/{}\n"


def said(files: dict[str, str]) -> list[Finding]:
    return of_files(RULE, {**OWN, **files})


def test_an_icon_that_was_moved_leaves_the_chart_without_one() -> None:
    (found,) = said({"chart/Chart.yaml": CHART.format("docs/icons/web.ico"), "site/icons/web.ico": ""})
    assert (found.severity, found.actual, found.expected) == (Severity.ERROR, "docs/icons/web.ico", "site/icons/web.ico")
    assert said({"chart/Chart.yaml": CHART.format("site/icons/web.ico"), "site/icons/web.ico": ""}) == []


def test_a_link_is_a_warning() -> None:
    (found,) = said({"README.md": "[guide](https://github.com/example/platform/blob/main/docs/guide.md)\n"})
    assert found.severity is Severity.WARNING


def test_folders_anchors_and_encoded_names_are_fine() -> None:
    urls = "".join(
        f"https://github.com/example/platform/{rest}\n" for rest in ("tree/main/docs", "blob/main/docs/a%20b.md#part", "tree/main")
    )
    assert said({"README.md": urls, "docs/a b.md": ""}) == []


def test_a_path_is_looked_up_at_its_tag() -> None:
    commits = (Commit({**OWN, "old.yaml": ""}, tags=("v0.1.0",)), Commit({**OWN, "new.yaml": ""}, tags=("v0.2.0",)))
    line = "#!/bin/sh\nkubectl apply -f https://raw.githubusercontent.com/example/platform/{}\n"

    def at(path: str) -> list[Finding]:
        return findings(RULE, (*commits, Commit({**OWN, "new.yaml": "", "setup.sh": line.format(path)})))

    assert at("v0.1.0/old.yaml") == []
    assert at("v0.2.0/new.yaml") == []
    (found,) = at("v0.1.0/new.yaml")
    assert "it exists at v0.2.0" in " ".join(found.why)


def test_a_siblings_default_branch_is_the_tree_that_was_given() -> None:
    files = {**OWN, "README.md": "https://github.com/example/engine/blob/main/docs/x.md\n"}
    assert of_files(RULE, files, {"engine": (Commit({**ENGINE, "docs/x.md": ""}),)}) == []
    assert len(of_files(RULE, files, {"engine": (Commit(ENGINE),)})) == 1


def test_a_missing_ref_is_another_rules_business() -> None:
    assert said({"README.md": "https://github.com/example/platform/blob/v9.9.9/docs/x.md\n"}) == []


def test_the_past_may_point_at_what_is_gone() -> None:
    assert said({"CHANGELOG.md": "https://github.com/example/platform/blob/main/docs/x.md\n"}) == []


def test_a_file_right_behind_its_repository_is_no_page() -> None:
    files = {"docs/guide.md": "", "README.md": "[guide](https://github.com/example/platform/docs/guide.md)\n"}
    (found,) = said(files)
    assert (found.severity, found.actual, found.expected) == (Severity.WARNING, "docs/guide.md", "blob/main/docs/guide.md")


def test_pages_of_a_repository_and_bases_of_kustomize() -> None:
    lines = (
        "https://github.com/example/platform/security\nhttps://github.com/example/platform/security/advisories\n"
        "https://github.com/example/platform/docs?x=1\n```shell\nkubectl apply -k https://github.com/example/platform/config/default\n```\n"
    )
    assert said({"security/x.md": "", "config/default/kustomization.yaml": "", "docs/a.md": "", "README.md": lines}) == []


def test_a_folder_has_no_raw_content() -> None:
    script = "#!/bin/sh\nkubectl apply -f https://raw.githubusercontent.com/example/platform/main/{}\n"
    (found,) = said({"config/crd/a.yaml": "", "up.sh": script.format("config/crd")})
    assert (found.severity, found.actual) == (Severity.ERROR, "config/crd")
    assert said({"config/crd/a.yaml": "", "up.sh": script.format("config/crd/a.yaml")}) == []
    base = "#!/bin/sh\nBASE=https://raw.githubusercontent.com/example/platform/main/config/crd\nkubectl apply -f $BASE/a.yaml\n"
    assert said({"config/crd/a.yaml": "", "up.sh": base}) == []


def test_links_of_design_documents_are_followed_and_those_of_changelogs_are_not() -> None:
    link = "[x](https://github.com/example/platform/blob/main/docs/gone.md)\n"
    assert [one.place.path for one in said({"design/web.md": link, "CHANGELOG.md": link})] == ["design/web.md"]
