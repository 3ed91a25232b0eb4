"""Sources that a YAML mapping names in parts: a git repository and a ref, a chart and its version.

So write pre-commit (``repo``, ``rev``), Ansible's git module (``repo``, ``version``), Argo CD (``repoURL``, ``targetRevision``,
``chart``), Flux (``url`` with ``ref: {tag}``; ``chart``, ``version``), helmfile (``chart``, ``version``), k3s (``chart``,
``version``, ``repo``) and Kustomize (``helmCharts``).
"""

import re

from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.sites.build import template_of
from relgraph.sites.github_url import ref_pin, repository_of
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.syntax.yaml import Scalar

__all__ = ["chart_sites", "git_sites", "repository_aliases"]

_REPOSITORY_KEYS = ("repo", "repoURL", "repository", "url", "git", "clone_uri", "source", "src")
_REF_KEYS = ("rev", "ref", "tag", "targetRevision", "revision", "branch", "commit", "version", "base_ref")
_VERSIONED_KEYS = ("repo", "git", "src")
_VERSION_KEYS = ("version", "targetRevision", "chart_version", "chartVersion")
_SSH = re.compile(r"(?:ssh://)?git@(?P<host>[\w.-]+)[:/](?P<path>[\w./-]+)")
_BARE = re.compile(r"github\.com/(?P<path>[\w.-]+/[\w.-]+)")


def git_sites(yaml: YamlText, group: Group) -> tuple[list[Site], set[int]]:
    """The refs that a mapping gives for a repository that it names, and the offsets of their scalars."""
    url = group.get(*_REPOSITORY_KEYS)
    refs = [scalar for key in _REF_KEYS if (scalar := group.get(key)) is not None]
    if url is None or url.path[-1] not in _VERSIONED_KEYS:
        refs = [ref for ref in refs if ref.path[-1] != "version"]  # of a release, and no ref
    if url is None and group.path and group.path[-1] == "ref":
        above = yaml.group(group.document, group.path[:-1])
        url = above.get(*_REPOSITORY_KEYS) if above is not None else None
    if url is None or not refs:
        return [], set()
    written = yaml.value(url)
    name = _git_name(written)
    if not name or group.get("chart") is not None:
        return [], set()
    sites, taken = [], set()
    for ref in refs:
        raw = yaml.raw(ref)
        if raw and " " not in template_of(raw)[1] and ref is not url:
            pin = Pin.BRANCH if ref.path[-1] == "branch" and "$" not in raw and "{{" not in raw else ref_pin(raw)
            sites.append(
                yaml.site(ref, Kind.GIT, name, Part.REF, pin=pin, mangled=False, form="clone", url=written, path=yaml.value(group.get("path")))
            )  # fmt: skip
            taken.add(ref.start)
    return sites, taken


def _git_name(url: str) -> str:
    if (ssh := _SSH.match(url)) is not None:
        return f"{ssh['host']}/{ssh['path'].removesuffix('.git').strip('/')}"
    if (bare := _BARE.match(url)) is not None:
        return f"github.com/{bare['path'].removesuffix('.git')}"
    return repository_of(url) if "://" in url else ""


def repository_aliases(yaml: YamlText) -> dict[str, str]:
    """Names given to chart repositories (``repositories: [{name, url}]``), with their addresses."""
    found: dict[str, str] = {}
    for group in yaml.groups():
        if group.name == "repositories":
            name, url = yaml.value(group.get("name")), yaml.value(group.get("url"))
            if name and url:
                found[name] = url
    return found


def chart_sites(yaml: YamlText, group: Group, aliases: dict[str, str]) -> tuple[list[Site], set[int]]:
    """The chart versions that a mapping asks for, and the offsets of their scalars."""
    chart = group.get("chart", "chart_ref", "chartRef")
    if chart is None and group.name == "helmCharts":
        chart = group.get("name")
    version = group.get(*_VERSION_KEYS)
    if chart is None or version is None or not yaml.raw(version) or " " in yaml.raw(chart):
        return [], set()
    name = _chart_name(yaml, group, chart, aliases)
    if not name:
        return [], set()
    sites = [yaml.site(version, Kind.CHART, name, Part.VERSION, release=yaml.value(group.get("releaseName", "name")))]
    return sites, {version.start}


def _chart_name(yaml: YamlText, group: Group, scalar: Scalar, aliases: dict[str, str]) -> str:
    chart = yaml.value(scalar)
    if not chart or chart.startswith((".", "/")):
        return ""
    if chart.startswith("oci://"):
        return chart.rstrip("/")
    repository = yaml.value(group.get("repo", "repoURL", "chart_repo_url", "repository", "chartRepo"))
    alias, slash, rest = chart.partition("/")
    if not repository and slash and alias in aliases:
        repository, chart = aliases[alias], rest
    if repository.startswith("oci://"):
        return f"{repository.rstrip('/')}/{chart}"
    if "://" in repository:
        return f"{repository.rstrip('/')}#{chart}"
    # Argo CD names an OCI registry without a scheme.
    if repository and "." in repository.partition("/")[0]:
        return f"oci://{repository.rstrip('/')}/{chart}"
    return chart.rpartition("/")[2]
