"""RG206: a file of the own repository that a build, script or workflow uses and that is not there."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.paths import Ignored, ancestors, is_fixture, join, moved_to
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Pin, Site
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG206", "missing-file"
# Folders whose content comes and goes with builds and tests.
_PASSING = re.compile(
    r"(?:^|/)(?:bin|build|dist|out|output|_output|target|tmp|temp|\.tmp|cache|\.cache|node_modules|vendor|venv|\.venv|artifacts?|generated|coverage|logs?"
    r"|[\w.-]*_output|[\w.-]*results?)(?:/|$)"
)
_SCRIPTS = re.compile(r".*\.(?:sh|bash|mk|ya?ml)$|(?:.*/)?(?:GNU|BSD)?[Mm]akefile[^/]*$|(?:.*/)?[^./]+$")
_OTHER_CHECKOUT = re.compile(r"^\s*-?\s*repository:\s*\S|\bgit clone\b", re.MULTILINE)
# So many releases, evenly spread, are asked whether they had a file.
_RELEASES = 6
# Configuration of programs that make a site of a folder: Hugo, Jekyll, Docusaurus, VitePress, Antora, mdBook, Nextra, Sphinx.
_GENERATORS = (
    "hugo.toml", "hugo.yaml", "config.toml", "config/_default/hugo.toml", "_config.yml", "docusaurus.config.js", "docusaurus.config.ts", "antora.yml",
    "book.toml", ".vitepress/config.ts", "theme.config.tsx", "theme.config.jsx", "conf.py",
)  # fmt: skip
# What stands before a path that is written, to the end; what goes on behind one that is longer; what follows a target.
_WRITES = re.compile(
    r"(?:>>?[ \t]*|(?:-o|-O|--output|--out|--dest|-out)[ =]|\b(?:tee|touch|mkdir|cp|mv|install|ln|git clone|wget|curl|unzip|tar)\b[^\n;|&]{0,300}[ \t=/])"
    r"[\"']?(?:\./|\$\(?\{?\w+\}?\)?/)*\Z"
)
_GOES_ON = re.compile(r"[\w.-]")
_TARGET = re.compile(r"[^\n=]*:(?!=)")
_REACH = 400
_STANDS_FOR = re.compile(r"(?:^|/)(?:filename|file-?name|path|your|my|example|foo|bar|xxx+)\b", re.IGNORECASE)
_VERBS = {"run": "runs", "edit": "edits", "read": "reads", "build": "builds"}


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        missing = [site for site in subject.sites if site.kind is Kind.FILE and _is_missing(subject, site)]
        if not missing:
            continue
        ignored = Ignored(subject)
        missing = [site for site in missing if not _in_comment(subject, site) and not any(ignored(path) for path in _places(site))]
        made = _made_elsewhere(subject, missing)
        told: set[tuple[str, str]] = set()
        for site in missing:
            if site.name in made or (site.path, site.name) in told:
                continue
            told.add((site.path, site.name))
            now = moved_to(site.name, subject.tree)
            # A command in a document that names a file which is nowhere is meant for another folder than this tree.
            if now is not None or site.key == "link" or path_role(site.path) is not PathRole.DOCUMENT:
                yield _finding(facts, subject, site, now)


def _finding(facts: Facts, subject: Subject, site: Site, now: str | None) -> Finding:
    why = [f"the tree has no {site.name}, and nothing in it makes it"]
    if now is not None:
        why.append(f"a file of that name is {now}")
    role = path_role(site.path)
    link = site.key == "link"
    foreign = now is None and site.path.endswith((".sh", ".bash")) and not _was_here(facts, subject, site)
    rendered = link and (
        _is_generated(subject, site.path) or "." not in site.name.rpartition("/")[2] or _STANDS_FOR.search(site.name) is not None
    )
    severity = Severity.NOTE if rendered or foreign or (role is PathRole.TEST and now is None) else Severity.WARNING
    return facts.finding(
        (_CODE, _NAME, severity),
        subject,
        site,
        f"{site.path.rpartition('/')[2]} {'links to' if link else _VERBS.get(site.get('verb'), 'names')} {site.name}, which does not exist",
        node=f"file:{site.name}",
        expected=now,
        actual=site.value,
        why=tuple(why),
    )


def _is_generated(subject: Subject, path: str) -> bool:
    """Whether a program makes pages of the document, and with it addresses that the folders do not tell."""
    return path.rpartition("/")[2].startswith("_") or any(
        f"{folder}/{name}".lstrip("/") in subject.entries for folder in ancestors(path) for name in _GENERATORS
    )


def _was_here(facts: Facts, subject: Subject, site: Site) -> bool:
    """Whether a release had the file: a script that names one which never was here runs in another repository's folder."""
    tags = facts.ordered_tags(subject)
    if len(tags) < _RELEASES:
        return True  # too few to tell
    step = max(1, len(tags) // _RELEASES)
    trees = (subject.at(tag.commit) for tag in tags[::-1][::step])
    return any(place in tree.entries for tree in trees if tree is not None for place in _places(site))


def _is_missing(subject: Subject, site: Site) -> bool:
    name = site.name
    role = path_role(site.path)
    if site.pin is not Pin.EXACT or site.get("made") or "(" in name or site.get("cwd") == "?" or name.startswith(("/", "~", "@")):
        return False
    if (
        role in (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY, PathRole.SOURCE)
        or is_fixture(site.path)
        or _PASSING.search(name)
    ):
        return False
    places = _places(site)
    if not places or any(subject.exists(place) for place in places):
        return False
    if site.key == "link":
        # A template's links count from where it is rendered to.
        return "templates/" not in site.path and not any(_below_link(subject, place) for place in places)
    first = name.partition("/")[0]
    if "/" not in name:
        # A bare name may be anywhere; only `include`, and what says from where it counts, tells that it is beside the file.
        return site.key == "include" or bool(site.get("resolved"))
    if role in (PathRole.DOCUMENT, PathRole.PIPELINE, PathRole.TEST):
        # The reader may stand in another folder, or in another repository.
        text = subject.text(site.path)
        if (
            text is None
            or _OTHER_CHECKOUT.search(text.text)
            or not any(subject.exists(join(base, first) or "/") for base in _bases(site))
        ):
            return False
    return not any(_below_link(subject, place) for place in places)


def _in_comment(subject: Subject, site: Site) -> bool:
    text = subject.text(site.path)
    return text is not None and text.line_head(site.span.line).lstrip().startswith("#") and not site.path.endswith((".md", ".mdx"))


def _bases(site: Site) -> tuple[str, ...]:
    """The folders that a relative path may start from: the root, and the folders that hold the file that names it."""
    cwd = site.get("cwd")
    bases = ancestors(site.path)
    if not cwd:
        return bases
    return tuple(joined for base in bases if (joined := join(base, cwd)) is not None)


def _places(site: Site) -> list[str]:
    if resolved := site.get("resolved"):
        return [resolved]
    found = [join(base, site.name) for base in _bases(site)]
    # A path that leads out of the tree from somewhere is meant from somewhere else.
    return [] if site.name.startswith("..") and None in found[:1] else [place for place in found if place]


def _below_link(subject: Subject, path: str) -> bool:
    entries = subject.entries
    return any(parent in entries and entries[parent].mode in (0o160000, 0o120000) for parent in ancestors(path))


def _made_elsewhere(subject: Subject, missing: list[Site]) -> frozenset[str]:
    """Those of the missing files that some recipe or script of the tree writes, or some rule has as its target.

    What makes a folder that is not in the tree may make all that is said to be in it.
    """
    wanted: dict[str, set[str]] = {}
    for site in missing:
        for path in (site.name, *ancestors(site.name)):
            if path and not subject.exists(path):
                wanted.setdefault(path, set()).add(site.name)
    if not wanted:
        return frozenset()
    found: set[str] = set()
    paths = [path for path in subject.entries if _SCRIPTS.fullmatch(path) and path_role(path) is not PathRole.VENDORED]
    words = [(path, path.encode("utf-8", "surrogateescape")) for path in wanted]
    for _, data in subject.tree.read_many(paths):
        here = [path for path, word in words if word in data]
        if here:
            text = data.decode("utf-8", "replace")
            for path in here:
                if not wanted[path] <= found and _is_made(text, path):
                    found |= wanted[path]
    return frozenset(found)


def _is_made(text: str, path: str) -> bool:
    """Whether a script writes the path, or a rule in it has the path as its target."""
    at = text.find(path)
    while at >= 0:
        end = at + len(path)
        line = max(text.rfind("\n", max(0, at - _REACH), at) + 1, at - _REACH)
        if not _GOES_ON.match(text, end) and _WRITES.search(text[line:at]):
            return True
        if (at == 0 or text[at - 1] == "\n") and _TARGET.match(text, end):
            return True
        at = text.find(path, at + 1)
    return False


_MAKEFILE = "REQUIREMENTS=docs/{}.txt\n\ncheck:\n\tpip install -r $(REQUIREMENTS)\n\thack/verify.sh\n"
_SCRIPT = '#!/bin/bash\nsed -i "s/^version: .*/version: $1/" deploy/{}.yaml\n'

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a file of this repository that does not exist is read, edited or run",
    """
    A Makefile, script, workflow or document names a file of its own repository, and the tree has no such file: it was moved or
    removed, and this place was forgotten. What runs it fails, or, worse, goes on without it. Where one file of that name is
    elsewhere in the tree, it is told as the expected value.

    Paths count from the root, and from every folder that holds the file that names them. Nothing is said of absolute paths, paths
    with variables, what is written by a script or rule of the tree, what git ignores, and folders of builds and temporary files.
    A note for links of pages that a site's generator makes, in tests where no such file is anywhere, and in scripts that name what no
    release has had.

    What to do: name the file as it is called now, or remove the line that needs it.
    """,
    _check,
    failing=(
        Example((Commit({"Makefile": _MAKEFILE.format("requirements"), "hack/verify.sh": "", "attic/requirements.txt": ""}),)),
        Example((Commit({"scripts/release.sh": _SCRIPT.format("web"), "deploy/site.yaml": "version: 1\n"}),)),
    ),
    passing=(
        Example((Commit({"Makefile": _MAKEFILE.format("requirements"), "hack/verify.sh": "", "docs/requirements.txt": ""}),)),
        Example((Commit({"scripts/release.sh": _SCRIPT.format("web"), "deploy/web.yaml": "version: 1\n"}),)),
    ),
)
