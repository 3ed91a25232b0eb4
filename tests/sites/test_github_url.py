"""References by URL."""

import pytest

from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.sites.github_url import EXTRACTOR, repository_of
from sitetext import brief, found


def _one(line: str) -> Site:
    sites = found(EXTRACTOR, "notes.txt", line)
    assert len(sites) == 1, brief(sites)
    return sites[0]


@pytest.mark.parametrize(
    ("url", "form", "ref", "path"),
    [
        ("https://raw.githubusercontent.com/acme/web/v1.2.0/install.sh", "raw", "v1.2.0", "install.sh"),
        ("https://raw.githubusercontent.com/acme/web/refs/tags/v1.2.0/a/b.sh", "raw", "v1.2.0", "a/b.sh"),
        ("https://github.com/acme/web/blob/v1.2.0/pkg/x.go#L10-L20", "blob", "v1.2.0", "pkg/x.go"),
        ("https://github.com/acme/web/tree/v1.2.0", "tree", "v1.2.0", ""),
        ("https://github.com/acme/web/raw/v1.2.0/x.yaml", "raw", "v1.2.0", "x.yaml"),
        ("https://github.com/acme/web/blame/v1.2.0/x.yaml", "blob", "v1.2.0", "x.yaml"),
        ("https://github.com/acme/web/archive/refs/tags/v1.2.0.tar.gz", "archive", "v1.2.0", ""),
        ("https://github.com/acme/web/archive/v1.2.0.zip", "archive", "v1.2.0", ""),
        ("https://codeload.github.com/acme/web/tar.gz/v1.2.0", "archive", "v1.2.0", ""),
        ("https://github.com/acme/web/releases/tag/v1.2.0", "release", "v1.2.0", ""),
        ("https://github.com/acme/web/releases/latest", "release", "latest", ""),
        ("https://github.com/acme/web/releases/latest/download/web.tgz", "download", "latest", "web.tgz"),
        ("https://api.github.com/repos/acme/web/releases/tags/v1.2.0", "api", "v1.2.0", ""),
        ("https://api.github.com/repos/acme/web/contents/a/b.txt?ref=v1.2.0", "api", "v1.2.0", "a/b.txt"),
        ("git+https://github.com/acme/web.git@v1.2.0", "clone", "v1.2.0", ""),
        ("https://github.com/acme/web/deploy/base?ref=v1.2.0", "base", "v1.2.0", "deploy/base"),
        ("github.com/acme/web//deploy/base?ref=v1.2.0", "base", "v1.2.0", "deploy/base"),
        ("https://cdn.jsdelivr.net/gh/acme/web@v1.2.0/x.js", "raw", "v1.2.0", "x.js"),
    ],
)
def test_each_form_gives_ref_and_path(url: str, form: str, ref: str, path: str) -> None:
    site = _one(f"see ({url}), please")
    assert (site.kind, site.name, site.part) == (Kind.GIT, "github.com/acme/web", Part.REF)
    assert (site.get("form"), site.raw, site.get("path")) == (form, ref, path)
    assert site.get("url") == url


def test_gitlab_and_hosts_of_its_kind() -> None:
    site = _one("https://gitlab.com/acme/web/-/raw/main/x.yaml")
    assert (site.name, site.raw, site.pin, site.get("path")) == ("gitlab.com/acme/web", "main", Pin.BRANCH, "x.yaml")
    assert _one("https://code.acme.example/acme/web/-/blob/v1.0.0/x").name == "code.acme.example/acme/web"


def test_a_download_has_a_tag_and_the_version_in_its_asset() -> None:
    tag, asset = found(EXTRACTOR, "x.sh", "https://github.com/acme/web/releases/download/v0.6.1/web_0.6.3_linux.tar.gz")
    assert (tag.raw, tag.get("form"), tag.get("path")) == ("v0.6.1", "download", "web_0.6.3_linux.tar.gz")
    assert (asset.raw, asset.part, asset.get("form")) == ("0.6.3", Part.VERSION, "asset")


def test_a_branch_may_hold_slashes_so_the_whole_remainder_is_kept() -> None:
    site = _one("https://github.com/acme/web/blob/feature/new/docs/x.md")
    assert (site.raw, site.get("path"), site.get("rest")) == ("feature", "new/docs/x.md", "feature/new/docs/x.md")


def test_refs_heads_is_part_of_what_is_replaced() -> None:
    site = _one("https://raw.githubusercontent.com/acme/web/refs/heads/main/x.sh")
    assert (site.raw, site.value, site.pin) == ("refs/heads/main", "main", Pin.BRANCH)


