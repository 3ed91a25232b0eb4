"""Variables of shell scripts, and the versions that scripts ask for."""

import pytest

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.shell import EXTRACTOR
from sitetext import brief, by_name, found


def _sites(content: str, path: str = "scripts/x.sh") -> list[Site]:
    return found(EXTRACTOR, path, content)


def _one(content: str) -> Site:
    sites = _sites(content)
    assert len(sites) == 1, brief(sites)
    return sites[0]


@pytest.mark.parametrize(
    "line",
    [
        "WEB_VERSION=1.2.3",
        'export WEB_VERSION="1.2.3"',
        "  local WEB_VERSION='1.2.3'",
        "readonly WEB_VERSION=1.2.3 # old",
        "declare -r WEB_VERSION=1.2.3;",
    ],
)
def test_assignments_in_every_dress(line: str) -> None:
    site = _one(line)
    assert (site.kind, site.name, site.raw, site.role, site.get("scope")) == (
        Kind.VARIABLE,
        "WEB_VERSION",
        "1.2.3",
        Role.USES,
        "shell",
    )


@pytest.mark.parametrize(
    "line",
    ["echo ${WEB_VERSION:-1.2.3}", 'V="${WEB_VERSION:=1.2.3}"', "WEB_VERSION=${WEB_VERSION:-1.2.3}", "x ${WEB_VERSION-'1.2.3'}"],
)
def test_defaults_that_a_caller_may_override(line: str) -> None:
    site = next(site for site in _sites(line) if site.name == "WEB_VERSION")
    assert (site.raw, site.role) == ("1.2.3", Role.DEFAULT)


@pytest.mark.parametrize("line", ['export WEB_VERSION="${1:-1.2.3}"', "WEB_VERSION=${2-1.2.3}", "local WEB_VERSION=${10:-'1.2.3'}"])
def test_what_an_argument_is_when_it_is_not_given(line: str) -> None:
    site = _one(line)
    assert (site.name, site.raw, site.role) == ("WEB_VERSION", "1.2.3", Role.DEFAULT)


def test_values_that_are_made_are_told_apart() -> None:
    sites = by_name(
        _sites(
            "A_VERSION=${B_VERSION#v}\nC_VERSION=$(git describe --tags | sed 's/v//')\nD_VERSION=\"$(yq .x y/z.yaml)\"\nE_TAG=v{{ config.x }}\nF_VERSION=`x`\n"
        )
    )
    assert {name: site.pin for name, site in sites.items() if site.kind is Kind.VARIABLE} == {
        "A_VERSION": Pin.TEMPLATED,
        "C_VERSION": Pin.COMPUTED,
        "D_VERSION": Pin.COMPUTED,
        "E_TAG": Pin.TEMPLATED,
        "F_VERSION": Pin.COMPUTED,
    }
    assert sites["A_VERSION"].get("vars") == "B_VERSION"
    assert (sites["E_TAG"].part, sites["E_TAG"].get("form_text")) == (Part.TAG, "v{}")


def test_an_image_in_a_variable_is_an_image() -> None:
    site = _one("WEB=ghcr.io/acme/web:1.2.3")
    assert (site.kind, site.name, site.raw, site.get("var")) == (Kind.IMAGE, "ghcr.io/acme/web", "1.2.3", "WEB")


def test_the_toolchain_variable_of_go() -> None:
    site = _one("GOTOOLCHAIN=go1.24.1 go build ./...")
    assert (site.kind, site.name, site.value) == (Kind.TOOLCHAIN, "go", "1.24.1")


@pytest.mark.parametrize(
    "line",
    [
        "IP=10.0.0.1",
        "TIMEOUT=1.5",
        "SERVER=web",
        "DATE=2024-01-02",
        "IGNORE_GO_VERSION=1",
        "X=$Y",
        'echo "status: version=$x, more"',
        "if [ $a == 1.2 ]; then",
        "PORT=8080",
        "# Licensed under the Apache License, Version 2.0 or later",
        "sleep 1.5",
    ],
)
def test_what_is_no_version(line: str) -> None:
    assert _sites(line) == []


def test_a_query_is_no_assignment() -> None:
    assert _sites('kubectl apply -k "https://host.example/a/b?ref=v1.2.3&tag=v1.2.4"') == []


def test_a_literal_in_a_message_still_counts() -> None:
    assert _one('echo "WEB_VERSION=1.2.3" >> $GITHUB_ENV').raw == "1.2.3"


def test_a_minimum_says_so_in_its_name() -> None:
    assert _one("MIN_GO_VERSION=1.21").role is Role.MINIMUM
    assert _one("MINIMUM_HELM_VERSION=3.14.0").role is Role.MINIMUM


def test_comparisons_ask_for_a_minimum() -> None:
    site = _one('if [[ "$got_version" < "1.29" ]]; then')
    assert (site.name, site.raw, site.role) == ("got_version", "1.29", Role.MINIMUM)
    assert _one("[ ${version%%-*} == 1.2.3 ]").role is Role.MENTION


def test_checking_functions_name_what_they_check() -> None:
    lowest, limit = _sites(
        "is_installed 'Acme CLI' \\\n  'acme' 'acme version' \\\n  'https://acme.example/x' \\\n  \"\" \\\n  :v1.0 \\\n  :v1.1\n"
    )
    assert (lowest.name, lowest.raw, lowest.role) == ("Acme CLI", "v1.0", Role.MINIMUM)
    assert (limit.name, limit.raw, limit.role, limit.get("bound")) == ("Acme CLI", "v1.1", Role.MENTION, "upper")
    site = _one('check_version helm ">=3.14"')
    assert (site.name, site.raw, site.role) == ("helm", "3.14", Role.MINIMUM)
    assert _one("require_tool 'Acme' 'acme' 'Acme version: v0.9.3'").raw == "v0.9.3"


def test_sentences_that_ask_for_a_minimum() -> None:
    site = _one("# needs Helm version 3.14 or later")
    assert (site.name, site.raw, site.role) == ("Helm", "3.14", Role.MINIMUM)
    site = _one('echo "Go 1.24+ is required"')
    assert (site.kind, site.name, site.role) == (Kind.TOOLCHAIN, "go", Role.MINIMUM)


def test_scripts_without_suffix_are_known_by_their_first_line() -> None:
    assert [site.raw for site in _sites("#!/usr/bin/env bash\nV_VERSION=1.2.3\n", "bin/tool")] == ["1.2.3"]
    assert _sites("V_VERSION=1.2.3\n", "bin/tool") == []
    assert _sites("#!/usr/bin/python3\nV_VERSION=1.2.3\n", "bin/tool") == []
    assert _sites("V_VERSION=1.2.3\n", "x.go") == []


def test_carriage_returns_are_no_part_of_values() -> None:
    assert [site.raw for site in _sites("A_VERSION=1.2.3\r\nB_VERSION=1.2.4\r\n")] == ["1.2.3", "1.2.4"]
