"""RG405: what a release publishes and what refers to it differ."""

import re
from collections.abc import Iterator, Mapping

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tag
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.model.version import Version, parse_version
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Artifact, ArtifactKind, ChartImage, Plan, Spot
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, path_line

__all__ = ["RULE"]

_CODE, _NAME = "RG405", "published-mismatch"
_RULE = (_CODE, _NAME, Severity.ERROR)
_KINDS = {Kind.CHART: (ArtifactKind.CHART, Part.VERSION), Kind.IMAGE: (ArtifactKind.IMAGE, Part.TAG)}
_READ = frozenset({PathRole.ARTIFACT, PathRole.BUILD, PathRole.PIPELINE, PathRole.DOCUMENT, PathRole.SOURCE, PathRole.TEST})
_PLACEHOLDER = re.compile(r"[^\w]*$|.*(?:placeholder|replaced?[ _-]|\bTBD\b|unset|<[^<>]+>).*", re.IGNORECASE)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        yield from _charts(facts, subject)
    yield from _references(facts)


# -- a chart and the images of its own release -------------------------------------------------------------------------------


def _charts(facts: Facts, subject: Subject) -> Iterator[Finding]:
    plan = facts.plan(subject)
    pushed = _published(plan, ArtifactKind.IMAGE)
    told: set[tuple[Spot, str]] = set()
    for chart in plan.artifacts:
        if chart.kind is not ArtifactKind.CHART or not chart.by_tag:
            continue
        for image in chart.images:
            finding = _image(subject, plan, chart, image, pushed)
            if finding is None:
                continue
            key = (image.written or chart.places[-1], finding.message)
            if key not in told:
                told.add(key)
                yield finding


def _published(plan: Plan, kind: ArtifactKind) -> Mapping[str, Mapping[str, Artifact]]:
    """Tags and who publishes them, by name; names some of whose tags are not known are left out."""
    found: dict[str, dict[str, Artifact]] = {}
    unclear: set[str] = set()
    for artifact in plan.artifacts:
        name = artifact.name.text
        if artifact.kind is not kind or name is None or not artifact.by_tag:
            continue
        for tag in artifact.tags:
            if tag.text is None:
                unclear.add(name)
            else:
                found.setdefault(name, {})[tag.text] = artifact
    return {name: tags for name, tags in found.items() if name not in unclear}


def _image(
    subject: Subject, plan: Plan, chart: Artifact, image: ChartImage, pushed: Mapping[str, Mapping[str, Artifact]]
) -> Finding | None:
    repository, tag = image.repository.text, image.tag.text
    if repository is None or tag is None:
        return None
    tags = pushed.get(repository)
    foreign = False
    if tags is None:
        tags = _elsewhere(repository, tag, pushed)
        if tags is None:
            return None
        foreign = True
    elif tag in tags or (not tag and "latest" in tags):
        return None
    elif not _means(tag, tags):
        return None
    versioned = [one for one in tags if parse_version(one) is not None]
    expected = next((one for one in versioned if _same(one, tag)), versioned[0] if versioned else next(iter(tags)))
    publisher = tags[expected]
    spot = image.stamps[-1] if image.stamps else image.written or chart.places[-1]
    related = [*image.stamps, *([image.written] if image.written else []), publisher.places[-1], chart.places[-1]]
    name = chart.name.text or str(chart.name)
    shown = f"{repository}:{tag}" if tag else f"{repository} without a tag"
    instead = f"{publisher.name}:{expected}" if foreign else ", ".join(tags)
    return finding_at(
        _RULE,
        subject,
        spot,
        f"the chart {name} of {plan.tag} refers to {shown}, but the image is published as {instead}",
        node=f"image:{image.repository}",
        expected=f"{publisher.name}:{expected}" if foreign else expected,
        actual=shown if foreign else tag or repository,
        why=(
            f"{path_line(publisher.places[-1])} publishes {publisher.name} as {expected} for the git tag {plan.tag}",
            f"{path_line(spot)} puts {shown if foreign else tag or 'no tag'} into the chart that {path_line(chart.places[-1])} publishes",
        ),
        related=tuple((subject, one) for one in dict.fromkeys(related)),
    )


