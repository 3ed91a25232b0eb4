"""The library ``oras``, loaded without what only those of its methods need that are not used here.

``oras`` names ``requests`` in its annotations and checks manifests of its own making with ``jsonschema``. With all that they
stand on they take longer to load than the library itself and the rest of the transport together: half of the time in which a
small pull begins. Requests go over :mod:`relgraph.effects.network` here, and manifests are read by
:mod:`relgraph.oci.manifest`; so both, and a few modules of Python, are loaded when somebody does call for them.
"""

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["container", "provider"]

_LATER = ("http.cookiejar", "jsonschema", "platform", "requests", "requests.exceptions", "tarfile")


class _Name:
    """Stands for something of a module until it is used; as an annotation it never is."""

    def __init__(self, module: str, name: str) -> None:
        self._place = (module, name)

    def __call__(self, *values: Any, **named: Any) -> Any:
        return getattr(_load(self._place[0]), self._place[1])(*values, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what typing looks at
            raise AttributeError(name)
        return getattr(getattr(_load(self._place[0]), self._place[1]), name)


class _Later(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import system looks at
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            return _Name(self.__name__, name)
        return getattr(import_module(self.__name__), name)


def _load(name: str) -> ModuleType:
    """The real module, also while its stand-in is in its place."""
    for known in [known for known, module in sys.modules.items() if isinstance(module, _Later)]:
        del sys.modules[known]
    return import_module(name)


@contextmanager
def _later(*names: str) -> Generator[None, None, None]:
    """A context in which importing these modules loads nothing; afterwards it does, as ever.

    Where there are other threads, who may need the real ones at this moment, it does so at once.
    """
    absent = [name for name in names if name not in sys.modules] if threading.active_count() == 1 else []
    made = {name: _Later(name) for name in absent if name != "requests.exceptions" or "requests" in absent}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, stand_in in made.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


try:
    with _later(*_LATER):
        from oras import container, provider
except Exception:  # noqa: BLE001 - a version of the library that uses them while it is loaded
    for _name in [name for name in sys.modules if name == "oras" or name.startswith("oras.")]:
        del sys.modules[_name]
    from oras import container, provider
