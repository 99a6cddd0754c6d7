#!/bin/sh
# run.sh SECONDS [payload|stream|journal]...: builds the fuzzers (in build/asan) and runs each of them, or those named, for so
# many seconds on the corpus and on what it finds, two at a time where there are two processors. Prints a line for each; its status is 0 when none found anything.
# An input that breaks something is left in build/asan/findings: mend the fault, and move it to tests/fuzz/crashes.
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
cmake --preset asan && cmake --build --preset asan --target rampart_fuzzers || exit 1

found=$root/build/asan/findings
mkdir -p "$found"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
fuzz() { # NAME: its status is 0 when nothing was found
    mkdir "$scratch/$1"
    log=$scratch/$1.log
    ASAN_OPTIONS=malloc_context_size=2 "build/asan/tests/fuzz/rampart_fuzz_$1" \
        -max_total_time="$seconds" -max_len=4096 -entropic=0 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -dict=tests/fuzz/rampart.dict -artifact_prefix="$found/$1-" \
        "$scratch/$1" "tests/fuzz/corpus/$1" tests/fuzz/crashes > "$log" 2>&1
    ended=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$ended" -eq 0 ]; then
        echo "fuzz/$1: passed, ${runs:-0} executions in $seconds seconds"
        return 0
    fi
    grep -v '^#' "$log" | tail -n 60
    input=$(sed -n 's/^.*Test unit written to //p' "$log" | tail -n 1)
    echo "fuzz/$1: FAILED (status $ended) after ${runs:-?} executions; the input is ${input:-not known}"
    return 1
}
lane() { # NUMBER NAME...: every other name, one after the other
    wanted=$1 at=0 bad=0
    shift
    for name; do
        [ $((at % lanes)) -ne "$wanted" ] || fuzz "$name" > "$scratch/$name.said" || bad=1
        at=$((at + 1))
    done
    return "$bad"
}
lanes=2
[ "$(nproc 2> /dev/null || echo 1)" -ge 2 ] || lanes=1
status=0
if [ "$lanes" -eq 2 ]; then
    lane 1 "$@" &
    lane 0 "$@" || status=1
    wait $! || status=1
else
    lane 0 "$@" || status=1
fi
for name; do cat "$scratch/$name.said" || status=1; done
exit $status
