"""JSON as bytes that are signed, hashed and compared: written as Go writes it, read without leniency.

Registries, helm, cosign and docker are Go programs: their digests are over compact JSON whose keys stand in the order of a
struct and in which ``<``, ``>``, ``&`` and the line separators U+2028 and U+2029 are escaped
(https://pkg.go.dev/encoding/json#Marshal). Reading refuses what two readers could understand differently (RFC 8259,
section 4: names that stand twice) and what only costs memory.
"""

import json
from typing import Any

__all__ = ["JsonProblem", "dump_go", "load_strict"]

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class JsonProblem(ValueError):
    """Why a text is not accepted as JSON."""


def dump_go(value: Any) -> bytes:
    """The bytes that Go's ``json.Marshal`` gives for the same value; mappings keep their order.

    Raises ValueError for numbers that JSON does not have and for text that is no Unicode (lone surrogates).
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES).encode()


def load_strict(data: bytes, *, limit: int = 4 << 20, depth: int = 64) -> Any:
    """The value that ``data`` spells: UTF-8 without a byte order mark, at most ``limit`` bytes, nested ``depth`` deep at most.

    Raises :class:`JsonProblem` for anything else, for a name that an object has twice, for NaN and infinities, and for
    text with lone surrogates.
    """
    if len(data) > limit:
        raise JsonProblem(f"{len(data)} bytes of JSON where at most {limit} are allowed")
    try:
        text = data.decode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except JsonProblem:
        raise
    except RecursionError:
        raise JsonProblem("nested too deep") from None
    except UnicodeDecodeError as problem:
        raise JsonProblem(f"not UTF-8 at byte {problem.start}") from None
    except ValueError as problem:
        raise JsonProblem(f"not JSON: {problem}") from None
    _check(value, depth, surrogates="\\ud" in text or "\\uD" in text)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise JsonProblem(f"the name {name!r} stands twice in one object")
            seen.add(name)
    return value


def _refuse_constant(text: str) -> None:
    raise JsonProblem(f"{text} is no JSON")


def _check(value: Any, depth: int, *, surrogates: bool) -> None:
    level = [value]
    for _ in range(depth + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
                if surrogates:
                    below += item
            elif isinstance(item, list):
                below += item
            elif surrogates and isinstance(item, str) and any("\ud800" <= character <= "\udfff" for character in item):
                raise JsonProblem("text with a lone surrogate")
        if not below:
            return
        level = below
    raise JsonProblem(f"nested deeper than {depth} levels")
