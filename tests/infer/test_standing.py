"""Where a repository stands: tagged commits, development versions, order of pre-releases."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.git.memory import MemoryRepository
from relgraph.infer.standing import development_version, is_skipped, releases, standing
from relgraph.model.example import Commit
from relgraph.model.graph import Node, Origin
from relgraph.model.version import Version, parse_version, semver_key
from relgraph.model.world import Subject


def node(tags: str = "v{version}", **fields: object) -> Node:
    return Node("repos.web", "repo", "web", Origin("graph/g.yaml", 5, 3), ref="x", tag=tags, fields=tuple(fields.items()))


def subject(commits: Sequence[Commit], rev: str = "HEAD", worktree: Mapping[str, str] | None = None) -> Subject:
    repository = MemoryRepository(commits, name="web", worktree=worktree)
    tree = repository.tree(rev)
    assert tree is not None
    return Subject(repository, tree)


def stands(
    commits: Sequence[Commit], rev: str = "HEAD", declared: Node | None = None, worktree: Mapping[str, str] | None = None
) -> str:
    state = standing(declared or node(), subject(commits, rev, worktree))
    return f"{state.version}: {state.reason}"


def of(*tags: str | tuple[str, ...]) -> list[Commit]:
    """One commit for each: tagged with these."""
    return [Commit({"a": str(n)}, tags=(tag,) if isinstance(tag, str) and tag else tuple(tag)) for n, tag in enumerate(tags)]


def test_a_tagged_commit_has_its_tags_version() -> None:
    assert stands(of("v1.0.0", "v1.1.0")) == "1.1.0: web is at tag v1.1.0"
    assert stands(of("v1.0.0", "v1.1.0"), "v1.0.0") == "1.0.0: web is at tag v1.0.0"


def test_of_two_tags_on_one_commit_the_newer_counts() -> None:
    assert stands(of(("v0.2.2", "v0.2.1"))) == "0.2.2: web is at tag v0.2.2"


def test_a_commit_after_a_release_leads_to_the_next_patch() -> None:
    text = stands(of("v1.0.0", "", ""))
    assert text.startswith("1.0.1-dev.2+g")
    assert text.endswith(": web is 2 commits after tag v1.0.0")


def test_a_commit_after_a_pre_release_stays_before_the_next_one() -> None:
    assert stands(of("v1.0.0-rc.1", "")).startswith("1.0.0-rc.1.dev.1+g")


@pytest.mark.parametrize("rev", ["worktree", "index"])
def test_a_work_tree_without_changes_is_the_release_below_it(rev: str) -> None:
    assert stands(of("v1.0.0"), rev, worktree={"a": "0"}) == "1.0.0: web is at tag v1.0.0"


def test_the_record_of_a_release_makes_no_other_version_of_it() -> None:
    files = {"a": "0", "releases/web/1.0.0.yaml": "kind: Release\n"}
    assert stands(of("v1.0.0"), "worktree", worktree=files) == "1.0.0: web is at tag v1.0.0"


@pytest.mark.parametrize("files", [{"a": "x"}, {"a": "0", "b": ""}, {}, {"a": "0", "releases/other/1.0.0.yaml": ""}])
def test_a_changed_work_tree_is_not(files: dict[str, str]) -> None:
    assert stands(of("v1.0.0"), "worktree", worktree=files) == "1.0.1-dev.0+worktree: web's worktree is a change of tag v1.0.0"


def test_a_work_tree_after_a_release() -> None:
    assert stands(of("v1.0.0", ""), "worktree", worktree={"a": "1"}) == "1.0.1-dev.1+worktree: web is 1 commit after tag v1.0.0"


def test_tags_of_other_formats_are_no_releases() -> None:
    commits = of("v1.0.0", ("2.0.0", "web/v3.0.0", "latest"))
    assert stands(commits).startswith("1.0.1-dev.1+g")
    assert stands(commits, declared=node("web/v{version}")) == "3.0.0: web is at tag web/v3.0.0"
    assert stands(commits, declared=node("{version}")) == "2.0.0: web is at tag 2.0.0"


def test_a_format_that_fits_no_tag_says_so() -> None:
    assert stands(of("v1.0.0"), declared=node("release-{version}")) == "None: web has no tag like release-{version}"
    assert stands(of("")) == "None: web has no tag like v{version}"


def test_a_commit_before_all_releases_says_so() -> None:
    repository = MemoryRepository(of("", "v1.0.0"), name="web")
    first = MemoryRepository(of("")).tree("HEAD")
    assert first is not None
    early = repository.tree(first.rev)
    assert early is not None
    state = standing(node(), Subject(repository, early))
    assert (state.version, state.reason) == (None, "web contains none of its tags here")


def test_somebody_elses_repository_is_at_its_newest_release() -> None:
    commits = of("v1.0.0", "v1.1.0", "v1.2.0-rc.1", "")
    assert stands(commits, declared=node(external=True)) == "1.1.0: web's newest release is tag v1.1.0"
    assert stands(of("v1.0.0-rc.1", ""), declared=node(external=True)) == "1.0.0-rc.1: web's newest release is tag v1.0.0-rc.1"


def test_skipped_tags_are_no_releases() -> None:
    commits = of("v1.0.0", "v1.0.0-experiment.1", "v1.0.0.before-renaming")
    declared = node(skip=("*-experiment.*", "*.before-renaming"))
    assert [release.tag.name for release in releases(declared, subject(commits))] == ["v1.0.0"]
    assert stands(commits, declared=declared).endswith("web is 2 commits after tag v1.0.0")
    assert not is_skipped(node(), "v1.0.0-experiment.1")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (None, ["v0.2.0-alpha.1", "v0.2.0-rc1", "v0.2.0-rc9", "v0.2.0-rc10", "v0.2.0"]),
        ("natural", ["v0.2.0-alpha.1", "v0.2.0-rc1", "v0.2.0-rc9", "v0.2.0-rc10", "v0.2.0"]),
        ("semver", ["v0.2.0-alpha.1", "v0.2.0-rc1", "v0.2.0-rc10", "v0.2.0-rc9", "v0.2.0"]),
    ],
)
def test_pre_releases_stand_in_the_declared_order(order: str | None, expected: list[str]) -> None:
    commits = of("v0.2.0-rc9", "v0.2.0", "v0.2.0-rc10", "v0.2.0-alpha.1", "v0.2.0-rc1")
    declared = node(order=order) if order else node()
    assert [release.tag.name for release in releases(declared, subject(commits))] == expected


numbers = st.integers(0, 50)
pres = st.just("") | st.from_regex(r"(alpha|rc)\.?[0-9]{1,2}", fullmatch=True)
versions = st.builds(Version, st.just(""), st.tuples(numbers, numbers, numbers), pres, st.just(""))


@given(versions, st.integers(1, 99))
def test_a_development_version_stands_after_what_it_follows_and_before_the_next(last: Version, commits: int) -> None:
    found = development_version(last, commits, "1c28a8a" + "0" * 33)
    key = semver_key(found)
    assert semver_key(last) < key < semver_key(development_version(last, commits + 1, "worktree"))
    assert parse_version(str(found)) == found
    major, minor, patch = last.release
    following = Version("", last.release) if last.pre else Version("", (major, minor, patch + 1))
    assert key < semver_key(following)
    if last.pre and last.pre.rpartition(".")[2].isdigit() and "." in last.pre:
        head, _, number = last.pre.rpartition(".")
        assert key < semver_key(Version("", last.release, f"{head}.{int(number) + 1}"))


def test_the_forms_of_development_versions() -> None:
    commit = "1c28a8a1" + "0" * 32
    assert str(development_version(Version("", (0, 30, 0)), 7, commit)) == "0.30.1-dev.7+g1c28a8a"
    assert str(development_version(Version("", (0, 30, 0), "rc.1"), 7, commit)) == "0.30.0-rc.1.dev.7+g1c28a8a"
    assert str(development_version(Version("", (1, 4)), 7, "index")) == "1.4.1-dev.7+index"


@given(st.permutations(["v1.0.0", "v1.1.0-rc.1", "v1.1.0", "v1.0.1", "x"]))
def test_releases_do_not_depend_on_when_they_were_tagged(tags: list[str]) -> None:
    found = [release.tag.name for release in releases(node(), subject(of(*tags)))]
    assert found == ["v1.0.0", "v1.0.1", "v1.1.0-rc.1", "v1.1.0"]
