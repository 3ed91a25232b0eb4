"""Hooks: manifests that run something at install time."""

from relgraph.workspace.fields import Field, text
from relgraph.workspace.kinds.build import BUILD, STAMP
from relgraph.workspace.kinds.kind import BUILT, PUBLISHED, USES, NodeKind

__all__ = ["KIND"]

KIND = NodeKind(
    "hooks",
    "hook",
    (
        *BUILT,
        *(field._replace(required=False) for field in PUBLISHED),
        *USES,
        Field("source", text, "its file", required=True),
        BUILD,
        STAMP,
    ),
    "a manifest that runs something",
)
