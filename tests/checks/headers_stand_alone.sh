#!/bin/sh
# headers_stand_alone.sh ROOT -- COMPILER...: each header compiles with nothing before it. A header of a room needs no look
# here: the first thing that its test includes is the header (check/mirror), and that test is compiled. What is left is
# compiled here: the doors, and what has no test of that kind. (Headers that need doctest's implementation: listener.sh.)
set -u
root=$1
shift 2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

status=0
looked=''
cd "$root/include" || exit 1
for header in $(find rampart -name '*.hpp' | sort); do
    name=${header#rampart/}
    case $name in
        doctest/decorators.hpp) ;;
        doctest/* | doctest_*) continue ;;
    esac
    test=$root/tests/${name%.hpp}.cpp
    if [ -f "$test" ] && [ "$(grep -m 1 '^#include' "$test")" = "#include \"$header\"" ]; then continue; fi
    looked="$looked $name"
    echo "#include \"$header\"" > "$folder/a.cpp"
    "$@" -Wall -Wextra -fsyntax-only "$folder/a.cpp" || { echo "$header does not stand alone"; status=1; }
done
echo "compiled alone:$looked"
exit $status
