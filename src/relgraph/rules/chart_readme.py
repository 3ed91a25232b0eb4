"""RG117: the documentation of a chart, or the form that installs it, gives another default than its values."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Part, Pin, Role, Site
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG117", "chart-readme"
# Where a chart tells the defaults of its values once more: in its documentation, and in the form that an installer shows.
_TOLD_IN = ("README.md", "questions.yaml", "questions.yml")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        for folder in sorted(facts.charts(subject)):
            values = f"{folder}/values.yaml".lstrip("/")
            if values not in subject.sites_by_path or path_role(values) in (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY):
                continue
            for name in _TOLD_IN:
                told = subject.sites_by_path.get(f"{folder}/{name}".lstrip("/"), ())
                yield from _compare(facts, subject, told, subject.sites_by_path[values])


def _compare(facts: Facts, subject: Subject, documented: tuple[Site, ...], given: tuple[Site, ...]) -> Iterator[Finding]:
    by_key: dict[str, Site] = {}
    for site in given:
        if site.part in (Part.TAG, Part.VERSION) and site.pin is Pin.EXACT and site.key:
            by_key.setdefault(site.key, site)
    for site in documented:
        value = by_key.get(site.name)
        told = site.key == "table" or site.get("scope") == "question"
        if not told or site.role is Role.MENTION or value is None or site.value == value.value:
            continue
        yield facts.finding(
            (_CODE, _NAME, Severity.WARNING),
            subject,
            site,
            f"the default of {site.name} is {value.value}, and not {site.value}",
            node=facts.identity.line(subject, value).name,
            expected=value.value,
            actual=site.value,
            why=(f"{value.path}:{value.span.line} says {value.value}",),
            related=((subject, value),),
            fixable=True,
        )


def _chart(documented: str) -> dict[str, str]:
    return {
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "charts/web/values.yaml": "proxy:\n  image:\n    repository: quay.io/acme/proxy\n    tag: v1.21.7\n",
        "charts/web/README.md": f'| name | what | default |\n| --- | --- | --- |\n| `proxy.image.tag` | the proxy\'s tag | `"{documented}"` |\n',
    }


def _form(default: str) -> dict[str, str]:
    asked = f"questions:\n- variable: proxy.image.tag\n  default: {default}\n  type: string\n"
    return {**_chart("v1.21.7"), "charts/web/questions.yaml": asked}


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "the documentation of a chart, or the form that installs it, gives another default than its values.yaml",
    """
    The table of settings in a chart's README gives the default of a tag or version, and values.yaml has another one: the value was
    changed, and the table was not. Whoever decides by the table what to set decides by what was.

    So it is with `questions.yaml`, the form that an installer shows: its defaults are written over those of values.yaml, and whoever
    installs by the form gets another version than whoever installs by hand.

    What to do: write the value of values.yaml into the table or the form, or generate them from it.
    """,
    _check,
    failing=(Example((Commit(_chart("v1.19.1")),)), Example((Commit(_form("v1.19.1")),))),
    passing=(Example((Commit(_chart("v1.21.7")),)), Example((Commit(_form("v1.21.7")),))),
)
