"""Names that a pipeline and its parts no longer agree on: ids, variables, kinds of arguments, tags of a private build."""

from pathlib import Path

import pytest

from releasing import GORELEASER, MAKEFILE, RELEASE, beacon, kustomization, release
from relgraph.model.example import Commit
from repairs import WARNING, Repair, Told, check, reported, text, workflow

NAME = "acme/beacon"
PATH = ".github/workflows/release.yml"


# An image was told to take its settings from a build of another project's name, from which the file had been copied.
@pytest.mark.parametrize("built", ["beacon-manager", "server"])
def test_an_image_of_a_build_that_is_not_declared(tmp_path: Path, built: str) -> None:
    check(
        tmp_path,
        Repair(
            Commit(beacon(**{".goreleaser.yaml": GORELEASER.format(built, "manager")})),
            Commit(beacon(**{".goreleaser.yaml": GORELEASER.format(built, built)})),
            name=NAME,
        ),
        Told("RG401", ".goreleaser.yaml", "manager", built),
    )


# All builds had been taken out; what GoReleaser assumes then is a program in the root folder.
def test_an_image_without_any_build(tmp_path: Path) -> None:
    whole = GORELEASER.format("beacon", "beacon")
    without = whole[: whole.index("builds:")] + whole[whole.index("kos:") :].replace("build: beacon", "#    build: manager")
    check(
        tmp_path,
        Repair(Commit(beacon(**{".goreleaser.yaml": without})), Commit(beacon(**{".goreleaser.yaml": whole})), name=NAME),
        Told("RG401", ".goreleaser.yaml", None, "manager"),
    )


# A release workflow passed a make variable that the Makefile no longer defines, and an environment variable took its place.
def test_a_make_variable_that_was_renamed(tmp_path: Path) -> None:
    env = {
        "REGISTRY": "ghcr.io",
        "MANAGER_IMAGE": "acme/beacon/manager",
        "CHART_PATH": "./chart",
    }
    makefile = MAKEFILE.replace("IMG ?=", "MANAGER_IMAGE ?=").replace("${IMG}", "${MANAGER_IMAGE}")

    def tree(variable: str) -> dict[str, str]:
        script = (
            RELEASE.replace("IMG=", f"{variable}=")
            .replace("OPERATOR_IMAGE", "MANAGER_IMAGE")
            .replace("${{ env.IMAGE_NAME }}", "acme/beacon/chart")
        )
        return beacon(release(script, env), Makefile=makefile)

    check(
        tmp_path,
        Repair(Commit(tree("IMG"), tags=("v0.24.0-experiment.5",)), Commit(tree("MANAGER_IMAGE")), name=NAME),
        Told("RG402", PATH, "IMG", "MANAGER_IMAGE"),
        Told("RG402", PATH, "acme/beacon/manager", None),
        Told("RG405", "Makefile", "docker.io/acme/beacon/manager:latest", "ghcr.io/acme/beacon/manager:0.24.0-experiment.5"),
    )


# A developer's own build was left in a kustomization by the recipe that deploys it.
@pytest.mark.parametrize("name", ["ko.local/manager", "ghcr.io/acme/beacon/manager"])
def test_the_tag_of_a_private_build_in_a_kustomization(tmp_path: Path, name: str) -> None:
    path = "config/manager/kustomization.yaml"
    before, after = (beacon(**{path: kustomization(name, tag)}) for tag in ("aae92b0", "<placeholder>"))
    check(tmp_path, Repair(Commit(before), Commit(after), name=NAME), Told("RG410", path, "aae92b0", None, WARNING))


# The same in the chart's derived file, through three releases.
def test_the_image_of_a_private_build_in_a_chart(tmp_path: Path) -> None:
    path = "chart/templates/operator.yaml"
    published = "ghcr.io/acme/beacon/manager:set_by_the_release"
    before = beacon()
    before[path] = before[path].replace(published, "ko.local/manager:38156c6")
    check(
        tmp_path,
        Repair(Commit(before, tags=("v0.2.0-rc15",)), Commit(beacon()), name=NAME),
        Told("RG410", path, "38156c6", None, WARNING),
    )


