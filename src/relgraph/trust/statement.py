"""in-toto statements: that something holds of artifacts named by digest (https://github.com/in-toto/attestation, v1)."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from relgraph.model.jsontext import JsonProblem, dump_go, load_strict
from relgraph.trust.errors import Malformed

__all__ = ["PAYLOAD_TYPE", "STATEMENT", "Statement", "Subject", "parse_statement", "write_statement"]

#: The payload type of a statement in an envelope.
PAYLOAD_TYPE = "application/vnd.in-toto+json"
#: The type of statements that are written; of those that are read, 0.1 means the same.
STATEMENT = "https://in-toto.io/Statement/v1"

_READ = (STATEMENT, "https://in-toto.io/Statement/v0.1")
_HEX = re.compile(r"[0-9a-f]+")
_SIZES = {"sha256": 64, "sha512": 128}
_MOST_SUBJECTS = 1024


class Subject(NamedTuple):
    """An artifact: digests by algorithm, an optional name, and annotations that are text (others are left out)."""

    digests: Mapping[str, str]
    name: str = ""
    annotations: Mapping[str, str] = {}

    def is_of(self, digest: str) -> bool:
        """Whether this is the artifact of ``algorithm:hex``."""
        algorithm, _, value = digest.partition(":")
        return bool(value) and self.digests.get(algorithm) == value


class Statement(NamedTuple):
    """That the predicate, of its type, holds of the subjects."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]

    def subject(self, digest: str) -> Subject | None:
        """The subject with that digest."""
        return next((subject for subject in self.subjects if subject.is_of(digest)), None)


def write_statement(statement: Statement) -> bytes:
    """The statement as compact JSON."""
    subjects = []
    for subject in statement.subjects:
        fields: dict[str, Any] = {"name": subject.name} if subject.name else {}
        fields["digest"] = dict(sorted(subject.digests.items()))
        if subject.annotations:
            fields["annotations"] = dict(sorted(subject.annotations.items()))
        subjects.append(fields)
    return dump_go(
        {
            "_type": STATEMENT,
            "subject": subjects,
            "predicateType": statement.predicate_type,
            "predicate": dict(statement.predicate),
        }
    )


def parse_statement(data: bytes, *, limit: int) -> Statement:
    """The statement of a payload. Raises :class:`~relgraph.trust.errors.Malformed`."""
    try:
        fields = load_strict(data, limit=limit)
    except JsonProblem as problem:
        raise Malformed(f"statement: {problem}") from None
    if not isinstance(fields, dict) or fields.get("_type") not in _READ:
        raise Malformed("statement: not an in-toto statement")
    predicate_type, predicate = fields.get("predicateType"), fields.get("predicate", {})
    if not isinstance(predicate_type, str) or not predicate_type:
        raise Malformed("statement: predicateType is missing")
    if predicate is None:
        predicate = {}
    if not isinstance(predicate, dict):
        raise Malformed("statement: the predicate is no object")
    subjects = fields.get("subject")
    if not isinstance(subjects, list) or not 0 < len(subjects) <= _MOST_SUBJECTS:
        raise Malformed("statement: it has no subject, or too many")
    return Statement(tuple(map(_subject, subjects)), predicate_type, predicate)


def _subject(fields: Any) -> Subject:
    digests = fields.get("digest") if isinstance(fields, dict) else None
    if not isinstance(digests, dict) or not digests:
        raise Malformed("statement: a subject has a digest")
    for algorithm, value in digests.items():
        wanted = _SIZES.get(algorithm)
        if not isinstance(value, str) or (wanted and (len(value) != wanted or _HEX.fullmatch(value) is None)):
            raise Malformed(f"statement: not a digest: {algorithm}:{value!r}")
    name, annotations = fields.get("name") or "", fields.get("annotations") or {}
    if not isinstance(name, str) or not isinstance(annotations, dict):
        raise Malformed("statement: a subject's name is text, its annotations an object")
    return Subject(digests, name, {key: value for key, value in annotations.items() if isinstance(value, str)})
