"""Propagation: every node's version, from the tags of repositories along the edges, with the reason for it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from relgraph.graph.build import builder_of
from relgraph.model.graph import Graph, Node
from relgraph.model.version import Version, parse_version

__all__ = ["NodeVersion", "RepoState", "propagate", "read_tag", "write_version"]

_PLACE = re.compile(r"\{(\w+)\}")


class RepoState(NamedTuple):
    """Where a repository stands: its version there (a tag's or a development version's) and what says so."""

    version: Version | None
    reason: str


class NodeVersion(NamedTuple):
    """A node's version (None where nothing tells it), as its own tag format writes it, and the chain of reasons.

    The last reason ends in a tag, a field of a file or a declaration, or says why there is none.
    """

    version: Version | None
    written: str
    reasons: tuple[str, ...]


def propagate(graph: Graph, states: Mapping[str, RepoState]) -> dict[str, NodeVersion]:
    """The version of every node, given the states of the repositories (by node id).

    Does not depend on the order of declarations; nodes in a cycle of builds-from edges have no version, and the cycle as reason.
    """
    builders = builder_of(graph)
    found: dict[str, NodeVersion] = {}
    for start in graph.nodes:
        path: dict[str, None] = {}  # in order
        at: str | None = start
        while at is not None and at not in found:
            if at in path:
                cycle = [*path][[*path].index(at) :]
                least = cycle.index(min(cycle))
                loop = " -> ".join([*cycle[least:], *cycle[:least], cycle[least]])
                for one in cycle:
                    found[one] = NodeVersion(None, "", (f"no version: {loop}",))
                break
            path[at] = None
            node = graph.nodes[at]
            builder = builders.get(at)
            at = None if node.kind == "repo" or node.get("version") or builder is None else builder.head
        for one in reversed(path):
            if one not in found:
                builder = builders.get(one)
                found[one] = _version(
                    graph.nodes[one], states, found.get(builder.head) if builder else None, builder.head if builder else ""
                )
    return {node_id: found[node_id] for node_id in graph.nodes}


def _version(node: Node, states: Mapping[str, RepoState], source: NodeVersion | None, source_id: str) -> NodeVersion:
    if declared := node.get("version"):
        version = parse_version(str(declared))
        return NodeVersion(version, str(declared), (f"{node.id} is declared to be {declared} at {node.origin}",))
    if node.kind == "repo":
        state = states.get(node.id, RepoState(None, f"{node.id} has no clone here"))
        return NodeVersion(state.version, write_version(node.tag, state.version), (state.reason,))
    if source is None:
        return NodeVersion(None, "", (f"{node.id} is built from nothing that has versions",))
    version = source.version
    reasons: tuple[str, ...] = (f"{node.id} builds from {source_id}", *source.reasons)
    if (mapped := node.get("map")) and version is not None:
        written = write_version(str(mapped), version)
        version = parse_version(written)
        reasons = (f"{node.id} writes {source_id}'s version as {mapped}: {written}", *reasons)
        return NodeVersion(version, written, reasons)
    return NodeVersion(version, write_version(node.tag, version), reasons)


@lru_cache(maxsize=4096)
def write_version(form: str, version: Version | None) -> str:
    """A version in a tag format: ``v{version}``, or parts of it (``{major}.{minor}``); empty without a version."""
    if version is None:
        return ""
    major, minor, patch = version.padded
    parts = {
        "version": version.bare,
        "semver": version.bare,
        "major": str(major),
        "minor": str(minor),
        "patch": str(patch),
        "pre": version.pre,
    }
    return _PLACE.sub(lambda match: parts.get(match[1], match[0]), form)


def read_tag(form: str, tag: str) -> Version | None:
    """The version that a tag writes in a format whose only part is the version; None where the tag is of another format."""
    before, place, after = form.partition("{version}")
    if not place:
        before, place, after = form.partition("{semver}")
    if not place or not tag.startswith(before) or not tag.endswith(after) or len(tag) <= len(before) + len(after):
        return None
    inner = tag[len(before) : len(tag) - len(after)] if after else tag[len(before) :]
    version = parse_version(inner)
    return None if version is None or version.prefix else version
