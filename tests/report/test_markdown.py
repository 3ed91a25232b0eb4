import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invented import SAMPLE, mismatch, reports, texts
from relgraph.model.finding import Report, Severity
from relgraph.report.markdown import code, escape, render
from relgraph.report.view import View

EXPECTED = """\
**relgraph**: 2 errors, 1 warning (622 files, 385 references, 0.21 s; 1 waived)

### Errors

| place | written | should be | what |
| --- | --- | --- | --- |
| `chart/values.yaml:12:8` | `1.4.1` | `1.4.2` | webservice is 1.4.1 here and 1.4.2 in chart/Chart.yaml:5 (RG101) |
| `docs/install.md:40:31` | `1.4.0` | `1.4.2` | webservice is 1.4.0 here and 1.4.2 in chart/Chart.yaml:5 (RG101) |

<details><summary>Why</summary>

- `chart/values.yaml:12`
  - platform deploys webservice by its chart
  - chart/Chart.yaml:5 says 1.4.2
  - see `platform:chart/Chart.yaml:5`, `webservice:go.mod:9`
- `docs/install.md:40`
  - platform deploys webservice by its chart
  - chart/Chart.yaml:5 says 1.4.2
  - see `platform:chart/Chart.yaml:5`, `webservice:go.mod:9`

</details>

### Warnings

| place | written | should be | what |
| --- | --- | --- | --- |
| `deploy/sidecar.yaml:7:12` | `latest` |  | the tag latest moves: two installations of one release may run different programs (RG301) |

<details><summary>Why</summary>

- `deploy/sidecar.yaml:7`
  - latest is no version

</details>
"""


def test_the_whole_document() -> None:
    assert render(SAMPLE, View(color=True)) == EXPECTED


def test_without_reasons_nothing_folds() -> None:
    finding = mismatch("a", 1, "1.0.0", severity=Severity.NOTE)._replace(why=(), related=())
    assert "<details>" not in render(Report((finding,)), View())


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1.4.2", "`1.4.2`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("*\\|<b>", "<code>&#42;&#92;&#124;&#60;b&#62;</code>"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        (" x ", "`  x  `"),
        ("", "–"),
        ("  ", "–"),
    ],
)
def test_a_code_span_holds_any_value(text: str, span: str) -> None:
    assert code(text) == span


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("@everyone", "&#64;everyone"),
        ("<script>", "\\<script\\>"),
        ("a | b", "a \\| b"),
        ("[x](y)", "\\[x\\](y)"),
        ("a\nb", "a\\\\nb"),
        ("50 %", "50 %"),
    ],
)
def test_prose_is_never_markup(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(texts)
def test_a_code_span_is_closed_by_its_own_fence_only(text: str) -> None:
    span = code(text)
    fence = (re.match("`+", span) or [""])[0]
    if fence:
        assert fence not in re.findall("`+", span[len(fence) : -len(fence)])


@given(reports, st.sampled_from(Severity))
def test_every_finding_is_one_row_of_four_cells(report: Report, severity: Severity) -> None:
    rows = [
        line for line in render(report, View()).split("\n") if line.startswith("| ") and not line.startswith(("| ---", "| place"))
    ]
    assert len(rows) == len(report.findings)
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 5 for row in rows)
    assert (f"### {severity.title()}s" in render(report, View())) == (report.count(severity) > 0)
