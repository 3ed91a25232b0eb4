"""RG301: something that is run, installed or deployed follows a branch or a tag that moves."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.infer.clones import clone_sites
from relgraph.infer.facts import Facts
from relgraph.infer.gitref import Locator, unescape
from relgraph.infer.made_images import MadeImages
from relgraph.infer.paths import is_fixture
from relgraph.infer.roles import PathRole, path_role
from relgraph.infer.unpinned import unpinned_bases, unpinned_charts
from relgraph.infer.usage import Usage, usage_of
from relgraph.infer.wording import is_prose
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG301", "floating-reference"
# Release branches move too, but on purpose within bounds; these have none.
_FLOATING = frozenset("main master HEAD trunk develop devel dev next edge nightly canary latest stable".split())
_SHIPPED = (PathRole.ARTIFACT, PathRole.BUILD, PathRole.PIPELINE)
_PROGRAM = re.compile(r"\.(?:sh|bash|zsh|py|pl|rb)$")
_LOCAL = re.compile(
    r"(?:localhost|ko\.local|kind\.local|dev\.local|[\w-]+\.svc[\w.]*|127\.0\.0\.1|example\.com|local)(?::\d+)?/|docker\.io/library/(?:scratch|hello-world)$"
)
# Keys of a pipeline's file that hold the image in which its jobs run, or a variable for it.
_RUNS_IN = re.compile(r"image\w*|\w+_image|container", re.IGNORECASE)
# Small images that are run for a moment to see whether running works.
_PROBES = frozenset(f"docker.io/library/{name}" for name in ("busybox", "alpine", "hello-world"))
# Where Argo CD and Flux have the revision that they keep a cluster at.
_TRACKED = ("targetRevision", "ref.branch")
_HELM = re.compile(r"\bhelm\b[^\n|;]*\b(?:install|upgrade|template|pull)\b")
_RELEASING = re.compile(r"(?:^|[/_.-])(?:goreleaser|release|releases|publish|deploy|cd)(?:[/_.-]|$)", re.IGNORECASE)
_PUBLISHES = re.compile(
    r"goreleaser|docker push|helm push|gh release|action-gh-release|ko (?:build|publish)|twine upload|npm publish|cargo publish"
)
_ON_TAGS = re.compile(r"^[ \t]+tags:", re.MULTILINE)


class _Judged(NamedTuple):
    severity: Severity
    what: str
    expected: str | None = None
    why: tuple[str, ...] = ()


def _check(facts: Facts) -> Iterator[Finding]:
    judge = _Judge(facts)
    for subject in facts.world.targets:
        groups: dict[tuple[str, str, str], list[tuple[Site, _Judged]]] = {}
        for site in (*subject.sites, *clone_sites(facts, subject), *unpinned_bases(subject), *unpinned_charts(subject)):
            judged = judge(subject, site)
            if judged is None:
                continue
            # A place that is worth a note only is told once for the whole tree.
            where = site.path if judged.severity is not Severity.NOTE else ""
            groups.setdefault((where, _thing(site), _as_written(subject, site, site.value)), []).append((site, judged))
        for (_, thing, _), members in groups.items():
            site, judged = members[0]
            written = site.raw if site.raw.startswith("refs/") else site.value if site.pin is not Pin.ABSENT else None
            yield facts.finding(
                (_CODE, _NAME, judged.severity),
                subject,
                site,
                f"{thing} {judged.what} {written}" if written else f"{thing} is named without a version",
                expected=judged.expected,
                actual=_as_written(subject, site, written),
                why=judged.why,
                related=tuple((subject, one) for one, _ in members[1:]),
            )


class _Judge:
    """Says of one site whether it floats, and how much that matters."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._locator = Locator(facts)
        self._made: dict[int, MadeImages] = {}

    def __call__(self, subject: Subject, site: Site) -> _Judged | None:
        if site.pin not in (Pin.BRANCH, Pin.MUTABLE, Pin.ABSENT) or site.role in (Role.MENTION, Role.RECORD, Role.DECLARES):
            return None
        role = path_role(site.path)
        if role in (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED) or is_fixture(site.path):
            return None
        match site.kind:
            case Kind.GIT if site.part is Part.REF:
                return self._git(subject, site, role)
            case Kind.IMAGE:
                return self._image(subject, site, role)
            case Kind.ACTION:
                return self._action(subject, site)
            case Kind.MODULE | Kind.PACKAGE | Kind.CHART:
                return self._installed(subject, site, role)
            case Kind.VARIABLE:
                return self._variable(subject, site, role)
            case _:
                return None

    def _git(self, subject: Subject, site: Site, role: PathRole) -> _Judged | None:
        form = site.get("form")
        if form in ("blob", "api", "release", "edit") or not self._floats(site):
            return None
        text = subject.text(site.path)
        if text is None or role is PathRole.SOURCE:
            return None
        owner = self._locator.owner(site.name)
        if site.key.endswith(_TRACKED):
            return self._tracked(subject, owner, site, role)
        if form == "clone" and "pip" not in text.around(site.span):
            if owner is None or owner is subject or not owner.repository.tags or role not in _SHIPPED:
                return None
            newest = self._facts.ordered_tags(owner)[-1:]
            return _Judged(Severity.WARNING, "is cloned at", newest[0].name if newest else None, (f"{owner.name} has releases",))
        usage = Usage.APPLY if form in ("clone", "base") else usage_of(text, site)
        path = site.get("path")
        if usage is Usage.FETCH and _PROGRAM.search(path):
            usage = Usage.RUN
        elif usage is Usage.FETCH and form in ("archive", "download") and role in _SHIPPED:
            usage = Usage.APPLY
        if usage not in (Usage.RUN, Usage.APPLY):
            return None
        return self._followed(subject, owner, site, role, usage)

    def _followed(self, subject: Subject, owner: Subject | None, site: Site, role: PathRole, usage: Usage) -> _Judged | None:
        """A file that is run or deployed from a branch or from whatever release is the latest."""
        what = "is run from" if usage is Usage.RUN else "is installed from"
        why = (f"{site.value} moves: it is not tomorrow what it is today",)
        if role is PathRole.TEST:
            return _Judged(Severity.NOTE, what, None, why)
        if owner is None:
            document = role is PathRole.DOCUMENT
            # An installer follows its project on purpose; what is deployed is meant to be what was tried.
            head = site.value == "HEAD" and (document or site.get("form") != "base")
            grave = not head and (not document or usage is Usage.APPLY)
            return (
                None
                if document and site.pin is Pin.MUTABLE
                else _Judged(Severity.WARNING if grave else Severity.NOTE, what, None, why)
            )
        if site.get("form") in ("download", "release"):
            return None if role is PathRole.DOCUMENT else _Judged(Severity.WARNING, what, None, why)
        located = self._locator.locate(subject, site)
        tree = None if located is None else self._locator.tree(located)
        if located is not None and tree is not None and not self._locator.has(tree, located.path):
            return None  # RG202 says it
        tag = self._tag_with(owner, unescape(site.get("path")))
        if tag is None:
            return None if role is PathRole.DOCUMENT or owner is subject else _Judged(Severity.NOTE, what, None, why)
        prefix = "refs/tags/" if site.raw.startswith("refs/heads/") else ""
        own_pipeline = owner is subject and role is PathRole.PIPELINE
        return _Judged(
            Severity.NOTE if own_pipeline else Severity.WARNING,
            what,
            prefix + tag,
            (*why, f"{owner.name} {tag} is the newest release that contains it"),
        )

    def _tracked(self, subject: Subject, owner: Subject | None, site: Site, role: PathRole) -> _Judged:
        """What a deployment tool keeps at the head of a branch; a repository may have itself deployed so, on purpose."""
        grave = role is PathRole.ARTIFACT and owner is not subject
        tags = self._facts.ordered_tags(owner)[-1:] if owner is not None and owner is not subject else ()
        why = (f"{site.value} moves: every push there is deployed",)
        return _Judged(Severity.WARNING if grave else Severity.NOTE, "is deployed from", tags[0].name if tags else None, why)

    def _floats(self, site: Site) -> bool:
        if site.value in _FLOATING:
            return True
        owner = self._locator.owner(site.name)
        return owner is not None and site.value == owner.repository.default_branch

    def _tag_with(self, owner: Subject, path: str) -> str | None:
        """The newest of the last few releases that contains a path; final releases before pre-releases."""
        tags = self._facts.ordered_tags(owner)
        final = [tag for tag in tags if tag.version is not None and not tag.version.pre]
        for tag in (*reversed(final[-3:]), *reversed(tags[-3:])):
            tree = owner.at(tag.commit)
            if tree is not None and (not path or self._locator.has(tree, path)):
                return tag.name
        return None

    def _image(self, subject: Subject, site: Site, role: PathRole) -> _Judged | None:
        # Names of images are written in lower case: capitals are for whoever replaces them.
        if "$" in site.name or "{" in site.name or site.name != site.name.lower() or _LOCAL.match(site.name):
            return None
        if site.get("verb") in ("build", "tag", "push", "load"):
            return None
        if site.part is Part.DIGEST or (site.pin is Pin.MUTABLE and site.value not in _FLOATING):
            return None
        if site.pin is Pin.ABSENT and (
            site.syntax == "helm-values" or site.key.rpartition(".")[2] in ("repository", "repo", "name")
        ):
            return None  # a part of a reference: the template adds the tag
        if any(one.part is Part.DIGEST and one.span.line == site.span.line for one in subject.near(site)):
            return None
        if role not in (*_SHIPPED, PathRole.TEST) or (site.path.endswith(".json") and not self._is_manifest(subject, site.path)):
            return None
        made = self._made.get(id(subject))
        if made is None:
            made = self._made[id(subject)] = MadeImages(subject)
        in_values = site.syntax == "helm-values"
        if (made.replaces(site) and not in_values) or made.builds(site) or self._is_described(subject, site):
            return None
        if role is PathRole.BUILD and self._facts.identity.line(subject, site).name == self._facts.identity.address(subject):
            return None  # the image that a build makes
        manifest = site.path.endswith((".yaml", ".yml", ".json"))
        grave = (
            role is PathRole.ARTIFACT
            or (role is PathRole.BUILD and not manifest)
            or (role is PathRole.PIPELINE and bool(_RELEASING.search(site.path)))
        )
        if role is PathRole.PIPELINE and _RUNS_IN.fullmatch(site.key.rpartition(".")[2]):
            grave = True  # what everything else in the pipeline runs in
        if site.name in _PROBES and site.get("verb") == "run":
            grave = False
        shipped = in_values and bool(subject.repository.tags) and not self._facts.plan(subject).may_rewrite(site.path)
        if not subject.tags_here and not shipped and self._is_own(subject, site):
            grave = False  # a branch may name what is built from it; a release, or a chart that is packaged as it lies, should not
        channel = "latest" if site.pin is Pin.ABSENT else site.value
        node = None if self._facts.declared is None else self._facts.declared.artifact(site)
        if node is not None and channel in node.get("channels", ()):
            return _Judged(
                Severity.NOTE, "is pulled at", None, (f"{channel} is a channel of {node.id}: it moves with its releases",)
            )
        return _Judged(
            Severity.WARNING if grave else Severity.NOTE,
            "is pulled at",
            None,
            ("without a tag, latest is meant" if site.pin is Pin.ABSENT else f"{site.value} is another image tomorrow",),
        )

    def _is_described(self, subject: Subject, site: Site) -> bool:
        text = subject.text(site.path)
        return text is not None and site.path.endswith((".yaml", ".yml")) and is_prose(text, site)

    def _is_own(self, subject: Subject, site: Site) -> bool:
        """Whether the image is one of the repository's own, by its line, or by a name that holds the owner's or the repository's."""
        address = self._facts.identity.address(subject)
        if self._facts.identity.line(subject, site).name == address:
            return True
        words = {subject.name.lower(), *address.split("/")[1:]} - {""}
        return bool(words & set(site.name.split("/")[1:])) or site.name.rpartition("/")[2].startswith(f"{subject.name.lower()}-")

    def _is_manifest(self, subject: Subject, path: str) -> bool:
        text = subject.text(path)
        return text is not None and '"apiVersion"' in text.text

    def _action(self, subject: Subject, site: Site) -> _Judged | None:
        if site.value not in _FLOATING or site.pin is Pin.ABSENT:
            return None
        owners = {
            address.split("/")[1]
            for address, one in self._facts.identity.known.items()
            if one is subject and address.count("/") == 2
        }
        same = site.name.partition("/")[0].lower() in owners
        severity = Severity.NOTE if same and not self._releases(subject, site.path) else Severity.WARNING
        return _Judged(severity, "runs from", None, ("whoever pushes to that branch runs in this workflow",))

    def _installed(self, subject: Subject, site: Site, role: PathRole) -> _Judged | None:
        document = role is PathRole.DOCUMENT and site.kind is Kind.CHART and site.key != "code"
        if not (document or role in (*_SHIPPED, PathRole.TEST)) or (site.kind is not Kind.CHART and site.value not in _FLOATING):
            return None
        if (
            self._facts.identity.line(subject, site).name == self._facts.identity.address(subject)
            or "$" in site.name
            or "{" in site.name
        ):
            return None
        what = "is installed at"
        if site.kind is Kind.CHART:
            text = subject.text(site.path)
            named = site.name.partition("://")[2]
            # Other things are kept in registries under oci:// as well; only helm takes the latest where no version is asked for.
            if site.pin is not Pin.ABSENT or _LOCAL.match(named) or text is None or not _HELM.search(text.context(site.span, 6)):
                return None
            # Readers are meant to get the newest release of what the document comes with.
            if document and _has_chart(subject, re.split("[#/]", site.name)[-1]):
                return None
        severity = Severity.NOTE if document or role is PathRole.TEST else Severity.WARNING
        return _Judged(severity, what, None, ("every run may install another version",))

    def _variable(self, subject: Subject, site: Site, role: PathRole) -> _Judged | None:
        if site.value not in _FLOATING or site.part is Part.REF or role not in _SHIPPED:
            return None
        if site.get("scope") == "set":
            return _Judged(Severity.WARNING, "is set to", None, (f"{site.value} is another image tomorrow",))
        if site.get("scope") not in ("with", "env", "make", "shell", "arg"):
            return None
        releases = role is PathRole.PIPELINE and self._releases(subject, site.path)
        return _Judged(
            Severity.WARNING if releases or site.get("scope") == "with" else Severity.NOTE,
            "uses" if site.get("scope") == "with" else "is",
            None,
            ("every release may be made by another version of it",) if releases else ("every run may use another version",),
        )

    def _releases(self, subject: Subject, path: str) -> bool:
        if _RELEASING.search(path.rpartition("/")[2]):
            return True
        text = subject.text(path)
        return text is not None and _ON_TAGS.search(text.text) is not None and _PUBLISHES.search(text.text) is not None


