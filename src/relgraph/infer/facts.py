"""Everything that rules may ask: the world, and what was concluded from it."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from relgraph.infer.archives import Archives
from relgraph.infer.identity import Identity
from relgraph.infer.references import Reference
from relgraph.infer.resolve import Resolved, Resolver
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Fix, Place, Severity, fingerprint
from relgraph.model.graph import Origin
from relgraph.model.repository import WORKTREE, Tag
from relgraph.model.site import Kind, Pin, Site, Span
from relgraph.model.version import is_bookmark, natural_key, parse_version
from relgraph.model.world import Subject, World
from relgraph.pipeline.artifacts import Plan
from relgraph.pipeline.paths import any_pipeline
from relgraph.sites.mangle import remangle

if TYPE_CHECKING:
    # A world that declares nothing needs no graph.
    from relgraph.infer.declared import Declared

__all__ = ["Facts"]


class Facts:
    """The world and lazily drawn conclusions; a conclusion that no rule asks for costs nothing.

    ``declared`` is the graph that the world is checked against; None where nothing is declared.
    """

    def __init__(self, world: World, declared: "Declared | None" = None) -> None:
        self.world = world
        self.declared = declared
        self._resolvers: dict[int, Resolver] = {}
        self._archives: dict[int, Archives] = {}
        self._plans: dict[tuple[int, str], Plan] = {}
        self._ordered: dict[int, tuple[Tag, ...]] = {}
        self._kept: list[Subject] = []  # an id is a key only as long as its object lives

    @cached_property
    def identity(self) -> Identity:
        """Version lines of all names."""
        return Identity(self.world, None if self.declared is None else self.declared.stated)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every site of the targets, file paths aside, with its line."""
        return tuple(
            self.reference(subject, site) for subject in self.world.targets for site in subject.sites if site.kind is not Kind.FILE
        )

    @cached_property
    def lines(self) -> Mapping[str, tuple[Reference, ...]]:
        """The references of each version line."""
        grouped: dict[str, list[Reference]] = {}
        for reference in self.references:
            grouped.setdefault(reference.line, []).append(reference)
        return {line: tuple(members) for line, members in sorted(grouped.items())}

    def reference(self, subject: Subject, site: Site) -> Reference:
        """A site with its line, its version and its file's role."""
        line = self.identity.line(subject, site)
        version = None if site.pin in (Pin.TEMPLATED, Pin.RANGE, Pin.PLACEHOLDER, Pin.COMPUTED) else parse_version(site.value)
        if version is not None and site.kind is Kind.IMAGE and version.pre.isdigit():
            # etcd:3.6.8-0 is the first build of the image of 3.6.8, and no pre-release of it.
            version = version._replace(pre="")
        role = PathRole.HISTORY if self._archives_of(subject).holds(site.path) else path_role(site.path)
        return Reference(subject, site, line.name, line.evidence, version, role)

    def _archives_of(self, subject: Subject) -> Archives:
        archives = self._archives.get(id(subject))
        if archives is None:
            self._kept.append(subject)
            archives = self._archives[id(subject)] = Archives(
                subject.directories, tuple(tag.version for tag in subject.repository.tags if tag.version is not None)
            )
        return archives

    def resolve(self, subject: Subject, site: Site) -> Resolved | None:
        """The literal value of a site, templates filled from the same tree; None where that cannot be told."""
        resolver = self._resolvers.get(id(subject))
        if resolver is None:
            resolver = self._resolvers[id(subject)] = Resolver(subject.sites, self.charts(subject))
        return resolver.resolve(site)

    def plan(self, subject: Subject, tag: str = "") -> Plan:
        """What the pipelines of a tree would publish for a git tag; without one, for the newest tag that it may be judged by."""
        tag = tag or self.newest_tag(subject)
        key = (id(subject), tag)
        if key not in self._plans:
            self._kept.append(subject)
            if not any_pipeline(subject.entries):
                self._plans[key] = Plan(tag)
            else:
                from relgraph.pipeline.plan import evaluate  # noqa: PLC0415 - trees without pipelines need not pay for it

                self._plans[key] = evaluate(subject, tag)
        return self._plans[key]

    def built(self, subject: Subject, command: str, tag: str) -> Plan:
        """What a declared command would publish from a tree for a git tag."""
        key = (id(subject), f"{tag}\0{command}")
        if key not in self._plans:
            from relgraph.pipeline.plan import evaluate_command  # noqa: PLC0415 - graphs without commands need not pay for it

            self._kept.append(subject)
            self._plans[key] = evaluate_command(subject, tag, command)
        return self._plans[key]

    def newest_tag(self, subject: Subject) -> str:
        """The tag of this very revision, else the repository's newest one, else one that could be."""
        here = [tag for tag in subject.tags_here if tag.version is not None and "/" not in tag.name]
        tags = here or self.ordered_tags(subject)
        return tags[-1].name if tags else "v1.2.3"

    def charts(self, subject: Subject) -> frozenset[str]:
        """The folders of a tree that hold a ``Chart.yaml``."""
        return frozenset(path.rpartition("/")[0] for path in subject.entries if path.rpartition("/")[2] == "Chart.yaml")

    def tags_of(self, line: str) -> tuple[Tag, ...]:
        """The tags of the repository behind a line, in natural version order; empty where it is not in this world."""
        subject = self.identity.known.get(line)
        return () if subject is None else self.ordered_tags(subject)

    def ordered_tags(self, subject: Subject) -> tuple[Tag, ...]:
        """The tags of a repository that are versions without a path and no bookmarks, in natural order, then time."""
        ordered = self._ordered.get(id(subject))
        if ordered is None:
            self._kept.append(subject)
            ordered = self._ordered[id(subject)] = self._in_order(subject)
        return ordered

    def _in_order(self, subject: Subject) -> tuple[Tag, ...]:
        tags = (
            tag
            for tag in subject.repository.tags
            if tag.version is not None and "/" not in tag.name and not is_bookmark(tag.version)
        )
        if self.declared is not None:
            declared = self.declared
            tags = (tag for tag in tags if not declared.skips(subject, tag.name))
        return tuple(sorted(tags, key=lambda tag: (natural_key(tag.version) if tag.version else (), tag.time)))

    def finding(
        self,
        rule: tuple[str, str, Severity],
        subject: Subject,
        site: Site,
        message: str,
        *,
        node: str = "",
        expected: str | None = None,
        actual: str | None = None,
        why: tuple[str, ...] = (),
        related: tuple[tuple[Subject, Site], ...] = (),
        fixable: bool = False,
    ) -> Finding:
        """A finding at a site.

        ``rule`` is code, name and severity; ``fixable``: replacing the site's text by ``expected`` settles it.
        """
        code, name, severity = rule
        text = subject.text(site.path)
        context = "" if text is None else text.context(site.span)
        node = node or self.identity.line(subject, site).name
        return Finding(
            code, name, severity, node, message, place(subject, site), expected, actual, why,
            tuple(place(*one) for one in related),
            _fix(site, expected) if fixable else None,
            fingerprint(code, node, site.path, context),
        )  # fmt: skip

    def declared_finding(
        self,
        rule: tuple[str, str, Severity],
        origin: Origin,
        message: str,
        *,
        node: str,
        expected: str | None = None,
        actual: str | None = None,
        why: tuple[str, ...] = (),
        related: tuple[tuple[Subject, Site], ...] = (),
    ) -> Finding:
        """A finding about the declaration itself, at the place where it was declared (the workspace's own file, as it is now)."""
        code, name, severity = rule
        span = Span(0, 0, origin.line, origin.column, origin.line, origin.column)
        workspace = "" if self.declared is None else self.declared.graph.name
        return Finding(
            code, name, severity, node, message, Place(workspace, WORKTREE, origin.path, span), expected, actual, why,
            tuple(place(*one) for one in related), None, fingerprint(code, node, origin.path, message),
        )  # fmt: skip


def _fix(site: Site, expected: str | None) -> Fix | None:
    new = None if expected is None else remangle(site.raw, site.value, expected)
    return None if new is None else Fix(site.raw, new)


def place(subject: Subject, site: Site) -> Place:
    """Where a site stands, for reports."""
    return Place(subject.name, subject.rev, site.path, site.span)
