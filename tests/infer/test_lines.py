"""Version lines: what names alone say."""

import pytest

from relgraph.infer.lines import basename, git_line, image_line, module_line, stem


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("github.com/Acme/Web", "github.com/acme/web"),
        ("github.com/acme/web/v2", "github.com/acme/web"),
        ("github.com/acme/web/sub", "github.com/acme/web//sub"),
        ("k8s.io/client-go", "github.com/kubernetes/client-go"),
        ("sigs.k8s.io/controller-tools", "github.com/kubernetes-sigs/controller-tools"),
        ("open-thing.example/api", "github.com/open-thing-example/api"),
        ("example", "module:example"),
    ],
)
def test_a_module_path_leads_to_its_repository(module: str, line: str) -> None:
    assert module_line(module) == line


def test_an_installed_package_belongs_to_the_module_at_the_root() -> None:
    assert module_line("github.com/acme/gen/cmd/gen", package=True) == "github.com/acme/gen"
    assert (
        module_line("sigs.k8s.io/controller-tools/cmd/controller-gen", package=True)
        == "github.com/kubernetes-sigs/controller-tools"
    )


@pytest.mark.parametrize(
    ("variable", "word"),
    [
        ("KUBECTL_VERSION", "kubectl"),
        ("ADD_ON_IMAGE_TAG", "add-on"),
        ("kubectlVersion", "kubectl"),
        ("DEFAULT_HELM_VERSION", "helm"),
        ("GEN_VER", "gen"),
        ("VERSION", ""),
        ("image.tag", ""),
        ("web.image.tag", ""),
    ],
)
def test_a_variable_is_named_for_what_its_version_is_of(variable: str, word: str) -> None:
    assert stem(variable) == word


def test_names_of_one_thing_share_a_basename() -> None:
    assert basename("oci://ghcr.io/acme/web-chart") == basename("github.com/acme/web.git") == basename("ghcr.io/acme/web") == "web"


def test_toolchain_images_are_the_toolchain() -> None:
    assert image_line("docker.io/library/golang").name == "toolchain:go"
    assert image_line("ghcr.io/acme/golang").name == "image:ghcr.io/acme/golang"
    assert git_line("github.com/Acme/Web.git/") == "github.com/acme/web"
