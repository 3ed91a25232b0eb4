"""Release notes: what a release page says, made of its record, the one before, and git's history. Pure."""

from collections.abc import Collection, Mapping, Sequence

from relgraph.git.history import Change
from relgraph.model.record import Item, Record
from relgraph.report.markdown import escape

__all__ = ["notes"]


def notes(
    record: Record,
    before: Record | None,
    changes: Sequence[Change],
    dependants: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    own: Collection[str] = (),
) -> str:
    """Markdown: the artifacts with their digests and what changed of each, commits, and who has to follow.

    ``before`` is the record of the release before; ``dependants`` are nodes of other repositories that refer to what was released, by the
    repository's name; ``titles`` what nodes are called; ``own`` are the repository's own nodes, which move with every release.
    """
    lines = [f"## {record.repo} {record.version}", ""]
    if record.withdrawn is not None:
        instead = f" Use {record.withdrawn.replacement} instead." if record.withdrawn.replacement else ""
        lines += [f"> **Withdrawn**: {_text(record.withdrawn.reason)}.{instead}", ""]
    lines += ["| artifact | reference | digest | |", "|---|---|---|---|"]
    old = {item.node: item for item in before.items} if before is not None else {}
    for item in record.items:
        name = titles.get(item.node) or item.node
        lines.append(
            f"| {_text(name)} | `{item.reference}:{item.tag}` | `{item.digest}` | {_difference(item, old.get(item.node), before)} |"
        )
    lines += [
        f"| {_text(titles.get(node) or node)} | | | no longer published |"
        for node in sorted(old.keys() - {item.node for item in record.items})
    ]
    if moved := _moved(record, old, own):
        lines += ["", "### What it refers to", "", *moved]
    since = f" since {before.tag}" if before is not None else ""
    lines += ["", f"### Changes{since}", ""]
    lines += [f"- {_text(change.subject)} ({change.commit[:9]})" for change in changes] or ["- none"]
    if dependants:
        lines += ["", "### Who has to follow", ""]
        lines += [f"- {repo}: {', '.join(nodes)}" for repo, nodes in sorted(dependants.items())]
    lines += ["", f"Built from {record.commit} ({record.tag}), {record.time[:10]}."]
    if record.signed_by:
        lines.append(f"Signed by {', '.join(f'`{key[:16]}`' for key in record.signed_by)} (SHA-256 of the public key).")
    return "\n".join(lines) + "\n"


def _difference(item: Item, old: Item | None, before: Record | None) -> str:
    if before is None:
        return ""
    if old is None:
        return "new"
    return f"same as {before.version}" if item.digest == old.digest else "changed"


def _moved(record: Record, old: Mapping[str, Item], own: Collection[str]) -> list[str]:
    """What nodes of others are referred to at another version than before."""
    found: dict[str, str] = {}
    for item in record.items:
        earlier = dict(old[item.node].uses) if item.node in old else {}
        for node, tag in item.uses:
            if node not in own and earlier.get(node, tag) != tag:
                found[node] = f"- {node}: {earlier[node]} to {tag}"
    return [found[node] for node in sorted(found)]


def _text(text: str) -> str:
    """Text of somebody else's, which must not become markup, but for the numbers of pull requests."""
    return escape(" ".join(text.split())).replace("(\\#", "(#")
