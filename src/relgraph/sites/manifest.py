"""The YAML that no other extractor knows better, and the names of the objects in manifests."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.model.site import Site, Span
from relgraph.sites import gitlab_ci, goreleaser, helm_chart, helm_values, kustomization, workflow
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_sites import yaml_sites
from relgraph.sites.yaml_text import YamlText
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Path, Scalar, scalars

__all__ = ["EXTRACTOR", "Metadata", "metadata_names"]

_PATH = re.compile(
    r".*\.ya?ml(?:\.(?:in|tmpl|tpl|template|j2|jinja2?|gotmpl|sample|example|dist|erb))?|(?:.*/)?templates/.*\.tpl", re.IGNORECASE
)
# A long text without any of this holds nothing to read, and most of what programs write is of that sort: definitions of
# resources, roles, test data. Plain searches, and patterns that begin with plain text, cost a tenth of walking the lines.
_LONG = 1 << 12
_MARKS = (
    "mage: ", "mages: ", "MAGE", "tag: ", "Tag: ", "tag\": ", "mage\": ", "TAG: ", "elease: ", "ELEASE", "VERSION", "rev: ", "ref: ", "evision: ", "ranch: ",
    "oci://", "#!/", "image=", "version=", "cmd:", "script:", "shell:", "run:", "helm.sh/chart", ".sh:", ".yaml:", ".yml:", "golang",
    "go: ", "python: ", "node: ", "sha: ", "commit: ", "env:", "environment:", "gcr.io/", "docker.io/", "ghcr.io/", "quay.io/",
)  # fmt: skip
_PATTERNS = tuple(
    map(
        re.compile,
        (
            r"ersion\w*+[\"']?[ \t]*:(?<![aA]pi[vV]ersion:)(?<!/version:)[ \t]*+(?:[^\n]{0,80}?\d\.\d|[\"']?(?:latest|main|master|stable)\b|[^\n]{0,40}?[{$])",
            r"ersions:[ \t]*+\r?\n[ \t]*+-[ \t]*+[\"']?v?\d+\.\d",
            r"value:[ \t]*+[\"']?[^\s\"'#]{0,80}?\d\.\d",
            r"mages:[ \t]*+\r?\n[ \t]*+-",
            r"command:[ \t]*+(?:[^\s#]|\r?\n[ \t]*+-)",
            r"args:[ \t]*+(?:[^\s#]|\r?\n[ \t]*+-)",
            r"/[\w.-]++[\"']?:[ \t]*+[\"']?[0-9a-f]{40}\b",
        ),
    )
)
# In large texts, which programs write, only values under keys that may matter are looked at.
_LARGE = 1 << 17
_WANTED = re.compile(
    r"^(?:name|value|registry|kind|id|package|module|path|url)$|image|version|ver$|tag|digest|sha|hub$|rev|ref|release|commit|branch|repo|chart"
    r"|args?$|command|cmd|script|shell|run$|env|^go|golang|python|node|java|ruby|rust|\.ya?ml$|\.sh$|/",
    re.IGNORECASE,
)
_METADATA = re.compile(r"^(?:kind|name)$")
_BETTER = tuple(module.EXTRACTOR for module in (helm_chart, helm_values, workflow, kustomization, goreleaser, gitlab_ci))


class Metadata(NamedTuple):
    """The name of one object in a manifest, nested ones included: its kind, its name as written, and the name's span."""

    kind: str
    name: str
    span: Span


def metadata_names(text: Text) -> tuple[Metadata, ...]:
    """The objects of a manifest, in order of their names: every mapping with a ``kind`` and a ``metadata`` that has a ``name``."""
    if "kind" not in text.text or "metadata" not in text.text:
        return ()
    found: dict[tuple[int, Path], list[Scalar]] = {}
    for scalar in scalars(text.text, wanted=_METADATA):
        found.setdefault((scalar.document, scalar.path), []).append(scalar)
    result: list[Metadata] = []
    for (document, path), kinds in found.items():
        if path[-1:] == ("kind",):
            for name in found.get((document, (*path[:-1], "metadata", "name")), []):
                kind = text.text[kinds[0].start : kinds[0].end]
                result.append(Metadata(kind, text.text[name.start : name.end], text.span(name.start, name.end)))
    return tuple(sorted(result, key=lambda one: one.span.start))


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None and not any(extractor.matches(path) for extractor in _BETTER)


def _is_worth(text: str) -> bool:
    return any(mark in text for mark in _MARKS) or any(pattern.search(text) is not None for pattern in _PATTERNS)


def _extract(text: Text) -> Iterator[Site]:
    if len(text.text) > _LONG and not _is_worth(text.text):
        return
    yaml = YamlText(text, "yaml", wanted=_WANTED if len(text.text) > _LARGE else None)
    yield from yaml_sites(yaml)


EXTRACTOR = Extractor("yaml", _matches, _extract)
