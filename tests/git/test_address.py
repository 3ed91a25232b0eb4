import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.git.address import addresses_of, name_of, normalise_url, remotes_of


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/example/platform", "github.com/example/platform"),
        ("https://github.com/example/platform.git", "github.com/example/platform"),
        ("https://GitHub.com/Example/Platform.git/", "github.com/Example/Platform"),
        ("http://user:secret@git.example:80/example/platform", "git.example/example/platform"),
        ("https://token@git.example:8443/a/b/c.git", "git.example:8443/a/b/c"),
        ("https://user:p%40ss@word@git.example/a/b", "git.example/a/b"),
        ("https://github.com/example/platform?x=1#y", "github.com/example/platform"),
        ("git@github.com:example/platform.git", "github.com/example/platform"),
        ("github.com:example/platform", "github.com/example/platform"),
        ("git@git.example:/srv/platform.git", "git.example/srv/platform"),
        ("ssh://git@github.com/example/platform.git", "github.com/example/platform"),
        ("ssh://git@git.example:2222/example/platform.git", "git.example/example/platform"),
        ("git+ssh://git@git.example/example/platform", "git.example/example/platform"),
        ("git://git.example:9418/platform.git", "git.example/platform"),
        ("https://[2001:db8::1]:443/a/b", "[2001:db8::1]/a/b"),
        ("/srv/git/platform.git", None),
        ("ext::some program", None),
        ("../platform", None),
        ("./with:colon", None),
        ("C:/Users/someone/platform", None),
        ("file:///srv/git/platform.git", None),
        ("https://github.com", None),
        ("https://github.com/", None),
        ("git@github.com:", None),
        ("", None),
    ],
)
def test_urls_become_addresses(url: str, address: str | None) -> None:
    assert normalise_url(url) == address


@given(st.text(max_size=80))
def test_no_url_raises(url: str) -> None:
    normalise_url(url)


@given(st.text("abc:@/", min_size=1), st.sampled_from(["https", "ssh", "http", "git"]))
def test_credentials_never_stay(secret: str, scheme: str) -> None:
    address = normalise_url(f"{scheme}://{secret.replace('/', '')}SECRET@git.example/example/platform")
    assert address == "git.example/example/platform"


def test_remotes_come_origin_first_with_replaced_prefixes() -> None:
    config = [
        ("remote.upstream.url", "gh:example/platform"),
        ("remote.a.b.url", "https://git.example/x/y.git"),
        ("remote.a.b.fetch", "+refs/*:refs/*"),
        ("remote.origin.url", "https://github.com/fork/platform"),
        ("remote.origin.pushurl", "git@github.com:fork/platform.git"),
        ("remote.pushdefault", "origin"),
        ("url.https://github.com/.insteadof", "gh:"),
        ("url.https://elsewhere.example/.insteadof", "gh"),
        ("url.https://nowhere.example/.insteadof", ""),
    ]
    remotes = remotes_of(config)
    assert list(remotes) == ["origin", "a.b", "upstream"]
    assert addresses_of(remotes) == ("github.com/fork/platform", "git.example/x/y", "github.com/example/platform")


@pytest.mark.parametrize(
    ("path", "addresses", "name"),
    [
        ("/srv/platform", (), "platform"),
        ("/srv/platform.git", (), "platform"),
        ("/srv/platform/.git", (), "platform"),
        ("/srv/platform/repo", (), "platform"),
        ("/srv/example+platform/repo", (), "platform"),
        ("/srv/example+platform", (), "platform"),
        ("/srv/platform/Repo", ("github.com/example/webservice",), "webservice"),
        ("/srv/platform", ("github.com/example/webservice",), "platform"),
        ("/srv/anything/main/.git", ("github.com/example/webservice",), "webservice"),
        ("/src", (), "src"),
        ("/.git", (), "repository"),
        ("/", (), "repository"),
        ("C:\\work\\platform", (), "platform"),
    ],
)
def test_a_repository_is_named_by_the_telling_part_of_its_path(path: str, addresses: tuple[str, ...], name: str) -> None:
    assert name_of(path, addresses) == name
