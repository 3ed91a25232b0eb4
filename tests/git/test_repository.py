from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitworld import git, write_world
from relgraph.errors import EnvironmentFailure
from relgraph.git.command import Git
from relgraph.git.repository import GitRepository, end_of_day, open_repository
from relgraph.model.example import Commit

WORLD = (
    Commit({"a": "1"}, ("v1.0.0",), "2026-01-10"),
    Commit({"a": "2"}, ("app/v1.1.0", "v1.1.0"), "2026-02-10", ("release-1.1",)),
    Commit({"a": "3"}, (), "2026-03-10"),
)

Open = Callable[..., GitRepository]


@pytest.fixture
def opened() -> Iterator[Open]:
    repositories: list[GitRepository] = []

    def open_one(path: Path, as_of: date | None = None) -> GitRepository:
        repositories.append(open_repository(str(path), as_of=as_of))
        return repositories[-1]

    yield open_one
    for repository in repositories:
        repository.close()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return write_world(tmp_path / "platform", WORLD)


def at(day: str, time: str = "12:00:00") -> dict[str, str]:
    stamp = f"{int(datetime.fromisoformat(f'{day}T{time}+00:00').timestamp())} +0000"
    return {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}


def commit(clone: Path, words: str, day: str, time: str = "12:00:00") -> str:
    git(clone, "commit", "-q", "--allow-empty", "-m", words, env=at(day, time))
    return git(clone, "rev-parse", "HEAD")


def rev(repository: GitRepository, name: str) -> str | None:
    tree = repository.tree(name)
    return None if tree is None else tree.rev


def names(repository: GitRepository) -> list[str]:
    return [tag.name for tag in repository.tags]


@given(st.dates())
def test_a_day_ends_with_its_last_second(day: date) -> None:
    end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    assert end_of_day(day) == end.timestamp()


def test_tags_branches_and_head(clone: Path, opened: Open) -> None:
    repository = opened(clone)
    assert names(repository) == ["v1.0.0", "app/v1.1.0", "v1.1.0"]
    assert repository.branches == {"main", "release-1.1"}
    assert repository.default_branch == "main"
    assert repository.has_commits
    head = git(clone, "rev-parse", "HEAD")
    for name in ("HEAD", "@", "main", "refs/heads/main", head, head[:7], "v1.1.0^0", "main~0"):
        if name != "v1.1.0^0":
            assert rev(repository, name) == head, name
    parent = git(clone, "rev-parse", "HEAD~1")
    for name in ("v1.1.0", "refs/tags/v1.1.0", "release-1.1", "app/v1.1.0", "HEAD~", "HEAD^", "main~1", f"{head}^", "v1.1.0^0"):
        assert rev(repository, name) == parent, name
    tree = repository.tree("v1.1.0")
    assert tree is not None
    assert tree.time == repository.tags[1].time
    assert repository.tree("release-1.1") is tree


@pytest.mark.parametrize(
    "name",
    ["", "nope", "v1", "main~9", "HEAD^2", "0" * 40, "f" * 64, "abcdefabc", "HEAD:a", ":/2", "HEAD^{/2}", "@{-1}", "main@{0}",
     "v1.0.0..main", "a b", "a\nb", "-n", "--help", "*", "\udcff", "x" * 5000, "refs/tags/nope", "refs/heads/v1.0.0", "refs/", "{{ .Tag }}",
     "${VERSION}", "heads/", "/main", "main/"],
)  # fmt: skip
def test_what_names_no_commit_is_none(clone: Path, opened: Open, name: str) -> None:
    repository = opened(clone)
    assert repository.tree(name) is None
    assert repository.ancestors(name) == frozenset()


