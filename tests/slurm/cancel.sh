#!/bin/sh
# scancel in the middle: the run is incomplete, and says by name what did not run. The parts can be taken up again.
# shellcheck source=tests/slurm/common.sh disable=SC2154
. "$(dirname "$0")/common.sh"

"$suite" --rampart-json="$folder/alone.json" > "$folder/alone.txt" 2>&1
alone=$?
export RAMPART_TWO_THOUSAND_MICROSECONDS=6000
run sh "$slurm/submit.sh" -b -n 4 "$folder/run" "$suite" > "$folder/submit.txt" 2>&1 || wrong "submit.sh -b: status $?"
in_the_middle() { [ "$(ended_in "$folder/run/journals")" -gt 200 ]; }
until_true 30 in_the_middle
run sh "$slurm/submit.sh" -a 0 "$folder/run" > "$folder/twice.txt" 2>&1
is "status of a part that runs already" 2 $?
has "$folder/twice.txt" 'still in the queue'
scancel "$(cat "$folder/run/run/jobs")"
run sh "$slurm/collect.sh" "$folder/run" > "$folder/run.txt" 2>&1
is "status after scancel" 3 $?
has "$folder/run.txt" INCOMPLETE CANCELLED 'Shards: 4 parts: 2 ended early, 2 never began' 'parts 3, 4 of 4 never came' 'has written nothing; to run it: submit.sh -a 2'
ended=$(ended_in "$folder/run/journals")
not_run=$(grep -c '"outcome": "not_run"' "$folder/run/report.json")
interrupted=$(grep -c '"outcome": "crashed"' "$folder/run/report.json")
[ "$ended" -lt 1000 ] || wrong "nothing was in the middle"
is "tests of the parts that had begun, by name" 1050 $((ended + not_run + interrupted))
# Five trials of a test stand there once.
is "tests of the parts that had not, by name" 1010 "$(sort -u "$folder/run/not-begun.txt" | wc -l)"
has "$folder/run/not-begun.txt" 'two_thousand_a.cpp::suite 10::case 1002'

unset RAMPART_TWO_THOUSAND_MICROSECONDS
run sh "$slurm/submit.sh" -a 0,1,2,3 "$folder/run" > "$folder/again.txt" 2>&1
is "status when all parts were taken up again" "$alone" $?
[ ! -e "$folder/run/not-begun.txt" ] || wrong "all parts have begun"
same_reports "$folder/alone.json" "$folder/run/report.json"
