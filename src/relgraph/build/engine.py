"""A Docker engine, through its API: what the docker builder asks of it, and nothing else.

Where the engine is, is no part of what decides a result, so it is not declared: ``DOCKER_HOST`` and its companions say it, as they do to
Docker's own programs.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from relgraph.effects import chance, clock
from relgraph.effects.environment import inherited
from relgraph.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

__all__ = ["Engine", "Order", "names"]

_VARIABLES = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_FIRST_ANSWER = 10  # seconds within which an engine that is there says so
_PATIENCE = 3600  # seconds between two bytes of an archive on its way; a step's own limit ends it sooner
_SHOWN = 12  # lines of a failed build
_PAINT = re.compile(r"\x1b\[[0-9;]*m")
_CHATTER = (" ---> ", "Removing intermediate container")
# A name that no registry can have (RFC 2606): what is loaded under it cannot be taken for anything else.
_HOST = "relgraph.invalid"
_STEM = re.compile(rf"{re.escape(_HOST)}/(?P<time>[0-9a-f]+)-[0-9a-f]+:\d+")
_ABANDONED = 86_400  # seconds after which a name belongs to a process that was killed


class Order(NamedTuple):
    """One build: a context (a tar in pieces), and what the engine is told with it. ``network`` is empty for the engine's own choice."""

    context: Iterable[bytes]
    dockerfile: str
    arguments: Mapping[str, str]
    target: str = ""
    network: str = ""
    cached: bool = True
    pull: bool = False


class Engine:
    """A connection. Leaving the context takes away the names that it gave to images, and closes it.

    ``say`` gets the engine's words line by line; what it is doing ends when ``stop`` is set. All methods raise EnvironmentFailure.
    """

    def __init__(self, say: "Callable[[str], None]", stop: threading.Event) -> None:
        variables = inherited(*_VARIABLES)
        self.where = variables.get("DOCKER_HOST") or _DEFAULT_HOST
        self._say = say
        self._stop = stop
        self._names: list[str] = []
        self._responses: list[requests.Response] = []
        # The stubs of the client leave half of its methods without types.
        self._client: Any
        self._client, self.platform = self._connect(variables)
        self._client.hooks["response"] = [lambda response, *_, **__: self._responses.append(response)]

    def sweep(self) -> None:
        """Take away names that processes left behind which were killed."""
        with self._told("images cannot be listed"):
            listed = self._client.images(filters={"reference": f"{_HOST}/*"})
        for name in [name for image in listed for name in image.get("RepoTags") or ()]:
            found = _STEM.fullmatch(name)
            if found is not None and int(found["time"], 16) < clock.now() - _ABANDONED:
                self.forget(name)

    def load(self, archive: Iterable[bytes], name: str) -> None:
        """Take an image in under a name of :func:`names`."""
        self._names.append(name)
        with self._told(f"the engine does not take {name}"):
            for event in self._client.load_image(iter(archive)):
                if "error" in event:
                    raise EnvironmentFailure(f"{self.where}: the engine does not take an image: {event['error']}")

    def build(self, order: Order) -> str:
        """Build; the image's id. The last words of a build that failed are the error's details."""
        done = threading.Event()
        watch = threading.Thread(target=self._end_early, args=(done, len(self._responses)), daemon=True)
        watch.start()
        try:
            with self._told("the build ended"):
                return self._followed(self._client.build(**self._words(order)))
        finally:
            done.set()
            watch.join()

    def layers(self, image: str) -> tuple[str, ...]:
        """The digests of an image's layers (of the tars), lowest first."""
        with self._told(f"{image} cannot be looked at"):
            return tuple(self._client.inspect_image(image).get("RootFS", {}).get("Layers") or ())

    def history(self, image: str) -> int:
        """How many entries an image's history has."""
        with self._told(f"{image} cannot be looked at"):
            return len(self._client.history(image))

    def save(self, image: str, path: Path) -> None:
        """Write an image's archive."""
        with self._told(f"{image} cannot be saved"), path.open("wb") as file:
            for piece in self._client.get_image(image):
                if self._stop.is_set():
                    raise EnvironmentFailure("cancelled")
                file.write(piece)

    def forget(self, image: str) -> None:
        """Take an image away; what it shares with others, and what later builds can go on from, stays."""
        import docker.errors  # noqa: PLC0415 - loaded with the first use of an engine

        try:
            self._client.remove_image(image, noprune=True)
        except docker.errors.APIError:  # another build made the same, or uses it
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        import requests  # noqa: PLC0415 - loaded with the first use of an engine

        for name in self._names:
            try:
                self.forget(name)
            except requests.RequestException:  # it is gone: a reason that has been told
                break
        for response in self._responses:  # one that was not read to its end keeps its connection
            response.close()
        self._client.close()

    def _connect(self, variables: Mapping[str, str]) -> tuple[Any, str]:
        import docker.errors  # noqa: PLC0415 - a tenth of a second that only builds with an engine pay
        import requests  # noqa: PLC0415
        from docker.utils import kwargs_from_env  # noqa: PLC0415

        hint = "start it, or say in DOCKER_HOST where it is (unix:///run/user/1000/docker.sock); `docker version` tells whether it answers"
        path = self.where.removeprefix("unix://")
        if path != self.where and not Path(path).exists():
            raise EnvironmentFailure(f"{self.where}: no Docker engine answers: no such socket", hint=hint)
        try:
            client = docker.APIClient(
                **kwargs_from_env(environment={"DOCKER_HOST": _DEFAULT_HOST, **variables}), timeout=_FIRST_ANSWER
            )
            version = client.version()
        except (docker.errors.DockerException, requests.RequestException, OSError) as problem:
            raise EnvironmentFailure(f"{self.where}: no Docker engine answers: {_reason(problem)}", hint=hint) from None
        client.timeout = _PATIENCE
        return client, f"{version['Os']}/{version['Arch']}"

    def _words(self, order: Order) -> dict[str, Any]:
        return {
            "fileobj": iter(order.context),
            "custom_context": True,
            "dockerfile": order.dockerfile,
            "buildargs": dict(order.arguments),
            "target": order.target or None,
            "network_mode": order.network or None,
            "nocache": not order.cached,
            "pull": order.pull,
            "rm": True,
            "forcerm": True,
            "decode": True,
            "use_config_proxy": False,
        }

    def _followed(self, events: Iterable[Mapping[str, Any]]) -> str:
        image, step = "", ""
        last: list[str] = []
        for event in events:
            for line in _lines(event):
                self._say(line)
                if line.startswith("Step "):
                    step = line.partition(" : ")[2]
                    last.clear()
                elif not line.startswith(_CHATTER):
                    last.append(line)
            if "error" in event:
                raise EnvironmentFailure(
                    f"{step or 'build'}: {str(event['error']).strip()}",
                    details=tuple(last[-_SHOWN:]),
                    hint=self._hint("\n".join((str(event["error"]), *last))),
                )
            image = (event.get("aux") or {}).get("ID", image)
        if self._stop.is_set():
            raise EnvironmentFailure("cancelled")
        if not image:
            raise EnvironmentFailure(f"{self.where}: the engine stopped in the middle of a build", details=tuple(last[-_SHOWN:]))
        return image

    def _hint(self, error: str) -> str:
        if "exec format error" in error:
            return f"the engine runs {self.platform} only; what runs on another platform needs its emulation (binfmt) there"
        if "BuildKit" in error:
            return (
                "relgraph asks the engine itself; with `command`, `docker buildx build --output type=oci,dest=...` makes the image"
            )
        return ""

    def _end_early(self, done: threading.Event, before: int) -> None:
        """Hang up when the run is cancelled: the engine then ends the build. ``before`` responses belong to other requests."""
        from docker.types import CancellableStream  # noqa: PLC0415 - loaded with the first use of an engine

        while not done.wait(0.05):
            if self._stop.is_set() and len(self._responses) > before:
                try:
                    CancellableStream(iter(()), self._responses[-1]).close()
                except (OSError, AttributeError):  # it has ended by itself
                    pass
                return

    def _told(self, what: str) -> "_Told":
        return _Told(f"{self.where}: {what}", self._stop)


