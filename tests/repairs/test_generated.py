"""Files that a program writes, and the program that writes them: other versions, other sources."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from repairs import WARNING, Repair, Told, check, text

NAME = "acme/orchard"
# A generator that is cloned at a tag of its own, beside the libraries whose types it writes code for.
CLONED = text("""
    TOOLS_DIR := $(CURDIR)/hack/tools
    CODE_GEN_VER := {}
    CODE_GEN_DIR := $(TOOLS_DIR)/code-generator-$(CODE_GEN_VER)
    export CODE_GEN_DIR

    $(CODE_GEN_DIR):
    \tgit clone -b $(CODE_GEN_VER) --depth 1 {} $(CODE_GEN_DIR)

    .PHONY: clients
    clients: $(CODE_GEN_DIR)
    \t./hack/clients.sh
""")
SCRIPT = {"hack/clients.sh": '#!/bin/sh\nexec "$CODE_GEN_DIR/generate.sh" ./api\n'}
INSTALLED = text("""
    LOCALBIN ?= $(shell pwd)/bin
    CONTROLLER_GEN ?= $(LOCALBIN)/controller-gen
    CONTROLLER_TOOLS_VERSION ?= {}

    .PHONY: manifests
    manifests: controller-gen
    \t$(CONTROLLER_GEN) crd paths="./api/..." output:crd:artifacts:config=config/crd/bases

    .PHONY: controller-gen
    controller-gen: $(CONTROLLER_GEN)
    $(CONTROLLER_GEN):
    \tmkdir -p $(LOCALBIN)
    \ttest -s $(LOCALBIN)/controller-gen || GOBIN=$(LOCALBIN) go install sigs.k8s.io/controller-tools/cmd/controller-gen@$(CONTROLLER_TOOLS_VERSION)
""")
CRD = text("""
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata:
      annotations:
        controller-gen.kubebuilder.io/version: {version}
      name: {plural}.orchard.acme.example
    spec:
      group: orchard.acme.example
      names:
        kind: Thing
        plural: {plural}
