"""What a release would publish: images and charts that do not fit, computed from its pipeline without running it."""

from pathlib import Path

import pytest

from releasing import MAKEFILE, RELEASE, beacon, release
from relgraph.model.example import Commit
from repairs import Repair, Told, check, reported, text

NAME = "acme/beacon"
PATH = ".github/workflows/release.yml"
STRIPPED = "controller=$(shell echo ${IMG} | sed 's/\\(:.*\\)v/\\1/')"


def test_the_project_itself_releases_well(tmp_path: Path) -> None:
    assert reported(tmp_path, (Commit(beacon(), tags=("v0.9.1",)),), name=NAME) == []


# A clean-up of the Makefile lost the words that take the v off the image's tag: two releases asked for an image that never was.
def test_a_chart_refers_to_an_image_by_the_git_tag(tmp_path: Path) -> None:
    before = beacon(Makefile=MAKEFILE.replace(STRIPPED, "controller=${IMG}"))
    assert before != beacon()
    check(
        tmp_path,
        Repair(Commit(before, tags=("v0.9.2",)), Commit(beacon()), (Commit(beacon(), tags=("v0.9.1",)),), name=NAME),
        Told("RG405", "Makefile", "v0.9.2", "0.9.2"),
    )


STAMP = text("""
    chartVersion=$(echo ${{ github.ref_name }} | cut -c 2-)
    sed -i STAMP ${{ env.CHART_PATH }}/templates/operator.yaml
    helm package ${{ env.CHART_PATH }} --destination . --version ${chartVersion} --app-version ${chartVersion}
    helm push ./*.tgz oci://${{ env.REGISTRY }}/${{ env.IMAGE_NAME }}
""")


def stamped(tag: str) -> dict[str, str]:
    tree = beacon(
        release(STAMP.replace("STAMP", f"'s@BEACON_IMAGE@${{{{ env.REGISTRY }}}}/${{{{ env.OPERATOR_IMAGE }}}}:{tag}@g'"))
    )
    return {
        **tree,
        "chart/templates/operator.yaml": tree["chart/templates/operator.yaml"].replace(
            "ghcr.io/acme/beacon/manager:set_by_the_release", "BEACON_IMAGE"
        ),
    }


# The same mistake in a stamp of the workflow; its repair made the next one.
def test_a_stamp_writes_the_git_tag(tmp_path: Path) -> None:
    check(
        tmp_path,
        Repair(Commit(stamped("${{ github.ref_name }}"), tags=("v0.1.0",)), Commit(stamped("'\"${chartVersion}\"'")), name=NAME),
        Told("RG405", PATH, "v0.1.0", "0.1.0"),
    )


# Between single quotes a shell fills no variable: the published chart asks for the image ...:${chartVersion}.
def test_a_stamp_writes_the_name_of_a_variable(tmp_path: Path) -> None:
    check(
        tmp_path,
        Repair(Commit(stamped("${chartVersion}"), tags=("v0.1.1",)), Commit(stamped("'\"${chartVersion}\"'")), name=NAME),
        Told("RG404", PATH, "${chartVersion}", None),
        Told("RG405", PATH, "${chartVersion}", "0.1.1"),
    )


HOOK = text("""
    kind: SetupHook
    spec:
      templates:
      - kind: Job
        spec:
          template:
            spec:
              containers:
              - name: install
                args:
                - upgrade
                - --install
                - beacon
                - oci://ghcr.io/acme/beacon/chart/beacon-operator
                - --version
                - "{}"
""")


# At its own tag, a hook asks for the chart with a v; the pipeline of the same tree publishes the chart without one.
@pytest.mark.parametrize(
    "version", ["$(echo ${{ github.ref_name }} | cut -c 2-)", "${GITHUB_REF_NAME#v}", "$(echo $GITHUB_REF_NAME | sed 's/^v//')"]
)
def test_a_hook_asks_for_a_chart_by_the_git_tag(tmp_path: Path, version: str) -> None:
    script = RELEASE.replace(
        "--version ${{ github.ref_name }} --app-version ${{ github.ref_name }}", f'--version "{version}" --app-version "{version}"'
    )

    def tree(asked: str) -> dict[str, str]:
        return beacon(release(script), **{"deploy/hooks/beacon.yaml": HOOK.format(asked)})

    earlier = (Commit(tree("0.19.0"), tags=("v0.19.0",)),)
    check(
        tmp_path,
        Repair(Commit(tree("v0.20.0-rc1"), tags=("v0.20.0-rc1",)), Commit(tree("0.20.0-rc1")), earlier, name=NAME),
        Told("RG405", "deploy/hooks/beacon.yaml", "v0.20.0-rc1", "0.20.0-rc1"),
    )


