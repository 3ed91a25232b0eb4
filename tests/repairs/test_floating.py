"""What is run or deployed from a branch, or pinned to a commit that is not the one on record."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from relgraph.model.finding import Severity
from repairs import NOTE, WARNING, Repair, Told, check, reported, text, workflow

NAME = "acme/orchard"
RAW = "https://raw.githubusercontent.com"
DEMO = {"go.mod": "module github.com/acme/orchard\n", "scripts/try-it.sh": "#!/bin/sh\nkind create cluster\n"}


# A guide told its readers to run a script from the branch, although a release had come out that contains the script.
@pytest.mark.parametrize(("branch", "tag"), [("refs/heads/main", "refs/tags/v0.25.1"), ("main", "v0.25.1")])
def test_a_guide_runs_a_script_from_the_branch(tmp_path: Path, branch: str, tag: str) -> None:
    guide = f"# Start\n\n```shell\nbash <(curl -s {RAW}/acme/orchard/{{}}/scripts/try-it.sh)\n```\n"
    before, after = ({**DEMO, "docs/start.md": guide.format(ref)} for ref in (branch, tag))
    earlier = (Commit({"go.mod": DEMO["go.mod"]}, tags=("v0.25.0",)), Commit(DEMO, tags=("v0.25.1",)))
    check(tmp_path, Repair(Commit(before), Commit(after), earlier, name=NAME), Told("RG301", "docs/start.md", branch, tag, WARNING))


# The repair may name the release through a variable of the documentation.
def test_a_guide_follows_the_documentation_variable(tmp_path: Path) -> None:
    def tree(ref: str) -> dict[str, str]:
        guide = f"```shell\nbash <(curl -s {RAW}/acme/orchard/{ref}/scripts/try-it.sh)\n```\n"
        return {**DEMO, "mkdocs.yml": "site_name: Orchard\nlatest_release: '0.25.1'\n", "docs/start.md": guide}

    check(
        tmp_path,
        Repair(
            Commit(tree("refs/heads/main")),
            Commit(tree("refs/tags/v{{ config.latest_release }}")),
            (Commit(DEMO, tags=("v0.25.1",)),),
            name=NAME,
        ),
        Told("RG301", "docs/start.md", "refs/heads/main", "refs/tags/v0.25.1", WARNING),
    )


# A script put the address of another project's manifest into a variable, far from where it is applied.
def test_a_script_applies_a_manifest_of_a_branch(tmp_path: Path) -> None:
    script = text(f"""
        #!/usr/bin/env bash
        set -o errexit
        GATEWAY_URL="{RAW}/others/gateway/{{}}/deploy/static/kind/deploy.yaml"
        name=orchard

        wait_for() {{{{
            kubectl wait --namespace gateway --for=condition=ready pod --selector=app=controller
        }}}}

        kubectl --context "kind-$name" apply -f "$GATEWAY_URL"
        wait_for
    """)
    before, after = ({"scripts/make-cluster.sh": script.format(ref)} for ref in ("main", "refs/tags/controller-v1.12.0"))
    check(
        tmp_path, Repair(Commit(before), Commit(after), name=NAME), Told("RG301", "scripts/make-cluster.sh", "main", None, WARNING)
    )


# Four pipelines piped an installer of another project into a shell; its next release broke them.
def test_pipelines_run_an_installer_of_a_branch(tmp_path: Path) -> None:
    paths = [f".github/workflows/{name}.yml" for name in ("e2e", "integration", "latest-release", "self-hosted")]
    floating = f"- name: Install\n  run: |\n    export USE_SUDO=false\n    curl -L {RAW}/others/hubctl/main/install.sh | bash\n"
    pinned = f"- name: Install\n  run: |\n    bash <(curl -L {RAW}/others/hubctl/refs/tags/v0.10.1/install.sh) 0.10.1\n"
    before, after = ({path: workflow(step, "- run: make e2e\n", step) for path in paths} for step in (floating, pinned))
    check(
        tmp_path,
        Repair(
            Commit({**before, "Makefile": "e2e:\n\tgo test ./e2e\n"}),
            Commit({**after, "Makefile": "e2e:\n\tgo test ./e2e\n"}),
            name=NAME,
        ),
        *(Told("RG301", path, "main", None, WARNING) for path in paths),
    )


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".gitlab-ci.yml", f"install:\n  script:\n  - curl -L {RAW}/others/hubctl/{{}}/install.sh | bash\n"),
        ("Makefile", f"tools:\n\tcurl -sSfL {RAW}/others/hubctl/{{}}/install.sh | sh -s -- -b bin\n"),
        ("Dockerfile", f"FROM docker.io/library/debian:12.8\nRUN curl -L {RAW}/others/hubctl/{{}}/install.sh | bash\n"),
        ("config/kustomization.yaml", "resources:\n- https://github.com/others/hubctl/config/crd?ref={}\n"),
        ("infra/main.tf", 'module "hub" {{\n  source = "github.com/others/hubctl//infra?ref={}"\n}}\n'),
    ],
)
def test_other_places_that_take_something_of_a_branch(tmp_path: Path, path: str, content: str) -> None:
    before, after = ({path: content.format(ref)} for ref in ("main", "v0.10.1"))
    check(tmp_path, Repair(Commit(before), Commit(after), name=NAME), Told("RG301", path, "main", None, WARNING))


RECORD = text("""
    acme-tools/setup-shears:
      sha: {sha}
      sha-url: https://github.com/acme-tools/setup-shears/commit/{sha}
      tag: {tag}
      tag-url: https://github.com/acme-tools/setup-shears/tree/{tag}
