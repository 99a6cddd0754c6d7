#!/bin/sh
# engine_protocol.sh ROOT FOLDER STAGES: the protocol of GoogleTest and Bazel, spoken to a real suite (STAGES, the suite
# stages) as Bazel speaks it: parts, their files, filters, attempts, bad values, and the merge of what they leave behind.
# (tests/transport/engine.cpp has the variables' values one by one, tests/bazel a real Bazel.)
set -u
root=$1 folder=$2 suite=$3
. "$root/tests/support/expect.sh"
rm -rf "$folder"
mkdir -p "$folder"

# Runs a part as Bazel does: part I (from 0) of N, with $files for its files, and its status in $ended.
part() { # PREFIX OF THE VARIABLES, I, N, WORDS FOR THE PROGRAM...
    prefix=$1 index=$2 count=$3
    shift 3
    files=$folder/part_$index
    mkdir -p "$files/outputs"
    env "${prefix}_TOTAL_SHARDS=$count" "${prefix}_SHARD_INDEX=$index" TEST_SHARD_STATUS_FILE="$files/status" \
        XML_OUTPUT_FILE="$files/test.xml" TEST_UNDECLARED_OUTPUTS_DIR="$files/outputs" TEST_TIMEOUT=60 \
        TEST_PREMATURE_EXIT_FILE="$files/premature" "$suite" "$@" > "$files/log" 2>&1
    ended=$?
}
merge() { # the folders of all parts; $ended
    set -- "$folder/merged.json" "$folder"/part_*/outputs
    report=$1
    shift
    for outputs; do set -- "$@" "--rampart-merge=$outputs"; shift; done
    "$suite" "$@" --rampart-json="$report" > "$folder/said" 2>&1
    ended=$?
}
results() { # FILE
    sed -n 's/^ *"test": //p; s/^ *"summary": //p' "$1" | LC_ALL=C sort
}
good='-tce=fourth*,fifth*'
"$suite" $good --rampart-json="$folder/alone.json" > "$folder/log" 2>&1 || wrong "the suite in one process failed"
results "$folder/alone.json" > "$folder/alone"
is "results of the suite" 11 "$(grep -c 'stage ' "$folder/alone")"

# ---- all parts, by either name of the variables

for prefix in TEST GTEST; do
    rm -rf "$folder"/part_*
    for index in 0 1 2; do
        part $prefix $index 3 "$good"
        is "$prefix, part $index" 0 "$ended"
        [ -e "$files/status" ] || wrong "$prefix, part $index: TEST_SHARD_STATUS_FILE is not there"
        [ ! -e "$files/premature" ] || wrong "$prefix, part $index: TEST_PREMATURE_EXIT_FILE is still there"
        has "$files/test.xml" '<testsuites '
        has "$files/log" "part $((index + 1)) of 3, as ${prefix}_SHARD_INDEX and ${prefix}_TOTAL_SHARDS say"
        is "journals of part $index" 1 "$(find "$files/outputs/rampart-journal" -name '*.jsonl' | wc -l)"
    done
    cat "$folder"/part_*/test.xml | sed -n 's/.*<testcase .*name="\([^"]*\)".*/\1/p' | LC_ALL=C sort > "$folder/cases"
    is "$prefix: cases in two files" '' "$(uniq -d "$folder/cases")"
    merge
    is "$prefix: the merge of all" 0 "$ended"
    results "$folder/merged.json" | cmp -s - "$folder/alone" || wrong "$prefix: the parts are not the whole suite"
done

# ---- what is not there is missed

mv "$folder/part_1" "$folder/away"
merge
is "the merge without part 2" 3 "$ended"
has "$folder/said" 'part 2 of 3 never came'
mv "$folder/away" "$folder/part_1"

for index in 0 1 2; do
    rm -rf "$folder/part_$index"
    RAMPART_TEST_END='kill ninth b' && export RAMPART_TEST_END
    part TEST $index 3 "$good"
    unset RAMPART_TEST_END
    case $ended in
        0) [ ! -e "$files/premature" ] || wrong "part $index left TEST_PREMATURE_EXIT_FILE" ;;
        137) [ -e "$files/premature" ] || wrong "the killed part $index took TEST_PREMATURE_EXIT_FILE away" ;;
        *) wrong "part $index ended with $ended" ;;
    esac
