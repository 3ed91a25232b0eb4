"""What an extractor is: a name, the files it reads, and a pure function from text to sites.

Conventions that every extractor keeps, so that inference can rely on them:

IMAGE     one site a reference, spanning its tag; a digest beside it is a second site (part DIGEST). Without tag and digest
          the span is the whole reference, part REPOSITORY, pin ABSENT. ``extra["ref"]`` is the reference as written.
CHART     part VERSION. ``Chart.yaml`` itself: role DECLARES, name = the chart's name, key ``version`` or ``appVersion``.
          Dependencies and ``helm`` arguments: role USES, name as :class:`~relgraph.model.site.Kind` says.
GIT       part REF, ``extra["form"]`` = raw, blob, tree, archive, download, clone, release or api, ``extra["path"]`` the path
          or asset behind the ref, ``extra["url"]`` the whole URL. A version inside an asset's file name is a second site,
          part VERSION, form asset.
MODULE    part VERSION; ``extra["pseudo"]`` the commit of a pseudo-version, ``extra["indirect"]`` = "1", ``extra["replaces"]``
          the replaced module.
TOOLCHAIN ``go 1.24`` and ``requires-python`` have role MINIMUM, ``go-version: 1.24`` has role USES.
ACTION    part REF, ``extra["comment"]`` the version in the trailing comment.
VARIABLE  part VERSION (or TAG, REPOSITORY, REF where the value is one); ``extra["scope"]`` = make, shell, env, values, arg,
          const, set or prose; in YAML also with (an action's input, named ``owner/repo.input``), input, matrix, flag, label,
          question (what an installer's form fills in) and chart. ``extra["entity"]`` is what the mapping around a YAML value says that it is about.
FILE      part PATH, the span is the path as written; ``extra["verb"]`` = read, edit or run.

MODULE    ``extra["package"]`` is the path as written where it goes on behind the module (``.../cmd/tool``).
VARIABLE  further scopes: ``url`` (name = the address in front of the version), ``build-arg`` (``dockerfile``, ``context``),
          ``make-arg`` (``target``, ``directory``), ``set`` (``chart``, ``version``), ``arg`` (argument of an install script that
          is piped from a URL; name = the URL's repository), ``file`` (a version file or manifest, role DECLARES), ``label``,
          ``compare`` and ``check`` (what scripts ask for), ``prose`` (name = the words that the version is tied to).
          ``extra["bound"]`` = upper marks the upper end of a range. A build argument without a version has pin ABSENT, its span
          is its name and ``extra["default"]`` its default.
IMAGE     ``extra["verb"]`` = from, run, pull, push, tag, build, load or set; what is pushed, built or tagged has role DECLARES.
          ``extra["var"]`` is the variable that holds the reference.
FILE      ``extra["resolved"]`` is the path from the root where it is certain; ``extra["cwd"]`` the folder that the commands before
          changed to (``?`` where it cannot be told); ``extra["made"]`` = "1" where the same text writes the file.

A value written with variables or templates has pin TEMPLATED; ``extra["vars"]`` are the variables' names (``KUBECTL_VERSION``,
``.Values.image.tag``), separated by spaces, and ``extra["form_text"]`` is the text with each replaced by ``{}``.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from relgraph.model.site import Site
from relgraph.syntax.text import Text

__all__ = ["Extractor"]


class Extractor(NamedTuple):
    """One syntax.

    ``matches`` decides by path alone; ``extract`` never raises, whatever the text, and yields sites in any order.
    """

    name: str
    matches: Callable[[str], bool]
    extract: Callable[[Text], Iterable[Site]]
