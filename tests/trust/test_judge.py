"""Verdicts: what is let through, and what is refused with which reason."""

import json
from datetime import UTC, timedelta

import pytest

from relgraph.model.jsontext import dump_go
from relgraph.oci.codecs.artifact import EMPTY_BLOB, blob_of
from relgraph.oci.descriptor import EMPTY
from relgraph.oci.manifest import Manifest
from relgraph.trust.bundle import MEDIA_TYPE, write_bundle
from relgraph.trust.collect import SIGNATURE_ANNOTATION, SIGNATURE_LAYER, collect, companion_tag
from relgraph.trust.dsse import envelope_fields, seal
from relgraph.trust.errors import Distrusted
from relgraph.trust.judge import Before, Question, signed_already
from relgraph.trust.keys import PrivateKey, create_key
from relgraph.trust.policy import Policy, policy_of_keys, read_policy
from relgraph.trust.predicates import CYCLONEDX, SIGNATURE, SLSA, SPDX
from relgraph.trust.simplesigning import Payload, write_payload
from relgraph.trust.statement import PAYLOAD_TYPE, Statement, Subject, write_statement
from relgraph.trust.verdict import Role, Scheme, Verdict, require
from trustworld import NOW, REPOSITORY, SLSA_BODY, TrustWorld

BOTH = pytest.mark.parametrize("scheme", list(Scheme))


@pytest.fixture
def world() -> TrustWorld:
    return TrustWorld()


def _reasons(verdict: Verdict) -> str:
    assert not verdict.good
    return "; ".join(verdict.reasons)


def _problems(verdict: Verdict) -> list[str]:
    return [item.problem for item in verdict.evidence]


def _store(world: TrustWorld, body: bytes, *, media_type: str = MEDIA_TYPE, subject: bool = True) -> None:
    """A bundle of any bytes, listed as a referrer."""
    layer = blob_of(media_type, body)
    for blob in (layer, EMPTY_BLOB):
        world.repository.push(blob.descriptor, blob.source)
    manifest = Manifest.make(EMPTY, [layer.descriptor], artifact_type=MEDIA_TYPE, subject=world.subject.bare if subject else None)
    world.repository.publish(manifest)


def _bundle(world: TrustWorld, statement: Statement, key: PrivateKey, payload_type: str = PAYLOAD_TYPE) -> None:
    _store(world, write_bundle(seal(payload_type, write_statement(statement), key), key.public))


def _legacy(world: TrustWorld, payload: bytes, signature: str) -> None:
    """A signature of the tag scheme with any bytes."""
    layer = blob_of(SIGNATURE_LAYER, payload, annotations={SIGNATURE_ANNOTATION: signature})
    for blob in (layer, EMPTY_BLOB):
        world.repository.push(blob.descriptor, blob.source)
    world.repository.publish(Manifest.make(EMPTY, [layer.descriptor]), companion_tag(world.subject, Role.SIGNATURE))


@BOTH
def test_what_a_trusted_key_signed_is_let_through_with_its_evidence(world: TrustWorld, scheme: Scheme) -> None:
    origin = world.sign("a", scheme)
    verdict = world.ask()
    assert verdict.good
    assert verdict.digest == world.subject.digest
    (evidence,) = verdict.evidence
    assert evidence == (
        Role.SIGNATURE, scheme, str(origin.digest), SIGNATURE if scheme is Scheme.BUNDLE else "", ("a",), "", REPOSITORY, "v1.0.0",
        "2026-05-01T12:00:00Z",
    )  # fmt: skip
    assert require(verdict) is verdict


def test_what_nobody_signed_is_refused(world: TrustWorld) -> None:
    assert _reasons(world.ask()) == "not signed by a"


@BOTH
def test_what_another_key_signed_is_refused(world: TrustWorld, scheme: Scheme) -> None:
    world.sign("b", scheme)
    verdict = world.ask(policy_of_keys([world.keys["a"].public], names=["a"]))
    assert _reasons(verdict) == "not signed by a"
    assert _problems(verdict) == ["no trusted key made it"]


