"""Policies: whom the consumer trusts, for what. They come from the consumer alone; nothing fetched changes them.

::

    apiVersion: relgraph.dev/v1
    kind: TrustPolicy
    keys:
      release: {file: keys/release.pub}
      build: {file: keys/build.pub, expires: 2027-06-30}
    rules:
      - name: platform
        match: ["ghcr.io/acme/**"]
        signatures: {keys: [release, build], threshold: 2}
        schemes: [bundle, tag]
        repository: checked
        tag: signed
        max-age: 90d
        attestations:
          - {predicate: slsa-provenance, keys: [build], builders: ["https://ci.example/*"]}
      - match: ["docker.io/library/*"]
        unsigned: allowed

The first rule that matches a repository decides; what no rule matches is refused. In patterns ``*`` stands for a part of one
path component and ``**`` for any number of components.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from relgraph.errors import DeclarationError, RelgraphError
from relgraph.model.yamltext import YamlProblem, load_yaml
from relgraph.trust.errors import PolicyProblem
from relgraph.trust.keys import PublicKey, read_public
from relgraph.trust.predicates import SIGNATURE, predicate_type
from relgraph.trust.verdict import Scheme

__all__ = ["AttestationRule", "Claim", "Key", "Policy", "Rule", "SignatureRule", "matches", "policy_of_keys", "read_policy"]

_KIND = "TrustPolicy"
_AGE = re.compile(r"([1-9]\d{0,5})\s*([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLAIMS = ("checked", "signed", "ignored")
#: What a signature may say and a policy may ask for: where the artifact is, and under which tag.
Claim = str


class Key(NamedTuple):
    """A trusted key under its name. ``expires`` is the first moment at which it counts no more."""

    name: str
    public: PublicKey
    expires: datetime | None = None


class SignatureRule(NamedTuple):
    """So many different keys of these must have signed."""

    keys: tuple[str, ...]
    threshold: int = 1


class AttestationRule(NamedTuple):
    """So many different keys must have signed attestations of this type; ``builders`` are patterns for a provenance's builder."""

    predicate_type: str
    keys: tuple[str, ...]
    threshold: int = 1
    builders: tuple[str, ...] = ()


class Rule(NamedTuple):
    """What holds for the repositories that match.

    ``schemes`` are those looked at. With ``either_scheme`` signatures of both count together; without it, bundles alone
    decide as soon as there are any, so that a bad bundle cannot be passed by with an old signature. ``repository`` and
    ``tag`` say whether the signer's word about them is ``checked`` where it is given, must be given (``signed``), or is
    ``ignored``; ``signed_as`` are patterns of further repositories that the signer may have named (mirrors).
    """

    name: str
    match: tuple[str, ...]
    signatures: tuple[SignatureRule, ...] = ()
    attestations: tuple[AttestationRule, ...] = ()
    schemes: frozenset[Scheme] = frozenset(Scheme)
    either_scheme: bool = False
    repository: Claim = "checked"
    signed_as: tuple[str, ...] = ()
    tag: Claim = "checked"
    max_age: timedelta | None = None
    unsigned: bool = False


class Policy(NamedTuple):
    """Keys by name, and rules in order."""

    keys: Mapping[str, Key]
    rules: tuple[Rule, ...]

    def rule_for(self, repository: str) -> Rule | None:
        """The first rule that matches a repository (``host/path``)."""
        return next((rule for rule in self.rules if any(matches(pattern, repository) for pattern in rule.match)), None)


def policy_of_keys(keys: Sequence[PublicKey], *, threshold: int = 1, names: Sequence[str] = ()) -> Policy:
    """The policy that everything must be signed by ``threshold`` of these keys."""
    named = [Key(names[number] if names else f"key-{number + 1}", key) for number, key in enumerate(keys)]
    required = SignatureRule(tuple(key.name for key in named), threshold)
    return Policy({key.name: key for key in named}, (Rule("keys given", ("**",), (required,)),))


