"""Container images."""

from relgraph.workspace.kinds.build import BUILD, STAMP
from relgraph.workspace.kinds.kind import BUILT, PUBLISHED, USES, NodeKind

__all__ = ["KIND"]

KIND = NodeKind(
    "images",
    "image",
    (*BUILT, *PUBLISHED, *USES, BUILD, STAMP),
    "a container image in a registry",
)
