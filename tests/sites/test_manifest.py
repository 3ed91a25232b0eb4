import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.sites.manifest import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, PIECES, brief, check_laws, sites_of


def values(source: str, path: str = "deploy/web.yaml") -> list[tuple[str, str, str, str]]:
    return brief(sites_of(EXTRACTOR, path, source))


@pytest.mark.parametrize(
    "path", ["a.yaml", ".prow.yml", "templates/_helpers.tpl", "a.yaml.tmpl", "docker-compose.yml", "x/SECURITY.YML"]
)
def test_yaml_of_all_kinds(path: str) -> None:
    assert EXTRACTOR.matches(path)


@pytest.mark.parametrize(
    "path",
    [
        "Chart.yaml",
        "values.yaml",
        ".github/workflows/ci.yml",
        "kustomization.yaml",
        ".goreleaser.yml",
        ".gitlab-ci.yml",
        "a.json",
        "a.tpl",
    ],
)
def test_what_others_know_better_is_left_to_them(path: str) -> None:
    assert not EXTRACTOR.matches(path)


# Images


def test_images_of_containers_literal_and_templated() -> None:
    found = sites_of(
        EXTRACTOR,
        "chart/templates/web.yaml",
        """\
        {{- if .Values.on }}
        spec:
          containers:
          - name: web
            image: ghcr.io/acme/web:1.2.3
          - name: proxy
            image: "{{ .Values.proxy.registry }}/proxy:{{ .Values.proxy.tag | default .Chart.AppVersion }}"
          - image: controller:latest
          - image: {{ include "web.image" . }}
        {{- end }}
        """,
    )
    assert [(site.name, site.raw, site.pin) for site in found] == [
        ("ghcr.io/acme/web", "1.2.3", Pin.EXACT),
        ("{{ .Values.proxy.registry }}/proxy", "{{ .Values.proxy.tag | default .Chart.AppVersion }}", Pin.TEMPLATED),
        ("docker.io/library/controller", "latest", Pin.MUTABLE),
        ('docker.io/library/{{ include "web.image" . }}', '{{ include "web.image" . }}', Pin.TEMPLATED),
    ]
    assert found[1].get("vars") == ".Values.proxy.tag .Chart.AppVersion"


@pytest.mark.parametrize(
    "value",
    [
        "logo.png",
        "./Dockerfile",
        "Dockerfile",
        "https://acme.example/x.svg",
        "ko://acme.example/cmd/web",
        "true",
        "ubuntu-22.04",
        "ami-0abc",
        "a b",
        '""',
        "3.8",
    ],
)
def test_pictures_paths_and_machines_are_no_images(value: str) -> None:
    assert values(f"image: {value}\n") == []


def test_a_placeholder_for_an_image_is_told_as_such() -> None:
    (site,) = sites_of(EXTRACTOR, "a.yaml", "image: WEB_IMAGE_PLACEHOLDER\n")
    assert (site.pin, site.part, site.raw) == (Pin.PLACEHOLDER, Part.REPOSITORY, "WEB_IMAGE_PLACEHOLDER")


def test_keys_that_end_in_image_and_lists_of_images() -> None:
    source = "builder_image: ghcr.io/acme/builder:1\nIMAGE: acme/web:2\nbackgroundImage: wall\nimages:\n- acme/a:3\n- logo\n"
    assert [name for _, name, _, _ in values(source)] == ["ghcr.io/acme/builder", "docker.io/acme/web", "docker.io/acme/a"]


def test_the_steps_of_a_cloud_build_are_images() -> None:
    source = "steps:\n- name: gcr.io/acme/docker:v20.1.2\n- name: 'gcr.io/acme/git'\n- name: check out\n"
    assert [(name, value) for _, name, value, _ in values(source)] == [
        ("gcr.io/acme/docker", "v20.1.2"),
        ("gcr.io/acme/git", "gcr.io/acme/git"),
    ]


def test_the_steps_of_a_cloud_build_may_be_short_names() -> None:
    source = "steps:\n- name: golang:1.24\n- name: build\n- id: x\n  name: docker:$_DOCKER\n"
    sites = sites_of(EXTRACTOR, "ci/cloudbuild-release.yaml", source)
    assert [(site.name, site.raw) for site in sites] == [
        ("docker.io/library/golang", "1.24"),
        ("docker.io/library/docker", "$_DOCKER"),
    ]
    assert sites_of(EXTRACTOR, "steps.yaml", source) == []


