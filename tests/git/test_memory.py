"""The double in memory and the repository that is written from the same world agree in everything that rules may ask."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitworld import write_example, write_world
from relgraph.git.memory import MemoryRepository, time_of
from relgraph.git.repository import open_repository
from relgraph.model.example import Commit
from relgraph.model.repository import Repository

START = date(2026, 1, 1)

paths = st.sampled_from(["a", "a.b", "b/c", "b/d/e", "b.c/x", "b0", 'é/\n"quoted\\', "\udcff\udc80", "-z", " b "])
files = st.dictionaries(paths, st.text(max_size=20) | st.binary(max_size=20), max_size=6)
NAMES = ("v1.0.0", "v1.1.0", "app/v2.0.0", "1.2", "nightly", "release-1.0", "both")


@st.composite
def worlds(draw: st.DrawFn) -> list[Commit]:
    days = sorted(draw(st.lists(st.integers(0, 40), max_size=4)))
    tags, branches = draw(st.permutations(range(7))), draw(st.permutations(range(7)))
    commits: list[Commit] = []
    for position, day in enumerate(days):
        some = tuple(NAMES[index] for index in tags[position : position + 1])
        more = tuple(NAMES[index] for index in branches[position : position + 1]) if draw(st.booleans()) else ()
        commits.append(Commit(draw(files), some, (START + timedelta(days=day)).isoformat(), more))
    return commits


def answers(repository: Repository, revs: list[str]) -> dict[str, object]:
    facts: dict[str, object] = {
        "name": repository.name,
        "addresses": repository.addresses,
        "tags": repository.tags,
        "branches": repository.branches,
        "default": repository.default_branch,
        "complete": repository.complete,
    }
    for rev in revs:
        tree = repository.tree(rev)
        facts[f"ancestors of {rev}"] = repository.ancestors(rev)
        if tree is None:
            facts[rev] = None
            continue
        entries = list(tree.entries.items())
        asked = [path for path, _ in reversed(entries)] + ["nope", "b"]
        facts[rev] = (tree.rev, tree.time, entries, list(tree.read_many(asked)), [tree.read(path) for path in asked])
    return facts


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    commits=worlds(),
    bare=st.booleans(),
    annotated=st.booleans(),
    as_of=st.none() | st.integers(-1, 41).map(lambda days: START + timedelta(days=days)),
)
def test_both_give_the_same_answers(
    tmp_path_factory: pytest.TempPathFactory, commits: list[Commit], bare: bool, annotated: bool, as_of: date | None
) -> None:
    remotes = {"origin": "https://github.com/example/platform.git"}
    folder = write_world(tmp_path_factory.mktemp("world") / "platform", commits, bare=bare, annotated=annotated, remotes=remotes)
    local = None if bare else commits[-1].files if commits else {}
    double = MemoryRepository(commits, as_of=as_of, worktree=local)
    revs = ["", *"HEAD @ main worktree index nope v1.0.0 both refs/heads/both refs/tags/both release-1.0 abcdef0".split()]
    revs += [f"refs/heads/{name}" for name in sorted(double.branches)]
    shas = [tree.rev for tree in double._trees]
    revs += shas + [sha[:10] for sha in shas]
    with open_repository(str(folder), as_of=as_of) as real:
        assert answers(double, revs) == answers(real, revs)


def test_the_same_world_has_the_same_ids_each_time() -> None:
    world = [Commit({"a": "x"}, ("v1",)), Commit({"a": "y"})]
    first, second = MemoryRepository(world), MemoryRepository(world)
    assert first.tags == second.tags
    assert first.tags != MemoryRepository([Commit({"a": "z"}, ("v1",))]).tags


def test_commits_of_one_day_follow_each_other() -> None:
    commits = [Commit({}, (), "2026-01-01")] * 3
    assert [time_of(commit, position) for position, commit in enumerate(commits)] == [1767268800, 1767268801, 1767268802]


def test_a_double_may_have_addresses_of_its_own() -> None:
    double = MemoryRepository([], name="webservice", addresses=("git.example/a/b",))
    assert (double.name, double.addresses) == ("webservice", ("git.example/a/b",))
    assert MemoryRepository([], name="webservice").addresses == ("github.com/example/webservice",)


def test_an_example_becomes_repositories_side_by_side(tmp_path: Path) -> None:
    folders = write_example(tmp_path, [Commit({"a": "x"}, ("v1",))], {"webservice": [Commit({"b": "y"})]})
    assert sorted(folders) == ["platform", "webservice"]
    for name, folder in folders.items():
        with open_repository(str(folder)) as repository:
            assert (repository.name, repository.addresses) == (name, (f"github.com/example/{name}",))
