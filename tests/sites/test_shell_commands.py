"""What shell commands refer to, in scripts and wherever else commands stand."""

import pytest

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.shell import EXTRACTOR, command_sites
from relgraph.syntax.text import Text
from sitetext import brief, by_name, found


def _script(content: str) -> list[Site]:
    return found(EXTRACTOR, "scripts/x.sh", content)


def _one(content: str) -> Site:
    sites = _script(content)
    assert len(sites) == 1, brief(sites)
    return sites[0]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("helm install web oci://ghcr.io/acme/charts/web --version 1.2.3", "oci://ghcr.io/acme/charts/web"),
        ("helm upgrade --install web oci://ghcr.io/acme/charts/web --version=1.2.3", "oci://ghcr.io/acme/charts/web"),
        (
            "helm --kube-context x -n ns upgrade web \\\n  oci://ghcr.io/acme/web \\\n  --version '1.2.3' --wait",
            "oci://ghcr.io/acme/web",
        ),
        ("helm pull web --repo https://charts.acme.example --version 1.2.3", "https://charts.acme.example#web"),
        ("helm install r acme/web -f values.yaml --version 1.2.3", "web"),
        ('bash -c "helm template oci://ghcr.io/acme/web --version 1.2.3"', "oci://ghcr.io/acme/web"),
        ("x=$(helm show values oci://ghcr.io/acme/web --version 1.2.3)", "oci://ghcr.io/acme/web"),
        ("$(HELM) install web oci://ghcr.io/acme/web --version 1.2.3", "oci://ghcr.io/acme/web"),
    ],
)
def test_helm_names_a_chart_and_its_version(line: str, name: str) -> None:
    sites = [site for site in _script(line) if site.kind is Kind.CHART]
    assert [(site.name, site.raw, site.part) for site in sites] == [(name, "1.2.3", Part.VERSION)]


def test_a_chart_without_version_is_known_to_float() -> None:
    site = _one("helm install web oci://ghcr.io/acme/web\n")
    assert (site.kind, site.part, site.pin) == (Kind.CHART, Part.REPOSITORY, Pin.ABSENT)


def test_helm_settings_carry_their_chart() -> None:
    sites = _script("helm install web oci://ghcr.io/acme/web --version 1.2 --set image.tag=3.4.5,a.b=c --set-string x={y}\n")
    settings = {site.name: site for site in sites if site.get("scope") == "set"}
    assert {name: site.raw for name, site in settings.items()} == {"image.tag": "3.4.5", "a.b": "c", "x": "{y}"}
    assert settings["image.tag"].part is Part.TAG
    assert settings["a.b"].get("chart") == "oci://ghcr.io/acme/web"
    assert settings["a.b"].get("version") == "1.2"


def test_settings_that_are_json_hold_commas_of_their_own() -> None:
    sites = _script("helm upgrade a oci://x.example/a/b --version 1.2 --set-json='L=[{\"n\":1},{\"n\":2}]' --set X='y z'\n")
    assert {site.name: site.raw for site in sites if site.get("scope") == "set"} == {"L": '[{"n":1},{"n":2}]', "X": "y z"}


def test_helm_package_declares() -> None:
    sites = _script("helm package --version $V --app-version 1.2.3 ./charts/web")
    assert [(site.name, site.raw, site.role, site.get("field")) for site in sites if site.kind is Kind.CHART] == [
        ("web", "$V", Role.DECLARES, "version"),
        ("web", "1.2.3", Role.DECLARES, "appVersion"),
    ]


def test_a_clone_names_its_branch() -> None:
    site = _one("git clone --depth 1 -b v1.2 https://github.com/acme/web.git /tmp/web")
    assert (site.kind, site.name, site.raw, site.get("form")) == (Kind.GIT, "github.com/acme/web", "v1.2", "clone")
    assert _one("git clone --branch $TAG git@github.com:acme/web.git").pin is Pin.TEMPLATED


def test_a_checkout_after_a_clone() -> None:
    site = _one("git clone https://github.com/acme/web\ncd web\ngit checkout v1.2.0\n")
    assert (site.name, site.raw) == ("github.com/acme/web", "v1.2.0")
    assert _script("git checkout v1.2.0\n") == []


@pytest.mark.parametrize(
    ("line", "name", "raw"),
    [
        ("go install acme.example/tools/cmd/gen@v0.17.3", "acme.example/tools", "v0.17.3"),
        ("GOBIN=$PWD/bin go install acme.example/tools/v5@${TOOLS_VERSION}", "acme.example/tools/v5", "${TOOLS_VERSION}"),
        ("go run acme.example/tools/cmd/gen@latest ./...", "acme.example/tools", "latest"),
        ("$(call install,$(GEN),acme.example/tools/cmd/gen@v1.0.0)", "acme.example/tools", "v1.0.0"),
        ("$(GO_INSTALL) acme.example/tools/cmd/lint $(LINT_BIN) $(LINT_VER)", "acme.example/tools", "$(LINT_VER)"),
        ("$(call get,$(X),acme.example/tools/v5,$(TOOLS_VERSION))", "acme.example/tools/v5", "$(TOOLS_VERSION)"),
    ],
)
def test_modules_at_versions(line: str, name: str, raw: str) -> None:
    site = _one(line)
    assert (site.kind, site.name, site.raw) == (Kind.MODULE, name, raw)


@pytest.mark.parametrize("line", ["mail me@acme.example", "ssh git@github.com:acme/web", "echo user@host.example/x", "a@b"])
def test_an_at_sign_is_not_always_a_version(line: str) -> None:
    assert _script(line) == []


