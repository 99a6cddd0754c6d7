#!/bin/sh
# docs/reference.sh [FOLDER]: makes the reference with Doxygen, in FOLDER/html (build/reference/html). A public name
# without words is an error. The HTML is not part of the repository.
set -eu
cd "$(dirname "$0")/.."
command -v doxygen > /dev/null || { echo "docs/reference.sh: there is no doxygen (Debian: doxygen)" >&2; exit 77; }
RAMPART_REFERENCE=${1:-build/reference}
RAMPART_VERSION=$(sed -n 's/^#define RAMPART_VERSION "\(.*\)"$/\1/p' include/rampart/version.hpp)
RAMPART_WARNINGS=FAIL_ON_WARNINGS
export RAMPART_REFERENCE RAMPART_VERSION RAMPART_WARNINGS
mkdir -p "$RAMPART_REFERENCE"
doxygen docs/Doxyfile
echo "$RAMPART_REFERENCE/html/index.html"
