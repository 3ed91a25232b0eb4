"""What single shell commands refer to: one reader a tool, found by the tool's name."""

import re
from collections.abc import Callable, Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of, pin_of, template_of
from relgraph.sites.github_url import ref_pin, repository_of
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.syntax.shell import Word, read_command
from relgraph.syntax.text import Text

__all__ = ["command_sites"]

_TOOLS = re.compile(
    r"(?:helm|git|pip3?|pipx|npm|npx|yarn|pnpm|cargo|kubectl|kustomize|sed|yq|docker|podman|nerdctl|buildah|make|bash|sh|source)"
    r"(?=[ \t\\])"
)
_FILE = re.compile(r"(?:\./|\.\./)*(?:[\w@+-][\w.@+-]*/)*[\w@+-][\w.@+-]*\.[A-Za-z]\w{0,9}")
_AT = re.compile(r"@(?P<version>v?\d[\w.+-]*|latest|master|main|[0-9a-f]{7,40}\b|\$[\w{(][\w.)}-]*|v\$[\w{(][\w.)}-]*)")
_MODULE_BEFORE = re.compile(r"(?:[A-Za-z0-9-]+\.)+[a-z]{2,}(?:/[\w.~-]+)+\Z")
_PIPED = re.compile(
    r"(?:curl|wget)\b(?P<fetch>(?:\$\([\w.-]+\)|[^()\n|;])*)"
    r"(?:\)[\"']?[ \t]+(?:-s[ \t]+)?(?:--[ \t]+)?|\|[ \t]*(?:sudo[ \t]+(?:-\w+[ \t]+)?)?(?:[A-Z_]+=\S*[ \t]+)*(?:ba)?sh[ \t]+(?:-s|-)[ \t]+(?:--[ \t]+)?)"
    r"(?P<arguments>[^\n;|&#)]*)"
)


def command_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "") -> Iterator[Site]:
    """See :func:`relgraph.sites.shell.command_sites`."""
    source = text.text
    reader = _Reader(text, start, end, syntax, key)
    for match in _TOOLS.finditer(source, start, end):
        before = source[match.start() - 1] if match.start() > start else " "
        if before.isalnum() or before in "_-./":
            continue
        words, _ = read_command(source, match.end(), end)
        if words:
            yield from _READERS[match.group()](reader, words)
    if source.find("@", start, end) >= 0:
        yield from reader.modules()
    if source.find("://", start, end) >= 0:
        yield from reader.piped()


class _Reader:
    """Makes sites of what commands in one range say."""

    def __init__(self, text: Text, start: int, end: int, syntax: str, key: str) -> None:
        self.text, self.start, self.end, self.syntax, self.key = text, start, end, syntax, key

    def make(
        self, kind: Kind, name: str, part: Part, start: int, raw: str, *, role: Role = Role.USES, pin: Pin | None = None, **facts: str
    ) -> Site:
        names, form_text = template_of(raw) if ("$" in raw or "{{" in raw) else ("", "")
        value = raw if part is Part.PATH else unmangle(raw)
        if pin is None:
            pin = Pin.TEMPLATED if names or form_text else Pin.EXACT if part is Part.PATH else pin_of(value)
        return Site(
            self.text.path, self.text.span(start, start + len(raw)), kind, name, part, raw, value, pin, role, self.key, self.syntax,
            extra_of(vars=names, form_text=form_text, **facts),
        )  # fmt: skip

    def modules(self) -> Iterator[Site]:
        """``module/path@version`` wherever it stands: ``go install``, ``go run``, arguments of helper functions."""
        source = self.text.text
        for match in _AT.finditer(source, self.start, self.end):
            begin = max(self.start, match.start() - 200)
            module = _MODULE_BEFORE.search(source[begin : match.start()])
            if module is None:
                continue
            at = begin + module.start()
            if at > 0 and source[at - 1] in "/:@.":
                continue
            package = module.group()
            name = package.partition("/cmd/")[0]
            yield self.make(Kind.MODULE, name, Part.VERSION, match.start("version"), match["version"], package=package if package != name else "")

    def piped(self) -> Iterator[Site]:
        """The arguments of an install script that is piped from a URL."""
        source = self.text.text
        for match in _PIPED.finditer(source, self.start, self.end):
            repository = repository_of(match["fetch"])
            if not repository:
                continue
            words, _ = read_command(source, match.start("arguments"), match.end("arguments"))
            for word in words:
                if word.inner >= 0 and looks_like_version(unmangle(word.text)):
                    yield self.make(Kind.VARIABLE, repository, Part.VERSION, word.inner, word.text, scope="arg")