def test_a_key_that_is_trusted_for_something_else_does_not_count(world: TrustWorld) -> None:
    world.sign("b")
    assert _reasons(world.ask("signatures: {keys: [a]}")) == "not signed by a"


@BOTH
def test_a_threshold_counts_different_keys(world: TrustWorld, scheme: Scheme) -> None:
    rule = "signatures: {keys: [a, b, c], threshold: 2}"
    world.sign("a", scheme)
    world.sign("a", scheme, moment=NOW + timedelta(seconds=1))
    assert _reasons(world.ask(rule)) == "signed by 1 of the 2 keys needed (a, b, c)"
    world.sign("c", scheme)
    assert world.ask(rule).good


def test_one_key_under_two_names_is_one_signer(world: TrustWorld) -> None:
    world.sign("a")
    world.keys["d"] = world.keys["a"]
    policy = world.policy("signatures: {keys: [a, d, b], threshold: 2}", keys="d: {file: d.pub}")
    assert _reasons(world.ask(policy)) == "signed by 1 of the 2 keys needed (a, d, b)"


def test_every_required_group_must_have_signed(world: TrustWorld) -> None:
    world.sign("a")
    rule = "signatures: [{keys: [a]}, {keys: [b, c]}]"
    assert _reasons(world.ask(rule)) == "not signed by b or c"
    world.sign("c")
    assert world.ask(rule).good


@BOTH
def test_a_signature_of_another_artifact_does_not_count(world: TrustWorld, scheme: Scheme) -> None:
    other = world.publish("v0.9.0", b"other")
    moved = world.sign("a", scheme, subject=other)
    # The registry's owner puts it where the signatures of the artifact lie.
    document = world.repository.load(str(moved.digest))
    assert isinstance(document, Manifest)
    if scheme is Scheme.TAG:
        world.repository.tag(moved, companion_tag(world.subject, Role.SIGNATURE))
    else:
        world.repository.publish(
            Manifest.make(document.config, document.layers, artifact_type=MEDIA_TYPE, subject=world.subject.bare)
        )
    verdict = world.ask()
    assert _reasons(verdict) == "not signed by a"
    assert _problems(verdict)[0] in ("it is for another artifact", f"it is for {other.digest}")


def test_a_bundle_listed_under_another_subject_is_noticed(world: TrustWorld) -> None:
    from collections.abc import Iterator

    from relgraph.oci.descriptor import Descriptor
    from relgraph.oci.memory import MemoryRepository

    class Lying(MemoryRepository):
        def referrers(self, descriptor: Descriptor, artifact_type: str = "") -> Iterator[Descriptor]:
            yield stray._replace(artifact_type=MEDIA_TYPE)

    other = world.publish("v0.9.0", b"other")
    stray = world.sign("a", subject=other)
    lying = Lying()
    lying.blobs = world.repository.blobs
    assert [item.problem for item in collect(lying, world.subject)] == ["it is listed here and refers to something else"]


@BOTH
def test_an_attestation_is_no_signature(world: TrustWorld, scheme: Scheme) -> None:
    world.attest(SLSA, SLSA_BODY, "a", scheme)
    verdict = world.ask()
    assert _reasons(verdict) == "not signed by a"
    assert [(item.role, item.good) for item in verdict.evidence] == [(Role.ATTESTATION, True)]


def test_a_signature_among_the_attestations_of_the_tag_scheme_does_not_count(world: TrustWorld) -> None:
    world.attest(SIGNATURE, {}, "a", Scheme.TAG)
    verdict = world.ask()
    assert _reasons(verdict) == "not signed by a"
    assert _problems(verdict) == ["a signature where attestations lie"]


