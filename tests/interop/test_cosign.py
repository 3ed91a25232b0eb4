"""Signatures and attestations, against the real cosign, in both schemes and against both kinds of registries."""

import base64
import json
from pathlib import Path

import pytest

from peers import GetPeer, Peer, Relgraph
from relgraph.trust.keyfiles import is_encrypted, read_private

SCHEMES = pytest.mark.parametrize("scheme", ["bundle", "tag"])
_OFFLINE = ("--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry")
_VERIFY = ("--insecure-ignore-tlog=true", "--allow-http-registry")
_SLSA = {
    "buildDefinition": {"buildType": "https://ci.example/v1", "externalParameters": {}},
    "runDetails": {"builder": {"id": "https://ci.example/runner"}},
}
_SPDX = {"spdxVersion": "SPDX-2.3", "name": "web", "SPDXID": "SPDXRef-DOCUMENT", "dataLicense": "CC0-1.0"}


@pytest.fixture
def cosign(peer: GetPeer) -> Peer:
    return peer("cosign")


def _old(scheme: str) -> tuple[str, ...]:
    return ("--new-bundle-format=false",) if scheme == "tag" else ()


def _artifact(relgraph: Relgraph, here: Path, registry: str, *, name: str = "acme/web", text: str = "x") -> str:
    """Pushes one; its reference by digest."""
    (here / "file").write_text(text)
    pushed = relgraph("store.push", f"{registry}/{name}:v1", "file")
    return f"{registry}/{name}@{pushed['digest']}"


def _keys(relgraph: Relgraph, name: str = "k") -> None:
    relgraph("store.keygen", "--output", name)


@SCHEMES
def test_cosign_verifies_what_relgraph_signed(relgraph: Relgraph, here: Path, registry: str, cosign: Peer, scheme: str) -> None:
    reference = _artifact(relgraph, here, registry)
    _keys(relgraph)
    _keys(relgraph, "other")
    relgraph("store.sign", f"{registry}/acme/web:v1", "--key", "k.key", "--scheme", scheme)
    shown = cosign.run("verify", "--key", here / "k.pub", *_VERIFY, *_old(scheme), reference)
    assert json.loads(shown)
    # cosign 3 finds the older scheme by itself.
    cosign.run("verify", "--key", here / "k.pub", *_VERIFY, reference)
    assert cosign.attempt("verify", "--key", here / "other.pub", *_VERIFY, reference).returncode != 0
    # What relgraph says beside the digest, cosign can ask for.
    if scheme == "tag":
        cosign.run("verify", "--key", here / "k.pub", *_VERIFY, "-a", "relgraph.dev/tag=v1", reference)
        assert cosign.attempt("verify", "--key", here / "k.pub", *_VERIFY, "-a", "relgraph.dev/tag=v2", reference).returncode != 0


@SCHEMES
def test_cosign_signs_with_keys_of_relgraph_and_relgraph_accepts_it(
    relgraph: Relgraph, here: Path, registry: str, cosign: Peer, scheme: str
) -> None:
    reference = _artifact(relgraph, here, registry)
    _keys(relgraph)
    cosign.run("sign", "--key", here / "k.key", *_OFFLINE, *_old(scheme), reference)
    verdict = relgraph("store.verify", f"{registry}/acme/web:v1", "--key", "k.pub")
    assert [(item["scheme"], item["keys"]) for item in verdict["evidence"]] == [(scheme, ["k.pub"])]


@SCHEMES
def test_relgraph_signs_with_keys_of_cosign_and_accepts_its_own(
    relgraph: Relgraph, here: Path, docker: str, cosign: Peer, scheme: str
) -> None:
    reference = _artifact(relgraph, here, docker)
    cosign.run("generate-key-pair", cwd=here)
    assert is_encrypted((here / "cosign.key").read_bytes())
    relgraph("store.sign", reference, "--key", "cosign.key", "--scheme", scheme)
    relgraph("store.verify", reference, "--key", "cosign.pub")
    cosign.run("verify", "--key", here / "cosign.pub", *_VERIFY, *_old(scheme), reference)


def test_cosign_imports_plain_keys_and_both_read_the_result(relgraph: Relgraph, here: Path, cosign: Peer) -> None:
    relgraph("store.keygen", "--output", "plain", "--plain")
    cosign.run("import-key-pair", "--key", "plain.key", "--output-key-prefix", "imported", cwd=here)
    assert (here / "imported.pub").read_bytes() == (here / "plain.pub").read_bytes()
    imported = read_private((here / "imported.key").read_bytes(), b"secret", what="imported.key")
    assert imported.public.pem == (here / "plain.pub").read_bytes()


def test_cosign_derives_the_same_public_key(relgraph: Relgraph, here: Path, cosign: Peer) -> None:
    _keys(relgraph)
    assert cosign.run("public-key", "--key", here / "k.key").encode() == (here / "k.pub").read_bytes()


def test_both_add_to_the_same_list_of_signatures(relgraph: Relgraph, here: Path, registry: str, cosign: Peer) -> None:
    reference = _artifact(relgraph, here, registry)
    for name in ("a", "b", "c"):
        _keys(relgraph, name)
    relgraph("store.sign", reference, "--key", "a.key", "--scheme", "tag")
    cosign.run("sign", "--key", here / "b.key", *_OFFLINE, *_old("tag"), reference)
    relgraph("store.sign", reference, "--key", "c.key", "--scheme", "tag")
    for name in ("a", "b", "c"):
        cosign.run("verify", "--key", here / f"{name}.pub", *_VERIFY, *_old("tag"), reference)
    three = [word for name in ("a", "b", "c") for word in ("--key", f"{name}.pub")]
    assert len(relgraph("store.verify", reference, *three, "--threshold", "3")["evidence"]) == 3


