"""``derive --dry-run`` and ``derive --why``: what would be made, and why."""

import json
from collections.abc import Collection, Mapping

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.derive.choosing import find_step
from relgraph.derive.opening import Opened
from relgraph.derive.run import foresee
from relgraph.derive.world import Derivation
from relgraph.effects.environment import inherited
from relgraph.engine.events import Event, Warned, Watch
from relgraph.engine.preview import Forecast, Foreseen
from relgraph.report.clean import visible

__all__ = ["preview", "why"]


def preview(opened: Opened, only: Mapping[str, Collection[str]] | None, values: Values, terminal: Terminal) -> int:
    """Print every step that would run or may, or whose files would be put back."""
    seen = foresee(opened, only, environment=inherited("*"), watch=_watch(terminal))
    if values.get("format") == "json":
        _write(terminal, opened, seen)
        return 0
    counts = dict.fromkeys(Forecast, 0)
    for _, one in seen:
        counts[one.forecast] += 1
        if one.forecast is not Forecast.CACHED or one.put_back:
            _show(one, terminal, least=False)
    words = [f"{counts[forecast]} {word}" for forecast, word in _WORDS.items() if counts[forecast]]
    terminal.write((", ".join(words) or "nothing is derived here") + "\n")
    return 0


def _watch(terminal: Terminal) -> Watch:
    def watch(event: Event) -> None:
        if isinstance(event, Warned):
            terminal.complain(f"relgraph: warning: {visible(event.line)}")

    return watch


_WORDS = {Forecast.RUN: "would run", Forecast.MAY_RUN: "may run", Forecast.CACHED: "up to date"}


def why(opened: Opened, word: str, values: Values, terminal: Terminal) -> int:
    """Print why one step would run, or that it would not."""
    derivation, step = find_step(opened.world, word)
    found = foresee(opened, {derivation.repo: (step.id,)}, environment=inherited("*"))
    seen = [(repo, one) for repo, one in found if one.step.id == step.id]
    if values.get("format") == "json":
        _write(terminal, opened, seen)
        return 0
    for _, one in seen:
        _show(one, terminal, least=True)
    return 0


def _show(one: Foreseen, terminal: Terminal, *, least: bool) -> None:
    what = "put back" if one.put_back and not least else one.forecast.value if one.forecast is not Forecast.CACHED else "up to date"
    terminal.write(f"{what:10} {one.step.id}\n")
    for line in one.why or (("nothing that decides it has changed",) if least else ()):
        terminal.write(f"  {visible(line)}\n")


def _write(terminal: Terminal, opened: Opened, seen: list[tuple[Derivation, Foreseen]]) -> None:
    rows = [
        {
            "repo": derivation.repo,
            "step": one.step.id,
            "node": one.step.node,
            "forecast": one.forecast.value,
            "why": list(one.why),
            "changes": [change._asdict() for change in one.changes],
            "put_back": list(one.put_back),
            "seconds": round(one.seconds, 3),
        }
        for derivation, one in seen
    ]
    terminal.write(
        json.dumps({"schema": "relgraph.dev/derive-plan/v1", "graph": opened.world.graph, "steps": rows}, indent=1) + "\n"
    )
