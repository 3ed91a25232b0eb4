"""The commands that build and publish what a graph declares."""

from relgraph.cli.command import Argument, Command, Form, Offer
from relgraph.cli.store_table import REGISTRY_OPTIONS

__all__ = ["RELEASE_COMMANDS"]

_MODULE = "relgraph.cli.commands.release"
_REPORT = Argument("format", "how the outcome is written", choices=("text", "json"), default="text")
_GRAPH = Argument("graph", "the graph of that name; by default the only one, or the one called relgraph", metavar="NAME")
_REPO = Argument("repo", "the repository whose artifacts are meant; by default the one that the workspace lies in", metavar="NAME")
_REPOS = Argument(
    "repos", "folder of clones, by name; a repository's own 'path' in the graph comes first", metavar="DIR", offer=Offer.DIRECTORIES
)
_TAG = Argument("tag", "build from this release tag", metavar="TAG")
_TO = Argument("to", "publish below layout:FOLDER or HOST[:PORT][/PREFIX] instead of where the graph says", metavar="PLACE")
_NODE = Argument("node", "only these, and what they are built from; by default all", Form.POSITIONAL, metavar="NODE", repeated=True)
_WORLD = (_GRAPH, _REPO, _REPOS)
_RUN = (
    Argument("steps", "steps at once; by default as many as there are processors", metavar="N"),
    Argument("keep-going", "do everything that does not depend on what failed", Form.FLAG),
    Argument("cache", "repository in which machines share what they built: HOST/NAME or layout:FOLDER", metavar="REFERENCE"),
    Argument("cache-read-only", "take from the shared cache and add nothing", Form.FLAG),
    Argument(
        "chrome-trace",
        "write when each step ran, for chrome://tracing or Perfetto, into this file",
        metavar="FILE",
        offer=Offer.FILES,
    ),
    Argument("times", "end with a summary of times", Form.FLAG),
)
_KEY = (
    Argument("key", "sign with this private key", metavar="FILE", offer=Offer.FILES),
    Argument("scheme", "how signatures are kept", choices=("bundle", "tag", "both"), default="bundle"),
)

RELEASE_COMMANDS = (
    Command(
        "plan",
        "say what a build or a release would do, and why",
        f"{_MODULE}:plan",
        (
            _NODE,
            _TAG,
            _TO,
            Argument("release", "plan a whole release instead of builds only", Form.FLAG),
            Argument("why", "say why this step would run: which input, from what to what", metavar="STEP"),
            Argument(
                "what-if",
                "say what a change of this file would build again, and who would have to follow",
                metavar="PATH",
                repeated=True,
            ),
            _REPORT,
            *_WORLD,
            *_KEY,
            *REGISTRY_OPTIONS,
        ),
        examples=(
            ("relgraph plan", "what is not built yet"),
            ("relgraph plan --release --tag v1.4.0", "what a release would do"),
            ("relgraph plan --why images.web", "which input makes it run"),
            ("relgraph plan --what-if go.mod", "what a change of it reaches"),
        ),
    ),
    Command(
        "stamp",
        "lay out charts, hooks and files as they would be published",
        "relgraph.cli.commands.stamp:run",
        (
            _NODE,
            Argument(
                "output",
                "folder to write into; each node gets a folder of its name",
                metavar="FOLDER",
                default=".relgraph/stamped",
                offer=Offer.DIRECTORIES,
            ),
            _TAG,
            _REPORT,
            *_WORLD,
        ),
        details=(
            "No tracked file is touched. The files are those of the revision, with versions, digests and references filled in.",
        ),
        examples=(("relgraph stamp platform-chart --output out", "one chart, to read or to lint"),),
    ),
    Command(
        "build",
        "build what the graph declares into the workspace's own store",
        f"{_MODULE}:build",
        (_NODE, _TAG, _REPORT, *_WORLD, *_RUN, *REGISTRY_OPTIONS),
        details=(
            "Artifacts are built from the files of a revision, or of the work tree as it is, and kept by digest in .relgraph/store. What "
            "was built of the same inputs is not built again. What verify finds wrong is reported.",
        ),
        examples=(("relgraph build", "everything"), ("relgraph build images.web", "one image and what it is built from")),
    ),
    Command(
        "push",
        "build, and push by digest and version; what is published is never overwritten",
        f"{_MODULE}:push",
        (_NODE, _TAG, _TO, _REPORT, *_WORLD, *_RUN, *REGISTRY_OPTIONS),
        examples=(("relgraph push --to localhost:5000", "to a registry of one's own"),),
    ),
    Command(
        "release",
        "publish everything that a tag's commit declares, once, and record it",
        f"{_MODULE}:release",
        (
            Argument("tag", "the release tag; by default the one of the current commit", metavar="TAG"),
            _TO,
            Argument("dry-run", "say what would be done, and do nothing", Form.FLAG),
            Argument("notes", "write the notes of the release, for its page, into this file", metavar="FILE", offer=Offer.FILES),
            Argument("offline", "do not ask the git remote whether the tag has moved", Form.FLAG),
            *_KEY,
            _REPORT,
            *_WORLD,
            *_RUN,
            *REGISTRY_OPTIONS,
        ),
        details=(
            "First everything is checked: the work tree is clean, the tag has not moved, verify finds no error, the registries answer, "
            "nothing is published with other content. Then everything is built, then pushed by digest, signed, named and read back; channels move; "
            "and it is recorded beside what was published and, last, in releases/. A release that ended early is gone on with; one that "
            "is complete does nothing.",
        ),
        examples=(
            ("relgraph release --dry-run", "what it would do"),
            ("relgraph release --tag v1.4.0 --key release.key", "signed"),
            ("relgraph release --to layout:out", "into a folder"),
        ),
    ),
    Command(
        "withdraw",
        "mark a release as broken; verify tells whoever refers to it",
        "relgraph.cli.commands.withdraw:run",
        (
            Argument("version", "the version, or its tag", Form.POSITIONAL, metavar="VERSION", required=True),
            Argument("reason", "why", metavar="TEXT"),
            Argument("replacement", "the version to use instead", metavar="VERSION"),
            Argument("local", "only in this workspace's record", Form.FLAG),
            _TO,
            *_KEY,
            _REPORT,
            _GRAPH,
            _REPO,
            *REGISTRY_OPTIONS,
        ),
        details=(
            "Nothing is removed. The record in releases/ says that the release is withdrawn, and so does one beside what was published.",
        ),
        examples=(('relgraph withdraw 1.4.0 --reason "loses data" --replacement 1.4.1', "a broken release"),),
    ),
    Command(
        "demo",
        "go through the main job on a small platform of its own, offline",
        "relgraph.cli.commands.demo:run",
        (
            Argument(
                "folder",
                "folder to make it in; by default a new one among the temporary files",
                metavar="DIR",
                offer=Offer.DIRECTORIES,
            ),
        ),
        details=(
            "Makes two git repositories, checks them, releases them into an OCI layout on disk, breaks a reference, finds and repairs it, and "
            "releases again. Needs git; neither network nor Docker nor a registry.",
        ),
        examples=(("relgraph demo", "in a temporary folder, which stays"),),
    ),
)
