"""Recorded mistakes of release pipelines, retold: reported before the repair, gone after it."""

import pytest

from relgraph.git.memory import MemoryRepository, encoded
from relgraph.judging import judge
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject, World
from relgraph.reading import read_subject
from relgraph.rules import (
    argument_kind,
    build_arg,
    dangling_id,
    leaked_build,
    make_override,
    published_mismatch,
    pushed_elsewhere,
    stamp_incomplete,
    stamp_miss,
    unreplaced_placeholder,
    unused_pipeline_variable,
    version_not_semver,
)
from relgraph.rules.rule import Commit, Example, Rule

RULES = (
    dangling_id.RULE,
    make_override.RULE,
    build_arg.RULE,
    stamp_miss.RULE,
    published_mismatch.RULE,
    stamp_incomplete.RULE,
    version_not_semver.RULE,
    pushed_elsewhere.RULE,
    argument_kind.RULE,
    leaked_build.RULE,
    unreplaced_placeholder.RULE,
    unused_pipeline_variable.RULE,
)
RELEASE = ".github/workflows/release.yml"


def found(rule: Rule, *commits: Commit, **siblings: tuple[Commit, ...]) -> list[Finding]:
    repository = MemoryRepository(commits)
    tree = repository.tree("HEAD")
    assert tree is not None
    lenders = []
    for name, history in siblings.items():
        sibling = MemoryRepository(history, name=name)
        shown = sibling.tree("HEAD")
        assert shown is not None
        lenders.append(Subject(sibling, shown))
    return list(judge(World((read_subject(repository, tree),), tuple(lenders)), (rule,)))


def one(rule: Rule, *commits: Commit) -> Finding:
    findings = found(rule, *commits)
    assert len(findings) == 1, [finding.message for finding in findings]
    return findings[0]


def run(example: Example, rule: Rule) -> list[Finding]:
    return found(rule, *example.commits, **example.siblings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_findings_stand_in_the_tree_and_are_whole(rule: Rule) -> None:
    for example in rule.failing:
        files = example.commits[-1].files
        for finding in run(example, rule):
            assert (finding.rule, finding.name) == (rule.code, rule.name)
            assert finding.fingerprint
            assert finding.why
            for place in (finding.place, *finding.related):
                data = encoded(files[place.path])
                assert 0 <= place.span.start <= place.span.end <= len(data)
            if finding.fix is not None:
                data = encoded(files[finding.place.path])
                assert data[finding.place.span.start : finding.place.span.end].decode() == finding.fix.replace


def workflow(script: str, env: str = "", on: str = "push: {tags: ['v*']}") -> str:
    body = "\n".join(f"        {line}" for line in script.strip().split("\n"))
    header = f"env: {{{env}}}\n" if env else ""
    return f"on: {{{on}}}\n{header}jobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/checkout@v4\n    - run: |\n{body}\n"


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.1.0\nappVersion: 0.1.0\n",
    "chart/values.yaml": "port: 80\n",
}
PUBLISH = "helm package chart --version ${{ github.ref_name }} --app-version ${{ github.ref_name }}\nhelm push ./*.tgz oci://ghcr.io/example"
KO = "builds:\n- id: web\n  main: ./cmd/web\nkos:\n- repository: ghcr.io/example/web\n  build: web\n  bare: true\n  tags: ['{{.Version}}', latest]\n"
GORELEASER = "goreleaser release --clean\n"
KUSTOMIZE = {
    "config/manager/kustomization.yaml": "resources: [manager.yaml]\nimages:\n- name: controller\n  newName: ghcr.io/example/web\n  newTag: placeholder\n",
    "config/manager/manager.yaml": "kind: Deployment\nspec:\n  containers:\n  - name: web\n    image: controller:latest\n",
}


