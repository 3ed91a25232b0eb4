"""What a chart says of itself twice: the form that installs it, and the charts that lie within it."""

from pathlib import Path

from relgraph.model.example import Commit
from repairs import ERROR, WARNING, Repair, Told, check, reported, text, workflow

VALUES = text("""
    image:
      collector:
        repository: quay.io/acme/collector
        tag: {}
      relay:
        repository: quay.io/acme/relay
        tag: v0.9.1
""")
FORM = text("""
    categories:
    - storage
    questions:
    - variable: image.defaultImage
      default: "true"
      type: boolean
      show_subquestion_if: false
      subquestions:
      - variable: image.collector.repository
        default: quay.io/acme/collector
        type: string
      - variable: image.collector.tag
        default: {}
        description: "Leave blank to have it found out."
        type: string
      - variable: image.relay.tag
        default: v0.9.1
        type: string
""")


# The form that an installer shows was made once, and the values went on.
def test_the_form_of_a_chart_behind_its_values(tmp_path: Path) -> None:
    def tree(values: str, form: str) -> dict[str, str]:
        return {
            "chart/Chart.yaml": "apiVersion: v2\nname: platform\nversion: 1.0.0\n",
            "chart/values.yaml": VALUES.format(values),
            "chart/questions.yml": FORM.format(form),
        }

    check(
        tmp_path,
        Repair(Commit(tree("v3.4.0", "v3.2.1")), Commit(tree("v3.4.0", "v3.4.0"))),
        Told("RG117", "chart/questions.yml", "v3.2.1", "v3.4.0", WARNING),
    )


def parent(panel: str, rules: str) -> str:
    return text(f"""
        apiVersion: v2
        name: reports
        version: 2.16.0
        dependencies:
        - name: panel
          version: "{panel}"
          condition: panel.enabled
        - name: rules
          version: "{rules}"
          repository: file://../rules
    """)


def chart(name: str, version: str) -> str:
    return f"apiVersion: v2\nname: {name}\nversion: {version}\n"


# Both charts went on, and the one that asks for them did not.
def test_charts_in_the_tree_that_are_newer_than_what_is_asked_for(tmp_path: Path) -> None:
    def tree(panel: str, rules: str) -> dict[str, str]:
        return {
            "charts/reports/Chart.yaml": parent(panel, rules),
            "charts/reports/charts/panel/Chart.yaml": chart("panel", "2.8.0"),
            "charts/rules/Chart.yaml": chart("rules", "1.3.2"),
        }

    check(
        tmp_path,
        Repair(Commit(tree("2.7.2", "~1.2.0")), Commit(tree("2.8.0", "~1.3.0"))),
        Told("RG118", "charts/reports/Chart.yaml", "2.7.2", "2.8.0", ERROR),
        Told("RG118", "charts/reports/Chart.yaml", "~1.2.0", None, ERROR),
    )


def test_a_chart_of_that_name_that_is_fetched_from_elsewhere_is_another_one(tmp_path: Path) -> None:
    asked = parent("2.7.2", "1.3.2").replace("  condition:", "  repository: https://charts.acme.example\n  condition:")
    tree = {
        "charts/reports/Chart.yaml": asked,
        "charts/reports/charts/panel/Chart.yaml": chart("panel", "2.8.0"),
        "charts/rules/Chart.yaml": chart("rules", "1.3.2"),
    }
    assert reported(tmp_path, (Commit(tree),)) == []


def test_versions_that_the_release_writes_say_nothing_yet(tmp_path: Path) -> None:
    stamped = workflow(
        "- uses: actions/checkout@v4\n",
        """
            - run: |
                version="${GITHUB_REF_NAME#v}"
                sed -i "s/^version:.*$/version: $version/" charts/rules/Chart.yaml
                helm package charts/reports --version "$version"
        """,
        on="{push: {tags: ['v*']}}",
    )
    tree = {
        ".github/workflows/release.yml": stamped,
        "charts/reports/Chart.yaml": parent("2.8.0", "1.3.2"),
        "charts/reports/charts/panel/Chart.yaml": chart("panel", "2.8.0"),
        "charts/rules/Chart.yaml": chart("rules", "0.0.1"),
    }
    assert [one for one in reported(tmp_path, (Commit(tree),)) if one.rule == "RG118"] == []


# The newest node was added to the list and the oldest ones taken off; the script that chooses kept them.
def test_a_row_of_variables_that_lost_its_oldest(tmp_path: Path) -> None:
    def tree(first: int) -> dict[str, str]:
        choice = "".join(f"1.{number}*) image=$NODE_IMAGE_1{number} ;;\n" for number in range(first, 36))
        return {
            "make/images.sh": "".join(f"NODE_IMAGE_1{number}=acme/node@sha256:{str(number) * 32}\n" for number in (33, 34, 35)),
            "make/cluster.sh": f'#!/usr/bin/env bash\nsource "$(dirname "$0")/images.sh"\ncase $1 in\n{choice}esac\n',
        }

    check(
        tmp_path,
        Repair(Commit(tree(32)), Commit(tree(33))),
        Told("RG413", "make/cluster.sh", "NODE_IMAGE_132", None, WARNING),
    )


