"""What every test gets: Hypothesis without clocks, a cache that goes with the tests, and in CI no test that quietly does not run."""

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Before anything imports it: its assertions speak for the tests that call it.
pytest.register_assert_rewrite("repairs", "fixlaw")

_IN_CI = os.environ.get("CI") == "true"

# No deadline and no check for slowness: a shared machine must not decide whether a law holds. In CI the examples are the
# same in every run, so that a failure there is a failure everywhere.
settings.register_profile(
    "relgraph", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=_IN_CI, print_blob=True
)
settings.load_profile("relgraph")


@pytest.fixture(autouse=True, scope="session")
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Generator[None, None, None]:
    # Tests scan hundreds of repositories that vanish; what is kept of them has no place in the user's cache.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    # A skip in CI is a hole in what CI says: it becomes a failure that gives the reason for the skip.
    if _IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"CI=true, where every test must run, but this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one in CI."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, pytest.CollectReport]:
    """Turn a skipped module into a failed one in CI."""
    report: pytest.CollectReport = yield
    _refuse_skip(report)
    return report
