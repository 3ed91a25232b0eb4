"""The shared cache: what builds came to, kept in a repository of a registry or layout, so that a second machine builds only what is new.

A trace is a manifest under the tag ``ac-<key>``, so that a look is one request: its config holds the facts and names outputs, its layers
are the outputs' contents; an artifact that was built lies beside it, by digest. First writer wins: a trace that is there is never replaced.

Whoever may write to the cache decides what others take from it. With a key, traces are signed with it, and none that is signed by another, or by
none, counts.
"""

import base64
import binascii
import hashlib
import os
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relgraph.engine.keys import Key, Mark
from relgraph.engine.outcome import Found
from relgraph.model.plan import Facts
from relgraph.oci.codecs.artifact import Artifact, Blob, blob_of
from relgraph.oci.codecs.spool import described
from relgraph.oci.copy import copy
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest
from relgraph.oci.errors import InvalidContent, NotFound, TagExists
from relgraph.oci.json import decode, encode
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import Repository, read_blob
from relgraph.oci.stores import put
from relgraph.release.executors import stored
from relgraph.trust.keys import PrivateKey

__all__ = ["ARTIFACT_TYPE", "SharedCache"]

#: What marks a trace in a registry.
ARTIFACT_TYPE = "application/vnd.relgraph.trace.v1+json"
_OUTPUT = "application/vnd.relgraph.output.v1"
_SIGNATURE = "dev.relgraph.trace.signature"
_LARGEST = 1 << 20
_EXECUTABLE, _LINK = b"x", b"l"


class SharedCache:
    """A :class:`~relgraph.engine.outcome.Remote`. ``store`` is where artifacts that were built are kept here."""

    def __init__(self, repository: Repository, store: Layout, *, key: PrivateKey | None = None, read_only: bool = False) -> None:
        self._repository = repository
        self._store = store
        self._key = key
        self._read_only = read_only
        self._lock = threading.Lock()
        self._outputs: dict[Mark, Descriptor] = {}

    def get(self, key: Key) -> Found | None:
        """What is known of a key; an artifact that it speaks of is in the store then. Raises RelgraphError."""
        try:
            document = self._repository.load(_tag(key))
        except NotFound:
            return None
        if not isinstance(document, Manifest) or document.kind != ARTIFACT_TYPE:
            raise InvalidContent(f"{self._repository.name}:{_tag(key)} is no trace of a build")
        body = read_blob(self._repository, document.config, limit=_LARGEST)
        if not self._counts(body, document):
            return None
        fields = _checked(decode(body, what="trace"), key)
        if len(fields["outputs"]) != len(document.layers):
            raise InvalidContent(f"{self._repository.name}:{_tag(key)} has other outputs than layers")
        outputs: dict[str, Mark] = {}
        for (path, mark), layer in zip(sorted(fields["outputs"].items()), document.layers, strict=True):
            outputs[path] = _mark(mark)
            with self._lock:
                self._outputs[outputs[path]] = layer
        facts: dict[str, str] = fields["facts"]
        if "digest" in facts:
            digest = Digest(facts["digest"])
            if not stored(self._store, facts):
                copy(self._repository, LocalRepository(self._store, "shared"), str(digest), referrers=False)
            made = self._store.document(digest).descriptor
            if (facts.get("mediaType"), facts.get("size")) != (made.media_type, str(made.size)):
                raise InvalidContent(f"{self._repository.name}:{_tag(key)} speaks of another artifact than {digest}")
        return Found(facts, outputs)

    def fetch(self, mark: Mark, path: str) -> bool:
        """Write an output that a trace named, verified, under a name that is free."""
        with self._lock:
            layer = self._outputs.get(mark)
        if layer is None:
            return False
        if mark[:1] == _LINK:
            target = read_blob(self._repository, layer, limit=1 << 16)
            if hashlib.sha256(target).digest() != mark[1:]:
                return False
            os.symlink(target, os.fsencode(path))  # noqa: PTH211 - a link's target need not be text
            return True
        mode = 0o755 if mark[:1] == _EXECUTABLE else 0o644
        with self._repository.fetch(layer) as reader:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
            with os.fdopen(file, "wb") as target_file:
                while data := reader.read(1 << 18):
                    target_file.write(data)
        return layer.digest == f"sha256:{mark[1:].hex()}"

    def put(self, key: Key, facts: Facts, outputs: Mapping[str, tuple[Mark, str]]) -> None:
        """Share a result, unless the key is known already. Raises RelgraphError."""
        if self._read_only:
            return
        if "digest" in facts:
            copy(LocalRepository(self._store, "shared"), self._repository, facts["digest"], referrers=False)
        marks = {path: mark for path, (mark, _) in outputs.items()}
        body = encode({"key": key.hex(), "facts": dict(facts), "outputs": {path: _text(mark) for path, mark in marks.items()}})
        config = blob_of(ARTIFACT_TYPE, body)
        layers = [_blob(path) for _, (_, path) in sorted(outputs.items())]
        annotations = {} if self._key is None else {_SIGNATURE: base64.b64encode(self._key.sign(body)).decode()}
        manifest = Manifest.make(
            config.descriptor, [layer.descriptor for layer in layers], artifact_type=ARTIFACT_TYPE, annotations=annotations
        )
        try:
            put(self._repository, Artifact((config, *layers), (manifest,)), _tag(key))
        except TagExists:
            pass  # somebody was first, and what they built stands for this key

    def _counts(self, body: bytes, document: Manifest) -> bool:
        if self._key is None:
            return True
        try:
            signature = base64.b64decode(document.annotations.get(_SIGNATURE, ""), validate=True)
        except binascii.Error:
            return False
        return self._key.public.verifies(signature, body)


def _tag(key: Key) -> str:
    return f"ac-{key.hex()}"


def _text(mark: Mark) -> str:
    return mark[:1].decode() + mark[1:].hex()


def _mark(text: str) -> Mark:
    try:
        return text[:1].encode() + bytes.fromhex(text[1:])
    except ValueError:
        raise InvalidContent(f"a trace with the output {text!r}") from None


def _checked(fields: Any, key: Key) -> dict[str, dict[str, str]]:
    """The fields of a trace, as they must be: of strangers, after all."""
    if not isinstance(fields, dict) or fields.get("key") != key.hex():
        raise InvalidContent("a trace of another key")
    for name in ("facts", "outputs"):
        value = fields.get(name)
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in (*value, *value.values())):
            raise InvalidContent(f"a trace whose {name} are no texts by name")
    return fields


def _blob(path: str) -> Blob:
    if stat.S_ISLNK(os.lstat(path).st_mode):
        return blob_of(_OUTPUT, os.fsencode(os.readlink(path)))  # noqa: PTH115 - a link's target need not be text
    return described(Path(path), _OUTPUT)
