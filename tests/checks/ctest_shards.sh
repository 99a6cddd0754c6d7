#!/bin/sh
# ctest_shards.sh ROOT FOLDER MANY STAGES LISTED COMPILER: rampart_discover_tests with SHARDS, in tests/doctest/shards: one
# report of all parts, what a killed part, a second attempt and a part alone become, and what an engine around CTest says.
# MANY, STAGES and LISTED are the suites two_thousand, stages and listed.
set -u
root=$1 folder=$2 many=$3 stages=$4 listed=$5 compiler=$6
. "$root/tests/support/expect.sh"

build=$folder/build
run() { # WORDS FOR CTEST...: the lines of its tests in $folder/log, and $ended
    timeout 300 ctest --test-dir "$build" -j 2 "$@" > "$folder/log" 2>&1
    ended=$?
}
# The end of the names and how each went, by name: "begin Passed".
went() { # NAME: the beginning of the names
    sed -n "s/^ *[0-9]*\/[0-9]* Test *#[0-9]*: $1\.\([a-z0-9-]*\) [.]*\(.*[^ ]\)  *[0-9.]* sec\$/\1 \2/p" "$folder/log" |
        sed 's/ \**\([A-Z]\)/ \1/; s/  */ /g; s/\*\*\*.*//; s/ (Failed)//' | LC_ALL=C sort
}
merge_said() { # NAME: what the merge printed, in $folder/said
    awk -v name="$1.merge" 'index($0, " Test: " name) { on = 1 } on && /^<end of output>/ { on = 0 } on' \
        "$build/Testing/Temporary/LastTest.log" > "$folder/said"
}
ids() { # FILE: the results in a report, one a line
    sed -n 's/^ *"test": //p; s/^ *"summary": //p' "$1" | LC_ALL=C sort
}
rm -rf "$folder"
mkdir -p "$folder"
cmake -S "$root/tests/doctest/shards" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DRAMPART_INCLUDE="$root/include" -DRAMPART_SUITE_MANY="$many" -DRAMPART_SUITE_STAGES="$stages" \
    -DRAMPART_SUITE_LISTED="$listed" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cmake --build "$build" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }

# ---- labels of the whole suite, locks of each part

ctest --test-dir "$build" --show-only=json-v1 -R '^listed' | tr -d ' \n' > "$folder/properties"
has "$folder/properties" '"name":"RESOURCE_LOCK","value":["docker","docker-registry","printer"]' \
    '"name":"RESOURCE_LOCK","value":["git","printer"]' '"name":"PROCESSORS","value":2' '"name":"TIMEOUT","value":50' \
    '"name":"ENVIRONMENT","value":["ONE=1","TWO=$2"]' '"THREE=set:3"' '"value":["model","rampart-listed-1"]'
is "parts with the lock of what is shared" 0 "$(grep -c '"RESOURCE_LOCK","value":\[[^]]*"smtp"' "$folder/properties")"
is "what a label picks" 6 "$(ctest --test-dir "$build" -N -L '^uses-docker$' | grep -c ' listed\.')"
is "what a label leaves out" 0 "$(ctest --test-dir "$build" -N -LE '^mine$' | grep -c ' listed\.')"
run -R '^listed'  # one test fails
is "parts with workers of their own" 'begin Passed
merge Failed
shard-1-of-3 Passed
shard-2-of-3 Failed
shard-3-of-3 Passed
whole Not Run' "$(went listed)"
merge_said listed
has "$folder/said" 'FAILED' 'listed.cpp::fails'

# ---- four parts give the report of one process

"$many" --rampart-json="$folder/alone.json" --rampart-shard=1/1 > "$folder/alone.txt" 2>&1
is "the suite in one process" 1 "$?"
run -R '^many'
is "ctest with parts that fail" 8 "$ended"
is "the parts of a suite in which tests fail" 'begin Passed
merge Failed
shard-1-of-4 Failed
shard-2-of-4 Failed
shard-3-of-4 Failed
shard-4-of-4 Failed
whole Not Run' "$(went many)"
same_reports "$folder/alone.json" "$build/many.json"

# ---- all well; nothing of an earlier run is in the report; no engine around CTest changes the parts

all='begin Passed
merge Passed
shard-1-of-3 Passed
shard-2-of-3 Passed
shard-3-of-3 Passed
whole Passed'
run -R '^stages'
is "ctest" 0 "$ended"
is "parts that pass" "$all" "$(went stages)"
ids "$build/stages.json" > "$folder/first"
is "results in the report" 11 "$(grep -c 'stage ' "$folder/first")"
run -R '^stages'
ids "$build/stages.json" | cmp -s - "$folder/first" || wrong "the second run has another report than the first"
grep -q '"kind"' "$build/stages.json" && wrong "the second run's report has faults"

