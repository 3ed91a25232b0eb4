import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.oci.challenge import Challenge, parse_challenges


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        (
            'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push"',
            [("bearer", {"realm": "https://auth.example/token", "service": "registry", "scope": "repository:a/b:pull,push"})],
        ),
        ('Basic realm="x"', [("basic", {"realm": "x"})]),
        (
            'Basic realm="x", Bearer realm=y,service="a\\"b"',
            [("basic", {"realm": "x"}), ("bearer", {"realm": "y", "service": 'a"b'})],
        ),
        ("Negotiate, Basic realm=foo", [("negotiate", {}), ("basic", {"realm": "foo"})]),
        ('BEARER REALM="a" , Service = b', [("bearer", {"realm": "a", "service": "b"})]),
        ('Bearer realm="a",realm="b"', [("bearer", {"realm": "a"})]),
        ("", []),
        ('"junk', []),
        ("Bearer " + "a" * 9000, []),
    ],
)
def test_challenges_are_read(header: str, challenges: list[tuple[str, dict[str, str]]]) -> None:
    assert parse_challenges(header) == [Challenge(*challenge) for challenge in challenges]


@given(st.text(max_size=200) | st.text('Bearer realm="",= \t\\', max_size=100))
def test_any_header_is_read_without_failing(header: str) -> None:
    parse_challenges(header)
