"""Charts, packaged without helm."""

import io
import json
import tarfile
from pathlib import Path

import pytest
import yaml

from buildworld import Built, node_of, part, run_builder, target_of
from relgraph.build.builder import Part, Target
from relgraph.build.helm import BUILDER
from relgraph.errors import DeclarationError
from relgraph.oci.codecs.helm import CONTENT
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import read_blob

CHART = 'apiVersion: v2\nname: web-chart\n# by hand\nversion: 0.1.0  # set at release\nappVersion: "0.1.0"\n'
FILES = {
    "deploy/web-chart/Chart.yaml": CHART,
    "deploy/web-chart/values.yaml": "image:\n  repository: registry.example/acme/web\n  tag: latest # the image\nreplicas: 1\n",
    "deploy/web-chart/templates/web.yaml": "kind: Pod\nspec: {image: '{{ .Values.image.tag }}', note: WEB_VERSION}\n",
    "other/x": "x",
}
OWN = Part("charts.web-chart", "1.2.0", "v1.2.0", "registry.example/acme/web-chart")
IMAGE = part("images.web", "1.2.0")


def chart(
    files: dict[str, str | bytes] | None = None, own: Part = OWN, *uses: Part, source: str = "deploy/web-chart", **more: object
) -> Target:
    return target_of(node_of(own.node, source=source), {**FILES, **(files or {})}, own, *(uses or (IMAGE,)), **more)  # type: ignore[arg-type]


def members(built: Built) -> dict[str, bytes]:
    document = built.artifact.root
    assert isinstance(document, Manifest)
    (layer,) = [layer for layer in document.layers if layer.media_type == CONTENT]
    with tarfile.open(fileobj=io.BytesIO(read_blob(built.repository, layer, limit=1 << 24))) as archive:
        return {member.name: (archive.extractfile(member) or io.BytesIO()).read() for member in archive}


def test_the_version_of_the_chart_is_its_tag_and_every_other_byte_stays(tmp_path: Path) -> None:
    built = run_builder(BUILDER, chart(), tmp_path)
    found = members(built)
    assert found["web-chart/Chart.yaml"].decode() == CHART.replace("version: 0.1.0  #", "version: v1.2.0  #").replace(
        '"0.1.0"', '"1.2.0"'
    )
    assert found["web-chart/values.yaml"].decode() == FILES["deploy/web-chart/values.yaml"]
    assert sorted(found) == ["web-chart/Chart.yaml", "web-chart/templates/web.yaml", "web-chart/values.yaml"]
    assert built.artifact.tag == "v1.2.0"


def test_an_app_version_with_a_v_keeps_it(tmp_path: Path) -> None:
    found = members(run_builder(BUILDER, chart({"deploy/web-chart/Chart.yaml": CHART.replace('"0.1.0"', "v0.1.0")}), tmp_path))
    assert yaml.safe_load(found["web-chart/Chart.yaml"])["appVersion"] == "v1.2.0"


def test_a_development_version_keeps_its_plus_in_the_chart(tmp_path: Path) -> None:
    own = Part("charts.web-chart", "1.2.1-dev.3+gabc", "1.2.1-dev.3_gabc", "registry.example/acme/web-chart")
    built = run_builder(BUILDER, chart(None, own), tmp_path)
    assert yaml.safe_load(members(built)["web-chart/Chart.yaml"])["version"] == "1.2.1-dev.3+gabc"
    assert built.artifact.tag == "1.2.1-dev.3_gabc"


def test_declared_values_and_placeholders_are_stamped(tmp_path: Path) -> None:
    stamp = {"set": {"values.yaml": {"image.tag": "{{ nodes['images.web'].tag }}"}}, "replace": {"WEB_VERSION": "{{ version }}"}}
    found = members(run_builder(BUILDER, chart(stamp=stamp), tmp_path))
    assert b"tag: 1.2.0 # the image" in found["web-chart/values.yaml"]
    assert b"note: 1.2.0}" in found["web-chart/templates/web.yaml"]


def test_a_digest_that_a_template_reads_is_needed_and_written(tmp_path: Path) -> None:
    stamp = {"set": {"values.yaml": {"image.repository": "{{ nodes.web.pinned }}"}}}
    target = chart(stamp=stamp)
    assert BUILDER.plan(target).needs == ("images.web",)
    image = run_builder(BUILDER, chart(), tmp_path)
    found = members(run_builder(BUILDER, target, tmp_path, {"images.web": image}))
    assert f"repository: registry.example/acme/web@{image.digest}\n".encode() in found["web-chart/values.yaml"]


def test_the_same_input_gives_the_same_digest_and_recipe(tmp_path: Path) -> None:
    first, second = (run_builder(BUILDER, chart(), tmp_path) for _ in range(2))
    assert first.digest == second.digest
    assert first.recipe == second.recipe
    json.dumps(first.recipe.facts)
    assert first.recipe.paths == ("deploy/web-chart/**",)


