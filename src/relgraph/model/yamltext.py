"""YAML documents read strictly: one meaning for every reader, bounded in size, depth and expansion.

YAML 1.1 as PyYAML's safe loader has it, minus what surprises: a key that stands twice is refused, a date stays the text it
is, numbers are those that Go's readers see (1e6 is one, 1:30 is none), and aliases may not multiply a small file into a large
one.
"""

import re
from math import inf
from typing import Any, ClassVar

import yaml

__all__ = ["YamlProblem", "load_yaml"]

_MOST_NODES = 200_000
_DEEPEST = 64
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_REPLACED = (_INT, _FLOAT, "tag:yaml.org,2002:timestamp")


class YamlProblem(ValueError):
    """Why a text is not accepted as YAML; ``line`` and ``column`` count from 1, 0 where no place can be named."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"line {line}, column {column}: {reason}" if line else reason)
        self.reason = reason
        self.line = line
        self.column = column


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # either is a SafeLoader
    """The safe loader without dates and without keys that stand twice."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, expression) for tag, expression in resolvers if tag not in _REPLACED]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            mark = key_node.start_mark
            if isinstance(key, (dict, list, set)):
                raise YamlProblem("a key must be text", mark.line + 1, mark.column + 1)
            if key in seen:
                raise YamlProblem(f"the key {key!r} stands twice", mark.line + 1, mark.column + 1)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def _float(_: Any, node: yaml.ScalarNode) -> float | str:
    text = str(node.value).replace("_", "")
    value = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    # A short commit id such as 12e4567 is no infinite number.
    return str(node.value) if value in (inf, -inf) and "inf" not in text.lower() else value


_Loader.add_implicit_resolver(
    _INT, re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)\Z"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    _FLOAT,
    re.compile(r"(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"),
    list("-+0123456789."),
)
_Loader.add_constructor(_FLOAT, _float)


def load_yaml(data: bytes, *, limit: int = 1 << 20) -> Any:
    """The one document of ``data`` (UTF-8, at most ``limit`` bytes). Raises :class:`YamlProblem`."""
    if len(data) > limit:
        raise YamlProblem(f"{len(data)} bytes of YAML where at most {limit} are allowed")
    try:
        text = data.decode()
        _check_depth(text)
        value = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except YamlProblem:
        raise
    except RecursionError:
        raise YamlProblem("nested too deep") from None
    except UnicodeDecodeError as problem:
        raise YamlProblem(f"not UTF-8 at byte {problem.start}") from None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        raise YamlProblem(problem.problem or problem.context or "not YAML", *place) from None
    except (yaml.YAMLError, ValueError) as problem:
        raise YamlProblem(f"not YAML: {problem}") from None
    _bound(value)
    return value


def _check_depth(text: str) -> None:
    # Before anything recursive sees the text: libyaml's composer ends the process where Python would raise.
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise YamlProblem("nested too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _bound(value: Any) -> None:
    # Aliases share one object, so loading is cheap; whoever walks the value meets every copy.
    level, nodes = [value], 0
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, (list, tuple, set)):
                below += item
            if len(below) + nodes > _MOST_NODES:
                raise YamlProblem("aliases make it too large")
        if not below:
            return
        nodes += len(below)
        level = below
    raise YamlProblem("nested too deep")
