"""RG413: a script or Makefile reads a variable that nothing sets, one letter or one number away from those that are set."""

import re
from collections.abc import Iterable, Iterator, Mapping

from relgraph.infer.facts import Facts
from relgraph.infer.paths import is_fixture
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.script_texts import script_texts
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG413", "misspelt-variable"
_SCRIPT = re.compile(r".*\.(?:sh|bash)$|(?:.*/)?(?:GNU)?[Mm]akefile[^/]*$|.*\.mk$")
# What a shell or make sets by itself.
_GIVEN = frozenset(
    "CURDIR MAKEFLAGS MAKEFILE_LIST MAKEFILES MAKECMDGOALS MAKELEVEL MAKEOVERRIDES MAKE_VERSION MAKE_COMMAND MAKE_HOST GNUMAKEFLAGS MFLAGS"
    " SUFFIXES LOADLIBES LDLIBS OUTPUT_OPTION RANDOM SECONDS LINENO FUNCNAME PIPESTATUS OPTARG OPTIND OPTERR COLUMNS OLDPWD HOSTNAME HOSTTYPE"
    " MACHTYPE OSTYPE LOGNAME TMPDIR EDITOR VISUAL DISPLAY LANGUAGE BASHPID BASH_SOURCE BASH_VERSION BASH_REMATCH BASH_LINENO DIRSTACK GROUPS"
    " SHELLOPTS SHLVL TIMEFORMAT".split()
)
# What counts one of several: NODE_IMAGE_131 beside NODE_IMAGE_132.
_COUNTED = re.compile(r"(?P<stem>[A-Z][A-Z0-9_]*?[A-Z_])(?P<number>\d+)")
# So many of one name and different numbers are a row.
_ROW = 2
# Nobody mistakes a longer one.
_LONGEST = 64
_ASIDE = (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY)
_READ = re.compile(
    r"(?<![\\$])\$(?:\{(?P<brace>[A-Z][A-Z0-9_]{5,})\}|\((?P<make>[A-Z][A-Z0-9_]{5,})\)|(?P<plain>[A-Z][A-Z0-9_]{5,})\b)"
)
# What most names are set by, which is told by looking at words in capitals alone: NAME= and ${NAME:-...}.
_MOSTLY_SET = re.compile(
    r"(?P<name>[A-Z](?<!\w.)(?:(?<=\$\{.)(?P<given>)|(?<![${(-].))[A-Z0-9_]{5,}+)(?(given):?[-=?+]|[ \t]*(?:[:+?!]{0,3}=(?!=)|:(?=[ \t])))"
)
_NAME_SET = re.compile(
    r"(?<![\w${(-])(?P<name>[A-Z][A-Z0-9_]{5,})[ \t]*(?:[:+?!]{0,3}=(?!=)|:(?=[ \t]))|\b(?:for|read(?:[ \t]+-\w+)*|export|local|declare(?:[ \t]+-\w+)*|readonly|unset|getopts[ \t]+\S+)"
    r"[ \t]+(?P<word>[A-Z][A-Z0-9_]{5,})\b|\$\{(?P<given>[A-Z][A-Z0-9_]{5,})(?::?[-=?+])"
)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        texts = script_texts(subject)
        # Workflows set variables for the scripts that they call.
        everywhere = {match["name"] for text in texts.values() for match in _MOSTLY_SET.finditer(text.text)}
        counted: dict[str, set[str]] = {}
        for name in everywhere:
            if name[-1].isdigit() and (match := _COUNTED.fullmatch(name)):
                counted.setdefault(match["stem"], set()).add(name)
        for path, text in texts.items():
            if _SCRIPT.fullmatch(path) and path_role(path) not in _ASIDE and not is_fixture(path):
                yield from _judge(subject, text, everywhere, counted, texts)


def _given(text: Text) -> Iterator[str]:
    for match in _NAME_SET.finditer(text.text):
        yield match["name"] or match["word"] or match["given"]


def _may_set(source: str, name: str) -> bool:
    """Whether the name stands anywhere but behind a dollar sign: it is given a value, or to something that may give it one."""
    return re.search(rf"(?<![\w$])(?<!\$[{{(]){name}(?!\w)", source) is not None


