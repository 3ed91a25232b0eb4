"""What is left of a report without what was found before."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.finding import Finding, Place, Report, Severity
from relgraph.model.site import Span
from relgraph.since import without

PLACE = Place("platform", "worktree", "a.yaml", Span(0, 1, 1, 1, 1, 2))


def finding(fingerprint: str, severity: Severity) -> Finding:
    return Finding("RG101", "reference-mismatch", severity, "web", "wrong", PLACE, fingerprint=fingerprint)


FINDINGS = st.lists(st.builds(finding, st.sampled_from("abc"), st.sampled_from(Severity)), max_size=8).map(tuple)


@given(FINDINGS)
def test_nothing_is_new_to_itself_and_all_is_new_to_nothing(found: tuple[Finding, ...]) -> None:
    assert without(Report(found), Report(found)).findings == ()
    assert without(Report(found), Report(())).findings == found


@given(FINDINGS, FINDINGS)
def test_what_is_left_was_found_in_order_and_as_often_as_there_is_more(
    found: tuple[Finding, ...], known: tuple[Finding, ...]
) -> None:
    left = without(Report(found, waived=3), Report(known))
    assert left.waived == 3
    rest = iter(found)
    assert all(one in rest for one in left.findings)
    before, now, new = (Counter(one.fingerprint for one in findings) for findings in (known, found, left.findings))
    assert all(new[one] >= now[one] - before[one] for one in "abc")


def test_what_has_become_graver_is_new() -> None:
    error, warning = finding("a", Severity.ERROR), finding("a", Severity.WARNING)
    assert without(Report((error,)), Report((warning,))).findings == (error,)
    assert without(Report((warning,)), Report((error,))).findings == ()
