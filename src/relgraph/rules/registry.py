"""All rules, in order of their codes. A new rule is one module with ``RULE`` and one line here."""

from relgraph.rules import (
    chart_triple,
    derived_source,
    generator_version,
    lockstep,
    reference_mismatch,
    released_with,
    self_reference,
    sibling_compatibility,
    toolchain_minimum,
)
from relgraph.rules.rule import Rule

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    reference_mismatch.RULE,
    self_reference.RULE,
    chart_triple.RULE,
    lockstep.RULE,
    generator_version.RULE,
    derived_source.RULE,
    toolchain_minimum.RULE,
    sibling_compatibility.RULE,
    released_with.RULE,
    self_reference.PENDING,
)
