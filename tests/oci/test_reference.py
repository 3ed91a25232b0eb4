import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import UsageError
from relgraph.oci.digest import Digest, digest_of
from relgraph.oci.errors import InvalidReference
from relgraph.oci.reference import (
    LayoutReference,
    RegistryReference,
    check_repository,
    check_tag,
    is_tag,
    parse_reference,
)

DIGEST = digest_of(b"x")
COMPONENTS = st.from_regex(r"[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,4})?", fullmatch=True)
REPOSITORIES = st.lists(COMPONENTS, min_size=1, max_size=4).map("/".join)
HOSTS = st.sampled_from(
    [
        "ghcr.io",
        "localhost",
        "localhost:5000",
        "127.0.0.1:5000",
        "[::1]:5000",
        "registry",
        "registry:443",
        "a-b.example",
        "docker.io",
    ]
)
TAGS = st.just("") | st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}", fullmatch=True)
DIGESTS = st.none() | st.binary(max_size=3).map(digest_of)
VERSIONS = st.from_regex(r"v?(0|[1-9][0-9]?)(\.(0|[1-9][0-9]?|\*)){0,2}", fullmatch=True)
RANGES = st.lists(
    st.tuples(st.sampled_from([">=", "<", "^", "~", "!=", "="]), VERSIONS).map("".join), min_size=1, max_size=3
).flatmap(lambda parts: st.sampled_from([" ".join(parts), " || ".join(parts), ", ".join(parts)]))


@st.composite
def registry_references(draw: st.DrawFn) -> RegistryReference:
    registry, repository = draw(HOSTS), draw(REPOSITORIES)
    if registry == "docker.io" and "/" not in repository:
        repository = f"library/{repository}"
    if draw(st.booleans()):
        return RegistryReference(registry, repository, range=draw(RANGES))
    return RegistryReference(registry, repository, draw(TAGS), draw(DIGESTS))


@st.composite
def layout_references(draw: st.DrawFn) -> LayoutReference:
    path = draw(st.sampled_from(["out", "./out", "/var/store", "a b/c", "x@y/z", "..", "/"]))
    repository = draw(st.just("") | REPOSITORIES) if path != "/" else ""
    if draw(st.booleans()):
        return LayoutReference(path, repository, range=draw(RANGES))
    return LayoutReference(path, repository, draw(TAGS), draw(DIGESTS))


@given(registry_references() | layout_references())
def test_a_reference_survives_its_text(reference: RegistryReference | LayoutReference) -> None:
    assert parse_reference(str(reference)) == reference
    assert parse_reference(reference.name) == reference.bare


@given(registry_references())
def test_a_scheme_says_that_the_first_part_is_a_host(reference: RegistryReference) -> None:
    text = str(reference).removeprefix("oci://")
    assert parse_reference(f"oci://{text}") == reference


@given(st.text(max_size=60) | st.text("abc:/@.-_[]<>=^*|, 0123456789", max_size=40))
def test_any_text_is_a_reference_or_says_what_is_wrong(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidReference as problem:
        assert problem.part in ("scheme", "registry", "repository", "tag", "digest", "range", "path")
        assert problem.hint
        assert problem.status == 2
    else:
        assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    ("text", "registry", "repository"),
    [
        ("web", "docker.io", "library/web"),
        ("acme/web", "docker.io", "acme/web"),
        ("docker.io/web", "docker.io", "library/web"),
        ("index.docker.io/acme/web", "docker.io", "acme/web"),
        ("registry-1.docker.io/acme/web", "docker.io", "acme/web"),
        ("localhost/x", "localhost", "x"),
        ("localhost:5000/x/y", "localhost:5000", "x/y"),
        ("GHCR.io/acme/web", "ghcr.io", "acme/web"),
        ("oci://charts/web", "charts", "web"),
        ("oci://docker.io/web", "docker.io", "library/web"),
        ("[::1]:5000/x", "[::1]:5000", "x"),
        ("a__b/c-d---e.f_g", "docker.io", "a__b/c-d---e.f_g"),
    ],
)
def test_names_are_normalised_as_docker_does_it(text: str, registry: str, repository: str) -> None:
    assert parse_reference(text) == RegistryReference(registry, repository)


