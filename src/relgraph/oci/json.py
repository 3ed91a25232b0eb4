"""JSON as registries need it: read strictly, because two readers must not see two things; written as Go's library writes it.

Strict: UTF-8 without a byte order mark, no duplicate keys, no NaN, no lone surrogates, bounded depth and size. Written:
compact, insertion order, with the escapes of Go's ``encoding/json`` (``<``, ``>``, ``&``, U+2028, U+2029), so that a document
made here has the digest that the tools of that ecosystem would give it.
"""

import json
from typing import Any, TypeAlias

from relgraph.oci.errors import InvalidContent

__all__ = ["MAX_DEPTH", "MAX_MANIFEST", "Json", "decode", "encode"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

#: The largest manifest or index that is read, in bytes (distribution specification 1.1: registries should take 4 MiB).
MAX_MANIFEST = 4 << 20
#: The deepest nesting that is read.
MAX_DEPTH = 64

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def decode(data: bytes, *, what: str, limit: int = MAX_MANIFEST) -> Json:
    """The value of a document of at most ``limit`` bytes. ``what`` names it in messages.

    Raises :class:`~relgraph.oci.errors.InvalidContent`.
    """
    if len(data) > limit:
        raise InvalidContent(f"{what}: {len(data)} bytes of JSON, more than the {limit} allowed")
    try:
        value: Json = json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
        _check(value)
    except RecursionError:
        raise InvalidContent(f"{what}: nested deeper than {MAX_DEPTH}") from None
    except ValueError as problem:  # not UTF-8, not JSON, or what the hooks refuse
        raise InvalidContent(f"{what}: not valid JSON: {problem}") from None
    return value


def encode(value: Any) -> bytes:
    """Compact UTF-8 in the order of insertion, escaped as Go's ``json.Marshal`` does it."""
    # The five characters occur in strings only, so that they can be replaced in the finished text.
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPES).encode("utf-8")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for number, key in enumerate(keys) if key in keys[:number])
        raise ValueError(f"key {twice!r} occurs twice")
    return value


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _check(value: Json) -> None:
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        if not level:
            return
        following: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                for key in item:
                    _check_text(key)
                following += item.values()
            elif isinstance(item, list):
                following += item
            elif isinstance(item, str):
                _check_text(item)
        level = following
    raise RecursionError


def _check_text(text: str) -> None:
    if not text.isascii():
        text.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, a ValueError
