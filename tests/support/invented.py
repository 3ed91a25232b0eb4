"""Invented findings for the tests of reports, and a strategy that invents more."""

from hypothesis import strategies as st

from relgraph.model.finding import Finding, Fix, Place, Report, Severity, fingerprint
from relgraph.model.site import Span
from relgraph.report.view import About

COMMIT = "3f2a9c1d0b7e4f5a6b7c8d9e0f1a2b3c4d5e6f70"

RULES = (
    About("RG101", "reference-mismatch", Severity.ERROR, "references to one thing disagree", "At most *one* is right."),
    About("RG301", "floating-reference", Severity.WARNING, "a reference that moves", "Pin it."),
    About("RG401", "never-found", Severity.ERROR, "something that nobody does"),
)


def span(line: int, column: int, length: int, start: int = 0) -> Span:
    return Span(start, start + length, line, column, line, column + length)


def place(path: str, line: int, column: int = 1, length: int = 5, *, repo: str = "platform", rev: str = "worktree") -> Place:
    return Place(repo, rev, path, span(line, column, length, line * 100 + column))


def mismatch(path: str, line: int, actual: str, *, column: int = 8, severity: Severity = Severity.ERROR) -> Finding:
    node = "github.com/example/webservice"
    return Finding(
        "RG101",
        "reference-mismatch",
        severity,
        node,
        f"webservice is {actual} here and 1.4.2 in chart/Chart.yaml:5",
        place(path, line, column, len(actual)),
        "1.4.2",
        actual,
        ("platform deploys webservice by its chart", "chart/Chart.yaml:5 says 1.4.2"),
        (place("chart/Chart.yaml", 5, 13), place("go.mod", 9, 34, repo="webservice", rev=COMMIT)),
        Fix(actual, "1.4.2"),
        fingerprint("RG101", node, path, f"tag: {actual}"),
    )


def floating(path: str, line: int, *, severity: Severity = Severity.WARNING) -> Finding:
    node = "image:quay.io/acme/sidecar"
    return Finding(
        "RG301",
        "floating-reference",
        severity,
        node,
        "the tag latest moves: two installations of one release may run different programs",
        place(path, line, 12, 6),
        None,
        "latest",
        ("latest is no version",),
        (),
        None,
        fingerprint("RG301", node, path, "image: quay.io/acme/sidecar:latest"),
    )


SAMPLE = Report(
    (
        mismatch("chart/values.yaml", 12, "1.4.1"),
        mismatch("docs/install.md", 40, "1.4.0", column=31),
        floating("deploy/sidecar.yaml", 7),
    ),
    waived=1,
    files=622,
    sites=385,
    seconds=0.2149,
)

# Text as it can lie in a repository: anything, including what decoding with surrogateescape leaves.
texts = st.text(max_size=30) | st.text(
    st.sampled_from("\x00\x1b\x07\n\r\t\u202e\u200b\ud800\udc80\udcff\ufffe<>&\"'|`*_[]()@#%:,\\ a1.v"), max_size=30
)
_counts = st.integers(0, 1_000_000)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start, length = draw(_counts), draw(st.integers(0, 200))
    line, lines = draw(st.integers(1, 100_000)), draw(st.integers(0, 3))
    column = draw(st.integers(1, 500))
    end_column = draw(st.integers(1, 500)) if lines else column + length
    return Span(start, start + length, line, column, line + lines, end_column)


places = st.builds(Place, texts, st.sampled_from(["worktree", "index", COMMIT]) | texts, texts, spans())
findings = st.builds(
    Finding,
    st.integers(100, 110).map(lambda number: f"RG{number}"),
    texts,
    st.sampled_from(Severity),
    texts,
    texts,
    places,
    st.none() | texts,
    st.none() | texts,
    st.lists(texts, max_size=3).map(tuple),
    st.lists(places, max_size=3).map(tuple),
    st.none() | st.builds(Fix, texts, texts),
    st.just("") | st.text("0123456789abcdef", min_size=64, max_size=64),
)
reports = st.builds(
    Report, st.lists(findings, max_size=5).map(tuple), _counts, _counts, _counts, st.floats(0, 1000, allow_nan=False)
)
