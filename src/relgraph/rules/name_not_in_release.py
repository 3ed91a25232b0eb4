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
from relgraph.sites.objects import metadata_names
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG204", "name-not-in-release"
_DISTINCT = re.compile(r"(?<![\w.-])(?=[a-z0-9-]{6,})[a-z0-9]++(?:-[a-z0-9]++)++(?![\w-]|\.ya?ml)")
_NAMES = re.compile(rb"^[ ]*+name:[ ]*+[\"']?([a-z0-9-]{6,})", re.MULTILINE)
_MANIFEST = re.compile(r".*\.ya?ml$")
_HOOKS = re.compile(r"(?:^|/)[\w.-]*hooks?(?:/|$)")
# What is done with things that are there already; what a command creates need not be.
_ASKED_FOR = re.compile(
    r"\b(?:wait|get|logs?|describe|rollout|exec|delete|patch|port-forward|attach|edit|label|annotate|scale|status|top|debug)\b|--for\b|jsonpath"
)
_ROLES = (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.PIPELINE, PathRole.TEST, PathRole.BUILD)
# What a longer word has before or behind a name; a file may be called like an object.
_WITHIN, _GOES_ON = re.compile(r"[\w-]"), re.compile(r"[\w-]|\.ya?ml")
# Objects that others make as well.
_ANYBODYS = ("Namespace", "CustomResourceDefinition")
_FILES = 400


class _Charts(NamedTuple):
    """The manifests of one tree that name objects, and the names in those that were read: name to file."""

    tree: Tree
    paths: tuple[str, ...]
    names: Mapping[str, str]


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        tags = {
            tag.version.bare: tag for tag in facts.ordered_tags(subject) if tag.version is not None and tag.commit != subject.rev
        }
        folders = tuple(f"{folder}/".lstrip("/") for folder in facts.charts(subject))
        if not tags or not folders:
            continue
        uses = {path: use for path, use in _uses(facts, subject, tags).items() if not path.startswith(tuple(filter(None, folders)))}
        asked = {path: _asked_for(subject, path) for path in uses}
        wanted = frozenset(name for names in asked.values() for name in names)
        here = _read(subject.tree, folders, wanted) if wanted else None
        if here is None or not here.names:
            continue
        for path, (tag, site) in uses.items():
            names = {name: at for name, at in asked[path].items() if name in here.names}
            then = subject.at(tag.commit) if names else None
            if then is not None:
                yield from _judge(facts, subject, path, tag, site, names, here, then, folders)


def _asked_for(subject: Subject, path: str) -> dict[str, tuple[int, int]]:
    """Names that commands of a file look for or wait for, each with the bounds of its first mention."""
    text = subject.text(path)
    found: dict[str, tuple[int, int]] = {}
    if text is not None:
        for match in _DISTINCT.finditer(text.text):
            if match.group() not in found and _ASKED_FOR.search(text.line_text(text.line_of(match.start()))):
                found[match.group()] = match.span()
    return found


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


def _read(tree: Tree, folders: tuple[str, ...], wanted: frozenset[str] | None) -> _Charts:
    """The names of objects in the charts and hooks of a tree; with ``wanted``, those alone."""
    named = (path for path in tree.entries if _MANIFEST.fullmatch(path) and (path.startswith(folders) or _HOOKS.search(path)))
    paths = tuple(sorted(named))  # of two that name one object, the same is told however the tree is listed
    found: dict[str, str] = {}
    for path, data in tree.read_many(paths[:_FILES]):
        if wanted is None or wanted & {name.decode() for name in _NAMES.findall(data)}:
            for one in metadata_names(Text(path, data)):
                if one.kind not in _ANYBODYS and (wanted is None or one.name in wanted) and _DISTINCT.fullmatch(one.name):
                    found.setdefault(one.name, path)
    return _Charts(tree, paths, found)


def _judge(
    facts: Facts, subject: Subject, path: str, tag: Tag, use: Site, names: Mapping[str, tuple[int, int]], here: _Charts, then: Tree,
    folders: tuple[str, ...],
) -> Iterator[Finding]:  # fmt: skip
    # A name that a chart computes is written somewhere else in it; what the file said at the release was there somehow.
    inside = [name for name in then.entries if name.startswith(folders) or _HOOKS.search(name) or name == path]
    before = "\n".join(data.decode("utf-8", "replace") for _, data in then.read_many(inside[:_FILES]))
    new = {name: span for name, span in names.items() if not _occurs(name, before)}
    text = subject.text(path)
    if not new or text is None:
        return
    now = _read(here.tree, folders, None).names
    gone = sorted(name for name in _read(then, folders, None).names if name not in now)
    if any(_occurs(name, text.text) for name in gone):
        # Who names the old things as well knows that there are two.
        return
    shipped = path_role(path) in (PathRole.ARTIFACT, PathRole.DOCUMENT)
    for name, span in new.items():
        site = Site(path, text.span(*span), Kind.VARIABLE, name, Part.VERSION, name, name, Pin.EXACT, syntax="name")
        yield facts.finding(
            (_CODE, _NAME, Severity.ERROR if shipped else Severity.WARNING),
            subject,
            site,
            f"{name} is not in {tag.name}, which {path.rpartition('/')[2]} uses",
            node=facts.identity.address(subject),
            expected=gone[0] if len(gone) == 1 else None,
            actual=name,
            why=(
                f"{path}:{use.span.line} uses {use.value if use.pin is not Pin.TEMPLATED else tag.name}, which is released",
                f"{name} is in {here.names[name]} now; no chart or hook at {tag.name} has it",
                *((f"at {tag.name} there was {', '.join(gone[:4])}",) if gone else ()),
            ),
            related=((subject, use),),
        )


def _occurs(name: str, text: str) -> bool:
    # A plain search is many times faster than one that looks behind itself at every letter, and the charts of a release can be megabytes.
    at = text.find(name)
    while at >= 0:
        if not (at and _WITHIN.match(text, at - 1)) and _GOES_ON.match(text, at + len(name)) is None:
            return True
        at = text.find(name, at + 1)
    return False


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
    release too early: who runs the script now waits for something that never comes.

    An error in shipped scripts and documents, else a warning. A file that names the old objects too, or more than one version of
    this repository, is taken to know the difference.

    What to do: keep the old name until the script uses the new release.
    """,
    _check,
    failing=(Example((_RELEASED, Commit(_tree("prepare-hub", "0.1.0", "prepare-hub")))),),
    passing=(
        Example((_RELEASED, Commit(_tree("prepare-hub", "0.1.0", "prepare-all")))),
        Example((_RELEASED, Commit(_tree("prepare-hub", "0.2.0", "prepare-hub")))),
    ),
)
