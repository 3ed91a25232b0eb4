"""The rules that need no declaration, in order of their codes. A new rule is one module with ``RULE`` and one line here."""

from relgraph.rules import (
    action_family,
    action_map,
    action_pin_comment,
    argument_kind,
    artifact_home,
    build_arg,
    chart_readme,
    chart_triple,
    chart_value_unknown,
    dangling_id,
    derived_source,
    floating_reference,
    generator_version,
    leaked_build,
    lockstep,
    make_override,
    missing_file,
    misspelt_variable,
    module_path,
    name_not_in_release,
    nonexistent_path,
    nonexistent_ref,
    outdated_sibling,
    published_mismatch,
    pushed_elsewhere,
    reference_mismatch,
    released_with,
    self_reference,
    sibling_compatibility,
    stamp_incomplete,
    stamp_miss,
    toolchain_minimum,
    tracked_version,
    unreplaced_placeholder,
    unused_pipeline_variable,
    url_contradiction,
    version_not_semver,
)
from relgraph.rules.rule import Rule

__all__ = ["OF_PIPELINES", "SCANNED"]

SCANNED: tuple[Rule, ...] = (
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
    module_path.RULE,
    action_family.RULE,
    tracked_version.RULE,
    chart_readme.RULE,
    nonexistent_ref.RULE,
    nonexistent_path.RULE,
    self_reference.PENDING,
    name_not_in_release.RULE,
    chart_value_unknown.RULE,
    missing_file.RULE,
    floating_reference.RULE,
    dangling_id.RULE,
    make_override.RULE,
    build_arg.RULE,
    stamp_miss.RULE,
    published_mismatch.RULE,
    stamp_incomplete.RULE,
    version_not_semver.RULE,
    pushed_elsewhere.RULE,
    argument_kind.RULE,
    leaked_build.RULE,
    unreplaced_placeholder.RULE,
    unused_pipeline_variable.RULE,
    misspelt_variable.RULE,
    outdated_sibling.RULE,
    outdated_sibling.SUPERSEDED,
)

#: The rules that read scripts and evaluate pipelines. They share that work, which takes about as long as all the others: two processes that
#: judge one world give these to one of them.
OF_PIPELINES: frozenset[str] = frozenset(
    rule.code
    for rule in SCANNED
    if rule.code.startswith("RG4") or rule in (chart_triple.RULE, artifact_home.RULE, floating_reference.RULE)
)
