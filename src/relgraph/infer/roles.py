"""What a file is for, concluded from its path alone.

The role decides how grave a wrong value in it is, and whether an old value is wrong at all: a changelog names the past on
purpose, a chart is what users install.
"""

import re
from enum import StrEnum
from functools import lru_cache

__all__ = ["PathRole", "path_role"]


class PathRole(StrEnum):
    """Roles of files, from what users get to what nobody reads any more."""

    ARTIFACT = "artifact"  #: shipped or run by users: charts, manifests, hooks, Dockerfiles, user-facing scripts
    BUILD = "build"  #: builds or releases: Makefile, go.mod, goreleaser, package manifests
    PIPELINE = "pipeline"  #: continuous integration
    DOCUMENT = "document"  #: read by users
    SOURCE = "source"  #: program text
    TEST = "test"  #: tests, fixtures, samples, benchmarks
    HISTORY = "history"  #: changelogs, release notes, dated pages
    LEGACY = "legacy"  #: kept, but declared old by the name of its folder
    VENDORED = "vendored"  #: somebody else's files


_RULES: tuple[tuple[re.Pattern[str], PathRole], ...] = (
    (re.compile(r"(^|/)(vendor|node_modules|third_party|thirdparty|\.terraform)/"), PathRole.VENDORED),
    (
        re.compile(
            r"(^|/)(old[-_]?d?ocs?|legacy|deprecated|obsolete|attic|defunct|archived?|graveyard|retired|[^/]*to[-_]be[-_](deleted|removed)[^/]*"
            r"|docs?[-_]old|old|unmaintained|historical?)/|\.(disabled|bak|orig|old)$"
        ),
        PathRole.LEGACY,
    ),
    (
        re.compile(
            r"(^|/)(change[-_]?logs?|changes|history|news|releases?[-_]?notes?|release[-_]history|relnotes|blog|posts|news|minutes"
            r"|proposals?|keps?|enhancements?|rfcs?|adrs?|postmortems?|announcements?)([-_.][^/]*)?(/|\.(md|mdx|rst|txt|adoc)$|$)"
            r"|(^|/)designs?([-_]docs?)?/.*\.(md|mdx|rst|adoc)$|(^|/)release[-_]?notes?[^/]*$|(^|/)v?\d+\.\d+[^/]*\.(md|txt)$|(^|/)index\.ya?ml$|(^|/)\d{4}-\d{2}-\d{2}[^/]*$"
        ),
        PathRole.HISTORY,
    ),
    (
        re.compile(
            r"(^|/)(\.github/workflows|\.circleci|\.tekton|\.buildkite|\.prow|\.ci)/|(^|/)(\.prow|\.ci-operator|\.gitlab-ci|\.travis|azure-pipelines|\.cirrus|cloudbuild)\.ya?ml$|(^|/)Jenkinsfile|(^|/)\.github/actions/"
        ),
        PathRole.PIPELINE,
    ),
    (
        re.compile(
            r"(^|/)(tests?|testing|e2e|testdata|fixtures?|__tests__|spec|benchmarks?|examples?|samples?|demos?|mocks?|playground|tutorials?/testdata)/"
            r"|_test\.(go|py)$|(^|/)test_[^/]*\.py$|\.(test|spec)\.[jt]sx?$|\.bats$"
        ),
        PathRole.TEST,
    ),
    (
        re.compile(
            r"(^|/)(GNU)?[Mm]akefile(\.[^/]*)?$|\.mk$|(^|/)go\.(mod|work)$|(^|/)\.goreleaser[^/]*$|(^|/)(pyproject\.toml|setup\.(py|cfg)|package\.json"
            r"|Cargo\.toml|pom\.xml|build\.gradle(\.kts)?|requirements[^/]*\.txt|dependencies\.ya?ml|\.tool-versions|\.(go|python|ruby|node)-version|\.nvmrc|\.release-please-manifest\.json|VERSION|version\.txt)$"
            r"|(^|/)(hack|build|tools|releng|release|ci)/"
        ),
        PathRole.BUILD,
    ),
    (
        re.compile(r"\.(md|mdx|rst|adoc|html?|txt)$|(^|/)mkdocs\.ya?ml$|(^|/)docs?/|(^|/)(README|CONTRIBUTING|SECURITY)[^/]*$"),
        PathRole.DOCUMENT,
    ),
    (re.compile(r"\.(go|py|rs|java|kt|[jt]sx?|c|cc|cpp|h|rb|proto)$"), PathRole.SOURCE),
)


@lru_cache(maxsize=32768)
def path_role(path: str) -> PathRole:
    """The role of a file; whatever no rule knows is an artifact (manifests, charts, scripts, Dockerfiles)."""
    lowered = path.lower() if path.lower() != path else path
    for pattern, role in _RULES:
        if pattern.search(path) or (
            lowered is not path and role in (PathRole.HISTORY, PathRole.LEGACY) and pattern.search(lowered)
        ):
            return role
    return PathRole.ARTIFACT
