"""References in package manifests."""

import pytest

from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.sites.package_manifest import EXTRACTOR
from sitetext import by_name, found


def _sites(path: str, content: str) -> list[Site]:
    return found(EXTRACTOR, path, content)


def test_pyproject() -> None:
    sites = by_name(
        _sites(
            "pyproject.toml",
            '[project]\nname = "web"\nversion = "1.2.3"\nrequires-python = ">=3.11"\n'
            'dependencies = ["Jinja_2>=3.1", "net.works == 3.2 ; python_version > \'3\'", "plain", "two[x]~=2.2,<3"]\n'
            '[project.optional-dependencies]\ntest = ["acme-test>=8"]\n[dependency-groups]\ndev = ["acme-dev==1.0"]\n[build-system]\nrequires = ["builder>=77"]\n'
            '[tool.poetry.dependencies]\npython = "^3.9"\nrequests = "^2.28"\nfoo = { version = "1.2.3" }\nbar = { git = "1.0" }\n[tool.other]\nx = "1.2.3"\n',
        )
    )
    assert {name: (site.raw, site.role, site.pin) for name, site in sites.items()} == {
        "version": ("1.2.3", Role.DECLARES, Pin.EXACT),
        "python": ("3.9", Role.MINIMUM, Pin.RANGE),
        "pypi:jinja-2": ("3.1", Role.MINIMUM, Pin.EXACT),
        "pypi:net-works": ("3.2", Role.USES, Pin.EXACT),
        "pypi:two": ("2.2", Role.USES, Pin.RANGE),
        "pypi:acme-test": ("8", Role.MINIMUM, Pin.EXACT),
        "pypi:acme-dev": ("1.0", Role.USES, Pin.EXACT),
        "pypi:builder": ("77", Role.MINIMUM, Pin.EXACT),
        "pypi:requests": ("2.28", Role.USES, Pin.RANGE),
        "pypi:foo": ("1.2.3", Role.USES, Pin.EXACT),
    }


@pytest.mark.parametrize("written", [">=3.11", "<4,>=3.11", ">= 3.11, != 3.12.1", "==3.11.*"])
def test_requires_python_is_a_minimum_of_the_toolchain(written: str) -> None:
    (site,) = _sites("pyproject.toml", f'[project]\nrequires-python = "{written}"\n')
    assert (site.kind, site.name, site.raw, site.role, site.pin) == (Kind.TOOLCHAIN, "python", "3.11", Role.MINIMUM, Pin.EXACT)


def test_cargo() -> None:
    sites = by_name(
        _sites(
            "Cargo.toml",
            '[package]\nversion = "0.1.0"\nrust-version = "1.70"\n[dependencies]\nserde = "1.0"\ntokio = { version = "1.2", features = ["full"] }\n'
            '[target."cfg(unix)".dependencies]\nnix = "0.27"\n[dev-dependencies.mock]\nversion = ">=1.2"\n',
        )
    )
    assert {name: site.raw for name, site in sites.items()} == {
        "version": "0.1.0",
        "rust": "1.70",
        "cargo:serde": "1.0",
        "cargo:tokio": "1.2",
        "cargo:nix": "0.27",
        "cargo:mock": "1.2",
    }


def test_package_json() -> None:
    sites = by_name(
        _sites(
            "web/package.json",
            '{"name": "web", "version": "1.2.3", "engines": {"node": ">=18.0"}, "packageManager": "pnpm@8.6.0+sha512.aa",\n'
            ' "scripts": {"version": "9.9.9"}, "files": ["version", "1.0.0"],\n "dependencies": {"widget": "^17.0.2", "@acme/x": "1.2.3", "l": "file:../l"}}',
        )
    )
    assert {name: (site.raw, site.pin) for name, site in sites.items()} == {
        "version": ("1.2.3", Pin.EXACT),
        "node": ("18.0", Pin.EXACT),
        "npm:pnpm": ("8.6.0", Pin.EXACT),
        "npm:widget": ("17.0.2", Pin.RANGE),
        "npm:@acme/x": ("1.2.3", Pin.EXACT),
    }


def test_requirements_files() -> None:
    sites = by_name(_sites("docs/requirements.txt", "# c\nacme==1.4.2\nother>=1.2,<2  # x\n-r more.txt\nbare\n"))
    assert {name: (site.raw, site.get("also")) for name, site in sites.items()} == {
        "pypi:acme": ("1.4.2", ""),
        "pypi:other": ("1.2", "<2"),
    }


@pytest.mark.parametrize(
    ("path", "content", "name", "raw"),
    [
        (".nvmrc", "v18.12\n", "node", "v18.12"),
        (".python-version", "3.12.1\n", "python", "3.12.1"),
        (".go-version", "1.24.5\n", "go", "1.24.5"),
        (".tool-versions", "golang 1.21.3\n", "go", "1.21.3"),
        ("rust-toolchain.toml", '[toolchain]\nchannel = "1.70.0"\n', "rust", "1.70.0"),
        ("rust-toolchain", "1.70.0\n", "rust", "1.70.0"),
    ],
)
def test_version_files_of_tools(path: str, content: str, name: str, raw: str) -> None:
    (site,) = _sites(path, content)
    assert (site.kind, site.name, site.raw, site.role) == (Kind.TOOLCHAIN, name, raw, Role.USES)


def test_other_tools_of_tool_versions() -> None:
    (site,) = _sites(".tool-versions", "helm 3.14.0\n")
    assert (site.kind, site.name, site.raw) == (Kind.VARIABLE, "HELM_VERSION", "3.14.0")


def test_version_files() -> None:
    (site,) = _sites("VERSION", "v1.2.3\n")
    assert (site.name, site.raw, site.role, site.get("scope")) == ("VERSION", "v1.2.3", Role.DECLARES, "file")
    assert [(site.name, site.raw) for site in _sites("VERSION", "stable=v0.14.0\nlatest=v0.15.0\n")] == [
        ("stable", "v0.14.0"),
        ("latest", "v0.15.0"),
    ]
    assert _sites("VERSION", "This is no version\n") == []


def test_versions_in_code_that_declares_them() -> None:
    (site,) = _sites("src/web/__init__.py", '"""Web."""\n__version__ = "1.2.3"\nx = "9.9.9"\n')
    assert (site.raw, site.role) == ("1.2.3", Role.DECLARES)
    (site,) = _sites("web.rb", 'class Web < Formula\n  version "0.9.3"\n')
    assert (site.raw, site.role) == ("0.9.3", Role.DECLARES)
