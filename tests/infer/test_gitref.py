from judged import facts_of
from relgraph.git.memory import MemoryRepository
from relgraph.infer.gitref import Located, Locator, RefKind, nearest_tags, unescape, version_in_ref
from relgraph.model.repository import Tag
from relgraph.model.version import parse_version
from relgraph.rules.rule import Commit


def tags(*names: str) -> tuple[Tag, ...]:
    return tuple(Tag(name, "c" * 40, number, parse_version(name.rpartition("/")[2])) for number, name in enumerate(names))


def nearest(version: str, *names: str) -> tuple[str, ...]:
    parsed = parse_version(version)
    assert parsed is not None
    return nearest_tags(parsed, tags(*names))


def test_the_same_version_in_another_spelling_is_nearest() -> None:
    assert nearest("0.3.0", "v0.2.0", "v0.3.0", "v0.3.1") == ("v0.3.0",)


def test_prereleases_of_a_version_are_near_to_it_newest_first() -> None:
    assert nearest("v0.3.0", "v0.2.0", "v0.3.0-rc.2", "v0.3.0-rc.10") == ("v0.3.0-rc.10", "v0.3.0-rc.2")


def test_a_forgotten_first_number_is_found() -> None:
    assert nearest("v23.0", "v0.22.0", "v0.23.0", "v0.24.0") == ("v0.23.0",)


def test_else_the_neighbours_are_told() -> None:
    assert nearest("v0.5.0", "v0.4.0", "v0.4.9", "v0.6.0") == ("v0.4.9", "v0.6.0")


def test_a_prefix_makes_a_version_only_where_tags_have_it() -> None:
    assert version_in_ref("release-1.2", tags("v1.2.0")) is None
    assert version_in_ref("chart-1.2.0", tags("chart-1.1.0")) == parse_version("1.2.0")
    assert version_in_ref("v1.2", ()) == parse_version("v1.2")
    assert version_in_ref("main", tags("v1.2.0")) is None


def test_percent_encoding_is_undone_byte_by_byte() -> None:
    assert unescape("docs/a%20b/%C3%A9.md") == "docs/a b/é.md"
    assert unescape("100%") == "100%"


def located(url: str, *commits: Commit) -> Located | None:
    facts = facts_of((*commits, Commit({"README.md": f"see {url} there\n", "docs/a b.md": ""}, branches=("topic/one",))))
    subject = facts.world.targets[0]
    (site,) = (site for site in subject.sites if site.kind == "git")
    return Locator(facts).locate(subject, site)


def test_a_tag_is_found_before_a_branch_of_the_same_name() -> None:
    found = located(
        "https://github.com/example/platform/blob/v1.0.0/x.md", Commit({"x.md": ""}, tags=("v1.0.0",), branches=("v1.0.0",))
    )
    assert found is not None
    assert (found.kind, found.ref, found.path) == (RefKind.TAG, "v1.0.0", "x.md")


def test_a_branch_with_a_slash_takes_its_part_of_the_path() -> None:
    found = located("https://github.com/example/platform/blob/topic/one/docs/a%20b.md#top")
    assert found is not None
    assert (found.kind, found.ref, found.path) == (RefKind.BRANCH, "topic/one", "docs/a b.md")


def test_a_commit_may_be_shortened() -> None:
    commit = Commit({"x.md": ""})
    first = MemoryRepository((commit,)).tree("HEAD")
    assert first is not None
    found = located(f"https://github.com/example/platform/blob/{first.rev[:10]}/x.md", commit)
    assert found is not None
    assert found.kind is RefKind.COMMIT


def test_an_old_name_of_the_default_branch_leads_to_it_but_for_raw_content() -> None:
    page = located("https://github.com/example/platform/blob/master/x.md")
    raw = located("https://raw.githubusercontent.com/example/platform/master/x.md")
    assert page is not None
    assert raw is not None
    assert (page.kind, raw.kind) == (RefKind.BRANCH, RefKind.MISSING)


def test_what_is_left_open_is_judged_as_far_as_it_is_written() -> None:
    found = located("https://github.com/example/platform/blob/main/docs/{name}/x.md")
    assert found is not None
    assert found.path == "docs"


def test_repositories_of_others_are_not_judged() -> None:
    assert located("https://github.com/acme/other/blob/v9/x.md") is None
