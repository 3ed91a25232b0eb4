"""The tasks of this workspace: relgraph's own commands, and what keeps relgraph itself in order."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task, task

from relgraph.tasks import namespace

_ROOT = Path(__file__).resolve().parent


def _run(*words: str) -> None:
    # Inherits this process's streams, so that colours, prompts and debuggers work; arguments are never seen by a shell.
    status = subprocess.run([sys.executable, *words], cwd=_ROOT, check=False).returncode
    if status:
        raise Exit(code=status)


@task(help={"only": "run the tests whose names match this expression (pytest -k)", "path": "run the tests of this file or folder"})
def test(context: Context, only: str = "", path: str = "", coverage: bool = False) -> None:
    """Run the tests; with CI=true a skipped test is a failure."""
    words = ["-m", "pytest"]
    if only:
        words += ["-k", only]
    if coverage:
        words += ["--cov", "--cov-report=term-missing:skip-covered"]
    _run(*words, *([path] if path else []))


@task
def lint(context: Context) -> None:
    """Check style and format."""
    _run("-m", "ruff", "check", ".")
    _run("-m", "ruff", "format", "--check", ".")


@task
def types(context: Context) -> None:
    """Check types, strictly."""
    _run("-m", "mypy")


@task
def imports(context: Context) -> None:
    """Check that packages import only what the design lets them."""
    _run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-logo")


@task(help={"name": "build this one only"})
def tools(context: Context, name: str = "") -> None:
    """Build the programs that the tests compare relgraph with (tests/tools: helm, ko, oras, crane, cosign, cue, a registry)."""
    _run("tests/support/tools.py", *([name] if name else []))


@task(name="bench-smoke")
def bench_smoke(context: Context) -> None:
    """Run every benchmark on its smallest input, to see that it still works."""
    found = sorted(path for path in (_ROOT / "benchmarks").glob("*.py") if not path.name.startswith("_"))
    if not found:
        raise Exit("benchmarks/ holds no benchmark", code=3)
    for path in found:
        print(f"{path.relative_to(_ROOT)} --smoke", file=sys.stderr, flush=True)
        _run(str(path), "--smoke")


@task(help={"check": "change nothing; fail when a file is out of date"})
def docs(context: Context, check: bool = False) -> None:
    """Write the files that are derived from code (docs/reference, docs/schema, the index of rules)."""
    from relgraph.cli.reference import pages

    wanted = pages()
    folders = (_ROOT / "docs/reference", _ROOT / "docs/schema")
    present = {path.relative_to(_ROOT).as_posix() for folder in folders for path in folder.rglob("*") if path.is_file()}
    stale = [name for name, text in wanted.items() if not (_ROOT / name).is_file() or (_ROOT / name).read_text("utf-8") != text]
    extra = sorted(present - wanted.keys())
    if check:
        for name in [*stale, *extra]:
            print(f"{name}: out of date, `invoke docs` writes it", file=sys.stderr)
        if stale or extra:
            raise Exit(code=1)
        return
    for name in stale:
        (_ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (_ROOT / name).write_text(wanted[name], "utf-8")
    for name in extra:
        (_ROOT / name).unlink()


@task(help={"check": "change nothing; fail when a picture shows another program"})
def pictures(context: Context, check: bool = False) -> None:
    """Take the pictures of the documentation (docs/pictures) of the program as it is; needs chromium and npm."""
    if not check:
        _run("tests/support/browser.py")
    _run("tests/support/pictures.py", *(["--check"] if check else []))


ns = namespace()
for _task in (test, lint, types, imports, tools, bench_smoke, docs, pictures):
    ns.add_task(cast("Task[Any]", _task))  # what the decorator returns is typed too widely
