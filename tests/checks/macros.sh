#!/bin/sh
# macros.sh ROOT -- COMPILER...: after any of our doors, the only macros that our headers leave behind are RAMPART_*.
# The main file's door may set doctest's own switches too.
set -u
root=$1
shift 2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

status=0
for door in "$root"/include/rampart/*.hpp; do
    name=$(basename "$door")
    case $name in
        doctest_main.hpp) printf '#define RAMPART_DOCTEST_MAIN\n' ;;
        doctest_*) printf '#define DOCTEST_CONFIG_IMPLEMENT\n#include <doctest/doctest.h>\n' ;;
    esac > "$folder/test.cpp"
    printf '#include "rampart/%s"\n' "$name" >> "$folder/test.cpp"
    # -dD keeps the markers that say which file each #define stands in.
    "$@" -E -dD "$folder/test.cpp" > "$folder/test.ii" || exit 1
    leaks=$(awk -v door="$name" '
        /^# [0-9]+ "/   { split($0, part, "\""); ours = part[2] ~ /\/include\/rampart\// }
        /^#define /     { split($2, word, "("); if (ours) left[word[1]] = 1; else delete left[word[1]] }
        /^#undef /      { delete left[$2] }
        END {
            for (macro in left)
                if (macro !~ /^RAMPART_/ && !(door == "doctest_main.hpp" && macro ~ /^DOCTEST_CONFIG_/)) print macro
        }' "$folder/test.ii")
    if [ -n "$leaks" ]; then
        echo "rampart/$name leaves these macros behind:" $leaks
        status=1
    fi
done
exit $status
