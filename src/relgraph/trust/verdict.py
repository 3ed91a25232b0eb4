"""What was found and what follows from it, as frozen values."""

from enum import StrEnum
from typing import Any, NamedTuple

from relgraph.trust.errors import Distrusted

__all__ = ["Evidence", "Role", "Scheme", "Verdict", "require"]


class Scheme(StrEnum):
    """How signed material lies in a repository."""

    BUNDLE = "bundle"  #: sigstore bundles by referrers
    TAG = "tag"  #: cosign's older scheme: manifests under sha256-<hex>.sig and .att


class Role(StrEnum):
    """What signed material is for."""

    SIGNATURE = "signature"
    ATTESTATION = "attestation"


class Evidence(NamedTuple):
    """One piece of signed material and what became of it.

    ``origin`` is the digest of the manifest it came from; ``keys`` are the names of the trusted keys that signed it;
    ``problem`` says why it does not count, and is empty where it does. ``tag`` and ``signed_at`` are what the signer said,
    worth something only where keys are named.
    """

    role: Role
    scheme: Scheme
    origin: str
    predicate_type: str = ""
    keys: tuple[str, ...] = ()
    problem: str = ""
    repository: str = ""
    tag: str = ""
    signed_at: str = ""

    @property
    def good(self) -> bool:
        """Whether it counts."""
        return not self.problem

    def to_json(self) -> dict[str, Any]:
        """The evidence as an object of JSON."""
        fields = {
            "role": self.role.value,
            "scheme": self.scheme.value,
            "origin": self.origin,
            "good": self.good,
            "problem": self.problem,
            "keys": list(self.keys),
            "predicateType": self.predicate_type,
            "repository": self.repository,
            "tag": self.tag,
            "signedAt": self.signed_at,
        }
        return {key: value for key, value in fields.items() if value or key == "good"}


class Verdict(NamedTuple):
    """Whether a policy lets an artifact through. ``reasons`` say why not, all of them, and are empty where it does.

    ``reference`` is what was asked for, ``digest`` what it named and what alone may be used from here on; ``rule`` is the
    name of the policy's rule that decided, empty where none fitted.
    """

    reference: str
    digest: str
    rule: str
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it may be used."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """The verdict as an object of JSON."""
        return {
            "schema": "relgraph.dev/verdict/v1",
            "reference": self.reference,
            "digest": self.digest,
            "trusted": self.good,
            "rule": self.rule,
            "reasons": list(self.reasons),
            "evidence": [item.to_json() for item in self.evidence],
        }


def require(verdict: Verdict) -> Verdict:
    """The verdict, where it is good. Raises :class:`~relgraph.trust.errors.Distrusted` otherwise: whoever unpacks calls this
    first."""
    if not verdict.good:
        raise Distrusted(verdict)
    return verdict
