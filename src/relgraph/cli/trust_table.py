"""The commands on keys, signatures and attestations."""

from relgraph.cli.command import Argument, Command, Form, Offer
from relgraph.cli.store_table import REGISTRY_OPTIONS, REPORT
from relgraph.cli.trust_options import KNOWN_AS, POLICY_OPTIONS

__all__ = ["TRUST_COMMANDS"]

_MODULE = "relgraph.cli.commands.trust"
_REFERENCE = "HOST/NAME[:TAG|:RANGE|@DIGEST] or layout:FOLDER[//NAME][:TAG|:RANGE|@DIGEST]"

_SOURCE = Argument("source", f"what: {_REFERENCE}", Form.POSITIONAL, metavar="REFERENCE", required=True)
_SIGNING_KEY = Argument("key", "private key to sign with", metavar="FILE", offer=Offer.FILES)
_SCHEME = Argument(
    "scheme",
    "how it is stored: a sigstore bundle (cosign 3), a manifest under sha256-... (older cosign, Flux), or both",
    choices=("bundle", "tag", "both"),
    default="bundle",
)
TRUST_COMMANDS = (
    Command(
        "store.keygen",
        "make a pair of keys to sign with",
        f"{_MODULE}:keygen",
        (
            Argument("output", "beginning of the files' names: PREFIX.key and PREFIX.pub", metavar="PREFIX", default="relgraph"),
            Argument("plain", "do not encrypt the private key", Form.FLAG),
            REPORT,
        ),
        details=(
            "The keys are ECDSA on P-256. The private key is encrypted in cosign's format with the password of COSIGN_PASSWORD "
            "or, in a terminal, one that is asked for; only its owner can read the file. Existing files are not overwritten.",
        ),
        examples=(("relgraph store.keygen --output release", "release.key and release.pub, which cosign reads as well"),),
    ),
    Command(
        "store.sign",
        "sign an artifact",
        f"{_MODULE}:sign",
        (_SOURCE, _SIGNING_KEY, _SCHEME, KNOWN_AS, REPORT, *REGISTRY_OPTIONS),
        details=(
            "Signed is the digest, with the repository's name, the tag and the time beside it. A signature that is there already "
            "is not made again. The password of an encrypted key comes from COSIGN_PASSWORD or, in a terminal, is asked for.",
        ),
        examples=(
            ("relgraph store.sign ghcr.io/acme/charts/web:1.2.0 --key release.key", "then: cosign verify --key release.pub ..."),
            (
                "relgraph store.sign layout:out//charts/web:1.2.0 --key release.key --as ghcr.io/acme/charts/web",
                "before it is pushed",
            ),
        ),
    ),
    Command(
        "store.verify",
        "check signatures and attestations of an artifact against a policy",
        f"{_MODULE}:verify",
        (_SOURCE, *POLICY_OPTIONS, REPORT, *REGISTRY_OPTIONS),
        details=(
            "Exits 0 when the policy lets the artifact through and 1 when it does not; every signature and attestation that was "
            "found is listed with what became of it. Keys come from the policy or the command line, never from the artifact.",
        ),
        examples=(
            ("relgraph store.verify ghcr.io/acme/charts/web:1.2.0 --policy trust.yaml", "by a policy"),
            ("relgraph store.verify ghcr.io/acme/charts/web:^1 --key release.pub", "the newest 1.x, by one key"),
        ),
    ),
    Command(
        "store.attest",
        "sign a statement about an artifact: its provenance, its SBOM",
        f"{_MODULE}:attest",
        (
            _SOURCE,
            Argument("type", "slsa-provenance, spdx, cyclonedx, or the URI of a type", metavar="TYPE"),
            Argument("predicate", "JSON document with the statement's content", metavar="FILE", offer=Offer.FILES),
            _SIGNING_KEY,
            _SCHEME,
            Argument("attach", "store an SBOM as it is, too, for tools that look for it unsigned", Form.FLAG),
            KNOWN_AS,
            REPORT,
            *REGISTRY_OPTIONS,
        ),
        examples=(
            ("relgraph store.attest ghcr.io/acme/web:1.2.0 --type spdx --predicate sbom.json --key build.key", "an SBOM"),
            (
                "relgraph store.attest ghcr.io/acme/web:1.2.0 --type slsa-provenance --predicate run.json --key build.key",
                "how it was built",
            ),
        ),
    ),
)