# A tutorial runs the project's own image from a registry that does not tell whose it is; the image has the project's name and releases.
def test_an_own_image_in_a_registry_that_tells_no_owner(tmp_path: Path) -> None:
    def tree(guide: str) -> dict[str, str]:
        page = "Run it:\n\n```yaml\n      containers:\n      - name: platform\n        image: registry.cloud.example/team/platform:{}\n```\n"
        return {"docs/one.md": page.format(guide), "docs/two.md": page.format("v0.4.1"), "docs/three.md": page.format("v0.4.2")}

    earlier = tuple(Commit({"n": version}, tags=(version,)) for version in ("v0.4.0", "v0.4.1", "v0.4.2"))
    before = [one for one in reported(tmp_path, (*earlier, Commit(tree("v0.4.2")))) if one.rule == "RG102"]
    assert before == [Told("RG102", "docs/two.md", "v0.4.1", "v0.4.2", ERROR)]


RELEASE_PLEASE = """{"packages": {".": {"release-type": "simple", "extra-files": ["chart/Chart.yaml", "README.md"]}}}"""
README = "```shell\nkubectl apply -f https://github.com/example/platform/releases/download/v{}/install.yaml\n```\n"


def kept(manifest: str, chart: str, readme: str) -> dict[str, str]:
    return {
        "release-please-config.json": RELEASE_PLEASE,
        ".release-please-manifest.json": f'{{\n  ".": "{manifest}"\n}}\n',
        "chart/Chart.yaml": f'apiVersion: v2\nname: platform\nversion: "{chart}" # x-release-please-version\n',
        "README.md": README.format(readme),
    }


FIRST = Commit(kept("0.2.0", "0.2.0", "0.2.0"), tags=("v0.2.0",), date="2024-01-01")


# The tool that writes each release's version wrote it everywhere but into the chart.
def test_a_marked_line_that_the_release_tool_did_not_write(tmp_path: Path) -> None:
    check(
        tmp_path,
        Repair(
            Commit(kept("0.2.1", "0.2.0", "0.2.1"), tags=("v0.2.1",), date="2024-01-02"),
            Commit(kept("0.2.1", "0.2.1", "0.2.1"), date="2024-01-03"),
            earlier=(FIRST,),
        ),
        Told("RG102", "chart/Chart.yaml", "0.2.0", "0.2.1", ERROR),
    )


# What the tool remembers as its last release was set back.
def test_a_record_of_the_last_release_that_is_older_than_the_last_release(tmp_path: Path) -> None:
    check(
        tmp_path,
        Repair(
            Commit(kept("0.1.0", "0.2.0", "0.2.0"), date="2024-01-02"),
            Commit(kept("0.2.0", "0.2.0", "0.2.0"), date="2024-01-03"),
            earlier=(Commit(kept("0.1.0", "0.1.0", "0.1.0"), tags=("v0.1.0",), date="2023-12-01"), FIRST),
        ),
        Told("RG102", ".release-please-manifest.json", "0.1.0", "0.2.0", ERROR),
    )


MANIFEST = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - image: docker.io/acme/proxy:{}\n"


# One example of several was not on the list of what to edit when the proxy went on.
def test_an_example_behind_the_other_examples_and_what_is_built(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        return {
            "Makefile": "PROXY_IMAGE = docker.io/acme/proxy:v1.21.0\n\nrun:\n\tdocker run $(PROXY_IMAGE)\n",
            "examples/daemon/proxy.yaml": MANIFEST.format("v1.21.0"),
            "examples/deployment/proxy.yaml": MANIFEST.format(version),
        }

    check(
        tmp_path,
        Repair(Commit(tree("v1.19.1")), Commit(tree("v1.21.0"))),
        Told("RG101", "examples/deployment/proxy.yaml", "v1.19.1", "v1.21.0", WARNING),
    )


def test_examples_of_what_the_project_does_not_pin_itself_may_differ(tmp_path: Path) -> None:
    tree = {"examples/one/web.yaml": MANIFEST.format("1.19.1"), "examples/two/web.yaml": MANIFEST.format("1.23.0")}
    assert reported(tmp_path, (Commit(tree),)) == []


# What a release installed stays as it was; the page that leads to it as well.
def test_folders_of_releases_and_pages_that_lead_to_one_are_the_past(tmp_path: Path) -> None:
    use = "```yaml\nimage: ghcr.io/example/platform:v{}\n```\n"
    tree = {f"site/v0.{minor}/install.md": use.format(f"0.{minor}.0") for minor in (1, 2, 3)}
    tree["site/upgrade-to-0.2.md"] = use.format("0.2.0")
    tags = tuple(Commit({"n": str(minor)}, tags=(f"v0.{minor}.0",)) for minor in (1, 2, 3, 4))
    assert [one for one in reported(tmp_path, (*tags, Commit(tree))) if one.rule == "RG102"] == []
