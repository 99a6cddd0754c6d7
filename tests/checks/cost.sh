#!/bin/sh
# cost.sh ROOT LINES -- COMPILER...: what a test file pays for <rampart/doctest.hpp>. At most LINES preprocessed lines,
# nothing of Boost or range-v3, and no costly standard header.
set -u
root=$1 limit=$2
shift 3
if [ ! -f "$root/include/rampart/doctest.hpp" ]; then
    echo "SKIPPED: there is no rampart/doctest.hpp"
    exit 77
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
echo '#include <rampart/doctest.hpp>' > "$folder/test.cpp"
"$@" -E -P "$folder/test.cpp" > "$folder/test.ii" || exit 1
"$@" -M "$folder/test.cpp" > "$folder/test.d" || exit 1

status=0
lines=$(wc -l < "$folder/test.ii")
echo "rampart/doctest.hpp costs $((lines)) preprocessed lines; the budget is $limit"
[ "$lines" -le "$limit" ] || status=1
heavy=$(tr -s ' \\' '\n\n' < "$folder/test.d" | grep -E '/(boost|range/v3)/')
if [ -n "$heavy" ]; then
    echo "it drags in $(printf '%s\n' "$heavy" | wc -l) headers of Boost or range-v3, such as:"
    printf '%s\n' "$heavy" | head -n 5
    status=1
fi
costly='map algorithm iostream memory mutex atomic functional regex filesystem chrono thread'
for header in $costly; do
    # The whole name, so that <memory> is not found in <bits/memory>.
    found=$(tr -s ' \\' '\n\n' < "$folder/test.d" | grep -E "/(c\+\+(/v1|/[0-9.]+)?)/$header\$")
    if [ -n "$found" ]; then
        echo "it drags in <$header>"
        status=1
    fi
done
exit $status
