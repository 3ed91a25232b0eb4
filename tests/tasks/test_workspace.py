"""This repository as a workspace: its tasks, and that CI cannot pass over a test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | variables
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False, env=environment, timeout=120
    )


def test_the_workspace_has_its_tasks_and_relgraphs() -> None:
    done = run(ROOT, "invoke", "--list", "--list-format=flat")
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert {"test", "lint", "types", "imports", "bench-smoke", "docs", "scan", "explain"} <= listed


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with this repository's conftest and a test that is skipped."""
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "test_it.py").write_text("import pytest\n\ndef test_it():\n    pytest.skip('no engine here')\n", "utf-8")
    return tmp_path


def test_a_skipped_test_fails_in_ci_and_says_why(suite: Path) -> None:
    done = run(suite, "pytest", "-q", "-p", "no:cacheprovider", CI="true")
    assert done.returncode == 1
    assert "CI=true, where every test must run, but this was skipped: Skipped: no engine here" in done.stdout


def test_elsewhere_a_skipped_test_is_skipped(suite: Path) -> None:
    done = run(suite, "pytest", "-q", "-p", "no:cacheprovider")
    assert (done.returncode, done.stdout.splitlines()[-1].split(" in ")[0]) == (0, "1 skipped")


def test_a_skipped_module_fails_in_ci_too(suite: Path) -> None:
    (suite / "test_it.py").write_text("import pytest\n\npytest.importorskip('surely_not_installed')\n", "utf-8")
    assert run(suite, "pytest", "-q", "-p", "no:cacheprovider", CI="true").returncode != 0


def test_an_expected_failure_is_no_skip(suite: Path) -> None:
    (suite / "test_it.py").write_text("import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    assert False\n", "utf-8")
    assert run(suite, "pytest", "-q", "-p", "no:cacheprovider", CI="true").returncode == 0