mkdir "$folder/engine"
for name in XML_OUTPUT_FILE TEST_SHARD_STATUS_FILE TEST_PREMATURE_EXIT_FILE GITHUB_STEP_SUMMARY; do
    export $name="$folder/engine/$name"
done
export RAMPART_TOTAL_SHARDS=7 RAMPART_SHARD_INDEX=6 RAMPART_ATTEMPT=5 RAMPART_WORKER=gw9 TEST_TOTAL_SHARDS=2 \
    TEST_SHARD_INDEX=1 TEST_RUN_NUMBER=3 SLURM_RESTART_COUNT=2 CI_NODE_TOTAL=4 CI_NODE_INDEX=2 GITHUB_ACTIONS=true \
    TEST_UNDECLARED_OUTPUTS_DIR="$folder/engine/outputs" TESTBRIDGE_TEST_ONLY=first
run -R '^stages'
is "parts inside another engine's part" "$all" "$(went stages)"
ids "$build/stages.json" | cmp -s - "$folder/first" || wrong "inside another engine the report is another"
is "an engine's JUnit file: the merge's" 1 "$(grep -c '<testsuites .*tests="7"' "$folder/engine/XML_OUTPUT_FILE")"
is "summaries for GitHub: the merge's" 1 "$(grep -c '^# Safety report: PASSED' "$folder/engine/GITHUB_STEP_SUMMARY")"
find "$build"/stages_rampart_1-*-journals -name '*.attempt-1.*.jsonl' > "$folder/first_attempts"
is "first attempts inside another engine's fifth" 3 "$(wc -l < "$folder/first_attempts")"
rm -f "$folder"/engine/*
run -R '^stages.shard' -FC '^rampart-'
is "an engine's files that parts wrote" '' "$(ls "$folder/engine")"
unset XML_OUTPUT_FILE TEST_SHARD_STATUS_FILE TEST_PREMATURE_EXIT_FILE GITHUB_STEP_SUMMARY RAMPART_TOTAL_SHARDS \
    RAMPART_SHARD_INDEX RAMPART_ATTEMPT RAMPART_WORKER TEST_TOTAL_SHARDS TEST_SHARD_INDEX TEST_RUN_NUMBER \
    SLURM_RESTART_COUNT CI_NODE_TOTAL CI_NODE_INDEX GITHUB_ACTIONS TEST_UNDECLARED_OUTPUTS_DIR TESTBRIDGE_TEST_ONLY

# ---- a part that is killed

export FORWARD_END="$folder/end"
kill_next() { # HOW TEST: whichever part has the test
    for part in 1 2 3; do printf '%s' "$1 $2" > "$folder/end.$part-3"; done
}
killed='begin Passed
merge Failed
shard-1-of-3 Subprocess killed
shard-2-of-3 Passed
shard-3-of-3 Passed
whole Not Run'
kill_next before seventh
run -R '^stages'
rm -f "$folder"/end.*
is "one part was killed" "$killed" "$(went stages)"
merge_said stages
has "$folder/said" 'INCOMPLETE' 'worker shard-1-of-3' 'stages.cpp::grouped::seventh was running when its process ended' \
    'stages.cpp::grouped::eighth was planned and nothing is known of it'
is "results of the others, and of the killed part before" 9 "$(ids "$build/stages.json" | grep -c 'stage ')"

# What CTest says to run again is the run as a whole, anew.
run --rerun-failed
is "--rerun-failed" "$all" "$(went stages)"
ids "$build/stages.json" | cmp -s - "$folder/first" || wrong "--rerun-failed lost or doubled results"
grep -q '"kind"' "$build/stages.json" && wrong "--rerun-failed remembers the attempt that was killed"

# Without the fixture that empties the folder, the killed part goes on where it was.
kill_next before seventh
run -R '^stages'
rm -f "$folder"/end.*
run --rerun-failed -FS '^rampart-'
is "--rerun-failed -FS" 'merge Passed
shard-1-of-3 Passed
whole Passed' "$(went stages)"
ids "$build/stages.json" | cmp -s - "$folder/first" || wrong "--rerun-failed -FS lost or doubled results"
merge_said stages
has "$folder/said" 'note: worker shard-1-of-3' 'attempt 1 of part 1 of 3 ended early; attempt 2 came after it' 'PASSED'

# An attempt more takes up what is missing.
kill_next kill 'ninth b'
run -R '^stages' --repeat until-pass:2
rm -f "$folder"/end.*
is "ctest --repeat until-pass:2, one part killed once" 0 "$ended"
is "results after a second attempt" "$(sed -n '/stage /p' "$folder/first")" "$(ids "$build/stages.json" | sed -n '/stage /p')"
merge_said stages
has "$folder/said" 'attempt 1 of part' 'PASSED'

# A test that leaves by _exit(0), or exit(0), is no success.
for way in exit _exit; do
    kill_next $way second
    run -R '^stages'
    rm -f "$folder"/end.*
    is "a test called $way(0)" 8 "$ended"
    is "failed after $way(0): the merge, and the part if it could" "$([ $way = _exit ] && echo 1 || echo 2)" \
        "$(went stages | grep -c Failed)"
    merge_said stages
    has "$folder/said" 'INCOMPLETE' 'stages.cpp::second, with two results was running when its process ended'
done

# A part that runs out of time.
printf 'hang second' | tee "$folder/end.1-2" > "$folder/end.2-2"
run --timeout 1 -R '^failing stages'
rm -f "$folder"/end.*
is "parts that ran out of time" 1 "$(grep -c 'Timeout *1' "$folder/log")"
merge_said 'failing stages'
has "$folder/said" 'INCOMPLETE' 'stages.cpp::second, with two results was running when its process ended'

# ---- tests that fail are not tried until they pass, and none of them counts twice

failing='begin Passed
merge Failed
shard-1-of-2 Passed
shard-2-of-2 Failed
whole Not Run'
run -R '^failing stages'
is "parts with a failing and an unsafe test" "$failing" "$(went 'failing stages')"
ids "$build/work place/failing.json" > "$folder/first"
is "results with them" 13 "$(grep -c 'stage ' "$folder/first")"
run -R '^failing stages' --repeat until-pass:3
is "the same with three attempts" "$failing" "$(went 'failing stages')"
ids "$build/work place/failing.json" | cmp -s - "$folder/first" || wrong "attempts lost or doubled results"

# ---- one part alone

run -R '^stages.shard-2'
is "one part alone" 'begin Passed
merge Failed
shard-2-of-3 Passed' "$(went stages)"
merge_said stages
has "$folder/said" 'parts 1, 3 of 3 never came; part 2 of 3 did'
run -R '^stages.shard-2' -FC '^rampart-'
is "one part alone, without the merge" 0 "$ended"
is "tests of that" 'begin Passed
shard-2-of-3 Passed' "$(went stages)"
rm -rf "$build"/stages_rampart_1-*-journals/[13]
run -R '^stages.merge'
is "a merge of journals that are gone" 8 "$ended"

# ---- what makes no sense is told when CMake runs

refused() { # WORDS OF THE MESSAGE, WORDS FOR THE FUNCTION...
    says=$1
    shift
    mkdir -p "$folder/refused"
    { printf 'cmake_minimum_required(VERSION 3.20)\nproject(refused LANGUAGES NONE)\nenable_testing()\n'
        printf 'include(%s/include/rampart/doctest/discover_tests.cmake)\n' "$root"
        printf 'add_executable(suite suite.c)\nset_target_properties(suite PROPERTIES LINKER_LANGUAGE C)\n'
        printf 'rampart_discover_tests(suite %s)\n' "$*"; } > "$folder/refused/CMakeLists.txt"
    : > "$folder/refused/suite.c"
    cmake -S "$folder/refused" -B "$folder/refused/build" > "$folder/log" 2>&1 && wrong "taken: $*"
    tr -s ' \n' '  ' < "$folder/log" > "$folder/log.words"
    has "$folder/log.words" "$says"
}
refused "SHARDS takes a number of parts from 1 to 9999, not '0'" SHARDS 0
refused "SHARDS takes a number of parts from 1 to 9999, not 'x'" SHARDS x
refused "SHARDS takes a number of parts from 1 to 9999" SHARDS
refused "MERGE_ARGS without SHARDS" MERGE_ARGS --rampart-json=a
refused "'--rampart-shard=1/2' cannot stand among EXTRA_ARGS" SHARDS 2 EXTRA_ARGS --rampart-shard=1/2
refused "'--rampart-resume=a' cannot stand among EXTRA_ARGS" SHARDS 2 EXTRA_ARGS --rampart-resume=a
refused "is asked for with MERGE_ARGS" SHARDS 2 EXTRA_ARGS --rampart-html=a
refused "'--rampart-merge=a' cannot stand among MERGE_ARGS" SHARDS 2 MERGE_ARGS --rampart-merge=a
exit $status
