import pytest

from pipelines import chart, plan_of, steps, tagged
from relgraph.pipeline.artifacts import ArtifactKind, ChartImage

CHART = 'apiVersion: v2\nname: web\nversion: 0.1.0 # set at release\nappVersion: "0.1.0"\n'
TEMPLATE = "kind: Pod\nspec:\n  containers:\n  - name: web\n    image: {}\n"
PACKAGE = "helm package chart --version ${GITHUB_REF_NAME#v} --app-version ${GITHUB_REF_NAME}\nhelm push web-*.tgz oci://ghcr.io/example/charts"


def files(image: str = "ghcr.io/example/web:1", values: str = "", script: str = PACKAGE, **more: str) -> dict[str, str]:
    return {
        "chart/Chart.yaml": CHART,
        "chart/values.yaml": values,
        "chart/templates/web.yaml": TEMPLATE.format(image),
        ".github/workflows/release.yml": steps(script),
        **more,
    }


def image(*args: str, **kwargs: str) -> ChartImage:
    (only,) = chart(plan_of(files(*args, **kwargs))).images
    return only


def test_a_chart_and_its_versions() -> None:
    made = chart(plan_of(files()))
    assert str(made.name) == "oci://ghcr.io/example/charts/web"
    assert [str(tag) for tag in made.tags] == ["1.4.0"]
    assert (str(made.version), str(made.app_version), made.source) == ("1.4.0", "v1.4.0", "chart")


def test_what_is_not_given_is_what_the_file_says() -> None:
    made = chart(plan_of(files(script="helm package chart\nhelm push web-0.1.0.tgz oci://ghcr.io/example")))
    assert (str(made.version), str(made.app_version)) == ("0.1.0", "0.1.0")


@pytest.mark.parametrize(
    "script",
    [
        "sed -i 's/^version:.*/version: 2.0.0/' chart/Chart.yaml\nhelm package chart\nhelm push *.tgz oci://ghcr.io/example",
        "yq -i '.version = \"2.0.0\"' chart/Chart.yaml\nhelm package chart -d dist\nhelm push dist/web-2.0.0.tgz oci://ghcr.io/example",
        "cp -r chart /tmp/c; cd chart && helm package . --version 2.0.0 && helm push web-2.0.0.tgz oci://ghcr.io/example",
        "V=2.0.0\nhelm package chart --version $V\nmv web-$V.tgz out.tgz\nhelm push out.tgz oci://ghcr.io/example",
        "helm package chart --version=2.0.0 -u; for f in *.tgz; do helm push $f oci://ghcr.io/example; done",
        "helm package chart --version 2.0.0\nhelm push $(ls *.tgz) oci://ghcr.io/example",
        "helm package chart --version=2.0.0 -u\nhelm push ./web*.tgz oci://ghcr.io/example",
        "P=$(helm package chart --version 2.0.0 | awk '{print $NF}')\nhelm push $P oci://ghcr.io/example",
    ],
)
def test_ways_to_set_a_version(script: str) -> None:
    made = chart(plan_of(files(script=script)))
    assert (str(made.name), str(made.version)) == ("oci://ghcr.io/example/web", "2.0.0")


def test_a_push_of_something_unknown_says_so() -> None:
    made = chart(plan_of(files(script="helm pull other\nhelm push other.tgz oci://ghcr.io/example")))
    assert str(made.name) == "oci://ghcr.io/example/<name of the chart>"


@pytest.mark.parametrize(
    ("template", "values", "tag"),
    [
        ("ghcr.io/example/web:1.2.3", "", "1.2.3"),
        ("'ghcr.io/example/web:{{ .Values.tag }}'", "tag: 2.0.0\n", "2.0.0"),
        (
            '"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
            "image:\n  repository: ghcr.io/example/web\n",
            "v1.4.0",
        ),
        ("ghcr.io/example/web:v{{ .Chart.Version }}", "", "v1.4.0"),
        ("ghcr.io/example/web:{{ .Values.a.b | default .Values.c }}", "c: x\n", "x"),
        ('{{ include "web.image" . }}', "tag: 3\n", "3"),
        ("ghcr.io/example/web:{{ .Release.Name }}", "", "<.Release.Name>"),
        ("ghcr.io/example/web", "", ""),
    ],
)
def test_images_in_templates(template: str, values: str, tag: str) -> None:
    helper = {"chart/templates/_helpers.tpl": '{{- define "web.image" -}}\nghcr.io/example/web:{{ .Values.tag }}\n{{- end -}}\n'}
    found = image(template, values, **helper)
    assert (str(found.repository), str(found.tag)) == ("ghcr.io/example/web", tag)
    assert found.written is not None
    assert (found.written.path, found.written.span.line) == ("chart/templates/web.yaml", 5)


def test_images_in_values_whose_templates_are_not_understood() -> None:
    made = chart(plan_of(files("{{ mystery }}", "image: {registry: quay.io, repository: example/web, tag: 1.0.0}\n")))
    assert ("quay.io/example/web", "1.0.0") in {(str(one.repository), str(one.tag)) for one in made.images}


