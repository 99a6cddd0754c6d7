#!/bin/sh
# make.sh ROOT FOLDER: copies into FOLDER of the headers that list.txt names, in which each expression of the list may be
# another one: `RAMPART_MUTANT=7` in the environment breaks the seventh. One program has all of them, and is as it should be
# without the variable. FOLDER/list has a line for each: number, header, test, in words.
set -u
root=$1 folder=$2
list=$root/tests/mutations/list.txt
rm -rf "$folder"
mkdir -p "$folder"
{
    echo '#include <cstdlib>'
    echo '#include <type_traits>'
    echo '#ifndef RAMPART_TESTS_MUTANT'
    echo '#define RAMPART_TESTS_MUTANT'
    echo 'inline int rampart_mutant() {'
    echo '    static int const number = std::getenv("RAMPART_MUTANT") ? std::atoi(std::getenv("RAMPART_MUTANT")) : 0;'
    echo '    return number;'
    echo '}'
    echo 'constexpr bool rampart_is_mutant(int n) { return !std::is_constant_evaluated() && rampart_mutant() == n; }'
    echo '#endif'
} > "$folder/mutant.hpp"
sed -n 's/^in  *//p' "$list" | sort -u | while read -r header; do
    mkdir -p "$folder/rampart/$(dirname "$header")"
    awk -v header="$header" -v list="$list" '
        function rest() { return substr($0, 5) }
        BEGIN {
            while ((getline < list) > 0) {
                if (/^in  /) { ++number; here = rest() == header }
                if (here && /^is  /) { ++count; is[count] = rest() }
                if (here && /^not /) { no[count] = rest(); id[count] = number }
            }
            print "#include \"mutant.hpp\""
        }
        {
            for (i = 1; i <= count; ++i) {
                at = index($0, is[i])
                if (!at) continue
                ++found[i]
                $0 = substr($0, 1, at - 1) "(rampart_is_mutant(" id[i] ") ? (" no[i] ") : (" is[i] "))" \
                    substr($0, at + length(is[i]))
            }
            print
        }
        END {
            for (i = 1; i <= count; ++i) {
                if (found[i] != 1) {
                    printf "tests/mutations/list.txt: in %s %d lines have \"%s\", not one\n", header, found[i], is[i] > "/dev/stderr"
                    bad = 1
                }
            }
            exit bad
        }
    ' "$root/include/rampart/$header" > "$folder/rampart/$header" || exit 1
done || exit 1
awk '/^in  /{ header = substr($0, 5); ++n } /^is  /{ is = substr($0, 5) } /^not /{ no = substr($0, 5) }
    /^red /{ print n "\t" header "\t" substr($0, 5) "\t" is " -> " no }' "$list" > "$folder/list"
