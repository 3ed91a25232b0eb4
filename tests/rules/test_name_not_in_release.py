"""Names that the release in use does not have."""

from judged import findings
from relgraph.model.finding import Finding, Severity
from relgraph.rules.name_not_in_release import RULE
from relgraph.rules.rule import Commit

OWN = {"go.mod": "module github.com/example/platform\n", "chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.0.0\n"}
INSTALL = "helm install web oci://ghcr.io/example/platform/web-chart --version {}\n"


def job(name: str, kind: str = "Job") -> str:
    return f"kind: {kind}\nmetadata:\n  name: {name}\n"


def said(files: dict[str, str], *, before: dict[str, str] | None = None) -> list[Finding]:
    released = Commit({**OWN, "chart/templates/job.yaml": job("prepare-everything"), **(before or {})}, tags=("v0.1.0",))
    return findings(RULE, (released, Commit({**OWN, "chart/templates/job.yaml": job("prepare-hub"), **files})))


def test_a_script_waits_for_what_only_the_next_release_has() -> None:
    script = "#!/bin/sh\nversion=0.1.0\nhelm install web oci://ghcr.io/example/platform/web-chart --version $version\n"
    wait = "kubectl wait job.batch/{} --for condition=Complete\n"
    (found,) = said({"scripts/demo.sh": script + wait.format("prepare-hub")})
    assert (found.severity, found.actual, found.expected) == (Severity.ERROR, "prepare-hub", "prepare-everything")
    assert said({"scripts/demo.sh": script + wait.format("prepare-everything")}) == []


def test_who_knows_both_names_knows_the_difference() -> None:
    script = INSTALL.format("0.1.0") + "kubectl wait job/prepare-hub || kubectl wait job/prepare-everything\n"
    assert said({"scripts/demo.sh": "#!/bin/sh\n" + script}) == []


def test_a_name_that_is_created_here_need_not_be_there() -> None:
    assert said({"scripts/demo.sh": "#!/bin/sh\n" + INSTALL.format("0.1.0") + "kubectl create job prepare-hub\n"}) == []


def test_a_file_with_another_version_is_not_judged() -> None:
    for other in ("0.2.0", "$VERSION"):
        script = "#!/bin/sh\n" + INSTALL.format("0.1.0") + INSTALL.format(other) + "kubectl wait job/prepare-hub\n"
        assert said({"scripts/demo.sh": script}) == []


def test_what_the_file_named_at_the_release_already_was_there_somehow() -> None:
    script = "#!/bin/sh\n" + INSTALL.format("0.1.0") + "kubectl wait job/prepare-hub\n"
    assert said({"scripts/demo.sh": script}, before={"scripts/demo.sh": script}) == []


def test_namespaces_are_made_by_anybody() -> None:
    script = "#!/bin/sh\n" + INSTALL.format("0.1.0") + "kubectl get pods -n web-system\n"
    assert said({"scripts/demo.sh": script, "chart/templates/ns.yaml": job("web-system", "Namespace")}) == []
