"""What a terminal shows after a program wrote to it, and a picture (SVG) of that.

It knows what relgraph writes: text, line ends, the cursor moved up, the rest of a line cleared, colours. Anything else is an error, so that
a picture cannot show what a terminal would not.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import NamedTuple
from xml.etree import ElementTree as ET

__all__ = ["Cell", "Screen", "picture", "words_of"]

_TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\x1b|([^\x1b]+)")
_WORDS = re.compile(r"[^ ]+(?: [^ ]+)*")
_CELL, _ROW, _EDGE = 8.4, 19, 16
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_PAPER, _INK = "#0d1117", "#c9d1d9"
_COLORS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 36: "#79c0ff"}


class Cell(NamedTuple):
    """A character with its colour (a number of ECMA-48, 0 for none) and weight."""

    text: str = " "
    color: int = 0
    bold: bool = False
    dim: bool = False


class Screen:
    """A terminal of so many columns, as long as it must be: what scrolled by is kept. Wide characters are not known."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._rows: list[list[Cell]] = [[]]
        self._row = self._column = 0
        self._pen = Cell()

    def feed(self, text: str) -> None:
        """Show what a program wrote. Raises ValueError for a control sequence that is not known."""
        for match in _TOKEN.finditer(text):
            numbers, letter, plain = match.groups()
            if plain is not None:
                for character in plain:
                    self._put(character)
            elif letter == "m":
                for number in map(int, (numbers or "0").split(";")):
                    self._paint(number)
            elif letter == "A":
                self._row = max(0, self._row - int(numbers or 1))
            elif letter == "K" and not numbers:
                del self._rows[self._row][self._column :]
            else:
                raise ValueError(f"a terminal's control sequence that is not known: {match.group()!r}")

    @property
    def lines(self) -> list[str]:
        """The text of each row, without blanks at its end."""
        return ["".join(cell.text for cell in row).rstrip() for row in self._rows]

    @property
    def rows(self) -> list[list[Cell]]:
        """The rows that are not empty at the end."""
        last = max((number for number, line in enumerate(self.lines) if line), default=-1)
        return self._rows[: last + 1]

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
            if self._row == len(self._rows):
                self._rows.append([])
        elif character < " ":
            raise ValueError(f"a control character that is not known: {character!r}")
        else:
            if self._column == self._columns:
                self._column = 0
                self._put("\n")
            row = self._rows[self._row]
            row += [Cell()] * (self._column + 1 - len(row))
            row[self._column] = self._pen._replace(text=character)
            self._column += 1

    def _paint(self, number: int) -> None:
        if number == 0:
            self._pen = Cell()
        elif number in (1, 2):
            self._pen = self._pen._replace(bold=number == 1, dim=number == 2)
        elif number in _COLORS:
            self._pen = self._pen._replace(color=number)
        else:
            raise ValueError(f"a colour that is not known: {number}")


def picture(screen: Screen, columns: int, title: str) -> str:
    """An SVG of what a screen shows. Each run of one style stands at its place and has its width, whatever font is there."""
    rows = screen.rows
    width, height = round(columns * _CELL + 2 * _EDGE), len(rows) * _ROW + 2 * _EDGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{_PAPER}"/>',
        f'<g font-family="{_FONT}" font-size="14" fill="{_INK}">',
    ]
    for number, row in enumerate(rows):
        y = _EDGE + number * _ROW + 14
        for column, text, style in _runs(row):
            x, length = round(_EDGE + column * _CELL, 1), round(len(text) * _CELL, 1)
            lines.append(f'<text x="{x}" y="{y}" textLength="{length}"{_attributes(style)}>{escape(text, quote=False)}</text>')
    return "\n".join([*lines, "</g>", "</svg>", ""])


def words_of(svg: str) -> list[str]:
    """The lines of text in a picture that :func:`picture` made, with single blanks between its runs."""
    texts = [one for one in ET.fromstring(svg).iter() if one.tag.endswith("}text")]
    return [" ".join(" ".join(one.text or "" for one in row).split()) for _, row in groupby(texts, key=lambda one: one.get("y"))]


def _runs(row: list[Cell]) -> Iterator[tuple[int, str, Cell]]:
    column = 0
    for style, cells in groupby(row, key=lambda cell: cell._replace(text="")):
        text = "".join(cell.text for cell in cells)
        # Not every program that shows a picture keeps several blanks together.
        for words in _WORDS.finditer(text):
            yield column + words.start(), words.group(), style
        column += len(text)


def _attributes(style: Cell) -> str:
    color = f' fill="{_COLORS[style.color]}"' if style.color else ""
    return color + (' font-weight="bold"' if style.bold else "") + (' opacity=".6"' if style.dim else "")
