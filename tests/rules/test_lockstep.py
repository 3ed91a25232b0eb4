"""Families of libraries, and the program that they belong to."""

import pytest

from judged import of_files
from relgraph.rules.lockstep import RULE

GO_MOD = (
    "module github.com/example/platform\n\ngo 1.22\n\nrequire (\n\tk8s.io/api v0.21.3\n\tk8s.io/apimachinery v0.21.3\n"
    "\tk8s.io/client-go v0.21.3\n\t{}\n)\n"
)


def test_the_program_is_behind_its_libraries() -> None:
    (found,) = of_files(RULE, {"go.mod": GO_MOD.format("k8s.io/kubernetes v1.20.6")})
    assert (found.actual, found.expected) == ("v1.20.6", "v1.21.3")


@pytest.mark.parametrize("member", ["k8s.io/kubernetes v1.21.3", "k8s.io/klog/v2 v2.20.1", "k8s.io/utils v1.20.6"])
def test_members_that_agree_or_count_for_themselves(member: str) -> None:
    assert of_files(RULE, {"go.mod": GO_MOD.format(member)}) == []


def test_what_the_module_asks_for_leads_and_what_others_drag_in_does_not() -> None:
    dragged = "".join(
        f"\tk8s.io/{name} v0.21.2 // indirect\n" for name in ("apiserver", "cli-runtime", "component-base", "kubectl", "metrics")
    )
    assert of_files(RULE, {"go.mod": GO_MOD.format("k8s.io/klog/v2 v2.20.1") + f"\nrequire (\n{dragged})\n"}) == []


def test_a_replacement_behind_those_of_its_family() -> None:
    names = ("api", "apimachinery", "client-go", "kubectl")
    held = "".join(f"\tk8s.io/{name} => k8s.io/{name} v0.29.2\n" for name in names)
    held += "\tk8s.io/mount-utils => k8s.io/mount-utils v0.29.0\n\tk8s.io/utils => github.com/acme/utils v0.29.0\n"
    (found,) = of_files(RULE, {"go.mod": GO_MOD.format("k8s.io/klog/v2 v2.20.1") + f"\nreplace (\n{held})\n"})
    assert (found.actual, found.expected) == ("v0.29.0", "v0.29.2")
