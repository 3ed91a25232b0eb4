"""The shipped workflows for a release on a tag: readable, right, and carried out here step by step, twice."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from releases import git, platform, relgraph
from relgraph.cli.parse import parse
from relgraph.cli.table import COMMANDS, HELP

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs/examples/release-on-tag"
GITHUB, GITLAB, OWN = EXAMPLES / "github.yml", EXAMPLES / "gitlab-ci.yml", ROOT / ".github/workflows/release.yml"
PAGE = ROOT / "docs/how-to/release-on-tag.md"
_PINNED = re.compile(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
_EXPRESSION = re.compile(r"\$\{\{ *([\w.]+) *\}\}")
# What stands for programs that would leave this machine: they say how they were called.
_STUBS = {
    "python": 'echo "python $*" >>"$LOG"',
    "docker": 'cat >/dev/null; echo "docker $*" >>"$LOG"',
    "gh": 'if [ "$2" = view ]; then grep -q "^gh $1 create" "$LOG"; exit; fi\n[ "$1" = pr ] || test -s "$8" || exit 1\necho "gh $*" >>"$LOG"',
    "curl": 'case "$*" in *description@*) echo "curl created" >>"$LOG";; *) grep -q "^curl created" "$LOG";; esac',
}


def steps(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The scripts of a workflow, and the variables that each is given."""
    document = yaml.safe_load(path.read_text())
    if "jobs" not in document:
        (job,) = (job for job in document.values() if isinstance(job, dict) and "script" in job)
        yield "\n".join(job["script"]), {name: str(value) for name, value in job["variables"].items()}
        return
    for job in document["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                yield step["run"], {**job.get("env", {}), **step.get("env", {})}


def commands(text: str) -> Iterator[list[str]]:
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True) if re.match(r"\s*relgraph ", line) else []
        if words:
            yield words[1:]


@pytest.mark.parametrize("path", [GITHUB, GITLAB, OWN], ids=lambda path: path.name)
def test_every_command_line_is_one_that_relgraph_takes(path: Path) -> None:
    found = [words for script, _ in steps(path) for words in commands(script)]
    for words in found:
        parse(words, COMMANDS, HELP)
    assert [words[0] for words in found] == ["verify", "release"]
    for script, _ in steps(path):
        subprocess.run(["bash", "-n", "-c", script], check=True, capture_output=True)


def test_every_command_line_of_the_page_is_one_that_relgraph_takes() -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    found = [words for block in blocks for words in commands(block)]
    assert found
    for words in found:
        parse(words, COMMANDS, HELP)


@pytest.mark.parametrize("path", [GITHUB, OWN], ids=lambda path: path.name)
def test_actions_are_pinned_and_permissions_are_given_to_the_job_alone(path: Path) -> None:
    uses = [line.strip(" -") for line in path.read_text().splitlines() if "uses:" in line]
    assert uses
    assert all(_PINNED.fullmatch(line) for line in uses)
    document = yaml.safe_load(path.read_text())
    assert document["permissions"] == {}
    assert document["jobs"]["release"]["permissions"] == {"contents": "write", "packages": "write", "pull-requests": "write"}


def test_a_scan_finds_nothing_wrong_in_them(tmp_path: Path) -> None:
    for path, place in ((GITHUB, ".github/workflows/release.yml"), (OWN, ".github/workflows/own.yml"), (GITLAB, ".gitlab-ci.yml")):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(path.read_bytes())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    ran = relgraph(tmp_path, "scan", ".", "--severity", "warning")
    assert (ran.status, ran.out.splitlines()[0][:13]) == (0, "nothing wrong"), ran.out


