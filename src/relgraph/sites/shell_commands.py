"""What shell commands refer to: the words that begin a command worth reading, and one reader a tool."""

import re
from collections.abc import Callable, Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.sites import shell_files as files
from relgraph.sites import shell_images as images
from relgraph.sites.command import Command, Reader, assigned
from relgraph.sites.github_url import ref_pin, repository_of
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.syntax.shell import read_command
from relgraph.syntax.text import Text

__all__ = ["command_sites", "module_sites"]

_VALUE = r"\$\{\{[^{}\n]*\}\}|\$\([\w.-]+\)|\$\{[^{}\n]*\}|\$\w+"
_AT = re.compile(rf"@(?P<version>v?(?:{_VALUE}|\d[\w.+-]*)|latest|master|main|release-[\d.]+|[0-9a-f]{{7,40}}\b)")
_BACKWARDS = re.compile(r"[\w./~-]+")
_MODULE = re.compile(r"(?:[A-Za-z0-9-]+\.)+[a-z]{2,}(?:/[\w.~-]+)+")
# A module's path and, one or two arguments later, a variable that holds a version: how install helpers are called.
_HELPER = re.compile(
    r"\.[a-z]{2,12}/[\w./~-]{1,200}+(?:[ \t]*,[ \t]*|[ \t]+)(?:(?:\$[({]\w+[)}]|[\w-]+)(?:[ \t]*,[ \t]*|[ \t]+))?"
    r"(?P<version>\$[({]\w*(?:VER|version|TAG)\w*[)}]|v\d+\.\d+\.\d+[\w.-]*)(?![\w./-])"
)
_PIPED = re.compile(
    r"(?:curl|wget)\b(?P<fetch>(?>\$\([\w.-]+\)|[^()\n|;]){0,400}+)"
    r"(?:\)[\"']?[ \t]+(?:-s[ \t]+)?(?:--[ \t]+)?|\|[ \t]*(?:sudo[ \t]+(?:-\w+[ \t]+)?)?(?:[A-Z_]+=\S*[ \t]+)*(?:ba)?sh[ \t]+(?:-s|-)[ \t]+(?:--[ \t]+)?)"
    r"(?P<arguments>[^\n;|&#]*)"
)
_ARCHIVE = re.compile(r"://(github\.com/[\w.-]+/[\w.-]+)/archive/")
_DOWNLOAD = re.compile(r"://(github\.com/[\w.-]+/[\w.-]+)/releases/download/[^/\s\"']+/([\w-]*[_-])v?\d+\.\d+\.\d+([\w.-]*)")
_MOST_URLS = 20
_SETTING = re.compile(r"(?P<name>[\w.\\\[\]/-]+)=(?P<value>(?:\{[^}]*\}|\\.|[^,\\])*)")
_SETTING_OPTIONS = ("--set", "--set-string", "--set-json", "--set-literal")
_HELM_FLAGS = frozenset(
    """--install -i --create-namespace --wait --atomic --debug --dry-run --devel --dependency-update -u --force --no-hooks --skip-crds
    --reuse-values --reset-values --cleanup-on-fail --generate-name -g --wait-for-jobs --untar --plain-http""".split()
)
_PIP = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?(?P<op>===?|>=|~=|<=|<|>)(?P<version>[\w.*+!${}()-]+)")
_NPM = re.compile(r"(?P<name>(?:@[\w.-]+/)?[a-z0-9][\w.-]*)@(?P<version>[\w.^~${}()-]+)")
_CARGO = re.compile(r"(?P<name>[\w-]+)@(?P<version>[\w.-]+)")


def command_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "") -> Iterator[Site]:
    """The references that shell commands within ``text.text[start:end]`` make; URLs are left to their own extractor.

    Commands are found anywhere: in substitutions, in strings, in here-documents, in comments.
    """
    source = text.text
    reader = Reader(text, start, end, syntax, key)
    done, budget = start, 4 * (end - start) + 20000
    for match in _tools(source, start, end):
        readers = _READERS.get(match.group()) or _VARIABLES.get(match["var"] or "")
        # A command within another's arguments is read too, but not without end: that would take quadratic time.
        if readers is None or (match.start() < done and budget < 0):
            continue
        words, stop = read_command(source, match.end(), end)
        budget -= max(0, min(stop, done) - match.start())
        done = max(done, stop)
        if words:
            command = Command(words, _HELM_FLAGS if readers[0] is _helm else frozenset())
            for read in readers:
                yield from read(reader, command)
    yield from module_sites(text, start, end, syntax=syntax, key=key)
    if source.find("://", start, end) >= 0:
        yield from _piped(reader)
        yield from _unpacked(reader)
    yield from images.literal_images(reader)
    yield from _helpers(reader)
    yield from files.scripts(reader)


