"""``verify --since``, ``--fix`` and ``--diff``."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gitworld import git
from relgraph.cli.main import main
from workspaces import GRAPH, write_workspace

Run = Any
WRONG = "    docker run ghcr.io/example/platform/web:1.0.0\n"
RIGHT = WRONG.replace("1.0.0", "1.1.0")


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose last commit made a mistake, as the current folder."""
    monkeypatch.chdir(write_workspace(tmp_path, docs="1.0.0"))
    monkeypatch.setenv("RELGRAPH_CACHE", "off")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        status = main(["verify", "--repos", "clones", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def program(*words: str) -> tuple[int, bytes]:
    """Status and output of a process of its own: bytes that are no text have no place in a captured stream."""
    code = f"import sys; from relgraph.cli.main import main; sys.exit(main({['verify', '--repos', 'clones', *words]!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    return done.returncode, done.stdout


def rules(out: str) -> list[str]:
    return [one["rule"] for one in json.loads(out)["findings"] if one["severity"] != "note"]


def commit(folder: Path, message: str = "more") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


class TestFix:
    def test_the_place_is_repaired_and_nothing_is_left(self, run: Run, workspace: Path) -> None:
        page = workspace / "clones/platform/docs/install.md"
        page.chmod(0o755)
        assert run("--fix")[::2] == (0, "relgraph: fixed 1 finding in 1 file\n")
        assert page.read_text() == RIGHT
        assert stat.S_IMODE(page.stat().st_mode) == 0o755
        assert run("--fix")[::2] == (0, "")

    def test_a_diff_changes_nothing_and_git_can_apply_it(self, run: Run, workspace: Path) -> None:
        page = workspace / "clones/platform/docs/install.md"
        status, out, err = run("--diff")
        assert (status, err) == (1, "")
        assert out == (
            "--- a/clones/platform/docs/install.md\n+++ b/clones/platform/docs/install.md\n@@ -1 +1 @@\n" + f"-{WRONG}+{RIGHT}"
        )
        assert page.read_text() == WRONG
        subprocess.run(["git", "apply", "-p1"], input=out.encode(), check=True, cwd=workspace)
        assert page.read_text() == RIGHT
        assert run("--diff") == (0, "", "")

    def test_a_file_without_an_end_of_line_and_with_other_ends_of_line(self, run: Run, workspace: Path) -> None:
        page = workspace / "clones/platform/docs/install.md"
        page.write_bytes(b"\xff\r\n" + WRONG.rstrip("\n").encode())
        commit(workspace / "clones/platform")
        status, out = program("--diff")
        assert status == 1
        assert b"\\ No newline at end of file\n" in out
        assert run("--fix")[0] == 0
        assert page.read_bytes() == b"\xff\r\n" + RIGHT.rstrip("\n").encode()

    def test_a_diff_keeps_every_byte_and_odd_names(self, workspace: Path) -> None:
        platform = workspace / "clones/platform"
        page = platform / 'docs/"in\tstall\\.md'
        (platform / "docs/install.md").rename(page)
        page.write_bytes(b"\xff\n" + WRONG.encode() + b"\x0c\xe9")
        commit(platform)
        status, out = program("--diff")
        assert status == 1
        subprocess.run(["git", "apply"], input=out, check=True, cwd=workspace)
        assert page.read_bytes() == b"\xff\n" + RIGHT.encode() + b"\x0c\xe9"

    def test_a_file_that_is_not_checked_out_is_left_alone(self, run: Run, workspace: Path) -> None:
        platform = workspace / "clones/platform"
        git(platform, "update-index", "--skip-worktree", "docs/install.md")
        (platform / "docs/install.md").unlink()
        status, _, err = run("--fix")
        assert status == 1
        assert "not fixed, the file is not checked out: platform/docs/install.md:1" in err

    def test_uncommitted_changes_are_left_alone(self, run: Run, workspace: Path) -> None:
        page = workspace / "clones/platform/docs/install.md"
        page.write_text(WRONG + "more\n")
        status, _, err = run("--fix")
        assert status == 1
        assert "not fixed, the file has uncommitted changes: platform/docs/install.md:1 (RG102)" in err
        assert "--allow-dirty" in err
        assert page.read_text() == WRONG + "more\n"
        git(workspace / "clones/platform", "add", "-A")  # staged is not committed
        assert run("--fix")[0] == 1
        assert run("--fix", "--allow-dirty")[0] == 0
        assert page.read_text() == RIGHT + "more\n"

    def test_an_untracked_file_is_left_alone(self, run: Run, workspace: Path) -> None:
        (workspace / "clones/platform/docs/new.md").write_text(WRONG)
        status, _, err = run("--fix")
        assert status == 1
        assert "uncommitted changes: platform/docs/new.md:1" in err

    def test_another_revision_is_not_changed(self, run: Run, workspace: Path) -> None:
        status, out, err = run("--fix", "--rev", "platform=HEAD")
        assert status == 1
        assert "platform was not judged as it is on disk" in err
        assert "RG102" in out
        assert (workspace / "clones/platform/docs/install.md").read_text() == WRONG

    def test_only_what_is_asked_for_is_fixed(self, run: Run) -> None:
        assert run("--diff", "--rule", "RG101")[:2] == (0, "")
        assert run("--diff", "--rule", "self-reference")[0] == 1
        assert run("--diff", "--since", "platform=HEAD")[:2] == (0, "")

    def test_a_fix_that_leads_to_another(self, run: Run, workspace: Path) -> None:
        # Two spellings of one wrong version in one file: the second is found when the first is right.
        page = workspace / "clones/platform/docs/install.md"
        page.write_text(f"{WRONG}\n    git clone -b v1.0.0 https://github.com/example/platform\n")
        commit(workspace / "clones/platform")
        assert run("--fix")[0] == 0
        assert page.read_text() == f"{RIGHT}\n    git clone -b v1.1.0 https://github.com/example/platform\n"

    def test_a_file_behind_a_link_is_not_followed(self, run: Run, workspace: Path) -> None:
        platform = workspace / "clones/platform"
        (platform / "docs/install.md").rename(workspace / "outside.md")
        os.symlink(workspace / "outside.md", platform / "docs/install.md")
        commit(platform)
        assert run("--fix")[0] == 0
        assert (workspace / "outside.md").read_text() == WRONG

    @pytest.mark.parametrize(
        "words",
        [
            ("--fix", "--diff"),
            ("--allow-dirty",),
            ("--diff", "--format", "json"),
            ("--diff", "--output", "x"),
            ("--fix", "--as-of", "2026-02-06"),
        ],
        ids=" ".join,
    )
    def test_what_does_not_go_together(self, words: tuple[str, ...], run: Run) -> None:
        assert run(*words)[0] == 2

    def test_outside_of_the_current_folder_paths_are_those_of_the_work_tree(
        self, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        platform = workspace / "clones/platform"
        (workspace / "deep").mkdir()
        (workspace / "graph").rename(workspace / "deep/graph")
        monkeypatch.chdir(workspace / "deep")
        assert main(["verify", "--repos", "../clones", "--diff"]) == 1
        out = capsys.readouterr().out
        assert out.startswith("in ../clones/platform:\n--- a/docs/install.md\n+++ b/docs/install.md\n")
        subprocess.run(["git", "apply"], input=out.encode(), check=True, cwd=platform)
        assert (platform / "docs/install.md").read_text() == RIGHT

    def test_a_repair_that_would_bring_up_an_error_is_not_made(self, run: Run, workspace: Path) -> None:
        # What the old release had is not in the new one: somebody has to look.
        platform = workspace / "clones/platform"
        (platform / "hack").mkdir()
        (platform / "hack/up.sh").write_text("#!/bin/sh\n")
        commit(platform)
        git(platform, "tag", "v1.0.9")
        (platform / "hack/up.sh").unlink()
        page = platform / "docs/install.md"
        script = "    curl https://raw.githubusercontent.com/example/platform/v{}/hack/up.sh | sh\n"
        page.write_text(script.format("1.0.9"))
        other = platform / "docs/other.md"
        other.write_text(WRONG)
        commit(platform)
        git(platform, "tag", "v1.2.0")
        for path in ("chart/Chart.yaml", "chart/templates/pod.yaml"):
            (platform / path).write_text((platform / path).read_text().replace("1.1.0", "1.2.0"))
        commit(platform)
        status, _, err = run("--fix")
        assert status == 1
        assert (
            "not fixed, it would bring up RG202, hack/up.sh does not exist in platform at v1.2.0: platform/docs/install.md:1" in err
        )
        assert page.read_text() == script.format("1.0.9")
        assert other.read_text() == WRONG.replace("1.0.0", "1.2.0")

    def test_what_still_says_the_old_version_is_told(self, run: Run, workspace: Path) -> None:
        page = workspace / "clones/platform/docs/install.md"
        page.write_text(WRONG + "    mv web-1.0.0 web\n    and 11.0.0, 1.0.0.1, 1.0.01\n")
        commit(workspace / "clones/platform")
        assert "relgraph: warning: platform/docs/install.md still says 1.0.0 in line 2\n" in run("--fix")[2]


class TestSince:
    def test_only_what_a_change_brings_about(self, run: Run, workspace: Path) -> None:
        assert rules(run("--since", "platform=v1.1.0", "--format", "json")[1]) == ["RG102"]
        assert run("--since", "platform=HEAD")[0] == 0
        chart = workspace / "clones/platform/chart/templates/pod.yaml"
        chart.write_text(chart.read_text().replace("motor:0.9.3", "motor:0.9.4"))
        status, out, _ = run("--since", "platform=HEAD", "--format", "json")
        assert status == 1
        assert all(one["site"]["path"] == "chart/templates/pod.yaml" for one in json.loads(out)["findings"])

    def test_moved_lines_are_not_new(self, run: Run, workspace: Path) -> None:
        page = workspace / "clones/platform/docs/install.md"
        page.write_text("\n\n" + WRONG + "\n")
        assert run("--since", "platform=HEAD")[0] == 0

    def test_a_second_mistake_of_the_same_text_is_new(self, run: Run, workspace: Path) -> None:
        (workspace / "clones/platform/docs/second.md").write_text(WRONG)
        found = json.loads(run("--since", "platform=HEAD", "--format", "json")[1])["findings"]
        assert [one["site"]["path"] for one in found] == ["docs/second.md"]

    def test_what_a_change_brings_about_elsewhere(self, run: Run, workspace: Path) -> None:
        # The chart goes on, the page that agreed with it before does not.
        platform = workspace / "clones/platform"
        (platform / "docs/install.md").write_text(RIGHT)
        commit(platform)
        assert run()[0] == 0
        pod = platform / "chart/templates/pod.yaml"
        pod.write_text(pod.read_text().replace("web:1.1.0", "web:1.2.0"))
        status, out, _ = run("--since", "platform=HEAD", "--format", "json")
        assert status == 1
        assert "docs/install.md" in out

    def test_a_branch_is_held_against_where_it_was_left(self, run: Run, workspace: Path) -> None:
        platform = workspace / "clones/platform"
        git(platform, "checkout", "-q", "-b", "work")
        (platform / "n").write_text("1")
        commit(platform)
        git(platform, "checkout", "-q", "main")
        (platform / "docs/install.md").write_text(RIGHT)
        commit(platform, "repaired on main")
        git(platform, "checkout", "-q", "work")
        # Main has repaired what the branch still has, but the branch has not made it.
        assert run("--since", "platform=main")[0] == 0

    def test_the_declaration_of_then_counts(self, run: Run, workspace: Path) -> None:
        git(workspace, "init", "-q")
        (workspace / ".gitignore").write_text("clones\n")
        commit(workspace)
        graph = workspace / "graph/system.yaml"
        graph.write_text(GRAPH.replace("charts:\n", "  extra: {from: platform, ref: ghcr.io/example/platform/extra}\ncharts:\n"))
        assert "RG602" in rules(run("--format", "json")[1])
        assert rules(run("--since", "HEAD", "--format", "json")[1]) == ["RG602"]
        commit(workspace)
        assert rules(run("--since", "HEAD", "--format", "json")[1]) == []
        assert rules(run("--since", "HEAD~1", "--since", "platform=v1.1.0", "--format", "json")[1]) == ["RG102", "RG602"]

    def test_a_workspace_below_the_root_of_its_own_repository(
        self, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        platform = workspace / "clones/platform"
        (platform / "release/graph").mkdir(parents=True)
        own = "platform: {path: .., "
        (platform / "release/graph/system.yaml").write_text(GRAPH.replace("platform: {", own))
        commit(platform)
        monkeypatch.chdir(platform / "release")

        def found(*words: str) -> list[str]:
            main(["verify", "--repos", "../..", "--format", "json", *words])
            return rules(capsys.readouterr().out)

        assert found() == ["RG102"]
        assert found("--since", "HEAD") == []
        assert found("--rev", "v1.1.0") == []
        assert found("--since", "v1.1.0") == ["RG102"]

    def test_a_declaration_that_was_not_there_or_not_valid(self, run: Run, workspace: Path) -> None:
        git(workspace, "init", "-q")
        (workspace / ".gitignore").write_text("clones\n")
        graph = workspace / "graph/system.yaml"
        graph.rename(workspace / "kept")
        commit(workspace)
        graph.write_text("repos: [")
        commit(workspace)
        (workspace / "kept").rename(graph)
        status, out, err = run("--since", "HEAD", "--format", "json")
        assert (status, rules(out)) == (1, ["RG102"])
        assert "cannot be read" in err
        assert "there was no graph 'system'" in run("--since", "HEAD~1")[2]

    @pytest.mark.parametrize(
        ("word", "message"),
        [
            ("nothing=v1", "the graph has no repository 'nothing'"),
            ("platform=v9", "no revision 'v9'"),
            ("upstream=v9", "no clone"),
            ("v1.0.0", "in no git repository"),
        ],
    )
    def test_a_revision_of_nothing(self, word: str, message: str, run: Run) -> None:
        status, out, err = run("--since", word)
        assert (status, out) == (2, "")
        assert message in err
