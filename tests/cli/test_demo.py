"""The demo: it says what it does, everything goes as it says, and everything is where it says."""

import re
import subprocess
from pathlib import Path

import pytest

from releases import git, relgraph
from relgraph.demo.write import make_world


def test_the_demo_goes_as_it_is_told(tmp_path: Path) -> None:
    ran = relgraph(tmp_path, "demo", "--folder", "try")
    assert ran.status == 0, ran.out + ran.err
    assert "exit status" not in ran.out
    told = re.findall(r"^\$ relgraph (\S+)", ran.out, re.MULTILINE)
    assert told == ["verify", "release", "release", "release", "graph", "verify", "verify", "verify", "release", "versions"]
    # The mistake is found, repaired, and what did not change is not built again.
    assert "scripts/install.sh:4" in ran.out
    assert "cached     images.controller" in ran.out.rpartition("$ relgraph release")[2]
    folder = tmp_path / "try"
    assert sorted(path.relative_to(folder / "platform/releases").as_posix() for path in (folder / "platform/releases").rglob("*.yaml")) == [
        "agent/0.2.0.yaml", "platform/0.30.0.yaml", "platform/0.31.0.yaml",
    ]  # fmt: skip
    assert (folder / "published/oci-layout").exists()
    assert "```mermaid" in (folder / "diagram.md").read_text()


def test_what_it_says_to_try_next_works(tmp_path: Path) -> None:
    ran = relgraph(tmp_path, "demo", "--folder", "try")
    lines = re.findall(r"^  relgraph (\S.*?)   ", ran.out, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        if not line.startswith("store.serve"):
            tried = relgraph(tmp_path / "try/platform", *line.split())
            assert tried.status == 0, tried.err


def test_its_commits_are_the_same_on_every_machine(tmp_path: Path) -> None:
    heads = []
    for name in ("one", "two"):
        relgraph(tmp_path, "demo", "--folder", name)
        heads.append(git(tmp_path / name / "platform", "rev-parse", "v0.30.0", "v0.31.0^"))
    assert heads[0] == heads[1]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious\n")
    ran = relgraph(tmp_path, "demo", "--folder", ".")
    assert ran.status == 2
    assert "not empty" in ran.err


def test_who_has_told_git_no_name_can_go_on_with_commits_and_who_has_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for written, expected in (("", "demo@example.org"), ("[user]\nname = Ann\nemail = ann@example.org\n", "ann@example.org")):
        config = tmp_path / f"config{len(written)}"
        config.write_text(written)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        folder = make_world(tmp_path / f"try{len(written)}")
        subprocess.run(["git", "commit", "--quiet", "--allow-empty", "--message", "Mine"], cwd=folder, check=True)
        shown = subprocess.run(["git", "log", "-1", "--format=%ae"], cwd=folder, check=True, capture_output=True, text=True)
        assert shown.stdout.strip() == expected
