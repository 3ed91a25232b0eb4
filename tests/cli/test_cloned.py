"""Commands of a workspace whose repositories are cloned for it."""

import json
import os
from pathlib import Path

import pytest

from gitworld import git
from relgraph.cli.main import main
from workspaces import GRAPH, write_workspace


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose repositories have addresses on this machine, and no clones."""
    write_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RELGRAPH_CACHE", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "clones").rename(tmp_path / "elsewhere")
    here = (tmp_path / "elsewhere").as_uri()
    (tmp_path / "graph/system.yaml").write_text(GRAPH.replace("https://github.com/example", here))
    return tmp_path


def versions(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    assert main(["versions", "--format", "json", *words]) == 0
    return {row["node"]: row["version"] for row in json.loads(capsys.readouterr().out)["versions"]}


def test_what_has_no_clone_is_cloned_once(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("nothing wrong (")
    assert err == ""
    (workspace / "elsewhere").rename(workspace / "gone")
    assert versions(capsys)["repos.engine"] == versions(capsys, "--offline")["repos.engine"] == "v0.9.3"


def test_a_clone_that_is_there_comes_first(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert versions(capsys, "--repos", "elsewhere", "--offline")["repos.engine"] == "v0.9.3"
    assert not (workspace / "cache/relgraph/clones").exists()


def test_offline_nothing_is_cloned(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "--offline"]) == 3
    assert "2 repositories have no clone" in capsys.readouterr().err
    assert not (workspace / "cache/relgraph/clones").exists()


def test_a_new_tag_is_seen_after_a_fetch(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert versions(capsys)["repos.engine"] == "v0.9.3"
    git(workspace / "elsewhere/engine", "tag", "v0.9.4")
    assert versions(capsys)["repos.engine"] == "v0.9.3"
    graph = workspace / "graph/system.yaml"
    # Now the neighbour's repository is wanted as well: it has to be there.
    graph.write_text(graph.read_text().replace("https://github.com/other/upstream", (workspace / "elsewhere/engine").as_uri()))
    found = versions(capsys, "--fetch")
    assert (found["repos.engine"], found["repos.upstream"]) == ("v0.9.4", "v0.9.4")


def test_all_that_cannot_be_cloned_is_told_at_once(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "elsewhere").rename(workspace / "gone")
    assert main(["verify"]) == 3
    err = capsys.readouterr().err
    assert "2 repositories have no clone" in err
    assert f"repos.platform: {workspace.as_uri()}/elsewhere/platform: " in err
    assert "repos.engine: " in err


def test_an_address_that_is_not_cloned_is_a_wrong_declaration(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = workspace / "graph/system.yaml"
    graph.write_text(
        graph.read_text().replace((workspace / "elsewhere/engine").as_uri(), "http://me:hunter2@example.invalid/engine")
    )
    assert main(["verify"]) == 2
    err = capsys.readouterr().err
    assert "graph/system.yaml:6:3: repos.engine: http is no address that is cloned" in err
    assert "hunter2" not in err
    assert main(["verify", "--offline", "--fetch"]) == 2