# And the other way round: the chart is published with the v.
def test_a_page_asks_for_a_chart_without_its_v(tmp_path: Path) -> None:
    def tree(asked: str) -> dict[str, str]:
        page = f"```shell\nhelm install beacon oci://ghcr.io/acme/beacon/chart/beacon-operator --version {asked}\n```\n"
        return beacon(**{"README.md": page})

    check(
        tmp_path,
        Repair(Commit(tree("0.9.1"), tags=("v0.9.1",)), Commit(tree("v0.9.1")), name=NAME),
        Told("RG405", "README.md", "0.9.1", "v0.9.1"),
    )


# Charts were packaged with the release's version, but kept the program's version of the first day.
def test_a_chart_is_packaged_without_the_version_of_its_program(tmp_path: Path) -> None:
    before = beacon(release(RELEASE.replace(" --app-version ${{ github.ref_name }}", "")))
    check(
        tmp_path,
        Repair(Commit(before), Commit(beacon()), (Commit(before, tags=("v0.4.1",)),), name=NAME),
        Told("RG406", PATH, "0.1.0", "v0.4.1"),
    )


# Helm takes nothing but SemVer for a chart's version; a commit id is none.
@pytest.mark.parametrize("version", ["${{ github.sha }}", "$(git rev-parse --short HEAD)", "${GITHUB_SHA::8}", "latest"])
def test_a_chart_gets_a_version_that_is_none(tmp_path: Path, version: str) -> None:
    def tree(given: str) -> dict[str, str]:
        script = f"helm package ${{{{ env.CHART_PATH }}}} --destination . --version {given}\nhelm push ./*.tgz oci://${{{{ env.REGISTRY }}}}/acme/beacon/chart\n"
        workflow = release(script, {"REGISTRY": "ghcr.io", "CHART_PATH": "./charts/beacon"}, on="{pull_request: {types: [closed]}}")
        return {
            ".github/workflows/helm.yaml": workflow.replace(
                "    - name: Images\n      uses: goreleaser/goreleaser-action@v6\n      with:\n        version: v2.4.0\n        args: release --clean\n",
                "",
            ),
            "charts/beacon/Chart.yaml": "apiVersion: v2\nname: beacon\nversion: 0.1.0\nappVersion: 0.1.0\n",
            "charts/beacon/templates/a.yaml": "kind: ConfigMap\n",
        }

    path = ".github/workflows/helm.yaml"
    assert tree("v0.1.0")[path].count("uses:") == 2
    check(tmp_path, Repair(Commit(tree(version)), Commit(tree("v0.1.0")), name=NAME), Told("RG407", path, version, None))


# The chart went to the root of the registry, while pages fetch it from the owner's place; a variable for it was never used.
def test_a_chart_is_pushed_where_nobody_looks(tmp_path: Path) -> None:
    env = {
        "REGISTRY": "ghcr.io",
        "OPERATOR_IMAGE": "acme/beacon/manager",
        "CHART_IMAGE": "acme/beacon-operator",
        "CHART_PATH": "./chart",
    }

    def tree(remote: str) -> dict[str, str]:
        page = "```shell\nhelm upgrade --install beacon oci://ghcr.io/acme/beacon-operator --version v0.2.0-alpha.1\n```\n"
        script = RELEASE.replace("oci://${{ env.REGISTRY }}/${{ env.IMAGE_NAME }}", remote)
        return beacon(release(script, env), **{"README.md": page})

    check(
        tmp_path,
        Repair(
            Commit(tree("oci://${{ env.REGISTRY }}")),
            Commit(tree("oci://${{ env.REGISTRY }}/acme")),
            (Commit(tree("oci://${{ env.REGISTRY }}"), tags=("v0.2.0-alpha.1",)),),
            name=NAME,
        ),
        Told("RG408", PATH, "oci://ghcr.io", "oci://ghcr.io/acme"),
    )


# No variable says where the chart belongs, but a hook and a page fetch it from there.
def test_a_chart_is_fetched_from_where_nobody_pushes_it(tmp_path: Path) -> None:
    def tree(remote: str) -> dict[str, str]:
        page = "```shell\nhelm install beacon oci://ghcr.io/acme/charts/beacon-operator --version v0.9.1\n```\n"
        script = RELEASE.replace("oci://${{ env.REGISTRY }}/${{ env.IMAGE_NAME }}", remote)
        return beacon(release(script), **{"docs/start.md": page})

    check(
        tmp_path,
        Repair(Commit(tree("oci://ghcr.io/acme/helm"), tags=("v0.9.1",)), Commit(tree("oci://ghcr.io/acme/charts")), name=NAME),
        Told("RG408", PATH, "oci://ghcr.io/acme/helm", "oci://ghcr.io/acme/charts"),
    )
