"""RG409: a command is given a value of the wrong kind, as an image where a cluster's name belongs."""

import re
from collections.abc import Callable, Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.script_texts import script_texts
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at
from relgraph.syntax.shell import Word, read_command
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG409", "argument-kind"
_COMMAND = re.compile(
    # The first letter alone first: an expression that begins with a choice of names is tried in full at every place.
    r"[hkm](?<![\w./-].)(?:(?P<k3d>(?<=k)3d[ \t]+image[ \t]+import)|(?P<kind>(?<=k)ind[ \t]+load)|(?P<minikube>(?<=m)inikube[ \t]+image[ \t]+load)"
    r"|(?P<helm>(?<=h)elm[ \t]+(?:upgrade|install|pull|template|package)))(?=[ \t])"
)
# Options by command: what belongs there.
_OPTIONS = {
    "k3d": {"-c": "a cluster's name", "--cluster": "a cluster's name"},
    "kind": {"--name": "a cluster's name", "-n": "a cluster's name"},
    "minikube": {"-p": "a profile's name", "--profile": "a profile's name"},
    "helm": {
        "--version": "a version",
        "--app-version": "a version",
        "-n": "a namespace",
        "--namespace": "a namespace",
        "--kube-context": "a context",
    },
}
_IMAGE = re.compile(r"(?:[\w.-]+(?::\d+)?/)+[\w.-]+[:@][^/\s]+|(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?(?:/[\w.-]+)+|oci://\S+")
_NAMES = ("Makefile", "makefile", "GNUmakefile")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        for path, text in script_texts(subject).items():
            if _COMMAND.search(text.text) and path_role(path) not in (PathRole.VENDORED, PathRole.LEGACY):
                name = path.rpartition("/")[2]
                yield from _file(subject, text, makefile=name in _NAMES or name.endswith(".mk"))


def _file(subject: Subject, text: Text, *, makefile: bool) -> Iterator[Finding]:
    expand: Callable[[str], str] | None = None
    for match in _COMMAND.finditer(text.text):
        line = text.text.rfind("\n", 0, match.start()) + 1
        if text.text[line : match.start()].lstrip().startswith("#"):
            continue
        words, _ = read_command(text.text, match.end(), len(text.text))
        for option, word, inner, what in _arguments(match.lastgroup or "", words):
            if "$" in inner:
                expand = expand or (_make_values(subject, text) if makefile else _shell_values(text))
                value = expand(inner)
            else:
                value = inner
            # What is not known of a value is shown between angle brackets; any text may stand there.
            if _IMAGE.fullmatch(re.sub(r"<[^<>]*>", "x", value)):
                yield _finding(subject, text, match.group(), option, word, inner, value, what)


def _arguments(command: str, words: list[Word]) -> Iterator[tuple[str, Word, str, str]]:
    """Options that want a name or version: the option, the word of its value, the value as written, what it should be."""
    options = _OPTIONS[command]
    for index, word in enumerate(words):
        option, equals, value = word.text.partition("=")
        if option not in options:
            continue
        if equals:
            yield option, word, value, options[option]
        elif index + 1 < len(words):
            yield option, words[index + 1], words[index + 1].text, options[option]


def _make_values(subject: Subject, text: Text) -> Callable[[str], str]:
    """Make's expansion of a text, as an ordinary call of make without arguments sees it."""
    from relgraph.pipeline.makefile_values import expander  # noqa: PLC0415 - only where such a command stands

    return expander(subject, text.path)


def _shell_values(text: Text) -> Callable[[str], str]:
    def value(written: str) -> str:
        match = re.fullmatch(r"\$\{?(\w+)\}?", written)
        if match is None:
            return ""
        found = re.findall(rf"^[ \t]*(?:export[ \t]+|local[ \t]+)?{match[1]}[=:][ \t]*[\"']?([^\s\"']+)", text.text, re.MULTILINE)
        return str(found[0]) if len(set(found)) == 1 and "$" not in found[0] else ""

    return value


def _finding(subject: Subject, text: Text, command: str, option: str, word: Word, written: str, value: str, what: str) -> Finding:
    start = word.inner if word.inner >= 0 else word.start
    offset = text.text.find(written, start, word.end)
    start = offset if offset >= 0 else word.start
    name = " ".join(command.split())
    return finding_at(
        (_CODE, _NAME, Severity.ERROR if path_role(text.path) is not PathRole.TEST else Severity.WARNING),
        subject,
        Spot(text.path, text.span(start, start + len(written))),
        f"{name} {option} takes {what}, and gets the image {value}",
        node=f"file:{text.path}",
        actual=written,
        why=(
            f"{written} is {value}" if value != written else f"{value} is the name of an image",
            f"{option} of {name.split()[0]} is {what}",
        ),
    )


_TEXT = """\
REGISTRY ?= ghcr.io/example
WEB_IMAGE ?= ${{REGISTRY}}/web:dev
API_IMAGE ?= ${{REGISTRY}}/api:dev
CLUSTER ?= dev
load:
\tk3d image import ${{WEB_IMAGE}} -c ${{CLUSTER}}
\tk3d image import {} -c {}
"""

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a command is given a value of the wrong kind",
    """
    `k3d image import IMAGE -c CLUSTER` with two images, `kind load ... --name ${IMAGE}`, `helm upgrade --version IMAGE`: a line
    was copied, and the wrong word of it changed. Variables are evaluated, so that the kind of their value shows.

    What to do: give the command what its option asks for.
    """,
    _check,
    failing=(Example((Commit({"Makefile": _TEXT.format("${WEB_IMAGE}", "${API_IMAGE}")}),)),),
    passing=(Example((Commit({"Makefile": _TEXT.format("${API_IMAGE}", "${CLUSTER}")}),)),),
)
