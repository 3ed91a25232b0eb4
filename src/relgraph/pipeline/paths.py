"""Where pipelines lie, by system. Apart from what follows them: most trees are asked for no more than whether they have any."""

import re
from collections.abc import Iterable

__all__ = ["CLOUD_BUILD", "GITHUB", "GITLAB", "any_pipeline"]

GITHUB = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
GITLAB = re.compile(r"\.gitlab-ci\.ya?ml")
CLOUD_BUILD = re.compile(r"(?:.*/)?[\w.-]*cloud-?build[\w.-]*\.ya?ml", re.IGNORECASE)


def any_pipeline(paths: Iterable[str]) -> bool:
    """Whether one of the paths is that of a pipeline."""
    return any(
        path.endswith((".yml", ".yaml"))
        and (GITHUB.fullmatch(path) or GITLAB.fullmatch(path) or ("build" in path.lower() and CLOUD_BUILD.fullmatch(path)))
        for path in paths
    )
