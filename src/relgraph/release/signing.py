"""Signatures and provenance of what a release publishes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from relgraph.effects import clock
from relgraph.engine.executor import Job
from relgraph.model.plan import Facts
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.storage import ReadOnlyRepository, Repository
from relgraph.release.executors import Opener, Remote
from relgraph.release.steps import Planned
from relgraph.trust.collect import collect
from relgraph.trust.judge import Question, attested_already, signed_already
from relgraph.trust.keys import PrivateKey
from relgraph.trust.predicates import SLSA, provenance
from relgraph.trust.sign import attest, sign, signature_claims
from relgraph.trust.statement import Statement, Subject
from relgraph.trust.verdict import Scheme

__all__ = ["BUILD_TYPE", "Sign", "Signer", "provenance_of"]

#: What kind of build a provenance speaks of (SLSA provenance v1, ``buildType``).
BUILD_TYPE = "https://relgraph.dev/build/v1"


class Signer(NamedTuple):
    """A key, and the forms in which it signs."""

    key: PrivateKey
    schemes: tuple[Scheme, ...]

    def sign(self, repository: Repository, made: Descriptor, name: str, tag: str) -> list[str]:
        """Sign what this key has not signed already, as ``name``:``tag``; what was done, in words."""
        now = datetime.fromtimestamp(clock.now(), UTC)
        question = Question(name, str(made.digest), tag)
        materials = collect(repository, made, attestations=False)
        done = []
        for scheme in self.schemes:
            if not signed_already(question, materials, self.key.public, scheme, now=now):
                claims = signature_claims(tag=tag, moment=now)
                sign(repository, made, self.key, scheme=scheme, name=name, claims=claims, moment=now)
                done.append(f"signed {name}@{made.digest} ({scheme.value})")
        return done

    def signed(self, repository: ReadOnlyRepository, made: Descriptor, name: str, tag: str) -> bool:
        """Whether this key signed a manifest as ``name``:``tag``, in any form."""
        now = datetime.fromtimestamp(clock.now(), UTC)
        materials = collect(repository, made, attestations=False)
        question = Question(name, str(made.digest), tag)
        return any(signed_already(question, materials, self.key.public, scheme, now=now) for scheme in Scheme)

    def state(self, repository: Repository, made: Descriptor, name: str, statement: Statement) -> list[str]:
        """Attest what this key has not stated already; what was done, in words."""
        now = datetime.fromtimestamp(clock.now(), UTC)
        question = Question(name, str(made.digest), "")
        materials = collect(repository, made)
        done = []
        for scheme in self.schemes:
            if not attested_already(question, materials, self.key.public, scheme, statement, now=now):
                attest(
                    *(repository, made, self.key),
                    scheme=scheme,
                    name=name,
                    predicate_type=statement.predicate_type,
                    predicate=statement.predicate,
                    moment=now,
                )
                done.append(f"attested {name}@{made.digest} ({statement.predicate_type}, {scheme.value})")
        return done


class Sign(Remote):
    """Signs a digest in every scheme that was asked for, and states where it comes from. What this key signed already stays."""

    def __init__(self, open_store: Opener, planned: Mapping[str, Planned], signer: Signer, sources: Mapping[str, str]) -> None:
        super().__init__(open_store)
        self._planned = planned
        self._signer = signer
        self._sources = sources

    def run(self, job: Job) -> Facts:
        """Sign and attest."""
        repository, recipe, made = self.at(job)
        one = self._planned[job.step.node]
        name = one.unit.part.reference
        subject = Subject({made.digest.algorithm: made.digest.hex}, name)
        statement = Statement((subject,), SLSA, provenance_of(one, self._sources))
        for line in (
            *self._signer.sign(repository, made, name, recipe["tag"]),
            *self._signer.state(repository, made, name, statement),
        ):
            job.say(line)
        return {"key": self._signer.key.public.fingerprint}


def provenance_of(one: Planned, sources: Mapping[str, str]) -> dict[str, Any]:
    """SLSA provenance of a unit: how it is built, and from which commit. ``sources`` are addresses of repositories, by node id."""
    release = one.unit.target.release
    parameters = {
        "node": one.unit.id,
        "builder": one.unit.builder,
        "version": one.unit.part.version,
        "tag": release.tag,
        "uses": {node: part.tag for node, part in sorted(one.unit.target.uses.items()) if part.tag},
    }
    source = sources.get(release.repo, release.repo)
    reference = f"@refs/tags/{release.tag}" if release.tag else ""
    return provenance(
        build_type=BUILD_TYPE,
        builder=f"https://relgraph.dev/builders/{one.unit.builder}",
        parameters=parameters,
        dependencies={f"git+{source}{reference}": release.commit},
    )
