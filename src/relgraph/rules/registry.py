"""All rules, in order of their codes. A new rule is one module with ``RULE`` and one line here."""

from relgraph.rules import (
    action_map,
    action_pin_comment,
    artifact_home,
    chart_triple,
    chart_value_unknown,
    derived_source,
    floating_reference,
    generator_version,
    lockstep,
    missing_file,
    name_not_in_release,
    nonexistent_path,
    nonexistent_ref,
    outdated_sibling,
    reference_mismatch,
    released_with,
    self_reference,
    sibling_compatibility,
    toolchain_minimum,
    url_contradiction,
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
    url_contradiction.RULE,
    action_pin_comment.RULE,
    action_map.RULE,
    released_with.RULE,
    artifact_home.RULE,
    nonexistent_ref.RULE,
    nonexistent_path.RULE,
    self_reference.PENDING,
    name_not_in_release.RULE,
    chart_value_unknown.RULE,
    missing_file.RULE,
    floating_reference.RULE,
    outdated_sibling.RULE,
    outdated_sibling.SUPERSEDED,
)
