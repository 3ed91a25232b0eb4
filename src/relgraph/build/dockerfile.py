"""What a Dockerfile needs before it can be built: the images that it names, with arguments filled in, and its arguments.

Follows the Dockerfile reference (https://docs.docker.com/reference/dockerfile/): arguments before the first ``FROM`` are for ``FROM``
lines only; a stage that declares one of them again without a default gets its value.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from relgraph.build.words import alike
from relgraph.syntax.dockerfile import Instruction, read_dockerfile
from relgraph.syntax.text import Text

__all__ = ["AUTOMATIC", "Argument", "Dockerfile", "Image", "Stage", "check_arguments", "read", "rewritten"]

#: Arguments whose values the platform tells.
AUTOMATIC = frozenset(
    "TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM BUILDOS BUILDARCH BUILDVARIANT SOURCE_DATE_EPOCH".split()
)
# What every Dockerfile takes without saying so.
_PROXIES = frozenset(name for word in ("HTTP", "HTTPS", "FTP", "NO", "ALL") for name in (f"{word}_PROXY", f"{word.lower()}_proxy"))

_OPTION = re.compile(r"(?:[ \t]|[\\`]\r?\n)*+--(?P<name>[\w-]+)(?:=(?P<value>\S+))?")
_BLANK = re.compile(r"(?:[ \t]|[\\`]\r?\n)*+")
_WORD = re.compile(r"[^\s]+")
_STAGE = re.compile(r"[ \t]+AS[ \t]+(?P<name>[\w.-]+)", re.IGNORECASE)
_ARGUMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:=(?P<value>\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|(?:[^\s\"'\\]|\\.)*+))?")
_VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?:(?P<colon>:?)(?P<sign>[-+])(?P<word>[^{}]*))?\})")
_HEREDOC = re.compile(r"<<-?[ \t]*[\"']?[A-Za-z_]")
# Options that only BuildKit knows, by instruction.
_BUILDKIT = {
    "RUN": ("mount", "network", "security", "device"),
    "COPY": ("link", "chmod", "parents", "exclude"),
    "ADD": ("link", "chmod", "checksum", "keep-git-dir", "exclude", "unpack"),
}


class Argument(NamedTuple):
    """One ``ARG``. ``stage`` counts from 0 and is -1 before the first ``FROM``; ``default`` is None where it has none."""

    name: str
    default: str | None
    stage: int
    line: int


class Image(NamedTuple):
    """An image that a ``FROM`` or a ``COPY --from`` names, arguments filled in; ``start`` and ``end`` bound what is written."""

    reference: str
    start: int
    end: int
    line: int
    keyword: str
    stage: int
    platform: str = ""


class Stage(NamedTuple):
    """One stage: its name (empty where it has none), the stage that it goes on from, or -1, and the image that it begins with.

    ``start`` and ``end`` bound the options of its ``FROM``, blanks after them included.
    """

    name: str
    base: int
    image: Image | None
    start: int
    end: int


class Dockerfile(NamedTuple):
    """A Dockerfile up to the stage that is built.

    ``problems`` are what cannot be built.
    """

    text: Text
    stages: tuple[Stage, ...]
    arguments: tuple[Argument, ...]
    images: tuple[Image, ...]
    problems: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of all arguments."""
        return frozenset(argument.name for argument in self.arguments)

    @property
    def lowest(self) -> Image | None:
        """The image that the built stage stands on."""
        stage = len(self.stages) - 1
        while stage >= 0 and self.stages[stage].base >= 0:
            stage = self.stages[stage].base
        return self.stages[stage].image if stage >= 0 else None


def read(text: Text, given: Mapping[str, str], target: str = "") -> Dockerfile:
    """Read a Dockerfile with the values of arguments, as far as the stage ``target`` (a name or a number), or to its end."""
    return _Reader(text, given).read(target)


def check_arguments(dockerfile: Dockerfile, given: Iterable[str]) -> Iterator[str]:
    """What is wrong with the arguments: those that nothing takes, and those that are needed and not given."""
    names, given, where = dockerfile.names, frozenset(given), dockerfile.text.path
    for name in sorted(given - names - _PROXIES - AUTOMATIC):
        yield f"{where}: no ARG takes {name!r}{alike(name, names)}"
    defaults = {argument.name for argument in dockerfile.arguments if argument.stage < 0 and argument.default is not None}
    told: set[str] = set()
    for argument in dockerfile.arguments:
        name = argument.name
        if argument.default is not None or name in given | _PROXIES | AUTOMATIC | told or argument.stage >= 0 and name in defaults:
            continue
        told.add(name)
        yield f"{where}:{argument.line}: ARG {name} has no default, and 'args' gives it no value"


