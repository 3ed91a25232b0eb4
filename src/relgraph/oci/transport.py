"""The transport: what a registry does, one request or one upload at a time (OCI distribution specification 1.1).

:class:`Transport` is ``oras``'s provider with another engine. Every request that the library makes goes through a
:class:`~relgraph.oci.session.Session`; what the library does unverified, in memory as a whole, or not at all, is done here.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode, urljoin, urlsplit

from relgraph.effects.network import Answer
from relgraph.errors import EnvironmentFailure
from relgraph.oci import library
from relgraph.oci.auth import Scope
from relgraph.oci.content import CHUNK
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest, digest_of, is_digest
from relgraph.oci.download import BlobReader
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound, RegistryFailure
from relgraph.oci.json import MAX_MANIFEST, Json, decode, encode
from relgraph.oci.manifest import MANIFEST_TYPES, Document, Index, is_manifest_type, parse_document
from relgraph.oci.reference import RegistryReference, is_tag, parse_reference
from relgraph.oci.retry import PASSING
from relgraph.oci.session import Body, Request, Session
from relgraph.oci.settings import DOCKER_API
from relgraph.oci.upload import Destination, Uploads
from relgraph.oci.urls import same_origin

if TYPE_CHECKING:
    import requests

__all__ = ["Address", "Transport"]

_PAGE = 1000
_MOST_PAGES = 1000
_LARGEST_PAGE = 16 << 20
_NEXT = re.compile(r'<([^<>]+)>[^,<]*;[ \t]*rel="?next"?', re.ASCII)
_ETAG = re.compile(r'"[!#-~]{0,200}"')
_OCTETS = "application/octet-stream"
_VAGUE_TYPES = ("", "application/json", "text/plain", _OCTETS)
_ANSWERS = tuple(status for status in range(200, 600) if status not in PASSING and not 300 <= status < 400)


class Address(library.container.Container):  # type: ignore[misc]  # oras has no types
    """A repository's addresses, read by the grammar of :mod:`relgraph.oci.reference` instead of the library's."""

    def parse(self, name: str) -> None:
        """Fill in what the library's methods use. Raises InvalidReference."""
        reference = parse_reference(name)
        if not isinstance(reference, RegistryReference):
            raise EnvironmentFailure(f"{name}: not in a registry")
        self.registry = DOCKER_API if reference.registry == "docker.io" else reference.registry
        self.namespace, _, self.repository = reference.repository.rpartition("/")
        self.tag = reference.tag or "latest"
        self.digest = reference.digest


