"""Repairing what ``verify`` found: fixes applied until nothing more can be fixed, and only then written.

Everything is tried on contents in memory first: a fix may bring up the next one (the second of two places that follow a third), and
what is written, or shown as a diff, is the end of that. Only files in work trees that were judged as they are on disk are touched, and
of these only files without uncommitted changes, so that ``git diff`` shows what was done and ``git checkout`` takes it back.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from difflib import unified_diff
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from relgraph.edit.fixes import File, plan_fixes
from relgraph.effects.files import write_file
from relgraph.errors import EnvironmentFailure, Refused
from relgraph.git.repository import GitRepository
from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Report, Severity
from relgraph.model.repository import INDEX, WORKTREE
from relgraph.model.world import Subject
from relgraph.verify import Request, Workspace, open_facts, report_of

__all__ = ["Change", "Fixed", "difference", "fix", "write"]

# A fix that leads to another is common, a chain of this many is two rules that never agree.
_ROUNDS = 8
_SPECIAL = re.compile(r'[\x00-\x1f"\\\x7f]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n"}
_VERSION = re.compile(r"\d+(?:\.\d+){1,3}(?:-(?:alpha|beta|rc)[0-9.]*)?")


class Change(NamedTuple):
    """A file of a work tree: the tree's folder, the path in it, the content and what it should be."""

    folder: Path
    path: str
    before: bytes
    after: bytes


class Fixed(NamedTuple):
    """What is to be written, which findings that settles, which it leaves although they have a fix (with the reason), and the rest.

    ``elsewhere`` are places of changed files (repository, path, line) where a text that was replaced stands yet, as no reference that is
    known: ``mv web-1.0.0 web`` below the address of ``web-1.0.0.tgz``.
    """

    changes: tuple[Change, ...]
    settled: tuple[Finding, ...]
    left: tuple[tuple[Finding, str], ...]
    elsewhere: tuple[tuple[str, str, int, str], ...]
    report: Report


class _Attempt(NamedTuple):
    """Contents in the end, what they were and where, what that settles and leaves, and what was found before and after."""

    edited: Mapping[str, Mapping[str, bytes]]
    before: Mapping[File, tuple[Path, bytes]]
    settled: tuple[Finding, ...]
    left: tuple[tuple[Finding, str], ...]
    first: Report
    last: Report


def fix(workspace: Workspace, request: Request, select: Callable[[Report], Report], *, dirty: bool = False) -> Fixed:
    """Fix what ``select`` leaves of a report, in memory. ``dirty``: files with uncommitted changes may be changed too.

    A file where that would bring up an error (the release that is named now lacks what the old one had) stays as it is. Raises as
    :func:`relgraph.verify.verify` does.
    """
    started = perf_counter()
    banned: dict[File, str] = {}
    while True:
        tried = _attempt(workspace, request, select, banned, dirty=dirty)
        known = {_key(finding) for finding in tried.first.findings if finding.severity is Severity.ERROR}
        worse = {
            (one.place.repo, one.place.path): f"it would bring up {one.rule}, {one.message}"
            for one in tried.last.findings
            if one.severity is Severity.ERROR and one.place.path in tried.edited.get(one.place.repo, {}) and _key(one) not in known
        }
        if not worse:
            break
        banned |= worse
    changes = tuple(
        Change(folder, path, content, tried.edited[name][path])
        for (name, path), (folder, content) in sorted(tried.before.items())
        if tried.edited[name][path] != content
    )
    elsewhere = tuple(_elsewhere(tried.settled, tried.edited))
    return Fixed(changes, tried.settled, tried.left, elsewhere, tried.last._replace(seconds=perf_counter() - started))


def _attempt(
    workspace: Workspace, request: Request, select: Callable[[Report], Report], banned: Mapping[File, str], *, dirty: bool
) -> _Attempt:
    """Fix until nothing is left to fix, but for the banned files."""
    before: dict[File, tuple[Path, bytes]] = {}
    edited: dict[str, dict[str, bytes]] = {}
    settled: list[Finding] = []
    left: dict[tuple[str, str, str, str, str], tuple[Finding, str]] = {}
    seen: set[tuple[tuple[File, bytes], ...]] = set()
    first: Report | None = None
    while True:
        with ExitStack() as stack:
            facts = open_facts(workspace, request._replace(edited=edited), stack)
            report = report_of(workspace, facts)
            first = first or report
            state = tuple(sorted(((name, path), data) for name, files in edited.items() for path, data in files.items()))
            if state in seen or len(seen) >= _ROUNDS:
                break
            seen.add(state)
            guard = _Guard(facts, banned, dirty=dirty)
            allowed, refused = guard.sort(finding for finding in select(report).findings if finding.fix is not None)
            fixes = plan_fixes(allowed, lambda file, facts=facts: _content(facts, file))  # type: ignore[misc]  # a lambda with a default
            left = {_key(finding): (finding, reason) for finding, reason in (*refused, *fixes.left)}
            if not fixes.contents:
                break
            for file, content in fixes.contents.items():
                before.setdefault(file, (guard.folder(file), _content(facts, file) or b""))
                edited.setdefault(file[0], {})[file[1]] = content
            settled += fixes.settled
    return _Attempt(edited, before, tuple(settled), tuple(left.values()), first, report)


