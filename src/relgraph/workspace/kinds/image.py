"""Container images."""

from relgraph.workspace.fields import Field, mapping, text, texts
from relgraph.workspace.kinds.kind import BUILT, PUBLISHED, USES, NodeKind

__all__ = ["KIND"]

_BUILD = (
    Field("ko", text, "the Go package that ko builds"),
    Field("docker", text, "the Dockerfile's folder, or the Dockerfile"),
    Field("command", text, "the command that builds it"),
    Field("platforms", texts, "as linux/amd64"),
)

KIND = NodeKind(
    "images",
    "image",
    (*BUILT, *PUBLISHED, *USES, Field("build", mapping(_BUILD, "'build'"), "how it is built")),
    "a container image in a registry",
)