def test_the_recipe_changes_with_what_is_read_and_with_nothing_else() -> None:
    stamp = {"set": {"values.yaml": {"image.tag": "{{ nodes.web.tag }}"}}}
    base = BUILDER.plan(chart(None, OWN, IMAGE, stamp=stamp))
    assert BUILDER.plan(chart(None, OWN, part("images.web", "1.3.0"), stamp=stamp)) != base
    moved = part("images.web", "1.2.0", reference="registry.example/other/web")
    assert BUILDER.plan(chart(None, OWN, moved, stamp=stamp)) == base


def test_a_chart_without_chart_yaml_is_told_where_one_is() -> None:
    with pytest.raises(DeclarationError, match=r"has no Chart\.yaml") as caught:
        BUILDER.plan(chart(source="deploy/web"))
    assert caught.value.hint == "did you mean deploy/web-chart?"


def test_a_name_that_the_reference_does_not_have_is_refused() -> None:
    with pytest.raises(DeclarationError, match="'web-chart', and is published as"):
        BUILDER.plan(chart(None, OWN._replace(reference="registry.example/acme/web")))


def test_a_stamped_version_that_is_not_the_tag_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"version is 1\.2\.0, and its tag would be v1\.2\.0"):
        BUILDER.plan(chart(stamp={"set": {"Chart.yaml": {"version": "{{ version }}"}}}))


DEPENDING = CHART + "dependencies:\n"


def lib(version: str = "0.3.0") -> dict[str, str | bytes]:
    return {
        "deploy/lib/Chart.yaml": f"apiVersion: v2\nname: lib\nversion: {version}\n",
        "deploy/lib/templates/_x.tpl": '{{ define "x" }}x{{ end }}',
    }


def test_a_chart_of_the_graph_is_packaged_as_it_was_built(tmp_path: Path) -> None:
    database = Part("charts.db", "2.0.0", "v2.0.0", "oci://registry.example/acme/db")
    below = run_builder(
        BUILDER, target_of(node_of("charts.db", source="db"), {"db/Chart.yaml": "name: db\nversion: 0\n"}, database), tmp_path
    )
    text = DEPENDING + "- {name: db, version: ^2, repository: 'oci://registry.example/acme'}\n"
    target = chart({"deploy/web-chart/Chart.yaml": text}, OWN, database)
    built = run_builder(BUILDER, target, tmp_path, {"charts.db": below})
    assert built.recipe.needs == ("charts.db",)
    found = members(built)
    (theirs,) = below.artifact.root.layers  # type: ignore[union-attr]
    assert found["web-chart/charts/db-v2.0.0.tgz"] == read_blob(below.repository, theirs, limit=1 << 20)


def test_a_chart_of_the_same_repository_is_packaged_from_its_folder(tmp_path: Path) -> None:
    text = DEPENDING + "- {name: lib, version: 0.3.0, repository: 'file://../lib'}\n"
    built = run_builder(BUILDER, chart({"deploy/web-chart/Chart.yaml": text, **lib()}), tmp_path)
    assert "web-chart/charts/lib-0.3.0.tgz" in members(built)
    assert built.recipe.paths == ("deploy/web-chart/**", "deploy/lib/**")


def test_what_charts_holds_is_taken(tmp_path: Path) -> None:
    text = DEPENDING + "- {name: lib, version: ~0.3, repository: 'https://charts.example'}\n"
    held = {f"deploy/web-chart/charts/lib/{path.rpartition('lib/')[2]}": data for path, data in lib("0.3.9").items()}
    found = members(run_builder(BUILDER, chart({"deploy/web-chart/Chart.yaml": text, **held}), tmp_path))
    assert "web-chart/charts/lib/Chart.yaml" in found


