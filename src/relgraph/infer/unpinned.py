"""What is taken from elsewhere without any revision, where no extractor has a site, because nothing is written that could be one.

Kustomizations of other repositories are built from whatever branch is the default one, charts of a repository are installed in their
newest version.

Addresses are those that kustomize takes (https://github.com/kubernetes-sigs/kustomize/blob/v5.0.0/examples/remoteBuild.md): with or
without a scheme, ``?ref=`` or ``?version=`` for the revision, ``//`` before the folder.
"""

import re
from collections.abc import Iterator

from relgraph.infer.roles import PathRole, path_role
from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.model.world import Subject
from relgraph.syntax.shell import read_command
from relgraph.syntax.text import Text

__all__ = ["unpinned_bases", "unpinned_charts"]

_KUSTOMIZATION = re.compile(r"(?:.*/)?(?:kustomization\.ya?ml|Kustomization)")
_CALLER = re.compile(r".*\.(?:sh|bash|mk|md|mdx|rst|adoc)|(?:.*/)?[^/]*akefile|\.github/.*\.ya?ml")
_URL = r"(?P<url>(?:git::)?(?:https://|ssh://git@|git@)?(?P<name>github\.com[/:][\w.-]+/[\w.-]+?)(?:\.git)?(?:/+(?P<path>[\w./-]*))?(?:\?(?P<query>[\w=&.-]*))?)"
_ENTRY = re.compile(rf"^[ \t]*-[ \t]+[\"']?{_URL}[\"']?[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_COMMAND = re.compile(
    rf"\b(?:kustomize[ \t]+build|(?:kubectl|oc)\b[^\n|;&]{{0,120}}?[ \t](?:-k|--kustomize))[ \t=]*[\"']?{_URL}[\"']?(?=[\s|;&)`]|$)",
    re.MULTILINE,
)
_ADDED = re.compile(r"\bhelm[ \t]+repo[ \t]+add[ \t]+(?:-\S+[ \t]+)*(?P<alias>[\w-]+)[ \t]+[\"']?(?P<url>https?://[^\s\"']+)")
_INSTALLED = re.compile(r"\bhelm[ \t]+(?=(?:install|upgrade|template|pull|fetch)\b)")
_CHART = re.compile(r"(?P<alias>[\w-]+)/(?P<name>[\w-]+)")
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


def unpinned_charts(subject: Subject) -> Iterator[Site]:
    """A site for each chart of a repository that the same text adds (``helm repo add``) and that a command installs without ``--version``.

    The site is a CHART reference with pin ABSENT and spans the name. A command that takes options from a variable may be given one.
    """
    aside = (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY)
    paths = [path for path in subject.entries if _CALLER.fullmatch(path) and path_role(path) not in aside]
    for path, data in subject.tree.read_many(paths):
        if b"repo add" not in data:
            continue
        text = Text(path, data)
        repositories = {match["alias"]: match["url"].rstrip("/") for match in _ADDED.finditer(text.text)}
        for match in _INSTALLED.finditer(text.text):
            words, _ = read_command(text.text, match.end(), len(text.text))
            if any(word.text.startswith(("--version", "$", '"$')) for word in words[1:] if "/" not in word.text):
                continue
            for word in words[1:]:
                chart = _CHART.fullmatch(word.text)
                if chart is not None and chart["alias"] in repositories and word.inner >= 0:
                    name = f"{repositories[chart['alias']]}#{chart['name']}"
                    span = text.span(word.inner, word.inner + len(word.text))
                    yield Site(path, span, Kind.CHART, name, Part.REPOSITORY, word.text, word.text, Pin.ABSENT, syntax="helm")
                    break
