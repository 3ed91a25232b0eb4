"""Images that commands name."""

import pytest

from relgraph.model.site import Kind, Role, Site
from relgraph.sites.shell import EXTRACTOR
from sitetext import found


def _images(content: str) -> list[Site]:
    return [site for site in found(EXTRACTOR, "x.sh", content) if site.kind is Kind.IMAGE]


@pytest.mark.parametrize(
    ("line", "name", "raw"),
    [
        ("docker pull golang:1.24", "docker.io/library/golang", "1.24"),
        ("docker run --rm -it -p 8080:80 -v $PWD:/src:ro -e A=b --name x nginx:1.27 ls /a:b", "docker.io/library/nginx", "1.27"),
        ("podman run --network host quay.io/acme/web", "quay.io/acme/web", "quay.io/acme/web"),
        ("$(CONTAINER_TOOL) push ghcr.io/acme/web:${TAG}", "ghcr.io/acme/web", "${TAG}"),
        ("kind load --name c docker-image acme/web:dev", "docker.io/acme/web", "dev"),
        ("kind create cluster --image kindest/node:v1.30.0", "docker.io/kindest/node", "v1.30.0"),
        ("k3d image import acme/web:1.2 -c cluster", "docker.io/acme/web", "1.2"),
        ("kubectl run x --image=busybox:1.36 -- sh", "docker.io/library/busybox", "1.36"),
        ("kubectl set image deploy/web web=acme/web:1.2", "docker.io/acme/web", "1.2"),
        ("kustomize edit set image controller=ghcr.io/acme/web:1.2", "ghcr.io/acme/web", "1.2"),
        ("crane digest ghcr.io/acme/web:1.2", "ghcr.io/acme/web", "1.2"),
        ("cosign verify --key k ghcr.io/acme/web:1.2", "ghcr.io/acme/web", "1.2"),
    ],
)
def test_tools_of_images(line: str, name: str, raw: str) -> None:
    sites = _images(line)
    assert [(site.name, site.raw) for site in sites] == [(name, raw)]


def test_what_is_pushed_or_tagged_is_declared() -> None:
    source, target = _images("docker tag ko.local/web:dev ghcr.io/acme/web:1.2")
    assert (source.raw, source.role) == ("dev", Role.USES)
    assert (target.raw, target.role) == ("1.2", Role.DECLARES)
    assert _images("docker push ghcr.io/acme/web:1.2")[0].role is Role.DECLARES
    assert [site.raw for site in _images("docker build -t a/b:1 --tag a/b:2 -f x .")] == ["1", "2"]


@pytest.mark.parametrize(
    "line", ["docker push ${IMG}", "docker ps -a", "docker build .", "docker", "kind delete cluster", "docker load -i x.tar"]
)
def test_no_literal_image_no_site(line: str) -> None:
    assert _images(line) == []


def test_paths_with_versions_as_tags_are_images_wherever_they_stand() -> None:
    sites = _images('images=(\n  "acme/k3s:v1.27.2-k3s1"\n  acme/x/y:1.0.0\n)\nhelm install a b/c --set "x.image=acme/z:2.0"\n')
    assert [(site.name, site.raw) for site in sites] == [
        ("docker.io/acme/k3s", "v1.27.2-k3s1"),
        ("docker.io/acme/x/y", "1.0.0"),
        ("docker.io/acme/z", "2.0"),
    ]
    assert _images("see a/b.go:12.5 http://x/y:1.2 /a/b:1.2 x:1.2 a/b:1.2/c") == []


def test_names_that_say_image_take_short_images() -> None:
    sites = _images(
        "K3D_IMAGE=acme/k3s:v1.32.13-k3s1\nx_image=nginx:1.27\nB_IMAGE=${B_IMAGE:-acme/binfmt:qemu-v7.0.0}\nIMAGE_NAME=a:1.2\n"
    )
    assert [(site.name, site.raw) for site in sites] == [
        ("docker.io/acme/k3s", "v1.32.13-k3s1"),
        ("docker.io/library/nginx", "1.27"),
        ("docker.io/acme/binfmt", "qemu-v7.0.0"),
    ]
