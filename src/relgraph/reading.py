"""From trees to subjects: read the files worth reading, extract their sites, and keep those for the next run."""

import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from relgraph.effects.cache import CacheFile, program_stamp
from relgraph.git.repository import GitRepository
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.repository import Repository, Tree
from relgraph.model.site import Site
from relgraph.model.world import Subject
from relgraph.sites.kept import KeptSites
from relgraph.sites.readable import LARGEST, readable

__all__ = ["SiteReader", "read_subject"]

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

    def read(self, tree: Tree) -> Subject:
        """A tree with all its sites."""
        return self._subject(tree, readable)

    def shipped(self, tree: Tree) -> Subject:
        """A revision with the sites of what it ships and builds: enough to tell what a release went with."""
        return self._subject(tree, lambda path: readable(path) and path_role(path) in (PathRole.ARTIFACT, PathRole.BUILD))

    def close(self) -> None:
        """Write what was extracted in this run into the cache, if anything was."""
        if self._cache is not None and self._kept.fresh:
            self._cache.write(self._kept.dump())

    def _subject(self, tree: Tree, wanted: Callable[[str], bool]) -> Subject:
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
            found |= self._extract(tree, unknown)
        ordered = tuple(site for path in entries if path in found for site in found[path])
        # A link or a submodule has nothing to read; a file that has must not be passed over in silence.
        unread = tuple(path for path in unknown if path not in found and entries[path].mode in _FILES)
        return Subject(self._repository, tree, ordered, files=len(found), unread=unread, reader=self.shipped)

    def _extract(self, tree: Tree, paths: list[str]) -> dict[str, tuple[Site, ...]]:
        # A run that finds everything kept needs no extractor; importing them compiles some hundred expressions.
        from relgraph.sites.registry import extract  # noqa: PLC0415
        from relgraph.syntax.text import Text  # noqa: PLC0415

        found: dict[str, tuple[Site, ...]] = {}
        for path, data in tree.read_many(paths):
            if len(data) > LARGEST:
                continue
            oid = tree.entries[path].oid
            sites = None
            if not oid:
                # A work tree's file has no id yet; its content is one.
                oid = blake2b(data, digest_size=20).hexdigest()
                sites = self._kept.get(oid, path)
            if sites is None:
                sites = extract(Text(path, data))
                self._kept.put(oid, path, sites)
            found[path] = sites
        return found


def read_subject(repository: Repository, tree: Tree) -> Subject:
    """A tree with all its sites, nothing kept; for worlds in memory."""
    return SiteReader(repository).read(tree)
