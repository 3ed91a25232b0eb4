"""Findings: what a rule says about a site, and why."""

from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from relgraph.model.site import Span

__all__ = ["Finding", "Fix", "Place", "Report", "Severity", "fingerprint", "one_line"]


class Severity(StrEnum):
    """error: a user of the artifact gets something wrong or nothing; warning: soon, or harmless yet; note: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return ("error", "warning", "note").index(self.value)


class Place(NamedTuple):
    """A span in a file of a repository at a revision (a full commit id, ``worktree`` or ``index``)."""

    repo: str
    rev: str
    path: str
    span: Span


class Fix(NamedTuple):
    """The replacement of the site's text that would settle the finding."""

    replace: str
    replacement: str


class Finding(NamedTuple):
    """One statement of one rule.

    ``message`` and every reason are one line. ``expected`` and ``actual`` are values as they are written at the site, or None where the
    rule has none; ``why`` is the chain of reasons, most general first; ``fingerprint`` survives moved lines.
    """

    rule: str
    name: str
    severity: Severity
    node: str
    message: str
    place: Place
    expected: str | None = None
    actual: str | None = None
    why: tuple[str, ...] = ()
    related: tuple[Place, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""

    @property
    def order(self) -> tuple[str, str, int, str, str]:
        """Sort key: repository, path, position, rule, message."""
        return (self.place.repo, self.place.path, self.place.span.start, self.rule, self.message)


class Report(NamedTuple):
    """The outcome of one run: all findings in order, and what was read to reach them.

    ``folders`` are the names of the repositories with a work tree and where that lies (absolute), so that places can be opened;
    ``unread`` are the files, by repository and path, that should have been read and could not, ``lost`` the tags, by repository and
    name, that cannot be followed to what they name: nothing is known of either.
    """

    findings: tuple[Finding, ...]
    waived: int = 0
    files: int = 0
    sites: int = 0
    seconds: float = 0.0
    folders: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)


def one_line(text: str) -> str:
    """The text without line breaks of any kind (those of :meth:`str.splitlines`): its lines, trimmed, with a blank between them."""
    lines = text.splitlines()
    return text if lines == [text] else " ".join(stripped for line in lines if (stripped := line.strip()))


def fingerprint(rule: str, node: str, path: str, context: str) -> str:
    """sha256 over rule, node, path and the text around the site (white space folded), so that moved lines keep it."""
    folded = " ".join(context.split())
    return sha256("\0".join((rule, node, path, folded)).encode("utf-8", "surrogateescape")).hexdigest()