def test_a_chart_asks_for_the_image_with_a_v_that_is_pushed_without() -> None:
    def tree(image: str) -> Commit:
        makefile = f"chart:\n\tcd config/manager && kustomize edit set image controller={image}\n\tkustomize build config/manager > chart/templates/web.yaml\n"
        script = f"{GORELEASER}make chart IMG=ghcr.io/example/web:${{{{ github.ref_name }}}}\n{PUBLISH}"
        return Commit({**CHART, **KUSTOMIZE, ".goreleaser.yaml": KO, "Makefile": makefile, RELEASE: workflow(script)}, ("v0.9.2",))

    finding = one(published_mismatch.RULE, tree("$(IMG)"))
    assert (finding.place.path, finding.place.span.line) == ("Makefile", 2)
    assert (finding.expected, finding.actual) == ("0.9.2", "v0.9.2")
    assert {place.path for place in finding.related} == {RELEASE, ".goreleaser.yaml"}
    assert found(published_mismatch.RULE, tree("$(shell echo $(IMG) | sed 's/\\(:.*\\)v/\\1/')")) == []


def test_a_greedy_expression_takes_a_letter_of_the_version() -> None:
    makefile = (
        "chart:\n\tcd config/manager && kustomize edit set image controller=$(shell echo $(IMG) | sed 's/\\(:.*\\)v/\\1/')\n"
        "\tkustomize build config/manager > chart/templates/web.yaml\n"
    )
    script = f"{GORELEASER}make chart IMG=ghcr.io/example/web:${{{{ github.ref_name }}}}\n{PUBLISH}"
    files = {**CHART, **KUSTOMIZE, ".goreleaser.yaml": KO, "Makefile": makefile, RELEASE: workflow(script)}
    finding = one(published_mismatch.RULE, Commit(files, ("v1.0.0-dev.1",)))
    assert (finding.expected, finding.actual) == ("1.0.0-dev.1", "v1.0.0-de.1")


PLACEHOLDER = {
    **CHART,
    "chart/templates/web.yaml": "kind: Pod\nspec:\n  containers:\n  - name: web\n    image: WEB_PLACEHOLDER\n",
    ".goreleaser.yaml": KO,
}


def stamped(image: str) -> Commit:
    script = (
        f"{GORELEASER}version=$(echo ${{{{ github.ref_name }}}} | cut -c 2-)\nsed -i {image} chart/templates/web.yaml\n{PUBLISH}"
    )
    return Commit({**PLACEHOLDER, RELEASE: workflow(script, "REGISTRY: ghcr.io")}, ("v0.1.1",))


def test_two_broken_stamps_after_each_other() -> None:
    with_v = "'s@WEB_PLACEHOLDER@${{ env.REGISTRY }}/example/web:${{ github.ref_name }}@g'"
    literal = "'s@WEB_PLACEHOLDER@${{ env.REGISTRY }}/example/web:${version}@g'"
    right = "'s@WEB_PLACEHOLDER@${{ env.REGISTRY }}/example/web:'\"${version}\"'@g'"
    finding = one(published_mismatch.RULE, stamped(with_v))
    assert (finding.place.path, finding.expected, finding.actual) == (RELEASE, "0.1.1", "v0.1.1")
    finding = one(stamp_miss.RULE, stamped(literal))
    assert (finding.place.path, finding.actual) == (RELEASE, "${version}")
    assert one(published_mismatch.RULE, stamped(literal)).actual == "${version}"
    assert found(published_mismatch.RULE, stamped(right)) == found(stamp_miss.RULE, stamped(right)) == []


def test_a_hook_asks_for_a_chart_version_in_the_wrong_spelling() -> None:
    hook = 'spec:\n  args:\n  - upgrade\n  - oci://ghcr.io/example/web-chart\n  - --version\n  - "{}"\n'
    script = (
        "v=${GITHUB_REF_NAME#v}\nhelm package chart --version $v --app-version $v\nhelm push web-chart-*.tgz oci://ghcr.io/example"
    )
    files = {**CHART, RELEASE: workflow(script)}
    first = Commit({**files, "config/hooks/web.yaml": hook.format("v0.20.0-rc1")}, ("v0.20.0-rc1",))
    finding = one(published_mismatch.RULE, first)
    assert (finding.place.path, finding.expected, finding.actual) == ("config/hooks/web.yaml", "0.20.0-rc1", "v0.20.0-rc1")
    assert finding.fix is not None
    assert (
        found(published_mismatch.RULE, Commit({**files, "config/hooks/web.yaml": hook.format("0.20.0-rc1")}, ("v0.20.0-rc1",)))
        == []
    )