# A recipe that loads images into a cluster names an image where the cluster's name belongs.
def test_an_image_where_the_name_of_a_cluster_belongs(tmp_path: Path) -> None:
    recipe = text("""

        .PHONY: load
        load: image
        \tk3d image import ${{IMG}} -c {}
    """)
    makefile = MAKEFILE + "\nOTHER_IMG ?= ${KO_DOCKER_REPO}/other:${IMAGE_TAG}\nCLUSTER ?= beacon\n"
    check(
        tmp_path,
        Repair(
            Commit(beacon(Makefile=makefile + recipe.format("${OTHER_IMG}"))),
            Commit(beacon(Makefile=makefile + recipe.format("${CLUSTER}"))),
            name=NAME,
        ),
        Told("RG409", "Makefile", "${OTHER_IMG}", None),
    )


# A step was renamed in what it writes, and a job in what it passes on; whoever read the old name got nothing.
@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ('- id: read\n  run: echo "version=${GITHUB_REF_NAME#v}" >> "$GITHUB_OUTPUT"\n', "version"),
        ("- id: read\n  uses: ./.github/actions/read\n", "version"),
    ],
)
def test_an_output_that_its_step_does_not_write(tmp_path: Path, step: str, wanted: str) -> None:
    action = "runs:\n  using: composite\n  steps:\n  - run: echo\n    shell: bash\noutputs:\n  version: {value: '1'}\n"

    def tree(output: str) -> dict[str, str]:
        push = f"- run: crane copy a.example/beacon:1.0.0 ghcr.io/acme/beacon:${{{{ steps.read.outputs.{output} }}}}\n"
        return {PATH: workflow(step, push), ".github/actions/read/action.yml": action}

    check(
        tmp_path,
        Repair(Commit(tree("tag")), Commit(tree(wanted)), name=NAME),
        Told("RG401", PATH, "tag", wanted),
    )


# The same across workflows: what the called one declares is all that there is.
def test_an_output_that_a_called_workflow_does_not_declare(tmp_path: Path) -> None:
    called = "on:\n  workflow_call:\n    outputs:\n      image: {value: '1'}\njobs: {}\n"

    def tree(output: str) -> dict[str, str]:
        caller = text(f"""
            on: push
            jobs:
              build:
                uses: ./.github/workflows/build.yml
              deploy:
                needs: build
                runs-on: ubuntu-latest
                steps:
                - run: kubectl set image deployment/beacon beacon=${{{{ needs.build.outputs.{output} }}}}
        """)
        return {PATH: caller, ".github/workflows/build.yml": called}

    check(tmp_path, Repair(Commit(tree("tag")), Commit(tree("image")), name=NAME), Told("RG401", PATH, "tag", "image"))


# An expression asks for a variable of the workflow under a name that the workflow does not give it.
def test_a_variable_of_a_workflow_that_nothing_sets(tmp_path: Path) -> None:
    def tree(name: str) -> dict[str, str]:
        steps = f"- run: helm push beacon.tgz oci://${{{{ env.{name} }}}}\n"
        return {PATH: f"env: {{CHART_REGISTRY: ghcr.io/acme}}\n{workflow(steps)}"}

    check(
        tmp_path,
        Repair(Commit(tree("CHART_REGISTY")), Commit(tree("CHART_REGISTRY")), name=NAME),
        Told("RG401", PATH, "CHART_REGISTY", "CHART_REGISTRY"),
    )


# A step gives make its image by the environment, under a name that the Makefile gave up.
def test_an_environment_variable_that_make_does_not_read(tmp_path: Path) -> None:
    makefile = "BEACON_IMAGE ?= ghcr.io/acme/beacon/manager:dev\n\npush:\n\tdocker push $(BEACON_IMAGE)\n"

    def tree(name: str) -> dict[str, str]:
        step = f"- run: make push\n  env:\n    {name}: ghcr.io/acme/beacon/manager:${{{{ github.ref_name }}}}\n"
        return {PATH: workflow(step), "Makefile": makefile}

    check(
        tmp_path,
        Repair(Commit(tree("IMG")), Commit(tree("BEACON_IMAGE")), name=NAME),
        Told("RG402", PATH, "IMG", "BEACON_IMAGE", WARNING),
    )


