"""Signatures and provenance of what a release publishes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from relgraph.effects import clock
from relgraph.engine.executor import Job
from relgraph.model.plan import Facts
from relgraph.release.executors import Opener, Remote
from relgraph.release.steps import Planned
from relgraph.trust.collect import collect
from relgraph.trust.judge import Question, attested_already, signed_already
from relgraph.trust.keys import PrivateKey
from relgraph.trust.predicates import SLSA, provenance
from relgraph.trust.sign import attest, sign, signature_claims
from relgraph.trust.statement import Statement, Subject
from relgraph.trust.verdict import Scheme

__all__ = ["BUILD_TYPE", "Sign", "provenance_of"]

#: What kind of build a provenance speaks of (SLSA provenance v1, ``buildType``).
BUILD_TYPE = "https://relgraph.dev/build/v1"


class Sign(Remote):
    """Signs a digest in every scheme that was asked for, and states where it comes from. What this key signed already stays."""

    def __init__(
        self,
        open_store: Opener,
        planned: Mapping[str, Planned],
        key: PrivateKey,
        schemes: tuple[Scheme, ...],
        sources: Mapping[str, str],
    ) -> None:
        super().__init__(open_store)
        self._planned = planned
        self._key = key
        self._schemes = schemes
        self._sources = sources

    def run(self, job: Job) -> Facts:
        """Sign and attest."""
        repository, recipe, made = self.at(job)
        one = self._planned[job.step.node]
        name, tag = one.unit.part.reference, recipe["tag"]
        now = datetime.fromtimestamp(clock.now(), UTC)
        materials = collect(repository, made)
        question = Question(name, str(made.digest), tag)
        for scheme in self._schemes:
            if not signed_already(question, materials, self._key.public, scheme, now=now):
                claims = signature_claims(tag=tag, moment=now)
                sign(repository, made, self._key, scheme=scheme, name=name, claims=claims, moment=now)
                job.say(f"signed {name}@{made.digest} ({scheme.value})")
        predicate = provenance_of(one, self._sources)
        statement = Statement((Subject({made.digest.algorithm: made.digest.hex}, name),), SLSA, predicate)
        for scheme in self._schemes:
            if not attested_already(question, materials, self._key.public, scheme, statement, now=now):
                attest(
                    *(repository, made, self._key),
                    scheme=scheme,
                    name=name,
                    predicate_type=SLSA,
                    predicate=predicate,
                    moment=now,
                )
                job.say(f"attested {name}@{made.digest} (provenance, {scheme.value})")
        return {"key": self._key.public.fingerprint}


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
