from collections.abc import Callable

import pytest

from relgraph.errors import DeclarationError, RelgraphError
from relgraph.locking.wanted import Chart, from_file, from_lock, from_text, merged
from relgraph.resolve.lock import Lock, Locked, Pin
from relgraph.resolve.order import Order
from relgraph.resolve.resolver import Requirement

_HEAD = "apiVersion: relgraph.dev/v1\nkind: Requirements\n"


def _nothing(_: str) -> bytes | None:
    return None


def _read(text: str, beside: Callable[[str], bytes | None] = _nothing) -> tuple[list[Requirement], Chart | None]:
    return from_file(text.encode(), "wanted.yaml", beside)


@pytest.mark.parametrize(
    ("text", "name", "source", "allowed"),
    [
        ("ghcr.io/acme/charts/web:^1.2", "web", "oci://ghcr.io/acme/charts/web", "^1.2"),
        ("oci://localhost:5000/web:>=1 <2", "web", "oci://localhost:5000/web", ">=1 <2"),
        ("store=ghcr.io/acme/db:~3", "store", "oci://ghcr.io/acme/db", "~3"),
        ("ghcr.io/acme/web:>=1.2", "web", "oci://ghcr.io/acme/web", ">=1.2"),
        ("alpine:=3.20.1", "alpine", "oci://docker.io/library/alpine", "=3.20.1"),
        ("ghcr.io/acme/web", "web", "oci://ghcr.io/acme/web", "*"),
        ("ghcr.io/acme/web:v1.2.0", "web", "oci://ghcr.io/acme/web", "=1.2.0"),
        ("layout:out//charts/web:1.*", "web", "layout:out//charts/web", "1.*"),
        ("tool=layout:out:^1", "tool", "layout:out", "^1"),
    ],
)
def test_a_reference_says_what_is_wanted(text: str, name: str, source: str, allowed: str) -> None:
    requirement = from_text(text)
    assert (requirement.name, requirement.source, requirement.allowed.text) == (name, source, allowed)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("layout:out:^1", "under which name"),
        ("ghcr.io/acme/web:latest", "latest is no version"),
        ("ghcr.io/acme/web@sha256:" + "0" * 64, "a digest needs no lock"),
        ("web=", "repository"),
        ("https://ghcr.io/acme/web", "scheme"),
    ],
)
def test_what_cannot_be_locked_is_named(text: str, reason: str) -> None:
    with pytest.raises(RelgraphError, match=reason):
        from_text(text)


def test_a_file_names_requirements() -> None:
    found, chart = _read(
        _HEAD + "requirements:\n"
        "  web: ghcr.io/acme/charts/web:^1.2\n"
        '  agent: {from: layout:out//agent, versions: ">=1 <2", tags: "agent-{version}", order: natural}\n'
    )
    assert chart is None
    assert [(item.name, item.source, item.allowed.text) for item in found] == [
        ("web", "oci://ghcr.io/acme/charts/web", "^1.2"),
        ("agent", "layout:out//agent", ">=1 <2"),
    ]
    assert (found[1].form, found[1].order) == ("agent-{version}", Order.NATURAL)
    assert _read(_HEAD) == ([], None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1]", "not a mapping"),
        ("a: b: c", "wanted.yaml: line 1"),
        ("kind: Deployment\n", "neither requirements nor a Chart.yaml"),
        (_HEAD + "requirement: {}\n", "'requirement' is not understood"),
        (_HEAD + "requirements: [web]\n", "requirements: not a mapping"),
        (_HEAD + "requirements: {web: 1}\n", "requirements.web: a reference is expected"),
        (_HEAD + "requirements: {web: {versions: '1'}}\n", "requirements.web: a reference is expected"),
        (_HEAD + "requirements: {web: {from: r.example/web, version: '1'}}\n", "'version' is not understood"),
        (_HEAD + "requirements: {web: {from: 'r.example/web:^1', versions: '1'}}\n", "versions twice"),
        (_HEAD + "requirements: {web: {from: r.example/web, tags: v1}}\n", "tags: 'v1' has no place for the version"),
        (_HEAD + "requirements: {web: {from: r.example/web, order: alphabetical}}\n", "order: 'alphabetical' is none"),
        (_HEAD + "requirements: {web: {from: r.example/web, versions: '^^'}}\n", "requirements.web: version range"),
        (_HEAD + "requirements: {web: 'r.example/Web'}\n", "requirements.web: .*cannot be part of a repository's name"),
        (_HEAD + "requirements: {'a b': r.example/web}\n", "cannot be a name"),
        ("name: web\n", "wanted.yaml: Chart.yaml: version is missing"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        _read(text)


_CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"


def test_the_dependencies_of_a_chart_are_requirements() -> None:
    found, chart = _read(
        _CHART + "dependencies:\n"
        '- {name: db, version: ">=0.9.0 <0.10.0", repository: "oci://r.example/charts/", alias: store}\n'
        '- {name: cache, version: "1.2.0", repository: "oci://r.example/charts"}\n'
    )
    assert [(item.name, item.source, item.allowed.text) for item in found] == [
        ("store", "oci://r.example/charts/db", ">=0.9.0 <0.10.0"),
        ("cache", "oci://r.example/charts/cache", "1.2.0"),
    ]
    assert chart is not None
    assert chart.names == ("store", "cache")
    assert chart.dependencies[0]["alias"] == "store"


def test_an_old_chart_has_its_dependencies_beside_it() -> None:
    beside = {"requirements.yaml": b'dependencies: [{name: db, version: "1", repository: "oci://r.example/c"}]'}
    found, _ = _read("name: web\nversion: 1.0.0\n", beside.get)
    assert [item.source for item in found] == ["oci://r.example/c/db"]


def test_dependencies_from_elsewhere_are_named() -> None:
    with pytest.raises(DeclarationError, match=r"dependency db: .* is no registry"):
        _read(_CHART + 'dependencies: [{name: db, version: "1", repository: "https://charts.example"}]\n')
    with pytest.raises(DeclarationError, match="dependency db: version range"):
        _read(_CHART + 'dependencies: [{name: db, version: "^^", repository: "oci://r.example/c"}]\n')


def test_what_is_locked_is_wanted_as_it_was() -> None:
    pin = Pin("sha256:" + "0" * 64)
    lock = Lock.of(
        [
            Locked("a", "oci://r.example/a", "^1", "1.2.0", "v1.2.0", pin),
            Locked("b", "oci://r.example/b", "*", "1.2.0+x", "b-1.2.0_x", pin),
            Locked("c", "oci://r.example/c", "", "1.0.0", "1.0.0", pin),
        ]
    )
    assert [(item.name, item.source, item.allowed.text, item.form) for item in from_lock(lock)] == [
        ("a", "oci://r.example/a", "^1", "v{version}"),
        ("b", "oci://r.example/b", "*", "b-{version}"),
        ("c", "oci://r.example/c", "", "{version}"),
    ]


def test_one_name_stands_for_one_requirement() -> None:
    one, other = from_text("r.example/a/web:^1"), from_text("r.example/b/web:^1")
    assert merged([[one], [one]]) == [one]
    with pytest.raises(DeclarationError, match=r"two requirements are called web: .*/a/web and .*/b/web"):
        merged([[one], [other]])
