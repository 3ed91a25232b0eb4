"""What the tests of YAML extractors share: reading sites of a made-up file, and texts that try everything."""

import textwrap

from hypothesis import strategies as st

from relgraph.model.site import Site
from relgraph.sites.extractor import Extractor
from relgraph.syntax.text import Text

#: Pieces that the extractors look for, in any order.
PIECES = (
    "a: ", "- ", "\n", "  ", "    ", "|\n", '"', "'", "{{ .Values.tag }}", "{{", "[", "]", "{", "}", " # v4.3.0", "---\n", "\r\n", ", ",
    "version: 1.2.3\n", "image: acme/web:1.2\n", "image:\n  repository: acme/web\n  tag: ''\n", "tag: v1\n", "digest: sha256:" + "0" * 64,
    "uses: acme/setup@v1\n", "with:\n", "go-version: [1.22, 1.23]\n", "run: |\n  helm upgrade web oci://acme.example/web --version 1.2.3\n",
    "env:\n", "args:\n", "- oci://acme.example/charts/web\n", "- --version\n", "- '1.2.3'\n", "- --set\n", "- a.b=1,c={d,e}\n", "name: web\n",
    "dependencies:\n", "repository: https://charts.example\n", "images:\n", "newTag: 1.2\n", "repo: https://github.com/acme/web\n", "rev: v1\n",
    "data:\n  x.yaml: |\n    image: acme/web:1\n", "helm.sh/chart: web-1.2.3\n", "gen-gen.acme.io/version: v0.1.0\n", "sha: " + "a" * 40,
    "value: 1.2.3\n", "refPaths:\n- path: go.mod\n", "chart: web\n", "targetRevision: 1.2.3\n", "matrix:\n", "build-args: |\n  A=1.2.3\n",
    "resources:\n- ../base\n", "annotations:\n  artifacthub.io/images: |\n    - image: acme/web:1\n", "services: [postgres:16]\n",
)  # fmt: skip

TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.text(alphabet="ab:-#\"'|>[]{}&*!%@ \n\t\r,=$./0123v", max_size=200),
    st.text(max_size=200),
)
BYTES = st.one_of(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=200))


def sites_of(extractor: Extractor, path: str, source: str) -> list[Site]:
    """The sites that an extractor finds in a file, its indentation removed, by position; each holds the text of its span."""
    assert extractor.matches(path)
    text = Text(path, textwrap.dedent(source).encode())
    found = sorted(extractor.extract(text), key=lambda site: (site.span.start, site.span.end, site.part))
    check_laws(text, found)
    return found


def check_laws(text: Text, found: list[Site]) -> None:
    """A site's span holds the text that it reports, its facts are sorted and its path is the file's."""
    for site in found:
        assert text.data[site.span.start : site.span.end].decode("utf-8", "surrogateescape") == site.raw
        assert list(site.extra) == sorted(site.extra)
        assert site.path == text.path
        assert 1 <= site.span.line <= site.span.end_line


def brief(found: list[Site]) -> list[tuple[str, str, str, str]]:
    """Kind, name, value and key of each site."""
    return [(site.kind.value, site.name, site.value, site.key) for site in found]
