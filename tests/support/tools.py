"""The real programs that relgraph is tested against, built from pinned Go modules into a cache.

Each has a module of its own under ``tests/tools/`` (their dependencies exclude each other) and a place in the cache named by
the content of that module: ``$XDG_CACHE_HOME/relgraph-tools/<name>-<hash>/<name>``. ``python tests/support/tools.py`` builds
what is missing (``invoke tools``); tests only look.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

__all__ = ["GO_CACHE", "NAMES", "Built", "build", "find"]

# Where it is before any test moves the cache of what it tests.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
_MODULES = Path(__file__).resolve().parents[1] / "tools"

#: Go's own cache of what it has compiled.
GO_CACHE = os.environ.get("GOCACHE") or str(_CACHE / "go-build")

#: The programs there are, the quick ones first.
NAMES = ("registry", "crane", "oras", "ko", "cue", "helm", "cosign")


class Built(NamedTuple):
    """How a build went: ``problem`` is empty where the program is there; a program from the cache took no time."""

    name: str
    path: Path
    seconds: float
    problem: str = ""


def find(name: str) -> Path | None:
    """The program, where it was built."""
    path = _place(name)
    return path if path.is_file() else None


def build(name: str) -> Built:
    """Build a program unless the cache has it. Needs Go and, unless its module cache has everything, the Go module proxy."""
    path = _place(name)
    if path.is_file():
        return Built(name, path, 0.0)
    go = shutil.which("go")
    if go is None:
        return Built(name, path, 0.0, "Go is not installed")
    began = time.monotonic()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{name}.{os.getpid()}")
    module = _MODULES / name
    # The programs are test equipment: built with what is pinned, without the toolchain fetching another one, and last in line.
    variables = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOWORK": "off",
    }
    words = [go, "build", "-p", "1", "-trimpath", "-ldflags=-s -w", "-o", str(temporary), _package(module)]
    try:
        done = subprocess.run(
            words, cwd=module, env=variables, capture_output=True, text=True, check=False, preexec_fn=_yield_to_others, timeout=3600
        )
        problem = "" if done.returncode == 0 else done.stderr.strip()[-2000:] or f"go build exited with {done.returncode}"
        if not problem:
            temporary.replace(path)
    except subprocess.TimeoutExpired:
        problem = "not built within an hour"
    finally:
        temporary.unlink(missing_ok=True)
    return Built(name, path, time.monotonic() - began, problem)


def main() -> int:
    """Build all programs, and say of each how it went; 1 where one is missing."""
    failed = False
    for name in sys.argv[1:] or NAMES:
        built = build(name)
        if built.problem:
            failed = True
            sys.stderr.write(f"{name}: NOT built: {built.problem}\n")
        else:
            size = built.path.stat().st_size / (1 << 20)
            sys.stderr.write(f"{name}: {built.path} ({size:.0f} MiB, {f'{built.seconds:.0f} s' if built.seconds else 'cached'})\n")
    return 1 if failed else 0


def _package(module: Path) -> str:
    if (module / "main.go").is_file():
        return "."
    for line in (module / "go.mod").read_text("utf-8").splitlines():
        if line.startswith("tool "):
            return line.removeprefix("tool ").strip()
    raise ValueError(f"{module}: neither a program nor a tool")


def _place(name: str) -> Path:
    digest = hashlib.sha256()
    for path in sorted((_MODULES / name).glob("*")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return _CACHE / "relgraph-tools" / f"{name}-{digest.hexdigest()[:16]}" / name


def _yield_to_others() -> None:
    os.nice(19)


if __name__ == "__main__":
    sys.exit(main())
