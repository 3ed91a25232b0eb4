"""``build``, ``push``, ``plan`` and ``stamp`` on the demo's platform."""

import io
import json
import re
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import yaml

from releases import Ran, git, platform, relgraph
from relgraph.cli.main import main
from relgraph.oci.layout import Layout

TO = "layout:../pushed"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return platform(tmp_path)


def steps(ran: Ran) -> dict[str, str]:
    return {step["step"]: step["state"] for step in json.loads(ran.out)["steps"]}


def forecast(root: Path, *words: str) -> dict[str, tuple[str, list[str]]]:
    ran = relgraph(root, "plan", "--format", "json", *words)
    assert ran.status == 0, ran.err
    return {step["step"]: (step["forecast"], step["why"]) for step in json.loads(ran.out)["steps"]}


def test_what_is_planned_is_what_runs(root: Path) -> None:
    planned = forecast(root)
    ran = steps(relgraph(root, "build", "--format", "json"))
    assert [*planned] == [*ran]
    assert {name for name, (word, _) in planned.items() if word == "run"} == {name for name, word in ran.items() if word == "done"}
    assert {word for word, _ in forecast(root).values()} == {"cached"}


def test_a_plan_changes_nothing(root: Path) -> None:
    relgraph(root, "plan")
    assert git(root, "status", "--porcelain", "--ignored") == ""


def test_a_plan_says_which_input_changed_from_what_to_what(root: Path) -> None:
    relgraph(root, "build")
    before = git(root, "hash-object", "config/defaults.yaml")
    (root / "config/defaults.yaml").write_text("interval: 60s\n")
    after = git(root, "hash-object", "config/defaults.yaml")
    planned = forecast(root)
    assert planned["build images.controller"] == (
        "run",
        [f"recipe: file config/defaults.yaml was 100644 {before[:12]}, is 100644 {after[:12]}"],
    )
    assert planned["build charts.platform-chart"][0] in ("run", "may run")
    told = relgraph(root, "plan", "--why", "controller").out
    assert before[:12] in told
    assert after[:12] in told


def test_a_step_that_the_plan_does_not_have_is_said(root: Path) -> None:
    ran = relgraph(root, "plan", "--why", "contoller")
    assert ran.status == 2
    assert "build images.controller" in ran.err


def test_only_the_nodes_that_are_asked_for_are_built_and_what_they_need(root: Path) -> None:
    assert [*steps(relgraph(root, "build", "controller", "--format", "json"))] == ["build images.controller"]
    assert {*steps(relgraph(root, "build", "charts.platform-chart", "--format", "json"))} == {
        "build images.controller",
        "build charts.platform-chart",
    }


def test_what_is_not_asked_for_may_be_wrong(root: Path) -> None:
    graph = root / "graph/platform.yaml"
    broken = "  broken: {from: platform, ref: registry.example/acme/broken, paths: [cmd/**], build: {python: .}}\n"
    graph.write_text(graph.read_text().replace("files:\n", f"files:\n{broken}", 1))
    whole = relgraph(root, "build")
    assert whole.status == 2
    assert "pyproject.toml" in whole.err
    assert relgraph(root, "build", "platform-chart").status == 0
    assert relgraph(root, "stamp", "platform-chart", "--output", "../out").status == 0


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        (
            r"( +)bundle: {bin/controller",
            r"\1docker: .\n\g<0>",
            "images.controller has several builders: bundle, docker (leave one)\n",
        ),
        (
            "helm: chart}\n    stamp:\n",
            "helm: chrt}\n    stamp:\n",
            "charts.platform-chart: chrt has no Chart.yaml (did you mean chart?)\n",
        ),
    ],
)
def test_what_is_wrong_with_a_builder_is_said_once_with_what_to_do(root: Path, pattern: str, replacement: str, said: str) -> None:
    path = root / "graph/platform.yaml"
    text, count = re.subn(pattern, replacement, path.read_text())
    assert count == 1
    path.write_text(text)
    ran = relgraph(root, "plan")
    assert ran.status == 2
    assert re.fullmatch(rf"relgraph: error: graph/platform.yaml:\d+:3: {re.escape(said)}", ran.err), ran.err


def test_a_node_of_another_repository_is_built_there(root: Path) -> None:
    ran = relgraph(root, "build", "images.agent")
    assert ran.status == 2
    assert "not built from" in ran.err
    assert relgraph(root, "build", "--repo", "agent").status == 0


def test_what_is_lost_from_the_store_is_built_again_and_comes_to_the_same(root: Path) -> None:
    first = json.loads(relgraph(root, "build", "--format", "json").out)["artifacts"]
    digest = next(one["digest"] for one in first if one["node"] == "charts.platform-chart")
    (root / ".relgraph/store/blobs/sha256" / digest.partition(":")[2]).unlink()
    ran = relgraph(root, "build", "--format", "json")
    assert steps(ran) == {"build images.controller": "cached", "build charts.platform-chart": "done"}
    assert json.loads(ran.out)["artifacts"][0]["digest"] == digest


