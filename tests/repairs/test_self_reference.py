"""What a repository says of its own version: behind its tag, ahead of it, or at odds with itself."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from repairs import WARNING, Repair, Told, check, text, workflow

NAME = "acme/orchard"
RAW = "https://raw.githubusercontent.com/acme/orchard"
GO_MOD = "module github.com/acme/orchard\n\ngo 1.22\n"
# What the controllers of another project run: it installs this project's chart, at a version that a person edits.
HOOK = text("""
    apiVersion: hooks.acme.example/v1
    kind: SetupHook
    metadata:
      name: orchard
    spec:
      templates:
      - apiVersion: batch/v1
        kind: Job
        metadata:
          name: orchard-{{{{.HookName}}}}
        spec:
          template:
            spec:
              containers:
              - name: install
                image: quay.io/acme/helm:3.14.0
                args:
                - upgrade
                - --install
                - orchard
                - oci://ghcr.io/acme/orchard/orchard-chart
                - --version
                - "{}"
              restartPolicy: Never
""")
DEPLOYMENT = text("""
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: orchard-manager
    spec:
      template:
        spec:
          containers:
          - name: manager
            image: ghcr.io/acme/orchard/manager:{}
""")
KUSTOMIZATION = text("""
    resources:
    - manager.yaml
    images:
    - name: manager
      newName: ghcr.io/acme/orchard/manager
      newTag: {}
""")
MAKEFILE = text("""
    REGISTRY ?= ghcr.io/acme/orchard
    VERSION ?= $(shell git describe --tags | cut -c 2-)

    .PHONY: chart
    chart:
    \tcd config/manager && kustomize edit set image manager=$(REGISTRY)/manager:$(VERSION)
    \tkustomize build config/manager > chart/templates/manager.yaml

    .PHONY: chart-push
    chart-push: chart
    \thelm package chart --version $(VERSION) --app-version $(VERSION)
    \thelm push orchard-chart-$(VERSION).tgz oci://$(REGISTRY)
