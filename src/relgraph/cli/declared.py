"""The commands of a workspace: its declared graph, checked, tabled, explained and drawn."""

from relgraph.cli.command import Argument, Command, Form, Offer
from relgraph.cli.store_table import REGISTRY_OPTIONS

__all__ = ["declared_commands"]

_GRAPH = Argument("graph", "the graph of that name; by default the only one, or the one called relgraph", metavar="NAME")
_REPOS = Argument(
    "repos", "folder of clones, by name; a repository's own 'path' in the graph comes first", metavar="DIR", offer=Offer.DIRECTORIES
)
_REV = Argument(
    "rev",
    "revision, tag, index or worktree of the workspace's own repository, or of another as NAME=REV",
    metavar="[NAME=]REV",
    repeated=True,
)
_AS_OF = Argument("as-of", "see the repositories as they were at the end of this day, UTC", metavar="YYYY-MM-DD")
_OFFLINE = Argument("offline", "clone nothing: what has no clone is missing", Form.FLAG)
_FETCH = Argument(
    "fetch",
    "fetch anew what was cloned for lack of a path or a folder in --repos, and clone the repositories of others too",
    Form.FLAG,
)
_CLONES = (_REPOS, _OFFLINE, _FETCH, _REV, _AS_OF)
_NODE = Argument("node", "a node, as images.web, or its name where that is one", Form.POSITIONAL, metavar="NODE", required=True)
_FACTS = (Argument("format", "how it is written", choices=("text", "json"), default="text"), _GRAPH, *_CLONES)


def declared_commands(formats: tuple[str, ...]) -> tuple[Command, ...]:
    """The commands; ``formats`` are those of findings."""
    return (
        Command(
            "verify",
            "check a workspace's declared graph against its repositories",
            "relgraph.cli.commands.verify:run",
            (
                Argument("format", "how findings are written", choices=formats, default="text"),
                _GRAPH,
                *_CLONES,
                Argument(
                    "since",
                    "only what was not found yet where this revision was left; of the workspace's own repository and its declaration, "
                    "or of another as NAME=REV",
                    metavar="[NAME=]REV",
                    repeated=True,
                ),
                Argument("fix", "write into the work trees what settles the listed findings, then list what is left", Form.FLAG),
                Argument("diff", "print what --fix would do, and change nothing", Form.FLAG),
                Argument("published", "also check what registries and layouts hold against the records of releases", Form.FLAG),
                Argument(
                    "to",
                    "with --published: look below layout:FOLDER or HOST[:PORT][/PREFIX], as `release --to` has it",
                    metavar="PLACE",
                ),
                Argument(
                    "key",
                    "with --published: releases that this public key signed must have its signature",
                    metavar="FILE",
                    repeated=True,
                    offer=Offer.FILES,
                ),
                Argument("allow-dirty", "with --fix or --diff: also in files with uncommitted changes", Form.FLAG),
                Argument(
                    "severity",
                    "lowest severity listed; by default all, but text only counts notes",
                    choices=("error", "warning", "note"),
                ),
                Argument("rule", "apply this rule only (code or name)", metavar="RULE", repeated=True, offer=Offer.RULES),
                Argument("output", "write the findings to this file instead of standard output", metavar="FILE", offer=Offer.FILES),
                *REGISTRY_OPTIONS,
            ),
            details=(
                "The graph is declared in graph/*.yaml of the nearest folder upwards. Every repository that it declares is judged, "
                "external ones lend their tags. Exit status as of scan; a graph that is wrong exits 2.",
                "A repository with neither a 'path' in the graph nor a folder in --repos is cloned from its 'url' (https, ssh or file) into "
                "the user's cache, once: --fetch brings it up to date, --offline does without.",
                "With --since, everything is judged twice: as it is, and with the named repository as it was at the newest commit that both "
                "it and the revision hold, as a review shows it. A finding that was there, told by its fingerprint, is left out; what a change "
                "brings about elsewhere is not.",
                "--fix replaces nothing but the text at the places of findings that have a fix (of errors and warnings, unless --severity "
                "says otherwise), in repositories that were judged as they are on disk. It leaves files with uncommitted changes alone, and those "
                "where a repair would bring up an error. "
                "--diff exits 1 where there is something to fix.",
                "--published looks up every name that a record in releases/ has, and what the newest release tag promises: whether it is "
                "there and has not moved; of the newest release also whether it holds the version and the platforms that it should, and is "
                "what a build of its commit comes to; and tags that no release recorded.",
            ),
            examples=(
                ("relgraph verify", "this workspace"),
                ("relgraph verify --rev v1.4.0", "as it was released"),
                ("relgraph verify --since origin/main", "what this branch brings about"),
                ("relgraph verify --published", "also what registries hold"),
                ("relgraph verify --diff", "the repairs, to read before `relgraph verify --fix` makes them"),
            ),
        ),
        Command(
            "versions",
            "table every declared node's version and where it comes from",
            "relgraph.cli.commands.versions:run",
            _FACTS,
            examples=(("relgraph versions --repos ..", "with the clones beside this one"),),
        ),
        Command(
            "why",
            "say why a node has its version",
            "relgraph.cli.commands.why:run",
            (_NODE, *_FACTS),
            examples=(("relgraph why charts.web", "the chain of reasons"),),
        ),
        Command(
            "impact",
            "list everything that must move when a node moves, in order, with the places",
            "relgraph.cli.commands.impact:run",
            (_NODE, *_FACTS),
            examples=(("relgraph impact repos.web", "what a release of it entails"),),
        ),
        Command(
            "graph",
            "draw the declared graph, or keep drawings and tables in Markdown up to date",
            "relgraph.cli.commands.graph:run",
            (
                Argument(
                    "node",
                    "draw only this node, what it depends on, and what depends on it; of a repository, what is built from it",
                    Form.POSITIONAL,
                    metavar="NODE",
                ),
                Argument("format", "how it is drawn", choices=("mermaid", "json"), default="mermaid"),
                _GRAPH,
                *_CLONES,
                Argument("versions", "write each node's version into it (needs the clones)", Form.FLAG),
                Argument("state", "colour each node by its worst finding (needs the clones)", Form.FLAG),
                Argument("outline", "draw only the repositories and how they depend on each other", Form.FLAG),
                Argument(
                    "write",
                    "write the drawings and tables between the markers of this file",
                    metavar="FILE",
                    repeated=True,
                    offer=Offer.FILES,
                ),
                Argument(
                    "check",
                    "exit 1, and say what differs, where the markers of this file are out of date",
                    metavar="FILE",
                    repeated=True,
                    offer=Offer.FILES,
                ),
            ),
            details=(
                "A repository is a frame around its sources; what is published stands outside. Solid arrows are build time, dashed ones "
                "run time; repositories of others have a dotted frame.",
                "In a Markdown file, a drawing stands between the lines <!-- relgraph:graph [GRAPH] [NODE] [versions] [state] [outline] --> "
                "and <!-- /relgraph -->, a table of releases, read from git at each tag, between "
                "<!-- relgraph:versions [GRAPH] NODE... [last=N] --> and <!-- /relgraph -->. Nothing else in the file is touched.",
            ),
            examples=(
                ("relgraph graph", "as a mermaid flowchart"),
                ("relgraph graph charts.web --versions", "one chart and its neighbours"),
                ("relgraph graph --write docs/packaging.md", "the diagrams of a page"),
                ("relgraph graph --check docs/packaging.md", "in CI"),
            ),
        ),
    )
