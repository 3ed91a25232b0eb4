"""Version ranges: which versions a requirement allows.

::

    range       = alternative { "||" alternative }
    alternative = partial " - " partial            from the first to the second, both included
                | { comparator [","] }             all of them hold; nothing at all allows everything
    comparator  = [ operator ] partial
    operator    = "=" | "==" | "!=" | ">" | ">=" | "<" | "<=" | "^" | "~" | "~>"
    partial     = [ "v" ] number [ "." number [ "." number [ "-" pre-release ] [ "+" build ] ] ]

A number may be ``*``, ``x`` or ``X``; what follows it then says nothing. A partial version without an operator stands for
all versions it is the beginning of: ``1.2`` and ``1.2.*`` are one. ``^`` keeps the left-most number that is not zero, ``~``
keeps major and minor (or major alone where only that is written).

Pre-releases follow what Helm and Flux do (https://github.com/Masterminds/semver): an alternative allows none, unless one of
its comparators names one (``>=1.2.0-0``). Unlike there, ``<2.0.0`` never allows a pre-release of 2.0.0 itself: who says
"below 2" does not want to be given 2.0.0-rc.1.
"""

import re
from typing import NamedTuple

from relgraph.errors import UsageError
from relgraph.resolve.order import Order, Version, precedence

__all__ = ["ANY", "Range", "RangeProblem", "is_range", "line", "parse_range"]

_LONGEST = 1024
_PARTIAL = re.compile(
    r"[vV]?(?P<major>\d+|[*xX])(?:\.(?P<minor>\d+|[*xX]))?(?:\.(?P<patch>\d+|[*xX]))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+(?P<build>[0-9A-Za-z.-]+))?",
    re.ASCII,
)
_COMPARATOR = re.compile(
    r"\s*(?P<operator>\^|~>?|[<>]=?|!=|==?|)\s*(?P<partial>[^\s,<>=!^~|]+)\s*(?:,(?=\s*[^\s,])|(?=[\s<>=!^~]|\Z))\s*"
)
_HYPHEN = re.compile(r"\s*(?P<low>[^\s,<>=!^~|]+)\s+-\s+(?P<high>[^\s,<>=!^~|]+)\s*")
_LONELY_COMMA = re.compile(r",(?=\s*(?:,|\|\||\Z))|(?:(?<=\A)|(?<=\|\|))\s*,")
# What no tag and no digest contains: where one of these stands, a range was meant.
_NO_TAG = re.compile(r"[<>=!^~*|,\s]")


class RangeProblem(UsageError):
    """A range that cannot be read; ``column`` counts from 1 and says where."""

    def __init__(self, text: str, column: int, reason: str) -> None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        super().__init__(
            f"version range {shown!r}, column {column}: {reason}",
            hint="ranges look like '>=1.2 <2', '^1.4', '~1.4.2', '1.2.*', '1.2 - 1.4' or '1.2.* || 2.0.*'",
        )
        self.text = text
        self.column = column
        self.reason = reason


class _Edge(NamedTuple):
    version: Version
    inclusive: bool


class _Span(NamedTuple):
    """Versions between two edges (None: without end)."""

    lower: _Edge | None
    upper: _Edge | None

    def holds(self, version: Version, order: Order) -> bool:
        key = precedence(version, order)
        if self.lower is not None:
            edge = precedence(self.lower.version, order)
            if key < edge or (key == edge and not self.lower.inclusive):
                return False
        if self.upper is not None:
            edge = precedence(self.upper.version, order)
            if key > edge or (key == edge and not self.upper.inclusive):
                return False
        return True


class _Alternative(NamedTuple):
    """Spans that all hold, spans of which none does, builds that are demanded, and whether a pre-release is named."""

    spans: tuple[_Span, ...]
    holes: tuple[_Span, ...]
    builds: tuple[str, ...]
    prereleases: bool

    def admits(self, version: Version, order: Order, *, prereleases: bool) -> bool:
        if version.prerelease and not (prereleases or self.prereleases):
            return False
        return (
            all(span.holds(version, order) for span in self.spans)
            and not any(hole.holds(version, order) for hole in self.holes)
            and all((version.build or "") == build for build in self.builds)
        )


class Range(NamedTuple):
    """A range as it was written, with its meaning; made by :func:`parse_range`."""

    text: str
    alternatives: tuple[_Alternative, ...]

    def __str__(self) -> str:
        return self.text

    def admits(self, version: Version, *, order: Order = Order.SEMVER, prereleases: bool = False) -> bool:
        """Whether the version is allowed; ``prereleases`` allows those between the edges although none is named."""
        return any(alternative.admits(version, order, prereleases=prereleases) for alternative in self.alternatives)

    @property
    def exact(self) -> Version | None:
        """The only version it can mean (build metadata apart), or None."""
        if len(self.alternatives) != 1:
            return None
        found = {
            span.lower.version
            for span in self.alternatives[0].spans
            if span.lower is not None and span.upper is not None and span.lower == span.upper
        }
        return next(iter(found)) if len(found) == 1 else None


def is_range(text: str) -> bool:
    """Whether a text can only be a range: it has a character that neither a tag nor a digest can have.

    ``1.2`` and ``1.x`` are tags by this measure, since they are valid ones; ``v1.*.*`` and ``>=1.2`` are ranges.
    """
    return _NO_TAG.search(text) is not None


