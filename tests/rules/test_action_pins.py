"""Pins of actions: the comment beside the commit, and the repository's record of commits."""

from judged import findings, of_files
from relgraph.git.memory import MemoryRepository
from relgraph.model.finding import Finding
from relgraph.rules import action_map, action_pin_comment
from relgraph.rules.rule import Commit

A, B, C = "a" * 40, "b" * 40, "c" * 40


def workflow(*uses: str) -> str:
    steps = "".join(f"    - uses: {one}\n" for one in uses)
    return f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{steps}"


def said(*uses: str) -> list[Finding]:
    return of_files(action_pin_comment.RULE, {".github/workflows/a.yml": workflow(*uses)})


def test_a_commit_has_one_version_and_most_places_know_which() -> None:
    (found,) = said(f"acme/x@{A} # v1.2.0", f"acme/x@{A} # v1.2.0", f"acme/x@{A} # v1.1.0")
    assert (found.actual, found.expected) == ("v1.1.0", "v1.2.0")


def test_a_version_has_one_commit() -> None:
    (found,) = said(f"acme/x@{A} # v1.2.0", f"acme/x/sub@{A} # v1.2.0", f"acme/x@{B} # v1.2.0")
    assert (found.actual, found.expected) == (B, A)


def test_short_versions_move() -> None:
    assert said(f"acme/x@{A} # v1", f"acme/x@{B} # v1", f"acme/x@{A} # v1.2.0") == []


def test_two_actions_are_two() -> None:
    assert said(f"acme/x@{A} # v1.2.0", f"acme/y@{B} # v1.2.0", f"acme/z@{A}") == []


def test_the_tag_of_an_action_at_hand_decides() -> None:
    history = (Commit({"action.yml": "name: x\n"}, tags=("v1.2.0",)),)
    tree = MemoryRepository(history).tree("HEAD")
    assert tree is not None

    def judged(commit: str) -> list[Finding]:
        files = {".github/workflows/a.yml": workflow(f"example/x@{commit} # v1.2.0")}
        return findings(action_pin_comment.RULE, (Commit(files),), {"x": history})

    assert judged(tree.rev) == []
    assert [(one.actual, one.expected) for one in judged(B)] == [(B, tree.rev)]


def recorded(pinned: str, record: str) -> list[Finding]:
    return of_files(
        action_map.RULE, {".github/workflows/a.yml": workflow(f"acme/x@{pinned}", f"acme/y@{C}"), ".gha-reversemap.yml": record}
    )


def test_a_pin_that_the_record_does_not_know() -> None:
    record = f"acme/x:\n  sha: {A}\n  tag: v4.3.0\n"
    (found,) = recorded(B, record)
    assert (found.actual, found.expected) == (B, A)
    assert [place.path for place in found.related] == [".gha-reversemap.yml"]
    assert recorded(A, record) == []