def _tools(source: str, start: int, end: int) -> Iterator[re.Match[str]]:
    # What stands before the range does not make its first word part of a longer one.
    if (first := _TOOL.match(source, start, end)) is not None:
        yield first
        start = first.end()
    yield from _TOOLS.finditer(source, start, end)


def module_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "") -> Iterator[Site]:
    """``module/path@version`` wherever it stands in a range: ``go install``, ``go run``, arguments of helpers, literals."""
    source = text.text
    if source.find("@", start, end) < 0:
        return
    reader = Reader(text, start, end, syntax, key)
    for match in _AT.finditer(source, reader.start, reader.end):
        floor = max(reader.start, match.start() - 200)
        before = _BACKWARDS.match(source[floor : match.start()][::-1])
        if before is None:
            continue
        begin = match.start() - before.end()
        package = source[begin : match.start()]
        if _MODULE.fullmatch(package) and source[begin - 1 : begin] not in (":", "@"):
            yield _module(reader, package, match.start("version"), match["version"])


def _module(reader: Reader, package: str, start: int, version: str) -> Site:
    # By convention a module's programs lie under cmd/; the module is what stands before it.
    name = package.partition("/cmd/")[0]
    pin = Pin.BRANCH if version.startswith(("main", "master", "release-")) else None
    return reader.make(Kind.MODULE, name, Part.VERSION, start, version, pin=pin, package=package if package != name else "")


def _helpers(reader: Reader) -> Iterator[Site]:
    source = reader.text.text
    for match in _HELPER.finditer(source, reader.start, reader.end):
        before = _BACKWARDS.match(source[max(reader.start, match.start() - 60) : match.start()][::-1])
        if before is not None:
            begin = match.start() - before.end()
            module = _MODULE.match(source, begin, match.start("version"))
            if module is not None and source[begin - 1 : begin] not in ("@", ":"):
                yield _module(reader, module.group(), match.start("version"), match["version"])


def _piped(reader: Reader) -> Iterator[Site]:
    """The arguments of an install script that is piped from a URL, under the name of the URL's repository."""
    source = reader.text.text
    for match in _PIPED.finditer(source, reader.start, reader.end):
        repository = repository_of(match["fetch"])
        if not repository:
            continue
        words, _ = read_command(source, match.start("arguments"), match.end("arguments"))
        for word in words:
            if word.inner >= 0 and looks_like_version(unmangle(word.text)):
                yield reader.make(Kind.VARIABLE, repository, Part.VERSION, word.inner, word.text, scope="arg")


def _unpacked(reader: Reader) -> Iterator[Site]:
    """Files that URLs of the same range leave behind, where later commands name them.

    ``name-1.2.3`` beside ``.../name/archive/v1.2.3.tar.gz``, ``tool_1.2.3_linux.tgz`` beside its download.
    """
    source = reader.text.text[reader.start : reader.end]
    patterns: dict[str, str] = {}
    for repository in _ARCHIVE.findall(source)[:_MOST_URLS]:
        name = repository.rpartition("/")[2]
        patterns[rf"(?<![\w./-]){re.escape(name)}-(?P<version>\d+\.\d+\.\d+(?:-[\w.]+)?)(?![\w-])"] = repository
    for repository, before, after in _DOWNLOAD.findall(source)[:_MOST_URLS]:
        patterns[rf"(?<![\w./-]){re.escape(before)}(?P<version>v?\d+\.\d+\.\d+){re.escape(after)}(?![\w/-])"] = repository
    for pattern, repository in patterns.items():
        for match in re.finditer(pattern, source):
            start = reader.start + match.start("version")
            yield reader.make(Kind.GIT, repository, Part.VERSION, start, match["version"], form="asset", path=match.group())


