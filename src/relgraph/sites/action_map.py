"""Records of which commit an action's version stands for: lock files and maps from action to SHA, in YAML or JSON."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Role, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Scalar

__all__ = ["EXTRACTOR", "action_record_sites"]

_ACTION = re.compile(r"(?P<name>[A-Za-z0-9][\w-]*/[\w.-]+(?:/[\w./-]+)?)(?:@(?P<tag>[\w.+-]+))?")
_SHA = re.compile(r"[0-9a-f]{40}")
_ENTRY_KEYS = ("name", "action", "repo", "repository", "uses")


def action_record_sites(yaml: YamlText, group: Group) -> tuple[list[Site], set[int]]:
    """What a mapping records of actions, and the offsets of the scalars that say it.

    Read are ``owner/repo: SHA``, ``owner/repo@v4: SHA``, and entries with a sha and a tag under such a name or with it.
    """
    sites: list[Site] = []
    taken: set[int] = set()
    sha = group.get("sha", "commit", "digest", "hash")
    if sha is not None and _SHA.fullmatch(yaml.raw(sha)) is not None:
        name = next((match for key in _ENTRY_KEYS if (match := _ACTION.fullmatch(yaml.value(group.get(key)))) is not None), None)
        name = name or _ACTION.fullmatch(group.name)
        if name is not None:
            tag = group.get("tag", "version", "ref")
            sites.append(_record(yaml, sha, name["name"], yaml.value(tag) or name["tag"] or ""))
            taken |= {sha.start} if tag is None else {sha.start, tag.start}
        return sites, taken
    for scalar in group.members:
        key = scalar.path[-1]
        if isinstance(key, str) and scalar.end - scalar.start == 40 and _SHA.fullmatch(yaml.raw(scalar)) is not None:
            match = _ACTION.fullmatch(key)
            if match is not None:
                sites.append(_record(yaml, scalar, match["name"], match["tag"] or yaml.comment(scalar)))
                taken.add(scalar.start)
    return sites, taken


def _record(yaml: YamlText, sha: Scalar, name: str, tag: str) -> Site:
    return yaml.site(sha, Kind.ACTION, name, Part.REF, role=Role.RECORD, mangled=False, comment=tag)


def _matches(path: str) -> bool:
    return path.endswith(".json") and re.search(r"action|gha|workflow|uses", path.lower()) is not None


def _extract(text: Text) -> Iterator[Site]:
    if re.search(r"[\"'][0-9a-f]{40}[\"']", text.text) is None:
        return
    yaml = YamlText(text, "action-map")
    for group in yaml.groups():
        yield from action_record_sites(yaml, group)[0]


EXTRACTOR = Extractor("action-map", _matches, _extract)
