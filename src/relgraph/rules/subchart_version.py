"""RG118: a chart asks for another version of a chart that lies in its own tree than that one has."""

from collections.abc import Iterator, Mapping

from relgraph.infer.facts import Facts
from relgraph.infer.paths import is_fixture
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.model.version import is_semver, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG118", "subchart-version"
_ASIDE = (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY)
_LISTS = ("Chart.yaml", "requirements.yaml")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        folders = facts.charts(subject)
        # One chart refers to another of its tree by lying above it, or by a path.
        if len(folders) < 2:
            continue
        declared: dict[str, Site] = {}
        asked: list[Site] = []
        for folder in sorted(folders):
            for name in _LISTS:
                for site in subject.sites_by_path.get(f"{folder}/{name}".lstrip("/"), ()):
                    if site.kind is not Kind.CHART:
                        continue
                    if site.role is Role.DECLARES and site.key == "version":
                        declared[folder] = site
                    elif site.role is Role.USES and site.get("chart") and site.pin in (Pin.EXACT, Pin.RANGE):
                        asked.append(site)
        for site in asked:
            if path_role(site.path) not in _ASIDE and not is_fixture(site.path):
                yield from _judge(facts, subject, site, declared)


def _judge(facts: Facts, subject: Subject, asked: Site, declared: Mapping[str, Site]) -> Iterator[Finding]:
    meant = _meant(asked, declared)
    # What is filled at release says nothing yet.
    if meant is None or meant.pin is not Pin.EXACT or _admits(asked.value, meant.value):
        return
    if any(facts.plan(subject).may_rewrite(path) for path in (asked.path, meant.path)):
        return
    by_path = asked.get("repository").startswith("file://")
    chosen = [word for word in ("condition", "alias") if asked.get(word)]
    effect = (
        "Helm refuses to build dependencies whose version lies outside what is asked for"
        if by_path
        else "Helm takes a subchart of another version for one that nobody asked for: it is always installed"
        + (f", and its {' and '.join(chosen)} have no effect" if chosen else "")
    )
    exact = asked.pin is Pin.EXACT
    yield facts.finding(
        (_CODE, _NAME, Severity.ERROR if by_path or chosen else Severity.WARNING),
        subject,
        asked,
        f"the chart {asked.get('chart')} is asked for as {asked.value}, and the one in {meant.path.rpartition('/')[0]} is {meant.value}",
        expected=meant.value if exact else None,
        actual=asked.value,
        why=(f"{meant.path}:{meant.span.line} says {meant.value}", effect),
        related=((subject, meant),),
        fixable=exact,
    )


def _meant(asked: Site, declared: Mapping[str, Site]) -> Site | None:
    """The version that the chart beside or below this one declares, where that is the one meant; None where it comes from elsewhere."""
    folder, name, repository = asked.path.rpartition("/")[0], asked.get("chart"), asked.get("repository")
    if repository.startswith("file://"):
        parts = f"{folder}/{repository.removeprefix('file://')}".split("/")
        found = declared.get(_resolved(parts) or "")
        return found if found is not None and found.name == name else None
    below = f"{folder}/charts/".lstrip("/")
    if repository:
        return None
    return next(
        (site for place, site in sorted(declared.items()) if place.rpartition("/")[0] + "/" == below and site.name == name), None
    )


def _resolved(parts: list[str]) -> str | None:
    """The path that these words lead to from the root; None where it leaves the tree."""
    found: list[str] = []
    for part in parts:
        if part == "..":
            if not found:
                return None
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    return "/".join(found)


def _admits(asked: str, version: str) -> bool:
    """Whether the version lies in what is asked for; so it does where either cannot be read."""
    wanted, given = parse_version(asked), parse_version(version)
    if given is None or asked.strip() in ("", "*") or (wanted is not None and wanted.bare == given.bare):
        return True
    if not is_semver(version.removeprefix("v")):
        return True
    from relgraph.resolve.order import read_version  # noqa: PLC0415 - nearly all charts are asked for as they are
    from relgraph.resolve.range import RangeProblem, parse_range  # noqa: PLC0415

    read = read_version(version.removeprefix("v"))
    try:
        return read is None or parse_range(asked).admits(read)
    except RangeProblem:
        return True


def _tree(asked: str, own: str) -> dict[str, str]:
    return {
        "charts/web/Chart.yaml": (
            "apiVersion: v2\nname: web\nversion: 1.4.0\ndependencies:\n- name: panel\n"
            f'  version: "{asked}"\n  condition: panel.enabled\n'
        ),
        "charts/web/charts/panel/Chart.yaml": f"apiVersion: v2\nname: panel\nversion: {own}\n",
    }


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a chart asks for another version of a subchart than the one in its tree has",
    """
    A chart names its dependencies with the versions that it accepts, and one of them lies in the same tree: below `charts/`, or where a
    `file://` path leads. The version there is none of those. Helm then refuses to build the dependencies (a path), or takes the subchart
    for one that was never asked for: it is installed whatever its condition says, and its alias names nothing.

    A warning where there is neither a condition nor an alias. A version that a pipeline writes into either file is not judged.

    What to do: raise the version where the subchart is asked for along with the subchart's own.
    """,
    _check,
    failing=(Example((Commit(_tree("2.6.0", "2.7.0")),)), Example((Commit(_tree("~2.6.0", "2.7.0")),))),
    passing=(
        Example((Commit(_tree("2.7.0", "2.7.0")),)),
        Example((Commit(_tree("^2.6.0", "2.7.0")),)),
        Example((Commit(_tree("*", "2.7.0")),)),
    ),
)
