"""Which repository is which: addresses that nothing but a repository's own files tell."""

from judged import subject_of
from relgraph.git.memory import MemoryRepository
from relgraph.infer.identity import Identity
from relgraph.model.example import Commit
from relgraph.model.world import World
from relgraph.reading import read_subject


def known(files: dict[str, str], *, addresses: tuple[str, ...] = ()) -> set[str]:
    repository = MemoryRepository((Commit(files),), addresses=addresses)
    tree = repository.tree("HEAD")
    assert tree is not None
    return set(Identity(World((read_subject(repository, tree),))).known)


LINKS = "".join(f"https://github.com/acme/platform/blob/main/docs/{name}.md\n" for name in "abc")


def test_the_module_path_tells_the_address() -> None:
    assert known({"go.mod": "module github.com/elder/platform\n"}) == {"github.com/elder/platform"}


def test_a_repository_that_moved_has_both_addresses() -> None:
    files = {"go.mod": "module github.com/elder/platform\n", "README.md": LINKS}
    assert known(files) == {"github.com/elder/platform", "github.com/acme/platform"}


def test_forks_that_are_named_once_are_others() -> None:
    files = {"go.mod": "module github.com/elder/platform\n", "README.md": "https://github.com/acme/platform/blob/main/a.md\n"}
    assert known(files) == {"github.com/elder/platform"}


def test_a_remote_says_all() -> None:
    files = {"go.mod": "module github.com/elder/platform\n", "README.md": LINKS}
    assert "github.com/acme/platform" not in known(files, addresses=("github.com/elder/platform",))


def test_a_variable_that_is_given_to_a_script() -> None:
    lines = (
        "- run `curl -s https://raw.githubusercontent.com/acme/tool/main/install.sh | TAG=v3.0.0-rc.7 bash`\n"
        "- run `TAG=v1.0.0 make`\n"
    )
    subject = subject_of((Commit({"README.md": lines}),))
    identity = Identity(World((subject,)))
    found = {site.value: identity.line(subject, site).name for site in subject.sites if site.name == "TAG"}
    assert found["v3.0.0-rc.7"] == "github.com/acme/tool"
    assert found.get("v1.0.0", "variable:").startswith("variable:")


def test_a_chart_of_somebody_else_s_program_in_the_tree() -> None:
    def line_of(version: str) -> str:
        files = {
            "go.mod": "module github.com/example/platform\n",
            "charts/lantern/Chart.yaml": f"apiVersion: v2\nname: lantern\nversion: {version}\n",
            "deploy/pod.yaml": f"kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/lantern:{version}\n",
        }
        subject = subject_of((Commit(files, ("v1.44.0",)), Commit(files | {"n": "2"})))
        identity = Identity(World((subject,)))
        return next(identity.line(subject, site).name for site in subject.sites if site.name == "ghcr.io/acme/lantern")

    assert line_of("6.1.3") == "image:ghcr.io/acme/lantern"
    assert line_of("1.44.0") == "github.com/example/platform"