""")


def library(version: str, *, generator: bool = True) -> str:
    names = ["api", "apimachinery", "apiserver", "client-go", *(["code-generator"] if generator else [])]
    required = "".join(f"\tk8s.io/{name} {version}\n" for name in names)
    return f"module github.com/acme/orchard\n\ngo 1.22\n\nrequire (\n{required})\n"


# The library was raised, its own generator was not: once by a minor version, once by two patches.
@pytest.mark.parametrize(("stale", "required"), [("v0.28.2", "v0.29.10"), ("v0.30.12", "v0.30.14")])
def test_a_generator_that_is_also_a_library(tmp_path: Path, stale: str, required: str) -> None:
    url = "https://github.com/kubernetes/code-generator.git"
    before, after = ({"go.mod": library(required), "Makefile": CLONED.format(of, url), **SCRIPT} for of in (stale, required))
    check(tmp_path, Repair(Commit(before), Commit(after), name=NAME), Told("RG101", "Makefile", stale, required, WARNING))


# The generator is no library of the module, but released with the libraries that are.
def test_a_generator_of_a_family_of_libraries(tmp_path: Path) -> None:
    url = "https://github.com/kubernetes/code-generator.git"
    before, after = (
        {"go.mod": library("v0.30.14", generator=False), "Makefile": CLONED.format(of, url), **SCRIPT}
        for of in ("v0.30.12", "v0.30.14")
    )
    check(tmp_path, Repair(Commit(before), Commit(after), name=NAME), Told("RG104", "Makefile", "v0.30.12", "v0.30.14", WARNING))


def test_a_family_of_another_project(tmp_path: Path) -> None:
    required = "".join(f"\tlibs.acme.example/{name} v1.8.2\n" for name in ("roots", "stems", "leaves"))
    module = f"module github.com/acme/orchard\n\ngo 1.22\n\nrequire (\n{required})\n"
    installs = "#!/bin/sh\nset -e\ngo install libs.acme.example/grafter@{}\n"
    before, after = ({"go.mod": module, "hack/install-grafter.sh": installs.format(of)} for of in ("v1.7.0", "v1.8.2"))
    check(
        tmp_path,
        Repair(Commit(before), Commit(after), name=NAME),
        Told("RG104", "hack/install-grafter.sh", "v1.7.0", "v1.8.2", WARNING),
    )


# Links in the descriptions of an API go into the library at a version; the generated copies kept the version before.
def test_generated_copies_of_a_description_that_was_raised(tmp_path: Path) -> None:
    link = "https://github.com/kubernetes/apiserver/blob/{}/pkg/cel/schemas.go#L40"

    def tree(generator: str, copy: str) -> dict[str, str]:
        return {
            "go.mod": library("v0.29.10"),
            "Makefile": CLONED.format(generator, "https://github.com/kubernetes/code-generator.git"),
            **SCRIPT,
            "api/v1alpha1/types.go": f"package v1alpha1\n\n// Types follow {link.format('v0.29.10')} closely.\ntype Thing struct{{}}\n",
            "config/crd/bases/things.yaml": CRD.format(version="v0.15.0", plural="things")
            + f"  description: |-\n    Types follow {link.format(copy)} closely.\n",
        }

    check(
        tmp_path,
        Repair(Commit(tree("v0.28.2", "v0.28.2")), Commit(tree("v0.29.10", "v0.29.10")), name=NAME),
        Told("RG101", "Makefile", "v0.28.2", "v0.29.10", WARNING),
        Told("RG101", "config/crd/bases/things.yaml", "v0.28.2", "v0.29.10", WARNING),
    )


# The Makefile's generator was raised; what it had made was not made again.
def test_generated_manifests_of_an_older_generator(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        manifests = {
            f"config/crd/bases/{plural}.yaml": CRD.format(version=version, plural=plural) for plural in ("things", "thingsets")
        }
        return {"go.mod": "module github.com/acme/orchard\n\ngo 1.24.0\n", "Makefile": INSTALLED.format("v0.17.3"), **manifests}

    check(
        tmp_path,
        Repair(Commit(tree("v0.15.0")), Commit(tree("v0.17.3")), name=NAME),
        Told("RG105", "config/crd/bases/things.yaml", "v0.15.0", "v0.17.3", WARNING),
        Told("RG105", "config/crd/bases/thingsets.yaml", "v0.15.0", "v0.17.3", WARNING),
    )


def test_generated_program_text_of_an_older_generator(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        return {
            "hack/generate.sh": "#!/bin/sh\nset -e\ngo install example.com/acme/grafter/cmd/grafter-gen@v2.4.0\ngrafter-gen ./api\n",
            "api/zz_generated.go": f"// Code generated by grafter-gen {version}. DO NOT EDIT.\n\npackage api\n",
        }

    check(
        tmp_path,
        Repair(Commit(tree("v2.1.0")), Commit(tree("v2.4.0")), name=NAME),
        Told("RG105", "api/zz_generated.go", "v2.1.0", "v2.4.0", WARNING),
    )


# The generator is a library of the module, and run without a version of its own: go.mod says which one it is.
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("Makefile", "manifests:\n\tgo run sigs.k8s.io/controller-tools/cmd/controller-gen crd paths=./api/...\n"),
        ("hack/tools.go", '//go:build tools\n\npackage tools\n\nimport _ "sigs.k8s.io/controller-tools/cmd/controller-gen"\n'),
        ("hack/generate.sh", "#!/bin/sh\ngo build -o bin/gen sigs.k8s.io/controller-tools/cmd/controller-gen\nbin/gen crd\n"),
    ],
)
def test_a_generator_that_the_module_requires(tmp_path: Path, path: str, content: str) -> None:
    def tree(version: str) -> dict[str, str]:
        module = "module github.com/acme/orchard\n\ngo 1.22\n\nrequire sigs.k8s.io/controller-tools v0.17.3\n"
        return {"go.mod": module, path: content, "chart/crds/things.yaml": CRD.format(version=version, plural="things")}

    check(
        tmp_path,
        Repair(Commit(tree("v0.15.0")), Commit(tree("v0.17.3")), name=NAME),
        Told("RG105", "chart/crds/things.yaml", "v0.15.0", "v0.17.3", WARNING),
    )


DERIVE = text("""
    IMG ?= ghcr.io/acme/orchard/manager:dev

    .PHONY: chart
    chart: kustomize
    \tcd config/manager && $(KUSTOMIZE) edit set image manager=$(IMG)
    \t$(KUSTOMIZE) build config/default > chart/templates/operator.yaml
""")
PROXY = text("""
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: orchard-manager
    spec:
      template:
        spec:
          containers:
          - name: proxy
            image: {}
""")


def derived(source: str, copy: str) -> dict[str, str]:
    return {
        "Makefile": DERIVE,
        "config/default/kustomization.yaml": "resources:\n- ../manager\npatches:\n- path: proxy_patch.yaml\n",
        "config/default/proxy_patch.yaml": PROXY.format(source),
        "config/manager/kustomization.yaml": "resources:\n- manager.yaml\n",
        "config/manager/manager.yaml": PROXY.replace("proxy", "manager").format("manager:latest"),
        "chart/Chart.yaml": "apiVersion: v2\nname: orchard\nversion: 0.1.0\nappVersion: 0.1.0\n",
        "chart/templates/operator.yaml": PROXY.format(copy),
    }


# A security fix went into the derived file only, with a move to another registry; the next release derived the old one again.
def test_only_the_derived_file_was_raised(tmp_path: Path) -> None:
    old, new = "gcr.io/others/rbac-proxy:v0.13.1", "quay.io/others/rbac-proxy:v0.18.0"
    check(
        tmp_path,
        Repair(Commit(derived(old, new)), Commit(derived(new, new)), name=NAME),
        Told("RG106", "config/default/proxy_patch.yaml", "v0.13.1", "v0.18.0"),
    )


def test_only_the_source_was_raised(tmp_path: Path) -> None:
    old, new = "quay.io/others/rbac-proxy:v0.18.0", "quay.io/others/rbac-proxy:v0.20.2"
    check(
        tmp_path,
        Repair(Commit(derived(new, old)), Commit(derived(new, new)), name=NAME),
        Told("RG106", "chart/templates/operator.yaml", "v0.18.0", "v0.20.2"),
    )
