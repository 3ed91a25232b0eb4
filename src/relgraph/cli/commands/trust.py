"""``store.keygen``, ``store.sign``, ``store.verify``, ``store.attest``."""

import json
from pathlib import Path
from typing import Any

from relgraph.cli.command import Values
from relgraph.cli.commands.store_report import report
from relgraph.cli.pinning import found, pinned
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.cli.trusting import known_as, moment, policy_of, read_file, verdict_on
from relgraph.effects import chance, passwords
from relgraph.effects.environment import variable
from relgraph.effects.files import write_file
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.oci.reference import LayoutReference, Reference, parse_reference
from relgraph.report.clean import visible
from relgraph.trust.collect import collect
from relgraph.trust.judge import Question, signed_already
from relgraph.trust.keyfiles import SALT_SIZE, encrypted_file, is_encrypted, read_private
from relgraph.trust.keys import PrivateKey, create_key
from relgraph.trust.predicates import PREDICATES, predicate_type, read_document
from relgraph.trust.secretbox import NONCE_SIZE
from relgraph.trust.sign import attach_document, signature_claims
from relgraph.trust.sign import attest as store_attestation
from relgraph.trust.sign import sign as store_signature
from relgraph.trust.verdict import Evidence, Scheme, Verdict

__all__ = ["attest", "keygen", "private_key", "schemes", "sign", "verify"]

_PASSWORD = "COSIGN_PASSWORD"
_LARGEST_DOCUMENT = 64 << 20


def keygen(values: Values, terminal: Terminal) -> int:
    """Make a pair of keys."""
    prefix = values.get("output") or ""
    private, public = Path(f"{prefix}.key"), Path(f"{prefix}.pub")
    for path in (private, public):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} exists", hint="keys are never overwritten; name others with --output")
    key = create_key()
    if values.flag("plain"):
        data = key.pem
    else:
        salt, nonce = chance.unguessable(SALT_SIZE), chance.unguessable(NONCE_SIZE)
        data = encrypted_file(key, _new_password(private), salt=salt, nonce=nonce)
    _write_new(private, data, 0o600)
    _write_new(public, key.public.pem, 0o644)
    facts = {"private": str(private), "public": str(public), "fingerprint": key.public.fingerprint}
    return report(values, terminal, facts, f"{private} (keep it to yourself)\n{public} (SHA-256 {key.public.fingerprint})")


def sign(values: Values, terminal: Terminal) -> int:
    """Sign an artifact in one scheme or in both."""
    source = parse_reference(values.get("source") or "")
    key = private_key(values)
    when = moment()
    done: list[tuple[Scheme, str]] = []
    with Stores(values, terminal) as stores:
        repository = stores.open(source)
        source = pinned(source, repository)
        subject = repository.resolve(source.target)
        name, tag = known_as(values, source), _tag(source)
        materials = collect(repository, subject, attestations=False)
        question = Question(name, str(subject.digest), tag)
        for scheme in schemes(values):
            if signed_already(question, materials, key.public, scheme, now=when):
                continue
            claims = signature_claims(tag=tag, moment=when)
            made = store_signature(repository, subject, key, scheme=scheme, name=name, claims=claims, moment=when)
            done.append((scheme, str(made.digest)))
    reference = f"{source.name}@{subject.digest}"
    facts = {
        "reference": reference,
        "digest": subject.digest,
        "signedAs": name,
        "tag": tag,
        "key": key.public.fingerprint,
        "signatures": [{"scheme": scheme.value, "digest": digest} for scheme, digest in done],
    }
    lines = [f"signed {reference} ({scheme.value} {digest})" for scheme, digest in done]
    return report(values, terminal, facts, "\n".join(lines) or f"unchanged {reference}: signed by this key already")


