"""``completion`` and ``complete``: a script for each shell, and the answers that the scripts ask for.

The scripts know nothing of relgraph's commands: each asks ``relgraph complete -- WORD...`` and gets one candidate a line, a
tab and what it is; ``:files`` and ``:directories`` stand for what the shell completes by itself.
"""

from collections.abc import Iterable, Iterator, Sequence

from relgraph.cli.command import Argument, Command, Form, Offer, Values
from relgraph.cli.table import COMMANDS
from relgraph.cli.terminal import Terminal

__all__ = ["candidates", "offers", "script"]

_BASH = r"""_relgraph() {
    local IFS=$'\n' line word current=${COMP_WORDS[COMP_CWORD]} words=()
    # Bash splits words at "=", relgraph does not care.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        [[ $word == "=" ]] || words+=("$word")
    done
    if [[ $current == "=" ]]; then words+=("") current=""; fi
    COMPREPLY=()
    while read -r line; do
        case $line in
            :files) compopt -o filenames; COMPREPLY+=($(compgen -f -- "$current")) ;;
            :directories) compopt -o filenames; COMPREPLY+=($(compgen -d -- "$current")) ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <(relgraph complete -- "${words[@]}" 2>/dev/null)
}
complete -F _relgraph relgraph
"""

_ZSH = r"""#compdef relgraph
_relgraph() {
    local line
    local -a found
    while IFS= read -r line; do
        case $line in
            :files) _files ;;
            :directories) _files -/ ;;
            *) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done < <(relgraph complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( ${#found} )) && _describe relgraph found
}
compdef _relgraph relgraph
"""

_FISH = r"""function __relgraph_complete
    set -l words (commandline -opc)
    for line in (relgraph complete -- $words[2..] (commandline -ct) 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':directories'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c relgraph -f -a '(__relgraph_complete)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(values: Values, terminal: Terminal) -> int:
    """Print the script of a shell."""
    terminal.write(_SCRIPTS[values.get("shell") or "bash"])
    return 0


def candidates(values: Values, terminal: Terminal) -> int:
    """Print what may stand in the place of the last word."""
    terminal.write("".join(f"{value}\t{what}\n" if what else f"{value}\n" for value, what in offers(values.many("word"))))
    return 0


def offers(words: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of a value and what it is, for the last of the words after ``relgraph``; only values that begin like it."""
    if not words:
        words = ("",)
    *before, current = words
    if not before:
        found = list(_commands())
        if current.startswith("-"):
            found += [("--help", "explain the program"), ("--version", "print the version")]
        return _beginning(current, found)
    command = next((one for one in COMMANDS if one.name == before[0]), None)
    return [] if command is None else _arguments(command, before[1:], current)


def _arguments(command: Command, before: Sequence[str], current: str) -> list[tuple[str, str]]:
    named = {f"--{option.name}": option for option in command.options}
    given: set[str] = set()
    count, waiting = 0, None
    for number, word in enumerate(before):
        if waiting is not None:
            waiting = None
        elif word == "--":
            count += len(before) - number - 1
            return _beginning(current, _positional(command, count))
        elif word.startswith("-"):
            name, equals, _ = word.partition("=")
            given.add(name)
            option = named.get(name)
            if option is not None and option.form is Form.OPTION and not equals:
                waiting = option
        else:
            count += 1
    if waiting is not None:
        return _beginning(current, _values(waiting))
    if not current.startswith("-"):
        return _beginning(current, _positional(command, count))
    name, equals, _ = current.partition("=")
    if equals:
        found = _values(named[name]) if name in named else ()
        return _beginning(current, ((f"{name}={value}", what) for value, what in found if not value.startswith(":")))
    free = [(name, option.help) for name, option in named.items() if option.repeated or name not in given]
    return _beginning(current, [*free, ("--help", "explain the command")])


def _positional(command: Command, count: int) -> Iterator[tuple[str, str]]:
    slots = command.positionals
    if count < len(slots):
        yield from _values(slots[count])
    elif slots and slots[-1].repeated:
        yield from _values(slots[-1])


def _values(argument: Argument) -> Iterator[tuple[str, str]]:
    if argument.choices:
        yield from ((choice, "") for choice in argument.choices)
    elif argument.offer is Offer.COMMANDS:
        yield from _commands()
    elif argument.offer is Offer.RULES:
        from relgraph.cli.rule_index import rule_index

        for code, name, summary in rule_index():
            yield code, f"{name}: {summary}"
            yield name, summary
    elif argument.offer is not Offer.NOTHING:
        yield f":{argument.offer}", ""


def _commands() -> Iterator[tuple[str, str]]:
    return ((command.name, command.help) for command in COMMANDS if not command.hidden)


def _beginning(current: str, found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(value, what) for value, what in found if value.startswith((current, ":"))]
