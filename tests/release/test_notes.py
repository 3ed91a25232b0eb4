import re

from relgraph.git.history import Change
from relgraph.model.record import Item, Record, Withdrawal
from relgraph.release.notes import notes


def item(node: str, digest: str, **uses: str) -> Item:
    return Item(
        node,
        "ko",
        f"r.example/{node}",
        "1.1.0",
        f"sha256:{digest}",
        "m",
        "",
        tuple((f"images.{name}", tag) for name, tag in uses.items()),
    )


def record(version: str, *items: Item, **more: object) -> Record:
    return Record("web", version, f"v{version}", "c" * 40, "2026-01-02T00:00:00Z", "acme", items)._replace(**more)  # type: ignore[arg-type]  # fields of a record


BEFORE = record("1.0.0", item("images.a", "1"), item("images.b", "1", engine="0.9.0", a="1.0.0"), item("images.gone", "1"))
NOW = record("1.1.0", item("images.a", "1"), item("images.b", "2", engine="0.9.1", a="1.1.0"), item("images.c", "3"))


def test_the_artifacts_say_what_became_of_them() -> None:
    lines = notes(NOW, BEFORE, [], {}, {"images.a": "front | end"}).splitlines()
    assert "| front \\| end | `r.example/images.a:1.1.0` | `sha256:1` | same as 1.0.0 |" in lines
    assert "| images.b | `r.example/images.b:1.1.0` | `sha256:2` | changed |" in lines
    assert "| images.c | `r.example/images.c:1.1.0` | `sha256:3` | new |" in lines
    assert "| images.gone | | | no longer published |" in lines


def test_what_others_moved_is_told_and_what_is_our_own_is_not() -> None:
    text = notes(NOW, BEFORE, [], {}, {}, {"images.a", "images.b", "images.c"})
    assert "- images.engine: 0.9.0 to 0.9.1" in text
    assert "images.a: 1.0.0" not in text


def test_commits_are_listed_and_their_text_is_no_markup() -> None:
    subject = "Serve <b>[x](//evil)</b> ![p](//evil) @all `a|b` \x1b[31m \u202e"
    text = notes(NOW, BEFORE, [Change("d" * 40, subject)], {}, {})
    line = next(line for line in text.splitlines() if "Serve" in line)
    assert "### Changes since v1.0.0\n\n- Serve " in text
    for mark in "<>[]!@`|*":
        assert not re.search(rf"(?<!\\){re.escape(mark)}", line), mark
    assert line.isprintable()
    assert "- Fix it (#12) (" in notes(NOW, BEFORE, [Change("d" * 40, "Fix it (#12)")], {}, {})


def test_a_first_release_compares_with_nothing() -> None:
    text = notes(NOW, None, [], {"agent": ["charts.agent"]}, {})
    assert "### Changes\n\n- none" in text
    assert "changed" not in text
    assert "- agent: charts.agent" in text


def test_a_withdrawn_release_says_so_first() -> None:
    text = notes(record("1.1.0", withdrawn=Withdrawal("it loses data", "1.1.1")), None, [], {}, {})
    assert text.splitlines()[2] == "> **Withdrawn**: it loses data. Use 1.1.1 instead."
