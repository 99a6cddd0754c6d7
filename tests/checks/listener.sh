#!/bin/sh
# listener.sh ROOT -- COMPILER...: the headers of the doctest floor that need doctest's implementation need nothing else.
# (check/headers_stand_alone has the other headers; the doors are compiled in suites that begin with them.)
#
# To be quick, the headers that reach a heavy one begin from a precompiled copy of that. What they bring by themselves
# cannot help them, so that this hides nothing: the heavy one is compiled alone too, and so is each that does not reach it.
set -u
root=$1
shift 2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$root/include" || exit 1

status=0
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
    END { for (i = 1; i <= count; ++i) if (all[i] ~ /^rampart\/doctest\//) walk(all[i], all[i]) }
' > "$folder/reached"

more=-fpch-instantiate-templates  # clang only
"$@" $more -fsyntax-only -x c++ /dev/null 2> /dev/null || more=
for name in rampart/doctest/finish.hpp rampart/transport/wire.hpp; do
    start=$folder/$(basename "$name")
    printf '#define DOCTEST_CONFIG_IMPLEMENT\n#include <doctest/doctest.h>\n#include "%s"\n' "$name" > "$start"
    "$@" -Wall -Wextra $more -x c++-header "$start" -o "$start.gch" || { echo "$name does not stand alone"; exit 1; }
done

for header in rampart/doctest/*.hpp; do
    [ -f "$header" ] || continue
    start=
    for name in rampart/transport/wire.hpp rampart/doctest/finish.hpp; do
        if [ "$header" != "$name" ] && grep -qx "$header $name" "$folder/reached"; then
            start="-include $folder/$(basename "$name")"
        fi
    done
    : > "$folder/a.cpp"
    [ -n "$start" ] || printf '#define DOCTEST_CONFIG_IMPLEMENT\n#include <doctest/doctest.h>\n' > "$folder/a.cpp"
    echo "#include \"$header\"" >> "$folder/a.cpp"
    "$@" -Wall -Wextra -fsyntax-only $start "$folder/a.cpp" || { echo "$header does not stand alone"; status=1; }
done
exit $status
