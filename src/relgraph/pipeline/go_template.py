"""Go templates, as far as release files and charts use them for names and versions.

The language is that of Go's ``text/template``; functions are those of GoReleaser and of Sprig that matter here. A construct
that is not evaluated (loops, most functions) gives a hole where its output would stand.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from relgraph.pipeline.value import Holes, is_known, number_of

__all__ = ["Template", "render"]

_ACTION = re.compile(r"\{\{(-?)((?:\"(?:[^\"\\\n]|\\.)*+\"|`[^`\n]*`|[^{}\"`]|\}(?!\}))*?)(-?)\}\}")
_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"(?:[^\"\\]|\\.)*+\"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)|(?P<field>\$?(?:\.[A-Za-z_]\w*)+)|(?P<dot>\$?\.(?!\w))"
    r"|(?P<variable>\$\w*)|(?P<name>[A-Za-z_]\w*)|(?P<mark>\|\||&&|:=|[|(),=]))"
)
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}
_MAX_DEPTH = 12


class _Missing:
    """A value that is not there."""


MISSING = _Missing()


class Template(NamedTuple):
    """What a template can see: ``resolve`` gives the value of a field path (``MISSING`` where there is none), ``includes`` the
    bodies of named templates, ``replace_subject_first`` the order of arguments of ``replace`` (GoReleaser's; Sprig has it last)."""

    resolve: Callable[[tuple[str, ...]], object]
    holes: Holes
    includes: Mapping[str, str] = {}
    replace_subject_first: bool = False


class _Syntax(ValueError):
    """The action cannot be read."""


def render(text: str, template: Template, depth: int = 0) -> str:
    """The text with its actions evaluated."""
    if "{{" not in text:
        return text
    pieces = _pieces(text)
    try:
        out, _ = _block(pieces, 0, template, depth, {})
    except RecursionError:
        return template.holes.mark("a template that is nested too deeply")
    return out


def _pieces(text: str) -> list[tuple[bool, str]]:
    """Alternating literal texts and actions, white space trimmed as the actions ask."""
    pieces: list[tuple[bool, str]] = []
    position, trim = 0, False
    for match in _ACTION.finditer(text):
        literal = text[position : match.start()]
        literal = literal.lstrip() if trim else literal
        pieces.append((False, literal.rstrip() if match[1] else literal))
        pieces.append((True, match[2].strip()))
        position, trim = match.end(), bool(match[3])
    literal = text[position:]
    pieces.append((False, literal.lstrip() if trim else literal))
    return pieces


def _word(action: str) -> str:
    match = re.match(r"(if|else|end|range|with|define|block|template|/\*|break|continue)\b|/\*", action)
    return match.group() if match is not None else ""


def _skip(pieces: list[tuple[bool, str]], index: int) -> int:
    """The index of the ``else`` or ``end`` that belongs to the block before ``index``."""
    depth = 0
    while index < len(pieces):
        action, text = pieces[index]
        word = _word(text) if action else ""
        if word in ("if", "range", "with", "define", "block"):
            depth += 1
        elif word == "end":
            if depth == 0:
                return index
            depth -= 1
        elif word == "else" and depth == 0:
            return index
        index += 1
    return index


def _block(
    pieces: list[tuple[bool, str]], index: int, template: Template, depth: int, variables: dict[str, object]
) -> tuple[str, int]:
    out: list[str] = []
    while index < len(pieces):
        action, text = pieces[index]
        index += 1
        if not action:
            out.append(text)
            continue
        word = _word(text)
        if word in ("end", "else"):
            return "".join(out), index - 1
        if word == "if":
            printed, index = _if(pieces, index, text[2:].strip(), template, depth, variables)
            out.append(printed)
        elif word in ("range", "with", "block", "define"):
            while True:
                index = _skip(pieces, index) + 1
                if index > len(pieces) or _word(pieces[index - 1][1]) == "end":
                    break
            if word != "define":
                out.append(template.holes.mark(f"a template's {word}"))
        elif word == "/*":
            continue
        else:
            out.append(_printed(text, template, depth, variables))
    return "".join(out), index


def _if(
    pieces: list[tuple[bool, str]], index: int, condition: str, template: Template, depth: int, variables: dict[str, object]
) -> tuple[str, int]:
    truth = _truth(_evaluate(condition, template, depth, variables))
    body, at = _block(pieces, index, template, depth, dict(variables))
    chosen: str | None = body if truth else None
    undecided = [body] if truth is None else []
    while at < len(pieces) and _word(pieces[at][1]) == "else":
        rest = pieces[at][1][4:].strip()
        nested = rest.startswith("if ")
        now = _truth(_evaluate(rest[3:], template, depth, variables)) if nested else True
        body, at = _block(pieces, at + 1, template, depth, dict(variables))
        if chosen is None:
            if undecided or now is None:
                undecided.append(body)
            elif now:
                chosen = body
        if undecided and not nested:
            break
    if undecided:
        texts = set(undecided)
        chosen = texts.pop() if len(texts) == 1 and len(undecided) > 1 else template.holes.mark("text that depends on a condition")
    return chosen or "", at + 1


def _printed(action: str, template: Template, depth: int, variables: dict[str, object]) -> str:
    assigned = re.match(r"(\$\w+)\s*:?=\s*(.*)", action, re.DOTALL)
    if assigned is not None:
        variables[assigned[1]] = _evaluate(assigned[2], template, depth, variables)
        return ""
    value = _evaluate(action, template, depth, variables)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Missing) or value is None:
        return ""
    return template.holes.mark(f"{{{{{action}}}}}" if is_known(action) else "a template")


