"""Folders that vanish with the process that made them, however that ends."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["remove_folder", "vanishing_folder"]

# Waits for a line. Where its input ends without one, whoever was to remove the folder is gone; a program of his may still write to it,
# and folders may not be writable (Go's cache of modules).
_HEIR = """\
read -r word && exit 0
n=0
while ! rm -rf -- "$0" 2>/dev/null && [ $n -lt 100 ]; do
    chmod -R u+rwX -- "$0" 2>/dev/null
    sleep 0.1
    n=$((n + 1))
done
"""


@contextmanager
def vanishing_folder(prefix: str) -> Generator[Path, None, None]:
    """A new, empty folder of the user's own among the system's temporary ones, without links on the way to it.

    It is removed at the end; where this process is killed before, a shell that waits for that removes it.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    heir = subprocess.Popen(
        ["/bin/sh", "-c", _HEIR, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath)},
        start_new_session=True,  # what ends our whole group, or our terminal, does not end it
    )
    removed = False
    try:
        try:
            yield folder
        finally:
            remove_folder(folder)
            removed = True
    finally:
        assert heir.stdin is not None
        try:
            if removed:
                heir.stdin.write(b"removed\n")
            heir.stdin.close()
        except OSError:
            pass  # it is gone, and so is its use
        if removed:
            heir.wait()


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, also from folders in it that nobody may write to. Raises OSError."""

    def again(function: Callable[[str], object], path: str, problem: object) -> None:
        if isinstance(problem, tuple) and isinstance(problem[1], FileNotFoundError):
            return
        for one in (os.path.dirname(path), path):
            if os.path.isdir(one) and not os.path.islink(one):
                os.chmod(one, stat.S_IRWXU)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            function(path)

    for left in (2, 1, 0):
        try:
            shutil.rmtree(folder, onerror=again)
            return
        except FileNotFoundError:
            return
        except OSError:
            # A program that was ended may have written one more file meanwhile.
            if not left:
                raise
