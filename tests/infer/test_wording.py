"""Examples are told by the words before them, where there are words."""

import pytest

from relgraph.infer.wording import is_example
from relgraph.model.site import Site
from relgraph.sites.registry import extract
from relgraph.syntax.text import Text


def sites(path: str, content: str) -> list[tuple[Text, Site]]:
    text = Text(path, content.encode())
    return [(text, site) for site in extract(text) if "1.10.0" in site.value]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("README.md", "Name the full version, for example: `go install example.org/acme/web@v1.10.0`.\n"),
        (
            "README.md",
            "For instance, where the operator is asked for its own version, it fetches\nhttps://github.com/acme/web/releases/download/v1.10.0/a.tgz.\n",
        ),
        (
            "crd.yaml",
            "tarball:\n  description: |-\n    For instance, if the operator is at some version,\n"
            "    https://github.com/acme/web/releases/download/v1.10.0/a.tgz is fetched.\n  type: string\n",
        ),
        ("up.sh", '#!/bin/sh\necho "Example: up.sh https://github.com/acme/web/releases/download/v1.10.0/a.tgz"\n'),
        ("up.sh", "#!/bin/sh\n# e.g. https://github.com/acme/web/releases/download/v1.10.0/a.tgz\n"),
    ],
)
def test_words_that_give_an_example(path: str, content: str) -> None:
    found = sites(path, content)
    assert found
    assert all(is_example(text, site) for text, site in found)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("README.md", "Install it with `go install example.org/acme/web@v1.10.0`.\n"),
        ("README.md", "For example:\n\n```shell\ngo install example.org/acme/web@v1.10.0\n```\n"),
        ("README.md", "This is an example. It goes on.\nInstall `go install example.org/acme/web@v1.10.0` first.\n"),
        ("up.sh", "#!/bin/sh\ngo install example.org/acme/web@v1.10.0 # e.g. for tests\n"),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n    - run: |\n        # for example\n        go install example.org/acme/web@v1.10.0\n",
        ),
    ],
)
def test_what_is_to_be_done_is_none(path: str, content: str) -> None:
    found = sites(path, content)
    assert found
    assert not any(is_example(text, site) for text, site in found)
