"""A repository beside another: it borrows the other's objects and shares nothing else, so that nothing done in it reaches the other.

git-worktree(1) would write into the repository that it belongs to, and leave that behind when it is killed.
"""

import os
import shutil
from pathlib import Path

from relgraph.git.command import Git
from relgraph.git.discover import Location

__all__ = ["write_standalone"]

# What names programs or other places, and what `git init` decides itself.
_LEFT_OUT = (
    "core.worktree",
    "core.bare",
    "core.hookspath",
    "core.fsmonitor",
    "core.repositoryformatversion",
    "core.logallrefupdates",
)
_LEFT_OUT_SECTIONS = ("extensions.", "include.", "includeif.", "index.", "credential.", "maintenance.", "gc.")


def write_standalone(location: Location, folder: Path) -> None:
    """Make ``folder``, which exists, a repository with the commits, branches, tags, remotes, ``HEAD`` and index of another.

    Objects are found in the other one (gitrepository-layout(5), objects/info/alternates). Files whose size and modification time are the
    same in both work trees are known to be unchanged. Raises EnvironmentFailure and OSError.
    """
    git = location.git
    asked = ("objects", "index", "shallow", "info/exclude")
    words = [word for path in asked for word in ("--git-path", path)]
    answer = os.fsdecode(git.run("rev-parse", *words)).split("\n")
    objects, index, shallow, exclude = (Path(location.folder, path).resolve() for path in answer[: len(asked)])
    settings = _settings(git.run("config", "-z", "--list", "--local"))
    # Names and objects only: that needs no object to be there.
    refs = git.run("for-each-ref", "--format=%(objectname) %(refname)")
    head = git.run("symbolic-ref", "-q", "HEAD", ok=(0, 1)).strip()
    head = b"ref: " + head if head else git.run("rev-parse", "HEAD").strip()
    object_format = next((value for key, value in settings if key == "extensions.objectformat"), "")
    kind = (f"--object-format={object_format}",) if object_format else ()
    Git(str(folder)).run("init", "-q", "--template=", *kind)
    own = folder / ".git"
    (own / "objects/info").mkdir(exist_ok=True)
    (own / "objects/info/alternates").write_bytes(os.fsencode(objects) + b"\n")
    (own / "packed-refs").write_bytes(b"# pack-refs with: sorted \n" + _sorted(refs))
    (own / "HEAD").write_bytes(head + b"\n")
    for source, target in ((index, own / "index"), (shallow, own / "shallow"), (exclude, own / "info/exclude")):
        if source.is_file():
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
    for part in index.parent.glob("sharedindex.*"):
        shutil.copyfile(part, own / part.name)
    with (own / "config").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(
            "".join(map(_written, [*filter(_is_taken, settings), ("core.checkstat", "minimal"), ("core.trustctime", "false")]))
        )


def _settings(output: bytes) -> list[tuple[str, str]]:
    # NUL ends an entry, a newline its key (git-config(1), -z); an entry without a value has no newline, and means true.
    entries = [entry for entry in output.decode("utf-8", "surrogateescape").split("\0") if entry]
    return [(key, value if newline else "true") for key, newline, value in (entry.partition("\n") for entry in entries)]


def _is_taken(setting: tuple[str, str]) -> bool:
    key = setting[0].lower()
    return key not in _LEFT_OUT and not key.startswith(_LEFT_OUT_SECTIONS)


def _written(setting: tuple[str, str]) -> str:
    """A setting in the syntax of git-config(1)."""
    section, _, rest = setting[0].partition(".")
    sub, dot, name = rest.rpartition(".")
    quoted = sub.replace("\\", "\\\\").replace('"', '\\"')
    value = setting[1].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'[{section} "{quoted}"]\n\t{name} = "{value}"\n' if dot else f'[{section}]\n\t{name} = "{value}"\n'


def _sorted(refs: bytes) -> bytes:
    rows = sorted((line.partition(b" ")[2], line) for line in refs.split(b"\n") if line)
    return b"".join(line + b"\n" for _, line in rows)
