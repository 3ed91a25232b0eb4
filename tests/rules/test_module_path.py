"""Modules that are asked for without their major version."""

import pytest

from judged import of_files
from relgraph.rules.module_path import RULE

GO_MOD = {"go.mod": "module github.com/example/platform/v3\n\ngo 1.22\n"}


@pytest.mark.parametrize("asked", ["github.com/example/platform@latest", "github.com/example/platform/cmd/web@v3.1.0"])
def test_the_path_lacks_the_major_version(asked: str) -> None:
    (found,) = of_files(RULE, {**GO_MOD, "README.md": f"Run `go install {asked}`.\n"})
    path, _, _ = asked.partition("@")
    assert (found.actual, found.expected) == (path, path.replace("platform", "platform/v3"))


@pytest.mark.parametrize(
    "asked",
    [
        "github.com/example/platform/v3@latest",
        "github.com/example/platform/v2/cmd/web@v2.4.0",
        "github.com/example/platform@v1.4.0",
        "github.com/example/platform-tools@latest",
        "github.com/acme/web@latest",
    ],
)
def test_paths_that_exist_or_are_others(asked: str) -> None:
    assert of_files(RULE, {**GO_MOD, "README.md": f"Run `go install {asked}`.\n"}) == []


def test_modules_below_the_root_have_paths_of_their_own() -> None:
    go_mod = "module github.com/acme/web\n\ngo 1.22\n\nrequire (\n\tgithub.com/example/platform/api v2.0.0\n\tgithub.com/example/platform/apis/v2 v2.1.0\n)\n"
    files = {**GO_MOD, "tools/go.mod": go_mod, "api/go.mod": "module github.com/example/platform/api\n"}
    assert of_files(RULE, files) == []
