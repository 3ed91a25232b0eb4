"""What was published, as records say it and as registries answer."""

from typing import NamedTuple

from relgraph.model.record import Item, Record

__all__ = ["NOTHING_LOOKED_AT", "Extra", "Published", "Seen"]


class Seen(NamedTuple):
    """What a registry or layout answers for one published name.

    ``record`` is None for what a release tag promises and no record has; ``item`` then holds what is promised, without a digest. ``place`` is
    where it was looked for. ``digest`` is empty where nothing is there; ``problem`` says why it could not be looked at.
    ``platforms`` are those of an index; ``chart`` the name, version and appVersion in a published chart (None for other things).
    ``unsigned`` says what signature is missing, ``rebuilt`` what differs from a build of the same commit now; both empty where nothing is
    wrong or nothing was asked. Where it is not ``read``, nothing but its digest was asked for. ``tagged`` is the
    commit that the record's tag names in git now, empty where that is not known.
    """

    item: Item
    place: str
    record: Record | None = None
    digest: str = ""
    platforms: tuple[str, ...] = ()
    chart: tuple[str, str, str] | None = None
    unsigned: str = ""
    rebuilt: str = ""
    problem: str = ""
    read: bool = True
    tagged: str = ""


class Extra(NamedTuple):
    """A name of a release in a registry that no record knows."""

    node: str
    place: str
    tag: str


class Published(NamedTuple):
    """Records that matter to a check (withdrawn ones at least), and what was seen where it was asked for."""

    records: tuple[Record, ...] = ()
    seen: tuple[Seen, ...] = ()
    extra: tuple[Extra, ...] = ()


NOTHING_LOOKED_AT = Published()
