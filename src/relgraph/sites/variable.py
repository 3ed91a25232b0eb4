"""Sites of variables: a value under a name, in whatever syntax the two are written."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import IMAGE, extra_of, image_sites, pin_of, template_of
from relgraph.sites.mangle import looks_like_version, named_for_version, unmangle
from relgraph.syntax.text import Text

__all__ = ["part_of_name", "says_image", "value_sites"]

_IMAGE_LITERAL = re.compile(
    r"(?:[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost(?::\d+)?)/[\w./-]*\w(?::\w[\w.-]*(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)
_SHORT_IMAGE = re.compile(r"[a-z0-9][\w.-]*(?:/[a-z0-9][\w.-]*)*:[\w][\w.-]*\.[\w.-]*(?:@sha256:[0-9a-f]{64})?")
_IMAGE_NAME = re.compile(r"(?:^|_)(?:IMG|IMAGE)(?:_|$)|[a-z](?:Img|Image)$|(?:^|_)(?:img|image)$")
_NOT_IMAGE_NAME = re.compile(r"TAG$|NAME$|REPO(?:SITORY)?$|REGISTRY$|VERSION$|DIR$|LIST$", re.IGNORECASE)
_MINIMUM = re.compile(r"(?:.*_)?MIN(?:IMUM|IMAL)?(?:_|$)", re.IGNORECASE)
_MAXIMUM = re.compile(r"(?:.*_)?MAX(?:IMUM|IMAL)?(?:_|$)", re.IGNORECASE)
_FIRM = frozenset((Pin.MUTABLE, Pin.PLACEHOLDER, Pin.RANGE, Pin.DIGEST))
_LONGEST = 300


def part_of_name(name: str) -> Part:
    """What the value of a variable of that name is: TAG, REF or, mostly, VERSION."""
    lowered = name.lower()
    if lowered.endswith("tag"):
        return Part.TAG
    return Part.REF if lowered.endswith(("ref", "branch", "_rev", "commit", "sha")) else Part.VERSION


def value_sites(
    text: Text, start: int, end: int, name: str, *, syntax: str, scope: str, key: str = "", role: Role = Role.USES, **facts: str
) -> Iterator[Site]:
    """The site of a variable's value that fills ``text.text[start:end]``, where it says a version, a ref or an image.

    A literal image reference, or a templated one under a name that says image, yields IMAGE sites whose extra ``var`` is the
    variable; anything else at most one VARIABLE.
    """
    raw = text.text[start:end]
    if not raw or len(raw) > _LONGEST or "\n" in raw:
        return
    key = key or name
    templated = "$" in raw or "{{" in raw or raw[0] == "`"
    if _IMAGE_LITERAL.fullmatch(raw) or (
        says_image(name) and (_is_image_template(raw) if templated else _SHORT_IMAGE.fullmatch(raw))
    ):
        yield from image_sites(text, start, end, syntax=syntax, key=key, role=role, var=name, scope=scope, **facts)
        return
    value = unmangle(raw)
    if name == "GOTOOLCHAIN" and looks_like_version(value):
        span = text.span(start, end)
        yield Site(
            text.path, span, Kind.TOOLCHAIN, "go", Part.VERSION, raw, value, Pin.EXACT, role, key, syntax, extra_of(scope=scope)
        )
        return
    named = named_for_version(name)
    names = form_text = ""
    if templated:
        if not named:
            return
        computed = raw[0] == "`" or (scope != "make" and "$(" in raw) or "$(shell" in raw
        pin = Pin.COMPUTED if computed else Pin.TEMPLATED
        names, form_text = template_of(raw)
    else:
        pin = pin_of(value)
        if not looks_like_version(value, named=named) and not (named and pin in _FIRM):
            return
    if role is Role.USES and _MINIMUM.match(name):
        role = Role.MINIMUM
    yield Site(
        text.path, text.span(start, end), Kind.VARIABLE, name, part_of_name(name), raw, value, pin, role, key, syntax,
        extra_of(
            scope=scope, vars=names, form_text="" if pin is Pin.COMPUTED else form_text,
            bound="upper" if _MAXIMUM.match(name) else "", **facts,
        ),
    )  # fmt: skip


def says_image(name: str) -> bool:
    """Whether a variable of that name is meant to hold a whole image reference (``IMG``, ``k3d_image``, ``webImage``)."""
    return _IMAGE_NAME.search(name) is not None and _NOT_IMAGE_NAME.search(name) is None


def _is_image_template(raw: str) -> bool:
    return "/" in raw and "://" not in raw and IMAGE.fullmatch(raw) is not None
