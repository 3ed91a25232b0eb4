"""RG202: a URL whose path does not exist in its repository at its ref."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.gitref import Located, Locator, RefKind, unescape
from relgraph.infer.paths import is_fixture, moved_to
from relgraph.infer.roles import PathRole, path_role
from relgraph.infer.usage import Usage, usage_of
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tree
from relgraph.model.site import Kind, Role, Site
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG202", "nonexistent-path"
_IN_TREE = ("raw", "blob", "tree", "api", "edit", "base")
# What was designed is the past, but its links are followed today.
_DESIGN = re.compile(r"(?:^|/)designs?(?:[-_]docs?)?/", re.IGNORECASE)
_KUSTOMIZES = re.compile(r"(?:apply|create|delete|replace)\b[^\n|;]*[ \t](?:-k|--kustomize)\b|\bkustomize\b")
# A folder under a name is completed where the name is used.
_ASSIGNED = re.compile(r"\w[ \t]*[:?+]?=[ \t]*[\"']?https?://\S*$|^[ \t-]*[\w.-]+:[ \t]*[\"']?https?://\S*$")


def _check(facts: Facts) -> Iterator[Finding]:
    locator = Locator(facts)
    for subject in facts.world.targets:
        told: set[tuple[str, str, str]] = set()
        for site in subject.sites:
            if site.kind is not Kind.GIT or site.get("form") not in (*_IN_TREE, "bare") or not site.get("path"):
                continue
            role = path_role(site.path)
            past = role is PathRole.HISTORY and not _DESIGN.search(site.path)
            if site.role is Role.MENTION or is_fixture(site.path) or past or role in (PathRole.VENDORED, PathRole.LEGACY):
                continue
            if site.get("form") == "bare":
                if (bare := _bare(facts, locator, subject, site)) is not None:
                    yield bare
                continue
            located = locator.locate(subject, site)
            if located is None or located.kind is RefKind.MISSING or not located.path:
                continue
            if located.kind is RefKind.COMMIT and not _is_fetched(site):
                continue  # copied from a browser that showed it
            tree = locator.tree(located)
            if tree is None or (locator.has(tree, located.path) and not _is_fetched_folder(subject, located, tree)):
                continue
            key = (site.path, located.ref, located.path)
            if key not in told:
                told.add(key)
                yield _finding(facts, locator, subject, located, tree, role)


def _finding(facts: Facts, locator: Locator, subject: Subject, located: Located, tree: Tree, role: PathRole) -> Finding:
    site, owner = located.site, located.owner
    if locator.has(tree, located.path):
        return facts.finding(
            (_CODE, _NAME, _severity(site, role)),
            subject,
            site,
            f"{located.path} is a folder in {owner.name} at {located.ref}, and only files can be fetched so",
            expected=None,
            actual=located.path,
        )
    now = moved_to(located.path, tree)
    why = [f"{now} has this name there" if now is not None else "no file has this name there, or more than one"]
    if now is None and (tags := _tags_with(facts, locator, located)) is not None:
        why.append(tags)
    return facts.finding(
        (_CODE, _NAME, _severity(site, role)),
        subject,
        site,
        f"{located.path} does not exist in {owner.name} at {located.ref}",
        expected=now,
        actual=located.path,
        why=tuple(why),
    )


def _bare(facts: Facts, locator: Locator, subject: Subject, site: Site) -> Finding | None:
    """A file or folder named right behind the repository's address, with neither ``blob`` nor a ref before it."""
    owner = locator.owner(site.name)
    path = unescape(site.get("path"))
    text = subject.text(site.path)
    if owner is None or not owner.exists(path) or text is None:
        return None
    before = text.before(site.span)
    # kustomize asks for a folder of a repository by such an address.
    if site.path.rpartition("/")[2].startswith("kustomization.") or _KUSTOMIZES.search(before):
        return None
    form = "blob" if path in owner.entries else "tree"
    return facts.finding(
        (_CODE, _NAME, Severity.WARNING),
        subject,
        site,
        f"GitHub has no page {path} of {owner.name}: the address lacks {form} and a ref",
        expected=f"{form}/{owner.repository.default_branch or 'main'}/{path}",
        actual=site.value,
    )


def _is_fetched_folder(subject: Subject, located: Located, tree: Tree) -> bool:
    """Whether raw content is asked of a folder, by a command that holds the address as it stands."""
    site = located.site
    if site.get("form") != "raw" or located.path in tree.entries or unescape(site.get("path")) != located.path:
        return False
    text = subject.text(site.path)
    if text is None or _ASSIGNED.search(text.before(site.span)):
        return False
    return usage_of(text, site) is not Usage.LINK


def _severity(site: Site, role: PathRole) -> Severity:
    if role is PathRole.TEST:
        return Severity.WARNING if _is_fetched(site) else Severity.NOTE
    return Severity.ERROR if _is_fetched(site) else Severity.WARNING


def _is_fetched(site: Site) -> bool:
    return site.get("form") in ("raw", "api", "base")


def _tags_with(facts: Facts, locator: Locator, located: Located) -> str | None:
    """A sentence on the newest tag that has the path, where looking into one tree tells it."""
    tags = facts.ordered_tags(located.owner)
    if not tags or tags[-1].name == located.ref:
        return None
    tree = located.owner.at(tags[-1].commit)
    if tree is None:
        return None
    return f"it exists at {tags[-1].name}, the newest tag" if locator.has(tree, located.path) else None


_CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\nicon: https://raw.githubusercontent.com/example/platform/main/{}/icon.svg\n"
_GO_MOD = {"go.mod": "module github.com/example/platform\n"}
_APPLY = "kubectl apply -f https://raw.githubusercontent.com/example/engine/v0.2.0/deploy/{}.yaml\n"
_ENGINE = (
    Commit({"go.mod": "module github.com/example/engine\n", "deploy/all.yaml": "kind: Pod\n"}, tags=("v0.1.0",)),
    Commit({"go.mod": "module github.com/example/engine\n", "deploy/bundle.yaml": "kind: Pod\n"}, tags=("v0.2.0",)),
)

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a file or folder that does not exist at the ref of its URL",
    """
    A URL leads to a file or folder of a repository of this scan. The ref exists, and the path does not exist there: it was moved
    or removed, or it is newer than the tag. Where exactly one file of that name is in the tree, it is told as the expected value.

    An error where the URL is fetched or rendered (raw content, the icon of a chart, a kustomize base), else a warning. The
    default branch stands for the tree that is being judged, or, of a sibling, for the tree that was given to the scan. Changelogs
    and folders named as old do not count. An address that names a file right behind its repository, without `blob` and a ref, is no
    page of GitHub's either; and a folder has no raw content.

    What to do: follow the file to where it is now, or name the ref at which it was where the URL says.
    """,
    _check,
    failing=(
        Example((Commit({**_GO_MOD, "chart/Chart.yaml": _CHART.format("docs"), "site/icon.svg": "<svg/>\n"}),)),
        Example((Commit({**_GO_MOD, "install.sh": "#!/bin/sh\n" + _APPLY.format("all")}),), {"engine": _ENGINE}),
    ),
    passing=(
        Example((Commit({**_GO_MOD, "chart/Chart.yaml": _CHART.format("site"), "site/icon.svg": "<svg/>\n"}),)),
        Example((Commit({**_GO_MOD, "install.sh": "#!/bin/sh\n" + _APPLY.format("bundle")}),), {"engine": _ENGINE}),
    ),
)
