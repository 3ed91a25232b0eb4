"""A small workspace on disk: a platform, the engine that it uses, and a graph that declares both."""

from pathlib import Path

from gitworld import write_world
from relgraph.model.example import Commit

__all__ = ["GRAPH", "write_workspace"]

GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: system}
repos:
  platform: {url: https://github.com/example/platform, self: last-release, from: engine}
  engine: {url: https://github.com/example/engine}
  upstream: {url: https://github.com/other/upstream, external: true}
images:
  web: {from: platform, ref: ghcr.io/example/platform/web, build: {ko: ./cmd/web}}
  motor: {from: engine, ref: ghcr.io/example/engine/motor, build: {command: make push}}
  proxy: {from: upstream, ref: ghcr.io/other/proxy, build: {command: make}}
charts:
  web-chart:
    from: platform
    ref: oci://ghcr.io/example/platform/web-chart
    tag: "v{version}"
    source: chart
    uses: [web, motor]
files:
  docs: {from: platform, paths: [docs/**], uses: [web]}
"""

_POD = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/platform/web:{}\n  - image: ghcr.io/example/engine/motor:{}\n"


def _platform(version: str, motor: str, docs: str) -> dict[str, str]:
    return {
        "go.mod": "module github.com/example/platform\n\ngo 1.24\n",
        "chart/Chart.yaml": f"apiVersion: v2\nname: web-chart\nversion: v{version}\nappVersion: {version}\n",
        "chart/templates/pod.yaml": _POD.format(version, motor),
        "docs/install.md": f"    docker run ghcr.io/example/platform/web:{docs}\n",
    }


def write_workspace(folder: Path, *, graph: str = GRAPH, docs: str = "1.1.0") -> Path:
    """The workspace's folder, with the clones in ``clones``; the last commit of the platform is one after its release v1.1.0.

    ``docs`` is the version that the platform's documents name in the end: another one is a mistake.
    """
    engine = {"go.mod": "module github.com/example/engine\n\ngo 1.24\n"}
    worlds = {
        "platform": (
            Commit(_platform("1.0.0", "0.8.0", "1.0.0"), tags=("v1.0.0",), date="2026-01-05"),
            Commit(_platform("1.1.0", "0.9.3", "1.1.0"), tags=("v1.1.0",), date="2026-02-05"),
            Commit(_platform("1.1.0", "0.9.3", docs), date="2026-03-05"),
        ),
        "engine": (
            Commit({**engine, "n": "1"}, tags=("v0.8.0",), date="2026-01-01"),
            Commit({**engine, "n": "2"}, tags=("v0.9.3",), date="2026-02-01"),
        ),
    }
    for name, commits in worlds.items():
        write_world(folder / "clones" / name, commits, remotes={"origin": f"https://github.com/example/{name}.git"})
    (folder / "graph").mkdir(exist_ok=True)
    (folder / "graph/system.yaml").write_text(graph, "utf-8")
    return folder
