"""Kustomizations of other repositories that are built from whatever branch is the default one: no ref, so no extractor has a site.

Addresses are those that kustomize takes (https://github.com/kubernetes-sigs/kustomize/blob/v5.0.0/examples/remoteBuild.md): with or
without a scheme, ``?ref=`` or ``?version=`` for the revision, ``//`` before the folder.
"""

import re
from collections.abc import Iterator

from relgraph.infer.roles import PathRole, path_role
from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.model.world import Subject
from relgraph.syntax.text import Text

__all__ = ["unpinned_bases"]

_KUSTOMIZATION = re.compile(r"(?:.*/)?(?:kustomization\.ya?ml|Kustomization)")
_CALLER = re.compile(r".*\.(?:sh|bash|mk|md|mdx|rst|adoc)|(?:.*/)?[^/]*akefile|\.github/.*\.ya?ml")
_URL = r"(?P<url>(?:git::)?(?:https://|ssh://git@|git@)?(?P<name>github\.com[/:][\w.-]+/[\w.-]+?)(?:\.git)?(?:/+(?P<path>[\w./-]*))?(?:\?(?P<query>[\w=&.-]*))?)"
_ENTRY = re.compile(rf"^[ \t]*-[ \t]+[\"']?{_URL}[\"']?[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_COMMAND = re.compile(
    rf"\b(?:kustomize[ \t]+build|(?:kubectl|oc)\b[^\n|;&]{{0,120}}?[ \t](?:-k|--kustomize))[ \t=]*[\"']?{_URL}[\"']?(?=[\s|;&)`]|$)",
    re.MULTILINE,
)
_PINNED = re.compile(r"(?:^|&)(?:ref|version)=")
# Files, not folders that could be built.
_FILES = re.compile(r"(?:releases|raw|archive|blob|tree)/|.*\.(?:ya?ml|json)$")


def unpinned_bases(subject: Subject) -> Iterator[Site]:
    """A site for each: a GIT reference of form ``base`` to HEAD with pin ABSENT, which spans the address."""
    aside = (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY)
    paths = [path for path in subject.entries if _KUSTOMIZATION.fullmatch(path) or _CALLER.fullmatch(path)]
    for path, data in subject.tree.read_many([path for path in paths if path_role(path) not in aside]):
        if b"github.com" not in data:
            continue
        entries = _KUSTOMIZATION.fullmatch(path) is not None
        if not entries and b"kustomize" not in data and b" -k" not in data:
            continue
        text = Text(path, data)
        for match in (_ENTRY if entries else _COMMAND).finditer(text.text):
            inside = match["path"] or ""
            if _PINNED.search(match["query"] or "") or _FILES.match(inside):
                continue
            yield Site(
                path, text.span(*match.span("url")), Kind.GIT, match["name"].replace(":", "/", 1), Part.REF, match["url"], "HEAD", Pin.ABSENT,
                syntax="base", extra=(("form", "base"), ("path", inside.strip("/")), ("url", match["url"])),
            )  # fmt: skip
