"""The JSON Schema (draft 2020-12) of findings, as published in ``docs/schema/findings-v1.json``."""

from typing import Any

from relgraph.model.finding import Severity
from relgraph.report.json import SCHEMA

__all__ = ["findings_schema"]

_COUNT = {"type": "integer", "minimum": 0}
_ONE_BASED = {"type": "integer", "minimum": 1}
_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}


def findings_schema() -> dict[str, Any]:
    """The schema. Every property is always there; a later release may add properties, never take one away or change it."""
    place = {
        "repo": {**_TEXT, "description": "short name of the repository"},
        "rev": {**_TEXT, "description": "full commit id, or 'worktree', or 'index'"},
        "path": {**_TEXT, "description": "path within the repository, with '/' between its parts"},
        "line": _ONE_BASED,
        "column": {**_ONE_BASED, "description": "in Unicode code points, from 1"},
    }
    finding = {
        "rule": {**_TEXT, "pattern": "^RG[0-9]{3}$", "description": "code of the rule; `relgraph explain CODE` says what it means"},
        "name": {**_TEXT, "description": "name of the rule"},
        "severity": {"enum": [severity.value for severity in Severity]},
        "node": {**_TEXT, "description": "what the reference is about"},
        "message": {**_TEXT, "description": "one sentence: what is wrong at this place"},
        "expected": {**_TEXT_OR_NULL, "description": "the value that should be written here, where there is one"},
        "actual": {**_TEXT_OR_NULL, "description": "the value that is written here, where there is one"},
        "why": {"type": "array", "items": _TEXT, "description": "the reasons for the expected value, most general first"},
        "fingerprint": {
            **_TEXT,
            "description": "stays the same when lines move: sha256 over rule, node, path and surrounding text",
        },
        "site": _object({**place, "end_line": _ONE_BASED, "end_column": {**_ONE_BASED, "description": "exclusive"}}),
        "related": {"type": "array", "items": _object(place), "description": "other places that take part in the reasons"},
        "fix": {
            "description": "replacing the text of the site settles the finding",
            "anyOf": [{"type": "null"}, _object({"replace": _TEXT, "with": _TEXT})],
        },
    }
    summary = {
        **{severity.value: _COUNT for severity in Severity},
        "waived": {**_COUNT, "description": "findings that a waiver covers; they are not in the list"},
        "files": {**_COUNT, "description": "files read"},
        "sites": {**_COUNT, "description": "references found in them"},
        "seconds": {"type": "number", "minimum": 0},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://{SCHEMA}.json",
        "title": "relgraph findings",
        **_object(
            {
                "schema": {"const": SCHEMA},
                "findings": {"type": "array", "items": _object(finding)},
                "summary": _object(summary),
            }
        ),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}