def _helm(reader: Reader, command: Command) -> Iterator[Site]:
    verbs = ("install", "upgrade", "pull", "template", "package", "show", "fetch")
    verb = next((word.text for word in command.positional if word.text in verbs), "")
    if not verb:
        return
    if verb == "package":
        yield from _package(reader, command)
        return
    chart, alias = _chart(command, verb)
    if not chart:
        return
    versions = command.values("--version")
    for start, value in versions:
        yield reader.make(Kind.CHART, chart, Part.VERSION, start, value, alias=alias)
    if not versions and chart.startswith("oci://") and not command.options.get("--version"):
        word = next(word for word in command.positional if word.text == chart)
        if word.inner >= 0:
            yield reader.make(Kind.CHART, chart, Part.REPOSITORY, word.inner, chart, pin=Pin.ABSENT)
    version = versions[0][1] if versions else ""
    for option in _SETTING_OPTIONS:
        for start, value in command.values(option):
            # Only plain settings are lists; JSON and literals hold commas of their own.
            whole = option in ("--set-json", "--set-literal")
            for at, written in [(0, value)] if whole else [(match.start(), match.group()) for match in _SETTING.finditer(value)]:
                name, place, given = assigned(written, start + at)
                if given:
                    part = Part.TAG if name.lower().endswith("tag") else Part.VERSION
                    yield reader.make(Kind.VARIABLE, name, part, place, given, scope="set", chart=chart, version=version)


def _package(reader: Reader, command: Command) -> Iterator[Site]:
    path = next((word.text for word in command.positional[1:] if word.text != "package"), "")
    name = path.rstrip("/").rpartition("/")[2]
    for option, field in (("--version", "version"), ("--app-version", "appVersion")):
        for start, value in command.values(option):
            yield reader.make(
                Kind.CHART, name, Part.VERSION, start, value, role=Role.DECLARES, form="package", field=field, chart_path=path
            )  # fmt: skip


def _chart(command: Command, verb: str) -> tuple[str, str]:
    """The chart that a command names, as :class:`Kind` spells it, and the alias of its repository where it has one."""
    for word in command.positional:
        if word.text.startswith("oci://"):
            return word.text, ""
    plain = [word.text for word in command.positional if word.text != verb]
    if (repo := command.value("--repo")) and plain:
        return f"{repo.rstrip('/')}#{plain[-1]}", ""
    for text in reversed(plain):
        if re.fullmatch(r"[\w-]+/[\w-]+", text):
            alias, _, name = text.partition("/")
            return name, alias
    return "", ""


def _git(reader: Reader, command: Command) -> Iterator[Site]:
    if command.words and command.words[0].text in ("checkout", "switch"):
        yield from _checkout(reader, command)
    if not command.words or command.words[0].text != "clone":
        return
    url = next((word.text for word in command.words if "://" in word.text or word.text.startswith("git@")), "")
    repository = repository_of(url if "://" in url else "ssh://" + url.replace(":", "/", 1))
    if repository:
        for start, value in command.values("-b", "--branch"):
            yield reader.make(Kind.GIT, repository, Part.REF, start, value, pin=ref_pin(value), form="clone", url=url)


def _checkout(reader: Reader, command: Command) -> Iterator[Site]:
    """``git checkout REF`` in the clone that the lines before made; without one, the repository is the reader's own."""
    words = [word for word in command.positional if word.text not in ("checkout", "switch")]
    if len(words) != 1 or words[0].inner < 0 or parse_version(unmangle(words[0].text)) is None:
        return
    source = reader.text.text
    at = source.rfind("git clone", reader.start, words[0].start)
    repository = repository_of(source[at : words[0].start]) if at >= 0 else ""
    if repository:
        yield reader.make(Kind.GIT, repository, Part.REF, words[0].inner, words[0].text, pin=ref_pin(words[0].text), form="clone")


def _pip(reader: Reader, command: Command) -> Iterator[Site]:
    for word in command.words:
        match = _PIP.fullmatch(word.text)
        if match is not None and word.inner >= 0:
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            role = Role.MINIMUM if match["op"] == ">=" else Role.USES
            yield reader.make(
                Kind.PACKAGE, f"pypi:{name}", Part.VERSION, word.inner + match.start("version"), match["version"], role=role, op=match["op"]
            )  # fmt: skip


def _npm(reader: Reader, command: Command) -> Iterator[Site]:
    for word in command.words:
        match = _NPM.fullmatch(word.text)
        if match is not None and word.inner >= 0:
            yield reader.make(
                Kind.PACKAGE, f"npm:{match['name']}", Part.VERSION, word.inner + match.start("version"), match["version"]
            )


