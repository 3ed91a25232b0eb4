"""The commands of a workspace: verify, versions, why, impact, graph."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from relgraph.cli.command import Values
from relgraph.cli.commands.graph import run as run_graph
from relgraph.cli.main import main
from relgraph.cli.terminal import Terminal
from workspaces import GRAPH, write_workspace


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without mistakes, as the current folder."""
    monkeypatch.chdir(write_workspace(tmp_path))
    monkeypatch.setenv("RELGRAPH_CACHE", "off")
    return tmp_path


Run = Any


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        status = main([words[0], "--repos", "clones", *words[1:]])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_verify_of_a_clean_workspace(run: Run) -> None:
    status, out, err = run("verify")
    assert (status, err) == (0, "")
    assert out.startswith("nothing wrong (")


def test_verify_names_what_is_wrong_and_why(run: Run, workspace: Path) -> None:
    (workspace / "clones/platform/docs/install.md").write_text("    docker run ghcr.io/example/platform/web:1.0.0\n")
    status, out, _ = run("verify", "--format", "json")
    assert status == 1
    (finding,) = [one for one in json.loads(out)["findings"] if one["severity"] == "error"]
    assert (finding["rule"], finding["actual"], finding["expected"]) == ("RG102", "1.0.0", "1.1.0")
    assert (finding["site"]["repo"], finding["site"]["path"], finding["site"]["rev"]) == ("platform", "docs/install.md", "worktree")


def test_verify_of_a_revision_a_tag_and_a_day(run: Run, workspace: Path) -> None:
    (workspace / "clones/platform/docs/install.md").write_text("    docker run ghcr.io/example/platform/web:1.0.0\n")
    assert run("verify")[0] == 1
    assert run("verify", "--rev", "platform=HEAD")[0] == 0
    assert run("verify", "--rev", "platform=v1.1.0", "--rev", "engine=v0.9.3")[0] == 0
    assert run("verify", "--as-of", "2026-02-06")[0] == 0


def test_verify_of_one_rule(run: Run, workspace: Path) -> None:
    (workspace / "clones/platform/docs/install.md").write_text("    docker run ghcr.io/example/platform/web:1.0.0\n")
    assert run("verify", "--rule", "RG104")[0] == 0
    assert run("verify", "--rule", "self-reference")[0] == 1


def test_versions_are_tabled_with_their_reasons(run: Run) -> None:
    status, out, err = run("versions", "--rev", "platform=v1.1.0")
    assert (status, err) == (0, "")
    rows = {line.split(None, 2)[0]: line.split(None, 2)[1:] for line in out.splitlines()}
    assert rows["repos.platform"] == ["v1.1.0", "platform is at tag v1.1.0"]
    assert rows["charts.web-chart"] == ["v1.1.0", "platform is at tag v1.1.0"]
    assert rows["images.motor"] == ["0.9.3", "engine is at tag v0.9.3"]
    assert rows["repos.upstream"] == ["-", "upstream is external and has no clone here"]


def test_versions_of_another_day(run: Run) -> None:
    _, out, _ = run("versions", "--as-of", "2026-01-20", "--format", "json")
    table = json.loads(out)
    assert table["schema"] == "relgraph.dev/versions/v1"
    found = {row["node"]: row["version"] for row in table["versions"]}
    assert (found["images.web"], found["images.motor"]) == ("1.0.0", "0.8.0")


def test_an_untagged_commit_has_a_development_version(run: Run) -> None:
    _, out, _ = run("versions", "--rev", "platform=HEAD", "--format", "json")
    found = {row["node"]: row["version"] for row in json.loads(out)["versions"]}
    assert found["images.web"].startswith("1.1.1-dev.1+g")


def test_why_is_the_chain_of_reasons(run: Run) -> None:
    status, out, _ = run("why", "web-chart", "--rev", "platform=v1.0.0")
    assert status == 0
    assert out == (
        "charts.web-chart is v1.0.0\n"
        "  because charts.web-chart builds from repos.platform\n"
        "  because platform is at tag v1.0.0\n"
    )  # fmt: skip
    _, out, _ = run("why", "images.proxy", "--format", "json")
    assert json.loads(out) == {
        "schema": "relgraph.dev/why/v1",
        "node": "images.proxy",
        "version": "",
        "why": ["images.proxy builds from repos.upstream", "upstream is external and has no clone here"],
    }


def test_impact_lists_what_must_move_with_the_places(run: Run) -> None:
    status, out, _ = run("impact", "web")
    assert status == 0
    # The chart's own fields are of the same line as the image: they move with it.
    assert out == (
        "2 nodes must move when images.web moves\n"
        "  charts.web-chart refers to images.web\n"
        "    platform/chart/Chart.yaml:3: v1.1.0\n"
        "    platform/chart/Chart.yaml:4: 1.1.0\n"
        "    platform/chart/templates/pod.yaml:4: 1.1.0\n"
        "  files.docs refers to images.web\n"
        "    platform/docs/install.md:1: 1.1.0\n"
    )


