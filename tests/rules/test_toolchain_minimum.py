"""Toolchains below what go.mod asks for, as they are written."""

import pytest

from judged import of_files
from relgraph.rules.toolchain_minimum import RULE

GO_MOD = {"go.mod": "module github.com/example/platform\n\ngo 1.24.1\n"}
WORKFLOW = (
    "on: push\nenv:\n  GO_VERSION: '{}'\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: actions/setup-go@v5\n"
    "      with:\n        go-version: ${{{{ env.GO_VERSION }}}}\n"
)


@pytest.mark.parametrize("written", ["1.22.x", "~1.21", "~1.21.3", "1.22.*", "v1.19", "~v1.23"])
def test_a_line_below_the_minimum(written: str) -> None:
    (found,) = of_files(RULE, {**GO_MOD, ".github/workflows/ci.yml": WORKFLOW.format(written)})
    assert (found.actual, found.expected) == (written, "1.24")


@pytest.mark.parametrize("written", ["1.24.x", "~1.24", "^1.21", ">=1.21", "1.x", "stable", "~1.25.0"])
def test_ranges_that_hold_a_new_enough_release(written: str) -> None:
    assert of_files(RULE, {**GO_MOD, ".github/workflows/ci.yml": WORKFLOW.format(written)}) == []


def test_a_document_in_the_folder_of_another_module_speaks_of_the_repository() -> None:
    site = {
        "site/go.mod": "module github.com/example/platform/site\n\ngo 1.25\n",
        "site/content/a.md": "You need Go 1.24 or later.\n",
    }
    assert of_files(RULE, {**GO_MOD, **site}) == []
