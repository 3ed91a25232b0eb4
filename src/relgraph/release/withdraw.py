"""Withdrawals: a release that is broken is marked, never removed, and whoever refers to it is told what to use instead."""

from pathlib import Path

from relgraph.effects.files import write_file
from relgraph.errors import EnvironmentFailure, Refused, UsageError
from relgraph.model.record import Record, Withdrawal
from relgraph.oci.errors import NotFound
from relgraph.oci.stores import put
from relgraph.release.executors import Opener
from relgraph.release.recording import record_artifact, withdrawal_tag
from relgraph.release.signing import Signer
from relgraph.workspace.record import record_path, write_record

__all__ = ["publish_withdrawal", "withdraw"]


def withdraw(root: Path, record: Record, withdrawal: Withdrawal) -> Record:
    """Mark a record as withdrawn, on disk, and return it. What was said before stays: another reason is refused.

    A replacement can be added later, where there was none.

    Raises Refused, UsageError and EnvironmentFailure.
    """
    if not withdrawal.reason.strip():
        raise UsageError("a withdrawal needs its reason", hint='--reason "loses data on restart"')
    if withdrawal.replacement == record.version:
        raise UsageError(f"{record.version} cannot take its own place", hint="name the version to use instead")
    before = record.withdrawn
    if before is not None and before not in (withdrawal, withdrawal._replace(replacement="")):
        raise Refused(
            f"{record.repo} {record.version} is withdrawn already: {before.reason}",
            hint="edit its record where the reason or the replacement has to be put right",
        )
    marked = record._replace(withdrawn=withdrawal)
    path = record_path(root, record.repo, record.version)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, [write_record(marked).encode()])
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem
    return marked


def publish_withdrawal(record: Record, place: str, name: str, open_store: Opener, signer: Signer | None) -> str:
    """Store the withdrawn record beside the release's own, which stays; the reference under which it is."""
    repository = open_store(place)
    tag = withdrawal_tag(record.repo, record.version)
    try:
        before = repository.resolve(tag)
    except NotFound:
        before = None
    made = put(repository, record_artifact(write_record(record).encode(), record, None), tag, replacing=before)
    if signer is not None:
        signer.sign(repository, made, name, tag)
    return f"{place}:{tag}"