def test_an_image_with_a_name_of_its_own() -> None:
    assert [name for _, name, _, _ in values("image:\n  name: golang:1.24\n  username: web\n")] == ["docker.io/library/golang"]


def test_a_cloud_build_declares_the_images_that_it_makes() -> None:
    source = "steps:\n- name: gcr.io/acme/docker:v20.1.2\nimages:\n- gcr.io/$PROJECT_ID/web:$TAG_NAME\n"
    assert [(site.raw, site.role) for site in sites_of(EXTRACTOR, "cloudbuild.yaml", source)] == [
        ("v20.1.2", Role.USES),
        ("$TAG_NAME", Role.DECLARES),
    ]


def test_images_in_parts_of_custom_resources() -> None:
    source = "spec:\n  values:\n    image: {repository: ghcr.io/acme/web, tag: 1.2.3}\n    other: {repository: plain, tag: 1.2.3}\n"
    assert values(source) == [
        ("image", "ghcr.io/acme/web", "1.2.3", "spec.values.image.tag"),
        ("variable", "tag", "1.2.3", "spec.values.other.tag"),
    ]


def test_manifests_within_manifests() -> None:
    source = "kind: ConfigMap\ndata:\n  pod.yaml: |\n    spec:\n      containers:\n      - image: acme/web:1.2.3\n  note.txt: |\n    image: acme/no:1\n"
    assert values(source) == [("image", "docker.io/acme/web", "1.2.3", "data.pod.yaml.spec.containers[0].image")]


# Arguments


def test_a_hook_names_chart_and_version_over_several_items() -> None:
    source = """\
        containers:
        - args:
          - upgrade
          - --install
          - web
          - oci://ghcr.io/acme/charts/web
          - --version
          - "0.20.0"
          - --set
          - "agent.level={{.Values.level}},image.tag=v1.2"
          - --set=empty=
        """
    found = sites_of(EXTRACTOR, "hooks/web.yaml", source)
    assert [(site.kind, site.name, site.raw, site.key) for site in found] == [
        (Kind.CHART, "oci://ghcr.io/acme/charts/web", "0.20.0", "containers[0].args[5]"),
        (Kind.VARIABLE, "agent.level", "{{.Values.level}}", "containers[0].args[7]"),
        (Kind.VARIABLE, "image.tag", "v1.2", "containers[0].args[7]"),
        (Kind.VARIABLE, "empty", "", "containers[0].args[8]"),
    ]
    assert {site.get("scope") for site in found[1:]} == {"set"}
    assert {site.get("chart") for site in found[1:]} == {"oci://ghcr.io/acme/charts/web"}
    assert {site.get("version") for site in found[1:]} == {"0.20.0"}
    assert found[3].pin is Pin.ABSENT


@pytest.mark.parametrize(
    ("arguments", "chart"),
    [
        (
            '["upgrade", "--install", "web", "acme-web", "--repo", "https://charts.example/", "--version", "1.2.3"]',
            "https://charts.example#acme-web",
        ),
        ("[install, -n, ns, web, acme/web, --version=1.2.3]", "web"),
        ("[install, --generate-name, acme/web, --version, 1.2.3]", "web"),
        ("[pull, oci://ghcr.io/acme/web, --version, 1.2.3]", "oci://ghcr.io/acme/web"),
        ("[show, values, acme/web, --version, 1.2.3]", "web"),
    ],
)
def test_other_ways_to_name_a_chart(arguments: str, chart: str) -> None:
    (site,) = sites_of(EXTRACTOR, "a.yaml", f"args: {arguments}\n")
    assert (site.kind, site.name, site.value) == (Kind.CHART, chart, "1.2.3")


@pytest.mark.parametrize(
    "arguments", ["[--version, 1.2.3]", "[install, web, ./chart, --version, 1.2.3]", "[install]", "[--version]"]
)
def test_versions_without_a_chart_are_left_alone(arguments: str) -> None:
    assert values(f"args: {arguments}\n") == []


def test_a_templated_chart_version() -> None:
    (site,) = sites_of(EXTRACTOR, "a.yaml", "args:\n- oci://ghcr.io/acme/web\n- --version\n- v{{.Values.WEB_VERSION}}\n")
    assert (site.raw, site.pin, site.get("vars"), site.get("form_text")) == (
        "v{{.Values.WEB_VERSION}}", Pin.TEMPLATED, ".Values.WEB_VERSION", "v{}",
    )  # fmt: skip


