"""The commands that keep a repository's own files in order."""

from relgraph.cli.command import Argument, Command, Form, Offer

__all__ = ["make_commands"]


def make_commands(formats: tuple[str, ...]) -> tuple[Command, ...]:
    """The commands; ``formats`` are those of findings."""
    return (
        Command(
            "derive",
            "make derived files again where what they are made from has changed",
            "relgraph.cli.commands.derive:run",
            (
                Argument(
                    "node",
                    "derived files of this name; a repository, chart or hook: those among its files; by default all",
                    Form.POSITIONAL,
                    metavar="NODE",
                    repeated=True,
                ),
                Argument(
                    "check",
                    "change nothing; exit 1, with what differs, where a derived file is not what its command makes",
                    Form.FLAG,
                ),
                Argument("dry-run", "say what would be made, and why", Form.FLAG),
                Argument("why", "say why this step would run: which input, from what to what", metavar="STEP"),
                Argument("keep-going", "make everything that does not depend on what failed", Form.FLAG),
                Argument(
                    "cache", "repository in which machines share what they made: HOST/NAME or layout:FOLDER", metavar="REFERENCE"
                ),
                Argument("cache-read-only", "take from the shared cache and add nothing", Form.FLAG),
                Argument("jobs", "commands at once; by default as many as there are processors", metavar="N"),
                Argument(
                    "format",
                    "how the outcome is written; other formats than text and json with --check only",
                    choices=formats,
                    default="text",
                ),
                Argument("graph", "the graph of that name; by default the only one, or the one called relgraph", metavar="NAME"),
                Argument(
                    "repos",
                    "folder of clones, by name; a repository's own 'path' in the graph comes first",
                    metavar="DIR",
                    offer=Offer.DIRECTORIES,
                ),
            ),
            details=(
                "The commands of the graph's derived nodes run in the work tree, each after those that make its inputs. One runs again when the "
                "content of its inputs, its command or a variable that it is given has changed, and what an earlier run made is put back where "
                "it was damaged. A command has PATH, an empty HOME, LANG, TZ and the variables that its node names. What it leaves behind when it "
                "fails or is ended is taken away.",
                "With --check everything is made from the start in a copy of the work tree in a temporary folder, which is a repository of its own: "
                "tracked files and untracked ones, without those that git ignores, but for declared inputs. A file that differs, is not there or should "
                "not be there is an error. Nothing is left behind, also where the check is killed.",
                "Exits 1 when --check finds a difference, 3 when a command fails.",
            ),
            examples=(
                ("relgraph derive", "everything that is out of date"),
                ("relgraph derive crds charts.web", "one set, and what is derived of a chart"),
                ("relgraph derive --check", "in CI"),
                ("relgraph derive --why crds", "which input makes it run"),
            ),
        ),
    )
