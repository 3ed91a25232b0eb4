"""What Python projects say of their build."""

import pytest

from relgraph.build.pyproject import read_project, satisfies, with_version
from relgraph.errors import DeclarationError


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("80.9.0", ">=77", True),
        ("65.5.0", ">=77", False),
        ("1.5", "~=1.4", True),
        ("2.0rc1", "<2,>=1.5", False),
        ("1", "odd?", True),
        ("x", "", True),
    ],
)
def test_requirements_are_ranges(version: str, wanted: str, expected: bool) -> None:
    assert satisfies(version, wanted) is expected


def test_the_line_that_setuptools_reads_gets_the_version() -> None:
    text = b"[project]\nname = 'web'\ndynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {attr = 'web.about.VERSION'}\n"
    found = read_project(text, "pyproject.toml")
    module = b'import x\nVERSION: str = "0.0.0"  # here\nOTHER_VERSION = "0.0.0"\n'
    assert with_version({"src/web/about.py": module}.get, found, "1.0.0") == {
        "src/web/about.py": module.replace(b'str = "0.0.0"', b'str = "1.0.0"')
    }
    with pytest.raises(DeclarationError, match="assigned a text 2 times"):
        with_version({"web/about.py": b"VERSION = '1'\nVERSION = '2'\n"}.get, found, "1.0.0")


def test_the_version_in_pyproject_is_set_and_nothing_else() -> None:
    text = b"[project]\r\nname = 'web' # \xc3\xa9\r\nversion = '0.0.0' # ours\r\n[tool.x]\r\nversion = '0.0.0'\r\n"
    found = read_project(text, "pyproject.toml")
    assert (found.name, found.dynamic, found.requires) == ("web", False, (("setuptools", ""),))
    assert with_version({"pyproject.toml": text}.get, found, "1.0") == {
        "pyproject.toml": text.replace(b"'0.0.0' # ours", b"'1.0' # ours")
    }


def test_a_project_whose_backend_asks_git_has_no_file_with_its_version() -> None:
    text = b'[build-system]\nrequires = ["hatchling", "hatch-vcs>=0.4 ; python_version > \'3\'"]\nbuild-backend = "hatchling.build"\n[project]\nname = "w"\ndynamic = ["version"]\n'
    found = read_project(text, "pyproject.toml")
    assert (found.backend, found.requires, found.dynamic) == ("hatchling.build", (("hatchling", ""),), True)
    assert with_version(lambda path: None, found, "1.0") == {}
