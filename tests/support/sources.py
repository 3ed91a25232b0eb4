"""Repositories of registries and layouts as facts for resolution."""

from collections.abc import Callable, Mapping, Sequence

from relgraph.oci.errors import NotFound
from relgraph.oci.storage import ReadOnlyRepository
from relgraph.resolve.lock import Pin

__all__ = ["RepositorySources"]


class RepositorySources:
    """A provider over repositories, which ``opened`` gives by their names (``oci://HOST/NAME``)."""

    def __init__(self, opened: Callable[[str], ReadOnlyRepository]) -> None:
        self._opened = opened

    def tags(self, source: str) -> Sequence[str]:
        return list(self._opened(source).tags())

    def pins(self, tags: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Pin]:
        found = {}
        for source, tag in tags:
            try:
                descriptor = self._opened(source).resolve(tag)
            except NotFound:
                continue
            found[source, tag] = Pin(str(descriptor.digest), descriptor.size, descriptor.media_type)
        return found

    def holds(self, digest: str) -> bool:
        return False
