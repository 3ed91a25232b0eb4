"""The verdict: a pure function of policy, signed material, the moment, and what was known before.

Every piece of material is looked at, whether or not enough was found before, and everything that is wrong is said. The
threats behind each step are those that The Update Framework names (https://theupdateframework.github.io/specification):
arbitrary software, rollback, freezing, mixing and matching, keys that do not reach a threshold.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from relgraph.model.version import parse_version, semver_key
from relgraph.trust.bundle import parse_bundle
from relgraph.trust.dsse import Envelope, parse_envelope
from relgraph.trust.errors import Malformed
from relgraph.trust.keys import PublicKey
from relgraph.trust.material import Material
from relgraph.trust.policy import AttestationRule, Key, Policy, Rule, SignatureRule, matches
from relgraph.trust.predicates import SIGNATURE, SLSA, builder_of, check_predicate
from relgraph.trust.simplesigning import parse_payload
from relgraph.trust.statement import PAYLOAD_TYPE, Statement, parse_statement
from relgraph.trust.verdict import Evidence, Role, Scheme, Verdict

__all__ = ["MOST_BYTES", "SIGNED_AT", "SIGNED_TAG", "Before", "Question", "attested_already", "judge", "signed_already"]

#: Annotations in which relgraph's signatures say under which tag, and when, they were made.
SIGNED_TAG = "relgraph.dev/tag"
SIGNED_AT = "relgraph.dev/signed-at"

#: The largest payload that is looked at, in bytes; cosign's limit is 128 MiB.
MOST_BYTES = 64 << 20
_CLOCKS_DIFFER = timedelta(minutes=5)


class Before(NamedTuple):
    """What the lock knows of the artifact: its version and the digest that this version had."""

    version: str
    digest: str


class Question(NamedTuple):
    """What is asked: whether the manifest ``digest``, found in ``repository`` (``host/path``) under ``tag`` (empty where it
    was asked for by digest), may be used. ``version`` is the version that the tag stands for, where it is known."""

    repository: str
    digest: str
    tag: str = ""
    version: str = ""

    @property
    def reference(self) -> str:
        """The question as a reference."""
        return f"{self.repository or 'layout'}{f':{self.tag}' if self.tag else ''}@{self.digest}"


def judge(
    question: Question,
    materials: Iterable[Material],
    policy: Policy,
    *,
    now: datetime,
    before: Before | None = None,
    allow_downgrade: bool = False,
) -> Verdict:
    """Whether the policy lets the artifact through, and why not. ``now`` has a time zone."""
    rule = policy.rule_for(question.repository)
    if rule is None:
        reason = f"no rule of the policy is for {question.repository}"
        return Verdict(question.reference, question.digest, "", (reason,))
    keys = {name: key for name, key in policy.keys.items() if key.expires is None or now < key.expires}
    examined = [_examine(material, question, rule, keys.values(), now) for material in materials]
    reasons = [*_rollback(question, before, allow_downgrade=allow_downgrade)]
    if not rule.unsigned:
        counted = _deciding(examined, rule, reasons)
        for required in rule.signatures:
            reasons += _missing(required, [item for item in counted if item.evidence.good], policy, keys, "signed")
    for wanted in rule.attestations:
        found = [item for item in examined if item.attests(wanted) and item.evidence.good and item.evidence.scheme in rule.schemes]
        what = f"attested ({wanted.predicate_type})"
        reasons += _missing(SignatureRule(wanted.keys, wanted.threshold), found, policy, keys, what)
    evidence = tuple(item.evidence for item in examined)
    return Verdict(question.reference, question.digest, rule.name, tuple(reasons), evidence)


def signed_already(question: Question, materials: Iterable[Material], key: PublicKey, scheme: Scheme, *, now: datetime) -> bool:
    """Whether this key has signed this very thing in this scheme: digest, repository and tag."""
    required = Key("key", key)
    rule = Rule("", ("**",), repository="signed", tag="signed" if question.tag else "checked")
    for material in materials:
        evidence = _examine(material, question, rule, (required,), now).evidence
        if evidence.good and evidence.role is Role.SIGNATURE and evidence.scheme is scheme:
            return True
    return False


def attested_already(
    question: Question, materials: Iterable[Material], key: PublicKey, scheme: Scheme, statement: Statement, *, now: datetime
) -> bool:
    """Whether this key has stated this very predicate of this digest in this scheme."""
    rule = Rule("", ("**",))
    for material in materials:
        examined = _examine(material, question, rule, (Key("key", key),), now)
        evidence, said = examined.evidence, examined.statement
        if not evidence.good or evidence.role is not Role.ATTESTATION or evidence.scheme is not scheme or said is None:
            continue
        if said.predicate_type == statement.predicate_type and said.predicate == statement.predicate:
            return True
    return False


class _Examined(NamedTuple):
    evidence: Evidence
    statement: Statement | None = None

    def attests(self, wanted: AttestationRule) -> bool:
        if self.evidence.role is not Role.ATTESTATION or self.evidence.predicate_type != wanted.predicate_type:
            return False
        if not wanted.builders:
            return True
        builder = builder_of(self.statement.predicate) if self.statement is not None else ""
        return wanted.predicate_type == SLSA and any(matches(pattern, builder) for pattern in wanted.builders)


def _examine(material: Material, question: Question, rule: Rule, keys: Collection[Key], now: datetime) -> _Examined:
    """One piece of material. What cannot be read is evidence too: of the role that it would have had."""
    blank = Evidence(material.role or Role.SIGNATURE, material.scheme, material.origin)
    if material.problem:
        return _Examined(blank._replace(problem=material.problem))
    try:
        if material.scheme is Scheme.TAG and material.role is Role.SIGNATURE:
            return _Examined(_payload(material, question, rule, keys, now))
        if material.scheme is Scheme.TAG:
            return _statement(parse_envelope(material.body, limit=2 * MOST_BYTES), blank, question, rule, keys, now)
        bundle = parse_bundle(material.body, limit=2 * MOST_BYTES)
        return _statement(bundle.envelope, blank, question, rule, keys, now, certificate=bundle.certificate)
    except Malformed as problem:
        return _Examined(blank._replace(problem=str(problem)))


def _payload(material: Material, question: Question, rule: Rule, keys: Collection[Key], now: datetime) -> Evidence:
    payload = parse_payload(material.body)
    evidence = Evidence(
        Role.SIGNATURE,
        Scheme.TAG,
        material.origin,
        keys=_names(key for key in keys if key.public.verifies(material.signature, material.body)),
        repository=payload.repository,
        tag=payload.optional.get(SIGNED_TAG, ""),
        signed_at=payload.optional.get(SIGNED_AT, ""),
    )
    wrong = "" if payload.digest == question.digest else f"it is for {payload.digest}"
    return evidence._replace(problem=_by_nobody(evidence) or wrong or _claims(evidence, question, rule, now))


def _statement(
    envelope: Envelope,
    blank: Evidence,
    question: Question,
    rule: Rule,
    keys: Collection[Key],
    now: datetime,
    *,
    certificate: bool = False,
) -> _Examined:
    if envelope.payload_type != PAYLOAD_TYPE:
        raise Malformed(f"envelope: its payload is {envelope.payload_type!r}, not {PAYLOAD_TYPE!r}")
    statement = parse_statement(envelope.payload, limit=MOST_BYTES)
    role = Role.SIGNATURE if statement.predicate_type == SIGNATURE else Role.ATTESTATION
    subject = statement.subject(question.digest)
    signers = envelope.signers({key.public for key in keys})
    evidence = blank._replace(
        role=role,
        predicate_type=statement.predicate_type,
        keys=_names(key for key in keys if key.public in signers),
        repository=subject.name if subject is not None else "",
        tag=subject.annotations.get(SIGNED_TAG, "") if subject is not None else "",
        signed_at=subject.annotations.get(SIGNED_AT, "") if subject is not None else "",
    )
    problem = _by_nobody(evidence, certificate=certificate)
    if not problem and subject is None:
        problem = "it is for another artifact"
    if not problem and blank.scheme is Scheme.TAG and role is Role.SIGNATURE:
        problem = "a signature where attestations lie"
    problem = problem or check_predicate(statement.predicate_type, statement.predicate)
    if role is Role.SIGNATURE:
        problem = problem or _claims(evidence, question, rule, now)
    return _Examined(evidence._replace(problem=problem), statement)


def _by_nobody(evidence: Evidence, *, certificate: bool = False) -> str:
    if evidence.keys:
        return ""
    return "it rests on a certificate, and keys are asked for" if certificate else "no trusted key made it"


def _claims(evidence: Evidence, question: Question, rule: Rule, now: datetime) -> str:
    """What is wrong with what the signer said of repository, tag and time."""
    if rule.repository != "ignored":
        accepted = (question.repository, *rule.signed_as)
        if evidence.repository and not any(_same_repository(pattern, evidence.repository) for pattern in accepted):
            return f"it is for {evidence.repository}"
        if rule.repository == "signed" and not evidence.repository:
            return "it does not say for which repository it is"
    if rule.tag != "ignored" and question.tag:
        if evidence.tag and evidence.tag != question.tag:
            return f"it is for the tag {evidence.tag}"
        if rule.tag == "signed" and not evidence.tag:
            return "it does not say for which tag it is"
    return _age(evidence.signed_at, rule.max_age, now) if rule.max_age is not None else ""


def _age(text: str, limit: timedelta, now: datetime) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        return "it does not say when it was made"
    if moment > now + _CLOCKS_DIFFER:
        return f"it says that it was made in the future ({text})"
    return f"it was made {text}, longer ago than is allowed" if now - moment > limit else ""


def _same_repository(pattern: str, name: str) -> bool:
    return matches(_canonical(pattern), _canonical(name))


def _canonical(name: str) -> str:
    # cosign writes Docker Hub by the name of its index.
    return "docker.io/" + name.removeprefix("index.docker.io/") if name.startswith("index.docker.io/") else name


def _deciding(examined: Sequence[_Examined], rule: Rule, reasons: list[str]) -> list[_Examined]:
    """The signatures that decide. Bundles do as soon as there is one, unless the rule says that either scheme will do."""
    signatures = [item for item in examined if item.evidence.role is Role.SIGNATURE and item.evidence.scheme in rule.schemes]
    bundles = [item for item in signatures if item.evidence.scheme is Scheme.BUNDLE]
    if rule.either_scheme or not bundles:
        return signatures
    if not any(item.evidence.good for item in bundles) and any(item.evidence.good for item in signatures):
        reasons.append("its bundles are bad, and an older signature does not make up for that")
    return bundles


def _missing(required: SignatureRule, found: Iterable[_Examined], policy: Policy, keys: dict[str, Key], what: str) -> list[str]:
    # Counted are keys, not signatures and not names: one key is one signer however often it signed or is listed.
    names = {name for item in found for name in item.evidence.keys} & set(required.keys)
    signers = {policy.keys[name].public for name in names}
    if len(signers) >= required.threshold:
        return []
    expired = sorted(name for name in required.keys if name not in keys)
    note = f"; expired: {', '.join(expired)}" if expired else ""
    if required.threshold == 1:
        return [f"not {what} by {' or '.join(required.keys)}{note}"]
    return [f"{what} by {len(signers)} of the {required.threshold} keys needed ({', '.join(required.keys)}){note}"]


def _rollback(question: Question, before: Before | None, *, allow_downgrade: bool) -> list[str]:
    if before is None:
        return []
    old, new = parse_version(before.version), parse_version(question.version or question.tag)
    if old is None or new is None:
        return [] if before.digest == question.digest or before.version != question.tag else [_moved(before, question)]
    if semver_key(new) < semver_key(old) and not allow_downgrade:
        return [f"{new} is older than {before.version}, which was used before"]
    if new.bare == old.bare and before.digest != question.digest:
        return [_moved(before, question)]
    return []


def _moved(before: Before, question: Question) -> str:
    return f"{before.version} was {before.digest} before and is {question.digest} now"


def _names(keys: Iterable[Key]) -> tuple[str, ...]:
    return tuple(sorted(key.name for key in keys))
