"""What goes wrong with keys and signed material.

RelgraphError
|-- Refused
|   `-- Distrusted            a verdict was bad; carries it
|-- DeclarationError
|   |-- PolicyProblem         a policy cannot be read; carries the place
|   `-- KeyProblem            a key cannot be used: its form, its password, its algorithm
`-- EnvironmentFailure
    `-- Malformed             signed material that is not in its format
"""

from typing import TYPE_CHECKING

from relgraph.errors import DeclarationError, EnvironmentFailure, Refused

if TYPE_CHECKING:
    from relgraph.trust.verdict import Verdict

__all__ = ["Distrusted", "KeyProblem", "Malformed", "PolicyProblem"]


class KeyProblem(DeclarationError):
    """A key that cannot be used."""


class PolicyProblem(DeclarationError):
    """A policy that cannot be read; ``where`` is the address in it, such as ``rules[0].signatures``."""

    def __init__(self, path: str, where: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{path}: {where}: {reason}" if where else f"{path}: {reason}", hint=hint)
        self.path = path
        self.where = where


class Malformed(EnvironmentFailure):
    """An envelope, statement, payload or bundle that is not in its format."""


class Distrusted(Refused):
    """Something that policy does not let through; ``verdict`` says why, with the evidence."""

    def __init__(self, verdict: "Verdict") -> None:
        reasons = "; ".join(verdict.reasons)
        super().__init__(
            f"{verdict.reference}: not trusted: {reasons}",
            hint="nothing of it was unpacked; `relgraph store.verify` shows the evidence",
        )
        self.verdict = verdict
