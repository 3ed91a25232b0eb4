import subprocess
import sys

import pytest

from artifacts import Open
from hostile_registry import HostileRegistry
from relgraph.oci.transport import Transport

_HEAVY = ("http.cookiejar", "jsonschema", "platform", "requests", "tarfile", "urllib3")


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_transport_is_loaded_without_what_it_does_not_use() -> None:
    code = f"import sys, relgraph.oci.transport; print([name for name in {_HEAVY!r} if name in sys.modules])"
    assert _run(code) == "[]"


def test_whoever_imports_them_afterwards_gets_the_real_ones() -> None:
    code = """
import relgraph.oci.transport
import jsonschema, requests, requests.exceptions
assert issubclass(requests.exceptions.SSLError, OSError)
jsonschema.validate(1, {"type": "integer"})
from oras import decorator, oci
assert decorator.requests.exceptions.SSLError is requests.exceptions.SSLError
assert oci.jsonschema.ValidationError is jsonschema.ValidationError
print("real")
"""
    assert _run(code) == "real"


def test_what_was_loaded_before_is_used() -> None:
    code = "import requests, relgraph.oci.transport; from oras import provider; print(provider.requests is requests)"
    assert _run(code) == "True"


def test_other_threads_get_the_real_ones_at_any_time() -> None:
    code = """
import threading
ended = threading.Event()
threading.Thread(target=ended.wait).start()
import relgraph.oci.transport, sys
print("requests" in sys.modules and hasattr(sys.modules["requests"], "__path__"))
ended.set()
"""
    assert _run(code) == "True"


def test_a_version_of_the_library_that_uses_them_at_once_is_loaded_as_ever() -> None:
    code = """
import sys
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "oras.types" and not hasattr(sys.modules["requests"], "__path__"):
            raise TypeError("a class of it is derived from")
sys.meta_path.insert(0, Finder)
from relgraph.oci import library
print(issubclass(library.provider.Registry, object), "requests" in sys.modules)
"""
    assert _run(code) == "True True"


def test_the_library_can_ask_for_what_its_constructor_makes(hostile: HostileRegistry, connect: Open) -> None:
    transport = connect(hostile.address).transport
    assert isinstance(transport, Transport)
    assert "session" not in vars(transport)
    with transport.session as session:
        assert session.get_adapter("http://registry.example")
    assert transport.auth.prefix == "http"
    assert transport.hostname == hostile.address
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = transport.nothing
