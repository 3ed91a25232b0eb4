"""Actions and hooks in the YAML that documents show."""

from relgraph.sites.markdown import EXTRACTOR
from sitetext import brief, found

SOURCE = """\
# Use

```yaml
jobs:
  a:
    steps:
    - uses: acme/setup@v1.2.3
    - uses: "acme/tools/lint@v2"
    - uses: ./local
    - uses: acme/branchy@main
```

```yaml
repos:
- repo: https://github.com/acme/hooks
  rev: v0.3.0
- repo: local
  rev: v9.9.9
```

```text
uses: acme/setup@v1.0.0
```
"""


def test_actions_and_hooks_of_fences() -> None:
    assert brief(found(EXTRACTOR, "docs/use.md", SOURCE)) == [
        ("action", "acme/setup", "v1.2.3"),
        ("action", "acme/tools/lint", "v2"),
        ("action", "acme/branchy", "main"),
        ("git", "github.com/acme/hooks", "v0.3.0"),
    ]
