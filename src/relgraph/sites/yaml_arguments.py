"""Argument lists in YAML: one word an item, as ``args:`` and ``command:`` of containers and hooks have them.

What a shell command says in one line stands here over many items, ``oci://registry/chart``, then ``--version``, then its value.
The options are those of Helm 3's ``install``, ``upgrade``, ``template`` and ``pull`` (https://helm.sh/docs/helm/).
"""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Site
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.sites.yaml_images import is_image_key, looks_like_image
from relgraph.sites.yaml_text import YamlText
from relgraph.sites.yaml_versions import is_version, version_part
from relgraph.syntax.yaml import Scalar

__all__ = ["argument_sites"]

_HELM = frozenset(("install", "upgrade", "template", "pull", "fetch", "show"))
_SET = frozenset(("--set", "--set-string", "--set-json", "--set-literal", "--set-file"))
# Options of Helm whose value is the next item; all others stand alone or hold their value behind "=".
_WITH_VALUE = _SET | frozenset(
    "-n --namespace -f --values --version --repo --timeout --kubeconfig --kube-context --description --username --password"
    " --history-max --ca-file --cert-file --key-file --keyring --post-renderer --registry-config --repository-config -o --output"
    " --destination -d --untardir --burst-limit --qps --kube-version --api-versions --labels -l --max-history".split()
)
_SETTING = re.compile(
    r"(?P<name>(?:[\w./$-]|\\.|\[\d+\]|\{\{[^{}\n]*+\}\})++)=(?P<value>(?:\{\{[^{}\n]*+\}\}|\{[^{}]*+\}|\[[^\[\]]*+\]|\\.|[^,\\])*+)"
)
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_][\w.-]*+)=(?P<value>.+)")


def argument_sites(yaml: YamlText, items: list[Scalar]) -> Iterator[Site]:
    """The references of a list of arguments: charts and what is set in them, images and versions given by options, assignments."""
    raws = [yaml.raw(item) for item in items]
    if not any(raw[:1] == "-" or "=" in raw or raw.startswith("oci://") for raw in raws):
        return
    chart, version = _chart(raws)
    for index, (item, raw) in enumerate(zip(items, raws, strict=True)):
        if not raw or "\n" in raw:
            continue
        if raw[0] != "-":
            if (match := _ASSIGNED.fullmatch(raw)) is not None and not (index and raws[index - 1] in _SET):
                start, end = item.start + match.start("value"), item.end
                if end - start > 1 and yaml.source[start] in "\"'" and yaml.source[start] == yaml.source[end - 1]:
                    start, end = start + 1, end - 1
                yield from yaml.variable(item._replace(start=start, end=end), match["name"], scope="env")
            continue
        option, equals, _ = raw.partition("=")
        at, holder = item.start + len(option) + 1, item
        if not equals:
            if index + 1 >= len(items) or raws[index + 1][:1] == "-":
                continue
            holder = items[index + 1]
            at = holder.start
        if at < holder.end or option in _SET:
            yield from _option(yaml, option, holder, at, chart, version)


def _option(yaml: YamlText, option: str, holder: Scalar, at: int, chart: str, version: str) -> Iterator[Site]:
    """What one option says whose value begins at ``at`` and ends with the item."""
    raw = yaml.source[at : holder.end]
    if option == "--version":
        if chart:
            yield yaml.site(holder, Kind.CHART, chart, Part.VERSION, start=at)
        return
    if option in _SET:
        for match in _settings(raw):
            name = match["name"]
            start, end = at + match.start("value"), at + match.end("value")
            yield yaml.site(
                holder, Kind.VARIABLE, name, Part.TAG if name.lower().endswith("tag") else Part.VERSION, start=start, end=end,
                scope="set", chart=chart, version=version,
            )  # fmt: skip
        return
    name = option.lstrip("-")
    if is_image_key(name) and looks_like_image(raw):
        yield from yaml.image(holder._replace(start=at), var=name, scope="flag")
    elif (
        (part := version_part(name)) is not None
        and is_version(raw, part)
        and ("{{" in raw or "$" in raw or looks_like_version(unmangle(raw), named=True))
    ):
        yield yaml.site(holder, Kind.VARIABLE, name, part, start=at, scope="flag")


def _settings(raw: str) -> Iterator[re.Match[str]]:
    """The ``name=value`` pairs of one ``--set``, which commas separate."""
    position = 0
    while position <= len(raw):
        match = _SETTING.match(raw, position)
        if match is not None:
            yield match
        comma = raw.find(",", position if match is None else match.end())
        if comma < 0:
            return
        position = comma + 1


def _chart(raws: list[str]) -> tuple[str, str]:
    """The chart that a list of arguments is about, named as sites name it, and the version asked for; empty where there is none."""
    version = _valued(raws, "--version")
    for raw in raws:
        if raw.startswith("oci://"):
            return raw.rstrip("/"), version
    verb = next((index for index, raw in enumerate(raws) if raw in _HELM), -1)
    if verb < 0:
        return "", version
    plain: list[str] = []
    skip = False
    for raw in raws[verb + 1 :]:
        if skip:
            skip = False
        elif raw.startswith("-"):
            skip = raw in _WITH_VALUE
        else:
            plain.append(raw)
    release = raws[verb] in ("install", "upgrade", "template") and not {"--generate-name", "-g"} & set(raws)
    if raws[verb] == "show":
        plain = plain[1:]
    if len(plain) <= release:
        return "", version
    chart = plain[int(release)]
    if repository := _valued(raws, "--repo"):
        return f"{repository.rstrip('/')}#{chart}", version
    return "" if chart.startswith((".", "/")) else chart.rpartition("/")[2], version


def _valued(raws: list[str], option: str) -> str:
    """The value given with an option, as the next item or behind ``=``."""
    for index, raw in enumerate(raws):
        if raw == option and index + 1 < len(raws):
            return raws[index + 1]
        if raw.startswith(option + "="):
            return raw[len(option) + 1 :]
    return ""
