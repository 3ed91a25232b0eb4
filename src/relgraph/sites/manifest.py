"""The YAML that no other extractor knows better."""

import re
from collections.abc import Iterator

from relgraph.model.site import Site
from relgraph.sites import gitlab_ci, goreleaser, helm_chart, helm_values, kustomization, workflow
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_sites import yaml_sites
from relgraph.sites.yaml_text import YamlText
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

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
_BETTER = tuple(module.EXTRACTOR for module in (helm_chart, helm_values, workflow, kustomization, goreleaser, gitlab_ci))


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
