"""``build`` and ``stamp``: how a node's artifact is made.

Of the builders' own words exactly one stands in ``build``; the planner checks that, since a chart with a ``source`` needs none.
"""

from importlib.metadata import entry_points
from typing import Any

from relgraph.workspace.document import Value
from relgraph.workspace.fields import Field, Reading, Shape, boolean, choice, mapping, pairs, plain, text, texts, whole

__all__ = ["BUILD", "BUILDERS", "STAMP"]

#: The words that choose a builder.
BUILDERS = (
    Field("ko", text, "the Go package that ko builds into an image"),
    Field("docker", text, "the folder that docker builds, or its Dockerfile"),
    Field("helm", text, "the chart's folder; by default its source"),
    Field(
        "bundle",
        pairs(text, "'bundle'"),
        "files: where each lies in the artifact, and which file or pattern of the repository it is",
    ),
    Field("python", text, "the folder of a Python project, built into a wheel"),
    Field("command", text, "the command that makes the outputs"),
)
_OPTIONS = (
    Field("platforms", texts, "as linux/amd64"),
    Field("args", pairs(text, "'args'"), "build arguments by name; {{ version }} and the like are filled in"),
    Field("flags", texts, "further arguments of the builder's program"),
    Field("target", text, "the stage of the Dockerfile"),
    Field("file", text, "the Dockerfile, where it does not lie in the folder"),
    Field("inputs", texts, "patterns of the files that it is made from; by default all of the repository"),
    Field("outputs", texts, "patterns of the files that the command makes"),
    Field("environment", texts, "variables that the build is given, by name"),
    Field("tools", texts, "programs that the command runs: their versions are part of what decides the result"),
    Field(
        "artifacts",
        pairs(text, "'artifacts'"),
        "variables of the command, and the node whose files lie in the folder that each names",
    ),
    Field("base", text, "the image below: a node, or a reference with a digest"),
    Field("charts", pairs(text, "'charts'"), "charts of others that are packaged into it, by name: references with tag and digest"),
    Field("config", plain, "an image's config: Entrypoint, Cmd, Env, Labels, User, WorkingDir"),
    Field("artifact_type", text, "the artifact's media type, where it is no image"),
    Field("versioned", boolean, "whether the version is built in; true by default"),
    Field("limit", whole, "the longest time it may take, in seconds"),
    Field("retries", whole, "how often a failure is tried again"),
)
_FIELDS = (*BUILDERS, *_OPTIONS)
_own = mapping(_FIELDS, "'build'")


def _read(reading: Reading, value: Value) -> Any:
    known = {field.name for field in _FIELDS}
    unknown = {entry.key for entry in value.entries or ()} - known
    if not unknown:
        return _own.read(reading, value)
    # Only a word that is not ours is worth looking for among what is installed.
    brought = tuple(Field(entry.name, plain, "") for entry in entry_points(group="relgraph.builders") if entry.name in unknown)
    return mapping((*_FIELDS, *brought), "'build'").read(reading, value)


BUILD = Field("build", Shape(_read, _own.schema | {"additionalProperties": True}), "how it is built")

STAMP = Field(
    "stamp",
    mapping(
        (
            Field("set", pairs(pairs(text, "a file's values"), "'set'"), "by file: YAML addresses and the text that each is given"),
            Field("replace", pairs(text, "'replace'"), "placeholders, and the text that stands for each"),
            Field("templates", text, "the folder below templates/ whose files are rendered over the source"),
            Field("values", pairs(text, "'values'"), "further values of the templates, by name; each must be used"),
            Field("delimiters", choice("jinja", "angle"), "how templates write values: {{ }} or, beside Helm's own, <{ }>"),
        ),
        "'stamp'",
    ),
    "what a build writes into its files: versions, digests, references",
)
