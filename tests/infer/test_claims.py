"""Repositories that claim one name: clones, forks, modules below another's path."""

from itertools import permutations

import pytest

from judged import subject_of
from relgraph.infer.identity import Identity
from relgraph.model.example import Commit
from relgraph.model.world import Subject, World


def repository(name: str, module: str, *tags: str) -> Subject:
    return subject_of((Commit({"go.mod": f"module {module}\n"}, tags),), name=name)


def test_a_fork_does_not_take_the_place_of_what_it_is_a_fork_of() -> None:
    engine = repository("engine", "github.com/example/engine", "v1.2.3")
    fork = repository("my-engine", "github.com/example/engine")
    user = subject_of(
        (Commit({"go.mod": "module github.com/example/platform\n\nrequire github.com/example/engine v1.2.3\n"}),), name="platform"
    )
    (site,) = (site for site in user.sites if site.name == "github.com/example/engine")
    for one, two, three in permutations((engine, fork, user)):
        identity = Identity(World((one,), (two, three)))
        assert identity.line(user, site).name == "github.com/example/engine"
        assert identity.known["github.com/example/engine"] is engine
        assert identity.modules["github.com/example/engine"] == "github.com/example/engine"


def test_of_two_clones_the_judged_one_counts() -> None:
    judged, lent = (subject_of((Commit({"a": "a"}, (tag,)),), name="engine") for tag in ("v1.0.0", "v2.0.0"))
    assert Identity(World((judged,), (lent,))).known["github.com/example/engine"] is judged
    assert Identity(World((lent,), (judged,))).known["github.com/example/engine"] is lent


@pytest.mark.parametrize("turned", [False, True])
def test_a_module_below_the_path_of_another_is_its_own(turned: bool) -> None:
    outer, inner = repository("tools", "example.com/tools"), repository("lint", "example.com/tools/lint")
    user = subject_of((Commit({"go.mod": "module x\n\nrequire example.com/tools/lint v1.0.0\n"}),), name="platform")
    (site,) = (site for site in user.sites if site.name == "example.com/tools/lint")
    siblings = (inner, outer) if turned else (outer, inner)
    assert Identity(World((user,), siblings)).line(user, site).name == "github.com/example/lint"
