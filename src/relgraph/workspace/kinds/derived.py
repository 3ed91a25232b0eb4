"""Derived files: made from others by a command."""

from relgraph.workspace.fields import Field, text, texts, whole
from relgraph.workspace.kinds.kind import BUILT, USES, NodeKind

__all__ = ["KIND"]

KIND = NodeKind(
    "derived",
    "derived",
    (
        *BUILT,
        *USES,
        Field("inputs", texts, "patterns of the files that it is made from", required=True),
        Field("outputs", texts, "patterns of the files that are made", required=True),
        Field("run", text, "the command that makes them", required=True),
        Field("each", text, "one for every file that this pattern matches; {name} in the other fields is what its {name} matched"),
        Field("environment", texts, "variables that the command is given, by name"),
        Field("limit", whole, "the longest time the command may take, in seconds"),
        Field("retries", whole, "how often a failure is tried again"),
        Field("workdir", text, "the folder's name that the command insists on"),
    ),
    "files made from other files",
)
