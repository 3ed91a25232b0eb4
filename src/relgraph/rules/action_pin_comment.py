"""RG110: the commit that a workflow pins an action to, and the version in the comment beside it."""

from collections import Counter
from collections.abc import Iterator, Mapping

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.model.version import Version, agree, natural_key, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG110", "action-pin-comment"
_RULE = (_CODE, _NAME, Severity.WARNING)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        pins: dict[str, list[Site]] = {}
        for site in subject.sites:
            if (
                site.kind is Kind.ACTION
                and site.pin is Pin.DIGEST
                and site.role is Role.USES
                and parse_version(site.get("comment")) is not None
                and path_role(site.path) not in (PathRole.VENDORED, PathRole.LEGACY)
            ):
                pins.setdefault(_repository(site), []).append(site)
        for action, sites in pins.items():
            told: set[Site] = set()
            for finding_sites in (
                _against_tags(facts, subject, action, sites),
                _by_commit(facts, subject, sites),
                _by_comment(facts, subject, sites),
            ):
                for site, finding in finding_sites:
                    if site not in told:
                        told.add(site)
                        yield finding


def _against_tags(facts: Facts, subject: Subject, action: str, sites: list[Site]) -> Iterator[tuple[Site, Finding]]:
    owner = facts.identity.known.get(f"github.com/{action}")
    if owner is None:
        return
    tags = {tag.name: tag for tag in owner.repository.tags}
    for site in sites:
        comment = site.get("comment")
        tag = tags.get(comment)
        if tag is None or tag.commit == site.value or not _full(site):
            continue
        yield (
            site,
            facts.finding(
                _RULE,
                subject,
                site,
                f"{action} at {site.value[:12]} is not {comment}",
                expected=tag.commit,
                actual=site.value,
                why=(f"the comment says {comment}", f"the tag {comment} of {owner.name} is {tag.commit[:12]}"),
            ),
        )


def _by_commit(facts: Facts, subject: Subject, sites: list[Site]) -> Iterator[tuple[Site, Finding]]:
    """One commit, two versions in the comments."""
    by_commit: dict[str, list[Site]] = {}
    for site in sites:
        by_commit.setdefault(site.value, []).append(site)
    for commit, members in by_commit.items():
        counts = Counter(site.get("comment") for site in members)
        usual = min(counts, key=lambda comment: (-counts[comment], *_newest_first(comment), comment))
        right = next(site for site in members if site.get("comment") == usual)
        for site in members:
            if not _agree(site.get("comment"), usual):
                yield (
                    site,
                    facts.finding(
                        _RULE,
                        subject,
                        site,
                        f"{_repository(site)} at {commit[:12]} is called {site.get('comment')} here and {usual} elsewhere",
                        expected=usual,
                        actual=site.get("comment"),
                        why=(f"{right.path}:{right.span.line} calls the same commit {usual}", "one commit has one version"),
                        related=((subject, right),),
                    ),
                )


def _by_comment(facts: Facts, subject: Subject, sites: list[Site]) -> Iterator[tuple[Site, Finding]]:
    """One version in the comments, two commits."""
    by_version: dict[str, list[Site]] = {}
    for site in sites:
        # A short version is a tag that moves: two commits may both have been v4 on their days.
        if _full(site):
            by_version.setdefault(site.get("comment").lstrip("vV"), []).append(site)
    for members in by_version.values():
        counts = Counter(site.value for site in members)
        if len(counts) < 2:
            continue
        usual = min(counts, key=lambda commit: (-counts[commit], commit))
        right = next(site for site in members if site.value == usual)
        for site in members:
            if site.value != usual:
                yield (
                    site,
                    facts.finding(
                        _RULE,
                        subject,
                        site,
                        f"{_repository(site)} {site.get('comment')} is {site.value[:12]} here and {usual[:12]} elsewhere",
                        expected=usual,
                        actual=site.value,
                        why=(
                            f"{right.path}:{right.span.line} pins {right.get('comment')} to {usual[:12]}",
                            "one version is one commit",
                        ),
                        related=((subject, right),),
                    ),
                )


def _repository(site: Site) -> str:
    return "/".join(site.name.split("/")[:2])


def _full(site: Site) -> bool:
    version = parse_version(site.get("comment"))
    return version is not None and version.complete


def _agree(left: str, right: str) -> bool:
    a, b = parse_version(left), parse_version(right)
    return a is None or b is None or agree(a, b)


def _newest_first(comment: str) -> tuple[int, tuple[int, ...]]:
    version = parse_version(comment) or Version("", (0,))
    return -len(version.release), tuple(-number for number in natural_key(version)[0])


_A, _B = "a" * 40, "b" * 40


def _workflows(*uses: tuple[str, str]) -> Mapping[str, str]:
    return {
        f".github/workflows/w{number}.yml": "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"    - uses: acme/setup-tool@{commit} # {comment}\n"
        for number, (commit, comment) in enumerate(uses)
    }


def _example(*uses: tuple[str, str]) -> Example:
    return Example((Commit(dict(_workflows(*uses))),))


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a pinned commit of an action and the version in its comment do not belong together",
    """
    A workflow pins an action to a commit and says in a comment which version that is. The comment is what people and update tools read,
    and nothing checks it. Here one commit is called by two versions, or one version stands beside two commits, or the action's
    repository is at hand and its tag is another commit.

    A short version (v4) is a tag that moves, so it may stand beside several commits.

    What to do: correct the comment, or pin the commit of that version.
    """,
    _check,
    failing=(
        _example((_A, "v4.1.0"), (_A, "v4.2.0")),
        _example((_A, "v4.1.0"), (_B, "v4.1.0")),
    ),
    passing=(
        _example((_A, "v4.1.0"), (_A, "v4")),
        _example((_A, "v4.1.0"), (_B, "v4.2.0")),
    ),
)