def _same(one: str, other: str) -> bool:
    return one.lstrip("vV") == other.lstrip("vV")


def _means(tag: str, tags: Mapping[str, Artifact]) -> bool:
    """Whether the tag was meant to be one of those published: the same version in another spelling, or no version at all."""
    if any(_same(one, tag) for one in tags):
        return True
    if not tag or "$" in tag or _PLACEHOLDER.fullmatch(tag):
        return True
    return _damaged(tag, tags)


def _damaged(tag: str, tags: Mapping[str, Artifact]) -> bool:
    # One character lost or doubled on the way, as by a greedy expression: v1.0.0-dev.1 becomes v1.0.0-de.1.
    tag = tag.lstrip("v")
    for one in tags:
        bare = one.lstrip("v")
        if abs(len(bare) - len(tag)) == 1 and parse_version(bare) is not None:
            longer, shorter = (bare, tag) if len(bare) > len(tag) else (tag, bare)
            if any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer))):
                return True
    return False


def _elsewhere(repository: str, tag: str, pushed: Mapping[str, Mapping[str, Artifact]]) -> Mapping[str, Artifact] | None:
    """Tags of the published image that was meant where only the registry is missing or doubled."""
    if parse_version(tag) is not None:
        return None
    path = repository.removeprefix("docker.io/")
    return next((tags for name, tags in pushed.items() if name.endswith("/" + path) and path.count("/") >= 1), None)


# -- references to what a repository of this world publishes -----------------------------------------------------------------


def _references(facts: Facts) -> Iterator[Finding]:
    judge: _Judge | None = None
    for one in facts.references:
        wanted = _KINDS.get(one.site.kind)
        if (
            wanted is None
            or one.site.part is not wanted[1]
            or one.role not in _READ
            or one.site.role in (Role.MENTION, Role.DECLARES)
        ):
            continue
        value = _value(facts, one)
        version = parse_version(value) if value is not None else None
        if value is None or version is None or len(version.release) < 3:
            continue
        judge = judge or _Judge(facts)
        yield from judge.reference(one, value, version, wanted[0])


def _value(facts: Facts, one: Reference) -> str | None:
    if one.site.pin is Pin.EXACT:
        return one.site.value
    if one.site.pin is Pin.TEMPLATED:
        resolved = facts.resolve(one.subject, one.site)
        return resolved.value if resolved is not None else None
    return None


def _fits(plan: Plan, kind: ArtifactKind, name: str, given: Version) -> bool:
    """Whether the version is spelt as the newest release spells its own tags."""
    tags = _published(plan, kind).get(name)
    versions = [parsed for one in tags or () if (parsed := parse_version(one)) is not None]
    return not versions or any(one.prefix == given.prefix for one in versions)


