"""RG403: a build argument that the Dockerfile does not declare, or one that it needs and nothing passes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.script_texts import script_texts
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, path_line
from relgraph.syntax.dockerfile import read_dockerfile
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG403", "build-arg"
# Every Dockerfile has these without saying so, or BuildKit reads them itself.
_PREDEFINED = re.compile(
    r"(?:HTTPS?|FTP|NO|ALL)_PROXY|(?:https?|ftp|no|all)_proxy|(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT|STAGE)|BUILDKIT_\w+|SOURCE_DATE_EPOCH|DOCKER_\w+"
)
_ARG = re.compile(r"([A-Za-z_]\w*)(=)?")
_MENTIONS = re.compile(r"--build-arg|build-args:|build_flag_templates|b(?<!\w.)uild_args?\b")
# A variable whose value is a version or names an image: nobody reads such a thing from the environment by chance.
_TELLING = re.compile(r"(?:^|_)(?:VERSION|TAG|IMAGE|DIGEST|COMMIT|REVISION|RELEASE)$")


class _Declared(NamedTuple):
    name: str
    default: bool
    spot: Spot


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        dockerfiles = [path for path in subject.entries if _is_dockerfile(path)]
        if not dockerfiles or not _passes(subject):
            continue
        from relgraph.pipeline.image_builds import image_builds  # noqa: PLC0415 - only trees with Dockerfiles and arguments pay

        builds = image_builds(subject)
        for path in dockerfiles:
            text = subject.text(path)
            mine = [build for build in builds if build.dockerfile == path]
            if text is None or not mine:
                continue
            declared = _declared(text)
            names = {one.name for one in declared}
            unknown: dict[str, list[Spot]] = {}
            for build in mine:
                for name, spot in build.arguments:
                    if name not in names and not _PREDEFINED.fullmatch(name):
                        unknown.setdefault(name, []).append(spot)
            for name, spots in unknown.items():
                yield _unknown(subject, path, name, list(dict.fromkeys(spots)), declared)
            # A build whose Dockerfile cannot be told may be one of this file, with arguments that nobody sees.
            if all(build.complete for build in mine) and all(build.dockerfile for build in builds):
                passed = {name for build in mine for name, _ in build.arguments}
                yield from _unfed(subject, text, declared, passed, mine[0].spot)


def _is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2]
    named = (
        name in ("Dockerfile", "Containerfile")
        or name.startswith(("Dockerfile.", "Containerfile."))
        or name.endswith((".Dockerfile", ".dockerfile"))
    )
    return named and path_role(path) not in (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY)


def _passes(subject: Subject) -> bool:
    return any(_MENTIONS.search(text.text) for text in script_texts(subject).values())


def _declared(text: Text) -> list[_Declared]:
    found: list[_Declared] = []
    for instruction in read_dockerfile(text):
        if instruction.keyword != "ARG":
            continue
        # Several arguments may stand in one instruction; values are passed over.
        for match in re.compile(r"(?<!\S)([A-Za-z_]\w*)(=(?:\"[^\"]*\"|'[^']*'|\S*))?").finditer(
            text.text, instruction.start, instruction.end
        ):
            found.append(_Declared(match[1], match[2] is not None, Spot(text.path, text.span(*match.span(1)))))
    return found


def _unknown(subject: Subject, path: str, name: str, spots: list[Spot], declared: list[_Declared]) -> Finding:
    near = next(
        (one for one in declared if one.name.lower() == name.lower() or set(one.name.split("_")) == set(name.split("_"))), None
    )
    return finding_at(
        (_CODE, _NAME, Severity.WARNING),
        subject,
        spots[0],
        f"{path} declares no ARG {name}: what is passed has no effect",
        node=f"file:{path}",
        expected=near.name if near is not None else None,
        actual=name,
        why=(
            f"ARG in {path}: {', '.join(sorted({one.name for one in declared})) or 'none'}",
            "the builder warns of it and goes on",
        ),
        related=tuple((subject, spot) for spot in (*([near.spot] if near is not None else []), *spots[1:])),
    )


def _unfed(subject: Subject, text: Text, declared: list[_Declared], passed: set[str], build: Spot) -> Iterator[Finding]:
    defaults = {one.name for one in declared if one.default}
    told: set[str] = set()
    for one in declared:
        if one.default or one.name in passed or one.name in defaults or one.name in told or _PREDEFINED.fullmatch(one.name):
            continue
        used = re.search(rf"^[ \t]*FROM\b[^\n]*\$\{{?{one.name}\b", text.text, re.MULTILINE | re.IGNORECASE) is not None
        if not used and not _TELLING.search(one.name):
            continue
        told.add(one.name)
        yield finding_at(
            (_CODE, _NAME, Severity.WARNING if used else Severity.NOTE),
            subject,
            one.spot,
            f"ARG {one.name} has no default, and no build of this tree passes it" + (": FROM has no image then" if used else ""),
            node=f"file:{text.path}",
            actual=one.name,
            why=(f"{path_line(build)} builds it without {one.name}",),
            related=((subject, build),),
        )


_DOCKERFILE = "FROM alpine:3.20\nARG {}\nRUN echo ${} > /version\n"
_MAKEFILE = "image:\n\tdocker build --build-arg VERSION=$(VERSION) -t ghcr.io/example/web:$(VERSION) .\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a build argument that the Dockerfile does not declare, or that nothing passes",
    """
    `docker build --build-arg X=1` does nothing where the Dockerfile has no `ARG X`: the builder warns, and the image gets
    whatever the Dockerfile says by itself. The other way round, an `ARG` without default that no build passes is empty text,
    and in `FROM image:$X` no image at all. Arguments that every Dockerfile has (proxies, TARGETARCH and the like) are none of
    these.

    What to do: declare the `ARG` in the stage that uses it, pass it, or give it a default; remove what nobody reads.
    """,
    _check,
    failing=(Example((Commit({"Dockerfile": _DOCKERFILE.format("APP_VERSION=dev", "APP_VERSION"), "Makefile": _MAKEFILE}),)),),
    passing=(Example((Commit({"Dockerfile": _DOCKERFILE.format("VERSION=dev", "VERSION"), "Makefile": _MAKEFILE}),)),),
)
