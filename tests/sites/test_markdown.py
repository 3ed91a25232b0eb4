"""References in documents."""

import pytest

from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.sites.markdown import EXTRACTOR
from sitetext import brief, by_name, found


def _sites(content: str, path: str = "docs/guide.md") -> list[Site]:
    return found(EXTRACTOR, path, content)


def _one(content: str, path: str = "docs/guide.md") -> Site:
    sites = _sites(content, path)
    assert len(sites) == 1, brief(sites)
    return sites[0]


@pytest.mark.parametrize(
    "fence",
    ["```shell\n{}\n```", "~~~bash\n{}\n~~~", "1. do\n   ```console\n   {}\n   ```", "```\n{}\n```", "````sh title=x\n{}\n````"],
)
def test_fences_of_commands_are_read_as_shell(fence: str) -> None:
    site = _one(fence.format("helm install web oci://ghcr.io/acme/web --version 1.2.3"))
    assert (site.kind, site.name, site.raw, site.role) == (Kind.CHART, "oci://ghcr.io/acme/web", "1.2.3", Role.USES)


def test_commands_in_code_spans_and_indented_blocks() -> None:
    assert _one("run `go install acme.example/t@v1.0.0` first").raw == "v1.0.0"
    assert _one("text\n\n    $ go install acme.example/t@v1.0.0\n").raw == "v1.0.0"


def test_variables_in_fences_and_in_running_text() -> None:
    sites = by_name(
        _sites("set `WEB_VERSION=0.21.0` or WEB_TAG: 1.2.3\n```sh\nexport A_VERSION=1.0.0\nB_VERSION={{ config.latest }}\n```\n")
    )
    assert {name: site.raw for name, site in sites.items()} == {
        "WEB_VERSION": "0.21.0",
        "WEB_TAG": "1.2.3",
        "A_VERSION": "1.0.0",
        "B_VERSION": "{{ config.latest }}",
    }
    assert sites["B_VERSION"].pin is Pin.TEMPLATED


def test_output_is_a_mention_files_are_not() -> None:
    assert _one("```\nPulled: ghcr.io/acme/web:1.2.3\n```").role is Role.MENTION
    assert _one("```text\nPulled: ghcr.io/acme/web:1.2.3\n```").role is Role.MENTION
    assert _one("```yaml\nimage: ghcr.io/acme/web:1.2.3\n```").role is Role.USES
    assert _one("use ghcr.io/acme/web:1.2.3").role is Role.USES


def test_behind_a_prompt_are_commands_and_the_rest_is_output() -> None:
    sites = _sites(
        "```sh\n$ docker pull acme/web:1.2.3 \\\n  --platform x\nUsing acme/node:v1.30 and ghcr.io/acme/x:2.0\n$ helm pull oci://ghcr.io/acme/c --version 3.0\n```"
    )
    assert [(site.raw, site.role) for site in sites] == [
        ("1.2.3", Role.USES),
        ("v1.30", Role.MENTION),
        ("2.0", Role.MENTION),
        ("3.0", Role.USES),
    ]


@pytest.mark.parametrize(
    "path", ["CHANGELOG.md", "docs/release-notes.md", "docs/changelog/v1.md", "HISTORY.rst", ".github/ISSUE_TEMPLATE/bug.md"]
)
def test_documents_of_the_past_only_mention(path: str) -> None:
    assert _one("Acme 1.2.3 uses ghcr.io/x/y", path).role is Role.MENTION


@pytest.mark.parametrize(
    ("sentence", "name", "raw", "role"),
    [
        ("Acme 0.6.1 is needed", "Acme", "0.6.1", Role.USES),
        ("install acme v5.6.0 now", "acme", "v5.6.0", Role.USES),
        ("acme version 0.2.0-rc12 works with it", "acme", "0.2.0-rc12", Role.USES),
        ("- **acme** version 0.8.0 or higher.", "acme", "0.8.0", Role.MINIMUM),
        ("- [**acme**](https://acme.example/x) version >= 0.20 and so on", "acme", "0.20", Role.MINIMUM),
        ("`acme` >= 1.2", "acme", "1.2", Role.MINIMUM),
        ("requires Acme 1.2", "Acme", "1.2", Role.MINIMUM),
        ("any future Acme release higher than `0.24.0`.", "Acme", "0.24.0", Role.MINIMUM),
        ("you need release `v0.2.0-rc15` or higher for the acme-addon controller", "acme-addon", "v0.2.0-rc15", Role.MINIMUM),
        ("This has been tested with version 5.6.0 of [acme](https://acme.example)", "acme", "5.6.0", Role.MENTION),
        ("The latest regular release is 0.24.0.", "latest release", "0.24.0", Role.USES),
        ("GNU make version 3.81+", "GNU make", "3.81", Role.MINIMUM),
        ("## Acme 1.2.3", "Acme", "1.2.3", Role.MENTION),
        ("It worked with Acme release v0.22.0.", "Acme", "v0.22.0", Role.MENTION),
        ("Users with Acme < 3.17.1 cannot", "Acme", "3.17.1", Role.MENTION),
    ],
)
def test_sentences_tie_versions_to_names(sentence: str, name: str, raw: str, role: Role) -> None:
    site = _one(sentence)
    assert (site.kind, site.name, site.raw, site.role) == (Kind.VARIABLE, name, raw, role)
    assert site.get("scope") == "prose"


