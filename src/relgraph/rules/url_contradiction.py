"""RG109: one address says two versions."""

import re
from collections import Counter
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.paths import is_fixture
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Role, Site
from relgraph.model.version import Version, agree, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG109", "url-contradiction"
_REVISION = re.compile(r"\d{1,3}")
_IN_TEXT = re.compile(r"(?<![\d.])[vV]?(\d+\.\d+\.\d+)(?![\d])")
_TAG = re.compile(r"(?:.*[A-Za-z][-_/])?(?P<version>[vV]?\d+(?:\.\d+)+.*)", re.DOTALL)
_NEAR = 400
_LABEL = re.compile(r"\[`?(?P<version>[vV]?\d+\.\d+\.\d+[\w.+-]*)`?\](?:\(|:[ \t]*)<?https?://[^\s()\[\]]*$")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        for path, sites in subject.sites_by_path.items():
            if path_role(path) is PathRole.VENDORED or is_fixture(path):
                continue
            for site in sites:
                if (site.get("scope") == "url" or site.kind is Kind.TOOLCHAIN) and "://" in site.get("url"):
                    yield from _elsewhere(facts, subject, site)
                elif site.kind is Kind.GIT and site.part is Part.VERSION and site.get("form") == "asset":
                    yield from _asset(facts, subject, site)
                elif site.kind is Kind.VARIABLE and site.get("scope") == "arg":
                    yield from _argument(facts, subject, site)
                elif site.kind is Kind.GIT and site.part is Part.REF and path.endswith((".md", ".mdx")):
                    yield from _label(facts, subject, site)


def _refs_before(subject: Subject, site: Site) -> list[Site]:
    return [
        one
        for one in subject.near(site)
        if one.kind is Kind.GIT and one.part is Part.REF and 0 <= site.span.start - one.span.end < _NEAR
    ]


def _asset(facts: Facts, subject: Subject, site: Site) -> Iterator[Finding]:
    ref = next((one for one in _refs_before(subject, site) if one.get("url") == site.get("url")), None)
    if ref is None:
        return
    pair = _versions(facts, subject, ref, site)
    if pair is None:
        return
    outer, inner = pair
    asset = site.get("path")
    others = {match[1] for match in _IN_TEXT.finditer(asset)}
    if outer.padded == inner.padded and not inner.pre and _REVISION.fullmatch(outer.pre):
        return  # 8.10.1-2 is the second packaging of 8.10.1
    # A release may carry things with version numbers of their own; what is named like the project, or counts like it, is its own.
    if (
        len(others) > 1
        or not (outer.padded[:2] == inner.padded[:2] or _named_alike(site.name, asset))
        or _is_chart(asset, site.name)
    ):
        return
    yield _finding(facts, subject, site, ref, outer, inner, f"{asset} is asked of the release {outer}")


def _label(facts: Facts, subject: Subject, site: Site) -> Iterator[Finding]:
    """A link whose text is one version and whose target is another: ``[v1.1.2]: https://.../releases/tag/v1.1.3``."""
    text = subject.text(site.path)
    if text is None or site.get("form") not in ("release", "tree", "blob", "download", "archive"):
        return
    label = _LABEL.search(text.before(site.span))
    shown = None if label is None else parse_version(label["version"])
    match = _TAG.fullmatch(site.value)
    leads_to = None if match is None else parse_version(match["version"])
    if shown is None or leads_to is None or not shown.complete or not leads_to.complete or agree(shown, leads_to):
        return
    yield facts.finding(
        (_CODE, _NAME, Severity.NOTE if _severity(site) is Severity.NOTE else Severity.WARNING),
        subject,
        site,
        f"a link called {shown} leads to {leads_to}",
        expected=leads_to.prefix + shown.bare,
        actual=site.value,
        why=("the text of the link is a version, and its address another",),
    )


def _argument(facts: Facts, subject: Subject, site: Site) -> Iterator[Finding]:
    before = [one for one in _refs_before(subject, site) if one.name == site.name]
    if not before:
        return
    ref = before[-1]
    pair = _versions(facts, subject, ref, site)
    if pair is None:
        return
    outer, inner = pair
    yield _finding(facts, subject, site, ref, outer, inner, f"the script of {outer} is told to install {inner}")


