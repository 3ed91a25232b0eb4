"""Tools: programs that are installed or downloaded at a version."""

from relgraph.workspace.fields import Field, text
from relgraph.workspace.kinds.build import BUILD, STAMP
from relgraph.workspace.kinds.kind import BUILT, PUBLISHED, USES, NodeKind

__all__ = ["KIND"]

KIND = NodeKind(
    "tools",
    "tool",
    (
        *BUILT,
        *(field._replace(required=False) for field in PUBLISHED),
        *USES,
        Field("module", text, "its Go module or package"),
        BUILD,
        STAMP,
    ),
    "a program that is installed at a version",
)
