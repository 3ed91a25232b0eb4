"""Findings as SARIF 2.1.0, for code scanning services and editors.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0 plus Errata 01; section numbers below are its.
Output names no folder of the machine: base URIs are declared without their absolute value, as 3.14.14 allows.
"""

from json import dumps
from typing import Any
from urllib.parse import quote

from relgraph.model.finding import Finding, Place, Report
from relgraph.report.clean import decodable, visible
from relgraph.report.view import About, View

__all__ = ["document", "render"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


def render(report: Report, view: View) -> str:
    """The log of one run as text."""
    return dumps(document(report, view), indent=1) + "\n"


def document(report: Report, view: View) -> dict[str, Any]:
    """The log as values. Rules that ran without a finding are described too, so that a viewer can say what was checked."""
    rules = _rules(report, view)
    index = {about.code: number for number, about in enumerate(rules)}
    driver: dict[str, Any] = {"name": "relgraph", "rules": [_descriptor(about) for about in rules]}
    if view.version:
        driver["version"] = view.version
    places = [place for finding in report.findings for place in (finding.place, *finding.related)]
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The folder that relgraph ran in."}},
            **{
                base: {"description": {"text": f"The root of the repository {base.strip('%')}."}}
                for base in sorted({_base(place, view)[0] for place in places} - {_ROOT})
            },
        },
        "results": [_result(finding, index[finding.rule], view) for finding in report.findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(report: Report, view: View) -> list[About]:
    known = {about.code: about for about in view.rules}
    for finding in report.findings:
        known.setdefault(finding.rule, About(finding.rule, finding.name, finding.severity, finding.name))
    return [known[code] for code in sorted(known)]


def _descriptor(about: About) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "id": decodable(about.code),
        "name": decodable(about.name),
        "shortDescription": {"text": _text(about.summary)},
        "defaultConfiguration": {"level": about.severity.value},
    }
    if about.explanation:
        descriptor["help"] = {"text": decodable(about.explanation), "markdown": decodable(about.explanation)}
    return descriptor


def _result(finding: Finding, index: int, view: View) -> dict[str, Any]:
    location = _location(finding.place, view)
    location["logicalLocations"] = [{"fullyQualifiedName": decodable(finding.node)}]
    facts = {"expected": finding.expected, "actual": finding.actual, "rev": finding.place.rev}
    result: dict[str, Any] = {
        "ruleId": decodable(finding.rule),
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": _text(". ".join([finding.message.rstrip("."), *finding.why]))},
        "locations": [location],
        "properties": {name: decodable(value) for name, value in facts.items() if value is not None},
    }
    if finding.fingerprint:
        result["partialFingerprints"] = {"relgraphSite/v1": decodable(finding.fingerprint)}
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(place, view)} for number, place in enumerate(dict.fromkeys(finding.related), 1)
        ]
    if finding.fix is not None:
        replacement = {
            "deletedRegion": _region(finding.place),
            "insertedContent": {"text": decodable(finding.fix.replacement)},
        }
        change = {"artifactLocation": _artifact(finding.place, view), "replacements": [replacement]}
        result["fixes"] = [
            {"description": {"text": f"Write {_text(finding.fix.replacement) or 'nothing'}."}, "artifactChanges": [change]}
        ]
    return result


def _location(place: Place, view: View) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(place, view), "region": _region(place)}}


def _artifact(place: Place, view: View) -> dict[str, Any]:
    base, path = _base(place, view)
    return {"uri": _uri(path), "uriBaseId": base}


def _base(place: Place, view: View) -> tuple[str, str]:
    """The base and the path from there: the working folder for what lies in it, else the repository's root."""
    folder = view.folders.get(place.repo)
    if folder is None or folder.startswith(("..", "/")):
        return f"%{visible(place.repo)}%", place.path
    return _ROOT, f"{folder.rstrip('/')}/{place.path}" if folder.strip("/") else place.path


def _region(place: Place) -> dict[str, int]:
    span = place.span
    return {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}


def _uri(path: str) -> str:
    # A URI holds bytes (RFC 3986, section 2.1): a path that is no UTF-8 keeps its own.
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = decodable(path).encode("utf-8")
    return quote(data, safe="/")


def _text(text: str) -> str:
    """A plain text message (3.11.3); what would be read as an embedded link (3.11.6) is escaped."""
    shown = visible(text)
    return shown.replace("[", "\\[").replace("]", "\\]") if "](" in shown else shown
