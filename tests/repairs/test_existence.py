"""References to what is not there: tags, names, values, places of others."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from repairs import WARNING, Repair, Told, check, text

NAME = "acme/orchard"
GO_MOD = "module github.com/acme/orchard\n\ngo 1.22\n"
RAW = "https://raw.githubusercontent.com/acme/orchard"
SCRIPTS = {"scripts/make-kind.sh": "#!/bin/sh\nkind create cluster\n", "scripts/make-k3s.sh": "#!/bin/sh\nk3d cluster create\n"}


# A page left the leading zero out of a tag, twice; there never was such a tag.
def test_a_tag_that_never_was(tmp_path: Path) -> None:
    page = text(f"""
        ```shell
        bash <(curl -s {RAW}/{{0}}/scripts/make-kind.sh) --name orchard --port 9443
        ```

        or

        ```shell
        bash <(curl -s {RAW}/{{0}}/scripts/make-k3s.sh) --port 9443
        ```
    """)
    hook = "image: ghcr.io/acme/orchard/manager:0.23.0-alpha.3\n"
    before, after = (
        {"go.mod": GO_MOD, **SCRIPTS, "deploy/hook.yaml": hook, "docs/chart.md": page.format(ref)}
        for ref in ("v23.0", "v0.23.0-alpha.3")
    )
    earlier = tuple(Commit({"go.mod": GO_MOD, **SCRIPTS}, tags=(f"v0.23.0-alpha.{number}",)) for number in (1, 2, 3))
    check(
        tmp_path,
        Repair(Commit(before), Commit(after), earlier, name=NAME),
        Told("RG102", "docs/chart.md", "v23.0", "v0.23.0-alpha.3"),
        Told("RG201", "docs/chart.md", "v23.0", "v0.23.0-alpha.3"),
    )


def hook(name: str) -> str:
    return (
        text("""
        {{- if .Values.install }}
        apiVersion: hooks.acme.example/v1
        kind: SetupHook
        metadata:
          name: %s
        spec:
          templates:
          - apiVersion: batch/v1
            kind: Job
            metadata:
              name: "{{"{{.HookName}}"}}"
        {{- end }}
    """)
        % name
    )


def core(*hooks: str) -> dict[str, str]:
    return {
        "go.mod": GO_MOD,
        "core/Chart.yaml": "apiVersion: v2\nname: orchard-core\nversion: 0.1.0\nappVersion: 0.1.0\n",
        "core/values.yaml": "install: true\n",
        **{f"core/templates/hooks/{name}.yaml": hook(name) for name in hooks},
    }


# Hooks were split and renamed for the next release; the script that installs the last one waited for the new names at once.
def test_a_script_waits_for_names_of_the_next_release(tmp_path: Path) -> None:
    def tree(*waits: str) -> dict[str, str]:
        lines = "".join(
            f"kubectl --context $platform-orchard wait space/hub --for 'jsonpath={{.status.hooks.{name}}}=true' --timeout 24h\n"
            f"kubectl --context $platform-orchard wait -n hub-system job.batch/{name} --for condition=Complete --timeout 24h\n"
            for name in waits
        )
        script = text(f"""
            #!/usr/bin/env bash
            platform=kind
            orchard_version=0.28.0
            curl -s {RAW}/v${{orchard_version}}/scripts/make-kind.sh | bash
            helm upgrade --install core oci://ghcr.io/acme/orchard/orchard-core \\
                    --version $orchard_version \\
                    --set install=true
        """)
        return {**core("install-status-watch", "hub-initial"), **SCRIPTS, "scripts/try-it.sh": script + lines}

    released = {**core("hub-with-registration", "hub-without-registration"), **SCRIPTS}
    path = "scripts/try-it.sh"
    check(
        tmp_path,
        Repair(
            Commit(tree("install-status-watch", "hub-initial")),
            Commit(tree("hub-with-registration")),
            (Commit(released, tags=("v0.28.0",)),),
            name=NAME,
        ),
        Told("RG204", path, "install-status-watch", None),
        Told("RG204", path, "hub-initial", None),
    )


def test_a_page_looks_at_a_renamed_deployment(tmp_path: Path) -> None:
    def tree(deployment: str, asked: str) -> dict[str, str]:
        page = text(f"""
            ```shell
            helm upgrade --install core oci://ghcr.io/acme/orchard/orchard-core --version 1.4.0
            kubectl rollout status deployment/{asked}
            ```
        """)
        template = f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {deployment}\n"
        return {**core(), "core/templates/manager.yaml": template, "docs/start.md": page}

    check(
        tmp_path,
        Repair(
            Commit(tree("orchard-operator", "orchard-operator")),
            Commit(tree("orchard-operator", "orchard-manager")),
            (Commit(tree("orchard-manager", "orchard-manager"), tags=("v1.4.0",)),),
            name=NAME,
        ),
        Told("RG204", "docs/start.md", "orchard-operator", "orchard-manager"),
    )


# A neighbour's chart had turned its values around between two candidates; the hook that installs it set the old ones.
@pytest.mark.parametrize("templated", [True, False], ids=["templated version", "literal version"])
def test_values_that_a_chart_of_a_neighbour_no_longer_has(tmp_path: Path, templated: bool) -> None:
    def gauge(values: str, reads: str) -> dict[str, str]:
        return {
            "go.mod": "module github.com/acme/gauge\n",
            "chart/Chart.yaml": "apiVersion: v2\nname: gauge-chart\nversion: 0.2.0\nappVersion: 0.2.0\n",
            "chart/values.yaml": values,
            "chart/templates/gauge.yaml": f"kind: Deployment\nargs: ['-v={{{{ .Values.{reads} }}}}']\n",
        }

    neighbour = (
        Commit(gauge("verbosity:\n  controller: 2\n  agent: 2\n", "verbosity.controller"), tags=("v0.2.0-rc9",)),
        Commit(
            gauge("controller:\n  verbosity: 2\nagent:\n  hub_burst: 10\n  hub_qps: 5\n", "controller.verbosity"),
            tags=("v0.2.0-rc10",),
        ),
    )

    def tree(*keys: str) -> dict[str, str]:
        version = "v{{.Values.GAUGE_VERSION}}" if templated else "v0.2.0-rc10"
        arguments = "".join(f"- --set\n- '{key}={{{{.Values.verbosity | default 2 }}}}'\n" for key in keys)
        args = f"- upgrade\n- --install\n- gauge\n- oci://ghcr.io/acme/gauge-chart\n- --version\n- {version}\n{arguments}"
        body = "".join(f"        {line}\n" for line in args.splitlines())
        return {
            **core(),
            "core/values.yaml": 'GAUGE_VERSION: "0.2.0-rc10"\nverbosity: 3\n',
            "core/templates/gauge.yaml": f"kind: Job\nspec:\n  template:\n    spec:\n      containers:\n      - name: helm\n        args:\n{body}",
        }

    path = "core/templates/gauge.yaml"
    check(
        tmp_path,
        Repair(
            Commit(tree("verbosity.controller", "verbosity.agent")),
            Commit(tree("controller.verbosity", "agent.hub_burst", "agent.hub_qps")),
            siblings={"acme/gauge": neighbour},
            name=NAME,
        ),
        Told("RG205", path, "verbosity.controller", "controller.verbosity"),
        Told("RG205", path, "verbosity.agent", None),
    )


# The first chart had been pushed to somebody's own space; the page for contributors still fetched it from there.
@pytest.mark.parametrize("name", ["status-gauge-chart", "hub-status-gauge-chart"])
def test_an_artifact_in_somebodys_own_space(tmp_path: Path, name: str) -> None:
    def tree(place: str) -> dict[str, str]:
        return {
            "go.mod": "module github.com/acme/hub-status-gauge\n",
            "Makefile": text("""
                DOCKER_REGISTRY ?= ghcr.io/acme
                IMAGE_TAG ?= 0.2.0-alpha.1

                chart-push:
                \thelm package ./chart --destination . --version ${IMAGE_TAG} --app-version ${IMAGE_TAG}
                \thelm push ./*.tgz oci://${DOCKER_REGISTRY}
            """),
            "chart/Chart.yaml": "apiVersion: v2\nname: hub-status-gauge-chart\nversion: 0.1.0\nappVersion: 0.1.0\n",
            "README.md": "```shell\nhelm install gauge oci://ghcr.io/acme/hub-status-gauge-chart --version 0.2.0-alpha.1\n```\n",
            "docs/contributors.md": f"# Try it\n\n```shell\nhelm upgrade --install gauge oci://{place}\n```\n",
        }

    check(
        tmp_path,
        Repair(
            Commit(tree(f"quay.io/somebody/{name} --version 0.1.0")),
            Commit(tree("ghcr.io/acme/hub-status-gauge-chart --version 0.2.0-alpha.1")),
            name="acme/hub-status-gauge",
        ),
        Told(
            "RG113", "docs/contributors.md", f"oci://quay.io/somebody/{name}", "oci://ghcr.io/acme/hub-status-gauge-chart", WARNING
        ),
    )


# One address named the release that was meant in its tag, and the one before in the file's name, or the other way round.
def test_an_address_that_says_two_versions(tmp_path: Path) -> None:
    def tree(tag: str, file: str) -> dict[str, str]:
        line = f"wget https://github.com/acme/trellis/releases/download/v{tag}/trellis_{file}_linux_amd64.tar.gz"
        return {
            "go.mod": "module github.com/acme/orchard\n\nrequire github.com/acme/trellis v0.6.3\n",
            "scripts/get.sh": f"#!/bin/sh\n{line}\n",
        }

    told = Told("RG109", "scripts/get.sh", "v0.6.1", "v0.6.3")
    check(tmp_path / "tag", Repair(Commit(tree("0.6.1", "0.6.3")), Commit(tree("0.6.3", "0.6.3")), name=NAME), told)
    told = Told("RG109", "scripts/get.sh", "0.6.1", "0.6.3")
    check(tmp_path / "file", Repair(Commit(tree("0.6.3", "0.6.1")), Commit(tree("0.6.3", "0.6.3")), name=NAME), told)