@pytest.mark.parametrize(
    ("dependency", "message"),
    [
        ("{name: q, version: 1.0.0, repository: 'https://charts.example'}", "depends on q 1.0.0 of https://charts.example"),
        ("{name: lib, version: ^0.4, repository: 'file://../lib'}", "asks for lib ^0.4, and deploy/lib is at 0.3.0"),
        ("{name: lib, version: 0.3.0, repository: 'file://../../../lib'}", "nothing here has it"),
    ],
)
def test_a_dependency_that_cannot_be_had_is_said_while_planning(dependency: str, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        BUILDER.plan(chart({"deploy/web-chart/Chart.yaml": f"{DEPENDING}- {dependency}\n", **lib()}))
    assert message in str(caught.value)


def test_all_dependencies_that_cannot_be_had_are_said_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:
        BUILDER.plan(
            chart({"deploy/web-chart/Chart.yaml": f"{DEPENDING}- {{name: a, version: 1.0.0}}\n- {{name: b, version: 1.0.0}}\n"})
        )
    assert len(caught.value.details) == 2


def test_what_the_chart_contains_is_stamped_as_it_declares_and_put_in_its_place(tmp_path: Path) -> None:
    hook = node_of("hooks.install", source="hooks/install.yaml", stamp={"replace": {"VERSION": "{{ nodes.web.version }}"}})
    other = node_of("hooks.other", source="hooks/other.yaml", build={"bundle": {"files/other.yaml": "hooks/other.yaml"}})
    files: dict[str, str | bytes] = {"hooks/install.yaml": "v: VERSION\n", "hooks/other.yaml": "v: VERSION\n"}
    target = chart(files, OWN, IMAGE, part("hooks.install", "1.2.0"), part("hooks.other", "1.2.0"), contains=[hook, other])
    found = members(run_builder(BUILDER, target, tmp_path))
    assert found["web-chart/templates/install.yaml"] == b"v: 1.2.0\n"
    assert found["web-chart/files/other.yaml"] == b"v: VERSION\n"


def test_a_hook_within_the_chart_is_stamped_where_it_lies(tmp_path: Path) -> None:
    path = "deploy/web-chart/templates/web.yaml"
    hook = node_of("hooks.web", source=path, stamp={"replace": {"WEB_VERSION": "{{ nodes['images.web'].tag }}"}})
    found = members(run_builder(BUILDER, chart(None, OWN, IMAGE, contains=[hook]), tmp_path))
    assert b"note: 1.2.0}" in found["web-chart/templates/web.yaml"]
    assert len(found) == 3


def test_a_hook_without_its_file_is_said() -> None:
    with pytest.raises(DeclarationError, match=r"hooks\.x: there is no file hooks/x\.yaml"):
        BUILDER.plan(chart(contains=[node_of("hooks.x", source="hooks/x.yaml")]))


def test_chart_yaml_may_be_a_template_alone(tmp_path: Path) -> None:
    text = "apiVersion: v2\nname: web-chart\nversion: {{ tag }}\nappVersion: {{ version }}\n"
    target = chart(source="deploy/other", files={"deploy/other/values.yaml": "a: 1\n"}, templates={"Chart.yaml.j2": text})
    found = members(run_builder(BUILDER, target, tmp_path))
    assert found["web-chart/Chart.yaml"] == b"apiVersion: v2\nname: web-chart\nversion: v1.2.0\nappVersion: 1.2.0\n"


def test_a_helm_template_read_as_jinja_is_told_of_the_other_delimiters() -> None:
    with pytest.raises(DeclarationError) as caught:
        BUILDER.plan(chart(templates={"templates/x.yaml.j2": "a: {{ .Values.a }}\n"}))
    assert caught.value.hint == "what is not Jinja's can stay with `delimiters: angle`"


def test_a_chart_of_others_is_packaged_by_its_digest(tmp_path: Path) -> None:
    theirs = Part("charts.cache", "3.1.0", "3.1.0", "registry.example/others/cache")
    files: dict[str, str | bytes] = {"cache/Chart.yaml": "name: cache\nversion: 0\n"}
    below = run_builder(BUILDER, target_of(node_of("charts.cache", source="cache"), files, theirs), tmp_path)
    text = DEPENDING + "- {name: cache, version: 3.1.0, repository: 'oci://registry.example/others'}\n"
    reference = f"registry.example/others/cache:3.1.0@{below.digest}"
    target = chart({"deploy/web-chart/Chart.yaml": text}, charts={"cache": f"oci://{reference}"})
    assert BUILDER.plan(target).bases == (reference,)
    found = members(run_builder(BUILDER, target, tmp_path, {reference: below}))
    assert "web-chart/charts/cache-3.1.0.tgz" in found
    moved = chart(
        {"deploy/web-chart/Chart.yaml": text.replace("3.1.0", "3.2.0")}, charts={"cache": reference.replace(":3.1.0@", ":3.2.0@")}
    )
    with pytest.raises(DeclarationError, match=r"is cache 3\.1\.0, not cache 3\.2\.0"):
        run_builder(BUILDER, moved, tmp_path, {reference.replace(":3.1.0@", ":3.2.0@"): below})


@pytest.mark.parametrize(
    ("charts", "message"),
    [
        ({"cache": "registry.example/others/cache:3.1.0"}, "needs a tag, which tells its version, and a digest"),
        ({"cache": "nothing at all"}, "charts: cache: "),
        (
            {"other": "registry.example/others/cache:3.1.0@sha256:" + 64 * "0"},
            "'charts' has other, and Chart.yaml does not depend on it",
        ),
    ],
)
def test_what_is_no_pinned_chart_is_said(charts: dict[str, str], message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        BUILDER.plan(chart(charts=charts))
    assert message in " ".join((str(caught.value), *caught.value.details))
