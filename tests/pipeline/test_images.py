import pytest

from pipelines import plan_of, steps, tagged, tree_of
from relgraph.pipeline.artifacts import ArtifactKind
from relgraph.pipeline.image_builds import image_builds

PATH = ".github/workflows/release.yml"


def pushed(*bodies: str, tag: str = "v1.4.0", **files: str) -> dict[str, list[str]]:
    return tagged(plan_of({PATH: steps(*bodies), **files}, tag), ArtifactKind.IMAGE)


@pytest.mark.parametrize(
    ("script", "published"),
    [
        ("docker push ghcr.io/example/web:1", {"ghcr.io/example/web": ["1"]}),
        ("podman push example/web:1", {"docker.io/example/web": ["1"]}),
        ("docker image push web:1", {"docker.io/library/web": ["1"]}),
        ("docker build -t ghcr.io/example/web:1 . # docker push", {}),
        (
            "docker buildx build --push -t ghcr.io/example/web:1 -t ghcr.io/example/web:latest .",
            {"ghcr.io/example/web": ["1", "latest"]},
        ),
        ("docker buildx build --platform linux/arm64 --push --tag=ghcr.io/example/web:1 .", {"ghcr.io/example/web": ["1"]}),
        ("docker buildx build -o type=registry -t ghcr.io/example/web:1 . # --push", {"ghcr.io/example/web": ["1"]}),
        (
            "docker build -t a/b:1 .; docker tag a/b:1 ghcr.io/example/web:2; docker push ghcr.io/example/web:2",
            {"ghcr.io/example/web": ["2"]},
        ),
        ("docker build -t a/b:1 -t a/b:2 .; docker push --all-tags a/b", {"docker.io/a/b": ["1", "2"]}),
        ("docker buildx imagetools create -t ghcr.io/example/web:1 a@sha256:b # docker push", {"ghcr.io/example/web": ["1"]}),
        ("docker manifest push ghcr.io/example/web:1", {"ghcr.io/example/web": ["1"]}),
        ("crane copy a/b:1 ghcr.io/example/web:1", {"ghcr.io/example/web": ["1"]}),
        ("crane tag ghcr.io/example/web:1 latest", {"ghcr.io/example/web": ["latest"]}),
        ("skopeo copy docker://a/b:1 docker://ghcr.io/example/web:1", {"ghcr.io/example/web": ["1"]}),
        ("docker push localhost:5000/web:1", {}),
        ("docker --context x push ghcr.io/example/web:1", {"ghcr.io/example/web": ["1"]}),
        ("export KO_DOCKER_REPO=ghcr.io/example\nko build -B ./cmd/web -t 1,2", {"ghcr.io/example/web": ["1", "2"]}),
        ("KO_DOCKER_REPO=ghcr.io/example/web ko build --bare ./cmd/web", {"ghcr.io/example/web": ["latest"]}),
        ("KO_DOCKER_REPO=ghcr.io/example ko build ./cmd/web -t 1", {"ghcr.io/example/web-<hash over the import path>": ["1"]}),
        ("KO_DOCKER_REPO=ko.local ko build -B ./cmd/web -t 1", {}),
        ("KO_DOCKER_REPO=ghcr.io/x ko build --local -B ./cmd/web -t 1", {}),
        ("KO_DOCKER_REPO=ghcr.io/x ko build --push=false -B ./cmd/web -t 1", {}),
        ("docker push $(cat reference)", {"<content of reference>": ["latest"]}),
    ],
)
def test_commands_that_push(script: str, published: dict[str, list[str]]) -> None:
    assert pushed(script) == published


def test_an_image_knows_its_folder() -> None:
    plan = plan_of({PATH: steps("docker build -t ghcr.io/example/web:1 ./web", "docker push ghcr.io/example/web:1")})
    assert [artifact.source for artifact in plan.artifacts] == ["web"]


META = "id: meta\nuses: docker/metadata-action@v5\nwith:\n  images: ghcr.io/example/web\n  tags: |\n    {}\n{}"
BUILD = "uses: docker/build-push-action@v6\nwith:\n  context: .\n  push: {}\n  tags: ${{{{ steps.meta.outputs.tags }}}}"