@pytest.mark.parametrize(
    ("step", "files"),
    [
        ("- run: |\n    ./hack/login.sh\n    make push\n  env:\n    IMG: beacon:1\n", {"hack/login.sh": ""}),
        ("- run: make push\n  env:\n    IMG: beacon:1\n", {"e2e/e2e_test.go": 'package e2e\n\nvar image = os.Getenv("IMG")\n'}),
        ("- run: make push\n  env:\n    IMG: beacon:1\n", {"hack/push.sh": 'docker push "$IMG"\n'}),
        ("- run: make other\n  env:\n    IMG: beacon:1\n", {}),
        ("- run: make push\n  working-directory: e2e\n  env:\n    IMG: beacon:1\n", {}),
        ("- run: make push\n  env:\n    TEST_TIMEOUT: 5m\n", {}),
    ],
)
def test_environment_variables_that_something_may_read(tmp_path: Path, step: str, files: dict[str, str]) -> None:
    makefile = "push:\n\t./hack/push.sh\n"
    assert reported(tmp_path, (Commit({PATH: workflow(step), "Makefile": makefile, "hack/push.sh": "", **files}),)) == []


# A pipeline sets the image's tag in the chart's values under a key with a letter too many: yq adds it, and nothing reads it.
@pytest.mark.parametrize("setting", ['.image.{} = \\"$version\\"', ".image.{} = strenv(VERSION)"])
def test_a_stamp_that_creates_a_key_that_nothing_reads(tmp_path: Path, setting: str) -> None:
    def tree(key: str) -> dict[str, str]:
        script = f'export VERSION=${{GITHUB_REF_NAME#v}}; version=$VERSION; yq -i "{setting.format(key)}" chart/values.yaml'
        release = f"on: {{push: {{tags: ['v*']}}}}\njobs:\n  chart:\n    runs-on: ubuntu-latest\n    steps:\n    - run: |\n        {script}\n"
        return {
            PATH: release
            + "        helm package chart --version $version --app-version $version\n        helm push beacon-*.tgz oci://ghcr.io/acme\n",
            "chart/Chart.yaml": "apiVersion: v2\nname: beacon\nversion: 0.1.0\n",
            "chart/values.yaml": "image:\n  repository: ghcr.io/acme/beacon\n  tag: unset\n",
            "chart/templates/deployment.yaml": "image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Values.image.fallback }}\n",
        }

    check(
        tmp_path,
        Repair(Commit(tree("tagg")), Commit(tree("tag")), name=NAME),
        Told("RG404", PATH, ".image.tagg", None),
    )


# A key that only a template reads, and a field of Chart.yaml that was left out, take effect when they are added.
def test_stamps_that_add_what_is_read(tmp_path: Path) -> None:
    release = text("""
        on: {push: {tags: ['v*']}}
        jobs:
          chart:
            runs-on: ubuntu-latest
            steps:
            - run: |
                yq -i '.web.tag = "1.0.0"' chart/values.yaml
                yq -i '.appVersion = "1.0.0"' chart/Chart.yaml
                yq -i '.images[0].newTag = "1.0.0"' chart/settings.yaml
                helm package chart --version 1.0.0
    """)
    tree = {
        PATH: release,
        "chart/Chart.yaml": "apiVersion: v2\nname: beacon\nversion: 0.1.0\n",
        "chart/values.yaml": "web: {}\n",
        "chart/settings.yaml": "images: []\n",
        "chart/templates/deployment.yaml": "image: ghcr.io/acme/beacon:{{ .Values.web.tag }}\n",
    }
    assert "RG404" not in {one.rule for one in reported(tmp_path, (Commit(tree),), name=NAME)}
