"""Records of dependencies, and the lines that they track."""

import pytest

from judged import of_files
from relgraph.rules.tracked_version import RULE

RECORD = "dependencies:\n- name: 'tool (next)'\n  version: {}\n  refPaths:\n  - path: images/variants.yaml\n    match: '{}'\n"
VARIANTS = "variants:\n  a:\n    TOOL_VERSION: '1.20.7'\n  b:\n    TOOL_VERSION: '1.19.12'\n"


def said(version: str, match: str) -> list[tuple[str | None, str | None]]:
    files = {"dependencies.yaml": RECORD.format(version, match), "images/variants.yaml": VARIANTS}
    return [(one.actual, one.expected) for one in of_files(RULE, files)]


def test_no_tracked_line_says_the_version() -> None:
    assert said("1.20.6", "TOOL_VERSION") == [("1.20.6", "1.20.7")]


@pytest.mark.parametrize("version", ["1.20.7", "1.19.12"])
def test_any_tracked_line_will_do(version: str) -> None:
    assert said(version, "TOOL_VERSION") == []


def test_patterns_of_another_language() -> None:
    assert said("1.20.6", r"\d+.\d+(alpha|beta|rc)?\.?(\d+)?") == [("1.20.6", "1.20.7")]
    assert said("1.20.6", "(((a+)+)+") == []
    assert said("1.20.6", "NO_SUCH_LINE") == []
