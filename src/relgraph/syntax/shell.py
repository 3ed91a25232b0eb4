"""Shell text: words of one simple command, with positions.

A reader for finding references, not a shell: it starts anywhere (within a string, a here-document, an inline code span of a
document, a Make recipe) and stops where the simple command that begins there ends. The grammar of tokens follows POSIX.1-2024,
XCU 2.3 (token recognition), with the expressions of Make (``$(NAME)``) and of workflows (``${{ ... }}``) as parts of words.
"""

import re
from typing import NamedTuple

__all__ = ["Word", "read_command"]

_SPACE = re.compile(r"(?:[ \t]|\\\r?\n)*+")
# A quote that a blank or an operator follows closes a string that began before the command, unless it begins a word or a value.
_WORD = re.compile(
    r"(?><[A-Za-z][\w .-]{0,40}>|\$\{\{[^{}\n]*+\}\}|\{\{[^{}\n]*+\}\}|\$\{[^{}\n]*+\}|\$\([\w.-]++\)|\$\((?:[^()\n]|\([^()\n]*+\))*+\)"
    r"|(?:(?<=[\s=(:,])|(?!\"[\s;)|&]))\"(?>[^\"\\\n$`]|\\.|\\\n|\$\((?:[^()\n]|\([^()\n]*+\))*+\)|\$|`[^`\n]*+`|(?<!\")\n(?=[^\"]{0,300}\"))*+\""
    r"|(?:(?<=[\s=(:,])|(?!'[\s;)|&]))'[^'\n]*+(?:\n[^'\n]*+){0,20}'|\\[^\n]|[^\s;|&()<>`\\\"'])++"
)
_PLACEHOLDER = re.compile(r"<[A-Za-z][\w .-]{0,40}>(?=[\s\"']|$)")  # <version>: as documents write what a reader fills in
_REDIRECTION = re.compile(r"\d*(?:<<<|<<-?|<&|<>|<(?!\()|>>|>&|>\||>(?!\())[ \t]*+")
_BEFORE_SPACE = frozenset(" \t\\")
_BEFORE_TARGET = frozenset("<>0123456789")


class Word(NamedTuple):
    """One word: offsets, quotes included, and its text with the quotes removed (expansions are left as written).

    ``inner`` is the offset of ``text`` within the source where quoting is simple (none, or one pair around the whole word),
    else -1: then positions within ``text`` cannot be told. ``name="value"`` keeps its quotes, so that the value has a position.
    """

    start: int
    end: int
    text: str
    inner: int


def read_command(source: str, start: int, end: int) -> tuple[list[Word], int]:
    """The words of the simple command that begins at ``start``, and the offset where it ends.

    It ends at ``end``, an unescaped line end, an operator, a closing parenthesis, a back quote, or a quote that nothing closes.
    Redirections and their targets are left out.
    """
    words: list[Word] = []
    position = start
    while True:
        # A look at one character spares most words two expressions.
        if source[position : position + 1] in _BEFORE_SPACE:
            position = _SPACE.match(source, position, end).end()  # type: ignore[union-attr]  # it matches the empty string
        redirection = _REDIRECTION.match(source, position, end) if source[position : position + 1] in _BEFORE_TARGET else None
        if redirection is not None and _PLACEHOLDER.match(source, position, end) is None:
            target = _WORD.match(source, redirection.end(), end)
            position = target.end() if target is not None else redirection.end()
            continue
        match = _WORD.match(source, position, end)
        if match is None:
            return words, position
        words.append(_word(source, *match.span()))
        position = match.end()


def _word(source: str, start: int, end: int) -> Word:
    raw = source[start:end]
    quote = raw[0]
    if "'" not in raw and '"' not in raw and "\\" not in raw:
        return Word(start, end, raw, start)
    if quote in "\"'" and len(raw) > 1 and raw[-1] == quote and quote not in raw[1:-1] and "\\" not in raw:
        return Word(start, end, raw[1:-1], start + 1)
    if _ASSIGNED.fullmatch(raw):
        return Word(start, end, raw, start)
    return Word(start, end, _unquoted(raw), -1)


_ASSIGNED = re.compile(r"[\w.+-]+=(?:\"[^\"\\]*\"|'[^']*')")
_QUOTED = re.compile(r"'([^']*+)'|\"((?>[^\"\\]|\\.)*+)\"|\\(.)", re.DOTALL)


def _unquoted(raw: str) -> str:
    return _QUOTED.sub(lambda match: match[1] or match[2] or match[3] or "", raw)
