"""References in Dockerfiles: base images, build arguments and their defaults, labels, commands, copied files."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of, image_sites
from relgraph.sites.extractor import Extractor
from relgraph.sites.shell import assignment_sites, command_sites
from relgraph.sites.variable import value_sites
from relgraph.syntax.dockerfile import Instruction, read_dockerfile
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?(?:(?:[\w.-]+\.)?(?:Docker|Container)file(?:[.-][\w.-]+)?|[\w.-]+\.dockerfile)", re.DOTALL)
_OTHER_SYNTAX = re.compile(r".*\.(?:txt|md|ya?ml|json|sh|py|go|j2|dockerignore|in|tmpl|tpl)$|.*ignore$", re.DOTALL)
_OPTION = re.compile(r"[ \t\\\r\n]*--(?P<name>[\w-]+)(?:=(?P<value>\"[^\"\n]*\"|'[^'\n]*'|\S+))?")
_BLANK = re.compile(r"(?:[ \t]|\\\r?\n)*+")
_REFERENCE = re.compile(r"[^\s\"']+")
_STAGE = re.compile(r"[ \t]+(?:AS)[ \t]+(?P<name>[\w.-]+)", re.IGNORECASE)
_PAIR = re.compile(
    r"(?P<name>[\w./-]+)(?:=(?P<value>\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+'|(?>\$\{[^{}\n]*+\}|[^\s\"'\\]|\\[^\n])*+))?"
)
_OLD_PAIR = re.compile(r"(?P<name>[\w./-]+)[ \t]+(?P<value>[^\n]+?)[ \t\r]*$", re.MULTILINE)
_MOUNT = re.compile(r"--mount=\S*?\bfrom=(?P<image>[^\s,]+)")
_SOURCE = re.compile(r"(?:\./)?(?:[\w@+-][\w.@+-]*/)*[\w@+-][\w.@+-]*/?|(?:\./)?\.[\w-]+(?:/[\w.-]+)*")
_SOLE = re.compile(r"\$\{?(?P<name>\w+)\}?")
_PREDEFINED = frozenset(
    """TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM BUILDOS BUILDARCH BUILDVARIANT HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY
    ALL_PROXY http_proxy https_proxy ftp_proxy no_proxy all_proxy""".split()
)
_VERSION_LABELS = re.compile(r"(?:.*[./])?version", re.IGNORECASE)


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None and _OTHER_SYNTAX.fullmatch(path) is None


class _Reader:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.source = text.text
        self.stages: set[str] = set()
        self.bases: set[str] = set()

    def read(self) -> Iterator[Site]:
        instructions = read_dockerfile(self.text)
        # A build argument that is a whole base image shows so only where it is used, further down.
        for instruction in instructions:
            if instruction.keyword == "FROM" and (match := self._reference(instruction)) is not None:
                sole = _SOLE.fullmatch(match.group())
                if sole is not None:
                    self.bases.add(sole["name"])
        for instruction in instructions:
            if instruction.keyword == "FROM":
                yield from self._from(instruction)
            elif instruction.keyword in ("ARG", "ENV", "LABEL"):
                yield from self._pairs(instruction)
            elif instruction.keyword in ("RUN", "ENTRYPOINT", "CMD"):
                yield from self._run(instruction)
            elif instruction.keyword in ("COPY", "ADD"):
                yield from self._copy(instruction)

    def _options(self, instruction: Instruction) -> tuple[dict[str, tuple[int, str]], int]:
        """Options before the arguments, and where the arguments begin."""
        found: dict[str, tuple[int, str]] = {}
        position = instruction.start
        while (match := _OPTION.match(self.source, position, instruction.end)) is not None:
            found[match["name"]] = (match.start("value"), match["value"] or "")
            position = match.end()
        blank = _BLANK.match(self.source, position, instruction.end)
        return found, blank.end() if blank is not None else position

    def _reference(self, instruction: Instruction) -> re.Match[str] | None:
        return _REFERENCE.match(self.source, self._options(instruction)[1], instruction.end)

    def _from(self, instruction: Instruction) -> Iterator[Site]:
        match = self._reference(instruction)
        if match is None:
            return
        stage = _STAGE.match(self.source, match.end(), instruction.end)
        written = match.group()
        if written.lower() not in self.stages and written != "scratch" and _SOLE.fullmatch(written) is None:
            key = f"FROM {stage['name']}" if stage is not None else "FROM"
            yield from image_sites(self.text, *match.span(), syntax="dockerfile", key=key, verb="from")
        if stage is not None:
            self.stages.add(stage["name"].lower())

    def _pairs(self, instruction: Instruction) -> Iterator[Site]:
        keyword = instruction.keyword
        start = self._options(instruction)[1]
        first = _PAIR.match(self.source, start, instruction.end)
        if first is None:
            return
        if keyword != "ARG" and first["value"] is None:
            old = _OLD_PAIR.match(self.source, start, instruction.end)
            if old is not None and "\n" not in old["value"]:
                yield from self._pair(keyword, old["name"], *old.span("value"), old.start("name"))
            return
        for match in _PAIR.finditer(self.source, start, instruction.end):
            value = match.span("value") if match["value"] is not None else (match.end(), match.end())
            if match["value"] is not None or keyword == "ARG":
                yield from self._pair(keyword, match["name"], *value, match.start("name"))

    def _pair(self, keyword: str, name: str, start: int, end: int, name_start: int) -> Iterator[Site]:
        source = self.source
        if end - start > 1 and source[start] in "\"'" and source[end - 1] == source[start]:
            start, end = start + 1, end - 1
        if keyword == "LABEL":
            if _VERSION_LABELS.fullmatch(name):
                yield from value_sites(
                    self.text, start, end, name, syntax="dockerfile", scope="label", key=f"LABEL {name}", role=Role.DECLARES
                )
            return
        key = f"{keyword} {name}"
        role, scope = (Role.DEFAULT, "arg") if keyword == "ARG" else (Role.USES, "env")
        found = False
        if name in self.bases and start < end:
            sites = image_sites(self.text, start, end, syntax="dockerfile", key=key, role=role, verb="from", var=name, scope=scope)
        else:
            sites = value_sites(self.text, start, end, name, syntax="dockerfile", scope=scope, key=key, role=role)
        for site in sites:
            found = True
            yield site
        if keyword == "ARG" and not found and name not in _PREDEFINED:
            # No version, but that the argument exists is worth knowing to whoever passes it.
            yield Site(
                self.text.path, self.text.span(name_start, name_start + len(name)), Kind.VARIABLE, name, Part.VERSION, name, "", Pin.ABSENT,
                Role.DEFAULT, key, "dockerfile", extra_of(scope="arg", default=source[start:end]),
            )  # fmt: skip

    def _run(self, instruction: Instruction) -> Iterator[Site]:
        start, end = instruction.start, instruction.end
        for match in _MOUNT.finditer(self.source, start, end):
            yield from self._other(match.start("image"), match["image"])
        yield from command_sites(self.text, start, end, syntax="dockerfile", key=instruction.keyword)
        yield from assignment_sites(self.text, start, end, syntax="dockerfile", key="RUN")

    def _copy(self, instruction: Instruction) -> Iterator[Site]:
        options, start = self._options(instruction)
        if "from" in options:
            yield from self._other(*options["from"])
            return
        if self.source.startswith("[", start) or "<<" in self.source[start : instruction.end]:
            return
        words = list(_REFERENCE.finditer(self.source, start, instruction.end))
        for match in words[:-1]:
            path = match.group()
            if path != "\\" and _SOURCE.fullmatch(path) and "://" not in path and path.strip("./"):
                name = path.removeprefix("./").rstrip("/")
                yield Site(
                    self.text.path, self.text.span(*match.span()), Kind.FILE, name, Part.PATH, path, path, Pin.EXACT, Role.USES,
                    instruction.keyword, "dockerfile", extra_of(verb="read"),
                )  # fmt: skip

    def _other(self, start: int, written: str) -> Iterator[Site]:
        """An image that files are taken from; a stage, by name or number, is none."""
        if written and written.lower() not in self.stages and not written.isdigit() and _SOLE.fullmatch(written) is None:
            yield from image_sites(self.text, start, start + len(written), syntax="dockerfile", key="COPY", verb="from")


def _extract(text: Text) -> Iterator[Site]:
    return _Reader(text).read()


EXTRACTOR = Extractor("dockerfile", _matches, _extract)
