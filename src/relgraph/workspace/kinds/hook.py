"""Hooks: manifests that run something at install time."""

from relgraph.workspace.fields import Field, text
from relgraph.workspace.kinds.kind import BUILT, USES, NodeKind

__all__ = ["KIND"]

KIND = NodeKind(
    "hooks", "hook", (*BUILT, *USES, Field("source", text, "its file", required=True)), "a manifest that runs something"
)