def rewritten(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """The text with parts replaced: (start, end, new), none within another."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


class _Reader:
    def __init__(self, text: Text, given: Mapping[str, str]) -> None:
        self.text = text
        self.source = text.text
        self.given = given
        self.known = {name: value for name, value in given.items() if name in AUTOMATIC}
        self.stages: list[Stage] = []
        self.arguments: list[Argument] = []
        self.images: list[Image] = []
        self.problems: list[str] = []

    def read(self, target: str) -> Dockerfile:
        reached = False
        for instruction in read_dockerfile(self.text):
            if instruction.keyword == "FROM":
                if reached:
                    break
                self._from(instruction)
                reached = bool(target) and target.lower() in (self.stages[-1].name.lower(), str(len(self.stages) - 1))
            elif instruction.keyword == "ARG":
                self._argument(instruction)
            elif instruction.keyword in _BUILDKIT:
                self._step(instruction)
        if not self.stages:
            self.problems.append(f"{self.text.path}: it has no FROM")
        elif target and not reached:
            named = [stage.name for stage in self.stages if stage.name]
            self.problems.append(f"{self.text.path}: it has no stage {target!r}{alike(target, named)}")
        return Dockerfile(
            self.text,
            tuple(self.stages),
            tuple(self.arguments),
            tuple(self.images),
            tuple(self.problems),
        )

    def _options(self, instruction: Instruction) -> tuple[dict[str, tuple[int, int]], int]:
        """The bounds of options' values, and where what follows begins."""
        found: dict[str, tuple[int, int]] = {}
        position = instruction.start
        while (match := _OPTION.match(self.source, position, instruction.end)) is not None:
            found[match["name"]] = match.span("value") if match["value"] is not None else (match.end(), match.end())
            position = match.end()
        blank = _BLANK.match(self.source, position, instruction.end)
        return found, blank.end() if blank is not None else position

    def _from(self, instruction: Instruction) -> None:
        options, start = self._options(instruction)
        line = self.text.line_of(instruction.start)
        platform = ""
        if "platform" in options:
            begin, end = options["platform"]
            platform = self._expanded(self.source[begin:end], line)
        match = _WORD.match(self.source, start, instruction.end)
        reference, base, name, image = "", -1, "", None
        if match is None:
            self.problems.append(f"{self.text.path}:{line}: FROM names no image")
        else:
            reference = self._expanded(match.group().strip("\"'"), line)
            base = self._stage_named(reference)
            if not reference:
                self.problems.append(f"{self.text.path}:{line}: {match.group()} comes to nothing: give its argument a value")
            elif base < 0:
                image = Image(reference, *match.span(), line, "FROM", len(self.stages), platform)
                self.images.append(image)
            stage = _STAGE.match(self.source, match.end(), instruction.end)
            name = stage["name"] if stage is not None else ""
        self.stages.append(Stage(name, base, image, _BLANK.match(self.source, instruction.start).end(), start))  # type: ignore[union-attr]  # it matches nothing, too

    def _argument(self, instruction: Instruction) -> None:
        line = self.text.line_of(instruction.start)
        for match in _ARGUMENT.finditer(self.source, instruction.start, instruction.end):
            name, default = match["name"], match["value"]
            default = None if default is None else self._expanded(_unquoted(default), 0)
            stage = len(self.stages) - 1
            self.arguments.append(Argument(name, default, stage, line))
            value = self.given.get(name, default)
            if stage < 0 and value is not None:
                self.known[name] = value

    def _step(self, instruction: Instruction) -> None:
        options, start = self._options(instruction)
        line = self.text.line_of(instruction.start)
        keyword = instruction.keyword
        modern = [f"--{name}" for name in options if name in _BUILDKIT[keyword]]
        if _HEREDOC.search(self.source, start, instruction.end) and (
            keyword != "RUN" or "\n" in self.source[start : instruction.end]
        ):
            modern.append("a here-document")
        if modern:
            self.problems.append(f"{self.text.path}:{line}: {keyword} with {modern[0]} needs BuildKit")
        if "from" in options:
            begin, end = options["from"]
            written = self.source[begin:end].strip("\"'")
            if written and not written.isdigit() and self._stage_named(written) < 0:
                self.images.append(Image(written, begin, end, line, keyword, len(self.stages) - 1))

    def _stage_named(self, word: str) -> int:
        return next((number for number, stage in enumerate(self.stages) if stage.name and stage.name.lower() == word.lower()), -1)

    def _expanded(self, text: str, line: int) -> str:
        """The text with arguments filled in. ``line`` is where to complain of one that nothing declares, 0 not to."""
        return _VARIABLE.sub(self._value(line), text)

    def _value(self, line: int) -> Callable[[re.Match[str]], str]:
        def replaced(match: re.Match[str]) -> str:
            name = match["plain"] or match["name"]
            value = self.known.get(name)
            if match["sign"] is not None:
                there = value is not None and (bool(value) or not match["colon"])
                if there and match["sign"] == "-":
                    return value or ""
                return self._expanded(match["word"], line) if there is (match["sign"] == "+") else ""
            if value is None and line and name not in {argument.name for argument in self.arguments if argument.stage < 0}:
                self.problems.append(f"{self.text.path}:{line}: ${name} is no ARG that stands before the first FROM")
            return value or ""

        return replaced


def _unquoted(word: str) -> str:
    if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'":
        return word[1:-1]
    return word
