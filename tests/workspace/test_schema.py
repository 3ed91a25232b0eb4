"""The JSON Schema of the graph language: editors get it, so it must say what the loader says."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from relgraph.workspace.load import load_graphs, schema

ROOT = Path(__file__).parents[2]
HEAD = "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: g}\n"


class Loader(yaml.SafeLoader):
    """YAML as editors read it (1.2, core schema): a day is a text, and so are on and off."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in rows if tag.rpartition(":")[2] not in ("timestamp", "bool")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf"))


def problems(text: str) -> list[str]:
    document = yaml.load(text, Loader)
    return [error.message for error in jsonschema.Draft202012Validator(schema()).iter_errors(document)]


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_field_says_what_it_is_for() -> None:
    sections = {
        name: part for name, part in schema()["properties"].items() if "additionalProperties" in part and "description" in part
    }
    assert sections.keys() >= {"repos", "images", "charts", "hooks", "files", "derived", "tools"}
    for part in sections.values():
        assert all(field["description"] for field in part["additionalProperties"]["properties"].values())


DOCUMENTS = sorted((ROOT / "graph").glob("*.yaml"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_real_documents_are_valid(path: Path) -> None:
    assert problems(path.read_text("utf-8")) == []


GOOD = {
    "every field of a repository": """
repos:
  platform:
    {url: x, path: ., tags: 'v{version}', skip: ['*-x'], self: exact, order: semver, branch: trunk, title: A, external: true, from: b}
  b: {url: y}
""",
    "lists and single values": """
repos: {platform: {url: x}}
images:
  a: {from: platform, ref: x, uses: b, build: {ko: ./cmd, platforms: linux/amd64}}
  b: {from: [platform, {node: platform, path: b.sh}], ref: y, uses: [{node: a, follow: tag, version: '>=1'}], channels: [latest]}
""",
    "empty sections": "repos: {platform: {url: x}}\ncharts:\n",
    "sites": """
repos: {platform: {url: x}}
images: {a: {from: platform, ref: x, sites: [{path: p, match: (x), count: 2}, {path: q, yaml: a.b}]}}
""",
    "waivers and rules": """
repos: {platform: {url: x}}
waivers: [{rule: RG101, site: 'a/**', reason: r, owner: o, expires: 2027-06-30}]
rules: {rule: RG301, severity: off, reason: r}
""",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_the_loader_reads_is_valid(name: str) -> None:
    text = HEAD + GOOD[name]
    assert load_graphs([("graph/a.yaml", text.encode())])
    assert problems(text) == []


BAD = {
    "an unknown section": "imagse: {}\n",
    "an unknown field": "images: {a: {from: platform, ref: x, form: y}}\n",
    "a missing field": "images: {a: {from: platform}}\n",
    "a wrong type": "images: {a: {from: platform, ref: [x]}}\n",
    "a wrong choice": "images: {a: {from: platform, ref: x, uses: {node: b, follow: newest}}}\n",
    "a tag format without a version": "images: {a: {from: platform, ref: x, tag: latest}}\n",
    "tags without a version": "repos: {a: {url: x, tags: 'v{major}'}}\n",
    "a bad name": "images: {'-a': {from: platform, ref: x}}\n",
    "a waiver without an owner": "waivers: [{rule: RG101, site: a, reason: r}]\n",
}


@pytest.mark.parametrize("name", BAD)
def test_what_the_loader_refuses_is_not(name: str) -> None:
    assert problems(HEAD + BAD[name])


def test_the_published_schema_is_this_one() -> None:
    published: Any = json.loads((ROOT / "docs/schema/graph-v1.json").read_text("utf-8"))
    assert published == schema()
