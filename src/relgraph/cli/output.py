"""Writing the file that ``--output`` names."""

import os
import stat

from relgraph.errors import EnvironmentFailure, UsageError

__all__ = ["check_writable", "write_bytes", "write_file"]


def write_file(path: str, text: str) -> None:
    """Write a text as :func:`write_bytes` does, as UTF-8; what that cannot encode is written as escapes."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"), hint="--output takes a file in an existing, writable folder")


def write_bytes(path: str, data: bytes, *, hint: str = "") -> None:
    """Write the whole file or none of it: a reader never sees a part, and a failure leaves what was there.

    What is no regular file (``/dev/stdout``, a pipe) is written to as it is. Raises
    :class:`~relgraph.errors.EnvironmentFailure`, with this hint, and UsageError for an empty name.
    """
    if not path:
        raise UsageError("the name of the file to write is empty", hint=hint)
    try:
        target = os.path.realpath(path)
        mode = _mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            with open(target, "wb", buffering=0) as stream:
                stream.write(data)
            return
        _replace(target, data, mode)
    except OSError as problem:
        raise EnvironmentFailure(f"cannot write {path}: {problem.strerror or problem}", hint=hint) from problem


def check_writable(path: str, *, hint: str = "") -> None:
    """What :func:`write_bytes` would raise, told before anything is done, as far as it can be known."""
    if not path:
        raise UsageError("the name of the file to write is empty", hint=hint)
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    wrong = (
        "Is a directory"
        if os.path.isdir(target)
        else "No such file or directory"
        if not os.path.isdir(folder)
        else ""
        if os.access(target if os.path.exists(target) else folder, os.W_OK)
        else "Permission denied"
    )
    if wrong:
        raise EnvironmentFailure(f"cannot write {path}: {wrong}", hint=hint)


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _replace(target: str, data: bytes, mode: int | None) -> None:
    folder, name = os.path.split(target)
    draft = os.path.join(folder, f".{name}.{os.getpid()}.new")
    try:
        with open(draft, "xb") as stream:
            stream.write(data)
        if mode is not None:
            os.chmod(draft, stat.S_IMODE(mode))
        os.replace(draft, target)
    except BaseException:
        try:
            os.unlink(draft)
        except OSError:
            pass  # what failed first is what the user should hear of
        raise
