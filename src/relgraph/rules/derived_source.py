"""RG106: a derived file says something else than the source that it is derived from."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Pin
from relgraph.model.version import compare
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG106", "derived-source"
# `kustomize build FOLDER | ... > FILE` in a make recipe; the program may stand in a variable.
_BUILD = re.compile(
    r"^\t[^\n#]*?(?:kustomize|\$[({]KUSTOMIZE[)}])\s+build\s+(?P<source>[\w./-]+)[^\n>]*?>\s*(?P<derived>[\w./-]+\.ya?ml)\b",
    re.MULTILINE | re.IGNORECASE,
)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        for makefile in ("Makefile", "makefile", "GNUmakefile"):
            text = subject.text(makefile) if makefile in subject.entries else None
            if text is None or "build" not in text.text:
                continue
            for match in _BUILD.finditer(text.text):
                source, derived = match["source"].strip("./"), match["derived"].removeprefix("./")
                if subject.exists(source) and derived in subject.entries:
                    yield from _compare(facts, subject, source, derived, makefile)


def _compare(facts: Facts, subject: Subject, source: str, derived: str, makefile: str) -> Iterator[Finding]:
    # An overlay pulls in its neighbours (../manager), so the whole family of folders counts as the source.
    root = source.rpartition("/")[0] + "/" if "/" in source else source + "/"
    images = [
        one for one in facts.references if one.subject is subject and one.site.kind is Kind.IMAGE and one.site.part is Part.TAG
    ]
    sources: dict[str, list[Reference]] = {}
    for one in images:
        if one.site.path.startswith(root):
            sources.setdefault(one.site.name, []).append(one)
    # Where an image moved to another registry in the one file only, its last name still tells the pair.
    moved: dict[str, list[Reference]] = {}
    derived_names = {one.site.name for one in images if one.site.path == derived}
    for name, members in sources.items():
        if name not in derived_names:
            moved.setdefault(name.rpartition("/")[2], []).extend(members)
    for one in images:
        if one.site.path != derived or one.site.pin is not Pin.EXACT:
            continue
        origins = sources.get(one.site.name) or moved.get(one.site.name.rpartition("/")[2], [])
        if not origins or any(origin.site.pin is not Pin.EXACT for origin in origins):
            continue
        if one.version is None or any(origin.version is None for origin in origins):
            continue  # the tag of a build is put in while deriving; a commit's id says nothing of what should be there
        if any((origin.site.name, origin.site.value) == (one.site.name, one.site.value) for origin in origins):
            continue
        yield _finding(facts, one, origins[0], f"{makefile} derives {derived} from {source}")


def _finding(facts: Facts, derived: Reference, source: Reference, reason: str) -> Finding:
    # The older of the two is the one that was left behind: a source that the next derivation writes over the newer value, or a file
    # that was not derived again.
    reverts = derived.version is not None and source.version is not None and compare(derived.version, source.version) > 0
    wrong, right = (source, derived) if reverts else (derived, source)
    message = (
        f"{_written(source)} is the source of {_written(derived)} in {derived.where}; the next derivation brings it back"
        if reverts
        else f"{_written(derived)} in this derived file is {_written(source)} in its source {source.where}"
    )
    return facts.finding(
        (_CODE, _NAME, Severity.ERROR),
        wrong.subject,
        wrong.site,
        message,
        expected=right.site.value,
        actual=wrong.site.value,
        why=(reason, "change the source, then derive" if reverts else "derive it again"),
        related=((right.subject, right.site),),
    )


def _written(one: Reference) -> str:
    return f"{one.site.name}:{one.site.value}"


_MAKEFILE = "chart:\n\t$(KUSTOMIZE) build config/default > chart/templates/operator.yaml\n"
_POD = "kind: Deployment\nspec:\n  containers:\n  - name: proxy\n    image: quay.io/example/proxy:{}\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a derived file differs from its source",
    """
    A file that a make recipe writes (`kustomize build config/default > chart/templates/operator.yaml`) was edited by hand, or its
    source was edited and the file not derived again. The next release derives it, and publishes what the source says.

    What to do: make the edit in the source, run the recipe, and commit both.
    """,
    _check,
    failing=(
        Example(
            (
                Commit(
                    {
                        "Makefile": _MAKEFILE,
                        "config/default/patch.yaml": _POD.format("v0.13.1"),
                        "chart/templates/operator.yaml": _POD.format("v0.18.0"),
                    }
                ),
            )
        ),
    ),
    passing=(
        Example(
            (
                Commit(
                    {
                        "Makefile": _MAKEFILE,
                        "config/default/patch.yaml": _POD.format("v0.18.0"),
                        "chart/templates/operator.yaml": _POD.format("v0.18.0"),
                    }
                ),
            )
        ),
    ),
)
