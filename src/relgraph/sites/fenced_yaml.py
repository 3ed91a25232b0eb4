"""What the YAML that a document shows takes from other repositories: actions (``uses:``), and hooks of pre-commit (``repo:``, ``rev:``)."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.model.version import parse_version
from relgraph.sites.build import extra_of
from relgraph.sites.github_url import ref_pin, repository_of
from relgraph.syntax.text import Text

__all__ = ["fenced_sites"]

_USES = re.compile(r"\buses:[ \t]*[\"']?(?P<name>[A-Za-z0-9][\w.-]*/[\w.-]+(?:/[\w./-]+)?)@(?P<ref>[\w./+-]+)")
_HOOK = re.compile(r"\brepo:[ \t]*[\"']?(?P<url>https://[^\s\"'#]+)[\"']?[^\n]*\n[ \t]*rev:[ \t]*[\"']?(?P<ref>[\w./+-]+)")


def fenced_sites(text: Text, start: int, end: int) -> Iterator[Site]:
    """The sites within ``text.text[start:end]``, the content of a fence."""
    source = text.text
    if source.find("uses:", start, end) >= 0:
        for match in _USES.finditer(source, start, end):
            ref = match["ref"]
            version = parse_version(ref)
            # Actions move their major tags.
            moves = version is not None and len(version.release) == 1 and not version.pre
            yield _site(text, match, Kind.ACTION, match["name"], Pin.MUTABLE if moves else ref_pin(ref))
    if source.find("rev:", start, end) >= 0:
        for match in _HOOK.finditer(source, start, end):
            repository = repository_of(match["url"])
            if repository:
                yield _site(text, match, Kind.GIT, repository, ref_pin(match["ref"]), form="clone", url=match["url"])


def _site(text: Text, match: re.Match[str], kind: Kind, name: str, pin: Pin, **facts: str) -> Site:
    ref = match["ref"]
    return Site(
        text.path, text.span(*match.span("ref")), kind, name, Part.REF, ref, ref, pin, key="fence", syntax="markdown", extra=extra_of(**facts)
    )  # fmt: skip