def _elsewhere(facts: Facts, subject: Subject, site: Site) -> Iterator[Finding]:
    """A download from any other host: a folder that is a version, and a file named for another one."""
    *folders, name = site.get("url").partition("?")[0].split("/")
    outer = next(
        (version for folder in reversed(folders) if (version := parse_version(folder)) is not None and version.complete), None
    )
    inside = {match[1] for match in _IN_TEXT.finditer(name)}
    if outer is None or len(inside) != 1 or not re.search(r"[A-Za-z]{2}", name):
        return
    inner = parse_version(next(iter(inside)))
    if inner is None or inner.padded == outer.padded or inner.padded[0] != outer.padded[0]:
        return
    written = parse_version(site.value)
    other = inner if written is None or agree(written, outer) else outer
    yield facts.finding(
        (_CODE, _NAME, _severity(site)),
        subject,
        site,
        f"the folder says {outer.bare}, the file {name} says {inner.bare}",
        expected=(written.prefix if written else "") + other.bare,
        actual=site.value,
        why=(f"one address says {outer.bare} and {inner.bare}", "a server has a file under its own version"),
    )


def _versions(facts: Facts, subject: Subject, ref: Site, site: Site) -> tuple[Version, Version] | None:
    """What the two say, where both say a version and not the same one."""
    found: list[Version] = []
    for one in (ref, site):
        resolved = facts.resolve(subject, one)
        match = None if resolved is None else _TAG.fullmatch(resolved.value)
        version = None if match is None else parse_version(match["version"])
        if version is None or not version.complete:
            return None
        found.append(version)
    outer, inner = found
    return None if agree(outer, inner) else (outer, inner)


def _named_alike(name: str, asset: str) -> bool:
    repository = re.sub(r"[^a-z0-9]", "", name.rpartition("/")[2].lower())
    return len(repository) > 2 and re.sub(r"[^a-z0-9]", "", asset.lower()).startswith(repository)


def _is_chart(asset: str, name: str) -> bool:
    # A packaged chart's version is often not that of the release that it is attached to.
    if not asset.endswith(".tgz") or re.search(r"linux|darwin|windows|amd64|arm64|x86", asset):
        return False
    return "chart" in asset or not _named_alike(name, asset)


def _finding(facts: Facts, subject: Subject, site: Site, ref: Site, outer: Version, inner: Version, message: str) -> Finding:
    """At the one of the two whose version fewer other references of the tree have."""
    line = facts.lines.get(facts.identity.line(subject, ref).name, ())
    usual = Counter(one.version.padded for one in line if one.version is not None and one.site not in (ref, site))
    ref_is_wrong = usual[inner.padded] > usual[outer.padded]
    wrong, other = (ref, site) if ref_is_wrong else (site, ref)
    bad, good = (outer, inner) if ref_is_wrong else (inner, outer)
    return facts.finding(
        (_CODE, _NAME, _severity(site)),
        subject,
        wrong,
        message,
        expected=bad.prefix + good.bare,
        actual=wrong.value,
        why=(
            f"{ref.path}:{ref.span.line} names the ref {ref.value}, and then {site.value}",
            *((f"{_others(usual[good.padded])} {good.bare}",) if usual[good.padded] else ()),
        ),
        related=((subject, other),),
    )


def _severity(site: Site) -> Severity:
    aside = site.role is Role.MENTION or path_role(site.path) in (PathRole.HISTORY, PathRole.LEGACY)
    return Severity.NOTE if aside else Severity.ERROR


_DOWNLOAD = "curl -LO https://github.com/example/engine/releases/download/v{}/engine_{}_linux_amd64.tar.gz\n"
_MIRROR = "curl -LO https://downloads.example.org/tool/v{}/tool-v{}-linux.tar.gz\n"
_INSTALL = "bash <(curl -L https://raw.githubusercontent.com/example/engine/v{}/install.sh) {}\n"


def _script(line: str, *versions: str) -> Example:
    return Example((Commit({"setup.sh": "#!/bin/bash\n" + line.format(*versions)}),))


def _others(count: int) -> str:
    return "1 other reference of this tree says" if count == 1 else f"{count} other references of this tree say"


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "one address says two versions",
    """
    The tag in a download's URL and the version in the file's name differ, or an installation script is fetched at one tag and told to
    install another version. The first gets nothing, the second runs a script that does not know what it installs. A link's text and its
    address have to agree as well, where both are versions.

    Files that carry a version line of their own (packaged charts, tools of other names and other minor versions) do not count.

    What to do: make the two equal; usually one of them was forgotten in an update.
    """,
    _check,
    failing=(_script(_DOWNLOAD, "0.6.1", "0.6.3"), _script(_INSTALL, "1.0.0", "0.10.1"), _script(_MIRROR, "18.1.0", "18.1.1")),
    passing=(_script(_DOWNLOAD, "0.6.3", "0.6.3"), _script(_INSTALL, "1.0.0", "1.0.0"), _script(_MIRROR, "18.1.1", "18.1.1")),
)
