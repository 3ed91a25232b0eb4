"""Git refs: what a reference to a repository of this world resolves to in that repository."""

import re
from enum import StrEnum
from typing import NamedTuple

from relgraph.infer.facts import Facts
from relgraph.infer.lines import git_line
from relgraph.infer.paths import ancestors
from relgraph.model.repository import Tag, Tree
from relgraph.model.site import Kind, Pin, Site
from relgraph.model.version import Version, natural_key, parse_version
from relgraph.model.world import Subject

__all__ = ["Located", "Locator", "RefKind", "nearest_tags", "unescape", "version_in_ref"]

_SUBMODULE, _LINK = 0o160000, 0o120000
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_HEX = re.compile(r"[0-9a-f]{7,64}")
_PREFIXED = re.compile(r"(?P<prefix>.*[A-Za-z][-_/])?(?P<version>[vV]?\d+(?:\.\d+)+.*|[vV]\d+)", re.DOTALL)
# What a document writes where its reader puts a name of their own.
_OPEN = re.compile(r"[$<>{}*|…]|\.\.\.|\[|\]|%[sdvqw+]")


class RefKind(StrEnum):
    """What a ref turned out to be."""

    TAG = "tag"
    BRANCH = "branch"
    COMMIT = "commit"
    MISSING = "missing"


class Located(NamedTuple):
    """A reference into a repository of the world.

    ``owner`` is that repository, ``ref`` the name (tag, branch, commit) that was found, or as written where it is missing;
    ``path`` what lies behind it, decoded, empty for none. ``source`` is the site that holds the ref's text: a variable's where the
    reference is templated.
    """

    site: Site
    owner: Subject
    kind: RefKind
    ref: str
    path: str
    source: Site


class Locator:
    """Resolves references against the refs of the world's repositories."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._tags: dict[int, dict[str, Tag]] = {}
        self._folders: dict[int, frozenset[str]] = {}

    def tags(self, owner: Subject) -> dict[str, Tag]:
        """The tags of a repository by name."""
        found = self._tags.get(id(owner))
        if found is None:
            found = self._tags[id(owner)] = {tag.name: tag for tag in owner.repository.tags}
        return found

    def owner(self, name: str) -> Subject | None:
        """The repository of the world with this address (``github.com/acme/web``), or None."""
        return self._facts.identity.known.get(git_line(name))

    def locate(self, subject: Subject, site: Site) -> Located | None:
        """What a GIT or ACTION reference found in ``subject`` resolves to; None where it leads elsewhere or cannot be told."""
        name = site.name if site.kind is Kind.GIT else "github.com/" + "/".join(site.name.split("/")[:2])
        owner = self.owner(name)
        if owner is None or site.pin in (Pin.PLACEHOLDER, Pin.COMPUTED, Pin.RANGE, Pin.ABSENT):
            return None
        resolved = self._facts.resolve(subject, site)
        if resolved is None or not resolved.value or _OPEN.search(resolved.value):
            return None
        source = resolved.sources[0] if len(resolved.sources) == 1 else site
        ref, path = unescape(resolved.value), unescape(site.get("path"))
        if _OPEN.search(path):
            # The part that is known still says that its folder exists.
            path = path[: _OPEN.search(path).start()].rpartition("/")[0]  # type: ignore[union-attr]  # it was just found
        kind, ref, path = self._split(owner, ref, path, must_be_tag=site.get("refs") == "tags")
        if kind is RefKind.MISSING and ref in ("main", "master") and site.get("form") != "raw":
            # A renamed default branch: GitHub leads its old pages to the new name, raw content excepted.
            # https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-branches-in-your-repository/renaming-a-branch
            kind, ref = RefKind.BRANCH, "HEAD"
        return Located(site, owner, kind, ref, path, source)

    def tree(self, located: Located) -> Tree | None:
        """The tree that the reference leads into; the world's own one for a repository's default branch."""
        owner = located.owner
        if located.kind is RefKind.TAG:
            return owner.at(self.tags(owner)[located.ref].commit)
        if located.kind is RefKind.BRANCH:
            return owner.tree if self.is_default(owner, located.ref) else owner.at(located.ref)
        return owner.at(located.ref) if located.kind is RefKind.COMMIT else None

    def has(self, tree: Tree, path: str) -> bool:
        """Whether the path is in the tree, or cannot be judged because a submodule or a symbolic link stands in its way."""
        path = path.strip("/")
        entries = tree.entries
        if not path or path in entries:
            return True
        folders = self._folders.get(id(tree))
        if folders is None:
            folders = self._folders[id(tree)] = frozenset(folder for name in entries for folder in ancestors(name))
        if path in folders:
            return True
        for parent in ancestors(path):
            entry = entries.get(parent)
            if entry is not None and entry.mode in (_SUBMODULE, _LINK):
                return True
        # `.` and `..` are resolved by whoever asks for the URL.
        return any(part in (".", "..") for part in path.split("/"))

    def is_default(self, owner: Subject, branch: str) -> bool:
        """Whether the branch is the one that the repository shows when asked for none."""
        default = owner.repository.default_branch
        return branch in ("HEAD", default or "main") or (not default and branch == "master")

    def _split(self, owner: Subject, ref: str, path: str, *, must_be_tag: bool) -> tuple[RefKind, str, str]:
        """Kind, ref and path, where the ref may hold slashes that the URL does not tell from the path's."""
        kind = self._kind(owner, ref, must_be_tag=must_be_tag)
        if kind is not RefKind.MISSING or not path:
            return kind, ref, path
        longer, rest = ref, path
        while rest:
            first, _, rest = rest.partition("/")
            longer = f"{longer}/{first}"
            if (kind := self._kind(owner, longer, must_be_tag=must_be_tag)) is not RefKind.MISSING:
                return kind, longer, rest
        return RefKind.MISSING, ref, path

    def _kind(self, owner: Subject, ref: str, *, must_be_tag: bool) -> RefKind:
        if ref in self.tags(owner):
            return RefKind.TAG
        if must_be_tag:
            return RefKind.MISSING
        if ref in owner.repository.branches or self.is_default(owner, ref):
            return RefKind.BRANCH
        if _HEX.fullmatch(ref) and owner.repository.contains(ref):
            return RefKind.COMMIT
        return RefKind.MISSING