def test_a_build_reports_what_a_push_refuses(root: Path) -> None:
    script = root / "scripts/install.sh"
    script.write_text(script.read_text().replace("0.30.0", "0.3.0"))
    git(root, "commit", "-qam", "Hurry")
    built = relgraph(root, "build")
    assert built.status == 0
    assert "one reference is wrong" in built.err
    pushed = relgraph(root, "push", "--to", TO)
    assert pushed.status == 1
    assert "scripts/install.sh:4" in pushed.err


def test_a_push_names_the_development_version(root: Path) -> None:
    git(root, "commit", "--allow-empty", "-qm", "More")
    head = git(root, "rev-parse", "HEAD")[:7]
    ran = relgraph(root, "push", "--to", TO)
    assert ran.status == 0, ran.err
    tags = {entry.tag for entry in Layout(root.parent / "pushed").entries() if entry.tag}
    assert tags == {f"0.30.1-dev.1_g{head}"}


def test_what_is_not_committed_is_not_pushed(root: Path) -> None:
    (root / "config/defaults.yaml").write_text("interval: 60s\n")
    ran = relgraph(root, "push", "--to", TO)
    assert ran.status == 1
    assert "not committed" in ran.err


def test_stamped_files_can_be_read(root: Path) -> None:
    ran = relgraph(root, "stamp", "--output", "../out", "--tag", "v0.30.0")
    assert ran.status == 0, ran.err
    values = yaml.safe_load((root.parent / "out/platform-chart/platform/values.yaml").read_text())
    assert values["controller"]["image"].startswith("registry.example/acme/controller@sha256:")
    assert git(root, "status", "--porcelain") == ""


def test_an_image_is_not_laid_out(root: Path) -> None:
    ran = relgraph(root, "stamp", "controller", "--output", "../out")
    assert ran.status == 2


def test_the_times_of_a_run_can_be_looked_at(root: Path) -> None:
    ran = relgraph(root, "build", "--times", "--chrome-trace", "../trace.json")
    assert "the longest chain took" in ran.err
    events = json.loads((root.parent / "trace.json").read_text())["traceEvents"]
    assert {event["name"] for event in events if event["ph"] == "X"} == {"build images.controller", "build charts.platform-chart"}


def test_a_failed_step_shows_its_last_words_and_which_was_first(root: Path) -> None:
    graph = root / "graph/platform.yaml"
    graph.write_text(
        graph.read_text().replace(
            "charts:\n",
            "  broken:\n    from: platform\n    ref: registry.example/acme/broken\n    build: {command: echo why; exit 7, outputs: [out]}\ncharts:\n",
            1,
        )
    )
    ran = relgraph(root, "build", "broken")
    assert ran.status == 3
    assert "why" in ran.err
    assert "build images.broken failed" in ran.err


def reached(root: Path, *paths: str) -> list[tuple[str, bool]]:
    ran = relgraph(root, "plan", *(f"--what-if={path}" for path in paths), "--format", "json")
    assert ran.status == 0, ran.err
    return [(one["node"], one["built"]) for one in json.loads(ran.out)["reached"]]


def test_what_a_change_would_reach_is_known_before_it_is_made(root: Path) -> None:
    assert reached(root, "config/defaults.yaml") == [
        ("images.controller", True), ("charts.platform-chart", True), ("files.docs", False), ("files.scripts", False),
    ]  # fmt: skip
    assert reached(root, "chart/**") == [("charts.platform-chart", True), ("files.docs", False), ("files.scripts", False)]
    assert reached(root, "README.md") == []


def test_what_a_change_would_reach_is_what_is_then_built(root: Path) -> None:
    relgraph(root, "build")
    foreseen = {f"build {node}" for node, built in reached(root, "config/defaults.yaml") if built}
    (root / "config/defaults.yaml").write_text("interval: 60s\n")
    assert {name for name, state in steps(relgraph(root, "build", "--format", "json")).items() if state == "done"} == foreseen


def test_a_file_that_is_not_there_is_said(root: Path) -> None:
    ran = relgraph(root, "plan", "--what-if", "config/default.yaml")
    assert ran.status == 2
    assert "no such file" in ran.err


def test_what_build_shows_is_where_it_lies(root: Path) -> None:
    ran = relgraph(root, "build", "controller")
    (line,) = ran.out.splitlines()
    state, node, place = line.split()
    assert (state, node) == ("done", "images.controller")
    assert place.startswith("layout:.relgraph/store//registry.example/acme/controller@sha256:")
    assert relgraph(root, "store.inspect", place).status == 0


class Narrow(io.StringIO):
    """A terminal whose size nobody knows: a hundred columns."""

    def isatty(self) -> bool:
        return True


def test_a_digest_is_never_broken_by_the_edge_of_the_screen(root: Path) -> None:
    relgraph(root, "release", "--to", "layout:../published")
    out = Narrow()
    with chdir(root), redirect_stdout(out), redirect_stderr(io.StringIO()):
        assert main(["push", "--tag", "v0.30.0", "--to", "layout:../elsewhere"]) == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()
    assert lines[3] == "cached     images.controller"
    assert lines[4] == "    layout:../elsewhere//registry.example/acme/controller:0.30.0"
    assert re.fullmatch(r"    @sha256:[0-9a-f]{64}", lines[5])
