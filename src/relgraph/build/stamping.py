"""Stamping as builders do it: from a target to a context, and from a recipe's digests to stamped files."""

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from relgraph.build.builder import Part, Target
from relgraph.errors import DeclarationError
from relgraph.stamp.context import Context, Thing
from relgraph.stamp.fill import fill, reads
from relgraph.stamp.language import Reads
from relgraph.stamp.stamp import Spec, reads_of, stamp

__all__ = ["NOBODY", "Stamping", "context_of", "filled", "said", "stamped", "stamping_of", "texts_of"]

#: Stands for a digest while planning, when nothing is built yet.
NOBODY = "sha256:" + 64 * "0"


class Stamping(NamedTuple):
    """What stamping a target comes to: what decides it (plain values), whose digests it writes, and the files as they would be
    with :data:`NOBODY` for every digest."""

    facts: Mapping[str, object]
    needs: tuple[str, ...]
    files: Mapping[str, bytes] = MappingProxyType({})


def context_of(target: Target, digests: Mapping[str, str]) -> Context:
    """What templates can say of a target; a node that is not in ``digests`` has none."""
    nodes = {node: _thing(part, digests.get(node, "")) for node, part in target.uses.items()}
    release = target.release
    repo = release.repo.partition(".")[2] or release.repo
    return Context(target.node.name, _thing(target.own, ""), nodes, repo, release.commit, release.time)


def stamping_of(target: Target, files: Mapping[str, bytes], spec: Spec) -> Stamping:
    """Try the stamp on the files, with no digest known. Raises :class:`~relgraph.errors.DeclarationError` with all problems."""
    context = context_of(target, dict.fromkeys(target.uses, NOBODY))
    try:
        after = stamp(files, spec, context)
        found = reads_of(spec, context.nodes)
    except DeclarationError as problem:
        raise _of_node(target, problem) from None
    templates = {path: sha256(data).hexdigest() for path, data in sorted(spec.templates.items())}
    declared = {"set": spec.set, "replace": spec.replace, "values": spec.values, "delimiters": spec.delimiters}
    facts: dict[str, object] = {name: value for name, value in declared.items() if value} if spec else {}
    if templates:
        facts["templates"] = templates
    return Stamping({**facts, "said": said(found, context)} if spec else {}, tuple(sorted(found.digests)), after)


def stamped(target: Target, files: Mapping[str, bytes], spec: Spec, digests: Mapping[str, str]) -> dict[str, bytes]:
    """The files, stamped with the digests that were built. Raises :class:`~relgraph.errors.DeclarationError`."""
    try:
        return stamp(files, spec, context_of(target, digests))
    except DeclarationError as problem:
        raise _of_node(target, problem) from None


def texts_of(target: Target, texts: Mapping[str, str]) -> Stamping:
    """What texts of a declaration (a build's arguments) come to, by where each stands (``args.VERSION``).

    Raises :class:`~relgraph.errors.DeclarationError` with all that is wrong in them.
    """
    context = context_of(target, dict.fromkeys(target.uses, NOBODY))
    try:
        fill(texts, context, what="build")
        found = reads(texts, context.nodes, what="build")
    except DeclarationError as problem:
        raise _of_node(target, problem) from None
    return Stamping({"texts": dict(texts), "said": said(found, context)}, tuple(sorted(found.digests)))


def filled(target: Target, texts: Mapping[str, str], digests: Mapping[str, str]) -> dict[str, str]:
    """The texts of a declaration, filled in."""
    try:
        return fill(texts, context_of(target, digests), what="build")
    except DeclarationError as problem:
        raise _of_node(target, problem) from None


def said(found: Reads, context: Context) -> dict[str, Any]:
    """The values that templates read, but for digests: those enter a key with the steps that make them."""
    nodes = {
        f"{node} {field}": getattr(context.nodes[node], "reference" if field == "pinned" else field)
        for node, field in sorted(found.nodes)
        if field != "digest"
    }
    return {name: context.get(name) for name in sorted(found.own)} | nodes


def _thing(part: Part, digest: str) -> Thing:
    # The version of a chart is written with "+", wherever a tag of a registry writes "_" for it.
    tag = part.tag.replace("_", "+") if part.node.startswith("charts.") else part.tag
    return Thing(part.version, tag, part.reference.removeprefix("oci://"), digest)


def _of_node(target: Target, problem: DeclarationError) -> DeclarationError:
    return DeclarationError(f"{target.node.origin}: {target.node.id}: {problem}", hint=problem.hint, details=problem.details)
