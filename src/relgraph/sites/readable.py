"""Which files are worth reading, told by their paths alone."""

import re
from functools import lru_cache

__all__ = ["LARGEST", "readable"]

LARGEST = 4 << 20
"""A file of more than this many bytes is not read for references: 4 MiB."""

_UNREADABLE = re.compile(
    r"(?:.*/)?(?:vendor|node_modules|third_party|thirdparty|_vendor|bower_components|\.git)/.*"
    r"|.*\.(?:png|jpe?g|gif|ico|webp|bmp|tiff?|svg|svgz|drawio|excalidraw|pdf|pptx?|docx?|xlsx?|odt|ods|odp|psd|ai|eps|fig"
    r"|ttf|otf|woff2?|eot|mp[34]|m4[av]|mov|avi|webm|wav|ogg|flac|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|whl|egg|tar|rpm|deb|apk"
    r"|exe|dll|so|dylib|a|o|obj|lib|class|pyc|pyo|wasm|bin|dat|db|sqlite3?|pem|crt|cer|key|p12|pfx|jks|gpg|asc|sig|sum|lock|lockb"
    r"|map|snap|ipynb|csv|tsv|parquet|pb|css|scss|sass|less|patch|diff|po|pot|mo|1|5|8)(?<!Chart\.lock)(?<!requirements\.lock)"
    r"|.*[.-]min\.(?:js|mjs)|(?:.*/)?(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|LICENSE[\w.-]*|COPYING[\w.-]*|NOTICE)",
    re.IGNORECASE | re.DOTALL,
)


@lru_cache(maxsize=65536)
def readable(path: str) -> bool:
    """Whether a file is worth reading for references, by its path alone.

    Not worth reading are binaries, pictures, vendored trees, lock files (other than those of charts) and checksum files,
    minified code and licences.
    """
    return _UNREADABLE.fullmatch(path) is None
