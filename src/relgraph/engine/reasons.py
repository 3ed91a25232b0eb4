"""Why a step runs: what of its key is no longer what it was."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Change", "changes", "told"]

_LONG = re.compile(r"\b[0-9a-f]{32,}\b")


class Change(NamedTuple):
    """One thing that decides a step, before and now; ``None`` where there was or is none.

    ``kind`` is ``input``, ``recipe``, ``environment``, ``need`` or ``plan``, ``name`` the path, field, variable, step or
    part. Values of files are the first digits of their sha256, those of variables are not told.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """All that differs between the components of two keys (see :meth:`relgraph.engine.state.Situation.components`)."""
    found = [
        Change("plan", name, _text(before[name]), _text(now[name]))
        for name in ("action", "inputs", "outputs")
        if before[name] != now[name]
    ]
    found += _each("recipe", _fields(before["recipe"]), _fields(now["recipe"]))
    found += _each("environment", _values(before["environment"]), _values(now["environment"]))
    found += _each("input", _digits(before["files"]), _digits(now["files"]))
    for step in {**before["needs"], **now["needs"]}:
        found += _each(
            "need", *({f"{step}: {name}": value for name, value in one["needs"].get(step, {}).items()} for one in (before, now))
        )
    return tuple(found)


def told(change: Change) -> str:
    """A change as a line."""
    kind, name, before, after = change
    what = {
        "input": f"input {name}",
        "recipe": f"recipe: {name}",
        "environment": f"variable {name}",
        "plan": f"declared {name}",
    }.get(kind, name)
    if before is None:
        return f"{what} is new" if kind != "environment" else f"{what} is set"
    if after is None:
        return f"{what} is gone" if kind != "environment" else f"{what} is no longer set"
    if kind == "environment":
        return f"{what} changed"
    return f"{what} was {_short(before)}, is {_short(after)}"


def _each(kind: str, before: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[Change]:
    return [Change(kind, name, before.get(name), now.get(name)) for name in {**before, **now} if before.get(name) != now.get(name)]


def _fields(recipe: str) -> dict[str, str | None]:
    try:
        fields = json.loads(recipe)
    except ValueError:
        return {"": recipe}
    return {name: _text(value) for name, value in fields.items()} if isinstance(fields, dict) else {"": recipe}


def _values(environment: Mapping[str, bytes | None]) -> dict[str, str | None]:
    return {name: None if value is None else value.hex() for name, value in environment.items()}


def _digits(files: Mapping[str, bytes]) -> dict[str, str | None]:
    return {path: mark[:1].decode().replace("-", "") + mark[1:5].hex() for path, mark in files.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _short(text: str) -> str:
    # Of a digest or a commit, the first digits tell one from another.
    text = _LONG.sub(lambda match: match[0][:12], " ".join(text.split())) or "empty"
    return text if len(text) <= 60 else f"{text[:40]} ... {text[-15:]}"
