"""Policies: what they say, and that nothing in them is passed over."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import EnvironmentFailure
from relgraph.trust.errors import PolicyProblem
from relgraph.trust.keys import create_key
from relgraph.trust.policy import AttestationRule, SignatureRule, matches, policy_of_keys, read_policy
from relgraph.trust.predicates import SLSA
from relgraph.trust.verdict import Scheme

_KEYS = {"a.pub": create_key().public, "b.pub": create_key().public}


def _file(name: str) -> bytes:
    if name not in _KEYS:
        raise EnvironmentFailure(f"{name}: No such file or directory")
    return _KEYS[name].pem


def _text(rules: str, keys: str = "{a: {file: a.pub}, b: {file: b.pub}}") -> bytes:
    return f"apiVersion: relgraph.dev/v1\nkind: TrustPolicy\nkeys: {keys}\nrules:\n{rules}\n".encode()


def test_a_policy_is_read_with_all_that_it_says() -> None:
    inline = _KEYS["a.pub"].pem.decode().replace("\n", "\\n")
    policy = read_policy(
        _text(
            """
  - name: platform
    match: ["ghcr.io/acme/**", ghcr.io/other]
    signatures:
      - {keys: [a, b], threshold: 2}
      - {keys: a}
    schemes: bundle
    either-scheme: true
    repository: signed
    signed-as: ["mirror.example/**"]
    tag: ignored
    max-age: 90d
    attestations: {predicate: slsa-provenance, keys: [b], builders: ["https://ci.example/*"]}
  - {match: "docker.io/library/*", unsigned: allowed}""",
            f'{{a: {{pem: "{inline}", expires: 2027-06-30}}, b: {{file: b.pub}}}}',
        ),
        _file,
        path="policy.yaml",
    )
    assert policy.keys["a"].public == _KEYS["a.pub"]
    assert policy.keys["a"].expires == datetime(2027, 7, 1, tzinfo=UTC)
    first, second = policy.rules
    assert first == (
        "platform",
        ("ghcr.io/acme/**", "ghcr.io/other"),
        (SignatureRule(("a", "b"), 2), SignatureRule(("a",), 1)),
        (AttestationRule(SLSA, ("b",), 1, ("https://ci.example/*",)),),
        frozenset({Scheme.BUNDLE}),
        True,
        "signed",
        ("mirror.example/**",),
        "ignored",
        timedelta(days=90),
        False,
    )
    assert second.name == "rule 2"
    assert second.unsigned


def test_the_first_rule_that_matches_decides() -> None:
    policy = read_policy(
        _text(
            '  - {match: "r.example/a/special", unsigned: allowed}\n  - {match: "r.example/a/**", signatures: {keys: a}}',
        ),
        _file,
        path="p",
    )
    assert policy.rule_for("r.example/a/special") is policy.rules[0]
    assert policy.rule_for("r.example/a/other") is policy.rules[1]
    assert policy.rule_for("r.example/b") is None


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (
            "ghcr.io/acme/**",
            ["ghcr.io/acme", "ghcr.io/acme/a", "ghcr.io/acme/a/b"],
            ["ghcr.io/acmes", "ghcr.io/acme-evil/a", "x/ghcr.io/acme/a"],
        ),
        ("ghcr.io/acme/*", ["ghcr.io/acme/a"], ["ghcr.io/acme/a/b", "ghcr.io/acme"]),
        ("**/web", ["web", "a/web", "a/b/web"], ["a/webs", "a/xweb"]),
        ("**", ["a", "a/b", ""], []),
        ("g*.io/x", ["ghcr.io/x", "g.io/x"], ["gh/cr.io/x", "ghcrxio/x"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [text for text in (*yes, *no) if matches(pattern, text)] == yes


_GOOD = "  - {match: r, signatures: {keys: [a]}}"


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (b"", "", "a mapping is expected"),
        (b"a: [", "", "line 2"),
        (_text(_GOOD).replace(b"TrustPolicy", b"Graph"), "kind", "not a TrustPolicy"),
        (_text(_GOOD) + b"rules: []\n", "", "stands twice"),
        (_text(_GOOD) + b"extra: 1\n", "extra", "is not understood"),
        (b"apiVersion: relgraph.dev/v1\nkind: TrustPolicy\nrules: []\n", "rules", "no rule"),
        (b"apiVersion: relgraph.dev/v1\nkind: TrustPolicy\n", "rules", "a list is expected"),
        (_text(_GOOD, "{a: {}}"), "keys.a", "a file or a pem"),
        (_text(_GOOD, "{a: {file: a.pub, pem: x}}"), "keys.a", "a file or a pem"),
        (_text(_GOOD, "{a: {file: absent.pub}}"), "keys.a", "No such file"),
        (_text(_GOOD, "{a: {pem: nonsense}}"), "keys.a", "not one public key"),
        (_text(_GOOD, "{a: {file: a.pub, expires: soon}}"), "keys.a.expires", "a day such as"),
        (_text(_GOOD, "{a: {file: a.pub, expires: 2027-02-30}}"), "keys.a.expires", "a day such as"),
        (_text(_GOOD, "{7: {file: a.pub}}"), "keys", "a mapping is expected"),
        (_text("  - {signatures: {keys: a}}"), "rules[0].match", "a list is expected"),
        (_text("  - {match: [], signatures: {keys: a}}"), "rules[0].match", "which repositories"),
        (_text("  - {match: [7], signatures: {keys: a}}"), "rules[0].match", "a text is expected"),
        (_text("  - {match: r}"), "rules[0]", "no signatures are asked for"),
        (_text("  - {match: r, unsigned: true}"), "rules[0].unsigned", "allowed or refused"),
        (_text("  - {match: r, unsigned: allowed, signatures: {keys: a}}"), "rules[0]", "unsigned is allowed"),
        (_text("  - {match: r, signatures: {keys: []}}"), "rules[0].signatures.keys", "no key is named"),
        (_text("  - {match: r, signatures: {keys: [z]}}"), "rules[0].signatures.keys", "no key is called 'z'"),
        (_text("  - {match: r, signatures: [{keys: a}, {key: a}]}"), "rules[0].signatures[1].key", "is not understood"),
        (
            _text("  - {match: r, signatures: {keys: a, threshold: 2}}"),
            "rules[0].signatures.threshold",
            "with 1 different keys it is 1 to 1",
        ),
        (_text("  - {match: r, signatures: {keys: a, threshold: 0}}"), "rules[0].signatures.threshold", "0:"),
        (_text("  - {match: r, signatures: {keys: a, threshold: true}}"), "rules[0].signatures.threshold", "True:"),
        (_text("  - {match: r, signatures: {keys: a}, schemes: [x509]}"), "rules[0].schemes", "one or both of bundle, tag"),
        (_text("  - {match: r, signatures: {keys: a}, schemes: []}"), "rules[0].schemes", "one or both"),
        (_text("  - {match: r, signatures: {keys: a}, either-scheme: 1}"), "rules[0].either-scheme", "true or false"),
        (
            _text("  - {match: r, signatures: {keys: a}, repository: maybe}"),
            "rules[0].repository",
            "one of checked, signed, ignored",
        ),
        (_text("  - {match: r, signatures: {keys: a}, max-age: 3 months}"), "rules[0].max-age", "a number with h, d or w"),
        (_text("  - {match: r, signatures: {keys: a}, max-age: 0d}"), "rules[0].max-age", "a number with"),
        (
            _text("  - {match: r, signatures: {keys: a}, attestations: {keys: a}}"),
            "rules[0].attestations.predicate",
            "a text is expected",
        ),
        (
            _text("  - {match: r, signatures: {keys: a}, attestations: {predicate: sbom, keys: a}}"),
            "rules[0].attestations.predicate",
            "no type of predicate",
        ),
        (
            _text(
                '  - {match: r, signatures: {keys: a}, attestations: {predicate: "https://sigstore.dev/cosign/sign/v1", keys: a}}'
            ),
            "rules[0].attestations.predicate",
            "that is a signature",
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(data: bytes, where: str, reason: str) -> None:
    with pytest.raises(PolicyProblem, match=reason) as caught:
        read_policy(data, _file, path="policy.yaml")
    assert caught.value.where == where
    assert caught.value.status == 2
    assert str(caught.value).startswith("policy.yaml: ")


def test_two_names_of_one_key_do_not_reach_a_threshold() -> None:
    with pytest.raises(PolicyProblem, match="with 1 different keys"):
        read_policy(
            _text("  - {match: r, signatures: {keys: [a, again], threshold: 2}}", "{a: {file: a.pub}, again: {file: a.pub}}"),
            _file,
            path="p",
        )


def test_keys_alone_are_a_policy() -> None:
    policy = policy_of_keys(list(_KEYS.values()), threshold=2, names=["one", "two"])
    assert policy.rules[0].signatures == (SignatureRule(("one", "two"), 2),)
    assert policy.rule_for("anything.example/at/all") is policy.rules[0]
    assert list(policy_of_keys([_KEYS["a.pub"]]).keys) == ["key-1"]


def test_the_policy_of_the_documentation_is_one() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "trust.md").read_text("utf-8")
    example = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    policy = read_policy(example[0].encode(), lambda name: _KEYS["a.pub" if "release" in name else "b.pub"].pem, path="trust.md")
    assert [rule.unsigned for rule in policy.rules] == [False, True]


@given(st.text("abk:-[]{}*/,. \n01", max_size=60))
def test_any_rules_are_read_or_refused(rules: str) -> None:
    try:
        read_policy(_text(rules), _file, path="p")
    except PolicyProblem:
        pass