def test_images_and_versions_in_options_and_assignments() -> None:
    source = "args:\n- --agent-image=ghcr.io/acme/agent:1.2\n- --image\n- ghcr.io/acme/web:1.3\n- --k8s-version=v1.30.0\n- --v=2\n- GO_VERSION='1.24.5'\n"
    assert values(source) == [
        ("image", "ghcr.io/acme/agent", "1.2", "args[0]"),
        ("image", "ghcr.io/acme/web", "1.3", "args[2]"),
        ("variable", "k8s-version", "v1.30.0", "args[3]"),
        ("variable", "GO_VERSION", "1.24.5", "args[5]"),
    ]


def test_environment_variables() -> None:
    source = """\
        env:
        - name: WEB_VERSION
          value: "1.2.3"
        - name: AGENT
          value: ghcr.io/acme/agent:v1
        - name: HOST
          value: 10.0.0.1
        environment:
          TOOL_VERSION: 1.5
          LEVEL: debug
        """
    assert values(source) == [
        ("variable", "WEB_VERSION", "1.2.3", "env[0].value"),
        ("image", "ghcr.io/acme/agent", "v1", "env[1].value"),
        ("variable", "TOOL_VERSION", "1.5", "environment.TOOL_VERSION"),
    ]


def test_shell_text_is_read_as_commands() -> None:
    source = """\
        tasks:
        - shell: |
            export WEB_VERSION=1.2.3
            helm upgrade web oci://ghcr.io/acme/web --version $WEB_VERSION
        - command: [sh, -c, "helm pull oci://ghcr.io/acme/db --version 2.0.0"]
        - notes: |
            helm pull oci://ghcr.io/acme/no --version 9.9.9
        """
    assert [(kind, name, value) for kind, name, value, _ in values(source)] == [
        ("variable", "WEB_VERSION", "1.2.3"),
        ("chart", "oci://ghcr.io/acme/web", "$WEB_VERSION"),
        ("chart", "oci://ghcr.io/acme/db", "2.0.0"),
    ]


# Labels and sources


def test_labels_record_what_was_rendered() -> None:
    source = 'metadata:\n  labels:\n    helm.sh/chart: acme-web-1.2.3\n    app.kubernetes.io/version: "1.2.3"\n    version: 4.5.6\n'
    found = sites_of(EXTRACTOR, "a.yaml", source)
    assert [(site.kind, site.name, site.raw, site.role) for site in found] == [
        (Kind.CHART, "acme-web", "1.2.3", Role.RECORD),
        (Kind.VARIABLE, "app.kubernetes.io/version", "1.2.3", Role.RECORD),
    ]


def test_templated_labels_say_nothing() -> None:
    assert (
        values(
            'labels:\n  helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"\n  app.kubernetes.io/version: {{ .Chart.AppVersion }}\n'
        )
        == []
    )