def parse_range(text: str) -> Range:
    """The meaning of a range. Raises :class:`RangeProblem`, which names the column and what is wrong there."""
    if len(text) > _LONGEST:
        raise RangeProblem(text, _LONGEST, f"longer than {_LONGEST} characters")
    lonely = _LONELY_COMMA.search(text)
    if lonely:
        raise RangeProblem(text, lonely.start() + 1, "a comma stands between two comparators")
    alternatives = []
    offset = 0
    for part in text.split("||"):
        if not part.strip() and "||" in text:
            raise RangeProblem(text, offset + 1, "nothing stands beside ||; write * for any version")
        alternatives.append(_alternative(text, part, offset))
        offset += len(part) + 2
    return Range(text.strip(), tuple(alternatives))


def line(version: Version, numbers: int) -> Range:
    """The line a version belongs to: its first ``numbers`` numbers (1: same major, 2: same minor)."""
    text = ".".join(str(number) for number in (version.major, version.minor, version.patch)[:numbers])
    return parse_range(text + ".*" * (3 - numbers) if numbers else "*")


def _alternative(text: str, part: str, offset: int) -> _Alternative:
    hyphen = _HYPHEN.fullmatch(part)
    if hyphen:
        low = _Partial.read(text, hyphen["low"], offset + hyphen.start("low"))
        high = _Partial.read(text, hyphen["high"], offset + hyphen.start("high"))
        return _join([(">=", low), ("<=", high)])
    comparators: list[tuple[str, _Partial]] = []
    position = 0
    while part[position:].strip():
        match = _COMPARATOR.match(part, position)
        if match is None:
            start = position + len(part[position:]) - len(part[position:].lstrip())
            raise RangeProblem(text, offset + start + 1, _complaint(part[start:]))
        comparators.append((match["operator"], _Partial.read(text, match["partial"], offset + match.start("partial"))))
        position = match.end()
    return _join(comparators)


def _complaint(rest: str) -> str:
    operator = re.match(r"[<>=!^~]+", rest)
    if operator is None:
        return "a version or an operator is expected here"
    if operator[0] not in ("^", "~", "~>", "<", ">", "<=", ">=", "!=", "=", "=="):
        return f"there is no operator {operator[0]}"
    return f"a version must follow {operator[0]}"


class _Partial(NamedTuple):
    """A version of which only the first ``written`` numbers say anything (0 to 3)."""

    version: Version
    written: int

    @classmethod
    def read(cls, text: str, word: str, offset: int) -> "_Partial":
        match = _PARTIAL.fullmatch(word)
        if match is None:
            raise RangeProblem(text, offset + 1, f"{word!r} is no version")
        numbers: list[int] = []
        for name in ("major", "minor", "patch"):
            number = match[name]
            if number is None or number in "*xX":
                break
            if len(number) > 18 or (number[0] == "0" and number != "0"):
                raise RangeProblem(text, offset + match.start(name) + 1, f"{number[:20]!r} is no number of a version")
            numbers.append(int(number))
        if (match["pre"] or match["build"]) and len(numbers) < 3:
            raise RangeProblem(text, offset + 1, f"{word!r} needs three numbers before - or +")
        bare = ".".join(map(str, (*numbers, 0, 0, 0)[:3])) + word[match.end("patch") if len(numbers) == 3 else len(word) :]
        try:
            return cls(Version.parse(bare), len(numbers))
        except ValueError:
            raise RangeProblem(text, offset + 1, f"{word!r} is no version under Semantic Versioning") from None

    def next(self, kept: int) -> Version:
        """The smallest version after all those that share the first ``kept`` numbers: as an edge, its lowest pre-release."""
        numbers = [self.version.major, self.version.minor, self.version.patch]
        numbers[kept - 1] += 1
        numbers[kept:] = [0] * (3 - kept)
        return Version(numbers[0], numbers[1], numbers[2], prerelease="0")


def _join(comparators: list[tuple[str, _Partial]]) -> _Alternative:
    spans: list[_Span] = []
    holes: list[_Span] = []
    builds: list[str] = []
    for operator, partial in comparators:
        span = _span(operator, partial)
        (holes if operator == "!=" else spans).append(span)
        if operator in ("", "=", "==") and partial.version.build:
            builds.append(partial.version.build)
    named = any(partial.version.prerelease for _, partial in comparators)
    return _Alternative(tuple(spans), tuple(holes), tuple(builds), named)


def _span(operator: str, partial: _Partial) -> _Span:
    version, written = partial
    lower = _Edge(version, inclusive=True)
    if operator == "^":
        numbers = (version.major, version.minor, version.patch)[:written]
        kept = next((index + 1 for index, number in enumerate(numbers) if number), written)
        return _Span(lower, _Edge(partial.next(kept), inclusive=False)) if written else _Span(None, None)
    if operator in ("~", "~>"):
        return _Span(lower, _Edge(partial.next(min(written, 2)), inclusive=False)) if written else _Span(None, None)
    if operator == ">=":
        return _Span(lower if written else None, None)
    if operator == "<":
        below = version if version.prerelease else version.replace(prerelease="0")
        return _Span(None, _Edge(below, inclusive=False))
    if operator == ">":
        if written == 3:
            return _Span(_Edge(version, inclusive=False), None)
        # Nothing is greater than every version; the edge lies beyond what can be written.
        return _Span(_Edge(_BEYOND if not written else partial.next(written).replace(prerelease=None), inclusive=True), None)
    if operator == "<=":
        if written == 3:
            return _Span(None, _Edge(version, inclusive=True))
        return _Span(None, _Edge(partial.next(written), inclusive=False) if written else None)
    if written == 3:
        return _Span(lower, lower)
    if not written:
        return _Span(None, None)
    return _Span(_Edge(version.replace(prerelease="0"), inclusive=True), _Edge(partial.next(written), inclusive=False))


_BEYOND = Version(10**30, 0, 0)
#: The range that allows every release.
ANY = parse_range("*")