def verify(values: Values, terminal: Terminal) -> int:
    """Give the verdict on an artifact; 1 where it is not trusted."""
    source = parse_reference(values.get("source") or "")
    policy = policy_of(values)
    with Stores(values, terminal) as stores:
        repository = stores.open(source)
        # Whether a tag is behind the lock is for the verdict to say; a range is what is locked.
        source, target = found(values, source, repository) if source.range else (source, source.target)
        subject = repository.resolve(target)
        verdict = verdict_on(values, policy, repository, source, subject)
    if values.get("format") == "json":
        terminal.write(json.dumps(verdict.to_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        terminal.write(_describe(verdict))
        if not verdict.good and isinstance(source, LayoutReference) and values.get("as") is None:
            terminal.complain("hint: --as HOST/NAME says which repository a layout stands for; policies and signatures go by that")
    return 0 if verdict.good else 1


def attest(values: Values, terminal: Terminal) -> int:
    """Sign a statement about an artifact."""
    source = parse_reference(values.get("source") or "")
    kind = predicate_type(_given(values, "type"))
    path = _given(values, "predicate")
    data = read_file(Path(path), _LARGEST_DOCUMENT)
    predicate = read_document(data, kind, what=path)
    if values.flag("attach") and not any(known.type == kind and known.media_type for known in PREDICATES):
        raise UsageError("--attach is for SBOMs", hint="spdx or cyclonedx")
    key = private_key(values)
    when = moment()
    done: list[tuple[str, str]] = []
    with Stores(values, terminal) as stores:
        repository = stores.open(source)
        source = pinned(source, repository)
        subject = repository.resolve(source.target)
        name = known_as(values, source)
        for scheme in schemes(values):
            made = store_attestation(
                repository, subject, key, scheme=scheme, name=name, predicate_type=kind, predicate=predicate, moment=when
            )
            done.append((scheme.value, str(made.digest)))
        if values.flag("attach"):
            done.append(("document", str(attach_document(repository, subject, kind, data, moment=None).digest)))
    reference = f"{source.name}@{subject.digest}"
    facts: dict[str, Any] = {
        "reference": reference,
        "digest": subject.digest,
        "predicateType": kind,
        "key": key.public.fingerprint,
        "attestations": [{"scheme": scheme, "digest": digest} for scheme, digest in done],
    }
    return report(
        values, terminal, facts, "\n".join(f"attested {reference}: {kind} ({scheme} {digest})" for scheme, digest in done)
    )


def _given(values: Values, name: str) -> str:
    value = values.get(name)
    if value is None:
        raise UsageError(
            f"--{name} is missing", hint="`relgraph help store.sign` and `relgraph help store.attest` say what is needed"
        )
    return value


def _tag(source: Reference) -> str:
    return "" if source.digest is not None else source.tag or "latest"


def schemes(values: Values) -> tuple[Scheme, ...]:
    """The schemes that were asked for."""
    word = values.get("scheme")
    return tuple(Scheme) if word == "both" else (Scheme(word or "bundle"),)


def private_key(values: Values) -> PrivateKey:
    """The key of ``--key``, its password from the environment or the terminal. Raises UsageError, KeyProblem, EnvironmentFailure."""
    path = _given(values, "key")
    try:
        data = read_file(Path(path))
    except EnvironmentFailure as problem:
        raise EnvironmentFailure(f"--key {problem}", hint="`relgraph store.keygen` makes a pair of keys") from problem
    password: bytes | None = None
    if is_encrypted(data):
        given = variable(_PASSWORD)
        password = given.encode() if given is not None else passwords.ask(f"password of {path}: ")
    return read_private(data, password, what=path)


def _new_password(path: Path) -> bytes:
    given = variable(_PASSWORD)
    if given is not None:
        return given.encode()
    password = passwords.ask(f"password for {path}: ")
    if password is None:
        raise UsageError("the key needs a password", hint=f"set {_PASSWORD}, run in a terminal, or add --plain")
    if passwords.ask("again: ") != password:
        raise UsageError("the two passwords differ", hint="nothing was written")
    return password


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        write_file(path, [data], mode=mode, replace=False)
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem


def _describe(verdict: Verdict) -> str:
    # What signers say comes from strangers; the indentation is ours.
    lines = [f"rule: {verdict.rule}"] if verdict.rule else []
    lines += [f"{'counts' if item.good else 'does not count'}: {_describe_evidence(item)}" for item in verdict.evidence]
    lines += [f"why not: {reason}" for reason in verdict.reasons]
    head = f"{'trusted' if verdict.good else 'NOT trusted'}: {verdict.reference}"
    return "".join(f"{line}\n" for line in (visible(head), *(f"  {visible(line)}" for line in lines)))


def _describe_evidence(item: Evidence) -> str:
    words = [f"{item.role.value} ({item.scheme.value}{f', {item.predicate_type}' if item.role == 'attestation' else ''})"]
    words += [f"by {', '.join(item.keys)}"] if item.keys else []
    words += [f"for tag {item.tag}"] if item.tag and item.good else []
    words += [f"of {item.signed_at}"] if item.signed_at and item.good else []
    return " ".join(words) + (f": {item.problem}" if item.problem else "")