""")
PINNED = "- name: Set up\n  uses: acme-tools/setup-shears@{} \n  env:\n    TOKEN: none\n"


# The repository records which commit each action is pinned to; two workflows pinned another one, by hand.
def test_an_action_pinned_to_another_commit_than_the_record_says(tmp_path: Path) -> None:
    old, other, new = ("1" * 39 + "f", "3" * 39 + "a", "b" * 39 + "9")

    def tree(record: str, tag: str, pinned: str) -> dict[str, str]:
        return {
            ".gha-reversemap.yml": RECORD.format(sha=record, tag=tag),
            ".github/workflows/release.yml": workflow(PINNED.format(pinned)),
            ".github/workflows/e2e.yml": workflow(PINNED.format(pinned)),
        }

    check(
        tmp_path,
        Repair(Commit(tree(old, "v4", other)), Commit(tree(new, "v4.3.0", new)), name=NAME),
        Told("RG111", ".github/workflows/e2e.yml", other, old, WARNING),
        Told("RG111", ".github/workflows/release.yml", other, old, WARNING),
    )


# A kustomization, or a command, that names another project's folder and no revision is built from its default branch.
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("config/kustomization.yaml", "resources:\n- ../base\n- https://github.com/others/hubctl//config/crd{}\n"),
        ("config/kustomization.yaml", "resources:\n- github.com/others/hubctl/config/crd{}\n"),
        ("config/kustomization.yaml", "bases:\n- git@github.com:others/hubctl.git{} # the hub\n"),
        ("scripts/install.sh", '#!/bin/sh\nkubectl apply --server-side -k "github.com/others/hubctl/config/crd{}"\n'),
        ("Makefile", "install:\n\tkustomize build https://github.com/others/hubctl/config/crd{} | kubectl apply -f -\n"),
    ],
)
def test_kustomizations_without_a_revision(tmp_path: Path, path: str, content: str) -> None:
    before, after = ({path: content.format(ref), "base/kustomization.yaml": ""} for ref in ("", "?ref=v0.10.1"))
    check(tmp_path, Repair(Commit(before), Commit(after), name=NAME), Told("RG301", path, "HEAD", None, WARNING))


# Documents of the repository itself are told the release that has the folder.
def test_a_guide_applies_a_kustomization_without_a_revision(tmp_path: Path) -> None:
    command = "```shell\nkubectl apply -k github.com/acme/orchard/config/crd{}\n```\n"
    base = {"go.mod": DEMO["go.mod"], "config/crd/kustomization.yaml": "resources: []\n"}
    before, after = ({**base, "README.md": command.format(ref)} for ref in ("", "?ref=v0.25.1"))
    earlier = (Commit(base, tags=("v0.25.1",)),)
    check(
        tmp_path,
        Repair(Commit(before), Commit(after), earlier, name=NAME),
        Told("RG301", "README.md", "HEAD", "v0.25.1", WARNING),
    )


APPLICATION = text("""
    apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata: {{name: hub}}
    spec:
      source:
        repoURL: https://github.com/{}
        path: config
        targetRevision: {}
