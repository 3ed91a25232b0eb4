"""Helm charts."""

from relgraph.workspace.fields import Field, text
from relgraph.workspace.kinds.build import BUILD, STAMP
from relgraph.workspace.kinds.kind import BUILT, PUBLISHED, USES, NodeKind, use_shape

__all__ = ["KIND"]

KIND = NodeKind(
    "charts",
    "chart",
    (
        *BUILT,
        *PUBLISHED,
        *USES,
        Field("source", text, "the chart's folder"),
        BUILD,
        STAMP,
        Field("contains", use_shape, "hooks and charts that it holds"),
    ),
    "a Helm chart in a registry",
)
