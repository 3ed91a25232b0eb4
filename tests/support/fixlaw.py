"""The law of fixes: what was found where they are made is not found again, and no line but those of the findings has changed."""

from collections.abc import Callable, Mapping, Sequence

from relgraph.edit.fixes import File, plan_fixes
from relgraph.git.edited import EditedTree
from relgraph.judging import judge
from relgraph.model.finding import Finding
from relgraph.model.world import Subject, World
from relgraph.reading import SiteReader

__all__ = ["edited", "hold_to_fixes", "scan_world"]

#: What is found in a world whose judged repositories have other contents for some files, by name and path.
Judge = Callable[[Mapping[str, Mapping[str, bytes]]], Sequence[Finding]]


def edited(subject: Subject, contents: Mapping[str, Mapping[str, bytes]]) -> Subject:
    """A repository as it would be read with these contents."""
    reader = SiteReader(subject.repository)
    return reader.read(EditedTree(subject.tree, contents.get(subject.name, {})))


def scan_world(world: World) -> Judge:
    """What a scan finds."""

    def found(contents: Mapping[str, Mapping[str, bytes]]) -> Sequence[Finding]:
        return judge(World(tuple(edited(one, contents) for one in world.targets), world.siblings))

    return found


def hold_to_fixes(judge_with: Judge, read: Callable[[File], bytes | None]) -> int:
    """Fix until nothing is left to fix; how many findings that settled."""
    contents: dict[str, dict[str, bytes]] = {}
    settled: dict[tuple[str, str, str, int, str], Finding] = {}

    def content(file: File) -> bytes | None:
        return contents[file[0]][file[1]] if file[1] in contents.get(file[0], {}) else read(file)

    for _ in range(8):
        found = judge_with(contents)
        fixes = plan_fixes(found, content)
        if not fixes.contents:
            break
        for finding in fixes.settled:
            assert finding.fix is not None
            settled.setdefault(_place(finding), finding)
        for file, new in fixes.contents.items():
            old = content(file) or b""
            lines = {one.place.span.line for one in fixes.settled if (one.place.repo, one.place.path) == file}
            lines |= {
                place.span.line
                for one in fixes.settled
                for place in one.related
                if (one.place.repo, one.place.path) == (place.repo, place.path) == file
            }
            before, after = old.split(b"\n"), new.split(b"\n")
            assert len(before) == len(after)
            differing = {number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]}
            assert differing <= lines
            contents.setdefault(file[0], {})[file[1]] = new
    else:
        raise AssertionError(f"fixes without end: {sorted(settled)}")
    left = {_place(finding) for finding in judge_with(contents)}
    assert not settled.keys() & left, sorted(settled.keys() & left)
    return len(settled)


def _place(finding: Finding) -> tuple[str, str, str, int, str]:
    return finding.rule, finding.place.repo, finding.place.path, finding.place.span.line, str(finding.actual)
