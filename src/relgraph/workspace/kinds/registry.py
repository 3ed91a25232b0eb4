"""All kinds of nodes. A new kind is one module with ``KIND`` and one line here."""

from relgraph.workspace.kinds import chart, derived, files, hook, image, repo, tool
from relgraph.workspace.kinds.kind import NodeKind

__all__ = ["KINDS"]

KINDS: tuple[NodeKind, ...] = (repo.KIND, image.KIND, chart.KIND, hook.KIND, files.KIND, derived.KIND, tool.KIND)
