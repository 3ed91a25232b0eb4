"""From trees to subjects: read the files worth reading, extract their sites, and keep those for the next run."""

import os
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

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
        found: dict[str, tuple[Site, ...]] = {}
        batch: list[_File] = []
        held = 0
        for path, data in tree.read_many(paths):
            if len(data) > LARGEST:
                continue
            # A work tree's file has no id yet; its content is one.
            oid = tree.entries[path].oid or blake2b(data, digest_size=20).hexdigest()
            sites = self._kept.get(oid, path)
            if sites is not None:
                found[path] = sites
                continue
            batch.append((oid, path, data))
            held += len(data)
            if held > _BATCH:
                found |= self._share(batch)
                batch, held = [], 0
        return found | self._share(batch)

    def _share(self, batch: list[_File]) -> dict[str, tuple[Site, ...]]:
        if not batch:
            return {}
        # A run that finds everything kept needs no extractor; importing them compiles some hundred expressions. Here, before the work is
        # shared, so that both processes have them.
        from relgraph.sites.registry import EXTRACTORS  # noqa: F401, PLC0415

        # Files of one folder cost alike, so neighbours go to different halves.
        halves = [*batch[::2], *batch[1::2]]
        for answer in shared_work(halves, _extract_all, least=_WORTH_SHARING):
            self._kept.take(answer)
        return {path: self._kept.get(oid, path) or () for oid, path, _ in batch}


def _extract_all(files: Sequence[_File]) -> bytes:
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
