"""File sets: scripts and documents that refer to what is published."""

from relgraph.workspace.fields import Field, texts
from relgraph.workspace.kinds.build import BUILD, STAMP
from relgraph.workspace.kinds.kind import BUILT, PUBLISHED, USES, NodeKind

__all__ = ["KIND"]

KIND = NodeKind(
    "files",
    "files",
    (
        *BUILT,
        *(field._replace(required=False) for field in PUBLISHED),
        *USES,
        Field("paths", texts, "patterns of its files, as docs/**", required=True),
        BUILD,
        STAMP,
    ),
    "scripts and documents",
)
