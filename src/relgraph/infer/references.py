"""References: sites with everything that was concluded about them, and the groups they form."""

from typing import NamedTuple

from relgraph.infer.roles import PathRole
from relgraph.model.site import Site
from relgraph.model.version import Version
from relgraph.model.world import Subject

__all__ = ["Reference"]


class Reference(NamedTuple):
    """A site, the line it belongs to, the version it states (None where it states none) and what its file is for."""

    subject: Subject
    site: Site
    line: str
    evidence: str
    version: Version | None
    role: PathRole

    @property
    def where(self) -> str:
        """``path:line`` for messages."""
        return f"{self.site.path}:{self.site.span.line}"