def test_impact_as_json(run: Run) -> None:
    _, out, _ = run("impact", "repos.engine", "--format", "json")
    found = json.loads(out)
    assert (found["schema"], found["node"]) == ("relgraph.dev/impact/v1", "repos.engine")
    assert [(row["node"], row["of"], row["distance"]) for row in found["impact"]] == [
        ("images.motor", "repos.engine", 1),
        ("repos.platform", "repos.engine", 1),
        ("charts.web-chart", "images.motor", 2),
        ("files.docs", "repos.platform", 2),
        ("images.web", "repos.platform", 2),
    ]
    assert found["impact"][2]["places"] == ["platform/chart/templates/pod.yaml:5: 0.9.3"]


def test_graph_draws_without_any_clone(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["graph", "web-chart"])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    assert out.startswith("flowchart LR\n")
    assert "images_motor" in out
    assert "images_proxy" not in out


def test_graph_draws_an_outline(run: Run) -> None:
    assert run("graph", "--outline")[1] == (
        'flowchart LR\n    repos_engine["engine"]\n    repos_platform["platform"]\n    repos_platform --> repos_engine\n'
    )


def test_graph_writes_versions_and_colours(run: Run, workspace: Path) -> None:
    (workspace / "clones/platform/docs/install.md").write_text("    docker run ghcr.io/example/platform/web:1.0.0\n")
    _, out, _ = run("graph", "--versions", "--state", "--rev", "platform=worktree")
    assert "<br/>0.9.3" in out
    assert "class files_docs error" in out


def test_graph_as_json(run: Run) -> None:
    _, out, _ = run("graph", "--format", "json", "--versions", "--state", "repos.engine")
    found = json.loads(out)
    assert found["schema"] == "relgraph.dev/graph/v1"
    assert [(node["id"], node["version"]) for node in found["nodes"]] == [("images.motor", "0.9.3"), ("repos.engine", "v0.9.3")]
    assert found["drawing"]["boxes"][0]["label"] == ["motor image", "0.9.3"]


def test_a_drawing_beyond_what_mermaid_takes_says_so(workspace: Path) -> None:
    lines = [f"  i{n}: {{from: platform, ref: ghcr.io/example/i{n}}}\n" for n in range(600)]
    (workspace / "graph/more.yaml").write_text(
        "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: system}\ntools:\n" + "".join(lines), "utf-8"
    )

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    for err, said in ((Screen(), "relgraph: mermaid draws at most 500 arrows"), (io.StringIO(), "")):
        out = io.StringIO()
        assert run_graph(Values({}), Terminal(out, err, {})) == 0
        assert out.getvalue().count("-->") > 600
        assert err.getvalue().startswith(said)


