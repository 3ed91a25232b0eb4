"""The page on the graph language: what a person reads, from the same fields that the loader and the schema have."""

from typing import Any

from relgraph.workspace.load import schema

__all__ = ["EXAMPLE", "graph_page"]

#: A small platform with every common kind of node; the page shows it, and the tests load it.
EXAMPLE = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: shop}
repos:
  platform: {url: https://git.example/acme/platform, path: ., self: last-release}
  service: {url: https://git.example/acme/service, path: ../service}
  cli: {url: https://git.example/acme/cli, path: ../cli}
images:
  service:
    from: service
    ref: registry.example/acme/service
    build: {docker: .}
charts:
  shop:
    from: platform
    ref: oci://registry.example/acme/charts/shop
    source: chart
    uses: [{node: service, follow: last-release}]
    build: {helm: chart}
files:
  command:
    from: cli
    ref: registry.example/acme/command
    paths: [bin/**]
    build: {bundle: {command: bin/command}}
  install:
    from: platform
    paths: [docs/**, scripts/**]
    uses: [shop, {node: command, follow: last-release}]
derived:
  routes:
    from: service
    inputs: [routes.txt, hack/routes.sh]
    outputs: [deploy/routes.yaml]
    run: sh hack/routes.sh
waivers:
  - {rule: RG301, site: docs/old/**, reason: kept as it was, owner: docs team, expires: 2027-06-30}
rules:
  - {rule: RG501, severity: warning, reason: we move at once}
"""

_INTRODUCTION = """\
A graph is declared in YAML, in files `graph/*.yaml` of a workspace: a folder, usually a repository. Documents with the same
`metadata.name` make one graph; where there are several graphs, `--graph NAME` chooses. A node is called by its section and its name,
`images.service`, or by its name alone where only one node has it: what stands in `from` is a repository first, anything else an
artifact. [graph-v1.json](../schema/graph-v1.json) tells an editor the same; its first line would be
`# yaml-language-server: $schema=PATH/graph-v1.json`.

## An example

```yaml
{example}```

`relgraph verify` checks it, `relgraph versions` shows what version everything has, and `relgraph graph` draws it. A repository needs a clone:
at its `path`, in the folder of `--repos` under its name, or else one is made from its `url`.

An artifact has the version of the first thing that it is built `from`, down to the tag of a repository. A node that `uses` another says
so once; where that stands in its files is found by `ref` and `url`. Every such place is checked: that what is named exists and is allowed, and
with `follow` that it is the version that is meant. Without `follow`, an older release is no mistake, only a note (`--severity note`).
"""

_NESTED = {
    "from": "An entry is a name, or a mapping with the fields below; one entry needs no list.",
    "uses": "An entry is a name, or a mapping with the fields below; one entry needs no list. `contains` has the same.",
    "sites": "References are found by what they look like. A place that looks like nothing is declared: by `yaml` or by `match`.",
    "build": "Exactly one of `ko`, `docker`, `helm`, `bundle`, `python` and `command` says how; a chart with a `source` needs none.\n"
    "[Building](../explanation/building.md) has the details.",
    "stamp": "What is written into a copy of the files when they are published: [stamping](../explanation/stamping.md).",
}
_LISTS = {
    "waivers": "Findings that are accepted: of a rule, at a `site` or at a `node`.",
    "rules": "Rules that are more or less grave here, or off.",
}


def graph_page() -> str:
    """The page in Markdown, without the note that says who wrote it."""
    whole = schema()["properties"]
    sections = {name: part for name, part in whole.items() if "propertyNames" in part}
    lines = ["# The graph language", "", _INTRODUCTION.format(example=EXAMPLE)]
    nested: dict[str, dict[str, Any]] = {}
    for name, part in sections.items():
        fields = part["additionalProperties"]
        nested.update((field, shape) for field, shape in fields["properties"].items() if field in _NESTED and field not in nested)
        lines += [f"## {name}", "", f"`{name}`, by name: {part['description']}.", "", *_table(fields), ""]
    for name, about in _NESTED.items():
        lines += [f"## {name} of a node", "", about, "", *_table(_mapping(nested[name])), ""]
    for name, about in _LISTS.items():
        lines += [f"## {name}", "", about, "", *_table(_mapping(whole[name])), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(fields: dict[str, Any]) -> list[str]:
    required = fields.get("required", ())
    rows = ["| field | value | meaning |", "|---|---|---|"]
    # What must be there comes first, else the order is that of the declaration.
    for name, shape in sorted(fields["properties"].items(), key=lambda item: item[0] not in required):
        must = " (required)" if name in required else ""
        rows.append(f"| `{name}`{must} | {_value(name, shape)} | {_escaped(shape['description'])} |")
    return rows


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _value(name: str, shape: dict[str, Any]) -> str:
    """What may stand as a field's value, in a few words."""
    if name in _NESTED or name == "contains":
        anchor = "uses" if name == "contains" else name
        return f"[{anchor}](#{anchor}-of-a-node)"
    if "enum" in shape:
        return ", ".join(f"`{word}`" for word in shape["enum"])
    if "oneOf" in shape:
        return "text, or a list"
    if shape.get("type") == "object":
        return "a mapping"
    return {"string": "text", "boolean": "`true`, `false`", "integer": "a number"}.get(shape.get("type", ""), "any")


def _mapping(shape: dict[str, Any]) -> dict[str, Any]:
    """The mapping among the shapes that a value may have."""
    if "properties" in shape:
        return shape
    found = [_mapping(one) for one in shape.get("oneOf", ()) if one.get("type") != "string"]
    return next((one for one in found if one), {})
