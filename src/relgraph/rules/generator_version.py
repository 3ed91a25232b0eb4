"""RG105: generated files were made by another version of the generator than the one that is pinned."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Role
from relgraph.model.version import Version, agree, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG105", "generator-version"
_ASIDE = (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY)
# Where programs are run from, or named so that go.mod keeps them.
_RUNS = re.compile(r"(?:.*/)?(?:(?:GNU)?[Mm]akefile|go\.mod|(?:tools?|gen|generate|doc)\.go|[^/]*\.(?:mk|sh|bash))")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        records = [
            one
            for one in facts.references
            if one.subject is subject
            and one.site.kind is Kind.GENERATOR
            and one.site.role is Role.RECORD
            and one.version is not None
            and one.role not in (PathRole.TEST, *_ASIDE)
        ]
        if not records:
            continue
        pins = _pins(facts, subject_references=[one for one in facts.references if one.subject is subject])
        generators = sorted({one.site.name for one in records})
        pins |= _pinned_by_module(facts, subject, [name for name in generators if name not in pins])
        for generator in generators:
            yield from _judge(facts, [one for one in records if one.site.name == generator], pins.get(generator, []))


def _pins(facts: Facts, subject_references: list[Reference]) -> dict[str, list[tuple[Version, Reference]]]:
    """The versions at which a program is installed, by the program's name: ``go install PATH/NAME@VERSION``."""
    found: dict[str, list[tuple[Version, Reference]]] = {}
    for one in subject_references:
        if one.site.kind is not Kind.MODULE or one.role in _ASIDE:
            continue
        resolved = facts.resolve(one.subject, one.site)
        version = None if resolved is None else parse_version(resolved.value)
        if resolved is None or version is None:
            continue
        stated = facts.reference(one.subject, resolved.sources[0]) if resolved.sources else one
        program = one.site.get("package") or one.site.name
        found.setdefault(program.rstrip("/").rpartition("/")[2], []).append((version, stated))
    return found


def _pinned_by_module(facts: Facts, subject: Subject, generators: list[str]) -> dict[str, list[tuple[Version, Reference]]]:
    """The versions of the modules that hold programs which are run without a version of their own: go.mod says which one that is.

    A program's package is named by a recipe or script (``go run PATH/NAME``), a ``tool`` directive, or an import for tools.
    """
    packages = _packages(subject, generators) if generators else {}
    if not packages:
        return {}
    found: dict[str, list[tuple[Version, Reference]]] = {}
    for one in facts.references:
        if one.subject is not subject or one.site.syntax != "gomod" or one.version is None or one.role in _ASIDE:
            continue
        if one.site.get("replaces") or one.site.get("pseudo"):
            continue  # a generator built from a commit calls itself after the release before it
        for generator, paths in packages.items():
            if any(f"{path}/".startswith(f"{one.site.name}/") for path in paths):
                found.setdefault(generator, []).append((one.version, one))
    return found


def _packages(subject: Subject, generators: list[str]) -> dict[str, set[str]]:
    """The paths of the packages that programs of these names are built from."""
    names = "|".join(re.escape(name) for name in generators)
    package = re.compile(rf"(?<![\w./-])[\w-]++(?:\.[\w-]++)++(?:/[\w.~-]+)*/(?P<name>{names})(?![\w./@-])")
    found: dict[str, set[str]] = {}
    paths = [path for path in subject.entries if _RUNS.fullmatch(path) and path_role(path) not in _ASIDE]
    for _, data in subject.tree.read_many(paths):
        for match in package.finditer(data.decode("utf-8", "replace")):
            found.setdefault(match["name"], set()).add(match.group())
    return found


def _judge(facts: Facts, records: list[Reference], pins: list[tuple[Version, Reference]]) -> Iterator[Finding]:
    if not pins or any(not agree(version, pins[0][0]) for version, _ in pins):
        return
    version, pin = pins[0]
    stale: dict[tuple[str, str], list[Reference]] = {}
    for one in records:
        if one.version is not None and not agree(one.version, version):
            stale.setdefault((one.site.path, one.site.value), []).append(one)
    for members in stale.values():
        head = members[0]
        yield facts.finding(
            (_CODE, _NAME, Severity.WARNING),
            head.subject,
            head.site,
            f"generated by {head.site.name} {head.site.value}, but {pin.site.value} is pinned",
            node=f"generator:{head.site.name}",
            expected=pin.site.value,
            actual=head.site.value,
            why=(f"{pin.where} installs {head.site.name} {pin.site.value}", "generate the file again"),
            related=tuple((one.subject, one.site) for one in (*members[1:], pin)),
        )


_MAKEFILE = "GEN_VERSION ?= v0.17.3\n\ngenerate:\n\tgo install sigs.k8s.io/controller-tools/cmd/controller-gen@$(GEN_VERSION)\n"
_RUN = "generate:\n\tgo run sigs.k8s.io/controller-tools/cmd/controller-gen crd\n"
_GO_MOD = "module github.com/example/platform\n\ngo 1.22\n\nrequire sigs.k8s.io/controller-tools v0.17.3\n"
_CRD = (
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  annotations:\n"
    "    controller-gen.kubebuilder.io/version: {}\n  name: things.example.org\n"
)

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a generated file carries another generator version than the one pinned",
    """
    Generators write their version into what they make. Where that differs from the version that the Makefile or a script
    installs, or that go.mod requires of a generator that is run by it, the file was not made again after the bump, or was made with a private copy of the generator.

    What to do: install the pinned version of the generator, run it, and commit what it writes.
    """,
    _check,
    failing=(
        Example((Commit({"Makefile": _MAKEFILE, "config/crd/things.yaml": _CRD.format("v0.15.0")}),)),
        Example((Commit({"go.mod": _GO_MOD, "Makefile": _RUN, "config/crd/things.yaml": _CRD.format("v0.15.0")}),)),
    ),
    passing=(Example((Commit({"Makefile": _MAKEFILE, "config/crd/things.yaml": _CRD.format("v0.17.3")}),)),),
)
