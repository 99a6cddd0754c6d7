#!/bin/sh
# A node dies in the middle: slurmd, step and script. Slurm gives the part to the other node, which takes up the journal; every
# test has one account, the report is that of one process, and says that there was another attempt.
# shellcheck source=tests/slurm/common.sh disable=SC2154
. "$(dirname "$0")/common.sh"

"$suite" --rampart-json="$folder/alone.json" > "$folder/alone.txt" 2>&1
alone=$?
export RAMPART_TWO_THOUSAND_MICROSECONDS=6000 RAMPART_TWO_THOUSAND_LOG="$folder/starts"
run sh "$slurm/submit.sh" -b -n 2 "$folder/run" "$suite" > "$folder/submit.txt" 2>&1 || wrong "submit.sh -b: status $?"
job=$(cat "$folder/run/run/jobs")
is_in_the_middle() { [ "$(ended_in "$folder/run/journals/$lost")" -gt 100 ]; }
where() { squeue -h -r -j "$job" -o '%K %N %T' | sed -n 's/^\([0-9]*\) n1 RUNNING$/\1/p'; }
runs_on_n1() { [ -n "$(where)" ]; }
until_true 30 runs_on_n1
lost=$(where)
until_true 30 is_in_the_middle
killed=$(date +%s)
sh "$root/tests/slurm/cluster.sh" kill_node "$cluster" n1 || wrong "n1 could not be killed"
before=$(ended_in "$folder/run/journals/$lost")

run sh "$slurm/collect.sh" -w "$folder/run" > "$folder/run.txt" 2>&1
is "status after a node was lost" "$alone" $?
echo "from the kill to the merged report: $(($(date +%s) - killed)) s"
has "$folder/run.txt" "attempt 1 of part $((lost + 1)) of 2 ended early; attempt 2 came after it" 'restarts 1' \
    'Shards: 2 parts: 2 finished, 1 superseded' "$((lost + 1)) of 2  superseded "
same_reports "$folder/alone.json" "$folder/run/report.json"
first=$(find "$folder/run/journals/$lost" -name '*.attempt-1.*' -exec cat {} + | grep -c '^{"end": ')
second=$(find "$folder/run/journals/$lost" -name '*.attempt-2.*' -exec cat {} + | grep -c '^{"end": ')
is "tests that ended in the first attempt, after the kill" "$before" "$first"
is "tests of both attempts" 1050 $((first + second))
# A test begins once, but for the one that was running.
twice=$(sort "$folder/starts" | uniq -d | grep -vc '^trials ')
[ "$twice" -le 1 ] || wrong "$twice tests ran twice"