def test_bad_bundles_are_not_passed_by_with_an_older_signature(world: TrustWorld) -> None:
    world.sign("a", Scheme.TAG)
    assert world.ask().good
    world.sign("b", Scheme.BUNDLE)
    assert "not signed by a" in _reasons(world.ask())
    policy = policy_of_keys([world.keys["a"].public], names=["a"])
    assert _reasons(world.ask(policy)).startswith("its bundles are bad, and an older signature does not make up for that")
    assert world.ask("signatures: {keys: [a]}\n    either-scheme: true").good


def test_a_bundle_that_cannot_be_read_is_bad_not_absent(world: TrustWorld) -> None:
    world.sign("a", Scheme.TAG)
    _store(world, b"{}")
    verdict = world.ask()
    assert not verdict.good
    assert "bundle: its media type is None" in _problems(verdict)


def test_either_scheme_counts_together_where_the_policy_says_so(world: TrustWorld) -> None:
    world.sign("a", Scheme.TAG)
    world.sign("b", Scheme.BUNDLE)
    rule = "signatures: {keys: [a, b], threshold: 2}"
    assert not world.ask(rule).good
    assert world.ask(rule + "\n    either-scheme: true").good


def test_only_the_schemes_of_the_policy_are_looked_at(world: TrustWorld) -> None:
    world.sign("a", Scheme.TAG)
    assert not world.ask("signatures: {keys: [a]}\n    schemes: bundle").good
    assert world.ask("signatures: {keys: [a]}\n    schemes: tag").good


@BOTH
def test_a_signature_for_another_repository_does_not_count(world: TrustWorld, scheme: Scheme) -> None:
    world.sign("a", scheme, name="registry.example/charts/other")
    verdict = world.ask()
    assert _problems(verdict) == ["it is for registry.example/charts/other"]
    assert not verdict.good
    assert world.ask("signatures: {keys: [a]}\n    repository: ignored").good
    assert world.ask('signatures: {keys: [a]}\n    signed-as: ["registry.example/charts/*"]').good


def test_a_signature_that_names_no_repository_counts_unless_it_must(world: TrustWorld) -> None:
    world.sign("a", name="")
    assert world.ask().good
    assert _problems(world.ask("signatures: {keys: [a]}\n    repository: signed")) == ["it does not say for which repository it is"]


def test_docker_hub_is_known_by_both_its_names(world: TrustWorld) -> None:
    world.sign("a", Scheme.TAG, name="index.docker.io/library/web")
    policy = world.policy(match="docker.io/**")
    assert world.ask(policy, repository="docker.io/library/web").good


@BOTH
def test_a_signature_for_another_tag_does_not_count(world: TrustWorld, scheme: Scheme) -> None:
    # An old artifact, signed as what it was, is given out under the newest tag.
    world.sign("a", scheme, tag="v0.9.0")
    verdict = world.ask(tag="v1.0.0")
    assert _problems(verdict) == ["it is for the tag v0.9.0"]
    assert not verdict.good
    assert world.ask(tag="").good
    assert world.ask("signatures: {keys: [a]}\n    tag: ignored").good


def test_a_signature_without_a_tag_counts_unless_it_must_have_one(world: TrustWorld) -> None:
    world.sign("a", claims={})
    assert world.ask().good
    assert _problems(world.ask("signatures: {keys: [a]}\n    tag: signed")) == ["it does not say for which tag it is"]


@BOTH
def test_an_old_signature_does_not_count_where_freshness_is_asked_for(world: TrustWorld, scheme: Scheme) -> None:
    rule = "signatures: {keys: [a]}\n    max-age: 30d"
    world.sign("a", scheme)
    assert world.ask(rule, now=NOW + timedelta(days=30)).good
    late = world.ask(rule, now=NOW + timedelta(days=31))
    assert _problems(late) == ["it was made 2026-05-01T12:00:00Z, longer ago than is allowed"]
    early = world.ask(rule, now=NOW - timedelta(hours=1))
    assert _problems(early) == ["it says that it was made in the future (2026-05-01T12:00:00Z)"]


