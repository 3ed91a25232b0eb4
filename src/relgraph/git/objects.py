"""The ids that git gives to content (sha1 object format). Pure.

An object's id is the SHA-1 of its kind, its length and its content (git-hash-object(1)); a tree's content lists its entries
in the order of their names, folders as if their names ended in a slash.
"""

from collections.abc import Mapping
from hashlib import sha1

__all__ = ["SIGNATURE", "blob_id", "commit_id", "commit_text", "tree_id"]

SIGNATURE = "relgraph <relgraph@example.com>"
"""Who makes the commits of made worlds."""


def blob_id(data: bytes) -> str:
    """The id of a file's content."""
    return _object_id("blob", data)


def tree_id(files: Mapping[str, bytes]) -> str:
    """The id of the tree that holds these plain files under their paths."""
    return _tree_id({path: blob_id(data) for path, data in files.items()})


def commit_id(tree: str, parent: str | None, time: int) -> str:
    """The id of the commit that :func:`commit_text` describes."""
    return _object_id("commit", commit_text(tree, parent, time))


def commit_text(tree: str, parent: str | None, time: int) -> bytes:
    """The content of a made commit: written at ``time`` (seconds since the epoch, UTC) by :data:`SIGNATURE`, without words."""
    lines = [
        f"tree {tree}",
        *([f"parent {parent}"] if parent else ()),
        f"author {SIGNATURE} {time} +0000",
        f"committer {SIGNATURE} {time} +0000",
    ]
    return ("\n".join(lines) + "\n\n").encode()


def _tree_id(blobs: Mapping[str, str]) -> str:
    files: dict[str, str] = {}
    folders: dict[str, dict[str, str]] = {}
    for path, oid in blobs.items():
        first, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(first, {})[rest] = oid
        else:
            files[first] = oid
    rows = [(_encoded(name), b"100644", oid) for name, oid in files.items()]
    rows += [(_encoded(name) + b"/", b"40000", _tree_id(below)) for name, below in folders.items()]
    content = b"".join(mode + b" " + name.removesuffix(b"/") + b"\0" + bytes.fromhex(oid) for name, mode, oid in sorted(rows))
    return _object_id("tree", content)


def _object_id(kind: str, data: bytes) -> str:
    return sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
