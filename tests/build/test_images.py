"""Images of several platforms, and what one stands on."""

import pytest

from relgraph.build.images import base_of, docker_archive, empty_image, entry_for, index_of
from relgraph.errors import DeclarationError
from relgraph.oci.codecs import rootfs
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.codec import Options
from relgraph.oci.codecs.rootfs import Platform, parse_platform
from relgraph.oci.codecs.tree import tree_of
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.manifest import Index
from relgraph.oci.memory import MemoryRepository


def image(platform: str, content: bytes = b"1") -> Artifact:
    layer = rootfs.tree_layer(tree_of({"a": content}))
    return rootfs.image_of([layer], parse_platform(platform), run={}, options=Options())


def index(*platforms: str) -> Index:
    entries = [Descriptor.of("application/x", one.encode())._replace(platform=parse_platform(one).fields) for one in platforms]
    return Index.make(entries)


@pytest.mark.parametrize(
    ("wanted", "there", "found"),
    [
        ("linux/arm64", ("linux/amd64", "linux/arm64/v8"), "linux/arm64/v8"),
        ("linux/arm64", ("linux/arm64/v9", "linux/arm64"), "linux/arm64"),
        ("linux/arm", ("linux/arm/v6", "linux/arm/v7"), "linux/arm/v7"),
        ("linux/arm", ("linux/arm/v6", "linux/arm/v5"), "linux/arm/v6"),
        ("linux/arm/v6", ("linux/arm/v7", "linux/arm/v6"), "linux/arm/v6"),
        ("linux/arm/v6", ("linux/arm/v7",), None),
        ("linux/s390x", ("linux/amd64",), None),
    ],
)
def test_a_platform_without_a_variant_is_the_usual_one(wanted: str, there: tuple[str, ...], found: str | None) -> None:
    entry = entry_for(index(*there), parse_platform(wanted))
    assert entry == (
        None if found is None else Descriptor.of("application/x", found.encode())._replace(platform=entry and entry.platform)
    )


def test_an_index_within_the_images_gives_its_entries() -> None:
    one, two = Platform("linux", "amd64"), Platform("linux", "arm64")
    inner = index_of([(one, image("linux/amd64")), (two, image("linux/arm64"))], {})
    outer = index_of([(one, inner), (Platform("linux", "s390x"), image("linux/s390x"))], {"a": "b"})
    assert isinstance(outer.root, Index)
    assert [(entry.platform or {})["architecture"] for entry in outer.root.manifests] == ["amd64", "arm64", "s390x"]
    assert inner.root.digest not in {document.digest for document in outer.documents}
    repository = MemoryRepository()
    assert outer.push_to(repository).digest == outer.root.digest


def test_what_is_not_for_a_platform_is_no_base_for_it() -> None:
    repository = MemoryRepository()
    made = image("linux/amd64").push_to(repository)
    with pytest.raises(DeclarationError, match="is for linux/amd64, not for linux/arm64"):
        base_of(repository, made.digest, Platform("linux", "arm64"))
    both = index_of([(Platform("linux", "amd64"), image("linux/amd64")), (Platform("linux", "arm64"), image("linux/arm64"))], {})
    digest = both.push_to(repository).digest
    with pytest.raises(DeclarationError, match="has no image for linux/s390x"):
        base_of(repository, digest, Platform("linux", "s390x"))
    assert base_of(repository, digest, Platform("linux", "arm64")).platform.architecture == "arm64"


def test_an_empty_image_is_the_same_every_time() -> None:
    platform = Platform("linux", "arm", "v7")
    assert b"".join(docker_archive(empty_image(platform), "x:1")) == b"".join(docker_archive(empty_image(platform), "x:1"))
    assert empty_image(platform).history == 0
