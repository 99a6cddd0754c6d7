#!/bin/sh
# run.sh SECONDS [payload|stream|journal]...: builds the fuzzers (preset fuzz) and runs each of them, or those named, for
# so many seconds on the corpus and on what it finds. Prints a line for each; its status is 0 when none found anything.
# An input that breaks something is left in build/fuzz/findings: mend the fault, and move it to tests/fuzz/crashes.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-}
case $seconds in
    '' | *[!0-9]*) echo "usage: run.sh SECONDS [payload|stream|journal]..." >&2; exit 2 ;;
esac
shift
[ $# -gt 0 ] || set -- payload stream journal
for name; do
    [ -d "$root/tests/fuzz/corpus/$name" ] || { echo "run.sh: there is no fuzzer '$name'" >&2; exit 2; }
done

sh "$root/.ci/setup.sh" clang fuzz || exit 1
cd "$root" || exit 1
cmake --preset fuzz && cmake --build --preset fuzz || exit 1

found=$root/build/fuzz/findings
mkdir -p "$found"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
status=0
for name; do
    mkdir "$scratch/$name"
    log=$scratch/$name.log
    ASAN_OPTIONS=malloc_context_size=2 "build/fuzz/tests/fuzz/rampart_fuzz_$name" \
        -max_total_time="$seconds" -max_len=4096 -entropic=0 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -dict=tests/fuzz/rampart.dict -artifact_prefix="$found/$name-" \
        "$scratch/$name" "tests/fuzz/corpus/$name" tests/fuzz/crashes > "$log" 2>&1
    ended=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$ended" -eq 0 ]; then
        echo "fuzz/$name: passed, ${runs:-0} executions in $seconds seconds"
    else
        status=1
        grep -v '^#' "$log" | tail -n 60
        input=$(sed -n 's/^.*Test unit written to //p' "$log" | tail -n 1)
        echo "fuzz/$name: FAILED (status $ended) after ${runs:-?} executions; the input is ${input:-not known}"
    fi
done
exit $status