COMMANDS = [("verify",), ("versions",), ("why", "web"), ("impact", "web"), ("graph", "--versions")]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
class TestErrors:
    def test_without_a_workspace(self, words: tuple[str, ...], run: Run, workspace: Path) -> None:
        (workspace / "graph/system.yaml").unlink()
        status, out, err = run(*words)
        assert (status, out) == (2, "")
        assert "no workspace at or above" in err

    def test_with_a_graph_that_is_wrong(self, words: tuple[str, ...], run: Run, workspace: Path) -> None:
        (workspace / "graph/system.yaml").write_text(GRAPH.replace("uses: [web]", "uses: [wbe]").replace("self:", "slef:"))
        status, out, err = run(*words)
        assert (status, out) == (2, "")
        assert err == (
            "relgraph: error: 2 problems in graph/\n"
            "  graph/system.yaml:5:56: repo 'platform' has no 'slef' (did you mean 'self'?)\n"
            "  graph/system.yaml:20:51: files.docs is said to use 'wbe', which is no node (did you mean 'web'?)\n"
        )

    def test_with_a_clone_that_is_missing(
        self, words: tuple[str, ...], workspace: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (workspace / "clones/engine").rename(workspace / "clones/elsewhere")
        assert main([*words, "--repos", "clones", "--offline"]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert "repos.engine: no clone of https://github.com/example/engine" in err
        assert "--repos" in err

    def test_with_no_clones_at_all(self, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
        assert main([*words, "--offline"]) == 3
        assert "2 repositories have no clone" in capsys.readouterr().err

    def test_with_an_unknown_graph(self, words: tuple[str, ...], run: Run) -> None:
        status, _, err = run(*words, "--graph", "sytem")
        assert status == 2
        assert "did you mean 'system'?" in err

    def test_with_a_day_that_is_none(self, words: tuple[str, ...], run: Run) -> None:
        assert run(*words, "--as-of", "yesterday")[0] == 2

    def test_with_a_revision_of_no_repository(self, words: tuple[str, ...], run: Run) -> None:
        status, _, err = run(*words, "--rev", "nothing=v1")
        assert status == 2
        assert "the graph has no repository 'nothing'" in err

    def test_with_a_revision_that_does_not_exist(self, words: tuple[str, ...], run: Run) -> None:
        assert run(*words, "--rev", "platform=v7.7.7")[0] == 2


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("wbe", "the graph has no node 'wbe'\nhint: did you mean 'web'?"),
        ("zzzzz", "the graph has no node 'zzzzz'\nhint: `relgraph versions` lists all"),
    ],
)
@pytest.mark.parametrize("command", ["why", "impact", "graph"])
def test_a_node_that_there_is_not(command: str, word: str, message: str, run: Run) -> None:
    status, out, err = run(command, word)
    assert (status, out) == (2, "")
    assert message in err


def test_a_name_of_several_nodes(run: Run, workspace: Path) -> None:
    (workspace / "graph/system.yaml").write_text(GRAPH.replace("[web", "[images.web") + "tools: {web: {from: engine}}\n")
    status, _, err = run("why", "web")
    assert status == 2
    assert "'web' may be images.web or tools.web\nhint: write the section too" in err


def test_a_clone_declared_by_its_path_comes_first(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declared = GRAPH.replace("from: engine}\n", "from: engine, path: clones/platform}\n")
    declared = declared.replace("example/engine}\n", "example/engine, path: clones/engine}\n")
    (workspace / "graph/system.yaml").write_text(declared)
    assert main(["versions"]) == 0
    assert "engine is at tag v0.9.3" in capsys.readouterr().out


def test_a_graph_is_kept_parsed(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RELGRAPH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = run("graph")
    import relgraph.workspace.load

    def load(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(relgraph.workspace.load, "load_graphs", load)
    assert run("graph") == first
    (workspace / "graph/system.yaml").write_text(GRAPH + "\n")
    status, _, err = run("graph")
    assert (status, "parsed again" in err) == (3, True)


def test_a_folder_of_clones_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("verify", "versions", "derive"):
        assert main([command, "--repos", "clnes"]) == 2
        assert "--repos clnes: no such folder\nhint: " in capsys.readouterr().err


def test_a_declared_path_where_nothing_is(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declared = GRAPH.replace(
        "{url: https://github.com/example/engine}", "{path: clones/engin, url: https://github.com/example/engine}"
    )
    assert declared != GRAPH
    (workspace / "graph/system.yaml").write_text(declared, "utf-8")
    status, err = main(["verify", "--repos", "clones"]), capsys.readouterr().err
    assert status == 2
    assert "graph/system.yaml:6:3: repos.engine: its 'path' is clones/engin, and " in err
    assert "clones/engin does not exist\nhint: " in err


def test_waivers_and_severities_of_rules_that_there_are_not(run: Run, workspace: Path) -> None:
    (workspace / "graph/more.yaml").write_text(
        GRAPH.partition("repos:")[0]
        + "waivers: [{rule: RG999, site: '**', reason: r, owner: o}, {rule: '*', site: x, reason: r, owner: o}]\n"
        + "rules: [{rule: floatng-reference, severity: note, reason: r}, {rule: RG301, severity: note, reason: r}]\n",
        "utf-8",
    )
    status, out, err = run("verify")
    assert (status, out) == (2, "")
    assert "graph/more.yaml:4:11: a waiver of 'RG999', which is no rule" in err
    assert "graph/more.yaml:5:9: a severity of 'floatng-reference', which is no rule" in err
    assert "RG301" not in err


@pytest.mark.parametrize("written", ["source: chrt", "source: chrt/", "source: chart/nothing.yaml"])
def test_files_that_a_node_does_not_have(run: Run, workspace: Path, written: str) -> None:
    (workspace / "graph/system.yaml").write_text(GRAPH.replace("source: chart", written), "utf-8")
    status, out, _ = run("verify", "--rule", "declared-files")
    assert status == 0
    assert f"platform has no file {written.removeprefix('source: ')}\n" in out


def test_files_that_came_later_are_not_missed_in_an_older_release(run: Run, workspace: Path) -> None:
    new = workspace / "clones/platform/late/a.md"
    new.parent.mkdir()
    new.write_text("A\n")
    (workspace / "graph/system.yaml").write_text(GRAPH.replace("paths: [docs/**]", "paths: [docs/**, late/**]"), "utf-8")
    for words in ((), ("--rev", "platform=v1.0.0")):
        status, out, err = run("verify", "--rule", "RG619", *words)
        assert (status, err) == (0, ""), err
        assert out.startswith("nothing wrong"), out
