"""Addresses that say two versions."""

import pytest

from judged import of_files
from relgraph.model.finding import Finding, Severity
from relgraph.rules.url_contradiction import RULE

RELEASES = "https://github.com/example/engine/releases/download"
RAW = "https://raw.githubusercontent.com/example/engine"


def said(*lines: str, **files: str) -> list[Finding]:
    return of_files(RULE, {"setup.sh": "#!/bin/bash\n" + "\n".join(lines) + "\n", **files})


def test_a_file_of_another_release_is_asked_for() -> None:
    (found,) = said(f"curl -LO {RELEASES}/v0.6.1/engine_0.6.3_linux_amd64.tar.gz")
    assert (found.severity, found.actual, found.expected) == (Severity.ERROR, "0.6.3", "0.6.1")


def test_what_the_tree_says_elsewhere_decides_which_of_the_two_is_wrong() -> None:
    (found,) = said(
        f"curl -LO {RELEASES}/v0.6.1/engine_0.6.3_linux_amd64.tar.gz",
        f"curl -LO {RELEASES}/v0.6.3/engine_0.6.3_darwin_arm64.tar.gz",
    )
    assert (found.actual, found.expected) == ("v0.6.1", "v0.6.3")


def test_a_variable_may_hold_one_of_them() -> None:
    assert len(said("ENGINE_VERSION=0.6.1", f"curl -LO {RELEASES}/v${{ENGINE_VERSION}}/engine_0.6.3_linux.tar.gz")) == 1
    assert said("ENGINE_VERSION=0.6.3", f"curl -LO {RELEASES}/v${{ENGINE_VERSION}}/engine_0.6.3_linux.tar.gz") == []


@pytest.mark.parametrize(
    ("ref", "argument", "agree"),
    [("v1.0.0", "0.10.1", False), ("refs/tags/v1.0.0", "v1.0.1", False), ("v1.0.0", "1.0.0", True), ("main", "1.0.0", True)],
)
def test_a_script_is_run_for_its_own_version(ref: str, argument: str, agree: bool) -> None:
    assert (said(f"bash <(curl -L {RAW}/{ref}/install.sh) {argument}") == []) is agree


@pytest.mark.parametrize(
    "url",
    [
        f"{RELEASES}/v2.1.0/engine-chart-0.4.0.tgz",  # a chart with a line of its own
        f"{RELEASES}/20240224/python-3.11.8-linux.tar.gz",  # a release named for its day
        f"{RELEASES}/v1.4.0/tool_v1.4.0_for_kubernetes_1.28.3.tar.gz",  # two versions, one of them right
        f"{RELEASES}/v1.4/engine-1.4.0.tar.gz",
        f"{RELEASES}/v0.12.0/gearbox_0.11.0_linux_amd64.tar.gz",  # a part that is made elsewhere
        "https://dl.example.org/release/v1.28.0/bin/linux/amd64/ctl",
        "https://archive.example.org/maven-3/3.8.6/maven-3.8.6-bin.tar.gz",
    ],
)
def test_versions_that_go_together(url: str) -> None:
    assert said(f"curl -LO {url}") == []


def test_any_host_has_a_file_under_its_own_version() -> None:
    (found,) = said("curl -LO https://nodejs.org/dist/v18.1.0/node-v18.1.1-linux-x64.tar.xz")
    assert (found.actual, found.expected) == ("v18.1.0", "v18.1.1")


@pytest.mark.parametrize("link", ["[v1.1.2]: {}", "- [v1.1.2]({})", "[`1.1.2`]({})"])
def test_a_link_called_one_version_leads_to_another(link: str) -> None:
    address = "https://github.com/acme/web/releases/tag/{}"
    (found,) = of_files(RULE, {"README.md": link.format(address.format("v1.1.3")) + "\n"})
    assert (found.actual, found.expected) == ("v1.1.3", "v1.1.2")
    assert of_files(RULE, {"README.md": link.format(address.format("v1.1.2")) + "\n"}) == []


def test_a_link_that_says_more_than_a_version_may_lead_anywhere() -> None:
    assert of_files(RULE, {"README.md": "[Upgrade from v1.1.2](https://github.com/acme/web/releases/tag/v1.1.3)\n"}) == []


def test_a_release_that_packs_a_version_again() -> None:
    url = "https://github.com/acme/packs/releases/download/{}/lantern-8.10.1.tar.xz"
    assert of_files(RULE, {"get.sh": f"curl -LO {url.format('lantern_8.10.1-2')}\n"}) == []
    assert of_files(RULE, {"get.sh": f"curl -LO {url.format('8.10.1-2')}\n"}) == []
