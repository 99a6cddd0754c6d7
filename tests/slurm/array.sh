#!/bin/sh
# An array of four on two nodes: the merged report is that of one process. Then parts of equal time, from that report; one
# part alone; and what the scripts refuse.
# shellcheck source=tests/slurm/common.sh disable=SC2154
. "$(dirname "$0")/common.sh"

"$suite" --rampart-json="$folder/alone.json" > "$folder/alone.txt" 2>&1
alone=$?
run sh "$slurm/submit.sh" -n 4 "$folder/run" "$suite" --rampart-workers=1 > "$folder/run.txt" 2>&1
is "status of the merge" "$alone" $?
same_reports "$folder/alone.json" "$folder/run/report.json"
is "journals" 4 "$(find "$folder/run/journals" -name '*.jsonl' | wc -l)"
is "nodes that ran a part" 'n1 n2' "$(sed -n 's/.*Nodelist=\(n[12]\) .*/\1/p;s/.* NodeList=\(n[12]\) .*/\1/p' "$cluster/slurmctld.log" | sort -u | paste -sd ' ' -)"

# ---- the same, cut by the times of the first run: no test is in two parts or in none

run sh "$slurm/submit.sh" -n 3 -d "$folder/run/report.json" "$folder/timed parts" "$suite" > "$folder/timed.txt" 2>&1
is "status with durations" "$alone" $?
same_reports "$folder/alone.json" "$folder/timed parts/report.json"

# ---- one part is lost; it is missed by name, and submitted alone it makes the run whole

rm -r "$folder/run/journals/2"
run sh "$slurm/collect.sh" "$folder/run" > "$folder/missing.txt" 2>&1
is "status without part 2" 3 $?
has "$folder/missing.txt" 'part 3 of 4 never came' 'part 3 of 4 has written nothing'
run sh "$slurm/submit.sh" -a 2 "$folder/run" > "$folder/again.txt" 2>&1
is "status with part 2 again" "$alone" $?
same_reports "$folder/alone.json" "$folder/run/report.json"
is "tests of the part that ran alone" 525 "$(ended_in "$folder/run/journals/2")"

# ---- one index without the script: refused by the library, not everything

job=$(sbatch --parsable -a 2 -o "$folder/naive.txt" --wrap "'$suite' --rampart-journal='$folder/naive'; echo ended with \$?")
until_true 30 grep -qs 'ended with' "$folder/naive.txt"
has "$folder/naive.txt" 'ended with 2' 'this is no whole Slurm array' RAMPART_TOTAL_SHARDS
is "what job $job ran" 0 "$(find "$folder/naive" -name '*.jsonl' 2> /dev/null | wc -l)"

# ---- what makes no sense

refuses() { # WORDS WORDS FOR submit.sh...
    text=$1
    shift
    run sh "$slurm/submit.sh" "$@" > "$folder/refused.txt" 2>&1
    is "status of submit.sh $*" 2 $?
    has "$folder/refused.txt" "$text"
}
refuses 'holds a run already' -n 4 "$folder/run" "$suite"
refuses 'has 4 parts, 0 to 3' -a 4 "$folder/run"
refuses "not 'a'" -a a "$folder/run"
refuses 'from 1; not' -n 0 "$folder/none" "$suite"
refuses 'is no program' -n 2 "$folder/none" "$folder/no/such"
refuses 'no run in' -a 1 "$folder/none"
refuses 'exit codes from 1 to 255' -n 2 -q 300 "$folder/none" "$suite"
refuses 'is no option of this version' -n 2 "$folder/none" "$suite" --rampart-nonsense
refuses 'did not take the job' -n 2 -s --partition=none "$folder/none" "$suite"
[ ! -e "$folder/none/run" ] || wrong "a run that was not begun is there"