@pytest.mark.parametrize(
    ("line", "name", "raw"),
    [
        ("pip install --user jinja2==3.1.4", "pypi:jinja2", "3.1.4"),
        ("pip3 install 'My_Pkg[x]>=2.0'", "pypi:my-pkg", "2.0"),
        ("npm i -g @acme/widget@1.2.3", "npm:@acme/widget", "1.2.3"),
        ("npx create-thing@latest", "npm:create-thing", "latest"),
        ("cargo install ripgrep --version 13.0.0", "cargo:ripgrep", "13.0.0"),
        ("cargo install ripgrep@13.0.0", "cargo:ripgrep", "13.0.0"),
    ],
)
def test_packages_of_languages(line: str, name: str, raw: str) -> None:
    site = _one(line)
    assert (site.kind, site.name, site.raw) == (Kind.PACKAGE, name, raw)


@pytest.mark.parametrize(
    "line",
    [
        "bash <(curl -L https://raw.githubusercontent.com/acme/cli/v1.0.0/install.sh) 1.0.0",
        "curl -L https://raw.githubusercontent.com/acme/cli/v1.0.0/install.sh | bash -s -- 1.0.0",
        "curl -sL https://raw.githubusercontent.com/acme/cli/$V/install.sh | sudo -E sh -s 1.0.0 # comment 2.0.0",
        "'bash <(curl -L https://raw.githubusercontent.com/acme/cli/refs/tags/v1.0.0/install.sh) 1.0.0' \\",
    ],
)
def test_the_argument_of_an_install_script_is_tied_to_the_scripts_repository(line: str) -> None:
    sites = [site for site in _script(line) if site.get("scope") == "arg"]
    assert [(site.kind, site.name, site.raw) for site in sites] == [(Kind.VARIABLE, "github.com/acme/cli", "1.0.0")]


def test_build_arguments_know_their_dockerfile() -> None:
    sites = by_name(_script("docker buildx build --push --build-arg GO_VERSION=1.24 -f build/Dockerfile.x -t ghcr.io/acme/x:1 ."))
    site = sites["GO_VERSION"]
    assert (site.raw, site.get("scope"), site.get("dockerfile"), site.get("context")) == (
        "1.24",
        "build-arg",
        "build/Dockerfile.x",
        ".",
    )
    assert (sites["ghcr.io/acme/x"].raw, sites["ghcr.io/acme/x"].role) == ("1", Role.DECLARES)


def test_overrides_of_make_know_their_target() -> None:
    sites = [site for site in _script("make -C sub chart IMG=ghcr.io/acme/x:${V} TAG='1.2'") if site.get("scope") == "make-arg"]
    assert [(site.name, site.raw) for site in sites] == [("IMG", "ghcr.io/acme/x:${V}"), ("TAG", "1.2")]
    assert {site.get("target") for site in sites} == {"chart"}
    assert {site.get("directory") for site in sites} == {"sub"}


@pytest.mark.parametrize("line", ["# make sure that X=1 holds", "making this X=2", "cmake build Y=1"])
def test_make_in_prose_is_no_command(line: str) -> None:
    assert [site for site in _script(line) if site.get("scope") == "make-arg" and site.name != "X"] == []


def test_ranges_bound_what_is_read() -> None:
    source = "helm install a oci://x.example/a/b --version 1.0\nhelm install a oci://x.example/a/b --version 2.0\n"
    text = Text("x", source.encode())
    cut = source.index("\n") + 1
    assert [site.raw for site in command_sites(text, cut, len(source), syntax="t", key="k")] == ["2.0"]
    assert [site.key for site in command_sites(text, cut, len(source), syntax="t", key="k")] == ["k"]


def test_quotes_that_close_an_outer_string_end_the_command() -> None:
    sites = _script('log "make deploy TAG=$tag"\necho "other text"\n')
    assert [site.raw for site in sites if site.get("scope") == "make-arg"] == ["$tag"]
    assert {site.get("target") for site in sites if site.get("scope") == "make-arg"} == {"deploy"}


def test_a_place_to_fill_in_is_no_redirection() -> None:
    site = next(
        site for site in _script("helm install a oci://ghcr.io/acme/web --version <version> -n x\n") if site.part is Part.VERSION
    )
    assert (site.raw, site.pin) == ("<version>", Pin.PLACEHOLDER)


def test_a_downloaded_file_is_named_again() -> None:
    sites = _script(
        "curl -LO https://github.com/acme/web/releases/download/v0.8.9/web_0.8.9_linux.tar.gz\ntar xf web_0.8.8_linux.tar.gz\nrm web_0.8.9_linux.tar.gz x_0.8.9_linux.tar.gz\n"
    )
    assert [(site.name, site.raw, site.get("form")) for site in sites] == [
        ("github.com/acme/web", "0.8.8", "asset"),
        ("github.com/acme/web", "0.8.9", "asset"),
    ]


def test_the_folder_that_an_archive_unpacks_to() -> None:
    sites = _script(
        "wget https://github.com/acme/web/archive/refs/tags/v0.22.0.tar.gz\ntar xf v0.22.0.tar.gz\nmv web-0.22.0 web\nmv other-1.0.0 x\n"
    )
    assert [(site.kind, site.name, site.raw, site.get("form")) for site in sites] == [
        (Kind.GIT, "github.com/acme/web", "0.22.0", "asset")
    ]
