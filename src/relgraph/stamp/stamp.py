"""Stamping a set of files: templates rendered over them, values set, placeholders replaced; then everything is looked at again."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple

from relgraph.stamp.context import Context, Thing
from relgraph.stamp.fill import Template, parse, render
from relgraph.stamp.language import Reads
from relgraph.stamp.problem import Problem, raise_all
from relgraph.stamp.yamlvalue import Edit, check_values, set_values

__all__ = ["SUFFIX", "Spec", "reads_of", "stamp"]

#: What the name of a template file ends with; the file that it makes has the name without it.
SUFFIX = ".j2"


class Spec(NamedTuple):
    """What is stamped, as the field ``stamp`` of a node declares it.

    ``set`` gives values by file and address; ``replace`` texts by placeholder; ``values`` further values of the template
    files, by name. All of these texts are templates themselves, written with ``{{ }}``. ``templates`` are the template files
    by path, relative to what is stamped; ``delimiters`` how those write values (``jinja`` or ``angle``).
    """

    set: Mapping[str, Mapping[str, str]] = {}
    replace: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    templates: Mapping[str, bytes] = {}
    delimiters: str = "jinja"

    @classmethod
    def of(cls, field: Mapping[str, object], templates: Mapping[str, bytes]) -> "Spec":
        """The spec of a declared ``stamp`` field and of the files of its template folder, by path below that folder."""
        chosen = {name: field[name] for name in ("set", "replace", "values", "delimiters") if field.get(name)}
        return cls(templates=templates, **chosen)  # type: ignore[arg-type]  # the declaration's shape was checked when it was read

    def __bool__(self) -> bool:
        return bool(self.set or self.replace or self.values or self.templates)


class _Parsed(NamedTuple):
    set: Mapping[str, Mapping[str, Template]]
    replace: Mapping[str, Template]
    values: Mapping[str, Template]
    files: Mapping[str, Template]
    reads: Reads


def reads_of(spec: Spec, nodes: Mapping[str, Thing]) -> Reads:
    """What stamping by ``spec`` reads. Raises :class:`~relgraph.errors.DeclarationError` with all that is wrong in templates."""
    problems: list[Problem] = []
    parsed = _parse(spec, nodes, problems)
    raise_all(problems, "stamp")
    return parsed.reads


def stamp(files: Mapping[str, bytes], spec: Spec, context: Context) -> dict[str, bytes]:
    """The files, stamped: those that changed are new values, all others the same objects; paths are relative to the same root.

    Template files are rendered over the files first. Then values are set and placeholders replaced, in spans that do not touch;
    every byte outside of them stays. Raises :class:`~relgraph.errors.DeclarationError` with every problem there is: an address
    that is not that of one value, a placeholder that occurs nowhere or is left, a value that nothing uses.
    """
    problems: list[Problem] = []
    parsed = _parse(spec, context.nodes, problems)
    # A template that could not be read may use any of them.
    unused = spec.values.keys() - parsed.reads.values if not problems else ()
    for name in sorted(unused):
        problems.append(Problem(f"stamp.values.{name}", "no template uses this value", hint="remove it, or use it: values." + name))

    def said(template: Template | None, values: Mapping[str, str] = MappingProxyType({})) -> str:
        return (render(template, context, values, problems) if template is not None else None) or ""

    values = {name: said(template) for name, template in parsed.values.items()}
    done = dict(files) | {path: data for path, data in spec.templates.items() if not path.endswith(SUFFIX)}
    for path, template in parsed.files.items():
        target = path.removesuffix(SUFFIX)
        if target in spec.templates:
            problems.append(Problem(path, f"there is a file {target} as well", hint="keep one of the two"))
        done[target] = said(template, values).encode("utf-8", "surrogateescape")
    wanted = {path: {where: said(parsed.set[path].get(where)) for where in addresses} for path, addresses in spec.set.items()}
    replacements = {word: said(parsed.replace.get(word)) for word in spec.replace if word}
    _edit(done, wanted, replacements, problems)
    raise_all(problems, "stamp")
    return done


def _parse(spec: Spec, nodes: Mapping[str, Thing], problems: list[Problem]) -> _Parsed:
    found = Reads()

    def one(where: str, text: str) -> Template | None:
        nonlocal found
        template = parse(where, text, nodes, problems)
        found |= template.reads if template is not None else Reads()
        return template

    def several(where: str, texts: Mapping[str, str]) -> dict[str, Template]:
        parsed = {name: one(f"{where}.{name}", text) for name, text in texts.items()}
        return {name: template for name, template in parsed.items() if template is not None}

    sets = {path: several(f"stamp.set.{path}", addresses) for path, addresses in spec.set.items()}
    replace = several("stamp.replace", spec.replace)
    values = several("stamp.values", spec.values)
    problems += [Problem("stamp.replace", "an empty placeholder") for word in spec.replace if not word]
    files: dict[str, Template] = {}
    for path, data in spec.templates.items():
        if path.endswith(SUFFIX):
            text = data.decode("utf-8", "surrogateescape")
            template = parse(path, text, nodes, problems, delimiters=spec.delimiters, values=spec.values)
            if template is not None:
                files[path] = template
                found |= template.reads
    return _Parsed(sets, replace, values, files, found)


def _edit(
    files: dict[str, bytes], wanted: Mapping[str, Mapping[str, str]], replacements: Mapping[str, str], problems: list[Problem]
) -> None:
    counts = dict.fromkeys(replacements, 0)
    words = sorted(replacements, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, words)).encode("utf-8", "surrogateescape")) if words else None
    for path in wanted.keys() - files.keys():
        close = get_close_matches(path, files, n=1)
        problems.append(Problem(f"stamp.set.{path}", "there is no such file", hint=f"did you mean {close[0]}?" if close else ""))
    for path, data in sorted(files.items()):
        addresses = wanted.get(path, {})
        if not addresses and (pattern is None or pattern.search(data) is None):
            continue
        text = data.decode("utf-8", "surrogateescape")
        edits = set_values(path, text, addresses, problems)
        covered = [(edit.start, edit.end) for edit in edits]
        for start, end, word in _occurrences(text, words):
            counts[word] += 1
            # Within a value that is set, the placeholder is gone with the value.
            if not any(first < end and start < last for first, last in covered):
                edits.append(Edit(start, end, replacements[word]))
        after = _applied(text, edits)
        if problems:
            continue  # what is said next would follow from what is wrong already
        if addresses:
            only = _applied(text, edits[: len(covered)])
            check_values(path, text, only, addresses, problems)
        _residue(path, after, words, problems)
        files[path] = after.encode("utf-8", "surrogateescape")
    for word, count in counts.items():
        if not count:
            problems.append(
                Problem(f"stamp.replace.{word}", "this placeholder occurs nowhere", hint="remove it, or write it into a file")
            )


def _occurrences(text: str, words: list[str]) -> list[tuple[int, int, str]]:
    if not words:
        return []
    # The longest first: of two placeholders that begin alike, the one is meant that is there as a whole.
    pattern = re.compile("|".join(map(re.escape, words)))
    return [(match.start(), match.end(), match[0]) for match in pattern.finditer(text)]


def _residue(path: str, text: str, words: list[str], problems: list[Problem]) -> None:
    for start, _, word in _occurrences(text, words):
        before = text[:start]
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        problems.append(
            Problem(path, f"{word!r} is left after stamping", *place, "what stands for a placeholder must not hold one")
        )


def _applied(text: str, edits: list[Edit]) -> str:
    parts: list[str] = []
    position = 0
    for edit in sorted(edits):
        parts += [text[position : edit.start], edit.new]
        position = edit.end
    return "".join([*parts, text[position:]])
