"""What attestations say: signatures, SLSA provenance, SBOMs; how their documents are recognised and checked.

SLSA provenance v1: https://slsa.dev/spec/v1.0/provenance. SPDX 2.x: https://spdx.github.io/spdx-spec. CycloneDX 1.x:
https://cyclonedx.org/specification/overview. Only what a reader relies on is checked: the fields that say what it is, and
those that a policy asks for.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from relgraph.errors import DeclarationError
from relgraph.model.jsontext import JsonProblem, load_strict

__all__ = [
    "CYCLONEDX",
    "PREDICATES",
    "SIGNATURE",
    "SLSA",
    "SPDX",
    "Predicate",
    "builder_of",
    "check_predicate",
    "predicate_type",
    "provenance",
    "read_document",
]

#: A bundle that is a signature, and nothing but that.
SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
SLSA = "https://slsa.dev/provenance/v1"
SPDX = "https://spdx.dev/Document"
CYCLONEDX = "https://cyclonedx.org/bom"

_LIMIT = 64 << 20


class Predicate(NamedTuple):
    """A kind of predicate: its short name, its type, and the media type of its document as an artifact of its own."""

    name: str
    type: str
    media_type: str = ""


#: Those with short names.
PREDICATES = (
    Predicate("slsa-provenance", SLSA),
    Predicate("spdx", SPDX, "application/spdx+json"),
    Predicate("cyclonedx", CYCLONEDX, "application/vnd.cyclonedx+json"),
)


def predicate_type(word: str) -> str:
    """The type that a word stands for: a short name, or the type itself (a URI). Raises DeclarationError."""
    for predicate in PREDICATES:
        if word == predicate.name:
            return predicate.type
    if "://" not in word:
        known = ", ".join(predicate.name for predicate in PREDICATES)
        raise DeclarationError(f"{word!r} is no type of predicate", hint=f"write one of {known}, or a URI")
    return word


def check_predicate(kind: str, predicate: Mapping[str, Any]) -> str:
    """Why a predicate is not one of its type; empty where it is, and for types that are not known here."""
    check = _CHECKS.get(kind)
    return check(predicate) if check is not None else ""


def read_document(data: bytes, kind: str, *, what: str) -> dict[str, Any]:
    """The predicate in a file. Raises :class:`~relgraph.errors.DeclarationError` where it is not of its type."""
    try:
        predicate = load_strict(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise DeclarationError(f"{what}: {problem}", hint="a predicate is a JSON document") from None
    if not isinstance(predicate, dict):
        raise DeclarationError(f"{what}: not a JSON object")
    problem_found = check_predicate(kind, predicate)
    if problem_found:
        raise DeclarationError(f"{what}: not {kind}: {problem_found}")
    return predicate


def provenance(
    *, build_type: str, builder: str, parameters: Mapping[str, Any], dependencies: Mapping[str, str], invocation: str = ""
) -> dict[str, Any]:
    """SLSA provenance: how something was built, by whom, from what. ``dependencies`` are digests (``sha256:...``) or commits
    by URI."""
    resolved = []
    for uri, digest in sorted(dependencies.items()):
        algorithm, _, value = digest.rpartition(":")
        resolved.append({"uri": uri, "digest": {algorithm or "gitCommit": value}})
    definition: dict[str, Any] = {"buildType": build_type, "externalParameters": dict(parameters)}
    if resolved:
        definition["resolvedDependencies"] = resolved
    details: dict[str, Any] = {"builder": {"id": builder}}
    if invocation:
        details["metadata"] = {"invocationId": invocation}
    return {"buildDefinition": definition, "runDetails": details}


def builder_of(predicate: Mapping[str, Any]) -> str:
    """Who built it, by a provenance; empty where it does not say."""
    details = predicate.get("runDetails")
    builder = details.get("builder") if isinstance(details, dict) else None
    found = builder.get("id") if isinstance(builder, dict) else None
    return found if isinstance(found, str) else ""


def _check_slsa(predicate: Mapping[str, Any]) -> str:
    definition = predicate.get("buildDefinition")
    if not isinstance(definition, dict) or not isinstance(definition.get("buildType"), str) or not definition["buildType"]:
        return "buildDefinition.buildType is missing"
    if not isinstance(definition.get("externalParameters"), dict):
        return "buildDefinition.externalParameters is missing"
    return "" if builder_of(predicate) else "runDetails.builder.id is missing"


def _check_spdx(predicate: Mapping[str, Any]) -> str:
    version = predicate.get("spdxVersion")
    return "" if isinstance(version, str) and version.startswith("SPDX-") else "spdxVersion is missing"


def _check_cyclonedx(predicate: Mapping[str, Any]) -> str:
    if predicate.get("bomFormat") != "CycloneDX":
        return "bomFormat is not CycloneDX"
    return "" if isinstance(predicate.get("specVersion"), str) else "specVersion is missing"


_CHECKS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    SLSA: _check_slsa,
    SPDX: _check_spdx,
    CYCLONEDX: _check_cyclonedx,
}