def test_a_reference_is_judged_by_the_release_that_it_names() -> None:
    # The spelling changed with v2: what asks for v1.0.0 is right with a v, and what asks for 2.0.0 without one.
    old = Commit({**CHART, RELEASE: workflow(PUBLISH)}, ("v1.0.0",))
    script = PUBLISH.replace("${{ github.ref_name }}", "${GITHUB_REF_NAME#v}")
    new = {**CHART, RELEASE: workflow(script)}
    guide = "```shell\nhelm install web oci://ghcr.io/example/web-chart --version {}\n```\n"
    for asked, wrong in (("v1.0.0", False), ("1.0.0", False), ("2.0.0", False), ("v2.0.0", True)):
        findings = found(published_mismatch.RULE, old, Commit({**new, "docs/install.md": guide.format(asked)}, ("v2.0.0",)))
        assert bool(findings) is wrong, asked


def test_a_sibling_publishes_what_is_referred_to() -> None:
    addon = (Commit({**CHART, RELEASE: workflow(PUBLISH)}, ("v0.2.0",)),)
    guide = "```shell\nhelm install addon oci://ghcr.io/example/web-chart --version {}\n```\n"
    assert [
        finding.expected
        for finding in found(published_mismatch.RULE, Commit({"docs/install.md": guide.format("0.2.0")}), addon=addon)
    ] == ["v0.2.0"]
    assert found(published_mismatch.RULE, Commit({"docs/install.md": guide.format("v0.2.0")}), addon=addon) == []


def test_the_variable_that_make_is_given_was_renamed() -> None:
    makefile = "WEB_IMAGE ?= ghcr.io/example/web:$(shell git rev-parse --short HEAD)\nchart:\n\techo $(WEB_IMAGE) > chart/image\n"
    env = "REGISTRY: ghcr.io, WEB_IMAGE: example/web"

    def tree(name: str) -> Commit:
        return Commit({**CHART, "Makefile": makefile, RELEASE: workflow(f"make chart {name}=ghcr.io/x/web:1\n{PUBLISH}", env)})

    override, leak = found(make_override.RULE, tree("IMG"))
    assert (leak.actual, override.actual, override.expected) == ("IMG", "example/web", None) or (
        override.actual,
        override.expected,
    ) == ("IMG", "WEB_IMAGE")
    assert found(make_override.RULE, tree("WEB_IMAGE")) == []


@pytest.mark.parametrize(
    ("makefile", "command"),
    [
        ("chart:\n\t./hack/chart.sh\n", "make chart OUT=x"),
        ("include other.mk\nchart:\n\techo\n", "make chart OTHER=x"),
        ("chart:\n\tgo build\n", "make chart GOOS=linux CGO_ENABLED=0 V=1"),
        ("chart:\n\techo\n", "cd sub && make chart X=1"),
        ("chart:\n\techo\n", "make -C sub chart X=1"),
        ("chart:\n\techo\n", "make other X=1"),
        ("chart:\n\techo\n", "# make chart X=1"),
        ("chart:\n\techo $${Y}\n", "make chart Y=1"),
    ],
)
def test_variables_that_something_may_read(makefile: str, command: str) -> None:
    files = {"Makefile": makefile, "other.mk": "x = $(OTHER)\n", "hack/chart.sh": "echo $OUT\n", RELEASE: workflow(command)}
    assert found(make_override.RULE, Commit(files)) == []


