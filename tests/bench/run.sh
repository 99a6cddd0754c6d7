#!/bin/sh
# run.sh [--json=FILE] [--build=FOLDER] [NAME...]: builds the programs that measure, with the preset 'release' into
# build/release unless said otherwise, and runs those that are named, or all, one after the other. The last line of each,
# which is JSON, goes to FILE. Ends with a status that is not 0 when one of them failed.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
json='' build=$root/build/release names=''
for word; do
    case $word in
        --json=*) json=${word#--json=} ;;
        --build=*) build=${word#--build=} ;;
        -*) echo "usage: run.sh [--json=FILE] [--build=FOLDER] [NAME...]" >&2; exit 2 ;;
        *) names="$names $word" ;;
    esac
done
names=${names:-text write recording read merge merge_memory report_memory shards suite_cost guards dist compile}
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
[ -z "$json" ] || : > "$json" || exit 1

targets=''
for name in $names; do
    [ ! -f "$root/tests/bench/$name.cpp" ] || targets="$targets rampart_bench_$name"
    case $name in
        suite_cost) targets="$targets rampart_bench_suite_plain rampart_bench_suite_rampart" ;;
        guards | shards) targets="$targets rampart_bench_dist_suite" ;;
        dist) targets="$targets rampart_bench_dist_suite rampart_bench_poll_loop" ;;
    esac
done
# With -O3 g++ 12 warns of what is no fault (GCC bug 105651 and the like); the other presets hold the warnings.
(cd "$root" && cmake --preset release -B "$build" -DRAMPART_WERROR=OFF > "$log" 2>&1) || { cat "$log" >&2; exit 1; }
# shellcheck disable=SC2086  # the words are the targets
cmake --build "$build" --target $targets || exit 1

# What each is given, so that all of them together take less than 5 minutes.
programs=$build/tests/rampart_bench
words_of() {
    case $1 in
        merge_memory) echo --results=1000000 ;;
        report_memory) echo --results=20000 ;;
        shards) echo "${programs}_dist_suite" 120 500 ;;
        suite_cost) echo "${programs}_suite_plain" "${programs}_suite_rampart" ;;
        guards) echo "${programs}_dist_suite" 3 ;;
        dist) echo "${programs}_dist_suite" "${programs}_poll_loop" 3 ;;
    esac
}
status=0
for name in $names; do
    if [ ! -x "${programs}_$name" ]; then
        echo "run.sh: there is no program ${programs}_$name" >&2
        status=1
        continue
    fi
    echo
    echo "==== $name"
    began=$(date +%s)
    # shellcheck disable=SC2046  # words, not one word
    if ! "${programs}_$name" $(words_of "$name") > "$log" 2>&1; then
        echo "run.sh: $name failed" >&2
        status=1
    fi
    grep -v '^{"bench": ' "$log"
    echo "($(($(date +%s) - began)) s)"
    [ -z "$json" ] || grep '^{"bench": ' "$log" >> "$json"
done
exit $status
