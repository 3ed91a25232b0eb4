"""KubeStellar's packaging page, declared: what it doubts is found, and each finding goes with the correction of its one input."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from pageworld import CORRECTIONS, Inputs, write_page_world
from relgraph.cli.main import main
from relgraph.model.finding import Severity
from relgraph.verify import Request, open_workspace, verify

DAY = date(2024, 2, 15)
ERROR, WARNING = Severity.ERROR, Severity.WARNING
Told = tuple[Severity, str, str, str, str | None]

#: What is found of each doubt: severity, rule, node, file, and what stands there.
DOUBTS: Mapping[str, frozenset[Told]] = {
    "the chart's appVersion": frozenset({(ERROR, "RG615", "charts.kcm", "core-helm-chart/Chart.yaml", "0.1.0")}),
    "the add-on's Chart.yaml": frozenset({(WARNING, "RG617", "charts.osa", "chart/Chart.yaml", "0.2.0")}),
    "the hook's fixed image": frozenset({(WARNING, "RG603", "images.clusteradm", "config/postcreate-hooks/ocm.yaml", "0.7.2")}),
    "the helm image's build": frozenset({(WARNING, "RG602", "images.helm", "graph/kubestellar-page.yaml", None)}),
    "the hand-coded tag": frozenset(
        {
            (WARNING, "RG616", "charts.kcm", "Makefile", "0.20.0-alpha.1"),
            (WARNING, "RG616", "images.kcm", "Makefile", "0.20.0-alpha.1"),
        }
    ),
    "the add-on's hand-coded tag": frozenset({(WARNING, "RG616", "charts.osa", "Makefile", "0.2.0-alpha.1")}),
    "the published OTP": frozenset({(ERROR, "RG618", "images.otp", "graph/kubestellar-page.yaml", None)}),
}


def found(folder: Path, inputs: Inputs) -> frozenset[Told]:
    """The errors and warnings of a world."""
    workspace = open_workspace(write_page_world(folder, inputs))
    report = verify(workspace, Request(folder / "clones", (), DAY))
    return frozenset(
        (one.severity, one.rule, one.node, one.place.path, one.actual)
        for one in report.findings
        if one.severity is not Severity.NOTE
    )


def test_the_page_is_found_to_doubt_what_it_doubts_and_nothing_else(tmp_path: Path) -> None:
    assert found(tmp_path, Inputs()) == frozenset().union(*DOUBTS.values())


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubt_goes_with_its_correction_and_no_other_does(doubt: str, tmp_path: Path) -> None:
    rest = frozenset().union(*(told for name, told in DOUBTS.items() if name != doubt))
    assert found(tmp_path, CORRECTIONS[doubt](Inputs())) == rest


def test_with_all_corrections_nothing_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corrected = Inputs()
    for correction in CORRECTIONS.values():
        corrected = correction(corrected)
    monkeypatch.chdir(write_page_world(tmp_path, corrected))
    assert main(["verify", "--repos", "clones", "--as-of", DAY.isoformat()]) == 0
    assert capsys.readouterr().out.startswith("nothing wrong (")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_page_world(tmp_path))
    return tmp_path


def test_its_tables_of_versions_are_read_from_git(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page keeps two by hand: OCI tag, appVersion and referenced image of each chart."""
    document = page / "packaging.md"
    document.write_text(
        "<!-- relgraph:versions charts.kcm -->\n<!-- /relgraph -->\n<!-- relgraph:versions charts.osa -->\n<!-- /relgraph -->\n"
    )
    assert main(["graph", "--repos", "clones", "--as-of", DAY.isoformat(), "--write", "packaging.md"]) == 0
    rows = [line for line in document.read_text().splitlines() if line.startswith("| 0")]
    assert [[cell.strip() for cell in row.strip("|").split("|")] for row in rows] == [
        ["0.20.0-alpha.1", "0.1.0", "0.20.0-alpha.1"],
        ["0.2.0-alpha.1", "0.2.0-alpha.1", "0.2.0-alpha.1"],
    ]


def test_its_versions_come_from_tags(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "--repos", "clones", "--as-of", DAY.isoformat(), "--format", "json"]) == 0
    table = {row["node"]: row["version"] for row in json.loads(capsys.readouterr().out)["versions"]}
    assert table["images.clusteradm"] == "0.7.2"
    assert table["images.helm"] == "3.14.0"
    assert table["images.otp"] == ""
    assert table["charts.kcm"].startswith("0.20.0-alpha.1.dev.1+g")


def test_what_moves_with_a_new_clusteradm(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["impact", "repos.clusteradm", "--repos", "clones", "--as-of", DAY.isoformat()]) == 0
    assert capsys.readouterr().out == (
        "3 nodes must move when repos.clusteradm moves\n"
        "  images.clusteradm is built from repos.clusteradm\n"
        "    hooks.ocm refers to images.clusteradm\n"
        "      kubestellar/config/postcreate-hooks/ocm.yaml:11: 0.7.2\n"
        "      files.ks_scripts refers to hooks.ocm\n"
        "        kubestellar/docs/content/v0.20/set-up.md:5: v0.20.0-alpha.1\n"
    )


def test_what_began_later_has_no_version_yet(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "charts.osa", "--repos", "clones", "--as-of", "2024-01-20"]) == 0
    assert capsys.readouterr().out == (
        "charts.osa is without a version\n"
        "  because charts.osa builds from repos.ocm-status-addon\n"
        "  because ocm-status-addon has no commits then\n"
    )  # fmt: skip