class Runner(NamedTuple):
    """A machine that runs pipelines: a fresh checkout of the tag, a remote, and programs that stay at home."""

    checkout: Path
    remote: Path
    log: Path
    variables: Mapping[str, str]

    def run(self, path: Path, given: Mapping[str, str]) -> None:
        for script, step in steps(path):
            own = {name: given.get(value, value) for name, value in step.items()}
            own = {name: _EXPRESSION.sub(lambda match: given[match[1]], value) for name, value in own.items()}
            done = subprocess.run(
                ["bash", "-e", "-o", "pipefail", "-c", script],
                cwd=self.checkout, env={**self.variables, **given, **own}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"

    def said(self) -> list[str]:
        return [" ".join(line.split()[:3]) for line in self.log.read_text().splitlines() if not line.startswith("python")]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """One for the demo's platform, whose release goes into a folder."""
    root = platform(tmp_path)
    remote = tmp_path / "remote.git"
    git(tmp_path, "clone", "-q", "--bare", str(root), str(remote))
    git(remote, "config", "receive.advertisePushOptions", "true")
    programs, home, log = tmp_path / "bin", tmp_path / "home", tmp_path / "log"
    programs.mkdir()
    home.mkdir()
    log.touch()
    own = f'case "$1" in release) set -- "$@" --to layout:../published;; esac\nexec {sys.executable} -m relgraph "$@"'
    for name, script in {**_STUBS, "relgraph": own}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "LOG": str(log), "TMPDIR": str(home),
        "PYTHONPATH": str(ROOT / "src"), "COSIGN_PASSWORD": "secret", "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    words = [sys.executable, "-m", "relgraph", "store.keygen", "--output", str(tmp_path / "release")]
    subprocess.run(words, env=environment, check=True, capture_output=True)
    made = Runner(tmp_path / "checkout", remote, log, environment)
    check_out(made)
    return made


def check_out(runner: Runner) -> None:
    """A fresh checkout, as every run of a pipeline gets one."""
    subprocess.run(["rm", "-rf", str(runner.checkout)], check=True)
    git(runner.checkout.parent, "clone", "-q", "--branch", "v0.30.0", f"file://{runner.remote}", str(runner.checkout))


def given(runner: Runner, **more: Any) -> dict[str, str]:
    return {"RUNNER_TEMP": runner.variables["HOME"], "GITHUB_ACTOR": "acme", **more}


def test_on_github(runner: Runner) -> None:
    variables = given(runner)
    values = {
        "github.ref_name": "v0.30.0",
        "github.token": "token",
        "github.event.repository.default_branch": "main",
        "secrets.RELEASE_KEY": (runner.checkout.parent / "release.key").read_text().rstrip("\n"),
        "secrets.RELEASE_PASSWORD": "secret",
    }
    runner.run(GITHUB, variables | values)
    assert runner.said() == ["docker login ghcr.io", "gh release create", "gh pr create"]
    assert "releases/platform/0.30.0.yaml" in git(runner.remote, "show", "--name-only", "record-v0.30.0")
    assert not list(Path(variables["RUNNER_TEMP"]).glob("*.key"))
    # Again, on a machine that knows nothing of the first: everything is done, and nothing is asked twice.
    check_out(runner)
    runner.run(GITHUB, variables | values)
    assert runner.said() == ["docker login ghcr.io", "gh release create", "gh pr create", "docker login ghcr.io"]
    # And when main has the record.
    git(runner.remote, "branch", "--force", "main", "record-v0.30.0")
    git(runner.remote, "branch", "--delete", "--force", "record-v0.30.0")
    check_out(runner)
    runner.run(GITHUB, variables | values)
    assert "record" not in git(runner.remote, "branch")


def test_on_gitlab(runner: Runner) -> None:
    variables = given(
        runner,
        CI_COMMIT_TAG="v0.30.0", CI_REGISTRY="registry.example", CI_REGISTRY_USER="acme", CI_REGISTRY_PASSWORD="token",
        CI_API_V4_URL="https://gitlab.example/api/v4", CI_PROJECT_ID="7", CI_JOB_TOKEN="token", CI_DEFAULT_BRANCH="main",
        GITLAB_USER_NAME="A", GITLAB_USER_EMAIL="a@example.org", RECORD_TOKEN="token", CI_SERVER_HOST="gitlab.example",
        CI_PROJECT_PATH="acme/platform", RELEASE_KEY=str(runner.checkout.parent / "release.key"), CI_PROJECT_DIR=str(runner.checkout),
        GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=f"url.file://{runner.remote}.insteadOf",
        GIT_CONFIG_VALUE_0="https://record:token@gitlab.example/acme/platform.git",
    )  # fmt: skip
    variables["$RELEASE_PASSWORD"] = "secret"
    runner.run(GITLAB, variables)
    assert runner.said() == ["curl created"]
    assert "releases/platform/0.30.0.yaml" in git(runner.remote, "show", "--name-only", "record-v0.30.0")
    check_out(runner)
    runner.run(GITLAB, variables)
    assert runner.said() == ["curl created"]
