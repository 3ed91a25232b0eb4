"""Helm charts."""

from relgraph.workspace.fields import Field, mapping, text
from relgraph.workspace.kinds.kind import BUILT, PUBLISHED, USES, NodeKind, use_shape

__all__ = ["KIND"]

_BUILD = (Field("command", text, "the command that packages and publishes it, as make chart-push"),)

KIND = NodeKind(
    "charts",
    "chart",
    (
        *BUILT,
        *PUBLISHED,
        *USES,
        Field("source", text, "the chart's folder"),
        Field("build", mapping(_BUILD, "'build'"), "how it is built"),
        Field("contains", use_shape, "hooks and charts that it holds"),
    ),
    "a Helm chart in a registry",
)
