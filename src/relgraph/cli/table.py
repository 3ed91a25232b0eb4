"""The one table of commands."""

from relgraph.cli.command import Argument, Command, Form, Offer
from relgraph.cli.declared import declared_commands
from relgraph.cli.make_table import make_commands
from relgraph.cli.release_table import RELEASE_COMMANDS
from relgraph.cli.store_table import STORE_COMMANDS
from relgraph.cli.trust_table import TRUST_COMMANDS

__all__ = ["COMMANDS", "FORMATS", "HELP"]

#: The formats of findings; :mod:`relgraph.report.registry` has a module for each (a test compares the two).
FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown")

HELP = Command(
    "help",
    "explain the program or one command",
    "relgraph.cli.commands.help:run",
    (Argument("command", "the command to explain", Form.POSITIONAL, offer=Offer.COMMANDS),),
    task=False,
)

COMMANDS: tuple[Command, ...] = (
    Command(
        "scan",
        "find every reference that is wrong, in repositories that declare nothing",
        "relgraph.cli.commands.scan:run",
        (
            Argument(
                "target",
                "repository to judge: a path, optionally at a tag, branch or commit (PATH@REV, PATH@index)",
                Form.POSITIONAL,
                metavar="TARGET[@REV]",
                repeated=True,
                default=".",
                offer=Offer.DIRECTORIES,
            ),
            Argument(
                "with",
                "repository that lends facts (its tags, files and versions) and is not judged",
                metavar="SIBLING[@REV]",
                repeated=True,
                offer=Offer.DIRECTORIES,
            ),
            Argument("as-of", "see the repositories as they were at the end of this day, UTC", metavar="YYYY-MM-DD"),
            Argument("format", "how findings are written", choices=FORMATS, default="text"),
            Argument(
                "severity",
                "lowest severity to list (default: warning for text, which counts the notes, else note)",
                choices=("error", "warning", "note"),
            ),
            Argument("rule", "apply this rule only (code or name)", metavar="RULE", repeated=True, offer=Offer.RULES),
            Argument("output", "write the findings to this file instead of standard output", metavar="FILE", offer=Offer.FILES),
        ),
        details=(
            "Reads git objects or the working tree, changes nothing and uses no network. Without a revision the working "
            "tree is judged (in a bare repository, and with --as-of, the default branch).",
            "Exits 0 when nothing of severity error was found, 1 when something was, 2 when the command line is wrong and "
            "3 when a repository cannot be read.",
            "References that were found in a file's content are kept for the next run in $XDG_CACHE_HOME/relgraph (~/.cache/relgraph), "
            "at most 512 MiB. The folder may be removed at any time; with RELGRAPH_CACHE=off nothing is read from it or written.",
        ),
        examples=(
            ("relgraph scan", "the repository around the current folder"),
            ("relgraph scan . --with ../operator --with ../agent", "with the facts of two neighbours"),
            ("relgraph scan .@v1.4.0 --severity error", "what was wrong in a release"),
            ("relgraph scan --format sarif --output relgraph.sarif", "for a code scanning service"),
        ),
    ),
    *declared_commands(FORMATS),
    Command(
        "explain",
        "say what a rule means, with examples, or how a graph is written",
        "relgraph.cli.commands.explain:run",
        (
            Argument(
                "rule",
                "code or name of the rule, or `graph` for the language of graphs; without it, all rules are listed",
                Form.POSITIONAL,
                metavar="RULE",
                offer=Offer.RULES,
            ),
            Argument("format", "how the page is written", choices=("text", "json", "markdown"), default="text"),
        ),
        details=(
            "A rule is explained with an example in which it reports and one in which it is silent. `graph` explains what graph/*.yaml"
            " may hold, with a small one to begin from; as json it is a JSON Schema for editors.",
        ),
        examples=(
            ("relgraph explain", "all rules"),
            ("relgraph explain RG101 --format markdown", "one rule's page"),
            ("relgraph explain graph", "how a graph is written"),
        ),
    ),
    *make_commands(FORMATS),
    *RELEASE_COMMANDS,
    *STORE_COMMANDS,
    *TRUST_COMMANDS,
    Command(
        "completion",
        "print the completion script of a shell",
        "relgraph.cli.commands.completion:script",
        (Argument("shell", "the shell", Form.POSITIONAL, required=True, choices=("bash", "zsh", "fish")),),
        details=("The script asks this program for every completion, so it never grows old.",),
        examples=(
            ('eval "$(relgraph completion bash)"', "in ~/.bashrc"),
            ('eval "$(relgraph completion zsh)"', "in ~/.zshrc, after compinit"),
            ("relgraph completion fish | source", "in ~/.config/fish/config.fish"),
        ),
        task=False,
    ),
    Command(
        "complete",
        "print what may follow on a command line (for completion scripts)",
        "relgraph.cli.commands.completion:candidates",
        (Argument("word", "the words typed so far; the last one is being completed", Form.POSITIONAL, repeated=True),),
        task=False,
        hidden=True,
    ),
    HELP,
)
