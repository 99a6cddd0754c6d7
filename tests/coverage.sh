#!/bin/sh
# coverage.sh [WORDS FOR CTEST]...: runs the tests in a build that counts (preset coverage, clang++), and prints how much of
# include/ they reach: lines and branches of each header, and the lines that no test reaches, by name. Its status is 0 when
# the tests passed and 95 % of the lines and 85 % of the branches are reached. It takes clang's llvm-profdata and llvm-cov.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
sh .ci/setup.sh clang ssh zstd reports coverage || exit 1
suffix=
command -v llvm-cov > /dev/null || suffix=-$(clang++ -dumpversion | sed 's/\..*//')
build=$root/build/coverage
cmake --preset coverage && cmake --build --preset coverage || exit 1
rm -rf "$build/profiles"
mkdir -p "$build/profiles"
status=0
# Processes that end at once add to one of a few files; %m tells programs apart. One that is killed while it writes, as
# tests here do, spoils a file, and what is in it does not count.
LLVM_PROFILE_FILE="$build/profiles/%8m.profraw" ctest --preset coverage "$@" || status=1
find "$build/profiles" -name '*.profraw' > "$build/profiles/list"
"llvm-profdata$suffix" merge -sparse -failure-mode=all -f "$build/profiles/list" -o "$build/profiles/all" || exit 1

# Every program of the tests; the first stands without a word before it.
set --
for program in $(find "$build/tests" -type f -perm -u+x ! -name '*.sh' | sort); do
    "llvm-cov$suffix" export -summary-only -instr-profile="$build/profiles/all" "$program" > /dev/null 2>&1 || continue
    [ $# -eq 0 ] || set -- "$@" -object
    set -- "$@" "$program"
done
export_as() { # FORMAT PROGRAM...
    format=$1
    shift
    "llvm-cov$suffix" export -format="$format" -skip-expansions -skip-functions -instr-profile="$build/profiles/all" "$@"
}
export_as lcov "$@" > "$build/lines" && export_as text "$@" > "$build/branches.json" || exit 1
# A file to a line: its name, and of each branch place, how often it was taken, how often not.
sed 's/{"branches":\[/\n&/g' "$build/branches.json" | sed -n 's/^{"branches":\[\(.*\)\],"filename":"\([^"]*\)".*/B \2 \1/p' |
    sed 's/\],\[/ /g; s/[][]//g' > "$build/branches"

# A line or a branch counts as reached when any instance of its template reached it.
awk -v root="$root/include/" '
    /^SF:/ { file = substr($0, 4); ours = index(file, root) == 1; file = substr(file, length(root) + 1) }
    /^DA:/ && ours { split(substr($0, 4), d, ","); lines[file, d[1]] += d[2]; of[file] = 1 }
    /^B / {
        if (index($2, root) != 1) next
        file = substr($2, length(root) + 1)
        for (i = 3; i <= NF; ++i) {
            split($i, d, ",")
            branches[file, d[1], d[2], "taken"] += d[5]
            branches[file, d[1], d[2], "not"] += d[6]
        }
        next
    }
    function percent(part, all) { return all == 0 ? 100 : 100 * part / all }
    END {
        for (k in lines) { split(k, p, SUBSEP); ++all[p[1]]; if (lines[k] > 0) ++hit[p[1]]; else missed[p[1]] = missed[p[1]] " " p[2] }
        for (k in branches) { split(k, p, SUBSEP); ++ball[p[1]]; if (branches[k] > 0) ++bhit[p[1]] }
        for (f in of) {
            n = split(missed[f], m, " ")
            for (i = 2; i <= n; ++i) for (j = i; j > 1 && m[j - 1] + 0 > m[j] + 0; --j) { t = m[j]; m[j] = m[j - 1]; m[j - 1] = t }
            text = ""
            for (i = 1; i <= n; i = j + 1) {
                for (j = i; j < n && m[j + 1] == m[j] + 1; ++j) {}
                text = text " " m[i] (j > i ? "-" m[j] : "")
            }
            printf "%6.1f %6.1f  %s%s\n", percent(hit[f], all[f]), percent(bhit[f], ball[f]), f, (text == "" ? "" : "  not reached:" text)
            l += all[f]; lh += hit[f]; b += ball[f]; bh += bhit[f]
        }
        printf "%6.1f %6.1f  total of %d lines and %d branches\n", percent(lh, l), percent(bh, b), l, b
    }
' "$build/branches" "$build/lines" | sort -k 3 > "$build/coverage.txt"
echo " lines branches"
cat "$build/coverage.txt"
awk '/ total of / { exit !($1 >= 95 && $2 >= 85) }' "$build/coverage.txt" ||
    { echo "less than 95 % of the lines or 85 % of the branches are reached"; status=1; }
exit $status
