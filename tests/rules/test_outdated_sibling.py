"""References to releases of siblings that newer ones have overtaken."""

from datetime import date

from judged import findings
from relgraph.model.finding import Finding, Severity
from relgraph.rules.outdated_sibling import RULE, SUPERSEDED
from relgraph.rules.rule import Commit, Rule

REQUIRE = "module github.com/example/platform\n\ngo 1.22\n\nrequire github.com/example/engine {}\n"


def said(rule: Rule, required: str, *tags: str, as_of: date | None = None, files: dict[str, str] | None = None) -> list[Finding]:
    history = [
        Commit({"go.mod": "module github.com/example/engine\n", "n": tag}, tags=(tag,), date=f"2026-01-{day:02}")
        for day, tag in enumerate(tags, 2)
    ]
    return findings(rule, (Commit({"go.mod": REQUIRE.format(required), **(files or {})}),), {"engine": history}, as_of=as_of)


def test_a_prerelease_is_kept_after_the_release() -> None:
    (found,) = said(SUPERSEDED, "v0.23.0-rc2", "v0.23.0-rc2", "v0.23.0", "v0.23.1")
    assert (found.severity, found.actual, found.expected) == (Severity.WARNING, "v0.23.0-rc2", "v0.23.1")
    assert said(SUPERSEDED, "v0.23.1", "v0.23.0-rc2", "v0.23.0", "v0.23.1") == []


def test_on_the_day_before_the_release_it_was_right() -> None:
    tags = ("v0.23.0-rc2", "v0.23.0")
    assert len(said(SUPERSEDED, "v0.23.0-rc2", *tags, as_of=date(2026, 1, 3))) == 1
    assert said(SUPERSEDED, "v0.23.0-rc2", *tags, as_of=date(2026, 1, 2)) == []


def test_a_repository_of_prereleases_only_has_only_notes() -> None:
    tags = ("v0.2.0-rc9", "v0.2.0-rc10")
    assert said(SUPERSEDED, "v0.2.0-rc9", *tags) == []
    (found,) = said(RULE, "v0.2.0-rc9", *tags)
    assert (found.severity, found.expected) == (Severity.NOTE, "v0.2.0-rc10")
    assert said(RULE, "v0.2.0-rc10", *tags) == []


def test_a_prerelease_newer_than_the_last_release_is_nobodys_loss() -> None:
    assert said(SUPERSEDED, "v0.3.0-rc.1", "v0.2.0", "v0.3.0-rc.1") == []


def test_one_note_a_version() -> None:
    script = "#!/bin/sh\ncurl -LO https://github.com/example/engine/archive/refs/tags/v0.1.0.tar.gz\n"
    (found,) = said(RULE, "v0.1.0", "v0.1.0", "v0.2.0", files={"setup.sh": script})
    assert found.place.path == "setup.sh"
    assert [place.path for place in found.related] == ["go.mod"]


def test_permanent_links_are_permanent() -> None:
    link = "https://github.com/example/engine/blob/v0.1.0/go.mod\n"
    assert said(RULE, "v0.2.0", "v0.1.0", "v0.2.0", files={"README.md": link}) == []
