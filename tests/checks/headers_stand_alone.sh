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
    rampart/transport/wire.hpp rampart/dist/controller.hpp rampart/doctest/finish.hpp'

needs_doctest() { # HEADER
    case $1 in
        rampart/doctest/decorators.hpp) return 1 ;;
        rampart/doctest/* | rampart/doctest_listener.hpp) return 0 ;;
        *) return 1 ;;
    esac
}
start_of() { # HEADER: what a file begins with that is about this header
    needs_doctest "$1" && printf '#define DOCTEST_CONFIG_IMPLEMENT\n#include <doctest/doctest.h>\n'
}

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
    END { for (i = 1; i <= count; ++i) walk(all[i], all[i]) }
' > "$folder/reached"

more=-fpch-instantiate-templates  # clang only
"$@" $more -fsyntax-only -x c++ /dev/null 2> /dev/null || more=
for name in $heavy; do
    start=$folder/$(echo "$name" | tr / _)
    { start_of "$name"; echo "#include \"$name\""; } > "$start"
    "$@" -Wall -Wextra $more -x c++-header "$start" -o "$start.gch" || { echo "$name does not stand alone"; exit 1; }
done

# One file and its words for the compiler to a line; they are compiled two at a time.
for header in $(cut -d ' ' -f 1 "$folder/reached" | uniq); do
    start=
    for name in $heavy; do
        # doctest's implementation has to come first, where it is needed.
        if needs_doctest "$header" && ! needs_doctest "$name"; then continue; fi
        if [ "$header" != "$name" ] && grep -qx "$header $name" "$folder/reached"; then
            start="-include $folder/$(echo "$name" | tr / _)"
        fi
    done
    file=$folder/$(echo "$header" | tr / _).alone.cpp
    { [ -n "$start" ] || start_of "$header"; echo "#include \"$header\""; } > "$file"
    echo "$start $file"
done > "$folder/files"
xargs -P 2 -L 1 "$@" -Wall -Wextra -fsyntax-only < "$folder/files" || status=1
echo "$(wc -l < "$folder/files") headers"
exit $status
