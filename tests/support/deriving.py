"""A small repository with derived files, as a workspace of its own."""

from pathlib import Path

from gitworld import git

__all__ = ["HEAD", "write_deriving"]

HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: deriving}
repos:
  platform: {url: https://github.com/example/platform, path: .}
"""

_GRAPH = """\
charts:
  web: {from: platform, ref: oci://ghcr.io/example/platform/web, source: chart}
derived:
  upper:
    from: platform
    each: words/{name}.txt
    inputs: ["words/{name}.txt"]
    outputs: ["made/{name}.up"]
    run: tr a-z A-Z < words/{name}.txt > made/{name}.up
  list:
    from: platform
    inputs: [made/**]
    outputs: [chart/templates/list.yaml]
    run: cat made/*.up > chart/templates/list.yaml
"""


def write_deriving(folder: Path, derived: str = _GRAPH, *, committed: bool = True, **words: str) -> Path:
    """The workspace's folder, with a file for each of the ``words`` (by default ``one`` and ``two``); nothing derived is there yet."""
    (folder / "graph").mkdir(parents=True)
    (folder / "graph/graph.yaml").write_text(HEAD + derived, "utf-8")
    (folder / "words").mkdir()
    for name, text in (words or {"one": "first\n", "two": "second\n"}).items():
        (folder / f"words/{name}.txt").write_text(text, "utf-8")
    git(folder, "init", "-q", "--template=")
    if committed:
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "begin")
    return folder
