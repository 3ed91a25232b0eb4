"""Names of a workflow's environment that nothing sets."""

import pytest

from judged import subject_of
from relgraph.model.example import Commit
from relgraph.pipeline.workflow_env import unset_names
from relgraph.pipeline.yaml_tree import read_yaml
from repairs import text

PATH = ".github/workflows/release.yml"
JOB = text("""
    on: push
    env: {{CHART_REGISTRY: ghcr.io/example}}
    jobs:
      chart:
        runs-on: ubuntu-latest
        {}
        steps:
        - run: {}
        - run: helm push web.tgz oci://${{{{ env.{} }}}}
""")


def unset(
    name: str, *, given: str = "timeout-minutes: 5", before: str = "echo", files: dict[str, str] | None = None, action: str = ""
) -> list[tuple[str, str | None]]:
    """What nothing sets, and what was meant."""
    source = JOB.format(given, before, name) + (f"    - uses: {action}\n" if action else "")
    subject = subject_of((Commit({PATH: source, **(files or {})}),))
    found, root = subject.text(PATH), read_yaml(source)
    assert found is not None
    assert root is not None
    told = list(unset_names(subject, found, root))
    assert all(source[one.start : one.end] == one.name and one.job == "chart" for one in told)
    return [(one.name, one.meant) for one in told]


def test_a_name_that_nothing_sets() -> None:
    assert unset("CHART_REGISTRY") == []
    assert unset("CHART_REGISTY") == [("CHART_REGISTY", "CHART_REGISTRY")]
    assert unset("PLACE") == [("PLACE", None)]


@pytest.mark.parametrize(
    "setting",
    [
        {"given": "env: {PLACE: here}"},
        {"before": 'echo "PLACE=here" >> "$GITHUB_ENV"'},
        {"before": "./set.sh", "files": {"set.sh": 'echo "PLACE=here" >> "$GITHUB_ENV"\n'}},
        {"before": "hack/set", "files": {"hack/set": "PLACE"}},
        {"before": "cat settings >> $GITHUB_ENV"},
        {"action": "acme/set-environment@v1"},
        {"action": "./.github/actions/set", "files": {".github/actions/set/action.yml": "run: echo PLACE=here >> $GITHUB_ENV\n"}},
    ],
)
def test_a_name_that_something_may_set(setting: dict[str, str]) -> None:
    assert unset("PLACE", **setting) == []  # type: ignore[arg-type]


def test_conditions_and_defaults_may_ask_for_what_is_not_there() -> None:
    assert unset("PLACE || 'here'") == []


def test_another_jobs_environment_is_not_this_ones() -> None:
    source = JOB.format("timeout-minutes: 5", "echo", "PLACE") + "  other:\n    env: {PLACE: here}\n    steps:\n    - run: echo\n"
    subject = subject_of((Commit({PATH: source}),))
    found, root = subject.text(PATH), read_yaml(source)
    assert found is not None
    assert root is not None
    assert [one.name for one in unset_names(subject, found, root)] == ["PLACE"]