def _options(words: list[Word]) -> dict[str, list[tuple[int, str]]]:
    """Values of options by name, each with its offset (-1 where quoting hides it): ``--x v``, ``--x=v``, ``-x v``."""
    found: dict[str, list[tuple[int, str]]] = {}
    for index, word in enumerate(words):
        if not word.text.startswith("-") or word.text == "-":
            continue
        name, equals, value = word.text.partition("=")
        if equals:
            found.setdefault(name, []).append((_within(word, len(name) + 1), value.strip("\"'")))
        elif index + 1 < len(words) and not words[index + 1].text.startswith("-"):
            found.setdefault(name, []).append((words[index + 1].inner, words[index + 1].text))
    return found


def _within(word: Word, offset: int) -> int:
    return word.inner + offset if word.inner >= 0 else -1


def _helm(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    options = _options(words)
    verb = next((word.text for word in words if word.text in ("install", "upgrade", "pull", "template", "package", "show", "fetch")), "")
    if not verb:
        return
    versions = [found for found in options.get("--version", []) if found[0] >= 0 and found[1]]
    if verb == "package":
        path = next((word.text for word in words if word.text.startswith((".", "/")) or word.text.endswith("/")), words[-1].text)
        for name, facts in (("--version", "version"), ("--app-version", "appVersion")):
            for start, value in options.get(name, []):
                if start >= 0 and value:
                    yield reader.make(Kind.CHART, path.rstrip("/").rpartition("/")[2], Part.VERSION, start, value, role=Role.DECLARES, form="package", field=facts, path=path)
        return
    chart, facts = _chart(words, options)
    if not chart:
        return
    for start, value in versions:
        yield reader.make(Kind.CHART, chart, Part.VERSION, start, value, **facts)
    version = versions[0][1] if versions else ""
    for flag in ("--set", "--set-string", "--set-json", "--set-literal"):
        for start, value in options.get(flag, []):
            if start >= 0:
                yield from _settings(reader, start, value, chart, version)


def _chart(words: list[Word], options: dict[str, list[tuple[int, str]]]) -> tuple[str, dict[str, str]]:
    for word in words:
        if word.text.startswith("oci://"):
            return word.text, {}
    repo = options.get("--repo", [])
    taken = {start for values in options.values() for start, _ in values}
    plain = [word for word in words if not word.text.startswith("-") and word.inner not in taken][1:]
    if repo and plain:
        return f"{repo[0][1].rstrip('/')}#{plain[-1].text}", {}
    for word in reversed(plain):
        if re.fullmatch(r"[\w-]+/[\w-]+", word.text):
            return word.text.partition("/")[2], {"alias": word.text.partition("/")[0]}
    return "", {}


def _settings(reader: _Reader, start: int, written: str, chart: str, version: str) -> Iterator[Site]:
    for match in re.finditer(r"(?P<name>[\w.\\\[\]/-]+)=(?P<value>(?:\{[^}]*\}|\\.|[^,\\])*)", written):
        value = match["value"]
        if value:
            part = Part.TAG if match["name"].lower().endswith("tag") else Part.VERSION
            yield reader.make(Kind.VARIABLE, match["name"], part, start + match.start("value"), value, scope="set", chart=chart, version=version)


def _git(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    verb = words[0].text
    if verb != "clone":
        return
    url = next((word.text for word in words if "://" in word.text or word.text.startswith("git@")), "")
    repository = repository_of(url if "://" in url else url.replace(":", "/").replace("git@", "ssh://git@")) if url else ""
    options = _options(words)
    for flag in ("-b", "--branch"):
        for start, value in options.get(flag, []):
            if repository and start >= 0 and value:
                yield reader.make(Kind.GIT, repository, Part.REF, start, value, pin=ref_pin(value), form="clone", url=url)


def _pip(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    for word in words:
        match = re.match(r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?(?P<op>==|>=|~=|<=|<|>)(?P<version>[\w.*+!$(){}-]+)$", word.text)
        if match is not None and word.inner >= 0:
            role = Role.MINIMUM if match["op"] == ">=" else Role.USES
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            yield reader.make(Kind.PACKAGE, f"pypi:{name}", Part.VERSION, word.inner + match.start("version"), match["version"], role=role, op=match["op"])


def _npm(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    for word in words:
        match = re.fullmatch(r"(?P<name>(?:@[\w.-]+/)?[a-z0-9][\w.-]*)@(?P<version>[\w.^~$(){}-]+)", word.text)
        if match is not None and word.inner >= 0:
            yield reader.make(Kind.PACKAGE, f"npm:{match['name']}", Part.VERSION, word.inner + match.start("version"), match["version"])


def _cargo(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    if words[0].text != "install":
        return
    for word in words[1:]:
        match = re.fullmatch(r"([\w-]+)@([\w.-]+)", word.text)
        if match is not None and word.inner >= 0:
            yield reader.make(Kind.PACKAGE, f"cargo:{match[1]}", Part.VERSION, word.inner + match.start(2), match[2])
    options = _options(words)
    taken = {start for values in options.values() for start, _ in values}
    names = [word.text for word in words[1:] if not word.text.startswith("-") and word.inner not in taken]
    for flag in ("--version", "--vers"):
        for start, value in options.get(flag, []):
            if names and start >= 0 and value:
                yield reader.make(Kind.PACKAGE, f"cargo:{names[0]}", Part.VERSION, start, value)


def _file(reader: _Reader, start: int, path: str, verb: str) -> Iterator[Site]:
    if start >= 0 and _FILE.fullmatch(path) and not path.startswith("/"):
        yield reader.make(Kind.FILE, path.removeprefix("./"), Part.PATH, start, path, verb=verb)


def _kubectl(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    options = _options(words)
    for flag in ("-f", "--filename", "-k", "--kustomize"):
        for start, value in options.get(flag, []):
            yield from _file(reader, start, value, "read")


def _edit(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    if not any(re.match(r"-i|--in-?place", word.text) for word in words):
        return
    for word in words:
        if not word.text.startswith("-") and "/" in word.text:
            yield from _file(reader, word.inner, word.text, "edit")


def _docker(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    if not any(word.text in ("build", "bake") for word in words[:3]):
        return
    options = _options(words)
    dockerfile = next((value for flag in ("-f", "--file") for _, value in options.get(flag, [])), "")
    context = words[-1].text
    for start, value in options.get("--build-arg", []):
        name, equals, given = value.partition("=")
        given = given.strip("\"'")
        if equals and given and start >= 0 and reader.text.text.startswith(given, start + len(name) + 1):
            yield reader.make(Kind.VARIABLE, name, Part.VERSION, start + len(name) + 1, given, scope="build-arg", dockerfile=dockerfile, context=context)


def _make(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    targets = " ".join(word.text for word in words if re.fullmatch(r"[A-Za-z][\w./%-]*", word.text))
    directory = next((value for _, value in _options(words).get("-C", [])), "")
    for word in words:
        match = re.match(r"([A-Za-z_]\w*)=", word.text)
        if match is not None and word.inner >= 0 and len(word.text) > match.end() and targets:
            value = word.text[match.end() :]
            if value[0] in "\"'" and value[-1] == value[0]:
                continue
            yield reader.make(Kind.VARIABLE, match[1], Part.VERSION, word.inner + match.end(), value, scope="make-arg", target=targets, directory=directory)


def _run(reader: _Reader, words: list[Word]) -> Iterator[Site]:
    for word in words:
        if not word.text.startswith("-"):
            yield from _file(reader, word.inner, word.text, "run")
            return


_READERS: dict[str, Callable[[_Reader, list[Word]], Iterator[Site]]] = {
    "helm": _helm, "git": _git, "pip": _pip, "pip3": _pip, "pipx": _pip, "npm": _npm, "npx": _npm, "yarn": _npm, "pnpm": _npm,
    "cargo": _cargo, "kubectl": _kubectl, "kustomize": _kubectl, "sed": _edit, "yq": _edit, "docker": _docker, "podman": _docker,
    "nerdctl": _docker, "buildah": _docker, "make": _make, "bash": _run, "sh": _run, "source": _run,
}  # fmt: skip