""")
SCRIPT = {"scripts/make-cluster.sh": "#!/bin/sh\nexec kind create cluster --name orchard\n"}


def orchard(hook: str, **files: str) -> dict[str, str]:
    return {"go.mod": GO_MOD, "deploy/hooks/orchard.yaml": HOOK.format(hook), **SCRIPT, **files}


def released(*tags: str, date: str = "2026-01-01") -> tuple[Commit, ...]:
    """Earlier releases, each of them at one with itself."""
    return tuple(Commit(orchard(tag.removeprefix("v")), tags=(tag,), date=date) for tag in tags)


# One page was written for a release candidate, and its second half for the candidate before; then the release came.
def test_a_page_that_names_two_candidates_of_what_is_released(tmp_path: Path) -> None:
    page = text(f"""
        # Usage

        ```shell
        kubectl apply -f {RAW}/v{{0}}/deploy/hooks/orchard.yaml
        ```

        Later:

        ```shell
        helm upgrade --install -n fruit orchard oci://ghcr.io/acme/orchard/orchard-chart --version {{1}}
        ```
    """)
    before, after = (
        orchard("0.7.0", **{"docs/usage.md": page.format(*of)}) for of in (("0.7.0-rc2", "0.7.0-rc1"), ("0.7.0", "0.7.0"))
    )
    check(
        tmp_path,
        Repair(Commit(before), Commit(after), released("v0.7.0-rc1", "v0.7.0-rc2", "v0.7.0"), name=NAME),
        Told("RG102", "docs/usage.md", "v0.7.0-rc2", "v0.7.0"),
        Told("RG102", "docs/usage.md", "0.7.0-rc1", "0.7.0"),
    )


# Derived and source manifests kept the tag of an early build through three releases, until a placeholder took its place.
@pytest.mark.parametrize("placeholder", ["set_when_published", '"will be set by the release workflow"', "<placeholder>"])
def test_image_tags_of_an_old_build_become_placeholders(tmp_path: Path, placeholder: str) -> None:
    def tree(tag: str) -> dict[str, str]:
        return orchard(
            "0.7.0",
            **{
                "chart/Chart.yaml": "apiVersion: v2\nname: orchard-chart\nversion: 0.1.0\nappVersion: 0.1.0\n",
                "chart/templates/manager.yaml": DEPLOYMENT.format(tag.strip('"').replace(" ", "_").strip("<>")),
                "config/manager/kustomization.yaml": KUSTOMIZATION.format(tag),
                "config/manager/manager.yaml": DEPLOYMENT.replace("ghcr.io/acme/orchard/manager:{}", "manager:latest"),
                "Makefile": MAKEFILE,
            },
        )

    check(
        tmp_path,
        Repair(Commit(tree("0.7.0-alpha.1")), Commit(tree(placeholder)), released("v0.7.0-alpha.1", "v0.7.0"), name=NAME),
        Told("RG102", "chart/templates/manager.yaml", "0.7.0-alpha.1", "0.7.0"),
        Told("RG102", "config/manager/kustomization.yaml", "0.7.0-alpha.1", "0.7.0"),
    )


# A page that nobody's checklist named kept the last release while everything else went on to the next candidate.
@pytest.mark.parametrize("at_the_tag", [True, False])
def test_a_variable_of_a_page_lags_behind_the_release(tmp_path: Path, at_the_tag: bool) -> None:
    page = text(f"""
        1. Say which version:
            ```shell
            export ORCHARD_VERSION={{}}
            ```
        1. Install it:
            ```shell
            kubectl apply -f {RAW}/v${{{{ORCHARD_VERSION}}}}/deploy/hooks/orchard.yaml
            ```
    """)
    before, after = (orchard("0.22.0-rc1", **{"docs/on-one-machine.md": page.format(of)}) for of in ("0.21.0", "0.22.0-rc1"))
    earlier = released("v0.21.0") if at_the_tag else released("v0.21.0", "v0.22.0-rc1")
    check(
        tmp_path,
        Repair(Commit(before, tags=("v0.22.0-rc1",) if at_the_tag else ()), Commit(after), earlier, name=NAME),
        Told("RG102", "docs/on-one-machine.md", "0.21.0", "0.22.0-rc1"),
    )


# The value that a chart's template puts into a hook was forgotten when hook and pages went on to a release that is tagged that day.
@pytest.mark.parametrize("tagged", [True, False], ids=["tagged", "in preparation"])
def test_a_default_of_a_chart_stays_behind_hooks_and_pages(tmp_path: Path, tagged: bool) -> None:
    template = HOOK.format("{{{{.Values.ORCHARD_VERSION}}}}").replace("{{.HookName}}", "{{ .Release.Name }}")

    def tree(version: str) -> dict[str, str]:
        return orchard(
            "0.23.0-alpha.3",
            **{
                "core/Chart.yaml": "apiVersion: v2\nname: orchard-core\nversion: 0.1.0\nappVersion: 0.1.0\n",
                "core/values.yaml": f'# Versions of what the hooks install.\nORCHARD_VERSION: "{version}"\nHELM_VERSION: "3.14.0"\n',
                "core/templates/hook.yaml": template.format().replace("3.14.0", "{{.Values.HELM_VERSION}}"),
                "docs/chart.md": f"```shell\nbash <(curl -s {RAW}/v0.23.0-alpha.3/scripts/make-cluster.sh)\n```\n",
            },
        )

    later = (Commit(tree("0.23.0-alpha.3"), tags=("v0.23.0-alpha.3",)),) if tagged else ()
    behind = Told("RG102", "core/values.yaml", "0.23.0-alpha.2", "0.23.0-alpha.3")
    pending = Told("RG203", "core/values.yaml", "0.23.0-alpha.3", "0.23.0-alpha.2", WARNING)
    split = Told("RG203", "deploy/hooks/orchard.yaml", "0.23.0-alpha.3", "0.23.0-alpha.2", WARNING)
    check(
        tmp_path,
        Repair(Commit(tree("0.23.0-alpha.2")), Commit(tree("0.23.0-alpha.3")), released("v0.23.0-alpha.2"), later, name=NAME),
        *((behind,) if tagged else (behind, split)),
        left=() if tagged else (pending,),
    )


# The second of two commands of a page held a literal; the variable of the documentation's own configuration had gone on.
def test_a_literal_beside_a_documentation_variable(tmp_path: Path) -> None:
    def tree(ref: str) -> dict[str, str]:
        return orchard(
            "0.23.1",
            **{
                "docs/mkdocs.yml": "site_name: Orchard\nor_branch: main\nor_latest_release: '0.23.1'\nnav:\n- Start: start.md\n",
                "docs/content/start.md": text(f"""
                    ```shell
                    export ORCHARD_VERSION={{{{ config.or_latest_release }}}}
                    bash <(curl -s {RAW}/{ref}/scripts/make-cluster.sh) --port 9443
                    helm upgrade --install core oci://ghcr.io/acme/orchard/orchard-chart --version $ORCHARD_VERSION
                    ```
                """),
            },
        )

    check(
        tmp_path,
        Repair(
            Commit(tree("v0.23.0")),
            Commit(tree("v{{ config.or_latest_release }}")),
            released("v0.23.0", "v0.23.1"),
            name=NAME,
        ),
        Told("RG102", "docs/content/start.md", "v0.23.0", "v0.23.1"),
    )


# A file that says which release is the latest was last edited ten releases ago, and in the end removed.
@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("VERSION", "stable=v0.14.0\nlatest=v0.15.0\n", [("v0.14.0", "v0.24.0"), ("v0.15.0", "v0.24.0")]),
        ("VERSION", "0.15.0\n", [("0.15.0", "0.24.0")]),
        ("version.txt", "v0.15.0\n", [("v0.15.0", "v0.24.0")]),
    ],
)
def test_a_version_file_that_no_release_updated(tmp_path: Path, path: str, content: str, told: list[tuple[str, str]]) -> None:
    before, after = orchard("0.24.0", **{path: content}), orchard("0.24.0")
    check(
        tmp_path,
        Repair(Commit(before), Commit(after), released("v0.14.0", "v0.15.0", "v0.24.0"), name=NAME),
        *(Told("RG102", path, *values) for values in told),
    )


# The hook asked for a release that was not there yet; the newest was its candidate. The release came a day later.
def test_a_release_is_named_before_its_day(tmp_path: Path) -> None:
    check(
        tmp_path,
        Repair(
            Commit(orchard("0.20.0"), date="2026-02-21"),
            Commit(orchard("0.20.0-rc1"), date="2026-02-21"),
            released("v0.20.0-rc1", date="2026-02-20"),
            released("v0.20.0", date="2026-02-22"),
            name=NAME,
        ),
        Told("RG203", "deploy/hooks/orchard.yaml", "0.20.0", "0.20.0-rc1", WARNING),
    )


# After the release, what users run still named its candidate.
def test_a_candidate_is_still_named_after_the_release(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        script = text(f"""
            #!/usr/bin/env bash
            set -e
            orchard_version={version}
            echo "Orchard ${{orchard_version}}"
            bash <(curl -s {RAW}/v${{orchard_version}}/scripts/make-cluster.sh)
            helm upgrade --install orchard oci://ghcr.io/acme/orchard/orchard-chart --version $orchard_version
        """)
        return orchard(version, **{"scripts/try-it.sh": script})

    check(
        tmp_path,
        Repair(Commit(tree("0.30.0-rc.1")), Commit(tree("0.30.0")), released("v0.29.0", "v0.30.0-rc.1", "v0.30.0"), name=NAME),
        Told("RG102", "deploy/hooks/orchard.yaml", "0.30.0-rc.1", "0.30.0"),
        Told("RG102", "scripts/try-it.sh", "0.30.0-rc.1", "0.30.0"),
    )


def test_a_pipeline_that_lags_is_a_warning(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        step = f"- run: kubectl apply -f {RAW}/v{version}/deploy/hooks/orchard.yaml\n"
        return orchard("1.1.0", **{".github/workflows/install.yml": workflow(step)})

    check(
        tmp_path,
        Repair(Commit(tree("1.0.0")), Commit(tree("1.1.0")), released("v1.0.0", "v1.1.0"), name=NAME),
        Told("RG102", ".github/workflows/install.yml", "v1.0.0", "v1.1.0", WARNING),
    )


# Readers are told to use the repository's own action, and its hooks, at a release that others have followed.
@pytest.mark.parametrize(
    ("fence", "shown"),
    [("yaml", "- uses: acme/orchard@{}\n"), ("yaml", "repos:\n- repo: https://github.com/acme/orchard\n  rev: {}\n  hooks: []\n")],
)
def test_a_guide_that_shows_an_older_release_of_an_action(tmp_path: Path, fence: str, shown: str) -> None:
    tree = {"action.yml": "name: Orchard\nruns: {using: composite, steps: []}\n"}

    def guide(version: str) -> dict[str, str]:
        return {**tree, "README.md": f"# Use\n\n```{fence}\n{shown.format(version)}```\n"}

    earlier = tuple(Commit(tree, tags=(f"v{version}",)) for version in ("1.0.0", "1.1.0", "1.2.0"))
    repair = Repair(Commit(guide("v1.0.0")), Commit(guide("v1.2.0")), earlier, name="acme/orchard")
    check(tmp_path / "older", repair, Told("RG102", "README.md", "v1.0.0", "v1.2.0"))
    repair = repair._replace(broken=Commit(guide("v1.0.9")))
    check(tmp_path / "missing", repair, Told("RG201", "README.md", "v1.0.9", "v1.0.0"))


# A program deploys an image of its own repository by a constant that the releases left behind; what it says in comments is free.
def test_an_image_in_a_constant_of_a_program(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        program = text(f"""
            package deploy

            // DefaultImage is what runs; it was ghcr.io/acme/orchard/agent:v0.9.0 once.
            const DefaultImage = "ghcr.io/acme/orchard/agent:{version}"
        """)
        return {"go.mod": "module github.com/acme/orchard\n\ngo 1.22\n", "pkg/deploy/image.go": program}

    earlier = tuple(Commit(tree("v1.0.0"), tags=(f"v{version}",)) for version in ("0.9.0", "1.0.0", "1.1.0"))
    check(
        tmp_path,
        Repair(Commit(tree("v1.0.0")), Commit(tree("v1.1.0")), earlier, name="acme/orchard"),
        Told("RG102", "pkg/deploy/image.go", "v1.0.0", "v1.1.0", WARNING),
    )