def test_a_stamped_image_tells_who_wrote_it() -> None:
    script = f"sed -i 's@IMAGE@ghcr.io/example/web:${{{{ github.ref_name }}}}@' chart/templates/web.yaml\n{PACKAGE}"
    found = image("IMAGE", script=script)
    assert (str(found.repository), str(found.tag), found.written) == ("ghcr.io/example/web", "v1.4.0", None)
    assert [(spot.path, spot.span.line) for spot in found.stamps] == [(".github/workflows/release.yml", 7)]


KUSTOMIZE = {
    "config/manager/kustomization.yaml": "resources: [manager.yaml]\nimages:\n- name: controller\n  newName: example/old\n  newTag: marker\n",
    "config/manager/manager.yaml": TEMPLATE.format("controller:latest"),
    "config/default/kustomization.yaml": "resources:\n- ../manager\npatches:\n- path: patch.yaml\n",
    "config/default/patch.yaml": TEMPLATE.format("quay.io/example/proxy:v1.0.0"),
    "Makefile": "chart:\n\tcd config/manager && kustomize edit set image controller=$(IMG)\n\tkustomize build config/default > chart/templates/web.yaml\n",
}


def test_kustomize_fills_a_template() -> None:
    plan = plan_of(files(script=f"make chart IMG=ghcr.io/example/web:${{{{ github.ref_name }}}}\n{PACKAGE}", **KUSTOMIZE))
    assert {(str(one.repository), str(one.tag)) for one in chart(plan).images} == {
        ("ghcr.io/example/web", "v1.4.0"),
        ("quay.io/example/proxy", "v1.0.0"),
    }
    web = next(one for one in chart(plan).images if str(one.repository) == "ghcr.io/example/web")
    assert [(spot.path, spot.span.line) for spot in web.stamps] == [(".github/workflows/release.yml", 7), ("Makefile", 2)]
    (derived,) = plan.derived
    assert derived.path == "chart/templates/web.yaml"
    assert [(name, tag, spot.path) for name, tag, spot in derived.images] == [
        ("ghcr.io/example/web", "v1.4.0", "config/manager/manager.yaml"),
        ("quay.io/example/proxy", "v1.0.0", "config/default/patch.yaml"),
    ]
    assert {"chart/templates/web.yaml", "config/manager/kustomization.yaml"} <= plan.rewritten
    assert plan.may_rewrite("chart/templates/web.yaml")
    assert not plan.may_rewrite("chart/values.yaml")


@pytest.mark.parametrize(
    ("argument", "reference"),
    [
        ("controller=ghcr.io/example/web:2", "ghcr.io/example/web:2"),
        ("controller=ghcr.io/example/web", "ghcr.io/example/web:latest"),
        ("controller=*:3", "docker.io/example/old:3"),
        ("controller:4", "docker.io/library/controller:4"),
        ("controller=ghcr.io/example/web@sha256:aa", "ghcr.io/example/web:"),
    ],
)
def test_edits_of_a_kustomization(argument: str, reference: str) -> None:
    script = f"(cd config/manager; kustomize edit set image {argument})\nkubectl kustomize config/manager > chart/templates/web.yaml\n{PACKAGE}"
    (found,) = chart(plan_of(files(script=script, **KUSTOMIZE))).images
    assert f"{found.repository}:{found.tag}" == reference


def test_a_remote_base_is_not_known() -> None:
    more = {**KUSTOMIZE, "config/default/kustomization.yaml": "resources: ['https://example.com/base', ../manager]\n"}
    script = f"kustomize build config/default > chart/templates/web.yaml\n{PACKAGE}"
    assert len(chart(plan_of(files(script=script, **more))).images) == 1


def test_a_kustomization_that_includes_itself_ends() -> None:
    more = {"config/kustomization.yaml": "resources: [../config, a]\n", "config/a/kustomization.yaml": "resources: [..]\n"}
    plan_of(files(script=f"kustomize build config > chart/templates/web.yaml\n{PACKAGE}", **more))


def test_charts_of_actions() -> None:
    releaser = steps("uses: helm/chart-releaser-action@v1\nwith: {charts_dir: charts}")
    more = {"charts/web/Chart.yaml": CHART, "charts/web/charts/sub/Chart.yaml": CHART.replace("web", "sub")}
    plan = plan_of({".github/workflows/release.yml": releaser, **more})
    assert tagged(plan, ArtifactKind.CHART) == {"https://example.github.io/platform#web": ["0.1.0"]}
    pushing = steps(
        "uses: appany/helm-oci-chart-releaser@v0.4.2\nwith:\n  name: web\n  repository: example/charts\n  registry: ghcr.io\n  tag: ${{ github.ref_name }}\n  path: charts/web"
    )
    plan = plan_of({".github/workflows/release.yml": pushing + "    - run: docker push x\n", **more})
    assert tagged(plan, ArtifactKind.CHART) == {"oci://ghcr.io/example/charts/web": ["v1.4.0"]}
