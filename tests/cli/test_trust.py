"""The commands on keys, signatures and attestations, on layouts; and the gate before a pull."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from relgraph.cli.main import main
from relgraph.resolve.lock import Lock, Locked, Pin, write_lock

_REFERENCE = "layout:out//charts/web:v1.0.0"


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A layout with versions 1.0.0 and 1.1.0 of an artifact, and two pairs of keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "web").mkdir()
    for version in ("1.0.0", "1.1.0"):
        (tmp_path / "web" / "a.txt").write_text(version)
        assert main(["store.push", f"layout:out//charts/web:v{version}", "web", "--type", "bundle"]) == 0
    for name in ("a", "b"):
        assert main(["store.keygen", "--output", name, "--plain"]) == 0
    return tmp_path


def _json(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*words, "--format", "json"]) == status
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def _error(capsys: pytest.CaptureFixture[str], *words: str, status: int = 1) -> str:
    capsys.readouterr()
    assert main(list(words)) == status
    return capsys.readouterr().err


def test_keys_are_encrypted_and_readable_by_their_owner_alone(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = _json(capsys, "store.keygen", "--output", "mine")
    assert facts["private"] == "mine.key"
    assert (world / "mine.key").read_bytes().startswith(b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----")
    assert stat.S_IMODE((world / "mine.key").stat().st_mode) == 0o600
    assert (world / "mine.pub").read_bytes().startswith(b"-----BEGIN PUBLIC KEY-----")
    assert main(["store.sign", _REFERENCE, "--key", "mine.key"]) == 0
    assert main(["store.verify", _REFERENCE, "--key", "mine.pub"]) == 0


def test_keys_are_never_overwritten(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (world / "a.key").read_bytes()
    assert "a.key exists" in _error(capsys, "store.keygen", "--output", "a", status=2)
    (world / "c.pub").write_text("")
    assert "c.pub exists" in _error(capsys, "store.keygen", "--output", "c", status=2)
    assert (world / "a.key").read_bytes() == before
    assert not (world / "c.key").exists()


def test_a_password_is_asked_for_twice(world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("COSIGN_PASSWORD")
    answers = iter([b"one", b"two", b"one", b"one", b"one", None])
    monkeypatch.setattr("relgraph.effects.passwords.ask", lambda _: next(answers))
    assert "the two passwords differ" in _error(capsys, "store.keygen", "--output", "mine", status=2)
    assert main(["store.keygen", "--output", "mine"]) == 0
    assert main(["store.sign", _REFERENCE, "--key", "mine.key"]) == 0
    assert "the key needs a password" in _error(capsys, "store.keygen", "--output", "other", status=2)


def test_a_wrong_password_is_said_and_not_shown(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["store.keygen", "--output", "mine"]) == 0
    monkeypatch.setenv("COSIGN_PASSWORD", "hunter2")
    message = _error(capsys, "store.sign", _REFERENCE, "--key", "mine.key", status=2)
    assert "the password is wrong" in message
    assert "hunter2" not in message


@pytest.mark.parametrize("scheme", ["bundle", "tag", "both"])
def test_what_was_signed_is_verified(scheme: str, capsys: pytest.CaptureFixture[str]) -> None:
    signed = _json(capsys, "store.sign", _REFERENCE, "--key", "a.key", "--scheme", scheme)
    assert [item["scheme"] for item in signed["signatures"]] == (["bundle", "tag"] if scheme == "both" else [scheme])
    verdict = _json(capsys, "store.verify", _REFERENCE, "--key", "a.pub")
    assert verdict["trusted"] is True
    assert verdict["digest"] == signed["digest"]
    assert {item["tag"] for item in verdict["evidence"]} == {"v1.0.0"}
    assert {item["repository"] for item in verdict["evidence"]} == {"charts/web"}


def test_signing_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store.sign", _REFERENCE, "--key", "a.key", "--scheme", "both"]) == 0
    assert _json(capsys, "store.sign", _REFERENCE, "--key", "a.key", "--scheme", "both")["signatures"] == []
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    assert "unchanged" in capsys.readouterr().out


def test_what_is_not_trusted_ends_with_status_one_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store.sign", _REFERENCE, "--key", "b.key"]) == 0
    capsys.readouterr()
    assert main(["store.verify", _REFERENCE, "--key", "a.pub"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("NOT trusted: charts/web:v1.0.0@sha256:")
    assert "  does not count: signature (bundle): no trusted key made it" in shown
    assert shown[-1] == "  why not: not signed by a.pub"


def test_a_threshold_of_the_keys_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    both = ("store.verify", _REFERENCE, "--key", "a.pub", "--key", "b.pub", "--threshold", "2")
    assert main(list(both)) == 1
    assert main(["store.sign", _REFERENCE, "--key", "b.key"]) == 0
    assert main(list(both)) == 0
    assert "2 of 1 different keys" in _error(capsys, "store.verify", _REFERENCE, "--key", "a.pub", "--threshold", "2", status=2)


def test_a_signature_made_in_a_layout_names_where_it_is_going(capsys: pytest.CaptureFixture[str]) -> None:
    known_as = ("--as", "ghcr.io/acme/charts/web")
    assert main(["store.sign", _REFERENCE, "--key", "a.key", *known_as]) == 0
    assert main(["store.verify", _REFERENCE, "--key", "a.pub", *known_as]) == 0
    assert main(["store.verify", _REFERENCE, "--key", "a.pub"]) == 1
    assert "--as cannot be 'ghcr.io/acme/web:v1'" in _error(
        capsys, "store.verify", _REFERENCE, "--key", "a.pub", "--as", "ghcr.io/acme/web:v1", status=2
    )


def _policy(world: Path, rule: str) -> str:
    (world / "policies").mkdir(exist_ok=True)
    (world / "policies" / "trust.yaml").write_text(
        f"apiVersion: relgraph.dev/v1\nkind: TrustPolicy\nkeys: {{a: {{file: ../a.pub}}, b: {{file: ../b.pub}}}}\nrules:\n  - {rule}\n"
    )
    return "policies/trust.yaml"


def test_a_policy_finds_its_keys_beside_itself(world: Path) -> None:
    policy = _policy(world, '{match: "charts/**", signatures: {keys: [a]}}')
    assert main(["store.verify", _REFERENCE, "--policy", policy]) == 1
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    assert main(["store.verify", _REFERENCE, "--policy", policy]) == 0


def test_attestations_are_made_and_asked_for(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = '{match: "**", signatures: {keys: [a]}, attestations: [{predicate: spdx, keys: [b]}, {predicate: slsa-provenance, keys: [b]}]}'
    policy = _policy(world, rule)
    (world / "sbom.json").write_text('{"spdxVersion": "SPDX-2.3", "name": "web"}')
    (world / "run.json").write_text(
        '{"buildDefinition": {"buildType": "t", "externalParameters": {}}, "runDetails": {"builder": {"id": "ci"}}}'
    )
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    assert main(["store.verify", _REFERENCE, "--policy", policy]) == 1
    attested = _json(
        capsys,
        "store.attest",
        _REFERENCE,
        "--type",
        "spdx",
        "--predicate",
        "sbom.json",
        "--key",
        "b.key",
        "--scheme",
        "both",
        "--attach",
    )
    assert [item["scheme"] for item in attested["attestations"]] == ["bundle", "tag", "document"]
    assert main(["store.attest", _REFERENCE, "--type", "slsa-provenance", "--predicate", "run.json", "--key", "b.key"]) == 0
    assert main(["store.verify", _REFERENCE, "--policy", policy]) == 0


def test_a_document_of_another_type_is_not_signed(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (world / "x.json").write_text("{}")
    words = ("store.attest", _REFERENCE, "--predicate", "x.json", "--key", "a.key")
    assert "spdxVersion is missing" in _error(capsys, *words, "--type", "spdx", status=2)
    assert "no type of predicate" in _error(capsys, *words, "--type", "sbom", status=2)
    assert "--attach is for SBOMs" in _error(capsys, *words, "--type", "https://example.com/own", "--attach", status=2)
    assert "--type is missing" in _error(capsys, *words, status=2)
    assert main([*words, "--type", "https://example.com/own"]) == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("store.verify", _REFERENCE), "a policy or keys are needed"),
        (("store.verify", _REFERENCE, "--policy", "p", "--key", "a.pub"), "a policy or keys are needed"),
        (("store.sign", _REFERENCE), "--key is missing"),
        (("store.verify", _REFERENCE, "--lock", "relgraph.lock"), "a policy or keys are needed"),
        (("store.verify", _REFERENCE, "--key", "a.key"), "a private key where a public one belongs"),
        (("store.sign", _REFERENCE, "--key", "a.pub"), "public key is not read here"),
    ],
)
def test_what_is_missing_on_the_command_line_is_named(
    words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reason in _error(capsys, *words, status=2)


def test_nothing_is_written_before_the_verdict(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pull = ("store.pull", _REFERENCE, "--key", "a.pub", "--output", "target")
    message = _error(capsys, *pull)
    assert "not trusted: not signed by a.pub" in message
    assert not (world / "target").exists()
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    assert main(list(pull)) == 0
    assert (world / "target" / "web" / "a.txt").read_text() == "1.0.0"


def test_a_lock_is_not_gone_back_behind(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    entry = Locked("web", "oci://charts/web", "^1", "1.1.0", "v1.1.0", Pin("sha256:" + "1" * 64))
    (world / "relgraph.lock").write_bytes(write_lock(Lock((entry,))))
    words = ("store.verify", _REFERENCE, "--key", "a.pub", "--lock", "relgraph.lock")
    assert _json(capsys, *words, status=1)["reasons"] == ["v1.0.0 is older than 1.1.0, which was used before"]
    assert main([*words, "--allow-downgrade"]) == 0
    assert main(["store.sign", "layout:out//charts/web:v1.1.0", "--key", "a.key"]) == 0
    moved = _json(capsys, "store.verify", "layout:out//charts/web:v1.1.0", *words[2:], status=1)
    assert "1.1.0 was sha256:1111" in moved["reasons"][0]


def test_a_range_is_what_is_locked(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    assert main(["store.lock", _REFERENCE]) == 0
    words = ("store.verify", "layout:out//charts/web:^1", "--key", "a.pub", "--lock", "relgraph.lock")
    assert "v1.0.0" in _json(capsys, *words)["reference"]
    assert main(["store.lock", "layout:out//charts/web:^1", "--upgrade", "all"]) == 0
    assert main([*words]) == 1
    said = capsys.readouterr()
    assert "NOT trusted: charts/web:v1.1.0" in said.out
    assert "hint: --as HOST/NAME" in said.err
    (world / "relgraph.lock").write_bytes(write_lock(Lock()))
    assert "is not locked" in _error(capsys, *words)


def test_a_range_takes_the_newest_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store.sign", "layout:out//charts/web:^1", "--key", "a.key"]) == 0
    assert "v1.1.0" in _json(capsys, "store.verify", "layout:out//charts/web:>=1 <2", "--key", "a.pub")["reference"]
    assert main(["store.verify", "layout:out//charts/web:1.0.*", "--key", "a.pub"]) == 1
    assert "v1.1.0" in json.dumps(_json(capsys, "store.copy", "layout:out//charts/web:^1", "layout:copy//web"))
    found = _json(capsys, "store.inspect", "layout:out//charts/web:~1.0")
    assert found["digest"] == _json(capsys, "store.inspect", _REFERENCE)["digest"]
    message = _error(capsys, "store.pull", "layout:out//charts/web:^7", status=3)
    assert "no version in range '^7'" in message
    assert "it has v1.1.0, v1.0.0" in message


def test_the_time_of_a_signature_can_be_given(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert main(["store.sign", _REFERENCE, "--key", "a.key"]) == 0
    (evidence,) = _json(capsys, "store.verify", _REFERENCE, "--key", "a.pub")["evidence"]
    assert evidence["signedAt"] == "2023-11-14T22:13:20Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert "SOURCE_DATE_EPOCH cannot be 'yesterday'" in _error(capsys, "store.sign", _REFERENCE, "--key", "b.key", status=2)


def test_a_digest_is_signed_without_a_tag(capsys: pytest.CaptureFixture[str]) -> None:
    digest = _json(capsys, "store.inspect", _REFERENCE)["digest"]
    by_digest = f"layout:out//charts/web@{digest}"
    assert _json(capsys, "store.sign", by_digest, "--key", "a.key")["tag"] == ""
    assert main(["store.verify", by_digest, "--key", "a.pub"]) == 0
    assert main(["store.verify", _REFERENCE, "--key", "a.pub"]) == 0


def test_signatures_travel_with_a_copy() -> None:
    assert main(["store.sign", _REFERENCE, "--key", "a.key", "--scheme", "both"]) == 0
    assert main(["store.copy", _REFERENCE, "layout:copy//charts/web"]) == 0
    assert main(["store.verify", "layout:copy//charts/web:v1.0.0", "--key", "a.pub"]) == 0
    assert main(["store.copy", _REFERENCE, "layout:alone//charts/web", "--alone"]) == 0
    assert main(["store.verify", "layout:alone//charts/web:v1.0.0", "--key", "a.pub"]) == 1
