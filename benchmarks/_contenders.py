"""How each contender is told the same graph, started, and where it comes from.

The Python ones are installed from PyPI into an environment in the benchmark's own cache folder, turbo by npm beside it; make and ninja may be
the system's. What is missing is left out, and :attr:`Contender.problem` says why.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks._failing import Jobs
from benchmarks._layered import Layered

_PACKAGES = ("doit==0.37.0", "ninja==1.13.2", "scons==4.11.1", "snakemake==9.27.1", "go-task-bin==3.54.0")
_TURBO = "turbo@2.11.11"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relgraph-bench"

#: Rows of a build: what is made, from what, and the command.
Rows = Sequence[tuple[str, tuple[str, ...], str]]


def rows_of(graph: Layered) -> Rows:
    """The layered graph's rows."""
    return [(path, needed, f"sh step.sh {path} {' '.join(needed)}") for path, needed in graph.targets.items()]


def rows_of_jobs(jobs: Jobs) -> Rows:
    """The rows of the twelve jobs."""
    return [(job.output, job.inputs, job.command) for job in jobs.jobs]


class Contender:
    """One program. ``limit`` is the number of targets up to which it takes part."""

    name = ""
    limit = 10_000

    def __init__(self) -> None:
        self.problem = ""

    def write(self, folder: Path, rows: Rows) -> None:
        """Tell it what to make, in its own words."""
        raise NotImplementedError

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        """The command line that makes everything."""
        raise NotImplementedError

    def version(self) -> str:
        """Its own word for what it is."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What it is started with."""
        return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def forget(self, folder: Path) -> None:
        """What it remembers, removed: a full build comes next."""
        del folder


class Relgraph(Contender):
    """A workspace whose graph declares every target as a derived file."""

    name = "relgraph"
    limit = 10_000

    def write(self, folder: Path, rows: Rows) -> None:
        lines = [
            "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: bench}\nrepos:\n"
            "  bench: {url: https://github.com/example/bench, path: .}\nderived:\n"
        ]
        for number, (path, needed, command) in enumerate(rows):
            inputs = ", ".join(needed)
            lines.append(f"  t{number}: {{from: bench, inputs: [{inputs}], outputs: [{path}], run: {json.dumps(command)}}}\n")
        (folder / "graph").mkdir()
        (folder / "graph/bench.yaml").write_text("".join(lines))
        (folder / ".gitignore").write_text("/out/\n/ran.log\n/cache/\n")
        person = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
        for words in (["init", "-q"], ["add", "."], [*person, "commit", "-qm", "bench"]):
            subprocess.run(["git", "-C", str(folder), *words], check=True)

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        return [_beside("relgraph"), "derive", "--jobs", str(jobs), *(["--keep-going"] if keep_going else [])]

    def version(self) -> str:
        return _said(_beside("relgraph"), "--version")

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "XDG_CACHE_HOME": str(_CACHE / "of-relgraph")}

    def forget(self, folder: Path) -> None:
        shutil.rmtree(folder / ".relgraph", ignore_errors=True)


class Make(Contender):
    """GNU make."""

    name = "make"

    def __init__(self) -> None:
        super().__init__()
        self.problem = "" if shutil.which("make") else "make is not installed"

    def write(self, folder: Path, rows: Rows) -> None:
        lines = ["all: " + " ".join(path for path, _, _ in rows) + "\n"]
        lines += [f"{path}: {' '.join(needed)}\n\t@{command}\n" for path, needed, command in rows]
        (folder / "Makefile").write_text("".join(lines))

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        return ["make", "--no-print-directory", f"-j{jobs}", *(["-k"] if keep_going else []), "all"]

    def version(self) -> str:
        return _said("make", "--version")


class Ninja(Contender):
    """ninja; with ``restat`` it looks whether an action changed its output."""

    name = "ninja"
    restat = False

    def __init__(self) -> None:
        super().__init__()
        self._program = str(_venv() / "bin/ninja") if (_venv() / "bin/ninja").exists() else shutil.which("ninja") or ""
        self.problem = "" if self._program else "ninja is not installed"

    def write(self, folder: Path, rows: Rows) -> None:
        lines = []
        for number, (path, needed, command) in enumerate(rows):
            command, restat = (f"CAREFUL=1 {command}", "\n restat = 1") if self.restat else (command, "")
            lines.append(
                f"rule r{number}\n command = {command.replace('$', '$$')}{restat}\nbuild {path}: r{number} {' '.join(needed)}\n"
            )
        (folder / "build.ninja").write_text("".join(lines))

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        return [self._program, "--quiet", f"-j{jobs}", *(["-k0"] if keep_going else [])]

    def version(self) -> str:
        return _said(self._program, "--version")

    def forget(self, folder: Path) -> None:
        for name in (".ninja_log", ".ninja_deps"):
            (folder / name).unlink(missing_ok=True)


