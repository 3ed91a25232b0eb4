"""File sets: scripts and documents that refer to what is published."""

from relgraph.workspace.fields import Field, texts
from relgraph.workspace.kinds.kind import BUILT, USES, NodeKind

__all__ = ["KIND"]

KIND = NodeKind(
    "files",
    "files",
    (*BUILT, *USES, Field("paths", texts, "patterns of its files, as docs/**", required=True)),
    "scripts and documents",
)
