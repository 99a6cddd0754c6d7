#!/bin/sh
# A test that kills its process, 10th of 40: named by the merge. In a part with workers it costs nothing else; in one without
# it takes the rest of the part with it, by name, and the exit code may send the part back into the queue.
# shellcheck source=tests/slurm/common.sh disable=SC2154
. "$(dirname "$0")/common.sh"
killer='case 29 kills itself'

run sh "$slurm/submit.sh" -n 4 "$folder/workers" "$suite" --rampart-workers=1 > "$folder/workers.txt" 2>&1
is "status with workers" 1 $?
has "$folder/workers.txt" "$killer" 'SIGKILL'
is "test that crashed" 1 "$(grep -c '"outcome": "crashed"' "$folder/workers/report.json")"
is "tests that passed" 39 "$(grep -c '"outcome": "passed"' "$folder/workers/report.json")"

run sh "$slurm/submit.sh" -n 4 -q 137 -m 1 -w "$folder/alone" "$suite" > "$folder/alone.txt" 2>&1
is "status without workers" 3 $?
has "$folder/alone.txt" "test kills_itself.cpp::$killer was running when its process ended"
is "test that crashed" 1 "$(grep -c '"outcome": "crashed"' "$folder/alone/report.json")"
passed=$(grep -c '"outcome": "passed"' "$folder/alone/report.json")
not_run=$(grep -c '"outcome": "not_run"' "$folder/alone/report.json")
is "tests accounted for" 39 $((passed + not_run))
[ "$passed" -ge 30 ] || wrong "only $passed tests passed; three parts of four have nothing to do with it"
attempts=$(find "$folder/alone/journals" -name '*.attempt-2.*' | wc -l)
is "parts that were started again for their exit code, once" 1 "$attempts"
is "a third attempt" 0 "$(find "$folder/alone/journals" -name '*.attempt-3.*' | wc -l)"
has "$folder/alone.txt" 'Shards: 4 parts: 3 finished, 1 ended early, 1 superseded' 'restarts 1'