def test_ids_of_goreleaser() -> None:
    files = {"go.mod": "module github.com/example/platform\n", "cmd/web/main.go": "package main\n"}
    wrong = one(dangling_id.RULE, Commit({**files, ".goreleaser.yaml": KO.replace("build: web", "build: manager")}))
    assert (wrong.place.span.line, wrong.actual, wrong.expected) == (6, "manager", "web")
    assert found(dangling_id.RULE, Commit({**files, ".goreleaser.yaml": KO})) == []
    bare = "kos:\n- repository: ghcr.io/example/web\n  main: ./cmd/web\n  tags: [a]\n"
    missing = one(dangling_id.RULE, Commit({**files, ".goreleaser.yaml": bare}))
    assert (missing.expected, missing.actual) == ("web", None)
    # The program in the root folder is what GoReleaser builds without being told.
    assert found(dangling_id.RULE, Commit({**files, "main.go": "package main\n", ".goreleaser.yaml": bare})) == []
    archive = "builds:\n- id: web\narchives:\n- id: all\n  ids: [web, other]\nbrews:\n- ids: [all]\n"
    assert [finding.actual for finding in found(dangling_id.RULE, Commit({**files, ".goreleaser.yaml": archive}))] == ["other"]


def test_ids_of_workflows() -> None:
    jobs = """\
on: push
jobs:
  one:
    runs-on: x
    steps:
    - id: read
      run: echo a=b >> $GITHUB_OUTPUT
    - run: echo ${{{{ steps.{} .outputs.a }}}}
  two:
    needs: [{}]
    runs-on: x
    steps:
    - run: echo ${{{{ needs.one.result }}}}
""".replace("} .outputs", "}.outputs")
    assert found(dangling_id.RULE, Commit({RELEASE: jobs.format("read", "one")})) == []
    assert one(dangling_id.RULE, Commit({RELEASE: jobs.format("write", "one")})).actual == "write"
    assert [finding.actual for finding in found(dangling_id.RULE, Commit({RELEASE: jobs.format("read", "three")}))] == [
        "three",
        "one",
    ]


def test_a_chart_whose_app_version_nobody_stamps() -> None:
    script = PUBLISH.replace(" --app-version ${{ github.ref_name }}", "")
    files = {**CHART, ".goreleaser.yaml": KO}
    finding = one(stamp_incomplete.RULE, Commit({**files, RELEASE: workflow(GORELEASER + script)}, ("v0.4.1",)))
    assert (finding.place.path, finding.expected, finding.actual) == (RELEASE, "v0.4.1", "0.1.0")
    assert "chart/Chart.yaml" in {place.path for place in finding.related}
    assert found(stamp_incomplete.RULE, Commit({**files, RELEASE: workflow(GORELEASER + PUBLISH)}, ("v0.4.1",))) == []
    # A chart of somebody else's program has an appVersion of its own.
    other = {"chart/Chart.yaml": "name: proxy\nversion: 0.1.0\nappVersion: 3.7.1\n"}
    assert found(stamp_incomplete.RULE, Commit({**other, RELEASE: workflow(script)}, ("v0.4.1",))) == []


def test_a_chart_that_is_published_under_one_version_again_and_again() -> None:
    script = "helm package chart --app-version ${GITHUB_REF_NAME#v}\nhelm push *.tgz oci://ghcr.io/example"
    files = {**CHART, RELEASE: workflow(script)}
    finding = one(stamp_incomplete.RULE, Commit(files, ("v1.0.0",)), Commit({**files, "a": "b"}, ("v1.1.0",)))
    assert (finding.actual, finding.expected) == ("0.1.0", "1.1.0")
    raised = {**files, "chart/Chart.yaml": CHART["chart/Chart.yaml"].replace("version: 0.1.0\n", "version: 0.2.0\n", 1)}
    assert found(stamp_incomplete.RULE, Commit(files, ("v1.0.0",)), Commit(raised, ("v1.1.0",))) == []


def test_versions_that_are_none() -> None:
    def tree(version: str) -> Commit:
        script = f"helm package ${{{{ env.CHART }}}} --destination . --version {version}\nhelm push ./*.tgz oci://ghcr.io/example"
        return Commit({**CHART, RELEASE: workflow(script, "CHART: ./chart", on="pull_request: {types: [closed]}")})

    finding = one(version_not_semver.RULE, tree("${{ github.sha }}"))
    assert (finding.place.path, finding.actual) == (RELEASE, "${{ github.sha }}")
    assert one(version_not_semver.RULE, tree("'${version}'")).actual == "'${version}'"
    assert "not set" in str(one(version_not_semver.RULE, tree('"$version"')).why)
    assert one(version_not_semver.RULE, tree("main")).actual == "main"
    for right in ("v0.1.0", "0.1.0-$(git rev-parse --short HEAD)", "${{ inputs.version }}", "1.2"):
        assert found(version_not_semver.RULE, tree(right)) == [], right


