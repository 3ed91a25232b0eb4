"""The names of the objects in manifests."""

import re
from typing import NamedTuple

from relgraph.model.site import Span
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Path, Scalar, scalars

__all__ = ["Metadata", "metadata_names"]

_METADATA = re.compile(r"^(?:kind|name)$")


class Metadata(NamedTuple):
    """The name of one object in a manifest, nested ones included: its kind, its name as written, and the name's span."""

    kind: str
    name: str
    span: Span


def metadata_names(text: Text) -> tuple[Metadata, ...]:
    """The objects of a manifest, in order of their names: every mapping with a ``kind`` and a ``metadata`` that has a ``name``."""
    if "kind" not in text.text or "metadata" not in text.text:
        return ()
    found: dict[tuple[int, Path], list[Scalar]] = {}
    for scalar in scalars(text.text, wanted=_METADATA):
        found.setdefault((scalar.document, scalar.path), []).append(scalar)
    result: list[Metadata] = []
    for (document, path), kinds in found.items():
        if path[-1:] == ("kind",):
            for name in found.get((document, (*path[:-1], "metadata", "name")), []):
                kind = text.text[kinds[0].start : kinds[0].end]
                result.append(Metadata(kind, text.text[name.start : name.end], text.span(name.start, name.end)))
    return tuple(sorted(result, key=lambda one: one.span.start))