@pytest.mark.parametrize("said", [{}, {"relgraph.dev/signed-at": "yesterday"}, {"relgraph.dev/signed-at": "2026-05-01T12:00:00"}])
def test_a_signature_without_a_time_does_not_count_where_freshness_is_asked_for(world: TrustWorld, said: dict[str, str]) -> None:
    world.sign("a", claims=said)
    assert _problems(world.ask("signatures: {keys: [a]}\n    max-age: 30d")) == ["it does not say when it was made"]


def test_an_expired_key_signs_nothing_any_more(world: TrustWorld) -> None:
    world.sign("a")
    world.keys["old"] = world.keys["a"]
    policy = world.policy("signatures: {keys: [old]}", keys="old: {file: old.pub, expires: 2026-05-31}")
    assert world.ask(policy, now=NOW.replace(month=5, day=31, hour=23)).good
    assert _reasons(world.ask(policy, now=NOW.replace(month=6, day=1, hour=0))) == "not signed by old; expired: old"


def test_an_older_version_than_before_is_refused(world: TrustWorld) -> None:
    world.sign("a")
    before = Before("1.1.0", "sha256:" + "1" * 64)
    assert _reasons(world.ask(before=before)) == "v1.0.0 is older than 1.1.0, which was used before"
    assert world.ask(before=before, allow_downgrade=True).good
    assert world.ask(before=Before("0.9.0", "sha256:" + "1" * 64)).good


def test_a_version_that_is_something_else_than_before_is_refused(world: TrustWorld) -> None:
    world.sign("a")
    moved = Before("1.0.0", "sha256:" + "1" * 64)
    for allow in (False, True):
        verdict = world.ask(before=moved, allow_downgrade=allow)
        assert _reasons(verdict) == f"1.0.0 was {moved.digest} before and is {world.subject.digest} now"
    assert world.ask(before=Before("1.0.0", str(world.subject.digest))).good
    assert not world.ask(tag="stable", before=Before("stable", "sha256:" + "1" * 64)).good
    assert world.ask(tag="", before=moved).good


def test_a_repository_that_no_rule_is_for_is_refused(world: TrustWorld) -> None:
    world.sign("a")
    verdict = world.ask(world.policy(match="registry.example/images/**"))
    assert _reasons(verdict) == f"no rule of the policy is for {REPOSITORY}"
    assert verdict.rule == ""


def test_what_may_be_unsigned_is_let_through_unless_it_goes_back(world: TrustWorld) -> None:
    assert world.ask("unsigned: allowed").good
    assert not world.ask("unsigned: allowed", before=Before("2.0.0", "sha256:" + "1" * 64)).good


_WITH_SLSA = "signatures: {keys: [a]}\n    attestations: {predicate: slsa-provenance, keys: [b]}"


@BOTH
def test_attestations_are_asked_for_by_type_and_key(world: TrustWorld, scheme: Scheme) -> None:
    world.sign("a")
    assert _reasons(world.ask(_WITH_SLSA)) == f"not attested ({SLSA}) by b"
    world.attest(SPDX, {"spdxVersion": "SPDX-2.3"}, "b", scheme)
    assert not world.ask(_WITH_SLSA).good
    world.attest(SLSA, SLSA_BODY, "a", scheme)
    assert not world.ask(_WITH_SLSA).good
    world.attest(SLSA, SLSA_BODY, "b", scheme)
    assert world.ask(_WITH_SLSA).good


def test_an_attestation_of_another_artifact_does_not_count(world: TrustWorld) -> None:
    world.sign("a")
    other = world.publish("v0.9.0", b"other")
    world.attest(SLSA, SLSA_BODY, "b", subject=other)
    assert not world.ask(_WITH_SLSA).good


def test_an_attestation_that_is_not_of_its_type_does_not_count(world: TrustWorld) -> None:
    world.sign("a")
    world.attest(SLSA, {"buildDefinition": {}}, "b")
    verdict = world.ask(_WITH_SLSA)
    assert not verdict.good
    assert "buildDefinition.buildType is missing" in _problems(verdict)


