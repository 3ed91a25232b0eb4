"""JSON documents of registries: :mod:`relgraph.model.jsontext`, with problems told as content that is malformed."""

from typing import TypeAlias

from relgraph.model.jsontext import JsonProblem, dump_go, load_strict
from relgraph.oci.errors import InvalidContent

__all__ = ["MAX_MANIFEST", "Json", "decode", "encode"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

#: The largest manifest or index that is read, in bytes (distribution specification 1.1: registries should take 4 MiB).
MAX_MANIFEST = 4 << 20

encode = dump_go


def decode(data: bytes, *, what: str, limit: int = MAX_MANIFEST) -> Json:
    """The value of a document of at most ``limit`` bytes. ``what`` names it in messages.

    Raises :class:`~relgraph.oci.errors.InvalidContent`.
    """
    try:
        value: Json = load_strict(data, limit=limit)
    except JsonProblem as problem:
        raise InvalidContent(f"{what}: {problem}") from None
    return value
