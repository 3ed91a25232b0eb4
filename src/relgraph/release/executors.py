"""The steps of a release, carried out. Each may be done twice: it finds what it did before."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from relgraph.build.builder import Work
from relgraph.build.registry import by_name
from relgraph.engine.executor import Job
from relgraph.errors import EnvironmentFailure, Refused
from relgraph.model.plan import Facts, Step
from relgraph.oci.copy import copy
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest
from relgraph.oci.errors import InvalidContent, NotFound, TagExists
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import is_manifest_type
from relgraph.oci.reference import parse_reference
from relgraph.oci.storage import ReadOnlyRepository, Repository
from relgraph.oci.stores import Stores, put
from relgraph.release.channels import channel_names, moves
from relgraph.release.destinations import layout_name
from relgraph.release.scope import Unit
from relgraph.release.steps import Planned, build_step

__all__ = ["Build", "Check", "Move", "Name", "Opener", "Push", "Remote", "descriptor_of", "opener", "stored"]

_TRIES = 5

#: Gives the repository of a destination, as a plan's recipes write it.
Opener: TypeAlias = Callable[[str], Repository]


class Build:
    """Makes an artifact and keeps it in the workspace's own store, by digest.

    ``open_store`` gives the repositories of what others published and a build stands on.
    """

    def __init__(
        self,
        planned: Mapping[str, Planned],
        store: Layout,
        export: Callable[[Planned, Path], None],
        open_store: Opener | None = None,
    ) -> None:
        self._planned = planned
        self._store = store
        self._export = export
        self._open = open_store

    def run(self, job: Job) -> Facts:
        """Build; the digest, media type and size of what was made."""
        one = self._planned[job.step.node]
        scratch, folder = job.scratch / "scratch", job.scratch / "checkout"
        scratch.mkdir()

        def checkout() -> Path:
            if not folder.exists():
                folder.mkdir()
                self._export(one, folder)
            return folder

        digests = {node: job.products[build_step(node)]["digest"] for node in one.recipe.needs}
        built: dict[str, ReadOnlyRepository] = {node: self._repository(node) for node in digests}
        built |= {reference: self._base(reference, job) for reference in one.recipe.bases}
        work = Work(
            one.unit.target,
            checkout,
            scratch,
            digests,
            built,
            job.run,
            job.say,
            job.stop,
            job.environment,
        )
        artifact = by_name(one.unit.builder).build(work)
        made = put(self._repository(job.step.node), artifact)
        return {"digest": str(made.digest), "mediaType": made.media_type, "size": str(made.size)}

    def intact(self, step: Step, facts: Facts) -> bool:  # noqa: ARG002 - what it made is found by digest
        """Whether all of the artifact is in the store."""
        return stored(self._store, facts)

    def _base(self, reference: str, job: Job) -> LocalRepository:
        """What others published under a digest, in the store: fetched once, and not looked for again."""
        found = parse_reference(reference)
        here = LocalRepository(self._store, layout_name(reference))
        if not stored(self._store, {"digest": str(found.digest)}):
            if self._open is None:
                raise EnvironmentFailure(f"{reference} is not in the store")
            job.say(f"fetches {reference}")
            copy(self._open(found.bare.name), here, str(found.digest), referrers=False)
        return here

    def _repository(self, node: str) -> LocalRepository:
        return LocalRepository(self._store, layout_name(self._planned[node].unit.part.reference))


class Remote:
    """What the steps on destinations share."""

    def __init__(self, open_store: Opener) -> None:
        self._open = open_store

    def intact(self, step: Step, facts: Facts) -> bool:  # noqa: ARG002 - such steps are never kept
        """These are looked at in every run."""
        return True

    def at(self, job: Job) -> tuple[Repository, Mapping[str, Any], Descriptor]:
        """The destination of a step, its recipe, and what was built for it."""
        recipe = json.loads(job.step.recipe)
        return self._open(recipe["to"]), recipe, descriptor_of(job.products[build_step(job.step.node)])


class Check(Remote):
    """Refuses, before anything is pushed, what is published or recorded with other content."""

    def __init__(self, open_store: Opener, planned: Mapping[str, Planned]) -> None:
        super().__init__(open_store)
        self._planned = planned

    def run(self, job: Job) -> Facts:
        """Look at the name."""
        repository, recipe, made = self.at(job)
        if recipe["recorded"] not in ("", str(made.digest)):
            raise Refused(
                f"{recipe['to']}:{recipe['tag']} was released as {recipe['recorded']}, and what was built is {made.digest}",
                hint=_instead(self._planned[job.step.node]),
            )
        try:
            there = repository.resolve(recipe["tag"])
        except NotFound:
            return {"state": "absent"}
        if there.digest != made.digest:
            raise Refused(
                f"{recipe['to']}:{recipe['tag']} is published as {there.digest}, and what was built is {made.digest}",
                hint=_instead(self._planned[job.step.node]),
            )
        return {"state": "published"}


class Push(Remote):
    """Sends content, without a name."""

    def __init__(self, open_store: Opener, store: Layout, sources: Mapping[str, str], workers: int) -> None:
        super().__init__(open_store)
        self._store = store
        self._sources = sources
        self._workers = workers

    def run(self, job: Job) -> Facts:
        """Push by digest."""
        repository, recipe, made = self.at(job)
        source: ReadOnlyRepository = LocalRepository(self._store, self._sources[job.step.node])
        done = copy(source, repository, str(made.digest), referrers=False, workers=self._workers)
        job.say(f"{recipe['to']}@{made.digest}: {done.bytes} bytes sent")
        return {"digest": str(done.root.digest)}


class Name(Remote):
    """Gives content its version, and reads it back."""

    def run(self, job: Job) -> Facts:
        """Tag, then read what the tag names, down to the last blob."""
        repository, recipe, made = self.at(job)
        repository.tag(made, recipe["tag"])
        document = repository.load(recipe["tag"])
        if document.digest != made.digest:
            raise Refused(
                f"{recipe['to']}:{recipe['tag']} names {document.digest} instead of {made.digest}",
                hint="somebody else publishes there",
            )
        missing = [child.digest for child in document.children if not repository.exists(child)]
        if missing:
            raise EnvironmentFailure(f"{recipe['to']}:{recipe['tag']} lacks {missing[0]}", hint="run the release again")
        job.say(f"{recipe['to']}:{recipe['tag']}@{made.digest}")
        return {"digest": str(made.digest)}


class Move(Remote):
    """Moves channels, forward only."""

    def __init__(self, open_store: Opener, planned: Mapping[str, Planned]) -> None:
        super().__init__(open_store)
        self._planned = planned

    def run(self, job: Job) -> Facts:
        """Move what may move."""
        from relgraph.model.version import parse_version  # noqa: PLC0415 - few releases have channels

        repository, recipe, made = self.at(job)
        unit = self._planned[job.step.node].unit
        version = parse_version(unit.part.version)
        moved = []
        for channel in channel_names(recipe["channels"], version) if version is not None else ():
            if self._move(repository, made, channel, unit):
                moved.append(channel)
                job.say(f"{recipe['to']}:{channel} moved to {unit.part.tag}")
            else:
                job.say(f"{channel} stays: {unit.part.version} is not the newest of its line")
        return {"moved": " ".join(moved)}

    def _move(self, repository: Repository, made: Descriptor, channel: str, unit: Unit) -> bool:
        """Move a channel, unless a newer version is published. Who moves it meanwhile may have published one, and is looked at again."""
        for left in reversed(range(_TRIES)):
            try:
                before: Descriptor | None = repository.resolve(channel)
            except NotFound:
                before = None
            # Read after what the channel was: whoever moves it has published before.
            if not moves(channel, unit.target.node.tag, unit.part.version, repository.tags()):
                return False
            try:
                repository.tag(made, channel, replacing=before)
            except TagExists:
                if not left:
                    raise
            else:
                break
        return True


def _instead(one: Planned) -> str:
    """What can be done about other content under a published name."""
    node = one.unit.target.node
    if node.get("version"):
        return f"its version is declared at {node.origin}, and stays as it is published: raise it with the change"
    if one.unit.builder in ("helm", "bundle"):
        return "what is published stays as it is: release the change under a new version"
    return (
        "what is published stays as it is: release under a new version; where another machine began this release, go on there, "
        "or share builds with --cache"
    )


def descriptor_of(facts: Facts) -> Descriptor:
    """The descriptor of what a build made."""
    return Descriptor(facts["mediaType"], Digest(facts["digest"]), int(facts["size"]))


def stored(store: Layout, facts: Facts) -> bool:
    """Whether a layout holds a manifest and everything below it, by name (content is verified when it is read)."""
    left = [Digest(facts["digest"])] if "digest" in facts else []
    while left:
        try:
            document = store.document(left.pop())
        except (NotFound, InvalidContent):
            return False
        for child in document.children:
            if is_manifest_type(child.media_type):
                left.append(child.digest)
            elif not store.has(child.digest):
                return False
    return bool(facts.get("digest"))


def opener(stores: Stores) -> Opener:
    """Opens destinations; each once."""
    opened: dict[str, Repository] = {}

    def open_store(to: str) -> Repository:
        if to not in opened:
            opened[to] = stores.open(parse_reference(to), create=True)
        return opened[to]

    return open_store