def test_a_provenance_is_asked_for_by_builder(world: TrustWorld) -> None:
    world.sign("a")
    world.attest(SLSA, SLSA_BODY, "b")
    rule = _WITH_SLSA.replace("keys: [b]}", "keys: [b], builders: [BUILDER]}")
    assert world.ask(rule.replace("BUILDER", '"https://ci.example/*"')).good
    assert not world.ask(rule.replace("BUILDER", '"https://other.example/*"')).good


def test_attestations_have_thresholds_too(world: TrustWorld) -> None:
    world.sign("a")
    rule = "signatures: {keys: [a]}\n    attestations: {predicate: cyclonedx, keys: [b, c], threshold: 2}"
    body = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    world.attest(CYCLONEDX, body, "b")
    world.attest(CYCLONEDX, body, "b", Scheme.TAG)
    assert _reasons(world.ask(rule)) == f"attested ({CYCLONEDX}) by 1 of the 2 keys needed (b, c)"
    world.attest(CYCLONEDX, body, "c")
    assert world.ask(rule).good


def test_everything_that_is_wrong_is_said_at_once(world: TrustWorld) -> None:
    verdict = world.ask(_WITH_SLSA, before=Before("2.0.0", "sha256:" + "1" * 64))
    assert len(verdict.reasons) == 3


def _statement(world: TrustWorld, kind: str = SIGNATURE) -> Statement:
    return Statement((Subject({"sha256": world.subject.digest.hex}),), kind, {})


def test_a_payload_of_another_type_does_not_count(world: TrustWorld) -> None:
    _bundle(world, _statement(world), world.keys["a"], payload_type="application/json")
    assert _problems(world.ask()) == ["envelope: its payload is 'application/json', not 'application/vnd.in-toto+json'"]


def test_a_bundle_with_changed_payload_does_not_count(world: TrustWorld) -> None:
    envelope = seal(PAYLOAD_TYPE, write_statement(_statement(world, SLSA)), world.keys["a"])
    forged = envelope._replace(payload=write_statement(_statement(world)))
    _store(world, write_bundle(forged, world.keys["a"].public))
    assert _problems(world.ask()) == ["no trusted key made it"]


def test_a_bundle_on_a_certificate_does_not_count(world: TrustWorld) -> None:
    envelope = seal(PAYLOAD_TYPE, write_statement(_statement(world)), create_key())
    fields = {"mediaType": MEDIA_TYPE, "verificationMaterial": {"certificate": {}}, "dsseEnvelope": envelope_fields(envelope)}
    _store(world, dump_go(fields))
    assert _problems(world.ask()) == ["it rests on a certificate, and keys are asked for"]


def test_a_hint_is_not_believed(world: TrustWorld) -> None:
    envelope = seal(PAYLOAD_TYPE, write_statement(_statement(world)), world.keys["b"])
    _store(world, write_bundle(envelope, world.keys["a"].public))
    assert not world.ask().good


def test_a_statement_about_several_artifacts_counts_for_each(world: TrustWorld) -> None:
    both = Statement((Subject({"sha256": "f" * 64}), Subject({"sha256": world.subject.digest.hex})), SIGNATURE, {})
    _bundle(world, both, world.keys["a"])
    assert world.ask().good


@pytest.mark.parametrize(
    ("payload", "signature", "problem"),
    [
        (b"{}", "AAAA", "payload: critical is missing"),
        (b"no json", "AAAA", "payload: not JSON"),
        (None, "AAAA", "no trusted key made it"),
        (None, "not base64", "signature: base64"),
        (None, "", "no trusted key made it"),
    ],
)
def test_broken_signatures_of_the_tag_scheme_do_not_count(
    world: TrustWorld, payload: bytes | None, signature: str, problem: str
) -> None:
    good = write_payload(Payload(REPOSITORY, str(world.subject.digest)))
    _legacy(world, good if payload is None else payload, signature)
    verdict = world.ask()
    assert not verdict.good
    assert _problems(verdict)[0].startswith(problem)