def test_a_chart_that_is_pushed_to_the_root_of_the_registry() -> None:
    env = "REGISTRY: ghcr.io, CHART_IMAGE: example/web-chart"

    def tree(remote: str) -> Commit:
        return Commit({**CHART, RELEASE: workflow(PUBLISH.replace("oci://ghcr.io/example", remote), env)})

    finding = one(pushed_elsewhere.RULE, tree("oci://${{ env.REGISTRY }}"))
    assert (finding.expected, finding.actual) == ("oci://ghcr.io/example", "oci://ghcr.io")
    doubled = one(pushed_elsewhere.RULE, tree("oci://${{ env.REGISTRY }}/${{ env.CHART_IMAGE }}"))
    assert doubled.actual == "oci://ghcr.io/example/web-chart"
    assert found(pushed_elsewhere.RULE, tree("oci://${{ env.REGISTRY }}/example")) == []
    unused = one(unused_pipeline_variable.RULE, tree("oci://${{ env.REGISTRY }}/example"))
    assert (unused.actual, unused.severity) == ("CHART_IMAGE", Severity.NOTE)


def test_variables_that_are_used_somewhere() -> None:
    env = "WEB_VERSION: 1.0.0"
    for script, files in (
        ("echo $WEB_VERSION", {}),
        ("make all", {"Makefile": "all:\n\techo $(WEB_VERSION)\n"}),
        ("./hack/test.sh", {"hack/test.sh": "echo $WEB_VERSION\n"}),
    ):
        assert found(unused_pipeline_variable.RULE, Commit({RELEASE: workflow(script, env), **files})) == []
    assert len(found(unused_pipeline_variable.RULE, Commit({RELEASE: workflow("echo", env)}))) == 1
    makefile = "TOOL_VERSION = v1\nUSED_VERSION = v2\nall:\n\techo $(USED_VERSION)\n"
    assert [finding.actual for finding in found(unused_pipeline_variable.RULE, Commit({"Makefile": makefile}))] == ["TOOL_VERSION"]


def test_words_of_the_wrong_kind() -> None:
    scripts = {
        "Makefile": "A ?= ghcr.io/example/a:$(shell git rev-parse --short HEAD)\nC ?= dev\nload:\n\tkind load docker-image $(A) --name $(A)\n\tkind load docker-image $(A) --name $(C)\n",
        "hack/up.sh": "WEB=ghcr.io/example/web:1\nhelm upgrade web ./chart --version ${WEB}\nhelm upgrade web ./chart --version 1.0.0 -n web\n",
    }
    findings = found(argument_kind.RULE, Commit(scripts))
    assert [(finding.place.path, finding.place.span.line, finding.actual) for finding in findings] == [
        ("Makefile", 4, "$(A)"),
        ("hack/up.sh", 2, "${WEB}"),
    ]


def test_builds_of_developers() -> None:
    kustomization = "config/manager/kustomization.yaml"

    def tree(name: str, tag: str, **files: str) -> Commit:
        text = f"resources: [manager.yaml]\nimages:\n- name: controller\n  newName: {name}\n  newTag: {tag}\n"
        return Commit({**files, kustomization: text})

    assert one(leaked_build.RULE, tree("ko.local/web", "aae92b0")).severity is Severity.ERROR
    for name, tag in (
        ("ko.local/web", "<placeholder>"),
        ("ko.local/web", "to_be_replaced"),
        ("quay.io/other/tool", "aae92b0"),
        ("ghcr.io/example/platform/web", "1.4.0"),
    ):
        assert found(leaked_build.RULE, tree(name, tag)) == [], (name, tag)
    assert one(leaked_build.RULE, tree("ghcr.io/example/platform/web", "v1.4.0-3-gaae92b0")).actual == "v1.4.0-3-gaae92b0"
    # The release writes the file anew: wrong, but not for who installs the release.
    script = f"(cd config/manager && kustomize edit set image controller=ghcr.io/example/web:1)\n{PUBLISH}"
    assert (
        one(leaked_build.RULE, tree("ko.local/web", "aae92b0", **CHART, **{RELEASE: workflow(script)})).severity is Severity.WARNING
    )