@pytest.mark.parametrize(
    ("word", "read"),
    [
        (">=1.2 <2", ">=1.2 <2"),
        (">=1.2   <2", ">=1.2 <2"),
        ("^1", "^1"),
        ("~1.4", "~1.4"),
        ("~>1.4", "~>1.4"),
        ("1.2.*", "1.2.*"),
        ("v1.*.*", "v1.*.*"),
        ("*", "*"),
        (">=1.0.0-rc.1, <2", ">=1.0.0-rc.1, <2"),
        ("^1 || ^3", "^1 || ^3"),
        ("1 - 2", "1 - 2"),
        ("=1.0.0+build.5", "=1.0.0+build.5"),
    ],
)
def test_ranges_are_read_before_tags(word: str, read: str) -> None:
    assert parse_reference(f"ghcr.io/acme/web:{word}") == RegistryReference("ghcr.io", "acme/web", range=read)
    assert parse_reference(f"layout:out//web:{word}") == LayoutReference("out", "web", range=read)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("layout:out", LayoutReference("out")),
        ("layout:out:v1", LayoutReference("out", "", "v1")),
        ("layout:a/b:v1", LayoutReference("a/b", "", "v1")),
        ("layout:out//acme/web:v1", LayoutReference("out", "acme/web", "v1")),
        (f"layout:o@p/out@{DIGEST}", LayoutReference("o@p/out", "", "", DIGEST)),
        (f"layout:out//web:1@{DIGEST}", LayoutReference("out", "web", "1", DIGEST)),
    ],
)
def test_layouts_are_named_by_their_folder(text: str, read: LayoutReference) -> None:
    assert parse_reference(text) == read


@pytest.mark.parametrize(
    ("text", "part", "words"),
    [
        ("", "repository", "names no repository"),
        ("oci://", "repository", "no repository"),
        ("oci://ghcr.io", "repository", "no repository"),
        ("ghcr.io/", "repository", "no repository"),
        ("docker://ghcr.io/x", "scheme", "write oci://ghcr.io/x"),
        ("https://ghcr.io/x", "scheme", "write oci://ghcr.io/x"),
        ("ghcr.io/Acme/web", "repository", "repositories are lower case: acme"),
        ("ghcr.io/acme//web", "repository", "''"),
        ("ghcr.io/-x", "repository", "'-x'"),
        ("ghcr.io/" + "a" * 300, "repository", "at most 255"),
        ("ghcr.io:0/x", "registry", "no port"),
        ("ghcr.io:70000/x", "registry", "no port"),
        ("ghcr..io/x", "registry", "no host"),
        ("[::g]:1/x", "registry", "no host"),
        ("[::1::]:1/x", "registry", "IPv6"),
        ("ghcr.io/x:", "tag", "missing"),
        ("ghcr.io/x:-a", "tag", "no tag"),
        ("ghcr.io/x:" + "a" * 129, "tag", "129 characters"),
        ("ghcr.io/x:1.0+g1", "tag", "1.0_g1"),
        ("acme/web:5000/x", "tag", "is the colon before a port"),
        ("ghcr.io/x:>=", "range", "no range"),
        ("ghcr.io/x:<script>", "range", "no range"),
        (f"ghcr.io/x:^1@{DIGEST}", "range", "leave the range out"),
        ("ghcr.io/x@sha256:abc", "digest", "64 lower-case"),
        ("ghcr.io/x@sha256:../../etc", "digest", "not a digest"),
        ("ghcr.io/x@md5:" + "a" * 32, "digest", "md5"),
        ("ghcr.io/x@", "digest", "not a digest"),
        ("layout:", "path", "no folder"),
        ("layout://x", "path", "no folder"),
        ("layout:a:b/c", "path", "colon"),
        ("layout:out//Web", "repository", "lower case"),
    ],
)
def test_what_is_wrong_is_named(text: str, part: str, words: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference(text)
    assert caught.value.part == part
    assert words in f"{caught.value} {caught.value.hint}"
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ["https://user:secret@ghcr.io/x", "user:secret@ghcr.io/x", "oci://user:secret@ghcr.io/x"])
def test_a_password_in_a_reference_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert "secret" not in f"{caught.value} {caught.value.hint}"


def test_the_target_is_the_digest_then_the_tag() -> None:
    assert parse_reference("x:1").target == "1"
    assert parse_reference("x").target == "latest"
    assert parse_reference(f"x:1@{DIGEST}").target == DIGEST
    assert isinstance(parse_reference(f"layout:x@{DIGEST}").target, Digest)
    with pytest.raises(InvalidReference, match="one version is needed"):
        _ = parse_reference("x:^1").target


def test_single_names_are_checked() -> None:
    assert check_repository("acme/web") == "acme/web"
    assert check_tag("v1") == "v1"
    assert is_tag("v1")
    assert not is_tag("")
    with pytest.raises(InvalidReference):
        check_repository("Acme")
    with pytest.raises(InvalidReference):
        check_tag("a/b")
