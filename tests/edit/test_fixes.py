"""From findings to contents: which fixes are made, and which are left."""

from relgraph.edit.fixes import plan_fixes
from relgraph.model.finding import Finding, Fix, Place, Severity
from relgraph.model.site import Span

TEXT = "web: 1.0.0\nv1.0.0 and 1.0.0\n"


def place(start: int, end: int, path: str = "a.yaml") -> Place:
    line = TEXT.count("\n", 0, start) + 1
    return Place("platform", "worktree", path, Span(start, end, line, 1, line, 2))


def finding(
    start: int, end: int, new: str | None, *related: Place, rule: str = "RG101", old: str = "", path: str = "a.yaml"
) -> Finding:
    old = old or TEXT[start:end]
    fix = None if new is None else Fix(old, new)
    return Finding(rule, rule.lower(), Severity.ERROR, "web", "wrong", place(start, end, path), new, old, related=related, fix=fix)


def planned(*findings: Finding) -> tuple[str, int, list[str]]:
    fixes = plan_fixes(findings, lambda file: TEXT.encode() if file == ("platform", "a.yaml") else None)
    content = fixes.contents.get(("platform", "a.yaml"), TEXT.encode())
    return content.decode(), len(fixes.settled), [reason for _, reason in fixes.left]


def test_places_of_the_same_file_that_hold_the_same_text_are_fixed_with_it() -> None:
    # The last related place is in another file, and the first holds another text.
    related = (place(11, 17), place(22, 27), place(22, 27, "b.yaml"))
    assert planned(finding(5, 10, "1.1.0", *related)) == ("web: 1.1.0\nv1.0.0 and 1.1.0\n", 1, [])


def test_a_finding_without_a_fix_changes_nothing() -> None:
    assert planned(finding(5, 10, None)) == (TEXT, 0, [])


def test_findings_that_want_the_same_are_both_settled() -> None:
    assert planned(finding(11, 17, "v1.1.0"), finding(12, 17, "1.1.0", rule="RG102")) == ("web: 1.0.0\nv1.1.0 and 1.0.0\n", 2, [])


def test_findings_that_contradict_each_other_are_both_left() -> None:
    content, settled, left = planned(finding(5, 10, "1.1.0"), finding(5, 10, "1.2.0", rule="RG102"), finding(22, 27, "1.1.0"))
    assert (content, settled) == ("web: 1.0.0\nv1.0.0 and 1.1.0\n", 1)
    assert left == ["two findings want different texts there"] * 2


def test_a_file_that_is_gone_or_changed_is_left() -> None:
    assert planned(finding(5, 10, "1.1.0", path="b.yaml"), finding(5, 10, "1.1.0", old="0.9.0")) == (
        TEXT, 0, ["the file cannot be read", "the file has changed"],
    )  # fmt: skip
