from hypothesis import given
from hypothesis import strategies as st

from relgraph.git.refs import Unpeeled, branch_names, committer_time, is_hex, tag_of, tagger_time, tags_from, version_of_tag
from relgraph.model.repository import Tag
from relgraph.model.version import Version

OID = "a" * 40
OTHER = "b" * 40


def test_lightweight_and_annotated_tags_name_commits() -> None:
    lines = [
        f"commit {OID} 100    refs/tags/v1.0.0",
        f"tag {OTHER} 300 commit {OID} 200 refs/tags/app/v1.1.0",
        f"tag {OTHER}  commit {OID} 200 refs/tags/no-tagger",
    ]
    tags, unpeeled = tags_from(lines)
    assert tags == [
        Tag("v1.0.0", OID, 100, Version("v", (1, 0, 0))),
        Tag("app/v1.1.0", OID, 300, Version("v", (1, 1, 0))),
        Tag("no-tagger", OID, 200, None),
    ]
    assert unpeeled == []


def test_tags_of_trees_and_blobs_are_left_out_and_tags_of_tags_are_looked_up() -> None:
    lines = [
        f"tree {OID}     refs/tags/tree",
        f"blob {OID}     refs/tags/blob",
        f"tag {OTHER} 7 blob {OID}  refs/tags/key",
        f"tag {OTHER} 7 tag {OID}  refs/tags/nested",
        f"tag {OTHER}  tag {OID}  refs/tags/nested-without-tagger",
        f"commit {OID} 1    refs/heads/main",
        "",
    ]
    assert tags_from(lines) == ([], [Unpeeled("nested", 7), Unpeeled("nested-without-tagger", None)])


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_line_raises(lines: list[str]) -> None:
    tags_from(lines)
    tags_from([f"commit {OID} {line}    refs/tags/x" for line in lines])


def test_a_prefix_path_is_no_part_of_the_version() -> None:
    assert version_of_tag("component/sub/v1.2.3-rc.1") == Version("v", (1, 2, 3), "rc.1")
    assert version_of_tag("nightly") is None
    assert tag_of("x", OID, 5) == Tag("x", OID, 5, None)


def test_branches_lose_their_remote() -> None:
    refs = [
        "refs/heads/main",
        "refs/heads/feature/a",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/release-1.2",
        "refs/remotes/team/one/dev/x",
        "refs/remotes/old/main2",
        "refs/notes/commits",
    ]
    assert branch_names(refs, ["origin", "team", "team/one"]) == {"main", "feature/a", "release-1.2", "dev/x", "main2"}


def test_times_are_read_from_the_head_of_an_object_only() -> None:
    head = b"tree x\nauthor A <a@x> 1 +0000\ncommitter B > C <c@x> 1700000000 -0130"
    assert committer_time(head + b"\n\ncommitter D <d@x> 5 +0000\n") == 1_700_000_000
    assert committer_time(b"tree x\n\ncommitter D <d@x> 5 +0000\n") == 0
    assert tagger_time(b"object x\ntype commit\ntag v1\ntagger A <a@x> 12 +0100\n\nwords") == 12
    assert tagger_time(b"object x\ntype commit\ntag v1\n\ntagger A <a@x> 12 +0100\n") is None


def test_commit_ids_have_seven_digits_or_more() -> None:
    assert is_hex(OID)
    assert is_hex("abcdef1")
    assert not is_hex("abcdef")
    assert not is_hex("ABCDEF1")
    assert not is_hex("abcdefg1")