def _truth(value: object) -> bool | None:
    if isinstance(value, str):
        known = "".join(char for char in value if is_known(char))
        if known:
            return value not in ("false", "0")
        return None if value else False
    if isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return bool(value)
    return False


def _evaluate(action: str, template: Template, depth: int, variables: dict[str, object]) -> object:
    try:
        return _Parser(action, template, depth, variables).whole()
    except (_Syntax, IndexError):
        return template.holes.mark(f"{{{{ {action} }}}}" if is_known(action) else "a template")


class _Parser:
    def __init__(self, action: str, template: Template, depth: int, variables: dict[str, object]) -> None:
        self.template = template
        self.depth = depth
        self.variables = variables
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(action.rstrip()):
            match = _TOKEN.match(action, position)
            if match is None or match.lastgroup is None:
                raise _Syntax(action)
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self.index = 0

    def whole(self) -> object:
        value = self._pipe()
        if self.index < len(self.tokens):
            raise _Syntax
        return value

    def _pipe(self) -> object:
        value = self._command([])
        while self.index < len(self.tokens) and self.tokens[self.index] == ("mark", "|"):
            self.index += 1
            value = self._command([value])
        return value

    def _command(self, extra: list[object]) -> object:
        kind, text = self.tokens[self.index]
        if kind == "name":
            self.index += 1
            return self._call(text, self._terms() + extra)
        terms = self._terms()
        if not terms or len(terms) > 1 or extra:
            raise _Syntax
        return terms[0]

    def _terms(self) -> list[object]:
        terms: list[object] = []
        while self.index < len(self.tokens):
            kind, text = self.tokens[self.index]
            if kind == "mark" and text in ("|", ")"):
                break
            self.index += 1
            terms.append(self._term(kind, text))
        return terms

    def _term(self, kind: str, text: str) -> object:
        if kind == "string":
            return (
                text[1:-1]
                if text[0] == "`"
                else re.sub(r"\\.", lambda match: _ESCAPES.get(match.group(), match.group()), text[1:-1])
            )
        if kind == "number":
            return text
        if kind == "field":
            base, *path = text.split(".")
            return self.template.resolve(tuple(path)) if base in ("", "$") else _Missing()
        if kind == "dot":
            return self.template.resolve(())
        if kind == "variable":
            if text == "$":
                return self.template.resolve(())
            if text not in self.variables:
                raise _Syntax
            return self.variables[text]
        if kind == "name" and text in ("true", "false"):
            return text == "true"
        if kind == "name":
            return self._call(text, [])
        if text == "(":
            value = self._pipe()
            if self.tokens[self.index] != ("mark", ")"):
                raise _Syntax
            self.index += 1
            # (index ...).Field and the like
            return value
        raise _Syntax

    def _call(self, name: str, arguments: list[object]) -> object:
        if name in ("include", "template", "tpl"):
            return self._include(name, arguments)
        if name == "index" and len(arguments) > 1:
            value = arguments[0]
            for key in arguments[1:]:
                value = value.get(str(key), MISSING) if isinstance(value, Mapping) else MISSING
            return value
        if name in ("and", "or"):
            for argument in arguments:
                truth = _truth(argument)
                if truth is None:
                    return self.template.holes.mark(f"{name} of something unknown")
                if truth is (name == "or"):
                    return argument
            return arguments[-1]
        if name == "not":
            truth = _truth(arguments[0])
            return self.template.holes.mark("not of something unknown") if truth is None else not truth
        function = _FUNCTIONS.get(name)
        if name == "replace" and self.template.replace_subject_first:
            arguments = [*arguments[1:], arguments[0]]
        if name in ("trimprefix", "trimsuffix"):
            function = _FUNCTIONS["trimPrefix" if name == "trimprefix" else "trimSuffix"]
            arguments = [*arguments[1:], arguments[0]]
        if function is None:
            raise _Syntax
        texts = [
            argument if isinstance(argument, str | bool) else "" if argument is None or isinstance(argument, _Missing) else argument
            for argument in arguments
        ]
        result = function(texts)
        return self.template.holes.mark(f"{name} of something unknown") if result is None else result

    def _include(self, name: str, arguments: list[object]) -> object:
        body = arguments[0] if name == "tpl" else self.template.includes.get(str(arguments[0]))
        if not isinstance(body, str) or self.depth > _MAX_DEPTH:
            raise _Syntax
        return render(body, self.template, self.depth + 1).strip() if name != "tpl" else render(body, self.template, self.depth + 1)


