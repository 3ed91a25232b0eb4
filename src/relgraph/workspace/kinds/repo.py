"""Repositories: where versions come from."""

from relgraph.workspace.fields import Field, boolean, choice, release_format, text, texts
from relgraph.workspace.kinds.kind import TITLE, NodeKind, source_shape

__all__ = ["KIND"]

KIND = NodeKind(
    "repos",
    "repo",
    (
        Field("url", text, "where it is cloned from", required=True),
        TITLE,
        Field("from", source_shape, "repositories whose code it is built with, as go.mod names them"),
        Field("path", text, "where its clone lies, relative to the workspace"),
        Field("tags", release_format, "how its release tags are written; v{version} by default"),
        Field("skip", texts, "tags that are written like releases and are none, as *-experiment.*"),
        Field(
            "self",
            choice("placeholder", "last-release", "exact"),
            "how it refers to its own version between releases: by a marker that publishing fills (placeholder), by the newest release"
            " (last-release), or by the version that its next tag will have (exact)",
        ),
        Field("order", choice("natural", "semver"), "how its pre-releases are ordered: rc9 before rc10, or as text"),
        Field("branch", text, "its main branch; main by default"),
        Field("records", text, "the repository of a registry that holds its release records"),
        Field("signed", boolean, "whether its releases are signed; a release without a key is refused then"),
        Field("external", boolean, "somebody else's: only its tags count, and only where a clone is at hand"),
    ),
    "a git repository; its tags are the versions of what is built from it",
)
