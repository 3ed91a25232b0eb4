"""A tree with other contents answers like one that holds them."""

from relgraph.git.edited import EditedTree
from relgraph.git.memory import MemoryTree


def test_it_reads_as_if_it_were_written() -> None:
    below = MemoryTree("1" * 40, 7, {"a": "1", "b": "2", "c": "3", "d": "4"})
    tree = EditedTree(below, {"b": b"20", "d": b"40"})
    assert (tree.rev, tree.time) == (below.rev, 7)
    assert list(tree.entries) == list(below.entries)
    assert (tree.entries["a"], tree.entries["b"].oid) == (below.entries["a"], "")
    assert (tree.read("a"), tree.read("b"), tree.read("x")) == (b"1", b"20", None)
    assert list(tree.read_many(["d", "x", "c", "b", "a"])) == [("d", b"40"), ("c", b"3"), ("b", b"20"), ("a", b"1")]