@given(name=st.text(max_size=30))
def test_any_text_may_be_asked_for(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    global _shared  # noqa: PLW0603 - one repository for all examples
    if _shared is None:
        _shared = open_repository(str(write_world(tmp_path_factory.mktemp("any") / "r", WORLD, bare=True)))
    tree = _shared.tree(name)
    assert tree is None or name in ("HEAD", "@", "main")


_shared: GitRepository | None = None


def test_annotated_tags_have_their_tagger_s_time_and_their_commit(clone: Path, opened: Open) -> None:
    git(clone, "tag", "-a", "-m", "x", "v2.0.0", "v1.0.0", env=at("2026-05-01"))
    git(clone, "tag", "-a", "-m", "x", "outer", "v2.0.0", env=at("2026-05-02"))
    git(clone, "tag", "-a", "-m", "x", "outermost", "outer", env=at("2026-05-03"))
    repository = opened(clone)
    first = git(clone, "rev-parse", "v1.0.0")
    annotated = {tag.name: (tag.commit, tag.time) for tag in repository.tags if tag.time > end_of_day(date(2026, 4, 1))}
    days = [int(datetime(2026, 5, day, 12, tzinfo=UTC).timestamp()) for day in (1, 2, 3)]
    assert annotated == {"v2.0.0": (first, days[0]), "outer": (first, days[1]), "outermost": (first, days[2])}
    assert rev(repository, "outermost") == first


def test_a_tag_without_a_tagger_has_its_commit_s_time(clone: Path, opened: Open) -> None:
    first = git(clone, "rev-parse", "v1.0.0")
    for name, kind, oid in (("old", "commit", first), ("older", "tag", "")):
        oid = oid or git(clone, "rev-parse", "refs/tags/old")
        text = f"object {oid}\ntype {kind}\ntag {name}\n\nno tagger line\n"
        git(
            clone,
            "update-ref",
            f"refs/tags/{name}",
            git(clone, "hash-object", "-t", "tag", "-w", "--stdin", "--literally", data=text.encode()),
        )
    tags = {tag.name: tag for tag in opened(clone).tags}
    assert tags["old"][1:3] == tags["v1.0.0"][1:3]
    assert tags["older"][1:3] == tags["v1.0.0"][1:3]


def test_tags_of_trees_and_blobs_are_left_out(clone: Path, opened: Open) -> None:
    assert opened(clone).lost_tags == ()
    git(clone, "tag", "tree", "HEAD^{tree}")
    git(clone, "tag", "blob", "HEAD:a")
    git(clone, "tag", "-a", "-m", "key", "key", "HEAD:a")
    repository = opened(clone)
    assert names(repository) == ["v1.0.0", "app/v1.1.0", "v1.1.0"]
    assert [repository.tree(name) for name in ("tree", "blob", "key")] == [None] * 3
    assert repository.ancestors("HEAD") == {"v1.0.0", "app/v1.1.0", "v1.1.0"}


def test_a_name_that_is_both_tag_and_branch_is_the_tag(clone: Path, opened: Open) -> None:
    git(clone, "branch", "v1.0.0", "main")
    git(clone, "tag", "main", "v1.0.0")
    git(clone, "branch", git(clone, "rev-parse", "HEAD")[:8], "refs/tags/v1.0.0")
    repository = opened(clone)
    first, head = git(clone, "rev-parse", "refs/tags/v1.0.0"), git(clone, "rev-parse", "HEAD")
    assert rev(repository, "v1.0.0") == first
    assert rev(repository, "refs/heads/v1.0.0") == head
    assert rev(repository, "main") == first
    assert rev(repository, "HEAD") == head
    assert rev(repository, head[:8]) == first
    assert rev(repository, head) == head


def test_a_name_shared_with_a_tag_of_a_blob_is_the_branch(clone: Path, opened: Open) -> None:
    git(clone, "tag", "release-1.1", "HEAD:a")
    assert rev(opened(clone), "release-1.1") == git(clone, "rev-parse", "refs/heads/release-1.1")


def test_remote_branches_lose_the_remote_and_are_found(clone: Path, tmp_path: Path, opened: Open) -> None:
    git(tmp_path, "clone", "-q", str(clone), "copy")
    git(tmp_path / "copy", "remote", "add", "team/one", str(clone))
    git(clone, "branch", "feature/x", "v1.0.0")
    git(tmp_path / "copy", "fetch", "-q", "team/one")
    repository = opened(tmp_path / "copy")
    assert repository.branches == {"main", "release-1.1", "feature/x"}
    assert rev(repository, "release-1.1") == git(clone, "rev-parse", "release-1.1")
    assert rev(repository, "feature/x") == git(clone, "rev-parse", "v1.0.0")
    assert rev(repository, "origin/main") == git(clone, "rev-parse", "main")
    assert repository.addresses == ()
    assert repository.name == "copy"


def test_a_detached_head(clone: Path, opened: Open) -> None:
    git(clone, "checkout", "-q", "--detach", "v1.0.0")
    repository = opened(clone)
    assert repository.default_branch == ""
    assert rev(repository, "HEAD") == git(clone, "rev-parse", "v1.0.0")


def test_a_repository_without_commits(tmp_path: Path, opened: Open) -> None:
    clone = write_world(tmp_path / "new", [])
    repository = opened(clone)
    assert not repository.has_commits
    assert (repository.tags, repository.branches, repository.default_branch) == ((), frozenset(), "main")
    assert repository.tree("HEAD") is None
    assert repository.tree("main") is None
    assert repository.ancestors("worktree") == frozenset()
    (clone / "a").write_text("x")
    for name in ("worktree", "index"):
        tree = repository.tree(name)
        assert tree is not None
        assert tree.time == 0
        assert dict(tree.read_many(["a"])) == ({"a": b"x"} if name == "worktree" else {})


def test_a_repository_without_tags(tmp_path: Path, opened: Open) -> None:
    repository = opened(write_world(tmp_path / "r", [Commit({"a": "x"})]))
    assert repository.tags == ()
    assert repository.ancestors("HEAD") == frozenset()


def test_addresses_and_name(tmp_path: Path, opened: Open) -> None:
    remotes = {"upstream": "git@github.com:example/platform.git", "origin": "https://me:secret@github.com/me/platform"}
    repository = opened(write_world(tmp_path / "work" / "src", WORLD, remotes=remotes))
    assert repository.addresses == ("github.com/me/platform", "github.com/example/platform")
    assert repository.name == "platform"


def test_the_tags_that_a_revision_contains(clone: Path, opened: Open) -> None:
    git(clone, "checkout", "-q", "-b", "side", "v1.0.0")
    commit(clone, "side", "2026-02-01")
    git(clone, "tag", "v1.0.1")
    git(clone, "checkout", "-q", "main")
    repository = opened(clone)
    assert repository.ancestors("main") == {"v1.0.0", "v1.1.0", "app/v1.1.0"}
    assert repository.ancestors("v1.0.1") == {"v1.0.0", "v1.0.1"}
    assert repository.ancestors("v1.0.0") == {"v1.0.0"}
    assert repository.ancestors("worktree") == repository.ancestors("index") == repository.ancestors("HEAD")
    assert repository.ancestors("nope") == frozenset()
    assert opened(clone, date(2026, 2, 5)).ancestors("v1.0.1") == {"v1.0.0", "v1.0.1"}
    assert opened(clone, date(2026, 1, 20)).ancestors(git(clone, "rev-parse", "main")) == {"v1.0.0"}


def test_as_of_a_day(clone: Path, opened: Open) -> None:
    shas = [git(clone, "rev-parse", f"HEAD~{steps}") for steps in (2, 1, 0)]
    for day, tags, heads in (
        (date(2026, 1, 9), [], None),
        (date(2026, 1, 10), ["v1.0.0"], shas[0]),
        (date(2026, 2, 9), ["v1.0.0"], shas[0]),
        (date(2026, 2, 10), ["v1.0.0", "app/v1.1.0", "v1.1.0"], shas[1]),
        (date(2026, 12, 31), ["v1.0.0", "app/v1.1.0", "v1.1.0"], shas[2]),
        (date(1900, 1, 1), [], None),
        (date.max, ["v1.0.0", "app/v1.1.0", "v1.1.0"], shas[2]),
    ):
        repository = opened(clone, day)
        assert names(repository) == tags
        assert rev(repository, "HEAD") == heads
        assert rev(repository, "main") == heads
        assert (repository.tree("v1.1.0") is None) == ("v1.1.0" not in tags)
        assert (repository.tree("refs/tags/v1.1.0") is None) == ("v1.1.0" not in tags)
        assert rev(repository, shas[2]) == shas[2]
        assert repository.tree("worktree") is not None
    assert rev(opened(clone, date(2026, 2, 20)), "HEAD~1") == shas[0]
    assert opened(clone, date(2026, 2, 9)).tree("release-1.1") is not None


def test_the_end_of_a_day_is_its_last_second(clone: Path, opened: Open) -> None:
    last = commit(clone, "last second", "2026-04-01", "23:59:59")
    commit(clone, "next day", "2026-04-02", "00:00:00")
    git(clone, "tag", "-a", "-m", "late", "v3.0.0", "v1.0.0", env=at("2026-04-02", "00:00:00"))
    git(clone, "tag", "-a", "-m", "just in time", "v2.0.0", "v1.0.0", env=at("2026-04-01", "23:59:59"))
    repository = opened(clone, date(2026, 4, 1))
    assert rev(repository, "HEAD") == last
    assert "v2.0.0" in names(repository)
    assert "v3.0.0" not in names(repository)


def test_what_was_merged_later_was_not_there_before(clone: Path, opened: Open) -> None:
    main = git(clone, "rev-parse", "HEAD")
    git(clone, "checkout", "-q", "-b", "side")
    commit(clone, "on the side", "2026-03-20")
    git(clone, "checkout", "-q", "main")
    on_main = commit(clone, "on main", "2026-03-15")
    git(clone, "merge", "-q", "--no-ff", "-m", "merge", "side", env=at("2026-04-01"))
    assert rev(opened(clone, date(2026, 3, 12)), "HEAD") == main
    assert rev(opened(clone, date(2026, 3, 31)), "HEAD") == on_main
    assert rev(opened(clone, date(2026, 4, 1)), "HEAD") == git(clone, "rev-parse", "HEAD")


def test_dates_that_run_backwards(clone: Path, opened: Open) -> None:
    commit(clone, "a clock in the future", "2027-01-01")
    behind = commit(clone, "a clock set right", "2026-04-01")
    commit(clone, "later", "2026-05-01")
    assert rev(opened(clone, date(2026, 4, 10)), "HEAD") == behind
    assert rev(opened(clone, date(2026, 3, 20)), "HEAD") == git(clone, "rev-parse", "HEAD~3")


def test_a_damaged_tag_object_costs_itself_only(clone: Path, opened: Open) -> None:
    git(clone, "tag", "-a", "-m", "good", "v2.0.0", "v1.0.0", env=at("2026-05-01"))
    git(clone, "tag", "-a", "-m", "bad", "v3.0.0", "v1.0.0", env=at("2026-05-02"))
    oid = git(clone, "rev-parse", "refs/tags/v3.0.0")
    (clone / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    repository = opened(clone)
    assert names(repository) == ["v1.0.0", "app/v1.1.0", "v1.1.0", "v2.0.0"]
    assert repository.tags[-1].time == int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp())
    assert repository.tree("v3.0.0") is None
    assert repository.lost_tags == ("v3.0.0",)


def test_a_lost_commit_leaves_the_rest(clone: Path, opened: Open) -> None:
    for pack in (clone / ".git" / "objects" / "pack").glob("*.pack"):
        moved = pack.rename(clone / ".git" / "moved.pack")
        git(clone, "unpack-objects", "-q", data=moved.read_bytes())
    oid = git(clone, "rev-parse", "v1.0.0")
    (clone / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    repository = opened(clone)
    assert names(repository) == ["app/v1.1.0", "v1.1.0"]
    assert repository.tree("v1.0.0") is None
    assert repository.tree("HEAD") is not None
    assert repository.ancestors("v1.1.0") == {"v1.1.0", "app/v1.1.0"}


def test_where_git_cannot_walk_the_history_what_is_sure_remains(clone: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = opened(clone)
    run = Git.run

    def failing(self: Git, *arguments: str, data: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        if any(argument.startswith("--merged") for argument in arguments):
            raise EnvironmentFailure("loose object is corrupt")
        return run(self, *arguments, data=data, ok=ok)

    monkeypatch.setattr(Git, "run", failing)
    assert repository.ancestors("v1.1.0") == {"v1.1.0", "app/v1.1.0"}
    assert repository.ancestors("main") == frozenset()


def test_a_commit_without_its_tree(clone: Path, opened: Open) -> None:
    for pack in (clone / ".git" / "objects" / "pack").glob("*.pack"):
        moved = pack.rename(clone / ".git" / "moved.pack")
        git(clone, "unpack-objects", "-q", data=moved.read_bytes())
    oid = git(clone, "rev-parse", "v1.0.0^{tree}")
    (clone / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    repository = opened(clone)
    assert repository.tree("v1.0.0") is None
    with pytest.raises(EnvironmentFailure) as raised:
        repository.require("v1.0.0")
    assert "fsck" in raised.value.hint


def test_a_hundred_thousand_tags(clone: Path, opened: Open) -> None:
    oid = git(clone, "rev-parse", "v1.0.0")
    lines = sorted(f"refs/tags/v1.{number // 1000}.{number % 1000}" for number in range(100_000))
    (clone / ".git" / "packed-refs").write_text(
        "# pack-refs with: peeled fully-peeled sorted \n" + "".join(f"{oid} {line}\n" for line in lines)
    )
    repository = opened(clone)
    assert len(repository.tags) == 100_001
    assert len(repository.ancestors("v1.0.0")) == 99_999
    assert rev(repository, "v1.77.123") == oid


def test_trees_and_tags_are_read_once(clone: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = opened(clone)
    calls: list[str] = []
    start = Git.start

    def counted(self: Git, *arguments: str, data: bytes = b"", ok: tuple[int, ...] = (0,)) -> object:
        calls.append(arguments[0])
        return start(self, *arguments, data=data, ok=ok)

    monkeypatch.setattr(Git, "start", counted)
    repository.prefetch()
    for _ in range(3):
        for name in ("HEAD", "main", "v1.1.0", "release-1.1", "worktree"):
            tree = repository.tree(name)
            assert tree is not None
            assert tree.entries
        assert repository.tags
        assert repository.ancestors("HEAD")
        assert repository.branches
    assert sorted(calls) == ["for-each-ref"] * 3 + ["ls-files", "ls-tree", "ls-tree"]
