import pytest

from relgraph.infer.usage import Usage, usage_of
from relgraph.sites.registry import extract
from relgraph.syntax.text import Text

URL = "https://raw.githubusercontent.com/acme/tool/main/install.sh"
YAML = "https://raw.githubusercontent.com/acme/tool/main/deploy.yaml"


def usage(source: str, path: str = "setup.sh") -> Usage:
    text = Text(path, source.encode())
    sites = [site for site in extract(text) if site.kind == "git"]
    assert sites, source
    return usage_of(text, sites[0])


@pytest.mark.parametrize(
    "line",
    [
        f"curl -s {URL} | bash",
        f"curl -sSL {URL} | sudo -E bash -s -- --now",
        f"wget -qO- {URL} | VERSION=1 sh -",
        f"bash <(curl -s {URL}) --name x",
        f'sh -c "$(curl -fsSL {URL})"',
        f"source <(curl -s {URL})",
        f"curl -sL \\\n  {URL} \\\n  | bash",
        f"curl -O {URL}\nchmod +x install.sh",
        f"curl -o /tmp/i.sh {URL}\nbash /tmp/i.sh",
        f"URL={URL}\ncurl -s $URL | bash",
        f'export URL="{URL}"\nbash <(curl -s "${{URL}}")',
    ],
)
def test_what_is_run(line: str) -> None:
    assert usage(f"#!/bin/bash\n{line}\n") is Usage.RUN


@pytest.mark.parametrize(
    "line",
    [
        f"kubectl apply -f {YAML}",
        f"kubectl --context x create -n y -f {YAML}",
        f"curl -s {YAML} | sed s/a/b/ | kubectl apply -f -",
        f"MANIFEST={YAML}\nkubectl apply -f $MANIFEST",
        f"curl -LO {YAML}\nkubectl apply -f deploy.yaml",
    ],
)
def test_what_is_installed(line: str) -> None:
    assert usage(f"#!/bin/bash\n{line}\n") is Usage.APPLY


def test_a_kustomization_installs_what_it_names() -> None:
    assert usage(f"resources:\n- {YAML}\n", "base/kustomization.yaml") is Usage.APPLY


def test_what_is_only_fetched() -> None:
    assert usage(f"#!/bin/sh\ncurl -o notes.txt {YAML}\n") is Usage.FETCH


@pytest.mark.parametrize("line", [f"see {URL}", f"# from {URL}", f"echo {URL}", f"URL={URL}\necho done"])
def test_what_is_pointed_at(line: str) -> None:
    assert usage(f"#!/bin/bash\n{line}\n") is Usage.LINK


def test_the_most_binding_use_of_a_variable_counts() -> None:
    assert usage(f"#!/bin/sh\nURL={URL}\necho $URL\ncurl -s $URL | sh\n") is Usage.RUN


@pytest.mark.parametrize("filler", ["curl ", "kubectl apply ", "| sh ", "a=b ", "$URL ", "\\\n", "bash <(curl "])
def test_long_lines_cost_little(filler: str) -> None:
    usage(f"#!/bin/sh\n{filler * 1000}{URL} {filler * 1000}\n")
