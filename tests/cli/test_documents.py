"""``graph --write`` and ``graph --check``: drawings and tables in Markdown that stay true."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from gitworld import git
from relgraph.cli.main import main
from workspaces import write_workspace

Run = Any

PAGE = """\
# Packaging

Written by hand.

<!-- relgraph:graph repos.platform versions -->
<!-- /relgraph -->

The following versions exist.

<!-- relgraph:versions web-chart -->
<!-- /relgraph -->
"""

WRITTEN = """\
# Packaging

Written by hand.

<!-- relgraph:graph repos.platform versions -->

```mermaid
flowchart LR
    subgraph repos_platform["platform v1.1.0"]
        charts_web_chart_source["web-chart source"]
        files_docs[/"docs"/]
        repos_platform_code_cmd_web["web source code"]
    end
    charts_web_chart[["published web-chart<br/>v1.1.0"]]
    images_motor(["motor image<br/>0.9.3"])
    images_web(["web image<br/>1.1.0"])
    charts_web_chart --> charts_web_chart_source
    charts_web_chart -.-> images_motor
    charts_web_chart -.-> images_web
    charts_web_chart_source -.-> images_motor
    charts_web_chart_source -.-> images_web
    files_docs -.-> images_web
    images_web --> repos_platform_code_cmd_web
```

<!-- /relgraph -->

The following versions exist.

<!-- relgraph:versions web-chart -->

| tag = version in chart | appVersion | web   | motor |
| ---------------------- | ---------- | ----- | ----- |
| v1.0.0                 | 1.0.0      | 1.0.0 | 0.8.0 |
| v1.1.0                 | 1.1.0      | 1.1.0 | 0.9.3 |

<!-- /relgraph -->
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_workspace(tmp_path))
    monkeypatch.setenv("RELGRAPH_CACHE", "off")
    return tmp_path