""")
FLUX = text("""
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: GitRepository
    metadata: {{name: hub}}
    spec:
      url: https://github.com/{}
      ref:
        {}
""")


# A manifest keeps clusters at whatever another project pushes.
@pytest.mark.parametrize(
    ("manifest", "actual", "floating", "pinned"),
    [
        (APPLICATION, "HEAD", "HEAD", "v0.10.1"),
        (APPLICATION, "main", "main", "v0.10.1"),
        (FLUX, "main", "branch: main", "tag: v0.10.1"),
    ],
)
def test_a_manifest_that_deploys_a_branch(tmp_path: Path, manifest: str, actual: str, floating: str, pinned: str) -> None:
    path = "deploy/hub.yaml"
    before, after = ({path: manifest.format("others/hubctl", ref)} for ref in (floating, pinned))
    check(tmp_path, Repair(Commit(before), Commit(after), name=NAME), Told("RG301", path, actual, None, WARNING))


# Its own branch is what a repository that deploys itself means.
def test_a_manifest_that_deploys_the_branch_of_its_own_repository(tmp_path: Path) -> None:
    tree = {"go.mod": DEMO["go.mod"], "deploy/hub.yaml": APPLICATION.format("acme/orchard", "HEAD")}
    assert reported(tmp_path, (Commit(tree),), name=NAME) == []


# A script installs a chart of somebody's repository in whatever version is the newest there.
@pytest.mark.parametrize(("path", "severity"), [("scripts/install.sh", WARNING), ("docs/start.md", NOTE)])
def test_a_chart_of_a_repository_without_a_version(tmp_path: Path, path: str, severity: Severity) -> None:
    def tree(option: str) -> dict[str, str]:
        script = text(f"""
            helm repo add hub https://others.github.io/charts
            helm upgrade --install hub hub/hub-controller --namespace hub{option}
        """)
        return {path: f"```shell\n{script}```\n" if path.endswith(".md") else f"#!/bin/sh\n{script}"}

    repair = Repair(Commit(tree("")), Commit(tree(" --version 1.2.3")), name=NAME)
    told = Told("RG301", path, "hub/hub-controller", None, severity)
    if severity is NOTE:
        check(tmp_path, repair, notes=[told])
    else:
        check(tmp_path, repair, told)


# A local folder, options from a variable, and a repository's own chart in its documents are left alone.
@pytest.mark.parametrize(
    "files",
    [
        {"scripts/install.sh": "#!/bin/sh\nhelm install web charts/web\n", "charts/web/Chart.yaml": "name: web\n"},
        {
            "scripts/install.sh": "#!/bin/sh\nhelm repo add hub https://others.github.io/charts\nhelm install hub hub/hub $HELM_OPTIONS\n"
        },
    ],
)
def test_charts_that_have_a_version_elsewhere(tmp_path: Path, files: dict[str, str]) -> None:
    assert reported(tmp_path, (Commit(files),), name=NAME) == []