def _judge(
    subject: Subject, text: Text, everywhere: set[str], counted: Mapping[str, set[str]], texts: Mapping[str, Text]
) -> Iterator[Finding]:
    here: _Names | None = None
    read: set[str] | None = None
    told: set[str] = set()
    for match in _READ.finditer(text.text):
        kind = match.lastgroup or "plain"
        name = match[kind]
        if name in everywhere or name in told or name in _GIVEN or _in_comment(text, match.start()):
            continue
        if here is None:
            here = _Names(_given(text))
        meant = here.one_letter_apart(name)
        family: list[str] = []
        if meant is None and (others := _others(name, counted)):
            read = {found[found.lastgroup or "plain"] for found in _READ.finditer(text.text)} if read is None else read
            family = sorted(others & read) if len(others & read) >= _ROW else []
        if (meant is None and not family) or any(
            name in other.text and (_may_set(other.text, name) or name in _given(other)) for other in texts.values()
        ):
            continue
        told.add(name)
        yield finding_at(
            (_CODE, _NAME, Severity.WARNING),
            subject,
            Spot(text.path, text.span(*match.span(kind))),
            f"nothing sets {name}; {meant or ' and '.join((family[0], family[-1]))} {'is' if meant else 'are'} set",
            node=f"variable:{text.path}#{name}",
            expected=meant,
            actual=name,
            why=(
                f"no script or Makefile of this repository gives {name} a value",
                f"{text.path} sets {meant}" if meant else f"{text.path} reads {family[0]} and {len(family) - 1} more of its kind",
            ),
        )


def _others(name: str, counted: Mapping[str, set[str]]) -> set[str]:
    """Those of one name with other numbers that are set somewhere, where they are a row; else nothing.

    Such a row is kept up at both ends: what the newest version adds, and what the oldest one leaves behind. Where a script reads several
    of them, it means the row.
    """
    match = _COUNTED.fullmatch(name) if name[-1].isdigit() else None
    others = counted.get(match["stem"], set()) if match else set()
    return others if len(others) >= _ROW else set()


class _Names:
    """Names, found by what is left of them without a letter: two that are a letter apart share such a rest."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_rest: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            for rest in _rests(name):
                self._by_rest.setdefault(rest, []).append(name)

    def one_letter_apart(self, name: str) -> str | None:
        """The first name, in alphabetical order, that :func:`_one_letter_apart` tells of this one."""
        near = {one for rest in _rests(name) for one in self._by_rest.get(rest, ())}
        return min((one for one in near if _one_letter_apart(name, one)), default=None)


def _rests(name: str) -> set[str]:
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))} if len(name) <= _LONGEST else set()


def _in_comment(text: Text, at: int) -> bool:
    return text.line_head(text.line_of(at)).lstrip().startswith("#")


def _one_letter_apart(one: str, other: str) -> bool:
    """Whether a letter within the word is missing, doubled or exchanged; a plural and a number are words of their own."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest_one, rest_other = one[start:], other[start:]
    if len(one) == len(other):
        swapped = len(rest_one) > 1 and rest_one[:2] == rest_other[1::-1] and rest_one[2:] == rest_other[2:]
        return swapped and rest_one[:2].isalpha()
    longer, shorter = (rest_one, rest_other) if len(one) > len(other) else (rest_other, rest_one)
    return longer[1:] == shorter and longer[0].isalpha() and bool(shorter) and shorter[0] != "_"


_SH = '#!/bin/sh\nCHANNEL=${{1:-stable}}\necho "building for ${{{}}}"\n'


def _row(oldest: int) -> dict[str, str]:
    return {
        "images.sh": "NODE_IMAGE_131=acme/node:a\nNODE_IMAGE_132=acme/node:b\nNODE_IMAGE_133=acme/node:c\n",
        "cluster.sh": (
            "#!/bin/sh\n. ./images.sh\ncase $1 in\n"
            f"1.31) image=$NODE_IMAGE_{oldest} ;;\n1.32) image=$NODE_IMAGE_132 ;;\n1.33) image=$NODE_IMAGE_133 ;;\nesac\n"
        ),
    }


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a variable is read that nothing sets, one letter or one number away from those that are set",
    """
    A script or Makefile reads a variable to which nothing in the repository gives a value, and sets another one whose name differs by one
    letter; or it reads several that differ by a number, and that one is no longer (or not yet) among those that are set. The shell and make
    take the unknown one for empty, and go on: an image without a tag, a folder without a name.

    What to do: write the name that is set, or leave out what no longer is.
    """,
    _check,
    failing=(Example((Commit({"build.sh": _SH.format("CHANEL")}),)), Example((Commit(_row(130)),))),
    passing=(Example((Commit({"build.sh": _SH.format("CHANNEL")}),)), Example((Commit(_row(131)),))),
)
