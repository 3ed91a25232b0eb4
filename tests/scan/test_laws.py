"""What holds for every scan, whatever stands in the repositories: the worlds are random mutants of real mistakes."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitworld import write_world
from mutants import EXAMPLES, mutant
from relgraph.cli.rules import about
from relgraph.cli.trial import facts_of
from relgraph.git.memory import MemoryRepository
from relgraph.judging import judge, judge_facts
from relgraph.model.example import Commit
from relgraph.model.finding import Finding, Place, Report
from relgraph.model.repository import WORKTREE, Repository, Tree
from relgraph.model.world import Subject, World
from relgraph.reading import SiteReader, read_subject
from relgraph.report.registry import FORMATS, render
from relgraph.report.schema import findings_schema
from relgraph.report.view import View
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Example
from relgraph.scan import scan
from relgraph.syntax.text import Text

_DATA = Path(__file__).parents[1] / "report/data"
_SCHEMA = jsonschema.Draft202012Validator(findings_schema())
_SARIF = jsonschema.Draft4Validator(json.loads((_DATA / "sarif-2.1.0-rtm.5.json").read_text("utf-8")))
_VIEW = View(rules=tuple(about(rule) for rule in RULES), version="1.2.3")

seeds = st.integers(0, 2**32 - 1)
worlds = seeds.map(mutant)
undeclared = worlds.filter(lambda world: not world.graph and bool(world.commits))


def opened(world: Example, *, files: dict[str, str | bytes] | None = None) -> dict[str, tuple[Repository, Tree]]:
    """Every repository of a world and its newest tree, the judged one first; its work tree holds ``files`` where they are given."""
    judged = MemoryRepository(world.commits, name="platform", worktree=files)
    repositories = {"platform": judged} | {name: MemoryRepository(commits, name=name) for name, commits in world.siblings.items()}
    revs = {"platform": WORKTREE if files is not None else "HEAD"}
    return {
        name: (repository, tree)
        for name, repository in repositories.items()
        if (tree := repository.tree(revs.get(name, "HEAD"))) is not None
    }


def found(repositories: Iterable[tuple[Repository, Tree]]) -> tuple[Finding, ...]:
    """What a scan of the first finds, with the others as siblings."""
    (first, *others) = repositories
    return judge(World((read_subject(*first),), tuple(Subject(*other) for other in others)))


def of(world: Example) -> tuple[Finding, ...]:
    return found(opened(world).values())


def with_files(world: Example, files: Mapping[str, str | bytes]) -> Example:
    return world._replace(commits=(*world.commits[:-1], world.commits[-1]._replace(files=files)))


def without_revs(findings: Iterable[Finding]) -> list[Finding]:
    return [
        finding._replace(place=finding.place._replace(rev=""), related=tuple(place._replace(rev="") for place in finding.related))
        for finding in findings
    ]


def holds(subject: Subject, place: Place) -> Text:
    text = subject.text(place.path)
    assert text is not None
    span = place.span
    assert 0 <= span.start <= span.end <= len(text.data)
    start = len(text.data[: span.start].decode("utf-8", "surrogateescape"))
    assert text.span(start, start + len(text.data[span.start : span.end].decode("utf-8", "surrogateescape"))) == span
    return text


@given(worlds)
@settings(max_examples=200)
def test_no_world_makes_a_rule_raise_and_every_place_holds(world: Example) -> None:
    facts = facts_of(world)
    assume(facts is not None)
    assert facts is not None
    findings = judge_facts(facts).findings if world.graph else judge(facts.world)
    assert list(findings) == sorted(findings, key=lambda finding: finding.order)
    subjects = {(subject.name, subject.rev): subject for subject in facts.world.subjects}
    for finding in findings:
        assert [finding.message] == finding.message.splitlines()
        assert all([reason] == reason.splitlines() for reason in finding.why)
        assert len(finding.fingerprint) == 64
        declared = finding.place.path.startswith("graph/")  # a place in the declaration, which is no file of this world
        for place in finding.related if declared else (finding.place, *finding.related):
            if (place.repo, place.rev) in subjects and not place.path.startswith("graph/"):
                holds(subjects[place.repo, place.rev], place)
        if finding.fix is not None and not declared:
            text = holds(subjects[finding.place.repo, finding.place.rev], finding.place)
            written = text.data[finding.place.span.start : finding.place.span.end].decode("utf-8", "surrogateescape")
            assert written == finding.fix.replace != finding.fix.replacement


class Changing:
    """A tree whose files change between one look and the next, as those of a work tree may."""

    def __init__(self, tree: Tree, dice: random.Random) -> None:
        self._tree = tree
        self._dice = dice
        self.rev = tree.rev
        self.time = tree.time
        self.entries = tree.entries

    def read(self, path: str) -> bytes | None:
        data = self._tree.read(path)
        if data is None:
            return None
        cut = self._dice.randrange(len(data) + 1)
        return self._dice.choice((None, b"", data[:cut], b"\n" * cut + data, data))

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for path in paths:
            data = self.read(path)
            if data is not None:
                yield path, data


@given(undeclared, st.randoms(use_true_random=False))
def test_files_that_change_during_the_scan_make_no_rule_raise(world: Example, dice: random.Random) -> None:
    subjects = []
    for repository, tree in opened(world).values():
        reader = SiteReader(repository)
        subjects.append(Subject(repository, Changing(tree, dice), reader.read(tree).sites, reader=reader.shipped))
    judge(World((subjects[0],), tuple(subjects[1:])))


@given(undeclared, st.randoms(use_true_random=False))
def test_the_order_of_files_changes_nothing(world: Example, dice: random.Random) -> None:
    def shuffled(commits: Iterable[Commit]) -> tuple[Commit, ...]:
        return tuple(commit._replace(files=dict(dice.sample([*commit.files.items()], len(commit.files)))) for commit in commits)

    siblings = {name: shuffled(history) for name, history in world.siblings.items()}
    assert of(world._replace(commits=shuffled(world.commits), siblings=siblings)) == of(world)


class Unsorted:
    """A tree whose files are listed in another order."""

    def __init__(self, tree: Tree, dice: random.Random) -> None:
        self._tree = tree
        self.rev = tree.rev
        self.time = tree.time
        self.entries = dict(dice.sample([*tree.entries.items()], len(tree.entries)))
        self.read = tree.read
        self.read_many = tree.read_many


class UnsortedRepository:
    """A repository whose trees are; everything else is the repository's own."""

    def __init__(self, repository: Repository, dice: random.Random) -> None:
        self._repository = repository
        self._dice = dice

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repository, name)

    def tree(self, rev: str) -> Tree | None:
        tree = self._repository.tree(rev)
        return None if tree is None else Unsorted(tree, self._dice)


