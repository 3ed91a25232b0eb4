"""RG104: libraries that are released together are used at different versions."""

from collections import Counter
from collections.abc import Iterator

from relgraph.infer.consensus import comparable
from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Role
from relgraph.model.version import natural_key
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG104", "lockstep"
# So many members with one version make a family; fewer may be chance.
_QUORUM = 3
_HOSTS = frozenset(
    {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gopkg.in", "golang.org", "google.golang.org", "go.uber.org"}
)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        required: dict[str, list[Reference]] = {}
        held: dict[str, list[Reference]] = {}
        for one in facts.references:
            if (
                one.subject is subject
                and one.site.kind is Kind.MODULE
                and one.site.path.rpartition("/")[2] == "go.mod"
                and one.version is not None
                and not one.site.get("pseudo")
                and one.role is not PathRole.VENDORED
            ):
                replaced = one.site.get("replaces")
                if not replaced:
                    required.setdefault(one.site.path, []).append(one)
                elif replaced == one.site.name:
                    held.setdefault(one.site.path, []).append(one)
        for path, modules in sorted(required.items()):
            families = _families(modules)
            for owner, members in families.items():
                yield from _within(facts, owner, members)
                yield from _beside(facts, owner, members, path)
        # Modules that are held at a version by a replacement are chosen apart from what is required, whatever that says.
        for _, modules in sorted(held.items()):
            for owner, members in _families(modules).items():
                yield from _within(facts, owner, members)


def _families(required: list[Reference]) -> dict[str, list[Reference]]:
    """Families by the owner of their repositories (``github.com/kubernetes``), the leader first.

    A family is a project's own import domain (``k8s.io``), where at least a quorum of the modules, and most of those with the same
    major version, have one and the same version. Repositories that merely share an owner on a code host have numbers of their own.
    """
    by_domain: dict[str, list[Reference]] = {}
    for one in required:
        domain = one.site.name.partition("/")[0]
        if domain not in _HOSTS and "//" not in one.line:
            by_domain.setdefault(domain, []).append(one)
    found = {}
    for _, members in sorted(by_domain.items()):
        value, count, asked = _usual([one for one in members if not one.site.get("indirect")], members)
        lead = next(one for one in members if one.site.value == value)
        # A family shares its major version; klog v2 is not of the family of the libraries at v0.
        peers = [one for one in members if one.version and lead.version and one.version.release[0] == lead.version.release[0]]
        program = [one for one in members if _is_program(one, lead)]
        if count >= _QUORUM and count * 5 >= sum(one in peers for one in asked) * 3:
            found[lead.line.rpartition("/")[0]] = [lead, *(one for one in (*peers, *program) if one is not lead)]
    return found


def _usual(chosen: list[Reference], members: list[Reference]) -> tuple[str, int, list[Reference]]:
    """The version that most have, how many, and of whom: what the module itself asks for decides before what others drag in."""
    for some in (chosen, members):
        versions = Counter(one.site.value for one in some)
        value, count = min(versions.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
        if count >= _QUORUM or some is members:
            return value, count, some
    return "", 0, members


def _is_program(one: Reference, lead: Reference) -> bool:
    """Whether it is the program that the libraries belong to: named like their owner, at 1.X.Y where they are at 0.X.Y."""
    owner, _, name = one.line.rpartition("/")
    return bool(
        owner.endswith(f"/{name}") and one.version and lead.version and (one.version.release[0], lead.version.release[0]) == (1, 0)
    )


def _within(facts: Facts, owner: str, members: list[Reference]) -> Iterator[Finding]:
    lead, *others = members
    for one in others:
        if (
            one.site.get("indirect")
            or one.version is None
            or lead.version is None
            or one.version.release[1:] == lead.version.release[1:]
        ):
            continue
        # Unrelated repositories of one owner have numbers of their own; a straggler is a few releases off.
        if abs(one.version.release[1] - lead.version.release[1]) > 8:
            continue
        yield _finding(facts, one, lead, owner)


def _beside(facts: Facts, owner: str, members: list[Reference], module: str) -> Iterator[Finding]:
    lead = members[0]
    lines = {one.line for one in members}
    folder = module.rpartition("/")[0]
    for one in facts.references:
        if (
            one.subject is lead.subject
            and one.line not in lines
            and one.line.rpartition("/")[0] == owner
            and comparable(one)
            and one.site.path != module
            and one.site.path.startswith(folder)
            and one.role in (PathRole.BUILD, PathRole.ARTIFACT)
            and one.site.role in (Role.USES, Role.DEFAULT)
            and one.version is not None
            and lead.version is not None
            and one.version.complete
            and one.version.release[0] == lead.version.release[0]
            and natural_key(one.version) != natural_key(lead.version)
            and abs(one.version.release[1] - lead.version.release[1]) <= 8
        ):
            yield _finding(facts, one, lead, owner)


def _finding(facts: Facts, one: Reference, lead: Reference, owner: str) -> Finding:
    expected = lead.site.value
    if _is_program(one, lead) and one.version is not None and lead.version is not None:
        expected = f"{one.version.prefix}1.{lead.version.bare.partition('.')[2]}"
    return facts.finding(
        (_CODE, _NAME, Severity.WARNING),
        one.subject,
        one.site,
        f"{one.line.rpartition('/')[2]} is {one.site.value} while its family is at {lead.site.value}",
        expected=expected,
        actual=one.site.value,
        why=(
            *((one.evidence,) if one.evidence else ()),
            f"the modules of {owner.rpartition('/')[2]} in {lead.site.path} are released together, at {lead.site.value}",
        ),
        related=((lead.subject, lead.site),),
        fixable=True,
    )


_GO_MOD = (
    "module github.com/example/platform\n\ngo 1.22\n\nrequire (\n\tk8s.io/api v0.30.14\n\tk8s.io/apimachinery v0.30.14\n"
    "\tk8s.io/client-go v0.30.14\n)\n"
)
_MAKEFILE = "GEN_VER := {}\n\ngen:\n\tgit clone -b $(GEN_VER) --depth 1 https://github.com/kubernetes/code-generator.git gen\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a member of a family of libraries has another version than the family",
    """
    Some libraries are cut from one release: three or more modules of one owner with one and the same version in go.mod are
    such a family. A member at another version, in go.mod or beside it (a generator that is cloned or installed), makes code
    for other types than the ones that are compiled.

    So it is among the modules that `replace` holds at a version of themselves.

    What to do: move the member to the family's version, all in one commit.
    """,
    _check,
    failing=(Example((Commit({"go.mod": _GO_MOD, "Makefile": _MAKEFILE.format("v0.30.12")}),)),),
    passing=(Example((Commit({"go.mod": _GO_MOD, "Makefile": _MAKEFILE.format("v0.30.14")}),)),),
)