@SCHEMES
def test_cosign_verifies_attestations_of_relgraph(relgraph: Relgraph, here: Path, registry: str, cosign: Peer, scheme: str) -> None:
    reference = _artifact(relgraph, here, registry)
    _keys(relgraph)
    for kind, theirs, predicate in (("slsa-provenance", "slsaprovenance1", _SLSA), ("spdx", "spdxjson", _SPDX)):
        (here / "predicate.json").write_text(json.dumps(predicate))
        relgraph("store.attest", reference, "--type", kind, "--predicate", "predicate.json", "--key", "k.key", "--scheme", scheme)
        shown = cosign.run("verify-attestation", "--key", here / "k.pub", "--type", theirs, *_VERIFY, *_old(scheme), reference)
        payload = json.loads(base64.b64decode(json.loads(shown.splitlines()[0])["payload"]))
        assert payload["predicate"] == predicate


@SCHEMES
def test_relgraph_accepts_attestations_of_cosign(relgraph: Relgraph, here: Path, registry: str, cosign: Peer, scheme: str) -> None:
    reference = _artifact(relgraph, here, registry)
    _keys(relgraph)
    (here / "policy.yaml").write_text(
        "apiVersion: relgraph.dev/v1\nkind: TrustPolicy\nkeys: {k: {file: k.pub}}\n"
        "rules: [{match: '**', signatures: {keys: k}, attestations: [{predicate: slsa-provenance, keys: k}, {predicate: spdx, keys: k}]}]\n"
    )
    cosign.run("sign", "--key", here / "k.key", *_OFFLINE, *_old(scheme), reference)
    relgraph("store.verify", reference, "--policy", "policy.yaml", status=1)
    for theirs, predicate in (("slsaprovenance1", _SLSA), ("spdxjson", _SPDX)):
        (here / "predicate.json").write_text(json.dumps(predicate))
        cosign.run(
            "attest",
            "--key",
            here / "k.key",
            "--type",
            theirs,
            "--predicate",
            here / "predicate.json",
            *_OFFLINE,
            *_old(scheme),
            reference,
        )
    relgraph("store.verify", reference, "--policy", "policy.yaml")


def test_an_attestation_of_cosign_is_no_signature_to_relgraph(relgraph: Relgraph, here: Path, registry: str, cosign: Peer) -> None:
    reference = _artifact(relgraph, here, registry)
    _keys(relgraph)
    (here / "predicate.json").write_text(json.dumps(_SLSA))
    cosign.run(
        "attest", "--key", here / "k.key", "--type", "slsaprovenance1", "--predicate", here / "predicate.json", *_OFFLINE, reference
    )
    verdict = relgraph("store.verify", reference, "--key", "k.pub", status=1)
    assert verdict["reasons"] == ["not signed by k.pub"]
    # cosign itself takes it for one; that is why the difference matters.
    cosign.run("verify", "--key", here / "k.pub", *_VERIFY, reference)


@SCHEMES
def test_a_signature_for_another_repository_is_refused_where_cosign_accepts_it(
    relgraph: Relgraph, here: Path, docker: str, cosign: Peer, scheme: str
) -> None:
    _artifact(relgraph, here, docker, name="acme/tested")
    _keys(relgraph)
    relgraph("store.sign", f"{docker}/acme/tested:v1", "--key", "k.key", "--scheme", scheme)
    relgraph("store.copy", f"{docker}/acme/tested:v1", f"{docker}/acme/released:v1")
    cosign.run("verify", "--key", here / "k.pub", *_VERIFY, *_old(scheme), f"{docker}/acme/released:v1")
    verdict = relgraph("store.verify", f"{docker}/acme/released:v1", "--key", "k.pub", status=1)
    assert [item["problem"] for item in verdict["evidence"]] == [f"it is for {docker}/acme/tested"]
    relgraph("store.verify", f"{docker}/acme/released:v1", "--key", "k.pub", "--as", f"{docker}/acme/tested")


def test_cosign_and_relgraph_store_a_bundle_alike(relgraph: Relgraph, here: Path, modern: str, cosign: Peer) -> None:
    reference = _artifact(relgraph, here, modern)
    _keys(relgraph)
    cosign.run("sign", "--key", here / "k.key", *_OFFLINE, reference)
    relgraph("store.sign", reference, "--key", "k.key")
    entries = relgraph("store.inspect", reference)["referrers"]
    assert len(entries) == 2
    shapes = []
    for entry in entries:
        found = relgraph("store.inspect", f"{modern}/acme/web@{entry['digest']}")
        shapes.append(
            (found["kind"], found["config"], sorted(found["annotations"]), [item["mediaType"] for item in found["content"]])
        )
    assert shapes[0] == shapes[1]


def test_what_relgraph_signed_in_a_layout_cosign_verifies_in_a_registry(
    relgraph: Relgraph, here: Path, registry: str, cosign: Peer
) -> None:
    (here / "file").write_text("x")
    relgraph("store.push", "layout:out//acme/web:v1", "file")
    _keys(relgraph)
    relgraph("store.sign", "layout:out//acme/web:v1", "--key", "k.key", "--scheme", "both", "--as", f"{registry}/acme/web")
    relgraph("store.copy", "layout:out//acme/web:v1", f"{registry}/acme/web")
    for scheme in ("bundle", "tag"):
        cosign.run("verify", "--key", here / "k.pub", *_VERIFY, *_old(scheme), f"{registry}/acme/web:v1")
    relgraph("store.verify", f"{registry}/acme/web:v1", "--key", "k.pub")
