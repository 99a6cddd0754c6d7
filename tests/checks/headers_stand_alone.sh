#!/bin/sh
# headers_stand_alone.sh ROOT -- COMPILER...: each header compiles with nothing before it. (Those of the doctest floor that
# need doctest's implementation get it, and nothing else.)
#
# To be quick, a header that reaches a heavy one begins from a precompiled copy of that. What it brings by itself cannot
# help it, so that this hides nothing: each heavy one is compiled alone too, and so is each header that reaches none.
# The compiler's message names the file with the header that does not stand alone.
set -u
root=$1
shift 2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$root/include" || exit 1
heavy='rampart/core/result.hpp rampart/session/session.hpp rampart/json/read.hpp rampart/report/report.hpp
    rampart/transport/wire.hpp rampart/dist/controller.hpp'
heavy_after_doctest='rampart/json/read.hpp rampart/transport/wire.hpp rampart/doctest/finish.hpp'
doctest='#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>'

# Each header of ours with each one that it reaches, itself included.
find rampart -name '*.hpp' | sort | xargs awk '
    FNR == 1 { all[++count] = FILENAME }
    /^#[ \t]*include[ \t]*"/ { split($0, part, "\""); direct[FILENAME] = direct[FILENAME] " " part[2] }
    function walk(from, at,   next_ones, i, n) {
        if ((from, at) in seen) return
        seen[from, at] = 1
        print from, at
        n = split(direct[at], next_ones, " ")
        for (i = 1; i <= n; ++i) walk(from, next_ones[i])
    }
    END { for (i = 1; i <= count; ++i) walk(all[i], all[i]) }
' > "$folder/reached"

more=-fpch-instantiate-templates  # clang only
"$@" $more -fsyntax-only -x c++ /dev/null 2> /dev/null || more=
# Precompiled copies, two at a time: plain/ of a heavy header alone, tests/ of one after doctest, and of doctest itself.
mkdir "$folder/plain" "$folder/tests"
for name in $heavy; do
    echo "#include \"$name\"" > "$folder/plain/$(echo "$name" | tr / _)"
done
for name in $heavy_after_doctest; do
    printf '%s\n#include "%s"\n' "$doctest" "$name" > "$folder/tests/$(echo "$name" | tr / _)"
done
echo "$doctest" > "$folder/tests/none"
for start in "$folder"/plain/* "$folder"/tests/*; do echo "$start -o $start.gch"; done |
    xargs -P 2 -L 1 "$@" -Wall -Wextra $more -x c++-header || { echo "a heavy header does not stand alone"; exit 1; }

# One file and its words for the compiler to a line.
for header in $(cut -d ' ' -f 1 "$folder/reached" | uniq); do
    room=plain start='' names=$heavy
    case $header in
        rampart/doctest/decorators.hpp) ;;
        rampart/doctest/* | rampart/doctest_listener.hpp)
            room=tests start="-include $folder/tests/none" names=$heavy_after_doctest
            ;;
    esac
    for name in $names; do
        if [ "$header" != "$name" ] && grep -qx "$header $name" "$folder/reached"; then
            start="-include $folder/$room/$(echo "$name" | tr / _)"
        fi
    done
    file=$folder/$(echo "$header" | tr / _).alone.cpp
    echo "#include \"$header\"" > "$file"
    echo "$start $file"
done > "$folder/files"
status=0
xargs -P 2 -L 1 "$@" -Wall -Wextra -fsyntax-only < "$folder/files" || status=1
echo "$(wc -l < "$folder/files") headers"
exit $status
