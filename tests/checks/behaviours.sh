#!/bin/sh
# behaviours.sh ROOT: every behaviour that this version promises has a test whose name says its number, as in
# TEST_CASE("the same node id from two workers keeps both results [B79]"). A list like [B79, B80] counts for each.
set -u
cd "$1" || exit 1

promised=$(seq 1 58; seq 79 86; seq 97 118)
# Behaviours of the Python package's own machinery, or of parts that this version does not have.
elsewhere=' 20 26 27 46 '

named=$(find tests examples -name '*.cpp' -exec grep -hoE '\[B[0-9][^]]*\]' {} + | grep -oE 'B[0-9]+' | sort -u)
missing=''
for number in $promised; do
    case $elsewhere in *" $number "*) continue ;; esac
    printf '%s\n' "$named" | grep -qx "B$number" || missing="$missing $number"
done
[ -z "$missing" ] && exit 0
echo "no test names these behaviours:$missing"
exit 1