@pytest.mark.parametrize(
    ("sentence", "name", "raw", "role"),
    [
        ("Go version 1.21 or higher", "go", "1.21", Role.MINIMUM),
        ("[Install Go](https://acme.example/x) 1.19+.", "go", "1.19", Role.MINIMUM),
        ("- go version >= go1.19.2 ", "go", "go1.19.2", Role.MINIMUM),
        ("Python 3.12", "python", "3.12", Role.USES),
    ],
)
def test_languages_are_toolchains(sentence: str, name: str, raw: str, role: Role) -> None:
    site = _one(sentence)
    assert (site.kind, site.name, site.raw, site.role) == (Kind.TOOLCHAIN, name, raw, role)


@pytest.mark.parametrize("sentence", ["Acme between 0.27 and 1.0 is fine", "- **Acme** 0.27 <= version **< 1.0**."])
def test_ranges_have_a_lower_and_an_upper_end(sentence: str) -> None:
    lower, upper = _sites(sentence)
    assert (lower.name, lower.raw, lower.role) == ("Acme", "0.27", Role.MINIMUM)
    assert (upper.name, upper.raw, upper.role, upper.get("bound")) == ("Acme", "1.0", Role.MENTION, "upper")


@pytest.mark.parametrize(
    "sentence",
    [
        "Licensed under the Apache License, Version 2.0 (the License)",
        "an Apache 2.0 license",
        "Contributor Covenant, version 1.2.0",
        "HTTP/1.1 over TLS 1.2 and IPv4",
        "apiVersion: apps/v1, networking.k8s.io/v1beta1",
        "on 2024-01-02 or 2024.01.02 at 12:30:45.1",
        "See section 1.2.3 and Figure 3.1",
        "### 1.1 First",
        "2.3. Second",
        "It takes 1.5 seconds, 99.9% of 4.5 GB at 2.5x",
        "10.0.0.1 and 127.0.0.1",
        "SemVer 2.0.0 says",
        "upgrade to 1.2",
        "Copyright 2024.1",
        "postgresql-13.1.5 x-1.2",
        "released in version 1.2 of the",
        "foo 1.2 bar",
        "January 1.2",
    ],
)
def test_numbers_that_are_no_versions_of_anything(sentence: str) -> None:
    assert _sites(sentence) == []


def test_rows_of_tables_name_in_their_first_cell() -> None:
    sites = _sites(
        "| tool | version |\n|---|---|\n| [acme](x) | `1.2.3` |\n| other | 2.0+ |\n| third | about 3.0 |\n| 0.1.0 | 0.2.0 |\n"
    )
    rows = [site for site in sites if site.key == "table"]
    assert [(site.name, site.raw, site.role) for site in rows] == [("acme", "1.2.3", Role.USES), ("other", "2.0", Role.MINIMUM)]


def test_links_resolve_relative_to_the_document() -> None:
    sites = _sites(
        "[a](../x/y.md#part) ![b](images/b%20c.png) [c](https://acme.example) [d](#here) [e](/abs.md) [f](mailto:a@b)\n"
        '<img src="./z.svg" width="80%">\n[g]: other.md\n{% include-markdown "../x/inc.md" %} [h]({{ x }}) [i](../../../out.md)\n'
    )
    links = [site for site in sites if site.kind is Kind.FILE]
    assert [(site.raw, site.get("resolved"), site.get("anchor")) for site in links] == [
        ("../x/y.md", "x/y.md", "part"),
        ("images/b%20c.png", "docs/images/b c.png", ""),
        ("./z.svg", "docs/z.svg", ""),
        ("other.md", "docs/other.md", ""),
        ("../x/inc.md", "x/inc.md", ""),
        ("../../../out.md", "", ""),
    ]


def test_what_stands_in_fences_is_no_prose_and_no_link() -> None:
    assert _sites("```go\n// Acme 1.2.3 [a](b.md)\n```\n") == []
    assert _sites("```\nnever closed Acme 1.2.3") == []


def test_the_files_that_are_documents() -> None:
    for path in ("README.md", "docs/x.rst", "a.adoc", "x.mdx", "README", "docs/notes.txt"):
        assert EXTRACTOR.matches(path), path
    for path in ("docs/requirements.txt", "x.txt", "main.go", "chart/templates/NOTES.txt"):
        assert not EXTRACTOR.matches(path), path