@pytest.mark.parametrize(
    ("ref", "pin"),
    [
        ("main", Pin.BRANCH),
        ("release-1.30", Pin.BRANCH),
        ("controller-v1.12.1", Pin.EXACT),
        ("2b27a29022132102d6030cfff62d0aeeaaf96f68", Pin.DIGEST),
        ("v${VERSION}", Pin.TEMPLATED),
        ("v{{ config.release }}", Pin.TEMPLATED),
        ("$VERSION", Pin.TEMPLATED),
    ],
)
def test_pin_classes_of_refs(ref: str, pin: Pin) -> None:
    site = _one(f'curl "https://raw.githubusercontent.com/acme/web/{ref}/x.sh"')
    assert (site.raw, site.pin) == (ref, pin)


def test_an_escaped_slash_in_a_tag_is_undone_in_the_value() -> None:
    tag, asset = found(EXTRACTOR, "x", "https://github.com/acme/web/releases/download/tool%2Fv5.0.1/tool_v5.0.1_linux.tgz")
    assert (tag.raw, tag.value, tag.pin) == ("tool%2Fv5.0.1", "tool/v5.0.1", Pin.EXACT)
    assert asset.raw == "v5.0.1"


def test_a_host_that_admits_no_dots() -> None:
    site = _one("https://release-0-30-0--acme-docs.netlify.app/guide")
    assert (site.kind, site.name, site.raw, site.value) == (Kind.VARIABLE, "acme-docs.netlify.app", "0-30-0", "0.30.0")


def test_a_host_that_a_variable_completes() -> None:
    site = _one("see https://docs-${DOC_VERSION}--acme-docs.netlify.app/guide")
    assert (site.name, site.raw, site.pin, site.get("vars")) == (
        "acme-docs.netlify.app",
        "${DOC_VERSION}",
        Pin.TEMPLATED,
        "DOC_VERSION",
    )


def test_versions_in_other_addresses() -> None:
    site = _one("https://docs.acme.example/release-0.29.0/guide/")
    assert (site.kind, site.name, site.raw) == (Kind.VARIABLE, "docs.acme.example", "0.29.0")
    site = _one("https://pkg.go.dev/acme.example/api@v0.29.10/core/v1")
    assert (site.kind, site.name, site.raw) == (Kind.MODULE, "acme.example/api", "v0.29.10")
    site = _one("https://unpkg.com/widget@17.0.2/dist/widget.js")
    assert (site.kind, site.name, site.raw) == (Kind.PACKAGE, "npm:widget", "17.0.2")
    site = _one("https://go.dev/dl/go1.21.5.linux-amd64.tar.gz")
    assert (site.kind, site.name, site.raw) == (Kind.TOOLCHAIN, "go", "1.21.5")


@pytest.mark.parametrize(
    "line",
    [
        "https://github.com/acme/web/wiki/Page",
        "https://github.com/acme/web/issues/12 and https://github.com/acme/web/pull/3",
        "https://github.com/acme/web",
        "https://github.com/orgs/acme/tree/x",
        "https://www.apache.org/licenses/LICENSE-2.0",
        "https://example.org/2024-01-02/news",
        "https://10.0.0.1:8080/x",
        "import github.com/acme/web/pkg",
        "user@github.com",
        "://",
        "https://api.github.com/repos/acme/web/releases{/id}",
    ],
)
def test_what_is_no_reference(line: str) -> None:
    assert found(EXTRACTOR, "x.md", line) == []


def test_text_beyond_ascii_keeps_positions() -> None:
    sites = found(
        EXTRACTOR, "x.md", "ä → ö https://github.com/acme/web/tree/v1.2.0 ü\n\U0001f600 https://github.com/acme/web/tree/v1.3.0"
    )
    assert [site.raw for site in sites] == ["v1.2.0", "v1.3.0"]


def test_the_repository_that_a_url_leads_to() -> None:
    assert repository_of("curl -L https://raw.githubusercontent.com/acme/web/v1/install.sh | sh") == "github.com/acme/web"
    assert repository_of("https://git@github.com/acme/web.git") == "github.com/acme/web"
    assert repository_of("https://acme.example/x/y") == ""
    assert repository_of("") == ""


def test_the_version_of_a_file_that_is_downloaded_elsewhere() -> None:
    site = _one("https://get.acme.example/tool-v3.14.0-linux-amd64.tar.gz")
    assert (site.kind, site.name, site.raw, site.get("form")) == (Kind.VARIABLE, "get.acme.example/tool", "v3.14.0", "asset")
    site = _one("https://acme.example/projects/files/table-1.0.6.1.tar.xz")
    assert (site.name, site.raw) == ("acme.example/projects/files/table", "1.0.6.1")


def test_a_page_of_gitlab_is_no_folder_to_build_from() -> None:
    assert found(EXTRACTOR, "README.md", "https://gitlab.com/acme/web/-/pipelines?ref=main\n") == []
    (site,) = found(EXTRACTOR, "README.md", "https://gitlab.com/acme/web//deploy?ref=main\n")
    assert (site.raw, site.get("form")) == ("main", "base")
