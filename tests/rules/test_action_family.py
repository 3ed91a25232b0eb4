"""Actions of one repository, in one workflow and in several."""

from judged import of_files
from relgraph.rules.action_family import RULE

STEP = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"


def said(**workflows: str) -> list[tuple[str, str, str | None, str | None]]:
    files = {
        f".github/workflows/{name}.yml": STEP + "".join(f"    - uses: {line}\n" for line in lines.split("; "))
        for name, lines in workflows.items()
    }
    return [(one.severity.value, one.place.path.rpartition("/")[2], one.actual, one.expected) for one in of_files(RULE, files)]


def test_two_actions_of_one_repository_in_one_workflow() -> None:
    a, b = "a" * 40, "b" * 40
    assert said(scan=f"acme/scan/init@{a} # v4.37.0; acme/scan/analyze@{b} # v3.36.2") == [
        ("warning", "scan.yml", "v3.36.2", "v4.37.0")
    ]
    assert said(scan=f"acme/scan/init@{a} # v4.37.0; acme/scan/analyze@{a} # v4.37.0") == []


def test_one_action_in_two_workflows_is_a_note() -> None:
    assert said(one="acme/add@v0.3.0", two="acme/add@v0.5.0") == [("note", "one.yml", "v0.3.0", "v0.5.0")]
    assert said(one="acme/add@v0.5.0", two="acme/add@v0.5.1") == []


def test_major_versions() -> None:
    assert said(one="acme/add@v3", two="acme/add@v4") == []
    assert said(one="acme/scan/init@v4; acme/scan/analyze@v4.1.0") == []
    assert said(one="acme/scan/init@v3; acme/scan/analyze@v4") == [("warning", "one.yml", "v3", "v4")]
