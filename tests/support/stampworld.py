"""What templates can say in tests of stamping: a node with a version, and what it uses."""

import pytest

from relgraph.errors import DeclarationError
from relgraph.stamp.context import Context, Thing
from relgraph.stamp.fill import fill

__all__ = ["CONTEXT", "NODES", "said", "wrong"]

NODES = {
    "images.web": Thing("1.2.0", "1.2.0", "registry.example/acme/web", "sha256:" + 64 * "a"),
    "charts.web": Thing("1.2.0+x", "v1.2.0+x", "registry.example/acme/web-chart"),
    "images.db-admin": Thing("", "", "registry.example/acme/db"),
    "tools.helm": Thing("3.16.4", "3.16.4"),
}
CONTEXT = Context("core", Thing("1.2.0", "v1.2.0", "registry.example/acme/core"), NODES, "platform", "c" * 40, 1_700_000_000)


def said(text: str) -> str:
    """What a template says."""
    return fill({"args.x": text}, CONTEXT)["args.x"]


def wrong(text: str) -> list[str]:
    """What is wrong with a template."""
    with pytest.raises(DeclarationError) as caught:
        fill({"args.x": text}, CONTEXT)
    return list(caught.value.details) or [f"{caught.value} ({caught.value.hint})"]
