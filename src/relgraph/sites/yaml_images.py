"""Container images in YAML: ``image:`` keys, and references spread over registry, repository, tag and digest."""

import re
from collections.abc import Iterator
from functools import lru_cache

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import IMAGE, canonical_image
from relgraph.sites.yaml_text import Group, YamlText, key_words
from relgraph.syntax.yaml import Scalar

__all__ = ["image_sites", "is_image_key", "joined_sites", "looks_like_image"]

# A registry and a path: nothing but an image is written so. Anything may stand behind the colon.
_LOCATED = re.compile(
    r"(?:[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost(?::\d+)?)(?:/(?:[\w.-]|\$\{?\w+\}?|\{\{[^{}\n]*+\}\})+)++(?:[:@]\S.*)?"
)
_NO_IMAGE = re.compile(
    r"[./~].*|https?:.*|.*\.(?:png|jpe?g|svg|gif|ico|webp|bmp|iso|qcow2|raw|img|vhdx?|ova)|.*Dockerfile.*|.*\s.*|true|false|null|none"
    r"|ami-[0-9a-f]+|(?:ubuntu|windows|macos|centos|debian|fedora)-(?:latest|\d[\w.-]*)|\d+(?:\.\d+)?",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDER_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|<.*>")
_TAG_KEYS = ("tag", "imageTag", "image_tag", "image-tag")


@lru_cache(maxsize=8192)
def is_image_key(key: str) -> bool:
    """Whether a scalar under this key, or the items of a list under it, are images: ``image``, ``baseImage``, ``NIX_IMAGE``."""
    words = key_words(key)
    return bool(words) and words[-1].endswith(("image", "images"))


def looks_like_image(raw: str) -> bool:
    """Whether a value is an image by its looks alone: with a registry in front."""
    return _LOCATED.fullmatch(raw) is not None and "://" not in raw


def image_sites(yaml: YamlText, scalar: Scalar, *, role: Role = Role.USES) -> Iterator[Site]:
    """The sites of a scalar whose key says that it is an image; nothing where its value is a picture, a path or a machine."""
    raw = yaml.raw(scalar)
    if not raw or len(raw) > 500 or "://" in raw or (_NO_IMAGE.fullmatch(raw) is not None and "{{" not in raw):
        return
    exact = scalar.path[-1] == "image"
    if not exact and not looks_like_image(raw) and "/" not in raw and ":" not in raw:
        return
    if _PLACEHOLDER_NAME.fullmatch(raw) is not None:
        yield yaml.site(scalar, Kind.IMAGE, raw, Part.REPOSITORY, pin=Pin.PLACEHOLDER, role=role, mangled=False, ref=raw)
        return
    yield from yaml.image(scalar, role=role)


def joined_sites(yaml: YamlText, group: Group, *, role: Role = Role.USES, anywhere: bool = False) -> tuple[list[Site], set[int]]:
    """The image that a mapping spells in parts, and the offsets of the scalars that it is made of.

    Read are ``registry``, ``repository`` (or ``image``, or ``name`` under a key that says image), ``tag`` and ``digest`` (or
    ``sha``); the site lies on the tag, where there is none on the repository with pin ABSENT. ``anywhere``: ``repository`` and
    ``tag`` alone suffice, whatever the key above them.
    """
    tag, digest = group.get(*_TAG_KEYS), group.get("digest", "sha", "imageDigest")
    named = is_image_key(group.name)
    repository = group.get("repository", "imageRepository", "image_repository", "imageName", "image")
    if repository is None and named and (tag is not None or digest is not None) and group.get("namespace") is None:
        repository = group.get("name")
    if repository is None or (repository.path[-1] == "image" and tag is None):
        return [], set()
    registry = group.get("registry", "imageRegistry", "image_registry", "hub")
    prefix, raw = yaml.raw(registry).rstrip("/") if registry is not None else "", yaml.raw(repository)
    located = f"{prefix}/{raw}" if prefix else raw
    key = str(repository.path[-1])
    if not (named or prefix or looks_like_image(raw) or key != "repository" or (anywhere and tag is not None)):
        return [], set()
    match = IMAGE.fullmatch(located)
    if match is None or not raw:
        return [], set()
    if match["tag"] is not None or match["digest"] is not None:
        return list(yaml.image(repository, role=role)), {repository.start}
    name, sites, taken = canonical_image(located), [], {repository.start}
    ref = located
    if tag is not None and (written := yaml.raw(tag)):
        ref = f"{located}:{written}"
        sites.append(
            yaml.site(tag, Kind.IMAGE, name, Part.TAG, role=role, mangled=False, ref=ref, repository_key=yaml.key(repository))
        )  # fmt: skip
    if digest is not None and yaml.raw(digest).startswith("sha"):
        sites.append(
            yaml.site(digest, Kind.IMAGE, name, Part.DIGEST, role=role, mangled=False, pin=Pin.DIGEST, ref=ref, repository_key=yaml.key(repository))
        )  # fmt: skip
        taken.add(digest.start)
    if not sites and (tag is not None or named):
        templated = "{{" in raw or "$" in raw
        sites.append(
            yaml.site(
                repository, Kind.IMAGE, name, Part.REPOSITORY, role=role, mangled=False, ref=located,
                pin=Pin.TEMPLATED if templated else Pin.ABSENT, tag_key=yaml.key(tag) if tag is not None else "",
            )
        )  # fmt: skip
    if sites and tag is not None:
        taken.add(tag.start)
    return sites, taken if sites else set()