def _cargo(reader: Reader, command: Command) -> Iterator[Site]:
    if not command.words or command.words[0].text != "install":
        return
    names = [word for word in command.positional if word.text != "install"]
    for word in names:
        match = _CARGO.fullmatch(word.text)
        if match is not None and word.inner >= 0:
            yield reader.make(
                Kind.PACKAGE, f"cargo:{match['name']}", Part.VERSION, word.inner + match.start("version"), match["version"]
            )
    if names:
        for start, value in command.values("--version", "--vers"):
            yield reader.make(Kind.PACKAGE, f"cargo:{names[0].text}", Part.VERSION, start, value)


def _build_args(reader: Reader, command: Command) -> Iterator[Site]:
    if not any(word.text in ("build", "bud", "bake") for word in command.words[:3]):
        return
    dockerfile = command.value("-f", "--file")
    yield from files.dockerfile(reader, command)
    context = command.words[-1].text
    for start, written in command.values("--build-arg"):
        name, at, given = assigned(written, start)
        if name and given:
            yield reader.make(
                Kind.VARIABLE, name, Part.VERSION, at, given, scope="build-arg", dockerfile=dockerfile, context=context
            )


def _make(reader: Reader, command: Command) -> Iterator[Site]:
    targets = " ".join(word.text for word in command.positional if re.fullmatch(r"[A-Za-z][\w./%-]*", word.text))
    if not targets:
        return
    for word in command.positional:
        name, start, value = assigned(word.text, word.inner)
        if start >= 0 and value and re.fullmatch(r"[A-Za-z_][\w-]*", name):
            yield reader.make(
                Kind.VARIABLE, name, Part.VERSION, start, value, scope="make-arg", target=targets, directory=command.value("-C", "--directory")
            )  # fmt: skip


_Read = Callable[[Reader, Command], Iterator[Site]]
_ENGINE: tuple[_Read, ...] = (_build_args, images.engine)
_READERS: dict[str, tuple[_Read, ...]] = {
    "helm": (_helm, files.applied, files.built), "git": (_git,), "make": (_make,),
    "pip": (_pip,), "pip3": (_pip,), "pipx": (_pip,), "npm": (_npm,), "npx": (_npm,), "yarn": (_npm,), "pnpm": (_npm,), "cargo": (_cargo,),
    "kubectl": (files.applied, images.image_option, images.set_image), "kustomize": (files.built, images.kustomize_image),
    "sed": (files.edited_by_sed,), "yq": (files.edited_by_yq,), "cat": (files.read,), "cp": (files.read,),
    "bash": (files.run,), "sh": (files.run,), "source": (files.run,), "python": (files.run,), "python3": (files.run,),
    "docker": _ENGINE, "podman": _ENGINE, "nerdctl": _ENGINE, "buildah": _ENGINE,
    "kind": (images.kind_load,), "k3d": (images.kind_load,), "minikube": (images.kind_load,),
    "crane": (images.plain_images,), "cosign": (images.plain_images,), "oras": (images.plain_images,), "trivy": (images.plain_images,),
    "ko": (files.built,), "go": (files.built,),
}  # fmt: skip


def _rest_of(first: str) -> str:
    """An expression for what follows the first letter in the names of tools."""
    return f"(?:{'|'.join(sorted((name[1:] for name in _READERS if name[0] == first), key=len, reverse=True))})"


#: Variables under which the same tools are called.
_VARIABLES = {name.upper(): readers for name, readers in _READERS.items()} | dict.fromkeys(
    ("CONTAINER_TOOL", "CONTAINER_ENGINE", "CONTAINER_RUNTIME", "CONTAINER_CMD", "CONTAINER_CLI", "DOCKER_CMD"), _ENGINE
)
_VARIABLE = rf"\$[({{](?P<var>{'|'.join(sorted(_VARIABLES, key=len, reverse=True))})[)}}]"
_TOOL = re.compile(rf"(?:{'|'.join(sorted(_READERS, key=len, reverse=True))}|{_VARIABLE})(?=[ \t\\])")
# The same where it is no part of a word, asked in the order that rules most places out: the first letter, what stands before it, the rest.
_TOOLS = re.compile(
    rf"[{''.join(sorted({name[0] for name in _READERS}))}$](?<![A-Za-z0-9_./=:%@-].)"
    rf"(?:{'|'.join(f'(?<={first}){_rest_of(first)}' for first in sorted({name[0] for name in _READERS}))}|(?<=\$){_VARIABLE[2:]})(?=[ \t\\])"
)
