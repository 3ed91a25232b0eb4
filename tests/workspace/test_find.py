"""Finding a workspace and choosing one of its graphs."""

from pathlib import Path

import pytest

from relgraph.errors import DeclarationError, EnvironmentFailure, RelgraphError, UsageError
from relgraph.model.graph import Graph
from relgraph.workspace.find import choose, documents, find_workspace


def test_the_nearest_folder_upwards_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a/b/c"
    inner.mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "a"):
        (folder / "graph").mkdir()
        (folder / "graph/x.yaml").write_text("")
    assert find_workspace(inner) == tmp_path / "a"
    assert find_workspace(tmp_path) == tmp_path


def test_a_folder_called_graph_without_documents_is_none(tmp_path: Path) -> None:
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph/main.go").write_text("package graph\n")
    with pytest.raises(UsageError, match="no workspace at or above") as caught:
        find_workspace(tmp_path)
    assert "graph/" in caught.value.hint


def test_documents_come_in_order_with_paths_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "graph").mkdir()
    for name in ("b.yml", "a.yaml", "c.txt"):
        (tmp_path / "graph" / name).write_text(name)
    assert documents(tmp_path) == [("graph/a.yaml", b"a.yaml"), ("graph/b.yml", b"b.yml")]


def test_a_document_that_cannot_be_read_is_an_environment_error(tmp_path: Path) -> None:
    (tmp_path / "graph/a.yaml").mkdir(parents=True)
    with pytest.raises(EnvironmentFailure, match=r"a\.yaml: Is a directory"):
        documents(tmp_path)


def of(*names: str) -> dict[str, Graph]:
    return {name: Graph(name, {}) for name in names}


def test_the_only_graph_or_the_one_called_relgraph_is_meant() -> None:
    assert choose(of("x"), None).name == "x"
    assert choose(of("x", "relgraph"), None).name == "relgraph"
    assert choose(of("x", "y"), "y").name == "y"


@pytest.mark.parametrize(
    ("names", "asked", "kind", "message", "hint"),
    [
        ((), None, DeclarationError, "graph/ declares no graph", "kind: Graph"),
        (("x", "y"), None, UsageError, "several graphs are declared", "--graph: x, y"),
        (("platform", "y"), "platfrom", UsageError, "no graph 'platfrom'", "did you mean 'platform'?"),
        (("x", "y"), "zzzz", UsageError, "no graph 'zzzz'", "there are x, y"),
    ],
)
def test_otherwise_the_error_says_which_there_are(
    names: tuple[str, ...], asked: str | None, kind: type[RelgraphError], message: str, hint: str
) -> None:
    with pytest.raises(kind) as caught:
        choose(of(*names), asked)
    assert str(caught.value) == message
    assert hint in caught.value.hint
