"""References in go.mod and go.work."""

from relgraph.model.site import Kind, Pin, Role
from relgraph.sites.go_module import EXTRACTOR
from sitetext import found


def test_requirements_toolchains_and_replacements() -> None:
    sites = found(
        EXTRACTOR,
        "sub/go.mod",
        "module acme.example/web\ngo 1.24\ntoolchain go1.24.7\nrequire (\n\tacme.example/a v1.0.0\n\tacme.example/b v0.0.0-20240102030405-0123456789ab // indirect\n)\n"
        "replace acme.example/a => acme.example/fork v1.0.1\nreplace acme.example/b => ../lib\nreplace acme.example/c => ../../out\n",
    )
    assert [(site.kind, site.name, site.raw, site.role) for site in sites] == [
        (Kind.TOOLCHAIN, "go", "1.24", Role.MINIMUM),
        (Kind.TOOLCHAIN, "go", "go1.24.7", Role.USES),
        (Kind.MODULE, "acme.example/a", "v1.0.0", Role.USES),
        (Kind.MODULE, "acme.example/b", "v0.0.0-20240102030405-0123456789ab", Role.USES),
        (Kind.MODULE, "acme.example/fork", "v1.0.1", Role.USES),
        (Kind.FILE, "lib", "../lib", Role.USES),
        (Kind.FILE, "../../out", "../../out", Role.USES),
    ]
    assert (sites[1].value, sites[1].key) == ("1.24.7", "toolchain")
    assert (sites[3].get("indirect"), sites[3].get("pseudo"), sites[3].pin) == ("1", "0123456789ab", Pin.EXACT)
    assert sites[4].get("replaces") == "acme.example/a"
    assert (sites[5].get("resolved"), sites[6].get("resolved")) == ("lib", "")


def test_workspace_files() -> None:
    sites = found(EXTRACTOR, "go.work", "go 1.24\nuse ./web\n")
    assert [(site.name, site.raw) for site in sites] == [("go", "1.24"), ("web", "./web")]


def test_the_files_that_are_read() -> None:
    assert EXTRACTOR.matches("a/go.mod")
    assert not EXTRACTOR.matches("a/go.sum")
    assert not EXTRACTOR.matches("a/x.go")
