"""From findings to edits: what would settle them, file by file."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from relgraph.edit.spans import Edit, apply_edits, overlapping
from relgraph.model.finding import Finding, Place

__all__ = ["File", "Fixes", "plan_fixes"]

#: A file: the name of its repository, and its path there.
File: TypeAlias = tuple[str, str]

_ENCODING = ("utf-8", "surrogateescape")


class Fixes(NamedTuple):
    """The new contents of files, the findings that they settle, and those with a fix that cannot be applied, each with the reason."""

    contents: Mapping[File, bytes]
    settled: tuple[Finding, ...]
    left: tuple[tuple[Finding, str], ...]


def plan_fixes(findings: Iterable[Finding], read: Callable[[File], bytes | None]) -> Fixes:
    """The edits of all findings that have a fix, applied to the contents that ``read`` gives.

    A finding's fix is made at its place, and at the related places of the same file that hold the same text. Two findings that want
    different texts in one place contradict each other, and neither is followed.
    """
    wanted: dict[File, dict[Edit, list[Finding]]] = {}
    left: list[tuple[Finding, str]] = []
    contents: dict[File, bytes] = {}
    for finding in findings:
        if finding.fix is None:
            continue
        file = (finding.place.repo, finding.place.path)
        data = contents[file] if file in contents else read(file)
        if data is None:
            left.append((finding, "the file cannot be read"))
            continue
        contents[file] = data
        old, new = finding.fix.replace.encode(*_ENCODING), finding.fix.replacement.encode(*_ENCODING)
        if not _holds(data, finding.place, old):
            left.append((finding, "the file has changed"))
            continue
        for place in (finding.place, *finding.related):
            if place[:3] == finding.place[:3] and _holds(data, place, old):
                edit = Edit(place.span.start, place.span.end, old, new)
                wanted.setdefault(file, {}).setdefault(edit, []).append(finding)
    changed: dict[File, bytes] = {}
    refused: dict[int, Finding] = {}
    settled: dict[int, Finding] = {}
    for file, edits in wanted.items():
        chosen = []
        for group in overlapping(edits):
            meant = _agreed(contents[file], group)
            told = settled if meant is not None else refused
            told.update((id(one), one) for edit in group for one in edits[edit])
            if meant is not None:
                chosen.append(meant)
        if chosen:
            changed[file] = apply_edits(contents[file], chosen)
    left += [(finding, "two findings want different texts there") for finding in refused.values()]
    return Fixes(changed, tuple(finding for key, finding in settled.items() if key not in refused), tuple(left))


def _holds(data: bytes, place: Place, old: bytes) -> bool:
    return data[place.span.start : place.span.end] == old


def _agreed(data: bytes, group: list[Edit]) -> Edit | None:
    """One edit that does what each of the overlapping ones does; None where they do different things."""
    start, end = min(edit.start for edit in group), max(edit.end for edit in group)
    outcomes = {data[start : edit.start] + edit.new + data[edit.end : end] for edit in group}
    return Edit(start, end, data[start:end], outcomes.pop()) if len(outcomes) == 1 else None
