"""What a build is made of besides files of its repository: artifacts of other nodes of the release, as files."""

from pathlib import Path

from relgraph.build.builder import Work
from relgraph.oci.codecs.registry import codec_of
from relgraph.oci.copy import copy
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Manifest
from relgraph.oci.unpack import write_parts

__all__ = ["lay_out"]


def lay_out(work: Work, node: str, folder: Path) -> Path:
    """Write what a node that is needed came to below a folder, which is returned.

    A chart is its package, files of an artifact type of their own are these files, a bundle is a folder of its node's name within
    ``folder``; an image is an OCI layout.
    """
    repository, digest = work.built[node], work.digests[node]
    folder.parent.mkdir(exist_ok=True)
    document = repository.load(digest)
    codec = codec_of(document)
    if codec.decode is None or not isinstance(document, Manifest):
        copy(repository, LocalRepository(Layout(folder, create=True)), digest, referrers=False)
    else:
        write_parts(repository, codec.decode(repository, document), folder)
    return folder
