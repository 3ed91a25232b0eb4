"""All rules, in order of their codes: those that need no declaration, and those that one makes possible."""

from relgraph.rules.declared import DECLARED
from relgraph.rules.rule import Rule
from relgraph.rules.scanned import SCANNED

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (*SCANNED, *DECLARED)