def _strings(arguments: list[object], count: int) -> list[str] | None:
    if len(arguments) < count or not all(isinstance(argument, str) for argument in arguments):
        return None
    return [str(argument) for argument in arguments]


def _replace(arguments: list[object]) -> object:
    texts = _strings(arguments, 3)
    return None if texts is None else texts[2].replace(texts[0], texts[1])


def _trim_prefix(arguments: list[object]) -> object:
    texts = _strings(arguments, 2)
    return None if texts is None else texts[1].removeprefix(texts[0])


def _trim_suffix(arguments: list[object]) -> object:
    texts = _strings(arguments, 2)
    return None if texts is None else texts[1].removesuffix(texts[0])


def _trunc(arguments: list[object]) -> object:
    texts = _strings(arguments, 2)
    if texts is None:
        return None
    size = number_of(texts[0].removeprefix("-"))
    if size is None or (not is_known(texts[1]) and len(texts[1]) < 20):
        return texts[1] if size is not None and size > 40 and not texts[0].startswith("-") else None
    return texts[1][-size:] if texts[0].startswith("-") and size else texts[1][:size]


def _printf(arguments: list[object]) -> object:
    texts = _strings(arguments, 1)
    if texts is None:
        return None
    values = iter(texts[1:])
    return re.sub(r"%[sdvq]|%%", lambda match: "%" if match.group() == "%%" else next(values, ""), texts[0])


def _default(arguments: list[object]) -> object:
    if len(arguments) < 2:
        return None
    fallback, value = arguments[0], arguments[1]
    truth = _truth(value)
    return None if truth is None else value if truth else fallback


def _coalesce(arguments: list[object]) -> object:
    for argument in arguments:
        truth = _truth(argument)
        if truth is None:
            return None
        if truth:
            return argument
    return ""


def _ternary(arguments: list[object]) -> object:
    if len(arguments) != 3:
        return None
    truth = _truth(arguments[2])
    return None if truth is None else arguments[0] if truth else arguments[1]


def _equal(arguments: list[object]) -> object:
    texts = _strings(arguments, 2)
    return None if texts is None or not all(is_known(text) for text in texts) else texts[0] in texts[1:]


def _different(arguments: list[object]) -> object:
    same = _equal(arguments)
    return None if same is None else not same


def _first(arguments: list[object]) -> object:
    return arguments[-1] if arguments else None


def _lower(arguments: list[object]) -> object:
    return arguments[-1].lower() if arguments and isinstance(arguments[-1], str) else None


def _upper(arguments: list[object]) -> object:
    return arguments[-1].upper() if arguments and isinstance(arguments[-1], str) else None


def _trim(arguments: list[object]) -> object:
    return arguments[-1].strip() if arguments and isinstance(arguments[-1], str) else None


def _has_prefix(arguments: list[object]) -> object:
    texts = _strings(arguments, 2)
    return None if texts is None or not all(is_known(text) for text in texts) else texts[1].startswith(texts[0])


def _contains(arguments: list[object]) -> object:
    texts = _strings(arguments, 2)
    return None if texts is None or not all(is_known(text) for text in texts) else texts[0] in texts[1]


def _empty(arguments: list[object]) -> object:
    truth = _truth(arguments[0]) if arguments else False
    return None if truth is None else not truth


_FUNCTIONS: dict[str, Callable[[list[object]], object]] = {
    "replace": _replace, "trimPrefix": _trim_prefix, "trimSuffix": _trim_suffix, "trunc": _trunc, "printf": _printf,
    "default": _default, "coalesce": _coalesce, "ternary": _ternary, "eq": _equal, "ne": _different, "required": _first,
    "quote": _first, "squote": _first, "toString": _first, "indent": _first, "nindent": _first, "int": _first, "print": _first,
    "lower": _lower, "tolower": _lower, "upper": _upper, "toupper": _upper, "trim": _trim, "hasPrefix": _has_prefix,
    "contains": _contains, "empty": _empty, "toYaml": lambda _: None, "regexReplaceAll": lambda _: None,
}  # fmt: skip
