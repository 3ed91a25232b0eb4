"""Plans that are kept."""

import subprocess
import sys
from pathlib import Path

import pytest

from deriving import HEAD, write_deriving
from relgraph.derive.kept import dump_worlds, load_worlds
from relgraph.derive.opening import open_derivations
from relgraph.errors import DeclarationError, UsageError


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return write_deriving(tmp_path / "platform")


def _steps(folder: Path, graph: str | None = None) -> list[str]:
    return [step.id for one in open_derivations(folder, graph, None).world.derivations for step in one.prepared.plan.steps]


def test_a_plan_survives_being_kept(workspace: Path) -> None:
    world = open_derivations(workspace, None, None).world
    assert load_worlds(dump_worlds(world)) == world
    assert load_worlds(b"") is None
    assert load_worlds(b"i\x00\x00\x00\x00") is None
    assert open_derivations(workspace, None, None).world == world


def test_a_kept_plan_is_drawn_up_again_when_a_document_or_a_matched_file_changes(workspace: Path) -> None:
    assert len(_steps(workspace)) == 3
    (workspace / "words/three.txt").write_text("third\n")
    assert len(_steps(workspace)) == 4
    (workspace / "words/three.txt").unlink()
    (workspace / "words/sub").mkdir()
    (workspace / "words/sub/four.txt").write_text("not matched\n")
    assert len(_steps(workspace)) == 3
    document = workspace / "graph/graph.yaml"
    document.write_text(document.read_text().replace("  list:", "  table:"))
    assert "derive derived.table" in _steps(workspace)


def test_it_is_found_from_below_and_kept_by_graph(workspace: Path) -> None:
    (workspace / "graph/other.yaml").write_text(HEAD.replace("deriving", "other"))
    assert _steps(workspace / "words", "deriving") == _steps(workspace, "deriving") != _steps(workspace, "other")
    with pytest.raises(UsageError, match="several graphs"):
        open_derivations(workspace, None, None)


def test_a_damaged_cache_is_none(workspace: Path, tmp_path: Path) -> None:
    steps = _steps(workspace)
    for path in (tmp_path / "cache/relgraph").iterdir():
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    assert _steps(workspace) == steps


def test_problems_of_the_graph_are_said_again(workspace: Path) -> None:
    (workspace / "graph/graph.yaml").write_text(HEAD + "derived:\n  x: {from: platform, inputs: [a], outputs: [/x], run: make}\n")
    for _ in range(2):
        with pytest.raises(DeclarationError, match=r"derived\.x"):
            open_derivations(workspace, None, None)


def test_with_nothing_to_do_little_is_imported(workspace: Path) -> None:
    words = [sys.executable, "-c", "import sys; from relgraph.cli.main import main; main(['derive']); print(*sys.modules)"]
    spared = {
        "yaml", "networkx", "invoke", "jinja2", "oras", "docker", "requests", "subprocess", "threading", "json", "difflib",
        "relgraph.verify", "relgraph.derive.planner", "relgraph.workspace.load", "relgraph.git.repository", "relgraph.engine.conduct",
    }  # fmt: skip
    imported = spared
    for _ in range(4):  # a program that is edited meanwhile draws its plans up again
        done = subprocess.run(words, cwd=workspace, capture_output=True, text=True, check=True)
        imported = spared & set(done.stdout.split())
        if done.stdout.startswith("up to date (3)\n") and not imported:
            break
    assert imported == set()
