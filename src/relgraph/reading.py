"""From trees to subjects: read the files worth reading, extract their sites, and keep those for the next run."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias, TypeVar

from relgraph.effects.cache import CacheFile, program_stamp
from relgraph.effects.parallel import shared_work
from relgraph.git.repository import GitRepository
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.repository import Repository, Tree
from relgraph.model.site import Site
from relgraph.model.world import Subject
from relgraph.sites.kept import KeptSites
from relgraph.sites.readable import LARGEST, readable

__all__ = ["SiteReader", "read_subject"]

# Below this number of files for each of two processes, starting the second takes longer than it saves.
_WORTH_SHARING = 100
# So many bytes are held at once.
_BATCH = 32 << 20

_Item = TypeVar("_Item")
#: Content id, path, content.
_File: TypeAlias = tuple[str, str, bytes]

_FILES = (0o100644, 0o100755)


class SiteReader:
    """Reads the sites of one repository's revisions.

    A blob's sites are kept in the cache by content and path, so a second run reads and extracts only what is new;
    :meth:`close` writes what came in.
    """

    def __init__(self, repository: Repository, cache: CacheFile | None = None) -> None:
        self._repository = repository
        self._cache = cache
        self._kept = KeptSites(cache.read() if cache is not None else None)

    @classmethod
    def cached(cls, repository: GitRepository) -> "SiteReader":
        """A reader with the user's cache behind it."""
        folder = repository.location.folder
        family = "sites-" + blake2b(os.fsencode(folder), digest_size=8).hexdigest()
        package = Path(__file__).parent
        return cls(
            repository, CacheFile(family, program_stamp(str(package / "sites"), str(package / "syntax"), str(package / "model")))
        )

    @property
    def is_new(self) -> bool:
        """Whether nothing is kept yet."""
        return not self._kept

    def read(self, tree: Tree, meanwhile: Callable[[], None] | None = None) -> Subject:
        """A tree with all its sites. Where another process helps, ``meanwhile`` is called in this one before it does its share."""
        return self._subject(tree, readable, meanwhile)

    def lent(self, tree: Tree) -> Subject:
        """A tree without its sites: what lends facts is asked for them one revision at a time."""
        return Subject(self._repository, tree, reader=self.shipped)

    def shipped(self, tree: Tree) -> Subject:
        """A revision with the sites of what it ships and builds: enough to tell what a release went with."""
        return self._subject(tree, lambda path: readable(path) and path_role(path) in (PathRole.ARTIFACT, PathRole.BUILD), None)

    def close(self) -> None:
        """Write what was extracted in this run into the cache, if anything was."""
        if self._cache is not None and self._kept.fresh:
            self._cache.write(self._kept.dump())

    def _subject(self, tree: Tree, wanted: Callable[[str], bool], meanwhile: Callable[[], None] | None) -> Subject:
        found: dict[str, tuple[Site, ...]] = {}
        unknown: list[str] = []
        entries = tree.entries
        for path in entries:
            if wanted(path):
                oid = entries[path].oid
                sites = self._kept.get(oid, path) if oid else None
                if sites is None:
                    unknown.append(path)
                else:
                    found[path] = sites
        if unknown:
            found |= self._extract(tree, unknown, meanwhile)
        ordered = tuple(site for path in entries if path in found for site in found[path])
        # A link or a submodule has nothing to read; a file that has must not be passed over in silence.
        unread = tuple(path for path in unknown if path not in found and entries[path].mode in _FILES)
        return Subject(self._repository, tree, ordered, files=len(found), unread=unread, reader=self.shipped)

    def _extract(self, tree: Tree, paths: list[str], meanwhile: Callable[[], None] | None) -> dict[str, tuple[Site, ...]]:
        if all(tree.entries[path].oid for path in paths):
            # The content is in git's store: whoever extracts a file's sites reads it, too.
            files = [path for path in paths if tree.entries[path].mode in _FILES]
            self._share(files, lambda part: _extract_all(self._contents(tree, part)), meanwhile)
            kept = ((path, self._kept.get(tree.entries[path].oid, path)) for path in files)
            return {path: sites for path, sites in kept if sites is not None}
        found: dict[str, tuple[Site, ...]] = {}
        batch: list[_File] = []
        held = 0
        for oid, path, data in self._contents(tree, paths):
            sites = self._kept.get(oid, path)
            if sites is not None:
                found[path] = sites
                continue
            batch.append((oid, path, data))
            held += len(data)
            if held > _BATCH:
                found |= self._extract_batch(batch)
                batch, held = [], 0
        return found | self._extract_batch(batch)

    def _contents(self, tree: Tree, paths: Sequence[str]) -> Iterator[_File]:
        for path, data in tree.read_many(paths):
            if len(data) <= LARGEST:
                # A work tree's file has no id yet; its content is one.
                yield tree.entries[path].oid or blake2b(data, digest_size=20).hexdigest(), path, data

    def _extract_batch(self, batch: list[_File]) -> dict[str, tuple[Site, ...]]:
        self._share(batch, _extract_all, None)
        return {path: self._kept.get(oid, path) or () for oid, path, _ in batch}

    def _share(
        self, items: Sequence[_Item], work: Callable[[Sequence[_Item]], bytes], meanwhile: Callable[[], None] | None
    ) -> None:
        if not items:
            return
        if len(items) >= 2 * _WORTH_SHARING:
            # A run that finds everything kept needs no extractor; importing them compiles some hundred expressions. Here, before the work
            # is shared, so that both processes have them.
            from relgraph.sites.registry import EXTRACTORS  # noqa: F401, PLC0415

        for answer in shared_work(items, work, least=_WORTH_SHARING, meanwhile=meanwhile):
            self._kept.take(answer)


def _extract_all(files: Iterable[_File]) -> bytes:
    """The sites of files (content id, path, content), as :meth:`KeptSites.take` takes them."""
    from relgraph.sites.registry import extract  # noqa: PLC0415
    from relgraph.syntax.text import Text  # noqa: PLC0415

    kept = KeptSites()
    for oid, path, data in files:
        kept.put(oid, path, extract(Text(path, data)))
    return kept.dump()


def read_subject(repository: Repository, tree: Tree) -> Subject:
    """A tree with all its sites, nothing kept; for worlds in memory."""
    return SiteReader(repository).read(tree)
