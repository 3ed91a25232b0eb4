"""The commands on registries and layouts that move and show artifacts."""

from relgraph.cli.command import Argument, Command, Form, Offer
from relgraph.cli.trust_options import KNOWN_AS, LOCK_OPTIONS, POLICY_OPTIONS

__all__ = ["REGISTRY_OPTIONS", "REPORT", "STORE_COMMANDS"]

_MODULE = "relgraph.cli.commands.store"

#: How the outcome of these commands is written.
REPORT = Argument("format", "how the outcome is written", choices=("text", "json"), default="text")

#: What every command that may talk to a registry takes.
REGISTRY_OPTIONS = (
    Argument("insecure", "registry to speak to over plain HTTP (loopback hosts always are)", metavar="HOST[:PORT]", repeated=True),
    Argument("secure", "loopback registry that does speak TLS", metavar="HOST[:PORT]", repeated=True),
    Argument(
        "trust",
        "another host that may have a registry's credentials: its token service, its storage",
        metavar="REGISTRY=HOST",
        repeated=True,
    ),
    Argument("ca-file", "certificates to trust beside the system's", metavar="FILE", offer=Offer.FILES),
    Argument("jobs", "transfers at once, 1 to 32", metavar="N", default="8"),
    Argument("trace", "write every request to standard error, without secrets", Form.FLAG),
)

_REFERENCE = "HOST/NAME[:TAG|@DIGEST] or layout:FOLDER[//NAME][:TAG|@DIGEST]"

