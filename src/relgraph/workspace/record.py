"""Records: what one release published, as ``releases/<repo>/<version>.yaml`` and as an artifact beside what it records.

A record follows from what was released alone: no time of day, no machine. So a release that is done again, or gone on with, comes to the
same bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.model.record import Item, Record, Withdrawal

__all__ = [
    "API_VERSION",
    "ARTIFACT_TYPE",
    "find_record",
    "read_record",
    "record_path",
    "records_of",
    "withdrawn_records",
    "write_record",
]

API_VERSION = "relgraph.dev/v1"
#: What marks a record in a registry.
ARTIFACT_TYPE = "application/vnd.relgraph.release.v1+yaml"


def write_record(record: Record) -> str:
    """The document."""
    import yaml

    fields: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "Release",
        "metadata": {"repo": record.repo, "version": record.version},
        "tag": record.tag,
        "commit": record.commit,
        "time": record.time,
        "graph": record.graph,
    }
    if record.withdrawn is not None:
        why, instead = record.withdrawn
        fields["withdrawn"] = {"reason": why} | ({"replacement": instead} if instead else {})
    if record.signed_by:
        fields["signedBy"] = list(record.signed_by)
    fields["artifacts"] = [_item(item) for item in record.items]
    text: str = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=4096)
    return text


def _item(item: Item) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "node": item.node,
        "builder": item.builder,
        "reference": item.reference,
        "tag": item.tag,
        "digest": item.digest,
        "mediaType": item.media_type,
        "key": item.key,
    }
    if item.uses:
        fields["uses"] = dict(item.uses)
    return fields


def read_record(data: bytes, *, what: str) -> Record:
    """The record that a document holds; ``what`` names it in messages. Raises DeclarationError, with everything that is wrong."""
    fields = _document(data, what)
    wrong = [
        f"{key} is {fields.get(key)!r}, not {wanted!r}"
        for key, wanted in (("apiVersion", API_VERSION), ("kind", "Release"))
        if fields.get(key) != wanted
    ]
    metadata = _mapping(fields, "metadata", wrong)
    items: list[Item] = []
    artifacts = fields.get("artifacts")
    if not isinstance(artifacts, list):
        wrong.append("artifacts is no list")
    for number, one in enumerate(artifacts if isinstance(artifacts, list) else (), 1):
        if not isinstance(one, dict):
            wrong.append(f"artifact {number} is no mapping")
            continue

        def text(key: str, one: dict[str, Any] = one, where: str = f"artifact {number}: ") -> str:
            return _text(one, key, wrong, where)

        uses = one.get("uses") or {}
        if not isinstance(uses, dict):
            wrong.append(f"artifact {number}: uses is no mapping")
            uses = {}
        used = tuple(sorted((str(key), str(value)) for key, value in uses.items()))
        items.append(
            Item(
                text("node"), text("builder"), text("reference"), text("tag"), text("digest"), text("mediaType"), text("key"), used
            )
        )
    head = {key: _text(fields, key, wrong) for key in ("tag", "commit", "time", "graph")}
    withdrawn = _withdrawal(fields, wrong)
    signed = fields.get("signedBy", [])
    if not isinstance(signed, list) or not all(isinstance(one, str) for one in signed):
        wrong.append("signedBy is no list of texts")
        signed = []
    record = Record(
        _text(metadata, "repo", wrong, "metadata: "),
        _text(metadata, "version", wrong, "metadata: "),
        **head,
        items=tuple(items),
        signed_by=tuple(signed),
        withdrawn=withdrawn,
    )
    if wrong:
        raise DeclarationError(
            f"{what}: {wrong[0]}" if len(wrong) == 1 else f"{what}: {len(wrong)} problems",
            details=tuple(wrong) if len(wrong) > 1 else (),
            hint="records are written by `relgraph release`; take the file from git again",
        )
    return record


def _document(data: bytes, what: str) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        fields = yaml.load(data, loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise DeclarationError(f"{what}: {' '.join(str(problem).split())}") from None
    if not isinstance(fields, dict):
        raise DeclarationError(f"{what}: no record of a release")
    return fields


def _mapping(fields: Mapping[str, Any], key: str, wrong: list[str]) -> Mapping[str, Any]:
    value = fields.get(key)
    if isinstance(value, dict):
        return value
    wrong.append(f"{key} is no mapping")
    return {}


def _withdrawal(fields: Mapping[str, Any], wrong: list[str]) -> Withdrawal | None:
    if "withdrawn" not in fields:
        return None
    found = _mapping(fields, "withdrawn", wrong)
    return Withdrawal(_text(found, "reason", wrong, "withdrawn: "), str(found.get("replacement", "")))


def _text(fields: Mapping[str, Any], key: str, wrong: list[str], where: str = "") -> str:
    value = fields.get(key)
    if isinstance(value, str):
        return value
    wrong.append(f"{where}{key} is {'missing' if value is None else 'no text'}")
    return ""


def record_path(root: Path, repo: str, version: str) -> Path:
    """Where a workspace keeps a record."""
    return root / "releases" / repo / f"{version}.yaml"


def records_of(root: Path, repo: str) -> tuple[Record, ...]:
    """All records of a repository (by its name in the graph), by file name. Raises DeclarationError where one is malformed."""
    folder = root / "releases" / repo
    return tuple(_read(root, path) for path in sorted(folder.glob("*.yaml")))


def withdrawn_records(root: Path) -> tuple[Record, ...]:
    """The records of all repositories that say that their release is withdrawn."""
    paths = sorted((root / "releases").glob("*/*.yaml"))
    return tuple(_read(root, path) for path in paths if b"\nwithdrawn:" in path.read_bytes())


def find_record(root: Path, repo: str, version: str) -> Record | None:
    """The record of a release; None where there is none. Raises DeclarationError where it is malformed, or another release's."""
    path = record_path(root, repo, version)
    if not path.exists():
        return None
    found = _read(root, path)
    if (found.repo, found.version) != (repo, version):
        raise DeclarationError(
            f"{path.relative_to(root)}: it is the record of {found.repo} {found.version}", hint="take it from git again"
        )
    return found


def _read(root: Path, path: Path) -> Record:
    try:
        return read_record(path.read_bytes(), what=str(path.relative_to(root)))
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem
