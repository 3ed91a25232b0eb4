"""The options of commands that look at signatures before they do anything."""

from relgraph.cli.command import Argument, Form, Offer, Values

__all__ = ["KNOWN_AS", "LOCK_OPTIONS", "POLICY_OPTIONS", "wants_verdict"]

#: The name by which signatures and policies know a repository.
KNOWN_AS = Argument(
    "as",
    "name of the repository, where it is to be known by another one than that under which it lies (a layout, a mirror)",
    metavar="HOST/NAME",
)

#: What a command takes that keeps to a lock file.
LOCK_OPTIONS = (
    Argument(
        "lock",
        "lock file: a range means what it has locked, and no version behind that is taken",
        metavar="FILE",
        offer=Offer.FILES,
    ),
    Argument("allow-downgrade", "go back behind the lock file's version for once", Form.FLAG),
)

#: What a command takes that looks at signatures before it does anything.
POLICY_OPTIONS = (
    Argument("policy", "policy that decides whether the artifact is trusted", metavar="FILE", offer=Offer.FILES),
    Argument("key", "instead of a policy: public key that must have signed", metavar="FILE", repeated=True, offer=Offer.FILES),
    Argument("threshold", "of so many of the keys given", metavar="N", default="1"),
    KNOWN_AS,
    *LOCK_OPTIONS,
)


def wants_verdict(values: Values) -> bool:
    """Whether a policy or a key was given."""
    return any(values.get(name) is not None for name in ("policy", "key"))
