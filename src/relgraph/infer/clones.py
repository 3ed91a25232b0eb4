"""Clones that follow whatever branch is the default one: they hold no ref, so no extractor has a site for them."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.model.world import Subject
from relgraph.syntax.text import Text

__all__ = ["clone_sites"]

_CLONERS = (".github/workflows/", "ockerfile", "ontainerfile", ".gitlab-ci", ".prow", "Jenkinsfile", ".circleci/")
_CLONE = re.compile(
    r"\bgit[ \t]+clone\b(?P<options>(?:[ \t]+(?!https?:)[^\s;|&]+)*?)[ \t]+[\"']?(?P<url>https://(?P<name>github\.com/[\w.-]+/[\w.-]+?)(?:\.git)?)[\"']?(?=[\s;|&)])"
)
_PINNED = re.compile(r"(?:^|\s)(?:-b|--branch|--revision)\b")
_CHECKED_OUT = re.compile(r"\bgit\b[^\n]*\b(?:checkout|switch|reset)\b")


def clone_sites(facts: Facts, subject: Subject) -> Iterator[Site]:
    """A site for each ``git clone`` of a repository of the world that names no ref, in what builds images and in pipelines.

    The site is a GIT reference of form ``clone`` to HEAD, and spans the URL. A checkout, switch or reset within the next lines
    counts as a ref.
    """
    for path, data in subject.tree.read_many([path for path in subject.entries if any(part in path for part in _CLONERS)]):
        if b"git clone" not in data or path_role(path) in (PathRole.VENDORED, PathRole.LEGACY, PathRole.TEST):
            continue
        text = Text(path, data)
        for match in _CLONE.finditer(text.text):
            after = text.text[match.end() : match.end() + 400]
            if _PINNED.search(match["options"]) or _CHECKED_OUT.search(after):
                continue
            if facts.identity.known.get(match["name"].lower()) is not None:
                span = text.span(*match.span("url"))
                yield Site(
                    path, span, Kind.GIT, match["name"], Part.REF, match["url"], "HEAD", Pin.BRANCH, syntax="clone",
                    extra=(("form", "clone"), ("url", match["url"])),
                )  # fmt: skip
