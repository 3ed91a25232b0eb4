"""Findings at places that are no sites: lines of a pipeline, words of a script."""

from relgraph.model.finding import Finding, Fix, Place, Severity, fingerprint
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot

__all__ = ["finding_at", "path_line", "place_of", "source_of"]


def place_of(subject: Subject, spot: Spot) -> Place:
    """The spot as reports name it."""
    return Place(subject.name, subject.rev, spot.path, spot.span)


def source_of(subject: Subject, spot: Spot) -> str:
    """The text of the spot, as it is written."""
    text = subject.text(spot.path)
    return "" if text is None else text.data[spot.span.start : spot.span.end].decode("utf-8", "surrogateescape")


def path_line(spot: Spot) -> str:
    """``path:line`` for messages."""
    return f"{spot.path}:{spot.span.line}"


def finding_at(
    rule: tuple[str, str, Severity],
    subject: Subject,
    spot: Spot,
    message: str,
    *,
    node: str,
    expected: str | None = None,
    actual: str | None = None,
    why: tuple[str, ...] = (),
    related: tuple[tuple[Subject, Spot], ...] = (),
    fixable: bool = False,
) -> Finding:
    """A finding at a spot of the subject's tree.

    ``rule`` is code, name and severity; ``fixable``: replacing the spot's text by ``expected`` settles it. Related spots that
    are the place itself, or double, are left out.
    """
    code, name, severity = rule
    text = subject.text(spot.path)
    context = "" if text is None else text.context(spot.span)
    here = place_of(subject, spot)
    others = tuple(place for place in dict.fromkeys(place_of(*one) for one in related) if place != here)
    fix = Fix(source_of(subject, spot), expected) if fixable and expected is not None else None
    return Finding(
        code, name, severity, node, message, here, expected, actual, why, others, fix, fingerprint(code, node, spot.path, context)
    )
