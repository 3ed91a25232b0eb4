import pytest

from relgraph.effects.proxies import bypasses, proxies_of


def test_variables_count_in_any_case() -> None:
    assert proxies_of({"HTTPS_PROXY": "http://p:1", "http_proxy": "q:2", "NO_PROXY": "a", "OTHER": "x", "HTTP_PROXYX": "y"}) == {
        "https": "http://p:1",
        "http": "q:2",
        "no": "a",
    }


@pytest.mark.parametrize(
    ("listed", "host", "port", "bypassed"),
    [
        ("", "a.example", 443, False),
        ("*", "a.example", 443, True),
        ("a.example", "a.example", 443, True),
        ("example", "a.example", 443, True),
        (".example", "a.example", 443, True),
        ("*.example", "a.example", 443, True),
        ("ample", "a.example", 443, False),
        ("a.example:443", "a.example", 443, True),
        ("a.example:80", "a.example", 443, False),
        (" x , a.example ", "a.example", 443, True),
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.0/8", "a.example", 80, False),
        ("nonsense/8", "10.1.2.3", 80, False),
    ],
)
def test_no_proxy_lists_hosts_domains_and_networks(listed: str, host: str, port: int, bypassed: bool) -> None:
    assert bypasses(host, port, listed) is bypassed
