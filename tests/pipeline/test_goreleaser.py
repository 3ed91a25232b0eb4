import pytest

from pipelines import plan_of, steps, tagged
from relgraph.pipeline.artifacts import ArtifactKind, Plan

WORKFLOW = steps("uses: goreleaser/goreleaser-action@v6\nwith: {args: release --clean}", env="CHANNEL: stable")


def released(configuration: str, tag: str = "v1.4.0", workflow: str = WORKFLOW, **files: str) -> Plan:
    return plan_of(
        {
            ".github/workflows/release.yml": workflow,
            ".goreleaser.yaml": configuration,
            "go.mod": "module github.com/example/platform\n",
            **files,
        },
        tag,
    )


def images(configuration: str, tag: str = "v1.4.0", workflow: str = WORKFLOW) -> dict[str, list[str]]:
    return tagged(released(configuration, tag, workflow), ArtifactKind.IMAGE)


KO = "kos:\n- repository: ghcr.io/example/web\n  main: ./cmd/web\n  tags: [{}]\n  {}\n"


@pytest.mark.parametrize(
    ("tag", "published"),
    [
        ("'{{.Version}}'", "1.4.0"),
        ("'{{ .Tag }}'", "v1.4.0"),
        ("'v{{.Major}}.{{.Minor}}'", "v1.4"),
        ("latest", "latest"),
        ("'{{ .ShortCommit }}'", "<short commit id>"),
        ("'{{ .Env.CHANNEL }}'", "stable"),
        ("'{{ .Env.NOTHING }}'", "<$NOTHING>"),
        ("'{{ trimprefix .Tag \"v\" }}'", "1.4.0"),
        ("'{{ .ProjectName }}'", "platform"),
    ],
)
def test_tags_of_ko(tag: str, published: str) -> None:
    assert images(KO.format(tag, "bare: true")) == {"ghcr.io/example/web": [published]}


def test_empty_tags_are_none() -> None:
    tags = "'{{ if not .Prerelease }}latest{{ end }}', '{{ .Version }}'"
    assert images(KO.format(tags, "bare: true"), "v1.4.0-rc.1") == {"ghcr.io/example/web": ["1.4.0-rc.1"]}
    assert images(KO.format(tags, "bare: true")) == {"ghcr.io/example/web": ["latest", "1.4.0"]}


def test_names_of_ko() -> None:
    assert list(images(KO.format("a", "base_import_paths: true"))) == ["ghcr.io/example/web/web"]
    assert list(images(KO.format("a", "x: y"))) == ["ghcr.io/example/web/web-<hash over the import path>"]
    assert list(images(KO.format("a", "preserve_import_paths: true"))) == ["ghcr.io/example/web/<import path>"]
    many = "kos:\n- repositories: [ghcr.io/example/a, quay.io/example/a]\n  bare: true\n  tags: [x]\n"
    assert list(images(many)) == ["ghcr.io/example/a", "quay.io/example/a"]


def test_what_is_switched_off_is_not_published() -> None:
    assert images(KO.format("a", "disable: true")) == {}
    assert images("dockers:\n- image_templates: ['ghcr.io/example/web:1']\n  skip_push: true\n") == {}
    assert images("dockers:\n- image_templates: ['ghcr.io/example/web:1']\n  skip_push: auto\n", "v1.4.0-rc.1") == {}
    snapshot = steps("goreleaser release --snapshot --clean", "docker push ghcr.io/example/other:1")
    assert list(images(KO.format("a", "bare: true"), workflow=snapshot)) == ["ghcr.io/example/other"]
    skipped = steps("goreleaser release --skip=ko,docker")
    assert images(KO.format("a", "bare: true"), workflow=skipped) == {}
    built = steps("uses: goreleaser/goreleaser-action@v6\nwith: {args: build --snapshot}")
    assert images(KO.format("a", "bare: true"), workflow=built) == {}


def test_images_of_dockerfiles() -> None:
    configuration = """\
dockers:
- image_templates: ['ghcr.io/example/web:{{ .Version }}-amd64', 'example/web']
  dockerfile: build/Dockerfile
docker_manifests:
- name_template: 'ghcr.io/example/web:{{ .Version }}'
dockers_v2:
- images: [quay.io/example/web]
  tags: ['{{ .Tag }}', latest]
"""
    plan = released(configuration)
    assert tagged(plan, ArtifactKind.IMAGE) == {
        "ghcr.io/example/web": ["1.4.0-amd64", "1.4.0"],
        "docker.io/example/web": ["latest"],
        "quay.io/example/web": ["v1.4.0", "latest"],
    }
    assert plan.artifacts[0].source == "build"


def test_archives_and_the_release() -> None:
    plan = released(
        "project_name: tool\narchives:\n- name_template: '{{ .ProjectName }}_{{ .Version }}_{{ .Os }}'\n  formats: [zip]\n"
    )
    assert tagged(plan, ArtifactKind.ASSET) == {"tool_1.4.0_<.Os>.zip": ["v1.4.0"]}
    assert tagged(plan, ArtifactKind.RELEASE) == {"example/platform": ["v1.4.0"]}
    assert tagged(released("release: {disable: true}\n"), ArtifactKind.RELEASE) == {}


def test_hooks_run_first() -> None:
    configuration = (
        "env: [STAMP=1.4.0]\nbefore:\n  hooks:\n  - sed -i s/old/{{ .Version }}/ VERSION\n  - cmd: ./stamp.sh\nkos: []\n"
    )
    plan = released(configuration, VERSION="old\n", **{"stamp.sh": "sed -i s/1/$STAMP/ other\n", "other": "1\n"})
    assert [(stamp.path, [str(line) for line in stamp.written]) for stamp in plan.stamps] == [
        ("VERSION", ["1.4.0"]),
        ("other", ["1.4.0"]),
    ]


def test_the_configuration_that_is_asked_for() -> None:
    workflow = steps("uses: goreleaser/goreleaser-action@v6\nwith: {args: release -f release/other.yaml}")
    plan = plan_of({".github/workflows/release.yml": workflow, "release/other.yaml": KO.format("a", "bare: true")})
    assert tagged(plan, ArtifactKind.IMAGE) == {"ghcr.io/example/web": ["a"]}


@pytest.mark.parametrize(
    "configuration",
    [
        "",
        "kos: 3\n",
        "kos:\n- x\n- [a]\n",
        "dockers: {a: b}\nbuilds: x\n",
        "{{ broken",
        "kos:\n- tags: {a: b}\n  repository: [x]\n",
        "before: {hooks: x}\n",
    ],
)
def test_broken_configurations_harm_nothing(configuration: str) -> None:
    released(configuration)