@pytest.fixture
def run(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        status = main(["graph", "--repos", "clones", "--rev", "platform=v1.1.0", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_a_page_is_written_and_then_true(run: Run, workspace: Path) -> None:
    page = workspace / "page.md"
    page.write_text(PAGE)
    assert run("--write", "page.md") == (0, "", "")
    assert page.read_text() == WRITTEN
    assert run("--check", "page.md") == (0, "", "")
    before = page.stat()
    assert run("--write", "page.md") == (0, "", "")
    assert page.stat().st_ino == before.st_ino  # what is true is not touched


def test_a_page_that_is_out_of_date_is_shown_and_left_alone(run: Run, workspace: Path) -> None:
    page = workspace / "page.md"
    page.write_text(WRITTEN.replace("| v1.1.0                 | 1.1.0      | 1.1.0 | 0.9.3 |\n", ""))
    status, out, err = run("--check", "page.md")
    assert (status, err) == (1, "")
    assert out.startswith("--- page.md\n+++ page.md (as the graph has it)\n@@ ")
    assert "\n+| v1.1.0                 | 1.1.0      | 1.1.0 | 0.9.3 |\n" in out
    assert page.read_text().count("| v1.1.0") == 0


def test_a_new_release_makes_a_page_out_of_date(run: Run, workspace: Path) -> None:
    (workspace / "page.md").write_text(WRITTEN)
    git(workspace / "clones/platform", "tag", "v1.1.1", "main")
    status, out, _ = run("--check", "page.md")
    assert status == 1
    assert "+| v1.1.1                 | 1.1.0      | 1.1.0 | 0.9.3 |\n" in out


def test_several_files_are_written_or_none(run: Run, workspace: Path) -> None:
    (workspace / "a.md").write_text(PAGE)
    (workspace / "b.md").write_text("<!-- relgraph:graph nothing -->\n<!-- /relgraph -->\n")
    status, _, err = run("--write", "a.md", "--write", "b.md")
    assert status == 2
    assert "b.md:1: the graph has no node 'nothing'" in err
    assert (workspace / "a.md").read_text() == PAGE
    (workspace / "b.md").write_text(PAGE)
    assert run("--write", "a.md", "--write", "b.md")[0] == 0
    assert (workspace / "a.md").read_text() == (workspace / "b.md").read_text() == WRITTEN


def test_some_are_written_and_others_checked(run: Run, workspace: Path) -> None:
    (workspace / "a.md").write_text(PAGE)
    (workspace / "b.md").write_text(PAGE)
    assert run("--write", "a.md", "--check", "b.md")[0] == 1
    assert (workspace / "a.md").read_text() == WRITTEN
    assert (workspace / "b.md").read_text() == PAGE


def test_bytes_modes_and_links_are_kept(run: Run, workspace: Path) -> None:
    real = workspace / "real.md"
    text = PAGE.replace("\n", "\r\n").replace("by hand", "by \udcff hand")
    real.write_bytes(text.encode("utf-8", "surrogateescape"))
    real.chmod(0o640)
    (workspace / "link.md").symlink_to("real.md")
    assert run("--write", "link.md")[0] == 0
    assert (workspace / "link.md").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    expected = WRITTEN.replace("\n", "\r\n").replace("by hand", "by \udcff hand")
    assert real.read_bytes() == expected.encode("utf-8", "surrogateescape")


def test_a_file_that_cannot_be_replaced_stays_whole(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = workspace / "page.md"
    page.write_text(PAGE)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    status, _, err = run("--write", "page.md")
    assert (status, err) == (3, "relgraph: error: cannot write page.md: No space left on device\n")
    assert page.read_text() == PAGE
    assert [path.name for path in workspace.iterdir() if path.suffix == ".new"] == []


def marked(*words: str) -> str:
    return f"<!-- relgraph:{' '.join(words)} -->\n<!-- /relgraph -->\n"


def test_a_marker_names_another_graph(run: Run, workspace: Path) -> None:
    other = "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: other}\nrepos: {lone: {url: x}}\n"
    (workspace / "graph/other.yaml").write_text(other)
    (workspace / "page.md").write_text(
        marked("graph", "other") + marked("graph", "other", "lone") + marked("graph", "system", "motor")
    )
    assert run("--write", "page.md")[0] == 0
    blocks = (workspace / "page.md").read_text().split("```")
    assert blocks[1] == blocks[3] == 'mermaid\nflowchart LR\n    repos_lone["lone"]\n'
    assert "images_motor" in blocks[5]


def test_without_a_name_the_chosen_graph_is_meant(run: Run, workspace: Path) -> None:
    (workspace / "graph/other.yaml").write_text(
        "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: other}\nrepos: {lone: {url: x}}\n"
    )
    (workspace / "page.md").write_text(marked("graph"))
    assert run("--write", "page.md")[2] == (
        "relgraph: error: page.md:1: several graphs are declared\nhint: choose one with --graph: other, system\n"
    )
    assert run("--write", "page.md", "--graph", "other")[0] == 0
    assert "repos_lone" in (workspace / "page.md").read_text()


def test_options_of_a_drawing(run: Run, workspace: Path) -> None:
    (workspace / "clones/platform/docs/install.md").write_text("    docker run ghcr.io/example/platform/web:1.0.0\n")
    (workspace / "page.md").write_text(marked("graph", "outline", "versions") + marked("graph", "state"))
    assert main(["graph", "--repos", "clones", "--write", "page.md"]) == 0
    _, outline, _, state, _ = (workspace / "page.md").read_text().split("```")
    assert 'repos_engine["engine<br/>v0.9.3"]' in outline
    assert "class files_docs error" in state


def test_tables_of_images_repositories_and_several_nodes(run: Run, workspace: Path) -> None:
    tags = {tag: git(workspace / "clones/engine", "rev-parse", f"{tag}^{{commit}}") for tag in ("v0.8.0", "v0.9.3")}
    (workspace / "page.md").write_text(marked("versions", "motor", "repos.engine", "last=1"))
    assert run("--write", "page.md")[0] == 0
    commit = tags["v0.9.3"]
    assert (workspace / "page.md").read_text() == (
        "<!-- relgraph:versions motor repos.engine last=1 -->\n\n"
        "**images.motor**\n\n"
        f"| tag   | tag of engine | {'commit':40} |\n| ----- | ------------- | {'-' * 40} |\n| 0.9.3 | v0.9.3        | {commit} |\n\n"
        "**repos.engine**\n\n"
        f"| tag    | {'commit':40} |\n| ------ | {'-' * 40} |\n| v0.9.3 | {commit} |\n\n"
        "<!-- /relgraph -->\n"
    )


@pytest.mark.parametrize(
    ("marker", "message", "hint"),
    [
        (("graph", "wbe"), "the graph has no node 'wbe'", "did you mean 'web'?"),
        (("graph", "web", "motor"), "'motor' is one node too many", "a graph's name, a node, and any of versions, state, outline"),
        (("graph", "web", "outline"), "an outline shows all repositories, and no node", "leave out one of the two"),
        (("versions",), "a table of versions is of a node", "name it: <!-- relgraph:versions charts.web -->"),
        (("versions", "docs"), "files.docs has no releases to tell of", "a table is of a repository, image, chart or tool"),
        (("versions", "proxy"), "images.proxy has no releases to tell of", "whose repository has a clone here"),
        (("versions", "web", "last=0"), "last=0 is no number of rows", "as last=5"),
        (("versions", "web", "last=x"), "last=x is no number of rows", "as last=5"),
    ],
)
def test_what_is_wrong_with_a_marker_is_told_with_its_line(
    marker: tuple[str, ...], message: str, hint: str, run: Run, workspace: Path
) -> None:
    (workspace / "page.md").write_text("# Page\n\n" + marked(*marker))
    status, out, err = run("--check", "page.md")
    assert (status, out) == (2, "")
    first, second = err.splitlines()
    assert first == f"relgraph: error: page.md:3: {message}"
    assert second.startswith("hint: ")
    assert hint in second


def test_a_marker_that_is_not_closed(run: Run, workspace: Path) -> None:
    (workspace / "page.md").write_text("# Page\n<!-- relgraph:graph -->\n")
    assert run("--write", "page.md") == (
        2, "", "relgraph: error: page.md:2: a marker is opened and not closed (<!-- /relgraph --> closes it)\n"
    )  # fmt: skip


@pytest.mark.parametrize("words", [("web",), ("--versions",), ("--state",), ("--outline",)])
def test_what_is_drawn_is_said_in_the_file(words: tuple[str, ...], run: Run, workspace: Path) -> None:
    (workspace / "page.md").write_text(PAGE)
    status, _, err = run(*words, "--check", "page.md")
    assert status == 2
    assert "does not go with --write and --check" in err


def test_a_file_that_is_not_there(run: Run) -> None:
    assert run("--check", "nowhere.md") == (
        3,
        "",
        "relgraph: error: cannot read nowhere.md: No such file or directory\n"
        "hint: make the file first, with <!-- relgraph:graph --> and <!-- /relgraph --> where the drawing belongs\n",
    )


def test_a_clone_that_is_missing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "page.md").write_text(PAGE)
    assert main(["graph", "--offline", "--check", "page.md"]) == 3
    assert "2 repositories have no clone" in capsys.readouterr().err
