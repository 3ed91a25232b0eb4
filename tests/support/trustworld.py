"""A repository with one artifact, some keys, and whatever a test signs, attests or forges."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from relgraph.oci.codecs.bundle import bundle
from relgraph.oci.codecs.tree import tree_of
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.memory import MemoryRepository
from relgraph.trust.collect import collect
from relgraph.trust.judge import Before, Question, judge
from relgraph.trust.keys import PrivateKey, create_key
from relgraph.trust.policy import Policy, read_policy
from relgraph.trust.sign import attest, sign, signature_claims
from relgraph.trust.verdict import Scheme, Verdict

__all__ = ["NOW", "REPOSITORY", "SLSA_BODY", "TrustWorld"]

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
REPOSITORY = "registry.example/charts/web"
SLSA_BODY: Mapping[str, Any] = {
    "buildDefinition": {"buildType": "https://ci.example/v1", "externalParameters": {}},
    "runDetails": {"builder": {"id": "https://ci.example/runner"}},
}


class TrustWorld:
    """Keys ``a``, ``b`` and ``c``; an artifact ``subject``, tagged v1.0.0, and another one."""

    def __init__(self) -> None:
        self.repository = MemoryRepository(REPOSITORY)
        self.keys: dict[str, PrivateKey] = {name: create_key() for name in "abc"}
        self.subject = self.publish("v1.0.0", b"content")

    def publish(self, tag: str, data: bytes) -> Descriptor:
        """Another artifact."""
        descriptor = bundle(tree_of({"file": data}), "x").push_to(self.repository)
        self.repository.tag(descriptor, tag)
        return descriptor

    def sign(
        self,
        key: str = "a",
        scheme: Scheme = Scheme.BUNDLE,
        *,
        subject: Descriptor | None = None,
        name: str = REPOSITORY,
        tag: str = "v1.0.0",
        moment: datetime = NOW,
        claims: Mapping[str, str] | None = None,
    ) -> Descriptor:
        """A signature as relgraph makes it."""
        return sign(
            self.repository,
            subject or self.subject,
            self.keys[key],
            scheme=scheme,
            name=name,
            claims=signature_claims(tag=tag, moment=moment) if claims is None else claims,
            moment=moment,
        )

    def attest(
        self,
        kind: str,
        predicate: Mapping[str, Any],
        key: str = "a",
        scheme: Scheme = Scheme.BUNDLE,
        *,
        subject: Descriptor | None = None,
    ) -> Descriptor:
        """An attestation as relgraph makes it."""
        return attest(
            self.repository,
            subject or self.subject,
            self.keys[key],
            scheme=scheme,
            name=REPOSITORY,
            predicate_type=kind,
            predicate=predicate,
            moment=NOW,
        )

    def policy(self, rule: str = "signatures: {keys: [a]}", *, keys: str = "", match: str = "registry.example/charts/**") -> Policy:
        """A policy with one rule; ``rule`` and ``keys`` are YAML."""
        text = f"""
apiVersion: relgraph.dev/v1
kind: TrustPolicy
keys:
  a: {{file: a.pub}}
  b: {{file: b.pub}}
  c: {{file: c.pub}}
  {keys}
rules:
  - match: ["{match}"]
    {rule}
"""
        return read_policy(text.encode(), lambda name: self.keys[name.removesuffix(".pub")].public.pem, path="policy.yaml")

    def ask(
        self,
        policy: Policy | str = "signatures: {keys: [a]}",
        *,
        subject: Descriptor | None = None,
        repository: str = REPOSITORY,
        tag: str = "v1.0.0",
        now: datetime = NOW,
        before: Before | None = None,
        allow_downgrade: bool = False,
    ) -> Verdict:
        """The verdict on the artifact."""
        descriptor = subject or self.subject
        return judge(
            Question(repository, str(descriptor.digest), tag),
            collect(self.repository, descriptor),
            self.policy(policy) if isinstance(policy, str) else policy,
            now=now,
            before=before,
            allow_downgrade=allow_downgrade,
        )
