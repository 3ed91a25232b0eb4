"""Everything that rules may ask: the world, and what was concluded from it."""

from functools import cached_property
from typing import NamedTuple

from relgraph.model.finding import Finding, Fix, Place, Severity, fingerprint
from relgraph.model.site import Site
from relgraph.model.world import Subject, World

__all__ = ["Facts", "Located"]


class Located(NamedTuple):
    """A site with the repository that it was found in."""

    subject: Subject
    site: Site

    @property
    def place(self) -> Place:
        """Where it stands, for reports."""
        return Place(self.subject.name, self.subject.rev, self.site.path, self.site.span)


class Facts:
    """The world and lazily drawn conclusions; a conclusion that no rule asks for costs nothing."""

    def __init__(self, world: World) -> None:
        self.world = world

    @cached_property
    def located(self) -> tuple[Located, ...]:
        """Every site of the targets."""
        return tuple(Located(subject, site) for subject in self.world.targets for site in subject.sites)

    def finding(
        self,
        rule: tuple[str, str, Severity],
        at: Located,
        message: str,
        *,
        node: str = "",
        expected: str | None = None,
        actual: str | None = None,
        why: tuple[str, ...] = (),
        related: tuple[Located, ...] = (),
        fixable: bool = False,
    ) -> Finding:
        """A finding at a site. ``rule`` is code, name and severity; ``fixable``: replacing ``actual`` by ``expected`` settles it."""
        code, name, severity = rule
        text = at.subject.text(at.site.path)
        context = "" if text is None else text.context(at.site.span)
        node = node or f"{at.site.kind}:{at.site.name}"
        fix = Fix(at.site.raw, expected) if fixable and expected is not None else None
        return Finding(
            code, name, severity, node, message, at.place, expected, actual, why,
            tuple(one.place for one in related), fix, fingerprint(code, node, at.site.path, context),
        )  # fmt: skip