class _Told:
    """Turns the client's errors into ours."""

    def __init__(self, what: str, stop: threading.Event) -> None:
        self._what = what
        self._stop = stop

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        import docker.errors  # noqa: PLC0415 - loaded with the first use of an engine
        import requests  # noqa: PLC0415
        import urllib3.exceptions  # noqa: PLC0415

        ours = (docker.errors.DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
        if isinstance(problem, ours):
            if self._stop.is_set():
                raise EnvironmentFailure("cancelled") from None
            raise EnvironmentFailure(f"{self._what}: {_reason(problem)}") from None


def names(count: int) -> tuple[str, ...]:
    """So many names for images that nobody else uses, in this process or another. They tell when they were made."""
    stem = f"{int(clock.now()):x}-{chance.name()}"
    return tuple(f"{_HOST}/{stem}:{number}" for number in range(count))


def _lines(event: Mapping[str, Any]) -> Iterator[str]:
    """What an event says that is worth a line: progress bars are not."""
    if "stream" in event:
        # The engine paints what programs write to their standard error.
        yield from (line for line in _PAINT.sub("", str(event["stream"])).rstrip().splitlines() if line.strip())
    elif "status" in event and not event.get("progressDetail"):
        yield " ".join(str(event[key]) for key in ("id", "status") if event.get(key))


def _reason(problem: BaseException) -> str:
    """The last of a chain of causes: what the system said."""
    text = str(getattr(problem, "explanation", None) or problem)
    for word in ("No such file or directory", "Permission denied", "Connection refused", "Name or service not known", "timed out"):
        if word.lower() in text.lower():
            return word.lower()
    return text
