"""Recorded repairs, retold: small worlds in real repositories, judged before and after the repair as the program judges them."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from textwrap import dedent, indent
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from fixlaw import hold_to_fixes, scan_world
from gitworld import write_world
from relgraph.git.target import open_target
from relgraph.model.example import Commit
from relgraph.model.finding import Report, Severity
from relgraph.model.world import Subject, World
from relgraph.reading import SiteReader
from relgraph.scan import scan
from relgraph.verify import Request, Workspace, verify
from relgraph.workspace.load import load_graphs

__all__ = ["ERROR", "NOTE", "WARNING", "Repair", "Told", "check", "releases", "reported", "said", "text", "workflow"]

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

History: TypeAlias = tuple[Commit, ...]


class Told(NamedTuple):
    """What a finding says and where; the severity last, so that most tests read as rule, place, value, value."""

    rule: str
    path: str
    actual: str | None
    expected: str | None
    severity: Severity = ERROR


class Repair(NamedTuple):
    """A world in which a mistake was made and repaired.

    ``earlier`` is what the judged repository was before the mistake, ``later`` what it became after the repair;
    ``siblings`` are the histories of the repositories beside it, by ``owner/name``.
    """

    broken: Commit
    repaired: Commit
    earlier: tuple[Commit, ...] = ()
    later: tuple[Commit, ...] = ()
    siblings: Mapping[str, History] = MappingProxyType({})
    name: str = "example/platform"


def check(folder: Path, repair: Repair, *told: Told, left: Iterable[Told] = (), notes: Iterable[Told] = ()) -> None:
    """The program tells exactly these errors and warnings of the broken commit, and of the repaired one exactly those ``left``.

    ``notes`` are notes that it must tell of the broken commit, besides any others.
    """
    commits = (*repair.earlier, repair.broken, repair.repaired, *repair.later)
    target, *others = _written(folder, {repair.name: commits, **repair.siblings})
    day = date.fromisoformat(repair.repaired.date)
    # On a day, HEAD is its last commit.
    steps = sum(commit.date <= repair.repaired.date for commit in repair.later)
    before = said(scan([f"{target}@HEAD~{steps + 1}"], others, day))
    _hold_to_fixes(f"{target}@HEAD~{steps + 1}", others, day)
    after = said(scan([f"{target}@HEAD~{steps}"], others, day))
    assert _grave(before) == _ordered(told)
    # A graph that declares the repositories of that day takes nothing away.
    declared = _declared(folder, (repair.name, *repair.siblings), f"HEAD~{steps + 1}", day)
    assert {one[:4] for one in told} <= {one[:4] for one in declared}
    assert set(notes) <= set(before)
    assert _grave(after) == _ordered(left)
    assert not (set(told) | set(notes)) & set(after)


def reported(
    folder: Path, commits: History, siblings: Mapping[str, History] = MappingProxyType({}), *, name: str = "example/platform"
) -> list[Told]:
    """The errors and warnings that the program tells of the last commit, with all tags of its day, in order."""
    target, *others = _written(folder, {name: commits, **siblings})
    return _grave(said(scan([f"{target}@HEAD"], others, date.fromisoformat(commits[-1].date))))


def releases(name: str, *versions: str, needs: str = "") -> History:
    """The history of a neighbour (``owner/name``): a commit and a tag for each version; ``needs`` is what its go.mod requires."""
    requirement = f"\nrequire {needs}\n" if needs else ""
    return tuple(
        Commit(
            {"go.mod": f"module github.com/{name}\n\ngo 1.22\n{requirement}", "n": version},
            tags=(f"v{version}",),
        )
        for version in versions
    )


def text(block: str) -> str:
    """A file's content, written as an indented block."""
    return dedent(block).lstrip("\n")


def workflow(*steps: str, on: str = "push") -> str:
    """A workflow with one job; a step is written as the item of a list."""
    block = indent("".join(text(step) for step in steps), "    ")
    return f"on: {on}\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n{block}"


def said(report: Report) -> list[Told]:
    """All findings of a report."""
    return [Told(one.rule, one.place.path, one.actual, one.expected, one.severity) for one in report.findings]


def _hold_to_fixes(target: str, others: Iterable[str], day: date) -> None:
    with ExitStack() as stack:
        judged, *lenders = (open_target(word, as_of=day) for word in (target, *others))
        for opened in (judged, *lenders):
            stack.callback(opened.repository.close)
        world = World((Subject(*judged),), tuple(Subject(*one, reader=SiteReader(one.repository).shipped) for one in lenders))
        hold_to_fixes(scan_world(world), lambda file: judged.tree.read(file[1]))


def _declared(folder: Path, names: Iterable[str], rev: str, day: date) -> list[Told]:
    """What ``verify`` says where a graph declares the repositories and nothing else."""
    first, *others = names
    own = first.rpartition("/")[2]
    repos = [f"  {own}: {{url: https://github.com/{first}, path: {first.replace('/', '+')}}}"]
    repos += [
        f"  {name.rpartition('/')[2]}: {{url: https://github.com/{name}, path: {name.replace('/', '+')}, external: true}}"
        for name in others
    ]
    head = "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: day}\nrepos:\n"
    graph = load_graphs([("graph/day.yaml", (head + "\n".join(repos) + "\n").encode())])["day"]
    return said(verify(Workspace(folder, graph), Request(revisions=((own, rev),), as_of=day)))


def _grave(found: Iterable[Told]) -> list[Told]:
    return _ordered(one for one in found if one.severity is not NOTE)


def _ordered(found: Iterable[Told]) -> list[Told]:
    return sorted(found, key=lambda one: (one.path, one.rule, one.actual or "", one.expected or ""))


def _written(folder: Path, world: Mapping[str, History]) -> list[str]:
    return [
        str(write_world(folder / name.replace("/", "+"), commits, bare=True, remotes={"origin": f"https://github.com/{name}.git"}))
        for name, commits in world.items()
    ]
