"""Kustomize, as far as images go: ``edit set image`` on a kustomization, and the images in what ``build`` prints.

A build is not rendered: its resources are put together as they are written, with the names and tags of images replaced as
the kustomizations along the way ask. That is enough to know which images a derived file will hold, and where each comes from.
"""

import posixpath
from typing import NamedTuple

from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.references import image_lines, split_reference
from relgraph.pipeline.state import Files
from relgraph.pipeline.value import is_known
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml

__all__ = ["Built", "build", "kustomization_path", "set_image"]

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_MAX_FILES = 400
_MAX_DEPTH = 12


class BuiltImage(NamedTuple):
    """An image in the result: name, tag (empty: none), and the line of the tree that it comes from."""

    repository: str
    tag: str
    source: Spot | None


class Built(NamedTuple):
    """The text of a build and the images in it; ``complete`` unless something could not be read (a remote base)."""

    text: str
    images: tuple[BuiltImage, ...]
    complete: bool


class _Override(NamedTuple):
    name: str
    new_name: str | None
    new_tag: str | None
    digest: str | None


def kustomization_path(files: Files, folder: str) -> str | None:
    """The kustomization file of a folder."""
    return next((path for name in _NAMES if files.is_file(path := posixpath.join(folder, name))), None)


def set_image(text: str, argument: str) -> tuple[str, str]:
    """A kustomization after ``edit set image ARGUMENT``, and the lines that were set.

    ``ARGUMENT`` is ``name=new/name:tag``, ``name=new/name@digest``, ``name=:tag``, ``name=*:tag`` or ``name:tag``.
    """
    name, equals, reference = argument.partition("=")
    overrides = _overrides(read_yaml(text))
    before = next((override for override in overrides if override.name == (name if equals else split_reference(argument)[0])), None)
    if not equals:
        name, tag, digest = split_reference(argument)
        new = ""
    else:
        new, tag, digest = split_reference(reference)
        # An asterisk keeps what was there; anything else that is not given is dropped.
        if new == "*":
            new = (before.new_name or "") if before is not None else ""
        if tag == "*":
            tag = (before.new_tag or "") if before is not None else ""
        new = "" if new == name else new
    kept = [override for override in overrides if override.name != name]
    made = _Override(name, new or None, tag or None, digest or None)
    block = ["images:"]
    for override in [*kept, made]:
        block.append(f"- name: {override.name}")
        block += [
            f"  {key}: {value}"
            for key, value in (("newName", override.new_name), ("newTag", override.new_tag), ("digest", override.digest))
            if value
        ]
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        if line.rstrip() == "images:" or line.startswith("images:"):
            inside = True
            continue
        if inside and line[:1] in (" ", "-"):
            continue
        inside = False
        lines.append(line)
    shown = (
        f"{made.new_name or made.name}:{made.new_tag}"
        if made.new_tag
        else f"{made.new_name or made.name}@{made.digest}"
        if made.digest
        else made.new_name or made.name
    )
    return "\n".join(lines).rstrip("\n") + "\n" + "\n".join(block) + "\n", shown


def _overrides(root: YamlNode | None) -> list[_Override]:
    if root is None:
        return []
    return [
        _Override(image.string("name") or "", image.string("newName"), image.string("newTag"), image.string("digest"))
        for image in root.maps("images")
        if image.string("name")
    ]


def build(files: Files, folder: str) -> Built | None:
    """What ``kustomize build FOLDER`` would put together; None where there is no kustomization."""
    path = kustomization_path(files, folder)
    if path is None:
        return None
    texts: list[str] = []
    images: list[BuiltImage] = []
    budget = [_MAX_FILES]
    complete = _collect(files, folder, path, [], texts, images, budget, 0)
    return Built("---\n".join(texts), tuple(images), complete)


def _collect(
    files: Files,
    folder: str,
    path: str,
    outer: list[list[_Override]],
    texts: list[str],
    images: list[BuiltImage],
    budget: list[int],
    depth: int,
) -> bool:
    text = files.read(path)
    root = read_yaml(text) if text is not None else None
    if root is None or depth > _MAX_DEPTH:
        return False
    complete = not files.is_opaque(path)
    chain = [_overrides(root), *outer]
    wanted = [
        node.text
        for key in ("resources", "bases", "components", "patchesStrategicMerge", "configurations")
        for node in root.strings(key)
    ]
    wanted += [found for patch in root.maps("patches") if (found := patch.string("path")) is not None]
    for entry in wanted:
        if "\n" in entry:
            texts.append(_replaced(files, None, entry, chain, images))
            continue
        if "://" in entry or entry.startswith(("github.com/", "git@")) or not is_known(entry):
            complete = False
            continue
        target = posixpath.normpath(posixpath.join(folder, entry))
        inner = kustomization_path(files, target)
        budget[0] -= 1
        if budget[0] < 0:
            return False
        if inner is not None:
            complete = _collect(files, target, inner, chain, texts, images, budget, depth + 1) and complete
        elif files.is_file(target):
            texts.append(_replaced(files, target, files.read(target) or "", chain, images))
            complete = complete and not files.is_opaque(target)
        else:
            complete = False
    return complete


def _replaced(files: Files, path: str | None, text: str, chain: list[list[_Override]], images: list[BuiltImage]) -> str:
    out: list[str] = []
    position = 0
    original = files.subject.text(path) if path is not None and path not in files.written else None
    for value, start, end in image_lines(text):
        repository, tag, digest = split_reference(value)
        for overrides in chain:
            for override in overrides:
                if override.name != repository:
                    continue
                repository = override.new_name or repository
                if override.digest is not None:
                    tag, digest = "", override.digest
                elif override.new_tag is not None:
                    tag, digest = override.new_tag, ""
                break
        out += [text[position:start], repository, f":{tag}" if tag else "", f"@{digest}" if digest else ""]
        position = end
        spot = Spot(original.path, original.span(start, end)) if original is not None else None
        images.append(BuiltImage(repository, tag, spot))
    out.append(text[position:])
    return "".join(out).rstrip("\n") + "\n"