STORE_COMMANDS = (
    Command(
        "store.push",
        "publish files, a chart, an image or a folder as an artifact",
        f"{_MODULE}_push:push",
        (
            Argument("target", f"where to: {_REFERENCE}", Form.POSITIONAL, metavar="REFERENCE", required=True),
            Argument("path", "what: files and folders", Form.POSITIONAL, repeated=True, required=True, offer=Offer.FILES),
            Argument(
                "type",
                "kind of artifact",
                choices=("artifact", "bundle", "cue", "flux", "helm", "image", "rootfs"),
                default="artifact",
            ),
            Argument("name", "name of the artifact, where its format has one", metavar="NAME"),
            Argument("version", "version of the artifact, where its format has one", metavar="VERSION"),
            Argument("artifact-type", "media type that says what a generic artifact is", metavar="TYPE/SUBTYPE"),
            Argument("annotation", "annotation of the manifest", metavar="KEY=VALUE", repeated=True),
            Argument("media-type", "media type of one file", metavar="FILE=TYPE/SUBTYPE", repeated=True),
            Argument("platform", "platform of an image", metavar="OS/ARCH[/VARIANT]"),
            Argument("config", "JSON that an image's config starts from", metavar="FILE", offer=Offer.FILES),
            Argument("select", "which of several images of an archive", metavar="NAME"),
            REPORT,
            *REGISTRY_OPTIONS,
        ),
        details=(
            "The same files give the same digest on every machine. Times are written only where SOURCE_DATE_EPOCH gives one.",
            "A tag that exists with other content is never overwritten: that is refused with exit status 1. Pushing again what "
            "is there costs one request.",
        ),
        examples=(
            ("relgraph store.push ghcr.io/acme/tools:1.2.0 tool config.yaml", "two files as one artifact"),
            ("relgraph store.push oci://ghcr.io/acme/charts/web web-1.2.0.tgz --type helm", "a chart, under its version"),
            ("relgraph store.push layout:out//charts/web web/ --type helm", "into a folder, without a registry"),
        ),
    ),
    Command(
        "store.pull",
        "fetch an artifact's files, verified, and lay them out",
        f"{_MODULE}_push:pull",
        (
            Argument("source", f"what: {_REFERENCE}", Form.POSITIONAL, metavar="REFERENCE", required=True),
            Argument(
                "output",
                "folder to write into; by default the current one and, for what is a folder itself, one named like it",
                metavar="FOLDER",
                offer=Offer.DIRECTORIES,
            ),
            *POLICY_OPTIONS,
            REPORT,
            *REGISTRY_OPTIONS,
        ),
        details=(
            "Files appear when they are whole and verified. A file that exists with other content is refused with exit status 1; "
            "only files and folders are unpacked, within limits.",
            "With --policy or --key nothing is written before the artifact was found to be trusted; what is not is refused with "
            "exit status 1. A range of versions (:^1.2) takes the newest that exists or, with --lock, the one that is locked.",
        ),
        examples=(
            ("relgraph store.pull ghcr.io/acme/tools:1.2.0 --output tools", "the files of an artifact"),
            ("relgraph store.pull oci://ghcr.io/acme/charts/web:1.2.0", "a chart's package"),
            ("relgraph store.pull ghcr.io/acme/charts/web:^1 --policy trust.yaml", "the newest 1.x, if it is trusted"),
        ),
    ),
    Command(
        "store.copy",
        "copy artifacts between registries and layouts, with what refers to them",
        f"{_MODULE}_copy:copy",
        (
            Argument("source", f"from: {_REFERENCE}", Form.POSITIONAL, metavar="SOURCE", required=True),
            Argument("target", f"to: {_REFERENCE}", Form.POSITIONAL, metavar="TARGET", required=True),
            Argument("all", "every tag of the repository", Form.FLAG),
            Argument("alone", "without signatures, attestations and other referrers", Form.FLAG),
            *LOCK_OPTIONS,
            KNOWN_AS,
            REPORT,
            *REGISTRY_OPTIONS,
        ),
        details=(
            "What the target has is not sent. Between repositories of one registry blobs are mounted, not sent. Without a tag "
            "on the target the source's tag is used.",
        ),
        examples=(
            ("relgraph store.copy ghcr.io/acme/web:1.2.0 layout:mirror//acme/web", "into a folder"),
            ("relgraph store.copy layout:mirror//acme/web registry.example/acme/web --all", "everything, to a registry"),
            ("relgraph store.copy ghcr.io/acme/web:^1 layout:mirror//acme/web --lock relgraph.lock", "the version that is locked"),
        ),
    ),
    Command(
        "store.lock",
        "resolve ranges of versions to digests and keep them in a lock file",
        f"{_MODULE}_lock:lock",
        (
            Argument(
                "requirement",
                "what: HOST/NAME[:RANGE] or layout:FOLDER//NAME[:RANGE], with a name of its own in front where the repository's "
                "last part will not do",
                Form.POSITIONAL,
                metavar="[NAME=]REFERENCE",
                repeated=True,
            ),
            Argument(
                "from",
                "file with all that is wanted: requirements, or a Chart.yaml; what it does not name is dropped from the lock",
                metavar="FILE",
                repeated=True,
                offer=Offer.FILES,
            ),
            Argument("lock", "the lock file", metavar="FILE", default="relgraph.lock", offer=Offer.FILES),
            Argument("upgrade", "entry to resolve anew, or all", metavar="NAME|all", repeated=True),
            Argument("drop", "entry to give up", metavar="NAME", repeated=True),
            Argument("locked", "write nothing, and exit with 1 where the lock file would change", Form.FLAG),
            Argument("frozen", "use the lock file alone: no registry is asked for a tag", Form.FLAG),
            Argument("offline", "use no network: everything must be locked, and held in a layout", Form.FLAG),
            Argument("store", "layout that holds content, for --offline", metavar="layout:FOLDER", repeated=True),
            Argument("allow-downgrade", "let versions go back for once", Form.FLAG),
            Argument(
                "format",
                "how the lock is shown: for people, as JSON, as imgpkg's ImagesLock, as Helm's Chart.lock",
                choices=("text", "json", "imgpkg", "helm"),
                default="text",
            ),
            *REGISTRY_OPTIONS,
        ),
        details=(
            "What is locked stays, although there may be something newer: --upgrade looks for that. References are added to what "
            "is locked; without any, what is locked is checked. A tag that names other content than what was locked under it is "
            "refused with exit status 1, as is a version behind the locked one.",
            "A file of requirements has apiVersion: relgraph.dev/v1, kind: Requirements, and under requirements a reference for "
            "each name. Of a Chart.yaml, the dependencies from oci:// repositories are locked.",
            "store.pull and store.copy take what is locked with --lock.",
        ),
        examples=(
            (
                "relgraph store.lock ghcr.io/acme/charts/web:^1.2 db=ghcr.io/acme/charts/postgres:~15",
                "two entries in relgraph.lock",
            ),
            ("relgraph store.lock --upgrade web", "the newest that its range allows"),
            ("relgraph store.lock --from requirements.yaml --locked", "in CI: is the committed lock file up to date?"),
            ("relgraph store.lock --frozen --format imgpkg > images.yml", "for imgpkg and kbld"),
            ("relgraph store.lock --from chart/Chart.yaml --format helm > chart/Chart.lock", "for helm dependency build"),
        ),
    ),
    Command(
        "store.list",
        "list the tags of a repository, or what a layout holds",
        f"{_MODULE}_show:list_tags",
        (
            Argument("source", "HOST/NAME or layout:FOLDER[//NAME]", Form.POSITIONAL, metavar="REPOSITORY", required=True),
            Argument("all", "also tags that belong to other tags (signatures)", Form.FLAG),
            REPORT,
            *REGISTRY_OPTIONS,
        ),
        examples=(("relgraph store.list ghcr.io/acme/charts/web", "its versions, the newest last"),),
    ),
    Command(
        "store.inspect",
        "show what an artifact is made of and what refers to it",
        f"{_MODULE}_show:inspect",
        (
            Argument("source", f"what: {_REFERENCE}", Form.POSITIONAL, metavar="REFERENCE", required=True),
            Argument("raw", "print the manifest as it is stored, byte by byte", Form.FLAG),
            REPORT,
            *REGISTRY_OPTIONS,
        ),
        examples=(("relgraph store.inspect layout:out//charts/web:1.2.0", "a chart in a folder"),),
    ),
    Command(
        "store.gc",
        "remove from a layout what nothing leads to, and say what is large",
        f"{_MODULE}_keep:gc",
        (
            Argument("layout", "layout:FOLDER", Form.POSITIONAL, metavar="LAYOUT", required=True),
            Argument("drop", "name to give up first", metavar="[NAME:]TAG", repeated=True),
            Argument("grace", "leave alone what is younger: seconds, or 30m, 12h, 7d", metavar="AGE", default="1h"),
            Argument("untagged", "also give up manifests without a name that refer to nothing", Form.FLAG),
            Argument("check", "read everything, and remove what is damaged", Form.FLAG),
            Argument("dry-run", "remove nothing", Form.FLAG),
            REPORT,
        ),
        details=(
            "Kept is what a name leads to, with the signatures and attestations that refer to it, and what is young: a push "
            "that goes on at the same time loses nothing.",
        ),
        examples=(("relgraph store.gc layout:out --drop charts/web:1.1.0 --dry-run", "what giving up a version would free"),),
    ),
    Command(
        "store.export",
        "write artifacts of a layout into one tar, with their signatures",
        f"{_MODULE}_keep:export",
        (
            Argument("target", "file to write", Form.POSITIONAL, metavar="FILE.tar", required=True, offer=Offer.FILES),
            Argument("source", "layout:FOLDER[//NAME:TAG]", Form.POSITIONAL, metavar="LAYOUT", repeated=True, required=True),
            REPORT,
        ),
        details=("The tar is an OCI image layout; the same content gives the same bytes.",),
        examples=(("relgraph store.export carry.tar layout:out//charts/web:1.2.0", "one chart, for a place without a network"),),
    ),
    Command(
        "store.import",
        "take the artifacts of a tar into a layout",
        f"{_MODULE}_keep:import_archive",
        (
            Argument(
                "source",
                "tar of a layout, - for standard input",
                Form.POSITIONAL,
                metavar="FILE.tar",
                required=True,
                offer=Offer.FILES,
            ),
            Argument("layout", "layout:FOLDER", Form.POSITIONAL, metavar="LAYOUT", required=True),
            REPORT,
        ),
        details=("Everything is verified; a name that exists with other content refuses the whole import.",),
        examples=(("relgraph store.import carry.tar layout:store", "what was carried"),),
    ),
    Command(
        "store.serve",
        "serve a layout as a read-only registry on this machine",
        f"{_MODULE}_keep:serve",
        (
            Argument("layout", "layout:FOLDER", Form.POSITIONAL, metavar="LAYOUT", required=True),
            Argument("port", "port to listen on, 0 for any", metavar="PORT", default="5000"),
            Argument("host", "address to listen on", metavar="ADDRESS", default="127.0.0.1"),
            Argument("name", "repository for tags that stand in the layout by themselves", metavar="NAME", default="layout"),
            Argument("trace", "write every request to standard error", Form.FLAG),
        ),
        details=("Prints the address and runs until it is interrupted. Nothing can be written to it.",),
        examples=(("relgraph store.serve layout:out --port 5001", "then: helm pull oci://localhost:5001/charts/web --plain-http"),),
    ),
)