class NinjaRestat(Ninja):
    """ninja with ``restat`` in every rule."""

    name = "ninja restat"
    restat = True


class _FromPyPI(Contender):
    program = ""

    def __init__(self) -> None:
        super().__init__()
        self._program = str(_venv() / "bin" / self.program)
        self.problem = "" if Path(self._program).exists() else f"{self.program} is not installed: run without --smoke"

    def version(self) -> str:
        return _said(self._program, "--version")


class Doit(_FromPyPI):
    """doit with a task a target."""

    name = program = "doit"

    def write(self, folder: Path, rows: Rows) -> None:
        (folder / "rows.json").write_text(json.dumps(list(rows)))
        (folder / "dodo.py").write_text(
            "import json\nROWS = json.load(open('rows.json'))\n"
            "def task_t():\n    for path, needed, command in ROWS:\n"
            "        yield {'name': path, 'actions': [command], 'file_dep': needed, 'targets': [path], 'verbosity': 2}\n"
        )

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        parallel = ["-n", str(jobs), "-P", "thread"] if jobs > 1 else []
        return [self._program, "--reporter", "zero", *parallel, *(["--continue"] if keep_going else [])]

    def forget(self, folder: Path) -> None:
        for path in folder.glob(".doit.db*"):
            path.unlink()


class DoitAlone(Doit):
    """doit as it is when nobody asks for threads."""

    name = "doit, one job"

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        del jobs
        return super().argv(1, keep_going=keep_going)


class SCons(_FromPyPI):
    """SCons, by content."""

    name = "SCons"
    program = "scons"

    def write(self, folder: Path, rows: Rows) -> None:
        (folder / "rows.json").write_text(json.dumps(list(rows)))
        (folder / "SConstruct").write_text(
            "import json\nenv = Environment(tools=[], SHELL='sh')\nenv.Decider('content')\n"
            "import SCons.Platform.posix\nSCons.Platform.posix.generate(env)\n"
            "for path, needed, command in json.load(open('rows.json')):\n"
            "    env.Command(path, needed, command.replace('$', '$$'))\n"
        )

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        return [self._program, "-Q", "-s", f"-j{jobs}", *(["-k"] if keep_going else []), "."]

    def version(self) -> str:
        return next((line.strip() for line in _said(self._program, "--version", lines=3).split("\n") if "script:" in line), "")

    def forget(self, folder: Path) -> None:
        (folder / ".sconsign.dblite").unlink(missing_ok=True)


class Task(_FromPyPI):
    """go-task, by checksum."""

    name = program = "task"

    def write(self, folder: Path, rows: Rows) -> None:
        made = {path for path, _, _ in rows}
        tasks = {
            path: {
                "deps": [one for one in needed if one in made],
                "sources": list(needed),
                "generates": [path],
                "cmds": [command],
                "method": "checksum",
                "silent": True,
                "run": "once",
            }
            for path, needed, command in rows
        }
        tasks["all"] = {"deps": [path for path, _, _ in rows], "silent": True}
        # JSON is YAML.
        (folder / "Taskfile.yml").write_text(json.dumps({"version": "3", "tasks": tasks}))

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        # Without a bound: its jobs hold their place while they wait for what they depend on.
        del jobs, keep_going
        return [self._program, "--silent", "all"]

    def forget(self, folder: Path) -> None:
        shutil.rmtree(folder / ".task", ignore_errors=True)


class Snakemake(_FromPyPI):
    """Snakemake with a rule a target, which is how it is told of a graph without a pattern."""

    name = program = "snakemake"
    limit = 1_000

    def write(self, folder: Path, rows: Rows) -> None:
        lines = ["rule all:\n    input: [" + ", ".join(repr(path) for path, _, _ in rows) + "]\n"]
        for number, (path, needed, command) in enumerate(rows):
            shell = command.replace("{", "{{").replace("}", "}}")
            lines.append(f"rule r{number}:\n    input: {list(needed)!r}\n    output: {path!r}\n    shell: {shell!r}\n")
        (folder / "Snakefile").write_text("".join(lines))

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        return [self._program, "--quiet", "all", "--cores", str(jobs), *(["--keep-going"] if keep_going else []), "all"]

    def forget(self, folder: Path) -> None:
        shutil.rmtree(folder / ".snakemake", ignore_errors=True)


