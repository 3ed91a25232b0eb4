"""RG404: an edit of a release that finds nothing to change, or leaves what it should have replaced."""

import re
from collections.abc import Iterator

from relgraph.infer.chartvalues import chart_in
from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot, Stamp
from relgraph.pipeline.script_texts import script_texts
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, source_of

__all__ = ["RULE"]

_CODE, _NAME = "RG404", "stamp-matches-nothing"
_RELEASE_SCRIPT = re.compile(r"(?:^|[/_.-])(?:release|version|bump|tag|stamp)s?(?:[_.-][\w.-]*)?\.sh$")
_EDITS = re.compile(r"\bsed\s+(?:-\w+\s+)*-\w*i|\byq\s+[^\n]*-i\b|kustomize\s+edit\s+set\s+image")
_NOT_RUN = frozenset({PathRole.VENDORED, PathRole.LEGACY, PathRole.TEST})
# https://helm.sh/docs/topics/charts/#the-chartyaml-file
_CHART_FIELDS = frozenset(
    "apiVersion name version kubeVersion description type keywords home sources dependencies maintainers icon appVersion deprecated annotations".split()
)
_YQ_KEY = re.compile(r"\.?(?:([A-Za-z_][\w-]*)|\[?\"([^\"]+)\"\]?)")
_RESIDUE = re.compile(r"\$\{?[A-Za-z_]\w*\}?")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        told: set[tuple[Spot, str]] = set()
        stamps = facts.plan(subject).stamps
        for stamp in stamps:
            yield from _judge(subject, stamp, Severity.ERROR if stamp.by_tag else Severity.WARNING, told, _useful(stamps))
        # At a release's own commit its scripts have run: what they looked for is replaced.
        for path, text in script_texts(subject).items() if not subject.tags_here else ():
            if not _RELEASE_SCRIPT.search(path) or not _EDITS.search(text.text) or path_role(path) in _NOT_RUN:
                continue
            from relgraph.pipeline.plan import evaluate_script  # noqa: PLC0415 - few trees have such scripts

            stamps = evaluate_script(subject, path)
            for stamp in stamps:
                if stamp.exists:
                    # A file that a script edits and that is gone is missing, which is said elsewhere.
                    yield from _judge(subject, stamp, Severity.WARNING, told, _useful(stamps))


def _useful(stamps: tuple[Stamp, ...]) -> frozenset[tuple[Spot, str]]:
    """Edits that find something in one of the files that they run over, as in a loop: they need not in the others."""
    return frozenset((stamp.places[-1], str(stamp.pattern)) for stamp in stamps if stamp.places and stamp.matched is not False)


def _judge(
    subject: Subject, stamp: Stamp, severity: Severity, told: set[tuple[Spot, str]], useful: frozenset[tuple[Spot, str]]
) -> Iterator[Finding]:
    if not stamp.places or stamp.conditional:
        return
    spot = stamp.places[-1]
    key = (spot, f"{stamp.path}\0{stamp.pattern}")
    if key in told or (stamp.matched is False and stamp.exists and (spot, str(stamp.pattern)) in useful):
        return
    told.add(key)
    if stamp.tool == "yq" and stamp.matched is False and stamp.exists and not _creates_unread(subject, stamp):
        return
    rule = (_CODE, _NAME, severity)
    related = tuple((subject, place) for place in stamp.places[:-1])
    if stamp.matched is False and stamp.exists:
        yield finding_at(
            rule, subject, spot, f"{stamp.tool} finds nothing to change in {stamp.path}: {stamp.pattern}",
            node=f"stamp:{stamp.path}",
            actual=str(stamp.pattern),
            why=("yq adds the key, which nothing reads" if stamp.tool == "yq" else f"no line of {stamp.path} matches, as it is at this point of the release", "the release goes on with what the file says"),
            related=related,
        )  # fmt: skip
    elif stamp.matched is False and not stamp.exists and severity is Severity.ERROR:
        yield finding_at(
            rule, subject, spot, f"{stamp.tool} edits {stamp.path}, which does not exist",
            node=f"stamp:{stamp.path}",
            actual=stamp.path,
            why=("the tree has no such file, and nothing before this makes it",),
            related=related,
        )  # fmt: skip
    else:
        yield from _residue(subject, stamp, spot, rule, related)


def _creates_unread(subject: Subject, stamp: Stamp) -> bool:
    """Whether the key that yq adds is one that nothing reads: of a chart's values, one that neither they nor a template have.

    Of other files only keys at the top are judged; what is deeper may be read by whatever the file is for.
    """
    keys = tuple(quoted or plain for plain, quoted in _YQ_KEY.findall(str(stamp.pattern)))
    folder, _, name = stamp.path.rpartition("/")
    if name not in ("values.yaml", "values.yml"):
        return len(keys) == 1 and not (name == "Chart.yaml" and keys[0] in _CHART_FIELDS)
    chart = chart_in(subject.tree, "", folder)
    return chart is not None and not chart.knows(keys)


def _residue(
    subject: Subject, stamp: Stamp, spot: Spot, rule: tuple[str, str, Severity], related: tuple[tuple[Subject, Spot], ...]
) -> Iterator[Finding]:
    text = subject.text(stamp.path)
    written = source_of(subject, spot)
    for line in stamp.written:
        for match in _RESIDUE.finditer(str(line)):
            name = match.group()
            # Only what the command itself spells and the file did not: a variable that no shell replaced.
            if text is None or name in text.text or name not in written or "{" not in name:
                continue
            yield finding_at(
                rule, subject, spot, f"{stamp.tool} writes the text {name} into {stamp.path}, not the variable's value",
                node=f"stamp:{stamp.path}",
                actual=name,
                why=(f"the line becomes: {line}", "within single quotes the shell replaces no variable"),
                related=related,
            )  # fmt: skip
            return


_WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  chart:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - run: |
        version=${{GITHUB_REF_NAME#v}}
        sed -i {} chart/values.yaml
        helm package chart --version $version --app-version $version
        helm push web-*.tgz oci://ghcr.io/example
"""
_CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 0.1.0\n",
    "chart/values.yaml": "webTag: unset\n",
}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "an edit of a release changes nothing, or writes a variable's name",
    """
    `sed -i`, `yq -i` and `kustomize edit` succeed when they find nothing: the release publishes what the file said before. The
    same step fails quietly when yq adds a key that neither the chart's values nor its templates have, or when single quotes keep
    the shell from replacing a variable, and `${version}` itself is published.

    Every such edit of a pipeline is applied to the tree as it is at that point, without running anything. Release scripts that
    no pipeline calls are read, too; there it is a warning.

    What to do: correct the expression or the key, and let the step fail when nothing was changed (`grep -q` behind `sed`, say).
    """,
    _check,
    failing=(
        Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format('"s/^serverTag:.*/serverTag: $version/"')}),)),
        Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format("'s/^webTag:.*/webTag: ${version}/'")}),)),
    ),
    passing=(
        Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format('"s/^webTag:.*/webTag: $version/"')}),)),
    ),
)