done
is "parts that were killed" 1 "$(find "$folder"/part_* -name premature | wc -l)"
merge
is "the merge with a part that was killed" 3 "$ended"
has "$folder/said" 'stages.cpp::ninth was running when its process ended'

# ---- a filter, before the parts are cut; several runs of one part

for index in 0 1 2; do
    rm -rf "$folder/part_$index"
    TESTBRIDGE_TEST_ONLY='third*,*grouped::*,first' && export TESTBRIDGE_TEST_ONLY
    part TEST $index 3
    is "part $index of what a filter selects" 0 "$ended"
    has "$files/log" "only tests that match 'third*,*grouped::*,first' are selected, as TESTBRIDGE_TEST_ONLY says"
done
merge
is "the merge of what a filter selects" 0 "$ended"
is "tests that a filter selects" 7 "$(results "$folder/merged.json" | grep -c 'stage ')"
TESTBRIDGE_TEST_ONLY='no such test'
part TEST 0 3
is "a filter that selects nothing" 2 "$ended"
TESTBRIDGE_TEST_ONLY='first'
part TEST 0 1 -tc=second*
is "a filter and doctest's own that have nothing in common" 2 "$ended"
TESTBRIDGE_TEST_ONLY=
part TEST 0 1 "$good"
is "an empty filter" 0 "$ended"
has "$files/log" '11 results of'
unset TESTBRIDGE_TEST_ONLY

rm -rf "$folder"/part_*
for run in 1 2; do
    TEST_RUN_NUMBER=$run && export TEST_RUN_NUMBER
    part TEST 0 1 "$good"
    [ -n "$(find "$files/outputs" -name "*.attempt-$run.*")" ] || wrong "TEST_RUN_NUMBER=$run is not the attempt's number"
done
unset TEST_RUN_NUMBER
merge
is "the merge of two runs" 0 "$ended"

# ---- who says where the journal goes is heard; workers write none

rm -rf "$folder"/part_*
part TEST 0 1 "$good" --rampart-journal="$folder/own"
is "journals where the option says" 1 "$(find "$folder/own" -name '*.jsonl' | wc -l)"
is "journals in the engine's folder then" 0 "$(find "$folder/part_0/outputs" -type f | wc -l)"
part TEST 0 1 "$good" --rampart-workers=2
is "journals of a part with workers" 1 "$(find "$folder/part_0/outputs" -name '*.jsonl' | wc -l)"
merge
results "$folder/merged.json" | cmp -s - "$folder/alone" || wrong "a part with workers is not the whole suite"
part TEST 0 1 --rampart-list="$folder/list"
part TEST 0 1 --list-test-cases
is "journals of processes that run no test" 1 "$(find "$folder/part_0/outputs" -name '*.jsonl' | wc -l)"

# ---- what makes no sense runs nothing, and the engine still hears that this program knows of parts

for bad in '3 3' '-1 3' 'x 3' ' 3' '0 ' '0 x' '0 0' '1.0 3' '0 99999999999999999999'; do
    rm -rf "$folder"/part_*
    part TEST "${bad% *}" "${bad#* }"
    is "index and number '$bad'" 2 "$ended"
    has "$files/log" 'nothing was run' 'TEST_SHARD_INDEX=' 'TEST_TOTAL_SHARDS=' 'set RAMPART_TOTAL_SHARDS'
    [ -e "$files/status" ] || wrong "'$bad': TEST_SHARD_STATUS_FILE is not there"
    [ ! -e "$files/premature" ] || wrong "'$bad': TEST_PREMATURE_EXIT_FILE is still there"
    is "journals of '$bad'" 0 "$(find "$files/outputs" -type f | wc -l)"
done
TEST_TOTAL_SHARDS=3 "$suite" > "$folder/log" 2>&1
is "half of the pair" 2 "$?"
: > "$folder/a file"
TEST_UNDECLARED_OUTPUTS_DIR="$folder/a file" "$suite" "$good" > "$folder/log" 2>&1
is "a folder for the journal that cannot be" 3 "$?"
has "$folder/log" 'a file/rampart-journal'
exit $status