@pytest.mark.parametrize(
    ("rules", "tag", "tags"),
    [
        ("type=semver,pattern={{version}}", "v1.4.0", ["1.4.0", "latest"]),
        ("type=semver,pattern=v{{version}}", "v1.4.0", ["v1.4.0", "latest"]),
        ("type=semver,pattern={{major}}.{{minor}}", "v1.4.0", ["1.4", "latest"]),
        ("type=semver,pattern={{major}}.{{minor}}", "v1.4.0-rc.1", ["1.4.0-rc.1"]),
        ("type=semver,pattern={{raw}}", "v1.4.0-rc.1", ["v1.4.0-rc.1"]),
        ("type=ref,event=tag", "v1.4.0", ["v1.4.0", "latest"]),
        ("type=ref,event=branch", "v1.4.0", []),
        ("type=raw,value=stable", "v1.4.0", ["stable"]),
        ("type=raw,value=x,enable=false", "v1.4.0", []),
        ("type=raw,value=x,prefix=p-,suffix=-s", "v1.4.0", ["p-x-s"]),
        ("type=sha", "v1.4.0", ["sha-<short commit id>"]),
        ("type=match,pattern=v(.*),group=1", "v1.4.0", ["1.4.0", "latest"]),
    ],
)
def test_tags_of_the_metadata_action(rules: str, tag: str, tags: list[str]) -> None:
    assert pushed(META.format(rules, ""), BUILD.format("true"), tag=tag) == ({"ghcr.io/example/web": tags} if tags else {})


def test_flavours_of_the_metadata_action() -> None:
    step = META.format("type=semver,pattern={{version}}", "  flavor: |\n    latest=false\n    suffix=-slim")
    assert pushed(step, BUILD.format("true")) == {"ghcr.io/example/web": ["1.4.0-slim"]}
    assert pushed("id: meta\nuses: docker/metadata-action@v5\nwith: {images: ghcr.io/example/web}", BUILD.format("true")) == {
        "ghcr.io/example/web": ["v1.4.0", "latest"]
    }


def test_builds_that_are_not_pushed() -> None:
    other = "docker push ghcr.io/example/other:1"
    assert list(pushed(META.format("type=sha", ""), BUILD.format("false"), other)) == ["ghcr.io/example/other"]
    assert list(pushed(META.format("type=raw,value=1", ""), BUILD.format("${{ github.event_name != 'pull_request' }}"))) == [
        "ghcr.io/example/web"
    ]


def test_other_actions() -> None:
    assert pushed("uses: ko-build/setup-ko@v0.6", "ko build -B ./cmd/web -t 1") == {"ghcr.io/example/platform/web": ["1"]}
    push = "uses: redhat-actions/push-to-registry@v2\nwith: {image: web, tags: 'a b', registry: quay.io/example}"
    assert pushed(push) == {"quay.io/example/web": ["a", "b"]}
    release = plan_of({PATH: steps("uses: softprops/action-gh-release@v2")})
    assert tagged(release, ArtifactKind.RELEASE) == {"example/platform": ["v1.4.0"]}
    created = plan_of({PATH: steps("gh release create ${{ github.ref_name }} --title x")})
    assert tagged(created, ArtifactKind.RELEASE) == {"example/platform": ["v1.4.0"]}


MAKEFILE = """\
ARGS = --build-arg=VERSION=$(VERSION) \\
       --build-arg=BASE=$(BASE)
image:
\tdocker build $(ARGS) --build-arg EXTRA -t x -f build/Dockerfile .
loop:
\t@for p in a b; do docker buildx build --platform $$p --build-arg P=$$p build; done
"""


def test_builds_of_makefiles() -> None:
    builds = image_builds(tree_of({"Makefile": MAKEFILE, "build/Dockerfile": "FROM x\n"}))
    assert [(build.dockerfile, [name for name, _ in build.arguments], build.complete) for build in builds] == [
        ("build/Dockerfile", ["VERSION", "BASE", "EXTRA"], True),
        ("build/Dockerfile", ["P"], True),
    ]
    assert [spot.span.line for _, spot in builds[0].arguments] == [1, 2, 4]


def test_builds_of_scripts_and_workflows() -> None:
    action = "uses: docker/build-push-action@v6\nwith:\n  file: build/Dockerfile\n  build-args: |\n    VERSION=1\n    BASE=x"
    files = {
        PATH: steps(action, "docker build --build-arg A=${{ github.sha }} ."),
        "hack/image.sh": "docker build --build-arg B=1 --target x ..\npodman build --build-arg=C .\n",
        "build/Dockerfile": "FROM x\n",
        "Dockerfile": "FROM x\n",
        "hack/Dockerfile": "FROM x\n",
    }
    found = [(build.dockerfile, [name for name, _ in build.arguments]) for build in image_builds(tree_of(files))]
    assert found == [
        ("build/Dockerfile", ["VERSION", "BASE"]),
        ("Dockerfile", ["A"]),
        ("Dockerfile", ["B"]),
        ("hack/Dockerfile", ["C"]),
    ]


def test_builds_whose_dockerfile_cannot_be_told() -> None:
    files = {"Makefile": "image:\n\tdocker build --build-arg A -f $(shell pick) .\n", "Dockerfile": "FROM x\n"}
    assert [(build.dockerfile, build.complete) for build in image_builds(tree_of(files))] == [("", False)]
