"""References in Makefiles."""

from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.sites.makefile import EXTRACTOR
from sitetext import brief, by_name, found


def _sites(content: str, path: str = "Makefile") -> list[Site]:
    return found(EXTRACTOR, path, content)


def test_variables_that_hold_versions() -> None:
    sites = by_name(
        _sites("TOOL_VERSION ?= v0.17.3\nLINT_VER := v1.50.1 # pinned\nTAG ?= $(shell git rev-parse HEAD)\nCMD ?= web\nN = 2\n")
    )
    assert set(sites) == {"TOOL_VERSION", "LINT_VER", "TAG"}
    assert (sites["TOOL_VERSION"].raw, sites["TOOL_VERSION"].role, sites["TOOL_VERSION"].get("scope")) == (
        "v0.17.3",
        Role.DEFAULT,
        "make",
    )
    assert (sites["LINT_VER"].raw, sites["LINT_VER"].role) == ("v1.50.1", Role.USES)
    assert sites["TAG"].pin is Pin.COMPUTED


def test_images_literal_and_templated() -> None:
    sites = _sites("BASE = ghcr.io/acme/base:1.2\nIMG ?= ${REGISTRY}/${NAME}:${TAG}\nREGISTRY ?= ghcr.io/acme\n")
    assert brief(sites) == [("image", "ghcr.io/acme/base", "1.2"), ("image", "${REGISTRY}/${NAME}", "${TAG}")]
    assert (sites[1].get("var"), sites[1].role, sites[1].pin) == ("IMG", Role.DEFAULT, Pin.TEMPLATED)


def test_recipes_are_read_as_shell() -> None:
    sites = _sites(
        "tools:\n\tgo install acme.example/tools/cmd/gen@$(GEN_VERSION)\n"
        "$(DIR):\n\tgit clone -b $(GEN_VERSION) https://github.com/acme/gen.git $(DIR)\n"
    )
    assert [(site.name, site.raw, site.key) for site in sites] == [
        ("acme.example/tools", "$(GEN_VERSION)", "target:tools"),
        ("github.com/acme/gen", "$(GEN_VERSION)", "target:$(DIR)"),
    ]


def test_files_in_variables_and_recipes() -> None:
    sites = _sites(
        "REQS=docs/requirements.txt\nDO = ./hack/do.sh\nOUT := bin/web\n\ncheck:\n\tA=b docs/scripts/serve.sh\n\t. $(V)/activate; X=$(Y) hack/x.sh\ninclude extra.mk\n-include gone.mk\n"
    )
    assert [(site.name, site.get("verb")) for site in sites] == [
        ("docs/requirements.txt", "read"),
        ("hack/do.sh", "run"),
        ("docs/scripts/serve.sh", "run"),
        ("hack/x.sh", "run"),
        ("extra.mk", "read"),
    ]
    assert {site.kind for site in sites} == {Kind.FILE}


def test_names_of_makefiles() -> None:
    for path in ("Makefile", "sub/makefile", "GNUmakefile", "Makefile.tools", "build/common.mk"):
        assert _sites("A_VERSION = 1.2.3\n", path), path
    for path in ("makefile.go", "x.sh", "docs/Makefile/x"):
        assert not EXTRACTOR.matches(path) or path == "makefile.go"
