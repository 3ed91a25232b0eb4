"""RG116: a record of dependencies says another version than the files that it tracks."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.model.version import parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

if TYPE_CHECKING:
    # Few trees have such a record, and reading it needs what most extractors need.
    from relgraph.sites.yaml_text import Group, YamlText

__all__ = ["RULE"]

_CODE, _NAME = "RG116", "tracked-version"
_RECORDS = re.compile(r"(?:.*/)?dependencies\.ya?ml")
_IN_LINE = re.compile(r"v?\d+\.\d+[\w.+-]*")
_ASIDE = (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY, PathRole.TEST)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        for path in subject.entries:
            if (
                path.endswith(("dependencies.yaml", "dependencies.yml"))
                and _RECORDS.fullmatch(path)
                and path_role(path) not in _ASIDE
            ):
                text = subject.text(path)
                if text is not None and "refPaths" in text.text:
                    from relgraph.sites.yaml_text import YamlText  # noqa: PLC0415

                    yield from _record(facts, subject, YamlText(text, "dependencies"))


def _record(facts: Facts, subject: Subject, yaml: "YamlText") -> Iterator[Finding]:
    for group in yaml.groups():
        version = group.get("version")
        if group.is_sequence or version is None or not (value := yaml.value(version)):
            continue
        number = 0
        while (tracked := yaml.group(group.document, (*group.path, "refPaths", number))) is not None:
            number += 1
            stated = _stated(subject, yaml, tracked, value)
            if stated is None:
                continue
            line, other = stated
            file = yaml.value(tracked.get("path"))
            yield facts.finding(
                (_CODE, _NAME, Severity.WARNING),
                subject,
                yaml.site(
                    version,
                    Kind.VARIABLE,
                    yaml.value(group.get("name")),
                    Part.VERSION,
                    role=Role.RECORD,
                    pin=Pin.EXACT,
                    mangled=False,
                ),
                f"{yaml.value(group.get('name'))} is {value} here, and no line of {file} that is tracked says so",
                node=f"entity:{yaml.value(group.get('name'))}",
                expected=other,
                actual=value,
                why=(f"{file}:{line} says {other}" if other else f"{file}:{line} is the line that is tracked",),
            )
            break


def _stated(subject: Subject, yaml: "YamlText", tracked: "Group", version: str) -> tuple[int, str | None] | None:
    """The first line that is tracked and what it says, where none of those says the version; else None."""
    path, match = yaml.value(tracked.get("path")).removeprefix("./"), yaml.value(tracked.get("match"))
    pattern = _pattern(match)
    text = subject.text(path) if path in subject.entries and pattern is not None else None
    if text is None or pattern is None:
        return None
    first: int | None = None
    for number, line in enumerate(text.text.splitlines(), start=1):
        if pattern.search(line[:2000]) is not None:
            if version in line:
                return None
            first = number if first is None else first
    if first is None:
        return None
    said = [word for word in _IN_LINE.findall(text.line_text(first)) if parse_version(word.rstrip(".-")) is not None or "-" in word]
    return first, said[0] if len(said) == 1 else None


@lru_cache(maxsize=1024)
def _pattern(written: str) -> re.Pattern[str] | None:
    """A Go regular expression as one of Python's; None where it is none, or may take long."""
    # Repeated groups that are repeated again are what makes a search take long: https://github.com/google/re2/wiki/WhyRE2
    if not written or len(written) > 300 or re.search(r"[+*}]\)[+*{]", written):
        return None
    try:
        return re.compile(written)
    except re.error:
        return None


_DEPENDENCIES = "dependencies:\n- name: tool\n  version: {}\n  refPaths:\n  - path: Makefile\n    match: TOOL_VERSION\n"
_MAKEFILE = "TOOL_VERSION ?= {}\n"


def _example(recorded: str, used: str) -> Example:
    return Example((Commit({"dependencies.yaml": _DEPENDENCIES.format(recorded), "Makefile": _MAKEFILE.format(used)}),))


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a record of dependencies says another version than the files it tracks",
    """
    `dependencies.yaml` (https://github.com/kubernetes-sigs/zeitgeist) names, for each dependency, a version and the lines of other
    files where that version stands. None of those lines says it: one of the two was changed without the other.

    What to do: write the version that is in use into both; where a line is no longer tracked, remove it from the record.
    """,
    _check,
    failing=(_example("1.4.0", "1.5.0"),),
    passing=(_example("1.5.0", "1.5.0"), _example("1.5.0", "v1.5.0")),
)
