"""What templates can say: versions, tags, references and digests of the node that is stamped and of what it uses."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["FIELDS", "OWN", "Context", "Thing", "find_node"]

#: What a template can read of a node.
FIELDS = ("version", "tag", "reference", "image", "digest", "pinned")
#: What a template can read of the node that is stamped, and of the commit that it is built from.
OWN = ("version", "tag", "reference", "image", "name", "repo", "commit", "time")


class Thing(NamedTuple):
    """A node as templates see it.

    ``version`` is plain (1.2.3), ``tag`` as its own tag format writes it (v1.2.3); both are empty where nothing tells them.
    ``reference`` is where it is published, without tag and digest. ``digest`` is empty until it is known.
    """

    version: str = ""
    tag: str = ""
    reference: str = ""
    digest: str = ""

    @property
    def image(self) -> str:
        """Reference and tag; OCI's tags have no ``+`` and write ``_`` for it."""
        return f"{self.reference}:{self.tag.replace('+', '_')}" if self.reference and self.tag else ""

    @property
    def pinned(self) -> str:
        """Reference and digest."""
        return f"{self.reference}@{self.digest}" if self.reference and self.digest else ""


class Context(NamedTuple):
    """The facts of one stamping: ``nodes`` by id, the commit's full id and time (seconds since the epoch)."""

    name: str
    own: Thing
    nodes: Mapping[str, Thing] = MappingProxyType({})
    repo: str = ""
    commit: str = ""
    time: int = 0

    def get(self, name: str) -> Any:
        """The value of a name of :data:`OWN`; empty where it is not known."""
        if name == "time":
            return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return getattr(self if name in ("name", "repo", "commit") else self.own, name)


def find_node(nodes: Mapping[str, Thing], word: str) -> str | None:
    """The id of the node that a template calls ``word``: an id, or a name that only one node has. None where there is none."""
    if word in nodes:
        return word
    found = [node for node in nodes if node.partition(".")[2] == word]
    return found[0] if len(found) == 1 else None
