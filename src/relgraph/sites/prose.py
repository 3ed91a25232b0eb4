"""Versions in sentences: only those that the words around them tie to a name."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.sites.build import extra_of
from relgraph.sites.mangle import unmangle
from relgraph.syntax.text import Text

__all__ = ["prose_sites"]

# From the first dot of a number on; its first digits are found backwards, which lets the search run at the speed of a literal.
_NUMBER = re.compile(
    r"\.(?<=[0-9]\.)[0-9]+(?:\.[0-9]+){0,2}(?:-?(?:alpha|beta|rc|pre|dev)[.-]?[0-9]*(?:\.[0-9]+)*)?(?P<any>\.[xX*](?!\w))?(?![\w/%@]|-[A-Za-z0-9]|\.\d)"
)
_HEAD = re.compile(r"[0-9]{1,5}(?:v|V|og(?![\w]))?")  # reversed
_LINK = re.compile(r"!?\[(?P<text>[^\[\]\n]*)\](?:\([^()\n]*\)|\[[^\]\n]*\])|\]\([^()\n]*\)|</?[A-Za-z]\w*[^<>\n]{0,80}>")
_EMPHASIS = re.compile(r"[*`_\"'“”\[\]](?=\S)|(?<=\S)[*`_\"'“”\[\]]")
_WORD = r"[A-Za-z][A-Za-z0-9]*(?:[.+-][A-Za-z0-9]+)*"
_OPERATOR = re.compile(r"(?P<op>>=|=>|<=|==|~=|>|<|≥|≤|~|\^)[ ]*\Z")
_BEFORE = re.compile(
    rf"(?P<name>(?:GNU )?{_WORD}(?: (?:CLI|SDK|Operator|Controller|Make|Linux|Add-on|Server|Compose|Manager))?)(?: ?\((?P<also>[\w -]{{1,30}})\)(?=[ :]))?,?"
    r"(?P<word> (?:versions?|releases?|ver\.?)| v\.?)?(?P<is>:| is| =| (?:higher|later|newer|greater|older|lower|no older|at least) than| at least)?[ (]*\Z",
)
_OF_NAME = re.compile(rf"[ ]*(?:,? (?:or|and) (?:higher|later|newer|above|greater|up))?,? (?:of|for) (?:the )?(?P<name>{_WORD})")
_LATEST = re.compile(
    r"\b(?:latest|current|newest|most recent)(?: \w+)? (?:release|version)(?: of (?P<name>[\w.-]+))? is:?[ ]*\Z", re.IGNORECASE
)
_BETWEEN = re.compile(r"(?:between|from) (?:version )?\Z")
_BETWEEN_AND = re.compile(r"(?P<head>.*?)(?:between|from) (?:version )?[vV]?\d[\w.]* (?:and|to) (?:version )?\Z")
_LOWER = re.compile(r"(?P<head>.*?)[vV]?\d[\w.]*[*` ]*<=?[ ]*(?:versions?|v)[*` ]*\Z")
_MINIMUM_AFTER = re.compile(
    r"[ ]?\+|[,(]? ?\(?(?:and|or) (?:up\b|above|later|higher|newer|greater|more recent|any (?:later|newer))|[ ]*\(?(?:minimum|min\.)| ?(?:<=|<) (?:version|v)\b",
    re.IGNORECASE,
)
_MINIMUM_BEFORE = re.compile(
    r"\b(?:at least|minimum|min\.?|no older than|newer than|higher than|later than|greater than|above|starting (?:with|from)|since|requires?)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:tested|worked|works|verified|e\.g\.|for example|such as|example|was|were|first|introduced|removed|added|deprecated|dropped|"
    r"fixed|broken|until|prior|before|older|previous|used to|previously|as of|point-in-time|tried|observed|seen)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"[ ]?(?:%|[KMGTP]i?[Bb]\b|[kmµun]?s\b|x\b|[GM]Hz|v?CPUs?\b|cores?\b|(?:milli)?seconds?\b|minutes?\b|hours?\b|days?\b|years?\b|times\b|million|points?\b|px\b|cm\b|°)"
)
_NO_NAME = frozenset(
    """a an the this that these those any each every all some no new latest current previous older newer minimum maximum target api schema document
    language which our its your their with of to in for from on at by as is are was were be been than then until before after since under over
    semver semantic specific release releases version versions tag tags branch supported same chart image app application appversion
    file package section chapter figure table step steps part item appendix page level layer phase stage option line lines about approximately
    and or not only least up via using use uses used run runs install installs installed installing upgrade upgrades upgrading update updates
    download requires require required needs need see also if when where while january february march april may june july august september
    october november december jan feb mar apr jun jul aug sep sept oct nov dec monday v vs rev revision commit pr issue issues bug
    public private stable beta alpha regular major minor patch old first second third last next initial software hardware compatible
    python-version score rating price total average mean ratio factor weight size count number value rate timeout roughly around
    build exact given named called e.g i.e note example default pre-release prerelease candidate port address ip host id licensed
    have has had having get gets got getting change changes changed use-case support supports supporting want wants work works working
    test tests testing try tries set sets make makes must should may can could will would might it he she they we you i them us me him her
    cut bumped bump release-notes move moved now still then there here what how why who whose into onto per plus minus between through
    license licence licenses covenant copyright creative commons public domain""".split()
)
#: Protocols, standards and licences: their numbers are names, not versions that anybody bumps.
_STANDARDS = frozenset(
    """apache http https tls ssl ssh ipv ip tcp udp oauth openid oidc saml xml html css json yaml toml unicode utf iso rfc ieee wcag usb
    bluetooth gpl lgpl agpl mpl bsd cc by by-sa by-nc-sa cc-by epl semver versioning changelog openapi swagger spdx cyclonedx slsa cvss
    ecmascript posix sql ansi c++ opengl vulkan wifi pci sata hdmi mit dco covenant conduct""".split()
)
_TOOLCHAINS = {
    "go": "go", "golang": "go", "python": "python", "cpython": "python", "node": "node", "node.js": "node", "nodejs": "node",
    "rust": "rust", "rustc": "rust", "java": "java", "jdk": "java", "openjdk": "java", "ruby": "ruby",
}  # fmt: skip
_REACH = 240
_NEAR = 110


def prose_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "", role: Role = Role.USES) -> Iterator[Site]:
    """The versions that sentences within ``text.text[start:end]`` tie to a name.

    ``KubeThing 1.2``, ``go version 1.21 or higher`` (MINIMUM), ``tool >= 0.20``, ``version 5.6.0 of tool``, ``between 0.27 and 1.0``.
    A name of a language yields a TOOLCHAIN, any other a VARIABLE of scope prose; what lies in the past is a MENTION.
    """
    source = text.text
    for match in _NUMBER.finditer(source, start, end):
        head = _HEAD.match(source[max(start, match.start() - 8) : match.start()][::-1])
        if head is None:
            continue
        begin = match.start() - head.end()
        if begin > start and (source[begin - 1].isalnum() or source[begin - 1] in "._/-@#$:=\\"):
            continue
        site = _judge(text, begin, match.end(), start, end, syntax, key, role)
        if site is not None:
            yield site


def _judge(text: Text, begin: int, stop: int, start: int, end: int, syntax: str, key: str, role: Role) -> Site | None:
    source = text.text
    raw = source[begin:stop]
    value = unmangle(raw)
    parsed = parse_version(value.removesuffix(".x").removesuffix(".X").removesuffix(".*"))
    if parsed is None or (len(parsed.release) == 4 and not parsed.prefix) or (1980 <= parsed.release[0] <= 2100):
        return None
    floor = max(source.rfind("\n", start, begin) + 1, start, begin - _REACH)
    written = source[floor:begin].rstrip(" \t*_`\"'“([")
    # What ties a number to a name ends in a word, a link or an operator; anything else is told at once.
    if not written or not (written[-1].isalnum() or written[-1] in ")>]=<~^:≥≤"):
        return None
    if "](" not in written:
        written = written[-_NEAR:]
    before = _cleaned(written) + " "
    after = source[stop : min(end, stop + 80)].partition("\n")[0]
    if _UNIT.match(after):
        return None
    after = _cleaned(after.lstrip("`*_\"'”)"))
    bound = ""
    if (between := _BETWEEN_AND.match(before)) is not None:
        before, bound = between["head"].rstrip() + " ", "upper"
    elif (between := _BETWEEN.search(before)) is not None:
        before, bound = before[: between.start()].rstrip() + " ", "lower"
    operator = _OPERATOR.search(before)
    if operator is not None:
        before = before[: operator.start()].rstrip() + " "
        bound = "upper" if operator["op"] in ("<", "<=", "≤") else "lower" if operator["op"] in (">=", ">", "≥", "=>") else bound
    if bound == "upper" and (lower := _LOWER.match(before)) is not None:
        before = lower["head"].rstrip() + " "  # 0.10 <= version < 0.11
    name = _name(before, after, marked=bool(parsed.prefix) or operator is not None or bool(bound), written=written)
    if not name:
        return None
    lowest = bound == "lower" or (not bound and (_MINIMUM_AFTER.match(after) or _MINIMUM_BEFORE.search(before[-45:])))
    if role is Role.USES:
        if lowest:
            role = Role.MINIMUM
        elif _PAST.search(before) or bound == "upper":
            role = Role.MENTION
    toolchain = "go" if raw.startswith("go") else _TOOLCHAINS.get(name.lower())
    pin = Pin.RANGE if value.endswith((".x", ".X", ".*")) else Pin.EXACT
    return Site(
        text.path, text.span(begin, stop), Kind.TOOLCHAIN if toolchain else Kind.VARIABLE, toolchain or name, Part.VERSION, raw, value, pin,
        role, key, syntax, extra_of(scope="prose", bound=bound if bound == "upper" else ""),
    )  # fmt: skip


def _name(before: str, after: str, *, marked: bool, written: str) -> str:
    """The name that the words before or after tie the version to, or the empty string."""
    if (latest := _LATEST.search(before)) is not None:
        return latest["name"] or "latest release"
    match = _BEFORE.search(before)
    said = match is not None and match["word"] is not None and not match["word"].strip().startswith("v")
    if match is None or not _is_name(match["name"]):
        # "version 5.6.0 of tool": the name follows. Then something must have said that it is a version.
        if (match is not None and (said or match["name"].lower() in ("version", "release"))) or before.rstrip().lower().endswith(
            ("version", "release")
        ):
            of = _OF_NAME.match(after)
            if of is not None and _is_name(of["name"]):
                return of["name"]
        return ""
    name = match["name"]
    if match["is"] == " is" and not said:
        return ""
    if said or marked or match["word"]:
        return name
    # Bare "name 1.2": only where the writer sets the name off, by a capital or by markup.
    first = name.partition(" ")[0]
    if (
        first[0].isupper()
        or any(char.isupper() for char in first[1:])
        or f"`{name}`" in written
        or f"**{name}**" in written
        or f"[{name}]" in written
    ):
        return name
    return ""


def _is_name(word: str) -> bool:
    lowered = word.lower()
    if word == lowered and word.endswith(("ing", "ed")):
        return False  # a verb
    first = lowered.partition(" ")[0]
    return (
        len(word) > 1
        and first not in _NO_NAME
        and first not in _STANDARDS
        and lowered.rpartition("-")[2] not in ("version", "versions")
    )


def _cleaned(written: str) -> str:
    """The text without the markup of Markdown."""
    return _EMPHASIS.sub("", _LINK.sub(lambda match: match["text"] or "", written))
