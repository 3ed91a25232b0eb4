"""Places that stand for the reader's own are nobody's."""

import pytest

from judged import of_files
from relgraph.rules.artifact_home import RULE

HOME = {
    "go.mod": "module github.com/example/platform\n",
    "README.md": "```shell\nhelm install platform oci://ghcr.io/example/platform-chart --version 0.2.0\n```\n",
}
GUIDE = "```shell\nhelm install platform oci://{}/platform-chart --version 0.1.0\n```\n"


def test_another_owners_place() -> None:
    (found,) = of_files(RULE, {**HOME, "docs/a.md": GUIDE.format("quay.io/somebody")})
    assert found.place.path == "docs/a.md"


@pytest.mark.parametrize("place", ["quay.io/my-org", "ghcr.io/your-username", "docker.io/my-registry", "ghcr.io/<owner>"])
def test_the_readers_own_place(place: str) -> None:
    assert of_files(RULE, {**HOME, "docs/a.md": GUIDE.format(place)}) == []


def test_an_image_that_is_built_to_be_tried() -> None:
    files = {**HOME, "deploy/web.yaml": "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/platform:0.2.0\n"}
    load = "kind load docker-image test/platform:latest\n"
    assert of_files(RULE, {**files, "e2e.sh": f"docker build -t test/platform:latest .\n{load}"}) == []
    assert [one.actual for one in of_files(RULE, {**files, "e2e.sh": load})] == ["docker.io/test/platform"]
