"""Versions of neighbouring repositories that were raised in some places of a tree and forgotten in others."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from repairs import NOTE, WARNING, Repair, Told, check, releases, reported, text, workflow

NAME = "acme/orchard"
GO_MOD = text("""
    module github.com/acme/orchard

    go 1.22

    require (
    \tgithub.com/acme/trellis v{}
    \tgithub.com/go-logr/logr v1.4.2
    )
""")
PARENT = text("""
    apiVersion: v2
    name: orchard-core
    version: 0.1.0
    appVersion: 0.1.0
    dependencies:
    - name: trellis-operator
      version: v{}
      repository: oci://ghcr.io/acme/trellis/chart
      condition: trellis-operator.install
""")
DOWNLOAD = text("""
    - name: Install the command line
      run: |
        wget https://github.com/acme/trellis/releases/download/v{0}/trellis_{0}_linux_amd64.tar.gz
        tar -xzf trellis_{0}_linux_amd64.tar.gz bin/trl
        sudo mv bin/trl /usr/local/bin
        rm -fr bin trellis_{0}_linux_amd64.tar.gz
""")
VALUES = text("""
    # Versions of what the hooks install; do not change them by hand.
    HELM_VERSION: "3.16.4"
    GAUGE_VERSION: "{}"
""")
TEMPLATE = text("""
    {{- if .Values.install }}
    apiVersion: hooks.acme.example/v1
    kind: SetupHook
    metadata:
      name: gauge
    spec:
      templates:
      - apiVersion: batch/v1
        kind: Job
        spec:
          template:
            spec:
              containers:
              - name: status
                image: quay.io/acme/helm:{{.Values.HELM_VERSION}}
                args:
                - upgrade
                - --install
                - gauge
                - oci://ghcr.io/acme/gauge-chart
                - --version
                - v{{.Values.GAUGE_VERSION}}
                - --namespace
                - hub
    {{- end }}
