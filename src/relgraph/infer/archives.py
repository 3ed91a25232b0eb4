"""Archives: folders beside each other that are called like versions, one for each release.

What lies in such a folder is of that release: its documentation, the manifests that installed it. All of them are the past, but for the
newest where that is not released yet. A single folder of that kind says nothing, nor do two: a program may be kept in two versions at once.
"""

import re
from collections.abc import Iterable

from relgraph.model.version import Version, agree, natural_key, parse_version

__all__ = ["Archives"]

_FOLDER = re.compile(r"v?\d+\.\d+(?:\.(?:\d+|x))?(?:[-.]?(?:alpha|beta|rc|pre)[-.]?[\d.]*)?")
_MANY = 3


class Archives:
    """The archives among the directories of one tree; ``released`` are the versions that its repository's tags name."""

    def __init__(self, directories: Iterable[str], released: Iterable[Version]) -> None:
        beside: dict[str, list[tuple[Version, str]]] = {}
        for directory in directories:
            parent, _, name = directory.rpartition("/")
            # The first character settles it for nearly all.
            if (
                name[:1] in "v0123456789"
                and _FOLDER.fullmatch(name)
                and (version := parse_version(name.removesuffix(".x"))) is not None
            ):
                beside.setdefault(parent, []).append((version, directory))
        self._past: set[str] = set()
        for versions in beside.values():
            if len(versions) >= _MANY:
                versions.sort(key=lambda pair: (natural_key(pair[0]), pair[1]))
                newest = versions[-1][0]
                ahead = not any(agree(newest, version) for version in released)
                self._past.update(directory for _, directory in (versions[:-1] if ahead else versions))

    def holds(self, path: str) -> bool:
        """Whether a file lies in a folder of a release that is past."""
        if not self._past:
            return False
        end = path.find("/")
        while end >= 0:
            if path[:end] in self._past:
                return True
            end = path.find("/", end + 1)
        return False
