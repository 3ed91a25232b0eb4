"""Files of the same repository that shell commands read, edit or run."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Site
from relgraph.sites.command import Command, Reader

__all__ = ["applied", "built", "dockerfile", "edited_by_sed", "edited_by_yq", "read", "run", "scripts"]

_FILE = re.compile(r"(?:\.{1,2}/)*(?:[\w@+-][\w.@+-]*/)*[\w@+-][\w.@+-]*\.[A-Za-z]\w{0,9}")
_PLACE = re.compile(r"(?:\.{1,2}/)*(?:[\w@+-][\w.@+-]*/)*[\w@+-][\w.@+-]*/?")
_SCRIPT_END = re.compile(r"\.(?:sh|bash|py|pl|rb|mjs)(?![\w./*-])")
_BACKWARDS = re.compile(r"[\w./@+-]+")
# What may stand before the word that a command begins with.
_POSITION = re.compile(
    r"(?:^|[;&|({!`]|\b(?:then|do|else|if|while|sudo|exec|time|env|eval|nohup|run:|bash|sh|source|python3?|chmod[ \t]+[\w+-]+|cat|cp))[ \t]*[@+-]*[ \t]*"
    r"(?:\"?\w+=(?:\"[^\"\n]*\"|'[^'\n]*'|\$\([^()\n]*\)|[^\s;|&\"'])*[ \t]+)*(?:\"|'|-[a-z]+[ \t]+)?\Z"
)
_HOSTS = ("github.com/", "gitlab.com/", "bitbucket.org/")
_FROM_HERE = frozenset("main master HEAD latest".split())


def _file(reader: Reader, start: int, path: str, verb: str, pattern: re.Pattern[str] = _FILE) -> Iterator[Site]:
    if start < 0 or not path or path[0] in "/~-" or pattern.fullmatch(path) is None or path in _FROM_HERE:
        return
    if path.startswith(_HOSTS):
        return  # what kustomize and go fetch from another repository
    if path.startswith("bin/") or "/bin/" in path:
        return  # what builds leave behind
    made = "1" if reader.makes(path) else ""
    name = path
    while name.startswith("./"):
        name = name[2:]
    if name.strip("./"):
        yield reader.make(Kind.FILE, name.rstrip("/"), Part.PATH, start, path, verb=verb, cwd=reader.directory(start), made=made)


def scripts(reader: Reader) -> Iterator[Site]:
    """Scripts by path where a command begins: ``./hack/x.sh``, ``A=b scripts/y.py``."""
    source = reader.text.text
    for match in _SCRIPT_END.finditer(source, reader.start, reader.end):
        floor = max(reader.start, match.start() - 160)
        path = _BACKWARDS.match(source[floor : match.start()][::-1])
        if path is None:
            continue
        start = match.start() - path.end()
        written = source[start : match.end()]
        if "/" not in written or (start > reader.start and source[start - 1] in "$}{*):=~\\"):
            continue
        line = max(source.rfind("\n", reader.start, start) + 1, reader.start, start - 300)
        if (position := _POSITION.search(source[line:start])) is not None:
            verb = "read" if re.search(r"\b(?:cat|cp|chmod[ \t]+[\w+-]+)[ \t]*\Z", position.group()) else "run"
            yield from _file(reader, start, written, verb)


def run(reader: Reader, command: Command) -> Iterator[Site]:
    """``bash FILE``, ``source FILE``, ``python FILE``."""
    for word in command.words:
        if not word.text.startswith("-"):
            yield from _file(reader, word.inner, word.text, "run")
            return
        if word.text in ("-c", "-s", "-m"):
            return


def read(reader: Reader, command: Command) -> Iterator[Site]:
    """``cat FILE...``, ``cp FILE... TO``: files in folders."""
    for word in command.positional[: -1 if len(command.positional) > 1 else None]:
        if "/" in word.text:
            yield from _file(reader, word.inner, word.text, "read")


def applied(reader: Reader, command: Command) -> Iterator[Site]:
    """``kubectl -f FILE``, ``kustomize build PLACE``, ``kubectl -k PLACE``, ``helm -f FILE``."""
    for start, path in command.values("-f", "--filename", "--values"):
        yield from _file(reader, start, path, "read")
    for start, path in command.values("-k", "--kustomize"):
        yield from _file(reader, start, path, "read", _PLACE)


def dockerfile(reader: Reader, command: Command) -> Iterator[Site]:
    """``docker build -f FILE``."""
    for start, path in command.values("-f", "--file"):
        if "/" in path:
            yield from _file(reader, start, path, "read", _PLACE)


def built(reader: Reader, command: Command) -> Iterator[Site]:
    """Folders that are built: ``kustomize build config/default``, ``ko build ./cmd/x``, ``go run ./cmd/x/main.go``, ``helm package ./chart``."""
    if not command.words or command.words[0].text not in (
        "build",
        "run",
        "package",
        "publish",
        "resolve",
        "apply",
        "vet",
        "install",
        "test",
    ):
        return
    for word in command.words[1:]:
        if "/" in word.text and not word.text.endswith("...") and not word.text.startswith("-"):
            if word.text.startswith("./") or word.text.endswith((".go", "/")) or command.words[0].text == "build":
                yield from _file(reader, word.inner, word.text, "read", _PLACE)
            return


def edited_by_sed(reader: Reader, command: Command) -> Iterator[Site]:
    """``sed -i SCRIPT FILE...``"""
    if not any(word.text.startswith(("-i", "--in-place")) or re.match(r"-[a-zA-Z]*i", word.text) for word in command.words):
        return
    expressions = any(
        word.text in ("-e", "-f", "--expression", "--file") or re.match(r"-[a-zA-Z]*e$", word.text) for word in command.words
    )
    words = [word for word in command.words if not word.text.startswith("-") and word.text]
    if not expressions:
        words = words[1:]
    for word in words:
        if not re.match(r"(?:\d+|/.*/|\$)?[sy]([/|#,@%!~:]).*\1", word.text):
            yield from _file(reader, word.inner, word.text, "edit")


def edited_by_yq(reader: Reader, command: Command) -> Iterator[Site]:
    """``yq -i EXPRESSION FILE`` edits, any other ``yq`` reads."""
    inplace = any(re.match(r"-[a-zA-Z]*i|--inplace", word.text) for word in command.words)
    words = [word for word in command.words if not word.text.startswith("-")]
    for word in words[1:]:
        yield from _file(reader, word.inner, word.text, "edit" if inplace else "read")
