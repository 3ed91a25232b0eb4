"""The codecs there are. To add a format, add a module with a ``CODEC`` and list it here."""

from relgraph.errors import UsageError
from relgraph.oci.codecs import bundle, cue, flux, generic, helm, image, rootfs
from relgraph.oci.codecs.codec import Codec
from relgraph.oci.manifest import Document, Manifest

__all__ = ["CODECS", "by_name", "codec_of"]

#: All codecs, by the name that ``--type`` takes.
CODECS: dict[str, Codec] = {module.CODEC.name: module.CODEC for module in (helm, image, rootfs, bundle, flux, cue, generic)}
_BY_KIND = {kind: codec for codec in CODECS.values() for kind in codec.kinds}


def by_name(name: str) -> Codec:
    """The codec of that name. Raises :class:`~relgraph.errors.UsageError`."""
    try:
        return CODECS[name]
    except KeyError:
        raise UsageError(f"no such type: {name}", hint=f"known: {', '.join(CODECS)}") from None


def codec_of(document: Document) -> Codec:
    """The codec that understands a manifest, by artifact type, then by config; the generic one where none does.

    An index is an image.
    """
    if not isinstance(document, Manifest):
        return image.CODEC
    return _BY_KIND.get(document.artifact_type) or _BY_KIND.get(document.config.media_type) or generic.CODEC
