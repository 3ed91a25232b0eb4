"""RG119: a version is written as a number, which forgets the zero at its end."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.paths import is_fixture
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Fix, Severity
from relgraph.model.site import Kind, Part, Role, Site
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG119", "number-version"
# Nobody means 1.2 by 1.20; 1.0 and 2.0 are often the version of a format, and mean what they are read as.
_LOSES = re.compile(r"\d+\.[1-9]\d*0")
# What reads numbers as numbers and writes them out again: a workflow's expressions, a chart's templates. A program that reads its own
# configuration into text keeps them as they are written.
_READERS = {"workflow": "GitHub's expressions write it", "helm-values": "a chart's templates write it"}
_KINDS = (Kind.VARIABLE, Kind.TOOLCHAIN, Kind.IMAGE)
_ASIDE = (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY)


def _check(facts: Facts) -> Iterator[Finding]:
    for one in facts.references:
        site = one.site
        if (
            site.syntax in _READERS
            and site.kind in _KINDS
            and site.part in (Part.TAG, Part.VERSION)
            and site.role in (Role.USES, Role.DEFAULT)
            and site.raw[-1:] == "0"
            and _LOSES.fullmatch(site.raw)
            and one.role not in _ASIDE
            and not is_fixture(site.path)
            and _is_plain(one.subject, site)
        ):
            read = site.raw.rstrip("0")
            quoted = f'"{site.raw}"'
            yield facts.finding(
                (_CODE, _NAME, Severity.ERROR),
                one.subject,
                site,
                f"{site.raw} without quotes is the number {read}",
                expected=quoted,
                actual=site.raw,
                why=(
                    "YAML reads digits with a point as a number, and a number has no zero at its end",
                    f"{_READERS[site.syntax]} {read}",
                ),
            )._replace(fix=Fix(site.raw, quoted))


def _is_plain(subject: Subject, site: Site) -> bool:
    """Whether it is a whole value without quotes: behind a key, or in a list."""
    text = subject.text(site.path)
    # In a script everything is text.
    if text is None or re.search(r"(?:^|\.)(?:run|script|args|command)(?:$|\[)", site.key):
        return False
    line, start = text.line_text(site.span.line), site.span.column - 1
    before, behind = line[:start], line[start + len(site.raw) :]
    return (
        before[-1:] in (" ", "\t", "[", ",")
        and before.rstrip()[-1:] in (":", "-", "[", ",")
        and (behind.strip() == "" or behind.lstrip()[0] in ",]}" or re.match(r"\s+#", behind) is not None)
    )


_WORKFLOW = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/setup-go@v5\n      with:\n        go-version: {}\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a version that ends in a zero is written without quotes",
    """
    YAML takes `1.20` for a number, and the number is 1.2. Where a workflow or a chart hands it on, another version is installed than the
    one that is written: Go 1.2 for 1.20, Python 3.1 for 3.10. Nobody notices before the first release line that ends in a zero.

    What to do: put quotes around it, or write a third number.
    """,
    _check,
    failing=(
        Example((Commit({".github/workflows/ci.yml": _WORKFLOW.format("1.20")}),)),
        Example(
            (Commit({"chart/Chart.yaml": "name: web\n", "chart/values.yaml": "image:\n  repository: acme/web\n  tag: 1.30\n"}),)
        ),
    ),
    passing=(
        Example((Commit({".github/workflows/ci.yml": _WORKFLOW.format("'1.20'")}),)),
        Example((Commit({".github/workflows/ci.yml": _WORKFLOW.format("1.20.0")}),)),
        Example((Commit({".github/workflows/ci.yml": _WORKFLOW.format("1.21")}),)),
    ),
)
