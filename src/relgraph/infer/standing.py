"""Where a repository stands: its version at a revision, as its tags say it.

A tagged commit has its tag's version. Any other has a development version, which sorts after the newest version it contains and before
the next: ``0.30.1-dev.7+g1c28a8a`` after v0.30.0, ``0.30.0-rc.1.dev.7+g1c28a8a`` after v0.30.0-rc.1 (Semantic Versioning 2.0.0,
section 11).
"""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from relgraph.graph.propagate import RepoState, read_tag
from relgraph.model.graph import Node
from relgraph.model.repository import Tag
from relgraph.model.version import Version, is_bookmark, natural_key, semver_key
from relgraph.model.world import Subject

__all__ = ["Release", "development_version", "is_skipped", "releases", "standing"]


class Release(NamedTuple):
    """A tag of a repository in its declared format, and the version that it writes."""

    tag: Tag
    version: Version


def releases(node: Node, subject: Subject) -> tuple[Release, ...]:
    """The releases of a repository in its declared tag format and order, oldest first."""
    key: Callable[[Version], object] = semver_key if node.get("order") == "semver" else natural_key
    found = [
        Release(tag, version)
        for tag in subject.repository.tags
        if (version := read_tag(node.tag, tag.name)) is not None and not is_bookmark(version) and not is_skipped(node, tag.name)
    ]
    return tuple(sorted(found, key=lambda release: (key(release.version), release.tag.name)))


def is_skipped(node: Node, tag: str) -> bool:
    """Whether the declaration says of a tag that it is no release."""
    return any(fnmatchcase(tag, pattern) for pattern in node.get("skip", ()))


def standing(node: Node, subject: Subject) -> RepoState:
    """The version of a repository at the revision that was opened; of somebody else's, the newest release, whatever follows it."""
    known = releases(node, subject)
    if node.get("external", False) and known:
        newest = ([release for release in known if not release.version.pre] or known)[-1]
        return RepoState(newest.version, f"{node.name}'s newest release is tag {newest.tag.name}")
    here = [release for release in known if release.tag.commit == subject.rev]
    if here:
        return RepoState(here[-1].version, f"{node.name} is at tag {here[-1].tag.name}")
    contained = subject.repository.ancestors(subject.rev)
    before = [release for release in known if release.tag.name in contained]
    if not before:
        reason = f"{node.name} has no tag like {node.tag}" if not known else f"{node.name} contains none of its tags here"
        return RepoState(None, reason)
    last = before[-1]
    commits = subject.repository.distance(last.tag.name, subject.rev)
    if not commits and _is_unchanged(subject, node.name):
        return RepoState(last.version, f"{node.name} is at tag {last.tag.name}")
    version = development_version(last.version, commits, subject.rev)
    if not commits:
        return RepoState(version, f"{node.name}'s {subject.rev} is a change of tag {last.tag.name}")
    return RepoState(version, f"{node.name} is {commits} commit{'s' if commits > 1 else ''} after tag {last.tag.name}")


def _is_unchanged(subject: Subject, name: str) -> bool:
    """Whether a work tree or index holds the files of the commit below it and no others, byte for byte.

    Records of the repository's own releases do not count: what has just been released is still that release. Asked of the files
    rather than of git, which would run the filters that a repository configures.
    """
    below = subject.repository.tree("HEAD")
    if below is None:
        return False
    records = re.compile(rf"(?:.*/)?releases/{re.escape(name)}/[^/]+\.yaml")
    before = {path: entry for path, entry in below.entries.items() if not records.fullmatch(path)}
    now = {path: entry for path, entry in subject.entries.items() if not records.fullmatch(path)}
    if {path: entry.mode for path, entry in before.items()} != {path: entry.mode for path, entry in now.items()}:
        return False
    differing = [path for path, entry in now.items() if entry.oid != before[path].oid]
    here, there = subject.tree.read_many(differing), below.read_many(differing)
    return all(one == other for one, other in zip(here, there, strict=False))


def development_version(last: Version, commits: int, rev: str) -> Version:
    """The version of an untagged commit, ``commits`` after ``last``; ``rev`` is a full commit id, ``worktree`` or ``index``."""
    build = f"g{rev[:7]}" if len(rev) >= 40 else rev
    if last.pre:
        return Version("", last.release, f"{last.pre}.dev.{commits}", build)
    major, minor, patch = last.padded
    return Version("", (major, minor, patch + 1), f"dev.{commits}", build)
