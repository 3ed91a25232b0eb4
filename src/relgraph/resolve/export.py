"""The lock in the form of other tools: imgpkg's ImagesLock and Helm's Chart.lock.

ImagesLock: https://carvel.dev/imgpkg/docs/latest/resources/#imageslock. Chart.lock: Helm compares its ``digest`` with a
SHA-256 over Go's JSON of the two lists *requirements of Chart.yaml* and *locked dependencies* (``internal/resolver`` there);
``helm dependency build`` refuses a file in which they disagree.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from relgraph.errors import DeclarationError
from relgraph.model.jsontext import dump_go
from relgraph.resolve.lock import Lock, Locked

__all__ = ["chart_lock", "chart_lock_digest", "images_lock"]

# The fields of a chart's dependency, in the order of Helm's struct, with what an absent one is written as (None: not at all).
_DEPENDENCY: tuple[tuple[str, Any], ...] = (
    ("name", ""),
    ("version", None),
    ("repository", ""),
    ("condition", None),
    ("tags", None),
    ("enabled", None),
    ("import-values", None),
    ("alias", None),
)
# What YAML 1.1 and 1.2 both read as the text it is, without quotes.
_PLAIN = re.compile(r"[A-Za-z][\w./@:-]*[\w/]|\d+\.\d+\.\d+[\w.-]*", re.ASCII)
_WORDS = frozenset("true false yes no on off null y n".split())


def images_lock(entries: Iterable[Locked]) -> bytes:
    """An ImagesLock of the entries that lie in a registry, sorted by name.

    Every image is ``repository@digest``; its annotations are those of the entry, and ``kbld.carvel.dev/id`` gives the
    reference that was asked for.
    """
    lines = ["---", "apiVersion: imgpkg.carvel.dev/v1alpha1"]
    images: list[str] = []
    for entry in sorted(entries, key=lambda item: item.name):
        repository = entry.source.removeprefix("oci://")
        if not entry.source.startswith("oci://") or not entry.pin.digest.startswith("sha"):
            continue
        annotations = {**entry.pin.annotations, "kbld.carvel.dev/id": f"{repository}:{entry.tag}", "relgraph.dev/name": entry.name}
        images.append("- annotations:")
        images += [f"    {_scalar(key)}: {_scalar(value)}" for key, value in sorted(annotations.items())]
        images.append(f"  image: {_scalar(f'{repository}@{entry.pin.digest}')}")
    lines += ["images:", *images] if images else ["images: []"]
    return "\n".join([*lines, "kind: ImagesLock", ""]).encode()


def chart_lock(requirements: Sequence[Mapping[str, Any]], lock: Lock, names: Sequence[str], *, generated: datetime) -> bytes:
    """The Chart.lock of a chart whose Chart.yaml has ``requirements`` as its dependencies.

    ``names`` are the lock's entries that answer them, in the same order; ``generated`` is the time to write down (Helm does
    not read it). Raises :class:`~relgraph.errors.DeclarationError` where an entry is missing.
    """
    if len(names) != len(requirements):
        raise DeclarationError(f"{len(requirements)} dependencies and {len(names)} lock entries", hint="each has one entry")
    locked: list[dict[str, Any]] = []
    for requirement, name in zip(requirements, names, strict=True):
        entry = lock.get(name)
        if entry is None:
            raise DeclarationError(f"{requirement.get('name')}: {name} is not locked", hint="resolve first")
        locked.append({"name": requirement["name"], "version": entry.version, "repository": requirement.get("repository", "")})
    lines = ["dependencies:"] if locked else ["dependencies: []"]
    for dependency in locked:
        lines.append(f"- name: {_scalar(dependency['name'])}")
        lines.append(f"  repository: {_scalar(dependency['repository'])}")
        lines.append(f"  version: {_scalar(dependency['version'])}")
    lines.append(f"digest: {chart_lock_digest(requirements, locked)}")
    moment = generated.astimezone(UTC).isoformat(timespec="microseconds" if generated.microsecond else "seconds")
    lines.append(f'generated: "{moment.replace("+00:00", "Z")}"')
    return "\n".join([*lines, ""]).encode()


def chart_lock_digest(requirements: Sequence[Mapping[str, Any]], locked: Sequence[Mapping[str, Any]]) -> str:
    """Helm's digest over requirements and what they are locked to: ``sha256:<hex>``."""
    both = [[_dependency(item) for item in requirements], [_dependency(item) for item in locked]]
    return f"sha256:{hashlib.sha256(dump_go(both)).hexdigest()}"


def _dependency(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item.get(key) or absent for key, absent in _DEPENDENCY if item.get(key) or absent is not None}


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and ": " not in text:
        return text
    # A JSON string is a double-quoted scalar of YAML.
    return dump_go(text).decode()