def read_policy(data: bytes, read_file: Callable[[str], bytes], *, path: str) -> Policy:
    """The policy of a document; ``read_file`` gives the files that its keys name, ``path`` names it in messages.

    Raises :class:`~relgraph.trust.errors.PolicyProblem` for anything that is not understood: a word that is passed over
    could be the one that mattered.
    """
    try:
        document = load_yaml(data)
    except YamlProblem as problem:
        raise PolicyProblem(path, "", str(problem)) from None
    return _Reader(path, read_file).policy(document)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = []
    for part in re.split(r"(\*\*/|/\*\*|\*\*|\*)", pattern):
        pieces.append({"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*"}.get(part, re.escape(part)))
    return re.compile("".join(pieces), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches the whole of a text."""
    return _compiled(pattern).fullmatch(text) is not None


class _Reader:
    def __init__(self, path: str, read_file: Callable[[str], bytes]) -> None:
        self._path = path
        self._read_file = read_file
        self._keys: dict[str, Key] = {}

    def policy(self, document: Any) -> Policy:
        fields = self._mapping(document, "", ("apiVersion", "kind", "keys", "rules"))
        if fields.get("apiVersion") != "relgraph.dev/v1" or fields.get("kind") != _KIND:
            self._fail("kind", f"not a {_KIND} of relgraph.dev/v1")
        for name, value in self._mapping(fields.get("keys", {}), "keys", None).items():
            self._keys[name] = self._key(name, value, f"keys.{name}")
        rules = [
            self._rule(item, f"rules[{number}]", number) for number, item in enumerate(self._list(fields.get("rules"), "rules"))
        ]
        if not rules:
            self._fail("rules", "no rule, so everything would be refused", hint='begin with match: ["registry.example/**"]')
        return Policy(self._keys, tuple(rules))

    def _key(self, name: str, value: Any, where: str) -> Key:
        fields = self._mapping(value, where, ("file", "pem", "expires"))
        if ("file" in fields) is ("pem" in fields):
            self._fail(where, "a key has a file or a pem")
        source = self._text(fields.get("file", fields.get("pem")), where)
        try:
            data = self._read_file(source) if "file" in fields else source.encode()
            public = read_public(data, what=source if "file" in fields else name)
        except RelgraphError as problem:
            raise PolicyProblem(self._path, where, str(problem), hint=problem.hint) from problem
        expires = self._day(fields["expires"], f"{where}.expires") if "expires" in fields else None
        return Key(name, public, expires)

    def _rule(self, item: Any, where: str, number: int) -> Rule:
        known = ("name", "match", "signatures", "attestations", "schemes", "either-scheme", "repository", "signed-as", "tag")
        fields = self._mapping(item, where, (*known, "max-age", "unsigned"))
        match = self._texts(fields.get("match"), f"{where}.match")
        if not match:
            self._fail(f"{where}.match", "a rule says which repositories it is for")
        unsigned = fields.get("unsigned", "refused")
        if unsigned not in ("allowed", "refused"):
            self._fail(f"{where}.unsigned", f"{unsigned!r}: it is allowed or refused")
        signatures = tuple(
            self._signatures(rule, place) for rule, place in self._one_or_many(fields.get("signatures"), f"{where}.signatures")
        )
        attestations = tuple(
            self._attestation(rule, place) for rule, place in self._one_or_many(fields.get("attestations"), f"{where}.attestations")
        )
        if unsigned == "refused" and not signatures:
            self._fail(where, "no signatures are asked for", hint="add signatures: {keys: [...]}, or say unsigned: allowed")
        if unsigned == "allowed" and signatures:
            self._fail(where, "signatures are asked for, and unsigned is allowed", hint="leave one of them out")
        return Rule(
            name=self._text(fields.get("name", f"rule {number + 1}"), f"{where}.name"),
            match=match,
            signatures=signatures,
            attestations=attestations,
            schemes=self._schemes(fields.get("schemes", ["bundle", "tag"]), f"{where}.schemes"),
            either_scheme=self._flag(fields.get("either-scheme", False), f"{where}.either-scheme"),
            repository=self._claim(fields.get("repository", "checked"), f"{where}.repository"),
            signed_as=self._texts(fields.get("signed-as", []), f"{where}.signed-as"),
            tag=self._claim(fields.get("tag", "checked"), f"{where}.tag"),
            max_age=self._age(fields["max-age"], f"{where}.max-age") if "max-age" in fields else None,
            unsigned=unsigned == "allowed",
        )

    def _signatures(self, item: Any, where: str) -> SignatureRule:
        fields = self._mapping(item, where, ("keys", "threshold"))
        keys = self._named_keys(fields, where)
        return SignatureRule(keys, self._threshold(fields, keys, where))

    def _attestation(self, item: Any, where: str) -> AttestationRule:
        fields = self._mapping(item, where, ("predicate", "keys", "threshold", "builders"))
        try:
            kind = predicate_type(self._text(fields.get("predicate"), f"{where}.predicate"))
        except PolicyProblem:
            raise
        except DeclarationError as problem:
            raise PolicyProblem(self._path, f"{where}.predicate", str(problem), hint=problem.hint) from None
        if kind == SIGNATURE:
            self._fail(f"{where}.predicate", "that is a signature", hint="ask for it under signatures")
        keys = self._named_keys(fields, where)
        builders = self._texts(fields.get("builders", []), f"{where}.builders")
        return AttestationRule(kind, keys, self._threshold(fields, keys, where), builders)

    def _named_keys(self, fields: Mapping[str, Any], where: str) -> tuple[str, ...]:
        names = self._texts(fields.get("keys"), f"{where}.keys")
        if not names:
            self._fail(f"{where}.keys", "no key is named")
        for name in names:
            if name not in self._keys:
                self._fail(f"{where}.keys", f"no key is called {name!r}", hint=f"known: {', '.join(self._keys) or 'none'}")
        return names

    def _threshold(self, fields: Mapping[str, Any], keys: tuple[str, ...], where: str) -> int:
        value = fields.get("threshold", 1)
        # Two names for one key do not make two signers.
        different = len({self._keys[name].public for name in keys})
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= different:
            self._fail(f"{where}.threshold", f"{value!r}: with {different} different keys it is 1 to {different}")
        return value

    def _schemes(self, value: Any, where: str) -> frozenset[Scheme]:
        words = self._texts(value, where)
        if not words or not set(words) <= set(Scheme):
            self._fail(where, f"{value!r}: one or both of {', '.join(Scheme)}")
        return frozenset(map(Scheme, words))

    def _claim(self, value: Any, where: str) -> Claim:
        if value not in _CLAIMS:
            self._fail(where, f"{value!r}: one of {', '.join(_CLAIMS)}")
        return str(value)

    def _age(self, value: Any, where: str) -> timedelta:
        match = _AGE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self._fail(where, f"{value!r}: a number with h, d or w, such as 90d")
        return timedelta(**{_UNITS[match[2]]: int(match[1])})

    def _day(self, value: Any, where: str) -> datetime:
        try:
            if not isinstance(value, str) or _DAY.fullmatch(value) is None:
                raise ValueError
            # The day itself still counts.
            return datetime.fromisoformat(value).replace(tzinfo=UTC) + timedelta(days=1)
        except ValueError:
            self._fail(where, f"{value!r}: a day such as 2027-06-30")

    def _flag(self, value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            self._fail(where, f"{value!r}: true or false")
        return value

    def _mapping(self, value: Any, where: str, known: tuple[str, ...] | None) -> dict[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self._fail(where, "a mapping is expected")
        for key in value:
            if known is not None and key not in known:
                self._fail(f"{where}.{key}" if where else key, "is not understood", hint=f"known: {', '.join(known)}")
        return value

    def _one_or_many(self, value: Any, where: str) -> list[tuple[Any, str]]:
        if value is None:
            return []
        if isinstance(value, list):
            return [(item, f"{where}[{number}]") for number, item in enumerate(value)]
        return [(value, where)]

    def _list(self, value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            self._fail(where, "a list is expected")
        return value

    def _texts(self, value: Any, where: str) -> tuple[str, ...]:
        items = [value] if isinstance(value, str) else self._list(value, where)
        return tuple(self._text(item, where) for item in items)

    def _text(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or not value:
            self._fail(where, "a text is expected")
        return value

    def _fail(self, where: str, reason: str, *, hint: str = "") -> NoReturn:
        raise PolicyProblem(self._path, where, reason, hint=hint)
