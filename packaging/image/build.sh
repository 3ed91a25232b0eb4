#!/bin/sh
# Makes the root file system of relgraph's image: image.tar. Run by `relgraph build` (see graph/relgraph.yaml), which gives
# WHEEL, the folder of the wheel that is released, and SOURCE_DATE_EPOCH, the time of the commit.
#
# Debian's own tool makes it, from Debian's packages of the day: with DEBIAN_MIRROR naming a mirror of one moment, the same
# packages come again. What relgraph depends on comes by pip, for Debian's Python, by the hashes in requirements.txt.
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
added=$PWD/added
modules=$added/usr/local/lib/python3.11/dist-packages
mkdir -p "$modules" "$added/usr/local/bin" "$added/etc" "$added/work"

python3 -m pip install --quiet --no-input --no-cache-dir --no-compile --no-deps --require-hashes --only-binary :all: \
    --target "$modules" --implementation cp --python-version 3.11 --abi cp311 --abi abi3 --abi none \
    --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 --requirement "$here/requirements.txt"
rm -rf "$modules/bin"
# By hand: pip would write down which file on this machine it was.
python3 -m zipfile -e "$WHEEL"/relgraph-*.whl "$modules"
cat >"$added/usr/local/bin/relgraph" <<'EOF'
#!/usr/bin/python3
from relgraph.__main__ import run

run()
EOF
chmod 755 "$added/usr/local/bin/relgraph"
# Repositories that are mounted belong to whoever runs the container, and git would not read them.
printf '[safe]\n\tdirectory = *\n' >"$added/etc/gitconfig"

mmdebstrap --quiet --variant=essential --include=ca-certificates,git,python3 --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --customize-hook="copy-in '$added/usr' '$added/etc' '$added/work' /" --customize-hook="$here/tidy.sh" \
    bookworm image.tar ${DEBIAN_MIRROR:-}