class Turbo(Contender):
    """turbo: every target is a package of its own with a script that npm runs, which takes a third of a second each."""

    name = "turbo"
    limit = 100

    def __init__(self) -> None:
        super().__init__()
        self._program = str(_CACHE / "npm/node_modules/.bin/turbo")
        self.problem = "" if Path(self._program).exists() else "turbo is not installed: run without --smoke, with npm"

    def write(self, folder: Path, rows: Rows) -> None:
        names = {path: path.rpartition("/")[2].partition(".")[0] for path, _, _ in rows}
        lock: dict[str, object] = {"": {"name": "bench", "workspaces": ["packages/*"]}}
        for path, needed, command in rows:
            package = folder / "packages" / names[path]
            package.mkdir(parents=True)
            depends = {names[one]: "*" for one in needed if one in names}
            # What it keeps lies in the package; the file that everybody looks at is a link to it.
            lines = {
                "name": names[path],
                "version": "1.0.0",
                "scripts": {"build": f"cd ../.. && {command}"},
                "dependencies": depends,
            }
            (package / "package.json").write_text(json.dumps(lines))
            sources = [one for one in needed if one not in names]
            rules = {"inputs": [f"../../{one}" for one in sources], "outputs": ["made.txt"], "dependsOn": ["^build"]}
            (package / "turbo.json").write_text(json.dumps({"extends": ["//"], "tasks": {"build": rules}}))
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).symlink_to(package / "made.txt")
            lock[f"packages/{names[path]}"] = {"name": names[path], "version": "1.0.0", "dependencies": depends}
            lock[f"node_modules/{names[path]}"] = {"resolved": f"packages/{names[path]}", "link": True}
        root = {"name": "bench", "private": True, "packageManager": "npm@11.0.0", "workspaces": ["packages/*"]}
        (folder / "package.json").write_text(json.dumps(root))
        (folder / "package-lock.json").write_text(
            json.dumps({"name": "bench", "lockfileVersion": 3, "requires": True, "packages": lock})
        )
        (folder / "turbo.json").write_text(json.dumps({"tasks": {"build": {"dependsOn": ["^build"]}}}))
        subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)

    def argv(self, jobs: int, *, keep_going: bool = False) -> list[str]:
        going = ["--continue"] if keep_going else []
        return [self._program, "run", "build", f"--concurrency={jobs}", "--output-logs=new-only", *going, "--no-update-notifier"]

    def version(self) -> str:
        return _said(self._program, "--version")

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "CI": "true"}

    def forget(self, folder: Path) -> None:
        for path in (folder / ".turbo", folder / "node_modules/.cache"):
            shutil.rmtree(path, ignore_errors=True)


class Installed(NamedTuple):
    """The contenders that take part, and why others do not."""

    present: tuple[Contender, ...]
    missing: Mapping[str, str]


def contenders(*, install: bool, only: Sequence[str] = ()) -> Installed:
    """All contenders; ``install`` gets those that are missing."""
    if install:
        _install()
    known: list[Contender] = [
        kind() for kind in (Relgraph, Make, Ninja, NinjaRestat, Doit, DoitAlone, SCons, Task, Snakemake, Turbo)
    ]
    chosen = [one for one in known if not only or one.name in only]
    return Installed(tuple(one for one in chosen if not one.problem), {one.name: one.problem for one in chosen if one.problem})


def _install() -> None:
    """Get what is missing; what cannot be had is said by each contender in the end."""
    folder = _venv()
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        for package in _PACKAGES:
            done = subprocess.run([str(folder / "bin/pip"), "install", "-q", package], check=False)
            print(f"{package}: {'installed' if done.returncode == 0 else 'cannot be installed'}", file=sys.stderr)
        (folder / "complete").touch()
    if shutil.which("npm") and not (_CACHE / "npm/node_modules/.bin/turbo").exists():
        (_CACHE / "npm").mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", _TURBO], cwd=_CACHE / "npm", check=False)


def _venv() -> Path:
    return _CACHE / f"peers-{hashlib.sha256(repr((_PACKAGES, sys.version)).encode()).hexdigest()[:12]}"


def _beside(program: str) -> str:
    return str(Path(sys.executable).with_name(program))


def _said(*words: str, lines: int = 1) -> str:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    return "\n".join((done.stdout or done.stderr).strip().split("\n")[:lines])
