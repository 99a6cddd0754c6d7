#!/bin/sh
# listener.sh ROOT -- COMPILER...: the headers of the doctest floor that need doctest's implementation need nothing else.
# (The build itself compiles the other headers, VERIFY_INTERFACE_HEADER_SETS, and the doors, in suites that begin with
# them.)
set -u
root=$1
shift 2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

status=0
cd "$root/include" || exit 1
for header in rampart/doctest/*.hpp; do
    [ -f "$header" ] || continue
    printf '#define DOCTEST_CONFIG_IMPLEMENT\n#include <doctest/doctest.h>\n#include "%s"\n' "$header" > "$folder/a.cpp"
    "$@" -Wall -Wextra -fsyntax-only "$folder/a.cpp" || { echo "$header does not stand alone"; status=1; }
done
exit $status
