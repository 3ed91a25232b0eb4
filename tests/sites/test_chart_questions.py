from hypothesis import given

from relgraph.model.site import Part, Role
from relgraph.sites.chart_questions import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, check_laws, sites_of


def test_defaults_of_versions_stand_under_the_address_of_their_value() -> None:
    source = """\
        categories: [storage]
        questions:
        - variable: image.default
          default: "true"
          subquestions:
          - variable: image.proxy.tag
            default: v1.2.3
          - variable: image.proxy.repository
            default: acme/proxy
        - variable: helmVersion
          default: "3.16.4"
        - variable: replicas.tag
        """
    found = sites_of(EXTRACTOR, "charts/web/questions.yaml", source)
    assert [(site.name, site.part, site.raw, site.role, site.get("scope")) for site in found] == [
        ("image.proxy.tag", Part.TAG, "v1.2.3", Role.DEFAULT, "question"),
        ("helmVersion", Part.VERSION, "3.16.4", Role.DEFAULT, "question"),
    ]


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text("charts/web/questions.yml", data)
    check_laws(text, list(EXTRACTOR.extract(text)))