def test_a_chart_that_depends_on_a_developers_build() -> None:
    chart = "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- name: engine\n  version: {}\n  repository: https://charts.example.org/\n"
    finding = one(leaked_build.RULE, Commit({"chart/Chart.yaml": chart.format("0.1.1-1.g8cde76d")}))
    assert (finding.actual, finding.severity) == ("0.1.1-1.g8cde76d", Severity.WARNING)
    assert found(leaked_build.RULE, Commit({"chart/Chart.yaml": chart.format("0.1.1-rc.1")})) == []


def test_edits_in_a_loop_need_not_match_everywhere() -> None:
    script = "for c in a b; do\n  sed -i 's/^tag:.*/tag: 1/' $c/values.yaml\ndone\ndocker push x/y:1"
    assert found(stamp_miss.RULE, Commit({"a/values.yaml": "tag: 0\n", "b/values.yaml": "x: 1\n", RELEASE: workflow(script)})) == []
    assert (
        len(found(stamp_miss.RULE, Commit({"a/values.yaml": "y: 0\n", "b/values.yaml": "x: 1\n", RELEASE: workflow(script)}))) == 2
    )


def test_release_scripts_that_no_pipeline_calls() -> None:
    script = 'sed -i "s/^version: [0-9]*\\.[0-9]*$/version: $1/" VERSION.yaml\nsed -i "s/a/b/" gone.yaml\n'
    finding = one(stamp_miss.RULE, Commit({"scripts/update-release.sh": script, "VERSION.yaml": "version: 1.2.3\n"}))
    assert (finding.severity, finding.place.span.line) == (Severity.WARNING, 1)
    assert found(stamp_miss.RULE, Commit({"scripts/update-release.sh": script, "VERSION.yaml": "version: 1.2\n"})) == []


def test_a_placeholder_that_the_release_forgets() -> None:
    files = {**PLACEHOLDER, RELEASE: workflow(PUBLISH)}
    finding = one(unreplaced_placeholder.RULE, Commit(files))
    assert (finding.place.path, finding.actual) == ("chart/templates/web.yaml", "WEB_PLACEHOLDER")
    assert found(unreplaced_placeholder.RULE, stamped("'s@WEB_PLACEHOLDER@ghcr.io/example/web:1@'")) == []
    # Without a pipeline nobody knows what else replaces it.
    assert found(unreplaced_placeholder.RULE, Commit(PLACEHOLDER)) == []


def test_build_arguments() -> None:
    dockerfile = "ARG BASE\nFROM $BASE\nARG VERSION\nARG TARGETARCH\nRUN echo $VERSION\n"

    def tree(command: str, **files: str) -> Commit:
        return Commit({"Dockerfile": dockerfile, "Makefile": f"image:\n\t{command}\n", **files})

    right = "docker build --build-arg BASE=x --build-arg VERSION=1 --build-arg HTTP_PROXY=y ."
    assert found(build_arg.RULE, tree(right)) == []
    unknown = one(build_arg.RULE, tree(f"{right[:-1]}--build-arg version=2 ."))
    assert (unknown.actual, unknown.expected, unknown.severity) == ("version", "VERSION", Severity.WARNING)
    unfed = found(build_arg.RULE, tree("docker build --build-arg TARGETARCH=x ."))
    assert [(finding.actual, finding.severity) for finding in unfed] == [("BASE", Severity.WARNING), ("VERSION", Severity.NOTE)]
    # A build that cannot be read may pass it.
    assert (
        found(build_arg.RULE, tree("docker build --build-arg TARGETARCH=x .\n\tdocker build $(shell args) -f $(shell file) ."))
        == []
    )
