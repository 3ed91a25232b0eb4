"""Releases of neighbours that do not belong together: overtaken, made for another one, or not released with it."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from repairs import NOTE, WARNING, Repair, Told, check, releases, text, workflow

NAME = "acme/orchard"


# A library required a candidate of a neighbour whose final release and first patch were out.
@pytest.mark.parametrize("repaired", ["0.23.0", "0.23.1"])
def test_a_candidate_that_its_release_has_overtaken(tmp_path: Path, repaired: str) -> None:
    module = (
        "module github.com/acme/orchard\n\ngo 1.20\n\nrequire (\n\tgithub.com/acme/trellis v{}\n\tk8s.io/apimachinery v0.28.2\n)\n"
    )
    check(
        tmp_path,
        Repair(
            Commit({"go.mod": module.format("0.23.0-rc2")}, tags=("v0.1.11",)),
            Commit({"go.mod": module.format(repaired)}),
            siblings={"acme/trellis": releases("acme/trellis", "0.23.0-rc1", "0.23.0-rc2", "0.23.0", "0.23.1")},
            name=NAME,
        ),
        Told("RG502", "go.mod", "v0.23.0-rc2", "v0.23.1", WARNING),
    )


# A page paired a release of this repository with a plugin that was built against the release before.
def test_releases_that_were_not_made_for_each_other(tmp_path: Path) -> None:
    def tree(own: str, plugin: str) -> dict[str, str]:
        page = text(f"""
            ```shell
            export ORCHARD_VERSION={own}
            export GAUGE_PLUGIN={plugin}
            ```
            ```shell
            kubectl apply -f https://raw.githubusercontent.com/acme/orchard/v${{ORCHARD_VERSION}}/deploy/crds.yaml
            helm upgrade --install gauge oci://ghcr.io/acme/gauge/chart/gauge --version ${{GAUGE_PLUGIN}}
            ```
        """)
        return {"go.mod": "module github.com/acme/orchard\n", "deploy/crds.yaml": "kind: List\n", "docs/on-k3d.md": page}

    plugin = tuple(
        release
        for version, needed in (("0.1.3", "0.21.2-rc1"), ("0.1.7", "0.22.0-rc3"))
        for release in releases("acme/gauge", version, needs=f"github.com/acme/orchard v{needed}")
    )
    own = tuple(
        Commit(tree(version, "0.1.3"), tags=(f"v{version}",)) for version in ("0.21.2-rc1", "0.22.0-rc1", "0.22.0-rc3", "0.22.0")
    )
    check(
        tmp_path,
        Repair(
            Commit(tree("0.22.0-rc1", "0.1.3")), Commit(tree("0.22.0", "0.1.7")), own, siblings={"acme/gauge": plugin}, name=NAME
        ),
        Told("RG102", "docs/on-k3d.md", "0.22.0-rc1", "0.22.0"),
        Told("RG108", "docs/on-k3d.md", "0.1.3", None, WARNING),
        notes=[Told("RG501", "docs/on-k3d.md", "0.1.3", "0.1.7", NOTE)],
    )


# Two manifests of one tree deploy a proxy of another project at two tags; both went on to a third.
def test_a_proxy_of_others_at_two_tags(tmp_path: Path) -> None:
    manifest = text("""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: orchard-{name}
        spec:
          template:
            spec:
              containers:
              - name: proxy
                image: quay.io/others/rbac-proxy:{tag}
                args: ["--secure-listen-address=0.0.0.0:8443"]
    """)

    def tree(patch: str, hook: str) -> dict[str, str]:
        return {
            "config/default/auth_patch.yaml": manifest.format(name="manager", tag=patch),
            "core/Chart.yaml": "apiVersion: v2\nname: orchard-core\nversion: 0.1.0\nappVersion: 0.1.0\n",
            "core/templates/controller.yaml": manifest.format(name="controller", tag=hook),
        }

    check(
        tmp_path,
        Repair(Commit(tree("v0.17.1", "v0.19.1")), Commit(tree("v0.20.2", "v0.20.2")), name=NAME),
        Told("RG101", "config/default/auth_patch.yaml", "v0.17.1", "v0.19.1", WARNING),
    )


# A pipeline tests an old release of this repository; the companion beside it was raised with everything else.
def test_an_old_release_beside_versions_of_today(tmp_path: Path) -> None:
    hook = "args:\n- upgrade\n- gauge\n- oci://ghcr.io/acme/gauge-chart\n- --version\n- v{{ .Values.GAUGE_VERSION }}\n"

    def tree(own: str, shipped: str, beside: str) -> dict[str, str]:
        step = f"- run: |\n    export ORCHARD_VERSION=0.22.0\n    export GAUGE_VERSION={beside}\n    ./test/run.sh\n"
        return {
            "go.mod": "module github.com/acme/orchard\n",
            "core/Chart.yaml": "apiVersion: v2\nname: orchard-core\nversion: 0.1.0\nappVersion: 0.1.0\n",
            "core/values.yaml": f'GAUGE_VERSION: "{shipped}"\nORCHARD_VERSION: "{own}"\n',
            "core/templates/gauge.yaml": hook,
            "core/templates/orchard.yaml": "image: ghcr.io/acme/orchard/manager:{{ .Values.ORCHARD_VERSION }}\n",
            ".github/workflows/old-release.yml": workflow(step, on="workflow_dispatch"),
        }

    earlier = (
        Commit(tree("0.22.0", "0.2.0-rc8", "0.2.0-rc8"), tags=("v0.22.0",)),
        Commit(tree("0.30.0", "0.2.0-rc17", "0.2.0-rc8"), tags=("v0.30.0",)),
    )
    path = ".github/workflows/old-release.yml"
    stale = Told("RG102", path, "0.22.0", "0.30.0", WARNING)
    check(
        tmp_path,
        Repair(
            Commit(tree("0.30.0", "0.2.0-rc17", "0.2.0-rc17")),
            Commit({**tree("0.30.0", "0.2.0-rc17", "0.2.0-rc17"), path: workflow("- run: ./test/run.sh\n")}),
            earlier,
            siblings={"acme/gauge": releases("acme/gauge", "0.2.0-rc8", "0.2.0-rc17")},
            name=NAME,
        ),
        stale,
        Told("RG112", path, "0.2.0-rc17", "0.2.0-rc8", WARNING),
    )
