"""RG204: a place that uses a released version names things which that release does not have yet."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tag, Tree
from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import Version, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.sites.manifest import metadata_names
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG204", "name-not-in-release"
_DISTINCT = re.compile(r"(?=.{6,})[a-z0-9]+(?:[-.][a-z0-9]+)+")
_MANIFEST = re.compile(r".*\.ya?ml$")
_HOOKS = re.compile(r"(?:^|/)[\w.-]*hooks?(?:/|$)")
# What is done with things that are there already; what a command creates need not be.
_ASKED_FOR = re.compile(
    r"\b(?:wait|get|logs?|describe|rollout|exec|delete|patch|port-forward|attach|edit|label|annotate|scale|status|top|debug)\b|--for\b|jsonpath"
)
_ROLES = (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.PIPELINE, PathRole.TEST, PathRole.BUILD)
# Objects that others make as well.
_ANYBODYS = ("Namespace", "CustomResourceDefinition")
_FILES = 400


class _Difference(NamedTuple):
    """Names of objects: those that came after a release, and those that went, each with the file that has it."""

    new: Mapping[str, str]
    gone: Mapping[str, str]


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        tags = {tag.version.bare: tag for tag in facts.ordered_tags(subject) if tag.version is not None and tag.commit != subject.rev}
        if not tags:
            continue
        differences: dict[str, _Difference] = {}
        folders = tuple(f"{folder}/".lstrip("/") for folder in facts.charts(subject))
        for path, (tag, site) in _uses(facts, subject, tags).items():
            if any(folder and path.startswith(folder) for folder in folders):
                continue
            if tag.name not in differences:
                differences[tag.name] = _compare(subject, tag, folders)
            yield from _judge(facts, subject, path, tag, site, differences[tag.name])


def _uses(facts: Facts, subject: Subject, tags: Mapping[str, Tag]) -> dict[str, tuple[Tag, Site]]:
    """The files that use one released version of this repository, with it and the site that says so."""
    own = facts.identity.address(subject)
    found: dict[str, dict[str, tuple[Tag, Site]]] = {}
    for reference in facts.lines.get(own, ()):
        site = reference.site
        if reference.subject is not subject or reference.role not in _ROLES or site.role not in (Role.USES, Role.DEFAULT):
            continue
        if site.kind not in (Kind.CHART, Kind.VARIABLE, Kind.GIT) or site.part is Part.DIGEST:
            continue
        if site.kind is Kind.GIT and site.get("form") in ("blob", "tree", "release", "api", "asset"):
            continue
        version = _version(facts, subject, site)
        if version is not None or site.pin is Pin.TEMPLATED:
            bare = "" if version is None else version.bare
            found.setdefault(site.path, {}).setdefault(bare, (tags.get(bare, _NO_TAG), site))
    # A file that speaks of two versions, or of one that is not known or not tagged, tells itself which names belong to which.
    return {path: use for path, uses in found.items() if len(uses) == 1 and (use := next(iter(uses.values())))[0] is not _NO_TAG}


_NO_TAG = Tag("", "", 0, None)


def _version(facts: Facts, subject: Subject, site: Site) -> Version | None:
    resolved = facts.resolve(subject, site)
    return None if resolved is None else parse_version(resolved.value)


def _compare(subject: Subject, tag: Tag, folders: tuple[str, ...]) -> _Difference:
    then = subject.at(tag.commit)
    if then is None or not folders:
        return _Difference({}, {})
    now, before = subject.tree.entries, then.entries
    # What did not change has the same names; only the rest is read.
    changed = [path for path in now if _holds_names(path, folders) and (path not in before or before[path].oid != now[path].oid)]
    former = [path for path in before if _holds_names(path, folders) and (path not in now or before[path].oid != now[path].oid)]
    if len(changed) + len(former) > _FILES:
        return _Difference({}, {})
    here, there = _names(subject.tree, changed), _names(then, former)
    new = {name: path for name, path in here.items() if name not in there}
    gone = {name: path for name, path in there.items() if name not in here}
    if new:
        # A name that a chart computes is written somewhere else in it.
        elsewhere = "\n".join(_texts(then, [path for path in before if path.startswith(folders) or _HOOKS.search(path)]))
        new = {name: path for name, path in new.items() if not _occurs(name, elsewhere)}
    return _Difference(new, gone)


def _holds_names(path: str, folders: tuple[str, ...]) -> bool:
    return _MANIFEST.fullmatch(path) is not None and (path.startswith(folders) or _HOOKS.search(path) is not None)


def _names(tree: Tree, paths: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, data in tree.read_many(paths):
        for one in metadata_names(Text(path, data)):
            if _DISTINCT.fullmatch(one.name) and one.kind not in _ANYBODYS:
                found.setdefault(one.name, path)
    return found


def _texts(tree: Tree, paths: list[str]) -> Iterator[str]:
    for _, data in tree.read_many(paths[:_FILES]):
        yield data.decode("utf-8", "replace")


def _occurs(name: str, text: str) -> bool:
    return name in text and _word(name).search(text) is not None


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-]|\.ya?ml)")


def _judge(facts: Facts, subject: Subject, path: str, tag: Tag, use: Site, difference: _Difference) -> Iterator[Finding]:
    text = subject.text(path) if difference.new else None
    if text is None or any(_occurs(name, text.text) for name in difference.gone):
        # Who names the old things as well knows that there are two.
        return
    then = subject.at(tag.commit)
    data = None if then is None else then.read(path)
    former_text = "" if data is None else data.decode("utf-8", "replace")
    for name, where in difference.new.items():
        if name not in text.text or _occurs(name, former_text):
            continue
        match = next((one for one in _word(name).finditer(text.text) if _ASKED_FOR.search(text.line_text(text.line_of(one.start())))), None)
        if match is None:
            continue
        span = text.span(*match.span())
        site = Site(path, span, Kind.VARIABLE, name, Part.VERSION, name, name, Pin.EXACT, syntax="name")
        shipped = path_role(path) in (PathRole.ARTIFACT, PathRole.DOCUMENT)
        former = sorted(difference.gone)
        yield facts.finding(
            (_CODE, _NAME, Severity.ERROR if shipped else Severity.WARNING),
            subject,
            site,
            f"{name} is not in {tag.name}, which {path.rpartition('/')[2]} uses",
            node=facts.identity.address(subject),
            expected=former[0] if len(former) == 1 else None,
            actual=name,
            why=(
                f"{path}:{use.span.line} uses {use.value if use.pin is not Pin.TEMPLATED else tag.name}, which is released",
                f"{name} is in {where} now; no chart or hook at {tag.name} has it",
                *((f"at {tag.name} there was {', '.join(former[:4])}",) if former else ()),
            ),
            related=((subject, use),),
        )


_JOB = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {}\n"
_SCRIPT = (
    "#!/bin/sh\nhelm upgrade --install web oci://ghcr.io/example/platform/web-chart --version {}\n"
    "kubectl wait job.batch/{} --for condition=Complete\n"
)


def _tree(job: str, version: str, waits: str) -> dict[str, str]:
    return {
        "go.mod": "module github.com/example/platform\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.0.0\n",
        "chart/templates/job.yaml": _JOB.format(job),
        "scripts/demo.sh": _SCRIPT.format(version, waits),
    }


_RELEASED = Commit(_tree("prepare-all", "0.1.0", "prepare-all"), tags=("v0.1.0",))

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "something is named that the release in use does not have",
    """
    A script or document installs a released version of this repository, and waits for or looks at an object (a hook, a job, a
    deployment) that the charts of the working tree have and the charts of that release do not. The name was changed for the next
    release too early: who runs the script now waits for something that never comes. Keep the old name until the script uses the
    new release.

    An error in shipped scripts and documents, else a warning. A file that names the old objects too, or more than one version of
    this repository, is taken to know the difference.
    """,
    _check,
    failing=(Example((_RELEASED, Commit(_tree("prepare-hub", "0.1.0", "prepare-hub")))),),
    passing=(
        Example((_RELEASED, Commit(_tree("prepare-hub", "0.1.0", "prepare-all")))),
        Example((_RELEASED, Commit(_tree("prepare-hub", "0.2.0", "prepare-hub")))),
    ),
)
