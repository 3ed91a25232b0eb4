"""What a kind of node is: its section in the document, its fields, and the shapes that kinds share."""

import re
from typing import Any, NamedTuple

from relgraph.model.graph import Follow
from relgraph.workspace.document import Value
from relgraph.workspace.fields import Field, Reading, Shape, choice, listed, mapping, tag_format, text, texts

__all__ = ["BUILT", "PUBLISHED", "TITLE", "USES", "NodeKind", "source_shape", "use_shape"]


class NodeKind(NamedTuple):
    """A kind of node. ``section`` is its key in a document (``images``), ``name`` the word for one of it (``image``)."""

    section: str
    name: str
    fields: tuple[Field, ...]
    about: str


_SOURCE_FIELDS = (
    Field("node", text, "the repository or node that it is built from", required=True),
    Field("path", text, "the file there that builds it"),
)
_USE_FIELDS = (
    Field("node", text, "the node that it refers to", required=True),
    Field(
        "follow",
        choice(*(follow.value for follow in Follow)),
        "which version is meant: its newest release (last-release), the one that is released with this (tag), its newest commit (main),"
        " or whichever is written (pinned); without it any release will do, and an older one is a note",
    ),
    Field("version", text, "a range that the version must lie in, as >=0.9.0 <0.10.0"),
)


def _name_or(fields: tuple[Field, ...], what: str) -> Shape:
    full = mapping(fields, what)

    def read(reading: Reading, value: Value) -> Any:
        if value.text is not None and not value.is_null:
            return {"node": value.text, "": reading.origin(value)}
        return full.read(reading, value)

    return Shape(read, {"oneOf": [{"type": "string"}, full.schema]})


source_shape = listed(_name_or(_SOURCE_FIELDS, "an entry of 'from'"))
use_shape = listed(_name_or(_USE_FIELDS, "an entry of 'uses'"))


def _count(reading: Reading, value: Value) -> int | None:
    if value.text is not None and value.text.isdigit() and int(value.text) > 0:
        return int(value.text)
    reading.refuse(value, f"a count is a whole number from 1, not {value.what}")
    return None


_SITE_FIELDS = (
    Field("path", text, "the file, a path in the repository", required=True),
    Field("yaml", text, "the value's address in a YAML file, as spec.image"),
    Field("match", text, "a regular expression with one group around the version"),
    Field("count", Shape(_count, {"type": "integer", "minimum": 1}), "how many sites are expected; 1 by default"),
    Field("repo", text, "the repository of the file; by default the one that the node is built from"),
)


#: Fields of everything that refers to others.
USES = (
    Field("uses", use_shape, "what it refers to at run time"),
    Field("sites", listed(mapping(_SITE_FIELDS, "a site")), "places of its version that no syntax shows"),
)
#: What drawings call a node.
TITLE = Field("title", text, "what drawings call it; its name by default")
#: Fields of everything that is built from a repository.
BUILT = (Field("from", source_shape, "what it is built from; the first gives its version", required=True), TITLE)
_REF = re.compile(r"https?://\S+|(?:oci://)?(?:[^\s/@]+/)*[^\s/:@]+/?")


def _ref(reading: Reading, value: Value) -> str | None:
    written = text.read(reading, value)
    if written is None or _REF.fullmatch(written):
        return written  # type: ignore[no-any-return]  # the reader of a text gives one
    last = written.rpartition("/")[2]
    if not re.search(r"\s", written) and (":" in last or "@" in last):
        reading.refuse(
            value, f"'{written}' holds a tag or a digest", "leave it out: the tag is the node's version, as 'tag' writes it"
        )
    else:
        reading.refuse(
            value, f"'{written}' is no place to publish at", "HOST/NAME, as ghcr.io/acme/web or oci://ghcr.io/acme/web-chart"
        )
    return None


#: Where something is published, without a version.
_reference = Shape(_ref, {"type": "string", "pattern": f"^(?:{_REF.pattern})$"})

#: Fields of everything that is published under versions.
PUBLISHED = (
    Field("ref", _reference, "where it is published, as ghcr.io/acme/web or oci://ghcr.io/acme/web-chart", required=True),
    Field("tag", tag_format, "how its versions are written; {version} by default"),
    Field("version", text, "a fixed version, where it does not follow from what it is built from"),
    Field("map", tag_format, "its version made of parts of its source's, where two lines run in parallel: v1.{minor}.{patch}-k3s1"),
    Field("channels", texts, "tags that move with releases, as latest or v1"),
)