@pytest.mark.parametrize(
    ("source", "name", "raw", "pin"),
    [
        ("repos:\n- repo: https://github.com/acme/hooks\n  rev: v1.2.3\n", "github.com/acme/hooks", "v1.2.3", Pin.EXACT),
        (
            "- git:\n    repo: 'https://github.com/acme/web.git'\n    version: \"{{ web_version }}\"\n",
            "github.com/acme/web",
            "{{ web_version }}",
            Pin.TEMPLATED,
        ),
        (
            "source:\n  repoURL: git@github.com:acme/deploy.git\n  targetRevision: HEAD\n",
            "github.com/acme/deploy",
            "HEAD",
            Pin.BRANCH,
        ),
        ("spec:\n  url: https://github.com/acme/deploy\n  ref:\n    tag: 1.2.3\n", "github.com/acme/deploy", "1.2.3", Pin.EXACT),
        ("spec:\n  url: https://github.com/acme/deploy\n  ref:\n    branch: v2\n", "github.com/acme/deploy", "v2", Pin.BRANCH),
    ],
)
def test_git_sources(source: str, name: str, raw: str, pin: Pin) -> None:
    (site,) = sites_of(EXTRACTOR, "a.yaml", source)
    assert (site.kind, site.name, site.part, site.raw, site.pin, site.get("form")) == (Kind.GIT, name, Part.REF, raw, pin, "clone")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("source: {repoURL: ghcr.io/acme/charts, chart: web, targetRevision: 1.2.3}\n", "oci://ghcr.io/acme/charts/web"),
        ("source: {repoURL: 'https://charts.example', chart: web, targetRevision: 1.2.3}\n", "https://charts.example#web"),
        ("spec: {chart: {spec: {chart: web, version: 1.2.3, sourceRef: {name: acme}}}}\n", "web"),
        ("spec: {repo: 'https://charts.example/', chart: web, version: 1.2.3}\n", "https://charts.example#web"),
        (
            "repositories:\n- name: acme\n  url: https://charts.example\nreleases:\n- name: web\n  chart: acme/web\n  version: 1.2.3\n",
            "https://charts.example#web",
        ),
        ("releases:\n- chart: oci://ghcr.io/acme/web\n  version: 1.2.3\n", "oci://ghcr.io/acme/web"),
        (
            "- helm: {chart_ref: acme/web, chart_version: 1.2.3, chart_repo_url: 'https://charts.example'}\n",
            "https://charts.example#acme/web",
        ),
    ],
)
def test_chart_sources(source: str, name: str) -> None:
    (site,) = sites_of(EXTRACTOR, "a.yaml", source)
    assert (site.kind, site.name, site.part, site.value) == (Kind.CHART, name, Part.VERSION, "1.2.3")


def test_a_map_of_actions_records_commits() -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    found = sites_of(EXTRACTOR, ".actions.yml", f"acme/setup:\n  sha: {sha}\n  tag: v1.2.3\nacme/check@v4: {sha}\nother: {sha}\n")
    assert [(site.kind, site.name, site.role, site.get("comment")) for site in found] == [
        (Kind.ACTION, "acme/setup", Role.RECORD, "v1.2.3"),
        (Kind.ACTION, "acme/check", Role.RECORD, "v4"),
    ]


# Versions


def test_scalars_whose_key_speaks_of_a_version() -> None:
    source = """\
        latest_release: 0.29.0
        header:
          project-release: '0.27.0-rc.1'
        tools:
        - tool-name: scanner
          tool-version: latest
        - name: builder
          version: v1.2
        minVersion: 1.28.0
        constraint_version: ">= 1.2, < 2"
        """
    found = sites_of(EXTRACTOR, "a.yaml", source)
    assert [(site.name, site.value, site.pin, site.get("entity")) for site in found] == [
        ("latest_release", "0.29.0", Pin.EXACT, ""),
        ("project-release", "0.27.0-rc.1", Pin.EXACT, ""),
        ("tool-version", "latest", Pin.MUTABLE, "scanner"),
        ("version", "v1.2", Pin.EXACT, "builder"),
        ("minVersion", "1.28.0", Pin.EXACT, ""),
        ("constraint_version", ">= 1.2, < 2", Pin.RANGE, ""),
    ]
    assert [site.role for site in found if site.name == "minVersion"] == [Role.MINIMUM]


@pytest.mark.parametrize(
    "source",
    [
        "apiVersion: v1\nkind: Pod\n",
        "apiVersion: apps/v1\n",
        "version: 2\nupdates: []\n",
        "version: '3.8'\nservices: {}\n",
        'version: "2"\n',
        "header:\n  schema-version: 1.0.0\n",
        "tlsMinVersion: 1.2\n",
        "spec:\n  versions:\n  - name: v1alpha1\n  storedVersions: [v1, v1beta1]\n",
        "version: v1beta2\n",
        "release: 2026-01-01\n",
        "version: 10:30:00\n",
        "memory: 1.5Gi\nserver: 10.0.0.1\nport: 8080\n",
        "revisionHistoryLimit: 3\n",
        "versioning: true\n",
        "- tag:Name: web\n",
        "conversion: None\n",
        "tags: [v1.2.3, '{{ .tag }}']\n",
        "version: projects/$PROJECT/versions/latest\n",
        "org.acme.image.version: 1.2.3\nacme.example/version: 1.2.3\n",
    ],
)
def test_numbers_that_are_no_versions(source: str) -> None:
    assert values(source) == []


