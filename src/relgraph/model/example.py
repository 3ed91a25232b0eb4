"""Small worlds, made for an example or a test: what a repository is built from, in memory or on disk."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Commit"]


class Commit(NamedTuple):
    """A commit of a world made for an example or a test: its whole tree, the tags put on it, its day (ISO date), and the
    branches that end at it besides ``main``, which always ends at the last."""

    files: Mapping[str, str | bytes]
    tags: tuple[str, ...] = ()
    date: str = "2026-01-01"
    branches: tuple[str, ...] = ()
