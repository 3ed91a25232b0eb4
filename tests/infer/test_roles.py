"""Roles of files, from their paths."""

import pytest

from relgraph.infer.roles import PathRole, path_role


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("chart/values.yaml", PathRole.ARTIFACT),
        ("Dockerfile", PathRole.ARTIFACT),
        ("scripts/install.sh", PathRole.ARTIFACT),
        ("Makefile", PathRole.BUILD),
        ("go.mod", PathRole.BUILD),
        ("hack/build.sh", PathRole.BUILD),
        (".github/workflows/ci.yml", PathRole.PIPELINE),
        (".prow.yaml", PathRole.PIPELINE),
        ("docs/get-started.md", PathRole.DOCUMENT),
        ("README.md", PathRole.DOCUMENT),
        ("pkg/web/main.go", PathRole.SOURCE),
        ("pkg/web/main_test.go", PathRole.TEST),
        ("test/e2e/setup.sh", PathRole.TEST),
        ("CHANGELOG.md", PathRole.HISTORY),
        ("docs/content/release-notes.md", PathRole.HISTORY),
        ("docs/blog/2024-01-02-hello.md", PathRole.HISTORY),
        ("docs/content/v0.20/examples.md", PathRole.DOCUMENT),
        ("docs/release.md", PathRole.DOCUMENT),
        ("oldocs/README.md", PathRole.LEGACY),
        ("docs/to-be-deleted/x.md", PathRole.LEGACY),
        (".github/workflows/links.yml.disabled", PathRole.LEGACY),
        ("vendor/example.org/x/Makefile", PathRole.VENDORED),
    ],
)
def test_the_path_says_what_a_file_is_for(path: str, role: PathRole) -> None:
    assert path_role(path) is role
