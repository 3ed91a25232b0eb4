"""Names of images and charts as registries know them, on partially known texts."""

import re

from relgraph.pipeline.value import is_known

__all__ = ["canonical", "chart_remote", "image_lines", "split_reference"]

_IMAGE = re.compile(r"^[ \t]*+(?:-[ \t]++)?[\"']?image[\"']?[ \t]*+:[ \t]*+(?P<value>[^\s#][^\n]*+)", re.MULTILINE)
_MAX_IMAGES = 200


def split_reference(reference: str) -> tuple[str, str, str]:
    """``registry/repository``, tag and digest of an image reference; what is absent is empty."""
    name, _, digest = reference.partition("@")
    head, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return head + slash + last, tag, digest


def canonical(repository: str) -> str:
    """``registry/repository`` with Docker Hub's short names written out, unless a hole hides the registry."""
    first, slash, rest = repository.partition("/")
    if not is_known(first) or (slash and ("." in first or ":" in first or first == "localhost")):
        return f"docker.io/{rest}" if first in ("index.docker.io", "registry-1.docker.io") else repository
    return f"docker.io/{repository}" if slash else f"docker.io/library/{repository}"


def chart_remote(remote: str, name: str) -> str:
    """The name of a chart pushed to a registry: Helm appends the chart's name to the address."""
    return f"{remote.rstrip('/')}/{name}"


def image_lines(source: str) -> list[tuple[str, int, int]]:
    """The values of all ``image:`` lines with their bounds, quotes removed; blocks (``image:`` alone) are none."""
    found: list[tuple[str, int, int]] = []
    for match in _IMAGE.finditer(source):
        value, start = match["value"].partition(" #")[0].rstrip(), match.start("value")
        end = start + len(value)
        if value[0] in "\"'" and len(value) > 1 and value[-1] == value[0]:
            value, start, end = value[1:-1], start + 1, end - 1
        if value and value[0] not in "{&*|>[" or value.startswith("{{"):
            found.append((value, start, end))
        if len(found) >= _MAX_IMAGES:
            break
    return found