class Transport(library.provider.Registry):  # type: ignore[misc]
    """One repository of a registry. Safe for several threads.

    ``actions`` is the access asked for, ``pull`` or ``pull,push``. Methods raise what
    :meth:`~relgraph.oci.session.Session.send` raises.
    """

    def __init__(self, session: Session, repository: str) -> None:
        self.link = session
        self.hostname = session.registry
        self.prefix = session.base.partition(":")[0]
        self.repository = repository
        self.container = self.get_container(f"oci://{session.registry}/{repository}")
        self.actions = "pull"
        self._etags: dict[str, str] = {}
        self._prefix = f"{self.prefix}://"
        destination = Destination(
            self.name, repository, self._prefix + self.container.upload_blob_url(), self._scope, self.has_blob
        )
        uploads = Uploads(session, destination)
        self.upload_missing = uploads.upload_missing
        self.probe_upload = uploads.probe

    # The library's side: its own methods stand on these.

    def __getattr__(self, name: str) -> Any:
        """What else the library's constructor sets up (a session of its own, which nothing here uses), when it is asked for."""
        if name not in ("auth", "headers", "session"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        super().__init__(hostname=self.hostname, insecure=self.prefix == "http")
        return self.__dict__[name]

    def get_container(self, name: str | Address) -> Address:
        """The addresses of a repository."""
        return name if isinstance(name, Address) else Address(name, registry=self.hostname)

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: bytes | IO[bytes] | None = None,
        headers: dict[str, str] | None = None,
        json: Any = None,
        stream: bool = False,
    ) -> "requests.Response":
        """A request as the library makes it, with the session's credentials, limits, attempts and care for redirects."""
        import requests  # noqa: PLC0415 - a form that only the library's own methods want
        from requests.structures import CaseInsensitiveDict  # noqa: PLC0415

        body: Body = None
        if json is not None:
            body = encode(json)
        elif isinstance(data, bytes) or data is None:
            body = data
        else:
            file = data
            body = lambda: _whole_file(file)  # noqa: E731 - a closure over this call's file
        total = None if stream else self.link.settings.document
        request = Request(method, url, self._scope(), f"{method} {urlsplit(url).path}", headers or {}, body, _ANSWERS, total)
        answer = self.link.send(request)
        response = requests.Response()
        response.status_code, response.reason, response.url = answer.status, answer.reason, url
        response.headers = CaseInsensitiveDict(answer.headers.items())
        response.raw = answer
        if not stream:
            response._content = _read_bounded(answer, _LARGEST_PAGE, url)  # noqa: SLF001 - so requests' own adapter fills it
        return response

    def pull(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: the library unpacks what it has not verified."""
        raise EnvironmentFailure("oras.provider.Registry.pull is not used", hint="use relgraph.oci.copy")

    delete_tag = delete_tags = login = logout = chunked_upload = pull

    # Manifests.

    def head_manifest(self, reference: str) -> Descriptor | None:
        """The descriptor of a tag or digest, None where there is none. A registry that does not say enough is asked for all."""
        request = self._manifest("HEAD", reference, accept=(200, 404))
        with self.link.send(request) as answer:
            if answer.status == 404:
                return None
            digest, length = answer.headers.get("Docker-Content-Digest", ""), answer.headers.get("Content-Length", "")
            etag = answer.headers.get("ETag", "")
            # A weak one compares with nothing (RFC 9110, section 13.1.1).
            self._etags[reference] = etag if _ETAG.fullmatch(etag) else ""
            media_type = _media_type(answer)
        if is_digest(reference) and digest and digest != reference:
            raise ContentMismatch(f"{self.name}: asked for {reference}, it has {digest}", expected=reference, actual=digest)
        if is_digest(digest) and length.isascii() and length.isdigit() and is_manifest_type(media_type):
            return Descriptor(media_type, Digest(digest), int(length))
        try:
            return self.read_manifest(reference).descriptor
        except NotFound:
            return None

    def read_manifest(self, reference: str) -> Document:
        """The manifest or index of a tag or digest: its bytes as they came, checked against what was asked for or announced."""
        # A manifest is small: one that was cut off is asked for again, like one that was not answered at all.
        return self.link.retries.run(lambda: self._read_manifest_once(reference))

    def _read_manifest_once(self, reference: str) -> Document:
        what = f"{self.name}: {reference}"
        with self.link.send_once(self._manifest("GET", reference)) as answer:
            announced, media_type = answer.headers.get("Docker-Content-Digest", ""), _media_type(answer)
            raw = _read_bounded(answer, MAX_MANIFEST, what)
        digest = Digest(reference) if is_digest(reference) else Digest(announced) if is_digest(announced) else digest_of(raw)
        if is_digest(announced) and announced != digest and Digest(announced).algorithm == digest.algorithm:
            raise ContentMismatch(f"{what}: it was announced as {announced}", expected=digest, actual=announced)
        return parse_document(raw, media_type="" if media_type in _VAGUE_TYPES else media_type, digest=digest, what=what)

    def put_manifest(self, document: Document, reference: str) -> bool:
        """Store a manifest under a tag or its digest; whether the registry lists it by its subject itself."""
        return bool(self._put_manifest(document, reference, ""))

    def replace_manifest(self, document: Document, tag: str) -> bool:
        """Store a manifest under a tag that names another; False where the registry says that this is not the one that was
        there when it was last asked. Most registries do not compare."""
        return self._put_manifest(document, tag, self._etags.get(tag, "")) is not None

    def _put_manifest(self, document: Document, reference: str, etag: str) -> bool | None:
        headers = {"Content-Type": document.media_type} | ({"If-Match": etag} if etag else {})
        request = self._manifest("PUT", reference, accept=(200, 201, 202, 412), headers=headers)._replace(body=document.raw)
        with self.link.send(request) as answer:
            if answer.status == 412 and etag:
                return None
            if answer.status == 412:
                raise RegistryFailure(f"{self.name}: {reference}: it answered 412", status=412)
            stored = answer.headers.get("Docker-Content-Digest", "")
            listed = "OCI-Subject" in answer.headers
            _read_bounded(answer, _LARGEST_PAGE, reference)
        if is_digest(stored) and Digest(stored).algorithm == document.digest.algorithm and stored != document.digest:
            raise ContentMismatch(
                f"{self.name}: it stored {stored}, not {document.digest}", expected=document.digest, actual=stored
            )
        return listed

    # Blobs.

    def has_blob(self, digest: Digest) -> bool:
        """Whether the repository has a blob."""
        request = Request("HEAD", self._blob_url(digest), self._scope(), f"{self.repository}@{digest}", accept=(200, 404))
        with self.link.send(request) as answer:
            return answer.status == 200

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """A reader of a blob's bytes from an offset on, which nobody has verified yet."""
        return BlobReader(self.link, descriptor, lambda position: self._get_blob(descriptor, position), offset)

    def _get_blob(self, descriptor: Descriptor, offset: int) -> Answer:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        what = f"{self.repository}@{descriptor.digest}"
        accept = (200, 206) if offset else (200,)
        return self.link.send(Request("GET", self._blob_url(descriptor.digest), self._scope(), what, headers, accept=accept))

    # Lists.

    def list_tags(self) -> Iterator[str]:
        """All tags, page by page, as the registry orders them; names that are none are left out."""
        url = f"{self._prefix}{self.container.tags_url(N=_PAGE)}"
        for page in self._pages(url, f"tags of {self.repository}"):
            tags = page.get("tags") if isinstance(page, dict) else None
            if isinstance(tags, list):
                yield from (tag for tag in tags if isinstance(tag, str) and is_tag(tag))

    def list_referrers(self, digest: Digest, artifact_type: str = "") -> list[Descriptor] | None:
        """What the registry's referrers API lists; None where it has no such API."""
        query = "?" + urlencode({"artifactType": artifact_type}) if artifact_type else ""
        root = self._prefix + self.container.manifest_url(digest)
        url = root.replace("/manifests/", "/referrers/", 1) + query
        entries: list[Descriptor] = []
        try:
            for page in self._pages(url, f"referrers of {self.repository}@{digest}"):
                index = parse_document(encode(page), what=f"{self.name}: referrers of {digest}")
                if not isinstance(index, Index):
                    raise InvalidContent(f"{self.name}: referrers of {digest}: not an index")
                entries += index.manifests
        except NotFound:
            return None
        except RegistryFailure as failure:
            if failure.http_status in (400, 405, 406, 501):
                return None
            raise
        return entries

    def _pages(self, url: str, what: str) -> Iterator[Json]:
        seen: set[str] = set()
        following: str | None = url
        while following is not None:
            if following in seen or len(seen) >= _MOST_PAGES:
                raise RegistryFailure(f"{self.name}: {what}: pages without end", hint="the registry is broken, or means harm")
            seen.add(following)
            page, following = self.link.retries.run(partial(self._page, following, what))
            yield page

    def _page(self, url: str, what: str) -> tuple[Json, str | None]:
        with self.link.send_once(Request("GET", url, self._scope(), what, total=self.link.settings.document)) as answer:
            link = ", ".join(answer.headers.get_all("Link", []))
            body = _read_bounded(answer, _LARGEST_PAGE, what)
        match = _NEXT.search(link[:8192])
        following = urljoin(url, match[1]) if match else None
        if following is not None and not same_origin(url, following):
            raise RegistryFailure(f"{self.name}: {what}: the next page is said to be on another host")
        return decode(body, what=f"{self.name}: {what}", limit=_LARGEST_PAGE), following

    # Common parts.

    @property
    def name(self) -> str:
        """The repository, for messages."""
        return f"{self.link.registry}/{self.repository}"

    def _scope(self, mounts: tuple[str, ...] = ()) -> Scope:
        return Scope(self.link.registry, self.repository, self.actions, mounts)

    def _blob_url(self, digest: Digest) -> str:
        return f"{self._prefix}{self.container.get_blob_url(digest)}"

    def _manifest(
        self, method: str, reference: str, *, accept: tuple[int, ...] = (200,), headers: dict[str, str] | None = None
    ) -> Request:
        url = self._prefix + self.container.manifest_url(reference)
        fields = {"Accept": ", ".join(MANIFEST_TYPES)} if headers is None else headers
        what = f"{self.repository}{'@' if is_digest(reference) else ':'}{reference}"
        return Request(method, url, self._scope(), what, fields, accept=accept, total=self.link.settings.document)


def _media_type(answer: Answer) -> str:
    value = answer.headers.get("Content-Type", "")
    return str(value).partition(";")[0].strip().lower()


def _read_bounded(answer: Answer, limit: int, what: str) -> bytes:
    if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise RegistryFailure(f"{what}: sent in an encoding that was not asked for")
    parts: list[bytes] = []
    size = 0
    while data := answer.read(CHUNK):
        parts.append(data)
        size += len(data)
        if size > limit:
            raise InvalidContent(f"{what}: more than the {limit} bytes allowed")
    return b"".join(parts)


@contextmanager
def _whole_file(file: IO[bytes]) -> Generator[Iterable[bytes], None, None]:
    file.seek(0)
    yield iter(lambda: file.read(CHUNK), b"")