def _has_chart(subject: Subject, name: str) -> bool:
    return any(path.endswith(f"/{name}/Chart.yaml") or path == f"{name}/Chart.yaml" for path in subject.entries)


def _as_written(subject: Subject, site: Site, value: str | None) -> str:
    """The value with the last part of the name before it, where the two are written as one: ``golang:latest``, ``kustomize/v5@latest``.

    A file often has several references that float alike.
    """
    if value is None:
        return site.value or site.name
    text = subject.text(site.path)
    before = "" if text is None else text.line_text(site.span.line)[site.span.column - 2 : site.span.column - 1]
    if site.kind not in (Kind.IMAGE, Kind.MODULE, Kind.PACKAGE, Kind.ACTION) or site.pin is Pin.ABSENT or before not in (":", "@"):
        return value
    named = site.name.partition(":")[2] if site.kind is Kind.PACKAGE else site.get("package") or site.name
    *_, before, last = ("", *named.rstrip("/").split("/"))
    if re.fullmatch(r"v\d+", last):
        last = f"{before}/{last}".lstrip("/")
    return f"{last}{':' if site.kind is Kind.IMAGE else '@'}{value}"


def _thing(site: Site) -> str:
    if site.kind is Kind.GIT:
        path = site.get("path")
        return f"{path} of {site.name}" if path else site.name
    if site.kind is Kind.VARIABLE and site.get("scope") == "with":
        return site.get("action") or site.key or site.name
    if site.get("scope") == "set":
        return f"{site.name} of the chart {site.get('chart')}"
    if site.kind is Kind.ACTION:
        return "/".join(site.name.split("/")[:2])
    return site.get("package") or site.name


