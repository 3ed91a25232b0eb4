import pytest
from hypothesis import given

from relgraph.sites.goreleaser import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, brief, check_laws, sites_of


@pytest.mark.parametrize("path", [".goreleaser.yaml", "goreleaser.yml", "x/.goreleaser.dev.yaml", ".goreleaser-nightly.yml"])
def test_its_files(path: str) -> None:
    assert EXTRACTOR.matches(path)


def test_base_images_environment_and_hooks() -> None:
    source = """\
        version: 2
        env:
        - CGO_ENABLED=0
        - TOOL_VERSION=1.2.3
        before:
          hooks:
          - go mod tidy
          - go install example.org/acme/tool@v1.2.3
        kos:
        - id: web
          base_image: ghcr.io/acme/base:1.2
          repository: ghcr.io/acme/web
          tags: ['{{.Version}}']
        """
    assert [one[:3] for one in brief(sites_of(EXTRACTOR, ".goreleaser.yaml", source))] == [
        ("variable", "TOOL_VERSION", "1.2.3"),
        ("module", "example.org/acme/tool", "v1.2.3"),
        ("image", "ghcr.io/acme/base", "1.2"),
    ]


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text(".goreleaser.yml", data)
    check_laws(text, list(EXTRACTOR.extract(text)))
