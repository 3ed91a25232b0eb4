"""The extractors there are, in order of precedence, and how a text is run through them.

To add a syntax, add a module with an ``EXTRACTOR`` and list it here. What understands more of a text comes first: where two
extractors find something in the same place, the earlier one is believed.
"""

from relgraph.model.site import Kind, Site
from relgraph.sites import (
    action_map,
    chart_questions,
    crd_annotation,
    dockerfile,
    github_url,
    gitlab_ci,
    go_module,
    go_source,
    goreleaser,
    helm_chart,
    helm_values,
    image_text,
    jenkinsfile,
    kustomization,
    makefile,
    manifest,
    markdown,
    package_manifest,
    release_please,
    shell,
    workflow,
)
from relgraph.sites.extractor import Extractor
from relgraph.syntax.text import Text

__all__ = ["EXTRACTORS", "extract"]

#: Structural extractors first, then those that read any text.
EXTRACTORS: tuple[Extractor, ...] = (
    helm_chart.EXTRACTOR,
    helm_values.EXTRACTOR,
    chart_questions.EXTRACTOR,
    kustomization.EXTRACTOR,
    workflow.EXTRACTOR,
    gitlab_ci.EXTRACTOR,
    jenkinsfile.EXTRACTOR,
    goreleaser.EXTRACTOR,
    action_map.EXTRACTOR,
    manifest.EXTRACTOR,
    crd_annotation.EXTRACTOR,
    dockerfile.EXTRACTOR,
    makefile.EXTRACTOR,
    shell.EXTRACTOR,
    go_module.EXTRACTOR,
    package_manifest.EXTRACTOR,
    release_please.EXTRACTOR,
    go_source.EXTRACTOR,
    markdown.EXTRACTOR,
    github_url.EXTRACTOR,
    image_text.EXTRACTOR,
)


def extract(text: Text) -> tuple[Site, ...]:
    """All sites of one text, sorted by position, each place told once."""
    if "\0" in text.text[:8000]:
        return ()
    path = text.path
    kept: list[Site] = []
    for extractor in EXTRACTORS:
        if extractor.matches(path):
            found = list(extractor.extract(text))
            if found:
                kept = _merge(kept, found)
    return tuple(sorted(kept, key=_position))


def _position(site: Site) -> tuple[int, int, str, str]:
    return site.span.start, site.span.end, site.kind, site.part


def _merge(kept: list[Site], found: list[Site]) -> list[Site]:
    """``kept`` and those of ``found`` that lie nowhere in what an earlier extractor has explained; no place twice."""
    taken = sorted((site.span.start, site.span.end) for site in kept)
    seen: set[tuple[int, int, Kind]] = set()
    result = list(kept)
    index, reach = 0, -1
    for site in sorted(found, key=_position):
        start, end = site.span.start, site.span.end
        while index < len(taken) and taken[index][0] <= start:
            reach = max(reach, taken[index][1])
            index += 1
        if start < reach or (index < len(taken) and taken[index][0] < end):
            continue
        identity = (start, end, site.kind)
        if identity not in seen:
            seen.add(identity)
            result.append(site)
    return result