class _Judge:
    """Who publishes what in this world, and what they published at a tag."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.publishers: dict[tuple[ArtifactKind, str], Subject] = {}
        self.revisions: dict[tuple[int, str], Subject] = {}
        for subject in facts.world.subjects:
            plan = facts.plan(subject)
            # Where a person types the version, nobody knows whether with a v.
            pushed = {trigger.path for trigger in plan.triggers if {"push-tag", "release", "create"} & set(trigger.events)}
            for artifact in plan.artifacts:
                if (
                    artifact.by_tag
                    and artifact.places
                    and artifact.places[0].path in pushed
                    and artifact.name.text is not None
                    and artifact.kind in (ArtifactKind.CHART, ArtifactKind.IMAGE)
                ):
                    self.publishers.setdefault((artifact.kind, artifact.name.text), subject)

    def reference(self, one: Reference, value: str, version: Version, kind: ArtifactKind) -> Iterator[Finding]:
        """Whether a reference spells the version as its publisher does."""
        name = one.site.name
        publisher = self.publishers.get((kind, name))
        if publisher is None:
            # Its owner may publish it no longer under this name; what counts is what was published then.
            publisher = self.facts.identity.known.get(one.line)
            if publisher is None or not any(_is(tag, version) for tag in publisher.repository.tags):
                return
        elif _fits(self.facts.plan(publisher), kind, name, version):
            return
        plan = self._plan(publisher, version)
        tags = _published(plan, kind).get(name)
        expected = next((known for known in tags if _same(known, value)), None) if tags is not None and value not in tags else None
        if tags is None or expected is None:
            return
        exact = one.site.pin is Pin.EXACT
        yield self.facts.finding(
            _RULE,
            one.subject,
            one.site,
            f"{name} is asked for as {value}, but {publisher.name} publishes it as {expected}",
            expected=expected if exact else None,
            actual=one.site.value,
            why=(
                f"for the git tag {plan.tag}, {path_line(tags[expected].places[-1])} of {publisher.name} publishes {expected}",
                "a registry knows no v that was not pushed, and drops none",
            ),
            fixable=exact,
        )

    def _plan(self, publisher: Subject, version: Version) -> Plan:
        """What the publisher's release of that version published; as its tree is now, where there is no such tag."""
        tag = next((tag for tag in publisher.repository.tags if "/" not in tag.name and _is(tag, version)), None)
        if tag is None:
            newest = parse_version(self.facts.newest_tag(publisher))
            return self.facts.plan(publisher, f"{newest.prefix if newest is not None else 'v'}{version.bare}")
        if tag.commit == publisher.rev:
            return self.facts.plan(publisher, tag.name)
        key = (id(publisher), tag.name)
        if key not in self.revisions:
            tree = publisher.at(tag.name)
            self.revisions[key] = publisher if tree is None else Subject(publisher.repository, tree)
        return self.facts.plan(self.revisions[key], tag.name)


def _is(tag: Tag, version: Version) -> bool:
    return tag.version is not None and tag.version.bare == version.bare


_RELEASER = "kos:\n- repository: ghcr.io/example/platform/web\n  main: ./cmd/web\n  bare: true\n  tags: ['{{.Version}}']\n"
_WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - uses: goreleaser/goreleaser-action@v6
      with: {{args: release --clean}}
    - run: |
        sed -i "s/^tag:.*/tag: {}/" chart/values.yaml
        helm package chart --version ${{GITHUB_REF_NAME#v}} --app-version ${{GITHUB_REF_NAME#v}}
        helm push web-chart-*.tgz oci://ghcr.io/example/platform
"""
_FILES = {
    ".goreleaser.yaml": _RELEASER,
    "chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.1.0\nappVersion: 0.1.0\n",
    "chart/values.yaml": "tag: unset\n",
    "chart/templates/web.yaml": "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/platform/web:{{ .Values.tag }}\n",
}
_GUIDE = "# Install\n\n```shell\nhelm install web oci://ghcr.io/example/platform/web-chart --version {}\n```\n"


def _world(tag: str, asked: str) -> tuple[Commit, ...]:
    files = {**_FILES, ".github/workflows/release.yml": _WORKFLOW.format(tag), "docs/install.md": _GUIDE.format(asked)}
    return (Commit(files, ("v1.4.0",)),)


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "what a release publishes is not what is referred to",
    """
    A git tag v1.4.0 becomes an image tag, a chart's version and the tag that the chart asks for, each by its own steps, and each
    step may keep the v or drop it. Where they differ, every single file looks right, and users get a chart whose image does not
    exist.

    The pipelines (GoReleaser, GitHub workflows, GitLab CI, Cloud Build, make recipes and their commands) are evaluated for the git tag, without running
    anything; the chart's image after stamping, and every document or hook that asks for a published chart or image, is held
    against what would be published.

    What to do: decide which form the tag has, and take the same variable in every step that publishes or asks for it.
    """,
    _check,
    failing=(Example(_world("$GITHUB_REF_NAME", "1.4.0")), Example(_world("${GITHUB_REF_NAME#v}", "v1.4.0"))),
    passing=(Example(_world("${GITHUB_REF_NAME#v}", "1.4.0")),),
)
