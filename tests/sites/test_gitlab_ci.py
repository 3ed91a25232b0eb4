from hypothesis import given

from relgraph.sites.gitlab_ci import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, brief, check_laws, sites_of


def test_a_pipeline() -> None:
    source = """\
        image: golang:1.24
        include:
        - project: acme/ci
          ref: v1.2.3
          file: /all.yml
        variables:
          WEB_VERSION: 1.2.3
          LEVEL: debug
        test:
          image: {name: "acme/test:2.0", entrypoint: [""]}
          services:
          - postgres:16
          - name: redis:7.2
          script:
          - helm pull oci://ghcr.io/acme/web --version 1.2.3
          before_script: export TOOL_VERSION=3.1.4
        """
    assert [one[:3] for one in brief(sites_of(EXTRACTOR, ".gitlab-ci.yml", source))] == [
        ("image", "docker.io/library/golang", "1.24"),
        ("git", "gitlab.com/acme/ci", "v1.2.3"),
        ("variable", "WEB_VERSION", "1.2.3"),
        ("image", "docker.io/acme/test", "2.0"),
        ("image", "docker.io/library/postgres", "16"),
        ("image", "docker.io/library/redis", "7.2"),
        ("chart", "oci://ghcr.io/acme/web", "1.2.3"),
        ("variable", "TOOL_VERSION", "3.1.4"),
    ]


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text(".gitlab-ci.yml", data)
    check_laws(text, list(EXTRACTOR.extract(text)))
