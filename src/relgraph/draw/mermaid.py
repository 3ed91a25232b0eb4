"""Mermaid flowcharts (https://mermaid.js.org/syntax/flowchart.html)."""

import re
from collections.abc import Iterable, Mapping

from relgraph.draw.drawing import Box, Drawing, Form
from relgraph.model.graph import EdgeKind

__all__ = ["identifiers", "mermaid"]

_ARROWS = {EdgeKind.BUILDS_FROM: "-->", EdgeKind.REFERS_TO: "-.->", EdgeKind.CONTAINS: "--o"}
_BY_KIND = {
    "image": ("([", "])"),
    "chart": ("[[", "]]"),
    "hook": ("{{", "}}"),
    "files": ("[/", "/]"),
    "derived": ("[\\", "\\]"),
    "tool": ("(", ")"),
}
# A text colour of their own: pages are drawn on light and on dark.
_STYLES = {
    "error": "fill:#ffd7d5,stroke:#cf222e,stroke-width:2px,color:#1f2328",
    "warning": "fill:#fff3c4,stroke:#9a6700,stroke-width:2px,color:#1f2328",
}
# A frame is large: its border says it.
_FRAMES = {
    "error_in": "stroke:#cf222e,stroke-width:2px",
    "warning_in": "stroke:#9a6700,stroke-width:2px",
    "external": "stroke-dasharray:4 4",
}
# What labels can hold of other languages: HTML, entities, Markdown (in backticks), formulas ($$), icons (fa:fa-car).
_SPECIAL = re.compile(r'["#&<>`\\$]|(?<=fa):|(?<=fa[a-z]):|\s')


def mermaid(drawing: Drawing) -> str:
    """A drawing as a flowchart from left to right: frames are subgraphs, references dashed, external repositories dotted round.

    States are classes called like severities. The text is the same for the same drawing.
    """
    names = identifiers(drawing)
    inside: dict[str, list[str]] = {}
    for box in drawing.boxes:
        inside.setdefault(box.frame, []).append(_box(box, names))
    lines = ["flowchart LR"]
    for frame in drawing.frames:
        # One line: what stands in a frame begins right below the first.
        lines.append(f"    subgraph {names[frame.key]}[{_text([' '.join(frame.lines)])}]")
        lines += [f"        {text}" for text in inside.get(frame.key, ())]
        lines.append("    end")
    lines += [f"    {text}" for text in inside.get("", ())]
    lines += [f"    {names[arrow.tail]} {_ARROWS[arrow.kind]} {names[arrow.head]}" for arrow in drawing.arrows]
    for style, value in _STYLES.items():
        if marked := [names[box.key] for box in drawing.boxes if box.state == style]:
            lines += [f"    classDef {style} {value}", f"    class {','.join(marked)} {style}"]
    for style, value in _FRAMES.items():
        if framed := [names[frame.key] for frame in drawing.frames if style in (f"{frame.state}_in", "external" * frame.external)]:
            lines += [f"    classDef {style} {value}", f"    class {','.join(framed)} {style}"]
    return "\n".join(lines) + "\n"


def identifiers(drawing: Drawing) -> Mapping[str, str]:
    """The name in the flowchart of every frame and box, by its key: letters, digits and underscores, each only once."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for key in sorted({*(frame.key for frame in drawing.frames), *(box.key for box in drawing.boxes)}):
        # A name begins with its section (images_), so it is none of the words that mermaid keeps for itself (end, style).
        base = name = re.sub(r"[^A-Za-z0-9]+", "_", key)
        count = 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        found[key] = name
    return found


def _box(box: Box, names: Mapping[str, str]) -> str:
    opening, closing = _BY_KIND.get(box.kind, ("[", "]")) if box.form in (Form.PUBLISHED, Form.FILES) else ("[", "]")
    return f"{names[box.key]}{opening}{_text(box.lines)}{closing}"


def _text(lines: Iterable[str]) -> str:
    return '"' + "<br/>".join(_SPECIAL.sub(_entity, line) for line in lines) + '"'


def _entity(match: re.Match[str]) -> str:
    return " " if match[0].isspace() else f"#{ord(match[0])};"
