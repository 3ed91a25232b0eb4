"""What the options on policies come to: the verdict on an artifact that was just resolved."""

from datetime import UTC, datetime
from pathlib import Path

from relgraph.cli.command import Values
from relgraph.cli.words import number_of
from relgraph.effects import clock
from relgraph.effects.environment import variable
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.reference import LayoutReference, Reference, RegistryReference
from relgraph.oci.storage import ReadOnlyRepository
from relgraph.trust.collect import collect
from relgraph.trust.judge import Before, Question, judge
from relgraph.trust.keys import read_public
from relgraph.trust.policy import Policy, policy_of_keys, read_policy
from relgraph.trust.verdict import Verdict, require

__all__ = ["known_as", "moment", "policy_of", "read_file", "require_trust", "verdict_on"]

_LIMIT = 4 << 20


def policy_of(values: Values) -> Policy:
    """The policy of the options. Raises UsageError where neither a policy nor a key is given, or both are."""
    path, keys = values.get("policy"), values.many("key")
    if bool(path) is bool(keys):
        raise UsageError("a policy or keys are needed, not both", hint="--policy FILE, or --key FILE as often as needed")
    if path:
        folder = Path(path).parent
        # Keys lie where the policy says, seen from the policy.
        return read_policy(read_file(Path(path)), lambda name: read_file(folder / name), path=path)
    threshold = number_of(values, "threshold", 1, 99)
    keys = tuple(dict.fromkeys(keys))
    found = [read_public(read_file(Path(key)), what=key) for key in keys]
    if threshold > len(set(found)):
        raise UsageError(f"--threshold {threshold} of {len(set(found))} different keys", hint="give more keys")
    return policy_of_keys(found, threshold=threshold, names=keys)


def verdict_on(
    values: Values, policy: Policy, repository: ReadOnlyRepository, reference: Reference, subject: Descriptor
) -> Verdict:
    """The verdict on what a reference was resolved to."""
    name = known_as(values, reference)
    tag = "" if reference.digest is not None else reference.tag or "latest"
    question = Question(name, str(subject.digest), tag)
    return judge(
        question,
        collect(repository, subject),
        policy,
        now=datetime.fromtimestamp(clock.now(), UTC),
        before=_before(values, name),
        allow_downgrade=values.flag("allow-downgrade"),
    )


def require_trust(values: Values, repository: ReadOnlyRepository, reference: Reference, subject: Descriptor) -> Verdict:
    """The verdict, where it is good; raises :class:`~relgraph.trust.errors.Distrusted` otherwise."""
    return require(verdict_on(values, policy_of(values), repository, reference, subject))


def known_as(values: Values, reference: Reference) -> str:
    """The repository as signatures and policies name it: ``host/path``; of a layout, what stands behind its folder."""
    given = values.get("as")
    if given is not None:
        from relgraph.oci.reference import parse_reference

        parsed = parse_reference(given)
        if not isinstance(parsed, RegistryReference) or parsed != parsed.bare:
            raise UsageError(f"--as cannot be {given!r}", hint="write HOST/NAME")
        return parsed.name.removeprefix("oci://")
    return reference.repository if isinstance(reference, LayoutReference) else reference.name.removeprefix("oci://")


def moment() -> datetime:
    """The time that is written down: SOURCE_DATE_EPOCH, else the clock's."""
    text = variable("SOURCE_DATE_EPOCH")
    if not text:
        return datetime.fromtimestamp(int(clock.now()), UTC)
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH cannot be {text!r}", hint="seconds since 1970-01-01, as a whole number") from None


def read_file(path: Path, limit: int = _LIMIT) -> bytes:
    """A small file. Raises EnvironmentFailure where it cannot be read, or is larger than ``limit`` bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem
    if len(data) > limit:
        raise EnvironmentFailure(f"{path}: larger than {limit} bytes")
    return data


def _before(values: Values, name: str) -> Before | None:
    path = values.get("lock")
    if path is None:
        return None

    from relgraph.locking.lockfile import load

    lock = load(Path(path))
    entry = next((entry for entry in lock.entries if entry.source.removeprefix("oci://") == name), None)
    return None if entry is None else Before(entry.version, entry.pin.digest)