""")


def gauge(values: str, **files: str) -> dict[str, str]:
    return {
        "go.mod": "module github.com/acme/orchard\n",
        "core/Chart.yaml": "apiVersion: v2\nname: orchard-core\nversion: 0.1.0\nappVersion: 0.1.0\n",
        "core/values.yaml": VALUES.format(values),
        "core/templates/gauge.yaml": TEMPLATE,
        **files,
    }


TRELLIS = {"acme/trellis": releases("acme/trellis", "0.6.1", "0.6.3", "0.8.9", "0.9.0", "0.9.1")}
CANDIDATES = {"acme/gauge": releases("acme/gauge", *(f"0.2.0-rc{number}" for number in range(6, 18)))}
PIPELINES = (".github/workflows/e2e.yml", ".github/workflows/integration.yaml", ".github/workflows/nightly.yml")


def trellis(module: str, chart: str, *workflows: str) -> dict[str, str]:
    return {
        "go.mod": GO_MOD.format(module),
        "core/Chart.yaml": PARENT.format(chart),
        **{path: workflow(DOWNLOAD.format(version)) for path, version in zip(PIPELINES, workflows, strict=True)},
    }


# The library was forgotten when the chart that depends on its release and the pipelines went on.
def test_a_library_behind_the_chart_of_the_same_repository(tmp_path: Path) -> None:
    check(
        tmp_path,
        Repair(
            Commit(trellis("0.6.1", "0.6.3", *["0.6.3"] * 3)),
            Commit(trellis("0.6.3", "0.6.3", *["0.6.3"] * 3)),
            siblings=TRELLIS,
            name=NAME,
        ),
        Told("RG101", "go.mod", "v0.6.1", "v0.6.3"),
        notes=[Told("RG501", "go.mod", "v0.6.1", "v0.9.1", NOTE)],
    )


# All pipelines were forgotten when the library and the chart went on; then they were repaired together.
def test_pipelines_behind_library_and_chart(tmp_path: Path) -> None:
    check(
        tmp_path,
        Repair(
            Commit(trellis("0.9.0", "0.9.0", *["0.8.9"] * 3)),
            Commit(trellis("0.9.0", "0.9.0", *["0.9.0"] * 3)),
            siblings=TRELLIS,
            name=NAME,
        ),
        *(Told("RG101", path, "v0.8.9", "v0.9.0", WARNING) for path in PIPELINES),
    )


# One pipeline of many was the last of six commits that raised one version.
@pytest.mark.parametrize("known", [True, False], ids=["with the sibling", "without it"])
def test_one_pipeline_behind_the_others(tmp_path: Path, known: bool) -> None:
    check(
        tmp_path,
        Repair(
            Commit(trellis("0.9.1", "0.9.1", "0.9.1", "0.9.1", "0.9.0")),
            Commit(trellis("0.9.1", "0.9.1", *["0.9.1"] * 3)),
            siblings=TRELLIS if known else {},
            name=NAME,
        ),
        Told("RG101", ".github/workflows/nightly.yml", "v0.9.0", "v0.9.1", WARNING),
    )


# A page of a side project installs the companion's chart at the candidate before last; rc9 is older than rc12 and rc14.
def test_a_page_behind_the_value_that_a_template_uses(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        page = text(f"""
            # Monitoring

            ```bash
            helm --kube-context hub upgrade --install gauge -n hub oci://ghcr.io/acme/gauge-chart --version v{version}
            ```
        """)
        return gauge("0.2.0-rc14", **{"monitoring/README.md": page})

    check(
        tmp_path,
        Repair(Commit(tree("0.2.0-rc12")), Commit(tree("0.2.0-rc14")), siblings=CANDIDATES, name=NAME),
        Told("RG101", "monitoring/README.md", "v0.2.0-rc12", "v0.2.0-rc14"),
        notes=[Told("RG501", "monitoring/README.md", "v0.2.0-rc12", "v0.2.0-rc17", NOTE)],
    )


# A hook with a literal was not on the list of what to edit; values, pipelines and tests were. All went on to the next release.
def test_a_hook_behind_values_and_pipelines(tmp_path: Path) -> None:
    hook = (
        TEMPLATE.replace("{{- if .Values.install }}\n", "")
        .replace("{{- end }}\n", "")
        .replace("{{.Values.HELM_VERSION}}", "3.16.4")
    )

    def tree(literal: str, version: str) -> dict[str, str]:
        exported = f"- run: |\n    export GAUGE_VERSION={version}\n    ./test/install.sh\n"
        return gauge(
            version,
            **{
                "deploy/hooks/gauge.yaml": hook.replace("v{{.Values.GAUGE_VERSION}}", f'"v{literal}"'),
                ".github/workflows/e2e.yml": workflow(exported),
                "test/install.sh": "#!/bin/sh\nhelm install gauge oci://ghcr.io/acme/gauge-chart --version v$GAUGE_VERSION\n",
            },
        )

    check(
        tmp_path,
        Repair(
            Commit(tree("0.1.7", "0.1.8")),
            Commit(tree("0.1.9", "0.1.9")),
            siblings={"acme/gauge": releases("acme/gauge", "0.1.7", "0.1.8", "0.1.9")},
            name=NAME,
        ),
        Told("RG101", "deploy/hooks/gauge.yaml", "v0.1.7", "v0.1.8"),
        notes=[Told("RG501", "core/values.yaml", "0.1.8", "0.1.9", NOTE)],
    )


# Three places set the companion's release: an exported variable of a page, a variable of a test, the default of an argument.
def test_variables_of_pages_and_scripts_that_disagree(tmp_path: Path) -> None:
    def tree(page: str, test: str, script: str) -> dict[str, str]:
        return {
            "go.mod": "module github.com/acme/orchard\n",
            "docs/examples.md": text(f"""
                ```shell
                export GAUGE={page}
                ```

                ```shell
                helm upgrade --install gauge oci://ghcr.io/acme/gauge/chart/gauge --version ${{GAUGE}} --set cluster=hub
                ```
            """),
            "test/e2e/setup.sh": text(f"""
                #!/usr/bin/env bash
                GAUGE_RELEASE="{test}"
                curl -sL https://github.com/acme/gauge/archive/refs/tags/v${{GAUGE_RELEASE}}.tar.gz | tar xz
                cd gauge-${{GAUGE_RELEASE}}
            """),
            "scripts/deploy-gauge.sh": text(f"""
                #!/usr/bin/env bash
                export SPACE="$1" ## where it goes
                export GAUGE_IMAGE="${{2:-ghcr.io/acme/gauge/controller:{script}}}" ## what runs there
                kubectl run gauge --image="$GAUGE_IMAGE" -n "$SPACE"
            """),
        }

    check(
        tmp_path,
        Repair(
            Commit(tree("0.1.2", "0.1.0", "0.1.0")),
            Commit(tree("0.1.3", "0.1.3", "0.1.3")),
            siblings={"acme/gauge": releases("acme/gauge", "0.1.0", "0.1.1", "0.1.2", "0.1.3")},
            name=NAME,
        ),
        Told("RG101", "docs/examples.md", "0.1.2", "0.1.0"),
    )


# A pipeline exported an old release of this repository and the companion's release of then, while the chart was eight ahead.
def test_a_variable_exported_in_a_pipeline_for_years(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        step = f"- name: Run\n  run: |\n    export GAUGE_VERSION={version}\n    ./test/run.sh\n"
        script = "#!/bin/sh\nhelm install gauge oci://ghcr.io/acme/gauge-chart --version v$GAUGE_VERSION\n"
        return gauge("0.2.0-rc16", **{".github/workflows/self-hosted.yml": workflow(step), "test/run.sh": script})

    check(
        tmp_path,
        Repair(Commit(tree("0.2.0-rc8")), Commit(tree("0.2.0-rc16")), siblings=CANDIDATES, name=NAME),
        Told("RG101", ".github/workflows/self-hosted.yml", "0.2.0-rc8", "0.2.0-rc16", WARNING),
    )


# The same in files of other tools, each of which takes something of the neighbour's at a version.
OTHERS = {
    "config/crd/kustomization.yaml": "resources:\n- https://github.com/acme/trellis/config/crd?ref=v{}\n",
    "hack/install.sh": '#!/bin/sh\nkubectl apply -k "github.com/acme/trellis/config/crd?ref=v{}"\n',
    "infra/main.tf": 'module "trellis" {{\n  source = "github.com/acme/trellis//config/crd?ref=v{}"\n}}\n',
    "deploy/application.yaml": text("""
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        spec:
          source:
            repoURL: https://github.com/acme/trellis
            path: config/crd
            targetRevision: v{}
    """),
    "build/Dockerfile": text("""
        FROM docker.io/library/debian:12.8
        ARG TRELLIS_VERSION={}
        RUN curl -L https://github.com/acme/trellis/releases/download/v${{TRELLIS_VERSION}}/trl -o /bin/trl
    """),
    "deploy/trellis.yaml": "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/trellis/controller:{}\n",
}


@pytest.mark.parametrize("path", OTHERS)
def test_files_of_other_tools_behind_the_library(tmp_path: Path, path: str) -> None:
    crd = {"config/crd/crd.yaml": "kind: CustomResourceDefinition\n", "config/crd/kustomization.yaml": "resources:\n- crd.yaml\n"}
    siblings = {"acme/trellis": tuple(Commit({**one.files, **crd}, one.tags) for one in TRELLIS["acme/trellis"])}
    before, after = ({"go.mod": GO_MOD.format("0.6.3"), path: OTHERS[path].format(version)} for version in ("0.6.1", "0.6.3"))
    prefix = "v" if "v{}" in OTHERS[path] else ""
    check(
        tmp_path,
        Repair(Commit(before), Commit(after), siblings=siblings, name=NAME),
        Told("RG101", path, f"{prefix}0.6.1", f"{prefix}0.6.3"),
    )


def test_a_neighbour_that_did_not_exist_on_that_day_lends_nothing(tmp_path: Path) -> None:
    tree = {"go.mod": GO_MOD.format("0.1.0")}
    later = (Commit({"go.mod": "module github.com/acme/trellis\n"}, tags=("v0.2.0",), date="2026-06-01"),)
    assert reported(tmp_path, (Commit(tree, date="2026-01-01"),), {"acme/trellis": later}, name=NAME) == []