def test_a_good_signature_beside_a_broken_one_counts(world: TrustWorld) -> None:
    _legacy(world, b"{}", "AAAA")
    world.sign("a", Scheme.TAG)
    assert world.ask().good


def test_layers_of_other_types_are_not_looked_at(world: TrustWorld) -> None:
    layer = blob_of("text/plain", b"x")
    for blob in (layer, EMPTY_BLOB):
        world.repository.push(blob.descriptor, blob.source)
    world.repository.publish(Manifest.make(EMPTY, [layer.descriptor]), companion_tag(world.subject, Role.SIGNATURE))
    assert world.ask().evidence == ()


def test_material_that_was_tampered_with_is_bad_not_absent(world: TrustWorld) -> None:
    origin = world.sign("a")
    document = world.repository.load(str(origin.digest))
    assert isinstance(document, Manifest)
    world.repository.blobs[document.layers[0].digest] = bytes(document.layers[0].size)
    verdict = world.ask()
    assert not verdict.good
    assert "digest" in _problems(verdict)[0]


def test_more_material_than_anyone_needs_is_refused(world: TrustWorld) -> None:
    layer = blob_of(SIGNATURE_LAYER, b"{}", annotations={SIGNATURE_ANNOTATION: "AAAA"})
    for blob in (layer, EMPTY_BLOB):
        world.repository.push(blob.descriptor, blob.source)
    many = Manifest.make(EMPTY, [layer.descriptor] * 300)
    world.repository.publish(many, companion_tag(world.subject, Role.SIGNATURE))
    assert _problems(world.ask()) == ["more than 256 layers"]


def test_a_payload_larger_than_a_signature_is_not_fetched(world: TrustWorld) -> None:
    _legacy(world, b" " * ((1 << 20) + 1), "AAAA")
    assert "more than the 1048576 allowed" in _problems(world.ask())[0]


def test_a_refusal_carries_the_verdict(world: TrustWorld) -> None:
    verdict = world.ask()
    with pytest.raises(Distrusted, match="not trusted: not signed by a") as caught:
        require(verdict)
    assert caught.value.status == 1
    assert caught.value.verdict is verdict


def test_a_verdict_is_written_with_its_evidence(world: TrustWorld) -> None:
    world.sign("a")
    fields = json.loads(json.dumps(world.ask().to_json()))
    assert fields["schema"] == "relgraph.dev/verdict/v1"
    assert fields["trusted"] is True
    assert fields["evidence"][0]["keys"] == ["a"]
    assert fields["evidence"][0]["good"] is True
    assert "problem" not in fields["evidence"][0]


@BOTH
def test_what_is_signed_already_is_known(world: TrustWorld, scheme: Scheme) -> None:
    question = Question(REPOSITORY, str(world.subject.digest), "v1.0.0")

    def already(key: str = "a", asked: Question = question) -> bool:
        return signed_already(asked, collect(world.repository, world.subject), world.keys[key].public, scheme, now=NOW)

    assert not already()
    world.sign("a", scheme)
    assert already()
    assert not already("b")
    assert not already("a", question._replace(tag="v2.0.0"))
    assert not already("a", question._replace(repository="registry.example/other"))


def test_the_time_of_a_verdict_may_be_in_any_zone(world: TrustWorld) -> None:
    world.sign("a", moment=NOW.astimezone(UTC))
    assert world.ask("signatures: {keys: [a]}\n    max-age: 1h").good


def test_a_policy_is_only_what_the_consumer_wrote(world: TrustWorld) -> None:
    """A key that comes with the artifact is no key of the policy."""
    world.sign("c")
    text = (
        b"apiVersion: relgraph.dev/v1\nkind: TrustPolicy\nkeys: {a: {file: a.pub}}\nrules: [{match: '**', signatures: {keys: a}}]\n"
    )
    policy: Policy = read_policy(text, lambda _: world.keys["a"].public.pem, path="p")
    assert not world.ask(policy).good
