"""sed: reading its scripts and applying them to a text (POSIX.1-2024, XCU sed, and GNU's options).

Enough of the language for what release scripts do to their files: substitutions under addresses, ``d``, ``p``, ``q``, ``n``,
``a``, ``i``, ``c``, ``y`` and groups. A script with anything else (branches, the hold space) is not applied at all.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from relgraph.pipeline.patterns import line_limit, posix_pattern

__all__ = ["Edit", "SedScript", "apply_sed", "read_sed"]


class _Address(NamedTuple):
    kind: str  # line, last, pattern
    line: int = 0
    pattern: re.Pattern[str] | None = None


class _Command:
    __slots__ = ("body", "first", "flags", "name", "negated", "pattern", "replacement", "second", "text", "written")

    def __init__(
        self,
        first: _Address | None,
        second: _Address | None,
        negated: bool,
        name: str,
        pattern: re.Pattern[str] | None = None,
        written: str = "",
        replacement: str = "",
        flags: str = "",
        text: str = "",
        body: "tuple[_Command, ...]" = (),
    ) -> None:
        self.first = first
        self.second = second
        self.negated = negated
        self.name = name
        self.pattern = pattern
        self.written = written
        self.replacement = replacement
        self.flags = flags
        self.text = text
        self.body = body


class SedScript(NamedTuple):
    """The commands of one or more scripts."""

    commands: tuple[_Command, ...]


class Edit(NamedTuple):
    """What a script did: the text afterwards, and for each substitution or addressed change its pattern, whether it found
    anything (or what it writes was there already), and the lines that it made."""

    text: str
    effects: tuple[tuple[str, bool, tuple[str, ...]], ...]


class _Unsupported(ValueError):
    """The script uses something that is not modelled."""


_BLANK = re.compile(r"[\s;]*")
_NUMBER = re.compile(r"\d+")
_DIGITS = "0123456789"
_FLAGS = re.compile(r"[gpiIeMm0-9]*")


def read_sed(scripts: Sequence[str], *, extended: bool) -> SedScript | None:
    """The commands of the scripts of ``-e`` (or the first operand), or None where one cannot be modelled."""
    try:
        reader = _Reader("\n".join(scripts), extended)
        commands = reader.commands(nested=False)
    except (_Unsupported, IndexError):
        return None
    return SedScript(commands)


class _Reader:
    def __init__(self, source: str, extended: bool) -> None:
        self.source = source
        self.extended = extended
        self.position = 0
        self.last: re.Pattern[str] | None = None

    def commands(self, *, nested: bool) -> tuple[_Command, ...]:
        found: list[_Command] = []
        while True:
            self._skip(_BLANK)
            if self.position >= len(self.source):
                if nested:
                    raise _Unsupported
                return tuple(found)
            if self.source[self.position] == "}":
                if not nested:
                    raise _Unsupported
                self.position += 1
                return tuple(found)
            if self.source[self.position] == "#":
                end = self.source.find("\n", self.position)
                self.position = len(self.source) if end < 0 else end
                continue
            found.append(self._command())

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.source, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match.group()

    def _address(self) -> _Address | None:
        char = self.source[self.position]
        if char in _DIGITS:
            return _Address("line", int(self._skip(_NUMBER)[:9]))
        if char == "$":
            self.position += 1
            return _Address("last")
        if char in "/\\":
            if char == "\\":
                self.position += 1
            pattern = self._pattern(self._delimited(), self._skip(re.compile(r"I?")) == "I")
            return _Address("pattern", pattern=pattern)
        return None

    def _pattern(self, written: str, ignore_case: bool) -> re.Pattern[str]:
        if not written:
            if self.last is None:
                raise _Unsupported
            return self.last
        pattern = posix_pattern(written, extended=self.extended, ignore_case=ignore_case)
        if pattern is None:
            raise _Unsupported
        self.last = pattern
        return pattern

    def _delimited(self) -> str:
        """The text up to the next unescaped delimiter; the delimiter is the current character."""
        delimiter = self.source[self.position]
        self.position += 1
        out: list[str] = []
        in_bracket = False
        while True:
            char = self.source[self.position]
            if char == "\\":
                following = self.source[self.position + 1]
                # An escaped delimiter is the delimiter itself.
                out.append(following if following == delimiter and delimiter not in "()|{}+?" else char + following)
                self.position += 2
                continue
            if char == delimiter and not in_bracket:
                self.position += 1
                return "".join(out)
            if char == "\n":
                raise _Unsupported
            out.append(char)
            self.position += 1

    def _command(self) -> _Command:
        first, second, negated = self._address(), None, False
        self._skip(re.compile(r"[ \t]*"))
        if first is not None and self.source.startswith(",", self.position):
            self.position += 1
            self._skip(re.compile(r"[ \t]*"))
            second = self._address()
            if second is None:
                raise _Unsupported
            self._skip(re.compile(r"[ \t]*"))
        while self.source.startswith("!", self.position):
            negated = True
            self.position += 1
            self._skip(re.compile(r"[ \t]*"))
        name = self.source[self.position]
        self.position += 1
        if name == "{":
            return _Command(first, second, negated, name, body=self.commands(nested=True))
        if name == "s":
            return self._substitution(first, second, negated)
        if name == "y":
            start = self.position
            old = self._delimited()
            self.position -= 1
            return _Command(
                first, second, negated, name, written=self.source[start : self.position], replacement=old, text=self._delimited()
            )
        if name in "aic":
            return _Command(first, second, negated, name, written=self._described(first), text=self._text())
        if name in "dpqnN=":
            return _Command(first, second, negated, name, written=self._described(first))
        raise _Unsupported

    def _described(self, address: _Address | None) -> str:
        return address.pattern.pattern if address is not None and address.pattern is not None else ""

    def _substitution(self, first: _Address | None, second: _Address | None, negated: bool) -> _Command:
        written = self._delimited()
        self.position -= 1
        replacement = self._delimited()
        flags = self._skip(_FLAGS)
        if self.source.startswith("w", self.position):
            raise _Unsupported
        pattern = self._pattern(written, "i" in flags or "I" in flags)
        return _Command(first, second, negated, "s", pattern, written or pattern.pattern, replacement, flags)

    def _text(self) -> str:
        # "a text" in one line, or "a\" with the text in the lines that follow.
        self._skip(re.compile(r"[ \t]*(?:\\\n|\\)?[ \t]*"))
        out: list[str] = []
        while self.position < len(self.source):
            char = self.source[self.position]
            if char == "\\" and self.position + 1 < len(self.source):
                out.append(self.source[self.position + 1])
                self.position += 2
                continue
            if char == "\n":
                break
            out.append(char)
            self.position += 1
        return "".join(out)


class _Run:
    def __init__(self, script: SedScript, lines: list[str], silent: bool) -> None:
        self.lines = lines
        self.silent = silent
        self.script = script
        self.index = 0
        self.out: list[str] = []
        self.open: dict[int, int] = {}  # ranges under way: command and the line where they end, 0 while that is not known
        self.effects: dict[int, tuple[str, bool, list[str]]] = {}
        self.quit = False
        self.space = ""
        self.deleted = False

    def run(self) -> None:
        while self.index < len(self.lines) and not self.quit:
            self.space = self.lines[self.index]
            self.deleted = False
            after: list[str] = []
            self._execute(self.script.commands, after)
            if not self.silent and not self.deleted:
                self.out.append(self.space)
            self.out += after
            self.index += 1

    def _selected(self, command: _Command) -> bool:
        key = id(command)
        if command.first is None:
            return not command.negated
        if command.second is None:
            chosen = self._matches(command.first)
        elif key in self.open:
            chosen = True
            if command.second.kind == "line" and self.index + 1 >= command.second.line or self._matches(command.second):
                del self.open[key]
        else:
            chosen = self._matches(command.first) or command.first == _Address("line", 0) and self.index == 0
            if chosen and not (command.second.kind == "line" and command.second.line <= self.index + 1):
                self.open[key] = 0
        return chosen is not command.negated

    def _matches(self, address: _Address) -> bool:
        if address.kind == "line":
            return self.index + 1 == address.line
        if address.kind == "last":
            return self.index == len(self.lines) - 1
        return address.pattern is not None and address.pattern.search(self.space[: line_limit(address.pattern)]) is not None

    def _note(self, command: _Command, found: bool) -> None:
        key = id(command)
        pattern, before, lines = self.effects.get(key, (command.written, False, []))
        if found:
            lines.append(self.space)
        self.effects[key] = (pattern, before or found, lines)

    def _execute(self, commands: tuple[_Command, ...], after: list[str]) -> None:
        for command in commands:
            if self.deleted or self.quit:
                return
            if not self._selected(command):
                # Deleting what is not there is how scripts clean up; writing at a place that is not there is a mistake.
                if command.name in "scai" and command.written:
                    self._note(command, found=False)
                continue
            if command.name == "{":
                self._execute(command.body, after)
            elif command.name == "s":
                self._substitute(command)
            else:
                self._simple(command, after)

    def _simple(self, command: _Command, after: list[str]) -> None:
        name = command.name
        if name == "y":
            self.space = self.space.translate(str.maketrans(command.replacement, command.text))
        elif name == "d":
            self._note(command, found=True)
            self.deleted = True
        elif name == "p":
            self.out.append(self.space)
        elif name == "=":
            self.out.append(str(self.index + 1))
        elif name == "q":
            self.quit = True
        elif name in "nN":
            if self.index + 1 >= len(self.lines):
                self.quit = True
                return
            if name == "n" and not self.silent:
                self.out.append(self.space)
            self.index += 1
            self.space = self.lines[self.index] if name == "n" else f"{self.space}\n{self.lines[self.index]}"
        elif name == "a":
            after.append(command.text)
            self._note(command, found=True)
        elif name == "i":
            self.out.append(command.text)
            self._note(command, found=True)
        elif name == "c":
            self._note(command, found=True)
            if command.second is None or id(command) not in self.open:
                self.out.append(command.text)
            self.deleted = True

    def _substitute(self, command: _Command) -> None:
        pattern = command.pattern
        if pattern is None or len(self.space) > line_limit(pattern):
            raise _Unsupported
        number = int("".join(char for char in command.flags if char in _DIGITS)[:9] or 0)
        seen = 0

        def replaced(match: re.Match[str]) -> str:
            nonlocal seen
            seen += 1
            wanted = seen == number or (number and "g" in command.flags and seen > number) or not number
            return _fill(command.replacement, match) if wanted else match.group()

        count = 0 if "g" in command.flags or number else 1
        self.space, found = pattern.subn(replaced, self.space, count=count)
        done = found > 0 and (not number or seen >= number)
        self._note(command, found=done)
        if done and "p" in command.flags:
            self.out.append(self.space)


def _fill(replacement: str, match: re.Match[str]) -> str:
    out: list[str] = []
    position = 0
    while position < len(replacement):
        char = replacement[position]
        if char == "\\" and position + 1 < len(replacement):
            following = replacement[position + 1]
            position += 2
            if following in _DIGITS:
                index = int(following)
                if index > (match.re.groups or 0):
                    raise _Unsupported
                out.append(match[index] or "")
            elif following in "nt":
                out.append({"n": "\n", "t": "\t"}[following])
            elif following in "ULEul":
                raise _Unsupported
            else:
                out.append(following)
            continue
        out.append(match.group() if char == "&" else char)
        position += 1
    return "".join(out)


def apply_sed(script: SedScript, text: str, *, silent: bool = False) -> Edit | None:
    """What the script makes of the text (with ``silent``: option ``-n``), or None where it does something not modelled."""
    ends = text.endswith("\n")
    lines = text.split("\n")
    if ends:
        lines.pop()
    run = _Run(script, lines if text else [], silent)
    try:
        run.run()
    except _Unsupported:
        return None
    for command in _flat(script.commands):
        if command.name == "s" and id(command) not in run.effects:
            run.effects[id(command)] = (command.written, False, [])
    result = "\n".join(run.out)
    if run.out and (ends or run.index < len(lines)):
        result += "\n"
    made = _made(script, text)
    return Edit(
        result, tuple((pattern, found or key in made, tuple(new[:20])) for key, (pattern, found, new) in run.effects.items())
    )


def _made(script: SedScript, text: str) -> set[int]:
    """The substitutions whose outcome stands in the text as it is, because somebody made them before."""
    plain = [
        command for command in _flat(script.commands)
        if command.name == "s" and len(command.replacement) > 3 and not any(char in command.replacement for char in "\\&")
    ]  # fmt: skip
    return {id(command) for command in plain if command.replacement in text}


def _flat(commands: tuple[_Command, ...]) -> list[_Command]:
    found: list[_Command] = []
    for command in commands:
        found.append(command)
        found += _flat(command.body)
    return found