def unescape(text: str) -> str:
    """A URL's part with percent-encoding undone."""
    if "%" not in text:
        return text
    raw = text.encode("utf-8", "surrogateescape")
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), raw).decode("utf-8", "surrogateescape")


def version_in_ref(ref: str, tags: tuple[Tag, ...]) -> Version | None:
    """The version that a ref spells like a tag: ``v1.2``, ``1.2.3``, or behind a prefix that the repository's tags have.

    ``release-1.2`` is a branch's name unless there are tags called ``release-...``.
    """
    match = _PREFIXED.fullmatch(ref)
    if match is None:
        return None
    prefix = match["prefix"] or ""
    if prefix and not any(tag.name.startswith(prefix) for tag in tags):
        return None
    return parse_version(match["version"])


def nearest_tags(version: Version, tags: tuple[Tag, ...]) -> tuple[str, ...]:
    """Names of the tags that were most likely meant, best first, three at most.

    The same version in another spelling, then pre-releases of it or its final release, then the same numbers behind a
    forgotten one (``23.0`` for ``0.23.0``), then the neighbours in order.
    """
    known = sorted((tag for tag in tags if tag.version is not None), key=lambda tag: natural_key(tag.version or version))
    same = [tag.name for tag in known if tag.version and tag.version.padded == version.padded and tag.version.pre == version.pre]
    line = [tag.name for tag in known if tag.version and tag.version.padded == version.padded]
    shifted = [
        tag.name
        for tag in known
        if tag.version and tag.version.release[1:][: len(version.release)] == version.release and len(version.release) > 1
    ]
    for found in (same, line, shifted):
        if found:
            return tuple(reversed(found))[:3]
    older = [tag.name for tag in known if tag.version and natural_key(tag.version) < natural_key(version)]
    newer = [tag.name for tag in known if tag.version and natural_key(tag.version) > natural_key(version)]
    return (*older[-1:], *newer[:1])
