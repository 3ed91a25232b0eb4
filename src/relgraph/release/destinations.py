"""Where things are published: as the graph says, or all below another place (``--to``), names kept whole."""

from relgraph.errors import UsageError
from relgraph.oci.reference import LayoutReference, Reference, RegistryReference, check_repository, parse_reference

__all__ = ["destination", "layout_name"]


def destination(reference: str, to: str = "") -> Reference:
    """The repository for a node's ``reference`` (``ghcr.io/acme/web``), below ``to`` where given.

    ``to`` is ``layout:FOLDER`` or ``HOST[:PORT][/PREFIX]``: ``ghcr.io/acme/web`` becomes ``layout:FOLDER//ghcr.io/acme/web`` or
    ``HOST/PREFIX/ghcr.io/acme/web``. Raises InvalidReference and UsageError.
    """
    if not to:
        found = parse_reference(reference)
        if found.tag or found.digest is not None or found.range:
            raise UsageError(f"{reference}: a node's reference has no tag", hint="say in 'tag' how its versions are written")
        return found
    if to.startswith("layout:"):
        place = parse_reference(to)
        if not isinstance(place, LayoutReference) or place.repository or place.tag or place.digest is not None:
            raise UsageError(f"--to {to}: a whole layout is wanted", hint="write layout:FOLDER")
        return LayoutReference(place.path, check_repository(layout_name(reference)))
    place = parse_reference(f"{to.rstrip('/')}/{layout_name(reference)}")
    if not isinstance(place, RegistryReference) or place.registry != to.partition("/")[0].removeprefix("oci://").lower():
        raise UsageError(f"--to {to}: no place for artifacts", hint="write layout:FOLDER or HOST[:PORT][/PREFIX]")
    return place


def layout_name(reference: str) -> str:
    """A reference as the name of a repository of a layout or of a mirror: with its host, whose port a name cannot hold."""
    found = parse_reference(reference)
    if isinstance(found, LayoutReference):
        return found.repository
    host = found.registry.replace(":", "-").replace("[", "").replace("]", "")
    return f"{host}/{found.repository}"