_GO_MOD = {"go.mod": "module github.com/example/platform\n"}
_RUN = "```shell\nbash <(curl -s https://raw.githubusercontent.com/example/platform/{}/scripts/demo.sh)\n```\n"
_LINK = "See [the script](https://github.com/example/platform/blob/main/scripts/demo.sh).\n"
_DEMO = {**_GO_MOD, "scripts/demo.sh": "#!/bin/sh\n"}
_APPLY = (
    "#!/bin/sh\nMANIFEST=https://raw.githubusercontent.com/acme/ingress/{}/deploy.yaml\ncurl -s $MANIFEST | kubectl apply -f -\n"
)


def _document(line: str) -> Example:
    return Example((Commit(_DEMO, tags=("v0.1.0",)), Commit({**_DEMO, "docs/start.md": line})))


def _file(path: str, content: str) -> Example:
    return Example((Commit({path: content}),))


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "something that is run or deployed follows a branch or a moving tag",
    """
    A script piped into a shell, a manifest that is applied, an image, a tool or an action follows a branch (main) or a tag that moves
    (latest), or names no revision at all, as a kustomization of another repository may. It is another thing tomorrow: what worked stops
    working, with no change on this side, and an old release cannot be built or installed again as it was.

    A chart that is installed without `--version` is the newest one of its repository; in documents this is a note.

    Where the repository is part of this scan, the newest release that contains the file is told as the expected value; a script that no
    release contains yet cannot be pinned, and documents may name its branch. Notes only: in tests, where documents run other projects' installers, for
    the repository's own files in its own pipelines. Links, pictures and badges may follow a branch as they like.

    What to do: name a tag, a version, or a commit.
    """,
    _check,
    failing=(
        _document(_RUN.format("main")),
        _file("install.sh", _APPLY.format("main")),
        _file("Dockerfile", "FROM alpine:latest\nRUN true\n"),
        _file("Makefile", "tools:\n\tgo install example.com/acme/tool@latest\n"),
    ),
    passing=(
        _document(_RUN.format("v0.1.0")),
        _document(_LINK),
        _file("install.sh", _APPLY.format("v1.2.0")),
        _file("Dockerfile", "FROM alpine:3.20\nRUN true\n"),
        _file("Makefile", "tools:\n\tgo install example.com/acme/tool@v1.2.3\n"),
    ),
)