@given(undeclared, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_the_order_in_which_a_tree_is_listed_changes_nothing(world: Example, dice: random.Random) -> None:
    # Every file twice, so that whatever is told of one of them could be told of the other.
    files = world.commits[-1].files
    listed = opened(with_files(world, {**files, **{f"copy/{path}": content for path, content in files.items()}})).values()
    shuffled = [(cast("Repository", UnsortedRepository(repository, dice)), Unsorted(tree, dice)) for repository, tree in listed]
    assert found(shuffled) == found(listed)


@given(undeclared.filter(lambda world: bool(world.siblings)), st.randoms(use_true_random=False))
def test_the_order_of_targets_and_siblings_changes_nothing(world: Example, dice: random.Random) -> None:
    first, *others = opened(world).values()
    expected = found([first, *others])
    dice.shuffle(others)
    assert found([first, *others]) == expected
    targets = [first, *others]
    together = judge(World(tuple(read_subject(*target) for target in targets)))
    dice.shuffle(targets)
    assert judge(World(tuple(read_subject(*target) for target in targets))) == together


@given(undeclared)
def test_files_about_something_else_change_nothing(world: Example) -> None:
    unrelated: dict[str, str | bytes] = {
        "AAA.md": "# Thanks\n\nTo all who helped.\n",
        "zz/notes.txt": "Nothing of interest stands here.\n",
        "zz/poem.py": 'def poem() -> str:\n    return "roses"\n',
        "zz/data.json": '{"a": [1, 2, 3]}\n',
        "zz/picture.png": b"\x89PNG\x00\x01",
    }
    more = with_files(world, {**world.commits[-1].files, **unrelated})
    assert without_revs(of(more)) == without_revs(of(world))


@given(undeclared)
def test_a_clean_work_tree_is_its_commit(world: Example) -> None:
    # A commit with a tag must be what the tag says; what is on disk may be on its way to the next.
    assume(not world.commits[-1].tags)
    below = opened(world, files=dict(world.commits[-1].files))
    assert without_revs(found(below.values())) == without_revs(of(world))


@given(undeclared)
def test_a_fingerprint_survives_lines_inserted_above(world: Example) -> None:
    last = dict(world.commits[-1].files)
    before = of(world)
    moved: dict[str, str | bytes] = {}
    for path in {finding.place.path for finding in before}:
        content = last[path]
        # Empty lines mean nothing in these; the third line and those below keep what surrounds them.
        meaningless = path.endswith((".yaml", ".yml", ".sh", "Makefile", "Dockerfile"))
        if meaningless and isinstance(content, str) and not content.startswith("#!"):
            moved[path] = "\n\n\n" + content
    assume(moved)
    after = of(with_files(world, last | moved))

    def fingerprints(findings: Iterable[Finding], first: int) -> list[tuple[str, str, str]]:
        here = (one for one in findings if one.place.path in moved and one.place.span.line >= first)
        return sorted((one.rule, one.place.path, one.fingerprint) for one in here)

    assert fingerprints(after, 6) == fingerprints(before, 3)


@given(worlds)
@settings(max_examples=20)
def test_every_format_takes_every_report(world: Example) -> None:
    facts = facts_of(world)
    assume(facts is not None)
    assert facts is not None
    report = Report(judge_facts(facts).findings if world.graph else judge(facts.world), files=3, sites=7, seconds=0.5)
    shown = {name: render(name, report, _VIEW) for name in FORMATS}
    _SCHEMA.validate(json.loads(shown["json"]))
    _SARIF.validate(json.loads(shown["sarif"]))
    ET.fromstring(shown["junit"].encode())
    json.loads(shown["gitlab"])
    for text in shown.values():
        assert not any(ord(character) < 32 and character not in "\n\t" for character in text)
        text.encode("utf-8")


def _real(folder: Path, number: int, *, rev: str = "") -> Report:
    world = [example for example in EXAMPLES if not example.graph and example.commits][number]
    commits = (*world.commits, Commit({**world.commits[-1].files, "zz": "z"}))  # not at a tag
    path = write_world(folder / "platform", commits, remotes={"origin": "https://github.com/example/platform.git"})
    siblings = [
        str(write_world(folder / name, history, remotes={"origin": f"https://github.com/example/{name}.git"}))
        for name, history in world.siblings.items()
    ]
    return scan([f"{path}{rev}"], siblings)


@pytest.mark.parametrize("number", range(0, 40, 8))
def test_a_clean_work_tree_is_its_commit_in_a_real_repository(number: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    def scanned(rev: str) -> list[Finding]:
        return without_revs(_real(tmp_path_factory.mktemp("world"), number, rev=rev).findings)

    assert scanned("") == scanned("@HEAD") == scanned("@index") == scanned("@main")


@pytest.mark.parametrize("again", ["", "/", "/.git", "@worktree"])
def test_a_target_given_twice_is_judged_once(again: str, tmp_path: Path) -> None:
    path = write_world(
        tmp_path / "platform", (Commit({"go.mod": "module example.com/x\n\ngo 1.24.0\n", "Dockerfile": "FROM golang:1.22\n"}),)
    )
    once, twice = scan([str(path)], []), scan([str(path), f"{path}{again}"], [])
    assert once.findings
    assert (twice.findings, twice.files, twice.sites) == (once.findings, once.files, once.sites)
