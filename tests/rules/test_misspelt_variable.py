"""Variables that nothing sets, beside one of almost that name."""

import pytest

from judged import of_files
from relgraph.rules.misspelt_variable import RULE


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("build.sh", '#!/bin/sh\nCHANNEL=${1}\necho "web-${CHANEL}"\n'),
        ("build.sh", '#!/bin/sh\nexport CHANNEL\necho "web-$CHANEL"\n'),
        ("Makefile", "CHANNEL ?= stable\n\npush:\n\tdocker push web:$(CHANEL)\n"),
    ],
)
def test_one_letter_is_missing(path: str, content: str) -> None:
    (found,) = of_files(RULE, {path: content})
    assert (found.actual, found.expected) == ("CHANEL", "CHANNEL")


@pytest.mark.parametrize(
    "content",
    [
        '#!/bin/sh\nCHANNEL=a\nCHANEL=b\necho "$CHANEL"\n',
        '#!/bin/sh\nIMAGE_TAG=a\necho "$IMAGE_TAGS"\n',
        '#!/bin/sh\nCLUSTER1=a\necho "$CLUSTER2"\n',
        '#!/bin/sh\nCHANNEL=a\necho "${CHANEL:-b}"\n',
        "#!/bin/sh\nCHANNEL=a\n# $CHANEL\n",
    ],
)
def test_names_of_their_own(content: str) -> None:
    assert of_files(RULE, {"build.sh": content}) == []


def test_what_a_workflow_sets() -> None:
    workflow = "on: push\nenv:\n  CHANEL: x\njobs: {}\n"
    assert of_files(RULE, {"build.sh": '#!/bin/sh\nCHANNEL=a\necho "$CHANEL"\n', ".github/workflows/a.yml": workflow}) == []


def test_what_make_and_the_shell_set_by_themselves() -> None:
    makefile = "CURLDIR = /opt\nall:\n\tcd $(CURDIR) && ls $(CURLDIR)\n"
    assert of_files(RULE, {"Makefile": makefile}) == []


def test_a_name_that_is_handed_to_something_may_be_set_by_it() -> None:
    script = "#!/bin/bash\nCHANNEL=1\nexport CHANNEL\n{}echo $CHANNNEL $CHANNEL\n"
    assert [one.actual for one in of_files(RULE, {"up.sh": script.format("")})] == ["CHANNNEL"]
    assert of_files(RULE, {"up.sh": script.format("choose CHANNNEL\n")}) == []
