"""Repositories of registries and layouts as what resolution asks: :class:`RepositoryFacts`."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from relgraph.oci.crew import Crew
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import NotFound
from relgraph.oci.layout import Layout
from relgraph.oci.storage import ReadOnlyRepository
from relgraph.resolve.lock import Pin

__all__ = ["RepositoryFacts"]


class RepositoryFacts:
    """A :class:`~relgraph.resolve.resolver.Provider` over repositories.

    ``opened`` gives the repository of a source (``oci://HOST/NAME``, ``layout:FOLDER//NAME``); ``held`` are the layouts in
    which content counts as held locally. Several repositories are asked at once. Raises what they raise; a tag that does not
    exist is no failure.
    """

    def __init__(self, opened: Callable[[str], ReadOnlyRepository], *, held: Iterable[Layout] = (), workers: int = 8) -> None:
        self._opened = opened
        self._held = tuple(held)
        self._workers = workers

    def tags(self, sources: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """All tags of each source, page by page."""
        repositories = [self._opened(source) for source in sources]
        with Crew(self._workers) as crew:
            return dict(zip(sources, crew.each(lambda repository: list(repository.tags()), repositories), strict=True))

    def pins(self, tags: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Pin]:
        """What each tag of a source names at the moment: a request for each."""
        repositories = {source: self._opened(source) for source in dict.fromkeys(source for source, _ in tags)}

        def pin(place: tuple[str, str]) -> Pin | None:
            source, tag = place
            try:
                found = repositories[source].resolve(tag)
            except NotFound:
                return None
            return Pin(str(found.digest), found.size, found.media_type)

        wanted = list(dict.fromkeys(tags))
        with Crew(self._workers) as crew:
            found = zip(wanted, crew.each(pin, wanted), strict=True)
        return {place: answer for place, answer in found if answer is not None}

    def holds(self, digest: str) -> bool:
        """Whether a layout has the content; a manifest is there only with all that it names."""
        return is_digest(digest) and any(layout.has(Digest(digest)) for layout in self._held)