def test_the_file_declares_its_own_version() -> None:
    (site,) = sites_of(EXTRACTOR, "galaxy.yml", "name: tools\nnamespace: acme\nversion: 1.2.3\n")
    assert (site.role, site.get("entity")) == (Role.DECLARES, "tools")


def test_toolchains_by_their_names() -> None:
    source = "run:\n  go: '1.24'\nbuild_root_image:\n  namespace: ci\n  name: builder\n  tag: rhel-9-golang-1.24-acme\nGO_VERSION: 1.24.5\n"
    found = sites_of(EXTRACTOR, "a.yaml", source)
    assert [(site.kind, site.name, site.raw) for site in found] == [
        (Kind.TOOLCHAIN, "go", "1.24"),
        (Kind.TOOLCHAIN, "go", "1.24"),
        (Kind.VARIABLE, "GO_VERSION", "1.24.5"),
    ]


def test_a_tag_of_an_image_stream_is_known_by_its_name() -> None:
    (site,) = sites_of(EXTRACTOR, ".ci-operator.yaml", 'build_root_image:\n  namespace: ci\n  name: builder\n  tag: "1.24.5"\n')
    assert (site.kind, site.name, site.part, site.get("entity"), site.key) == (
        Kind.VARIABLE,
        "tag",
        Part.TAG,
        "builder",
        "build_root_image.tag",
    )


def test_dependencies_tracked_over_several_places_are_known_by_name() -> None:
    digest = "sha256:" + "0" * 64
    source = f"""\
        dependencies:
        - name: linter
          version: v2.12.2
          refPaths:
          - path: hack/lint.sh
            match: LINT_VERSION
        - name: signer
          version: v3.1.1-dev@{digest}
          refPaths:
          - path: Makefile
        """
    assert values(source) == [
        ("variable", "linter", "v2.12.2", "dependencies[0].version"),
        ("file", "hack/lint.sh", "hack/lint.sh", "dependencies[0].refPaths[0].path"),
        ("variable", "signer", "v3.1.1-dev", "dependencies[1].version"),
        ("file", "Makefile", "Makefile", "dependencies[1].refPaths[0].path"),
    ]


def test_lists_of_versions() -> None:
    assert [value for _, _, value, _ in values("versions: [1.22, v1.23.4]\n")] == ["1.22", "v1.23.4"]


# Long texts


def test_a_long_text_is_searched_before_it_is_walked() -> None:
    filler = "".join(f"key{n}:\n  description: nothing of interest {n}\n" for n in range(2000))
    assert values(filler) == []
    assert values(filler + "spec:\n  image: acme/web:1.2.3\n")[0][:3] == ("image", "docker.io/acme/web", "1.2.3")


@pytest.mark.parametrize(
    "piece",
    [
        "image: acme/web:1\n", "images:\n- acme/web:1\n", "tag: v1.2.3\n", "toolVersion: 1.2.3\n", "a_release: 1.2.3\n", "go: 1.22\n",
        "args: [oci://acme.example/web, --version, 1.2.3]\n", "command:\n- a\n- --x-image=acme.example/a:1\n", "shell: helm pull oci://a.b/c --version 1.2.3\n",
        "versions:\n- 1.2.3\n", "repo: https://github.com/acme/web\nrev: v1\n", "a.sh: |\n  WEB_VERSION=1.2.3\n", "e:\n- name: A\n  value: 1.2.3\n",
        f"acme/setup: {'a' * 40}\n", "helm.sh/chart: web-1.2.3\n", "baseimage: ghcr.io/acme/web:1\n", "targetRevision: 1.2.3\n", 'version: "1.2.3"\n',
    ],
)  # fmt: skip
def test_what_is_found_in_a_short_text_is_found_in_a_long_one(piece: str) -> None:
    filler = "".join(f"key{n}: nothing of interest {n}\n" for n in range(5000))
    assert values(piece) != []
    assert values(filler + piece) == values(piece)


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text("templates/x.yaml", data)
    check_laws(text, list(EXTRACTOR.extract(text)))


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_line_ends_change_nothing(source: str) -> None:
    source = source.replace("\r", "")
    found = [(site.kind, site.name, site.part, site.value, site.key) for site in EXTRACTOR.extract(Text("a.yaml", source.encode()))]
    windows = source.replace("\n", "\r\n").encode()
    assert [(site.kind, site.name, site.part, site.value, site.key) for site in EXTRACTOR.extract(Text("a.yaml", windows))] == found
