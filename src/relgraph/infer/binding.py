"""Bindings: which variable fills which reference.

``image: quay.io/acme/kubectl:{{ .Values.KUBECTL_VERSION }}`` says whose version ``KUBECTL_VERSION`` in the chart's
``values.yaml`` is; ``git clone -b $(GEN_VER) https://github.com/acme/gen`` says it of the make variable. A binding leads
from a templated site to the variable's sites, by the scope that the template's language has.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from relgraph.model.site import Kind, Pin, Site

__all__ = ["Binding", "Bindings", "bind", "chart_root"]

# Names that mean something else in every file.
_GENERIC = re.compile(
    r"(?!docker[_.-]?version$)(?:(?:image|docker|container|app|chart|release|git|build|pkg|package|product|project|current|new|old|base|my)[_.-]?)*"
    r"(?:version|tag|ver|ref|release|img|image|branch|commit|sha|revision|target|arch|os|name|v|number|[a-z])",
    re.IGNORECASE,
)
# Images that exist on one machine only say nothing about where a version comes from.
_LOCAL = re.compile(r"(?:ko\.local|kind\.local|localhost(?::\d+)?|127\.0\.0\.1(?::\d+)?|docker\.io/library/localhost)/")
_PAGES = (".md", ".mdx", ".markdown", ".html", ".adoc", ".rst")
_SIMPLE = re.compile(r"[^{}]*\{\}[^{}]*")


class Binding(NamedTuple):
    """A variable stands where a version of ``target`` belongs; ``affix`` is the text written around it (``v{}``)."""

    target: Site
    affix: str


class Bindings(NamedTuple):
    """``local``: by (path, variable's name or values key); ``named``: by name alone, for names that mean one thing."""

    local: Mapping[tuple[str, str], tuple[Binding, ...]]
    named: Mapping[str, tuple[Binding, ...]]

    def of(self, site: Site) -> tuple[Binding, ...]:
        """The bindings of a variable's site."""
        for address in (site.key, site.name):
            if found := self.local.get((site.path, address)):
                return found
        return () if is_generic(site.name) else self.named.get(site.name.upper().replace("-", "_"), ())


def is_generic(name: str) -> bool:
    """Whether the name alone says nothing about whose version it holds (``VERSION``, ``image.tag``)."""
    return _GENERIC.fullmatch(name.rsplit(".", 1)[-1]) is not None


def chart_root(path: str, charts: frozenset[str]) -> str | None:
    """The folder of the chart that a file belongs to (``charts``: folders with a Chart.yaml), or None."""
    folder = path.rpartition("/")[0]
    while True:
        if folder in charts:
            return folder
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


def bind(sites: Iterable[Site], charts: frozenset[str]) -> Bindings:
    """The bindings that the templated sites of one repository state."""
    local: dict[tuple[str, str], list[Binding]] = {}
    named: dict[str, list[Binding]] = {}
    for site in sites:
        if site.pin is not Pin.TEMPLATED or site.kind in (Kind.VARIABLE, Kind.FILE):
            continue
        form = site.get("form_text")
        if not _SIMPLE.fullmatch(form) or "{" in site.name or "$" in site.name or _LOCAL.match(site.name):
            continue
        for variable in site.get("vars").split():
            binding = Binding(site, form)
            if variable.startswith(".Values."):
                root = chart_root(site.path, charts)
                if root is None:
                    continue
                address = variable.removeprefix(".Values.")
                local.setdefault((f"{root}/values.yaml".lstrip("/"), address), []).append(binding)
                name = address
            elif variable.startswith("."):
                # Pages are filled from the configuration of their site: {{ config.web_release }}, {{ .Site.Params.webRelease }}.
                name = variable.rpartition(".")[2]
                if not site.path.endswith(_PAGES):
                    continue
            else:
                name = re.split(r"[.]", variable)[-1]
                local.setdefault((site.path, name), []).append(binding)
            if not is_generic(name):
                named.setdefault(name.rsplit(".", 1)[-1].upper().replace("-", "_"), []).append(binding)
    return Bindings({k: tuple(v) for k, v in local.items()}, {k: tuple(v) for k, v in named.items()})
