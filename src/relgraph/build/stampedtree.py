"""Stamping of what other programs build: a checkout, which is the build's own, gets the stamped files in place of those of the commit."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from relgraph.build.builder import Target, Work
from relgraph.build.gather import contents, matching, read_all
from relgraph.build.stamping import Stamping, stamped, stamping_of
from relgraph.engine.patterns import is_pattern
from relgraph.errors import DeclarationError
from relgraph.oci.codecs.tree import read_folder
from relgraph.stamp.stamp import Spec

__all__ = ["plan_stamp", "stamp_checkout", "write_files"]


def plan_stamp(target: Target, folder: str = "", patterns: Iterable[str] = ("**",)) -> Stamping:
    """What stamping the files of a folder comes to, those that match ``patterns`` (of paths of the repository) alone.

    Without a stamp no file is read. Raises :class:`~relgraph.errors.DeclarationError` with all that is wrong.
    """
    spec = Spec.of(target.stamp, target.templates)
    if not spec:
        return Stamping({}, ())
    prefix = f"{folder}/" if folder else ""
    wanted: set[str] = set()
    for pattern in patterns:
        wanted |= set(matching(pattern, target.tree.entries)) if is_pattern(pattern) else {pattern}
    paths = [path for path in target.tree.entries if path in wanted and path.startswith(prefix)]
    files = {path[len(prefix) :]: data for path, data in read_all(target.tree, paths).items()}
    return stamping_of(target, files, spec)


def stamp_checkout(work: Work, folder: str = "") -> Path:
    """Stamp the files below a folder of the checkout; the folder."""
    root = work.checkout() / folder
    spec = Spec.of(work.target.stamp, work.target.templates)
    if spec:
        files = contents(read_folder(root, portable=False))
        after = stamped(work.target, files, spec, work.digests)
        changed = {path: data for path, data in after.items() if data is not files.get(path)}
        write_files(root, changed)
        work.say(f"stamped {', '.join(sorted(changed)[:5])}" + (f" and {len(changed) - 5} more" if len(changed) > 5 else ""))
    return root


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder; those that are there keep their modes. Raises DeclarationError where a link leads out of it."""
    real = root.resolve()
    for path, data in files.items():
        place = root / path
        if not place.parent.resolve().is_relative_to(real):
            raise DeclarationError(f"{path}: a link leads out of the checkout there")
        place.parent.mkdir(parents=True, exist_ok=True)
        mode = place.stat().st_mode if place.exists() and not place.is_symlink() else None
        place.unlink(missing_ok=True)  # it may be a link to what others read
        place.write_bytes(data)
        if mode is not None:
            place.chmod(mode)
