"""Files of the repository that commands name."""

import pytest

from relgraph.model.site import Kind, Part, Site
from relgraph.sites.shell import EXTRACTOR
from sitetext import found


def _files(content: str) -> list[Site]:
    return [site for site in found(EXTRACTOR, "scripts/x.sh", content) if site.kind is Kind.FILE]


@pytest.mark.parametrize(
    ("line", "verb", "names"),
    [
        ("./hack/verify.sh --all", "run", ["hack/verify.sh"]),
        ("A=b C=$(d) hack/verify.sh", "run", ["hack/verify.sh"]),
        ("cd x || exit 1; if ! scripts/y.py; then", "run", ["scripts/y.py"]),
        ("bash scripts/build.sh x", "run", ["scripts/build.sh"]),
        ("source ./lib.sh", "run", ["lib.sh"]),
        ("kubectl apply -f deploy/web.yaml", "read", ["deploy/web.yaml"]),
        ("kubectl apply -k deploy/base", "read", ["deploy/base"]),
        ("kustomize build config/default | kubectl apply -f -", "read", ["config/default"]),
        ("$(KUSTOMIZE) build config/crd/ > out/crds.yaml", "read", ["config/crd"]),
        ("ko build -B ./cmd/web -t x", "read", ["cmd/web"]),
        ("docker build -f build/Dockerfile.web .", "read", ["build/Dockerfile.web"]),
        ("cat docs/a.md docs/b.md", "read", ["docs/a.md"]),
        ("cp config/a.yaml /tmp/", "read", ["config/a.yaml"]),
        ("sed -i 's/1.0/2.0/' chart/values.yaml docs/x.md", "edit", ["chart/values.yaml", "docs/x.md"]),
        ("sed -i.bak -e 's/a/b/' -e 's|c|d|' README.md", "edit", ["README.md"]),
        ("sed -i '' -e 's/a/b/' docs/x.md", "edit", ["docs/x.md"]),
        ("yq -i '.a.b = 1' chart/values.yaml", "edit", ["chart/values.yaml"]),
        ("yq .version chart/Chart.yaml", "read", ["chart/Chart.yaml"]),
    ],
)
def test_commands_name_files(line: str, verb: str, names: list[str]) -> None:
    sites = _files(line + "\n")
    assert [(site.name, site.get("verb")) for site in sites] == [(name, verb) for name in names]
    assert {site.part for site in sites} == {Part.PATH}


@pytest.mark.parametrize(
    "line",
    [
        "$DIR/x.sh",
        '"${ROOT}"/hack/x.sh',
        "/usr/local/bin/x.sh",
        "~/bin/x.sh",
        "curl https://acme.example/x/install.sh",
        "kubectl apply -f https://acme.example/x.yaml",
        "kubectl apply -f -",
        "echo 'see hack/x.sh'",
        "sed 's/a/b/' x/y.yaml",
        "go test ./...",
        "bash -c 'x'",
    ],
)
def test_what_is_no_file_of_the_repository(line: str) -> None:
    assert [site for site in _files(line) if site.get("verb") != "read" or "echo" not in line] == []


def test_the_folder_that_was_changed_to_is_told() -> None:
    sites = _files("cd sub/dir && ./x.sh\ncd $ELSEWHERE\n./y.sh\n")
    assert [(site.name, site.get("cwd")) for site in sites] == [("x.sh", "sub/dir"), ("y.sh", "?")]


def test_what_the_text_itself_writes_is_marked() -> None:
    sites = _files(
        "curl -o install.sh https://acme.example/i\nbash install.sh\ncat > x/y.yaml <<EOF\nEOF\nkubectl apply -f x/y.yaml\n"
    )
    assert {site.name: site.get("made") for site in sites} == {"install.sh": "1", "x/y.yaml": "1"}
