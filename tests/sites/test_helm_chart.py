from hypothesis import given

from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.sites.helm_chart import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, brief, check_laws, sites_of

CHART = """\
    apiVersion: v2
    name: platform
    version: "1.4.0"
    appVersion: v1.4.0
    kubeVersion: ">=1.28.0-0"
    dependencies:
    - name: webservice
      version: v0.9.3
      repository: oci://ghcr.io/acme/charts
      condition: webservice.install
    - name: proxy
      version: ^2.1.0
      repository: https://charts.example.org/stable/
      alias: edge
    - name: common
      version: 0.1.0
      repository: file://../common
    - name: loose
      version: 1.x.x
      repository: "@acme"
    annotations:
      artifacthub.io/images: |
        - name: web
          image: ghcr.io/acme/web:1.4.0
    """


def test_a_chart_declares_its_versions_and_uses_its_dependencies() -> None:
    found = sites_of(EXTRACTOR, "deploy/platform/Chart.yaml", CHART)
    assert brief(found) == [
        ("chart", "platform", "1.4.0", "version"),
        ("chart", "platform", "v1.4.0", "appVersion"),
        ("variable", "kubeVersion", ">=1.28.0-0", "kubeVersion"),
        ("chart", "oci://ghcr.io/acme/charts/webservice", "v0.9.3", "dependencies[0].version"),
        ("chart", "https://charts.example.org/stable#proxy", "^2.1.0", "dependencies[1].version"),
        ("chart", "common", "0.1.0", "dependencies[2].version"),
        ("file", "deploy/common", "../common", "dependencies[2].repository"),
        ("chart", "loose", "1.x.x", "dependencies[3].version"),
        ("image", "ghcr.io/acme/web", "1.4.0", "annotations.artifacthub.io/images"),
    ]
    roles = [site.role for site in found]
    assert roles[:4] == [Role.DECLARES, Role.DECLARES, Role.MINIMUM, Role.USES]
    assert [site.pin for site in found if site.kind is Kind.CHART][2:] == [Pin.EXACT, Pin.RANGE, Pin.EXACT, Pin.RANGE]
    assert found[3].get("condition") == "webservice.install"
    assert found[4].get("alias") == "edge"
    assert found[0].part is Part.VERSION


def test_a_chart_without_a_name_is_called_like_its_folder() -> None:
    assert brief(sites_of(EXTRACTOR, "charts/web/Chart.yaml", "version: 0.1.0\n")) == [("chart", "web", "0.1.0", "version")]


def test_a_lock_records_what_was_resolved() -> None:
    source = """\
        dependencies:
        - name: webservice
          repository: oci://ghcr.io/acme/charts
          version: 0.9.3
        digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
        generated: "2026-01-01T00:00:00Z"
        """
    (site,) = sites_of(EXTRACTOR, "Chart.lock", source)
    assert (site.name, site.value, site.role) == ("oci://ghcr.io/acme/charts/webservice", "0.9.3", Role.RECORD)


def test_requirements_of_the_old_layout() -> None:
    source = "dependencies:\n- {name: db, version: 8.1.0, repository: 'https://charts.example.org'}\n"
    assert brief(sites_of(EXTRACTOR, "requirements.yaml", source)) == [
        ("chart", "https://charts.example.org#db", "8.1.0", "dependencies[0].version")
    ]


def test_requirements_of_something_else_are_read_as_ordinary_yaml() -> None:
    source = "collections:\n- name: acme.tools\n  version: 1.2.3\n"
    (site,) = sites_of(EXTRACTOR, "requirements.yml", source)
    assert (site.kind, site.name, site.get("entity"), site.value) == (Kind.VARIABLE, "version", "acme.tools", "1.2.3")


def test_templated_versions_are_told_as_such() -> None:
    (site,) = sites_of(EXTRACTOR, "Chart.yaml", "name: web\nversion: {{ .Version }}\n")
    assert (site.pin, site.get("vars")) == (Pin.TEMPLATED, ".Version")


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text("a/Chart.yaml", data)
    check_laws(text, list(EXTRACTOR.extract(text)))
