"""Plans on the screen: what would run, what would not, and why."""

import json
from collections.abc import Sequence
from textwrap import fill, wrap
from typing import Any

from relgraph.cli.terminal import Terminal
from relgraph.engine.preview import Forecast, Foreseen
from relgraph.engine.reasons import told
from relgraph.errors import UsageError
from relgraph.report.clean import visible

__all__ = ["show_forecast", "why_step"]

_COLORS = {Forecast.RUN: "33", Forecast.CACHED: "32", Forecast.MAY_RUN: "36"}


def show_forecast(name: str, foreseen: Sequence[Foreseen], terminal: Terminal, *, as_json: bool) -> int:
    """Every step with what will become of it, in the order in which they are carried out."""
    if as_json:
        plan = {"schema": "relgraph.dev/plan/v1", "plan": name, "steps": [_row(one) for one in foreseen]}
        terminal.write(json.dumps(plan, indent=1, ensure_ascii=False) + "\n")
        return 0
    wide = max((len(one.step.id) for one in foreseen), default=0)
    for one in foreseen:
        word = f"{one.forecast.value:7}"
        if terminal.color:
            word = f"\x1b[{_COLORS[one.forecast]}m{word}\x1b[0m"
        why = visible(one.why[0]) if one.why and one.step.kept else ""
        more = f" (and {len(one.why) - 1} more)" if one.step.kept and len(one.why) > 1 else ""
        terminal.write(f"{word}  {_beside(one.step.id, wide, why + more, terminal)}\n")
    running = sum(one.forecast is Forecast.RUN for one in foreseen)
    perhaps = sum(one.forecast is Forecast.MAY_RUN for one in foreseen)
    terminal.write(f"{running} to run, {f'{perhaps} perhaps, ' if perhaps else ''}{len(foreseen) - running - perhaps} up to date\n")
    return 0


def why_step(word: str, foreseen: Sequence[Foreseen], terminal: Terminal, *, as_json: bool) -> int:
    """One step: all that has changed, from what to what. Raises UsageError where no step is meant."""
    found = [one for one in foreseen if word in (one.step.id, one.step.node)]
    if not found:
        raise UsageError(f"the plan has no step '{word}'", hint=f"there are {', '.join(one.step.id for one in foreseen[:8])}")
    if as_json:
        terminal.write(json.dumps({"schema": "relgraph.dev/plan/v1", "steps": [_row(one) for one in found]}, indent=1) + "\n")
        return 0
    for one in found:
        terminal.write(f"{one.step.id}: {_WORDS[one.forecast]}\n")
        for line in one.why:
            text = f"  {visible(line)}"
            terminal.write((fill(text, terminal.width, subsequent_indent=" " * 4) if terminal.seen else text) + "\n")
    return 0


_WORDS = {Forecast.RUN: "it runs", Forecast.CACHED: "it is up to date", Forecast.MAY_RUN: "it may run"}


def _beside(name: str, wide: int, text: str, terminal: Terminal) -> str:
    """A text beside a name in a column. On a screen it stays in its column or, where that would be narrow, goes below."""
    if not terminal.seen:
        return f"{name:{wide}}  {text}".rstrip()
    indent = 9 + wide + 2
    if terminal.width - indent >= 45 or len(text) <= terminal.width - indent:
        lines = wrap(text, terminal.width - indent, break_on_hyphens=False)
        return f"{name:{wide}}  {_line(indent).join(lines)}".rstrip()
    indent = 13
    return _line(indent).join([name, *wrap(text, terminal.width - indent, break_on_hyphens=False)])


def _line(indent: int) -> str:
    return "\n" + " " * indent


def _row(one: Foreseen) -> dict[str, Any]:
    return {
        "step": one.step.id,
        "action": one.step.action,
        "node": one.step.node,
        "forecast": one.forecast.value,
        "why": list(one.why),
        "changes": [
            {"kind": change.kind, "name": change.name, "before": change.before, "after": change.after, "told": told(change)}
            for change in one.changes
        ],
        "seconds": round(one.seconds, 3),
    }
