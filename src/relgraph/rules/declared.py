"""The rules that a declared graph makes possible, in order of their codes. A new rule is one module and one line here."""

from relgraph.rules import (
    chart_fields,
    declared_edges,
    declared_follow,
    declared_range,
    declared_sites,
    fixed_build,
    never_released,
    no_builder,
    own_literal,
    published_content,
    published_names,
    stamped_literal,
    two_versions,
    undeclared_artifact,
    version_cycle,
    waivers,
    withdrawn,
)
from relgraph.rules.rule import Rule

__all__ = ["DECLARED"]

DECLARED: tuple[Rule, ...] = (
    undeclared_artifact.RULE,
    no_builder.RULE,
    own_literal.RULE,
    declared_edges.UNSHOWN,
    declared_edges.UNDECLARED,
    declared_range.RULE,
    two_versions.RULE,
    waivers.UNUSED,
    waivers.EXPIRED,
    declared_follow.RULE,
    declared_sites.MISSING,
    declared_sites.LOST,
    declared_sites.AMBIGUOUS,
    declared_sites.DRIFTED,
    chart_fields.RULE,
    fixed_build.RULE,
    stamped_literal.RULE,
    never_released.RULE,
    version_cycle.RULE,
    published_names.MISSING,
    published_names.MOVED,
    published_names.EXTRA,
    published_content.CHART,
    published_content.PLATFORMS,
    published_content.UNSIGNED,
    published_content.DIFFERENT,
    withdrawn.RULE,
)