def difference(changes: Iterable[Change], start: Path) -> str:
    """The changes as a unified diff that ``git apply`` and ``patch -p1`` take in the folder ``start``.

    Of files outside of that folder the paths are those in their work tree, which a line before them names: neither program leaves the
    folder that it is called in.
    """
    lines: list[str] = []
    for change in changes:
        name, path = change.path, change.folder / change.path
        if path.is_relative_to(start):
            name = path.relative_to(start).as_posix()
        else:
            lines.append(f"in {os.path.relpath(change.folder, start)}:\n")
        before, after = (_lines(data) for data in (change.before, change.after))
        for line in unified_diff(before, after, _quoted(f"a/{name}"), _quoted(f"b/{name}")):
            lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines)


def write(changes: Iterable[Change]) -> None:
    """Write the changes, each file as a whole; its mode stays. Raises Refused where a file has changed meanwhile, EnvironmentFailure."""
    for change in changes:
        path = change.folder / change.path
        try:
            if path.is_symlink() or path.read_bytes() != change.before:
                raise Refused(f"{path} has changed meanwhile", hint="run the command again")
            mode = path.stat().st_mode & 0o7777
            write_file(path, [change.after], mode=mode)
            path.chmod(mode)  # whatever the mask of this process is
        except OSError as problem:
            raise EnvironmentFailure(f"cannot write {path}: {problem.strerror or problem}") from problem


class _Guard:
    """Which files may be changed."""

    def __init__(self, facts: Facts, banned: Mapping[File, str], *, dirty: bool) -> None:
        self._subjects: dict[str, list[Subject]] = {}
        for subject in facts.world.targets:
            self._subjects.setdefault(subject.name, []).append(subject)
        self._dirty = dirty
        self._known: dict[File, str] = dict(banned)

    def sort(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[tuple[Finding, str]]]:
        """The findings that may be fixed, and the others with the reason."""
        allowed: list[Finding] = []
        refused: list[tuple[Finding, str]] = []
        for finding in findings:
            file = (finding.place.repo, finding.place.path)
            if file not in self._known:
                self._known[file] = self._why_not(finding.place.rev, file)
            if self._known[file]:
                refused.append((finding, self._known[file]))
            else:
                allowed.append(finding)
        return allowed, refused

    def folder(self, file: File) -> Path:
        """The work tree that a file lies in."""
        repository = self._subjects[file[0]][0].repository
        assert isinstance(repository, GitRepository)  # noqa: S101 - nothing else is ever changed
        return Path(repository.location.worktree or "")

    def _why_not(self, rev: str, file: File) -> str:
        subjects = self._subjects.get(file[0], [])
        if len(subjects) != 1:
            return f"{len(subjects)} repositories are called {file[0]}" if subjects else "it is in the declaration"
        repository = subjects[0].repository
        if rev != WORKTREE or not isinstance(repository, GitRepository) or repository.location.worktree is None:
            return f"{file[0]} was not judged as it is on disk"
        if not os.path.lexists(Path(repository.location.worktree, file[1])):
            return "the file is not checked out"
        return "the file has uncommitted changes" if not self._dirty and _uncommitted(repository, file[1]) else ""


def _elsewhere(settled: Iterable[Finding], edited: Mapping[str, Mapping[str, bytes]]) -> Iterator[tuple[str, str, int, str]]:
    replaced: dict[File, set[str]] = {}
    for finding in settled:
        if finding.fix is not None and (version := _VERSION.search(finding.fix.replace)):
            replaced.setdefault((finding.place.repo, finding.place.path), set()).add(version[0])
    for (name, path), versions in sorted(replaced.items()):
        content = edited[name][path].decode("utf-8", "surrogateescape")
        pattern = re.compile(r"(?<![\d.])(?:" + "|".join(map(re.escape, sorted(versions))) + r")(?![\d]|\.\d)")
        for match in pattern.finditer(content):
            yield name, path, content.count("\n", 0, match.start()) + 1, match[0]


def _uncommitted(repository: GitRepository, path: str) -> bool:
    """Whether a file is not what the last commit holds; line ends aside, which git may have changed on the way to the disk."""
    last, staged = repository.tree("HEAD"), repository.tree(INDEX)
    then = None if last is None else last.entries.get(path)
    if last is None or then is None or staged is None or staged.entries.get(path) != then:
        return True
    here, there = (None if tree is None else tree.read(path) for tree in (repository.tree(WORKTREE), last))
    return here is None or there is None or here.replace(b"\r\n", b"\n") != there.replace(b"\r\n", b"\n")


def _content(facts: Facts, file: File) -> bytes | None:
    subject = next((subject for subject in facts.world.targets if subject.name == file[0]), None)
    return None if subject is None else subject.tree.read(file[1])


def _quoted(name: str) -> str:
    """A path as a patch names it: in quotation marks, with escapes, where it holds what would end it (git-config(1), core.quotePath)."""
    if not _SPECIAL.search(name):
        return name
    return '"' + _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], f"\\{ord(match[0]):03o}"), name) + '"'


def _lines(data: bytes) -> list[str]:
    # Only a line feed ends a line: what else Python takes for one stands within.
    text = data.decode("utf-8", "surrogateescape")
    return [line for line in text.replace("\n", "\n\0").split("\0") if line] if "\0" not in text else [text]


def _key(finding: Finding) -> tuple[str, str, str, str, str]:
    return finding.rule, finding.place.repo, finding.place.path, str(finding.actual), str(finding.expected)
