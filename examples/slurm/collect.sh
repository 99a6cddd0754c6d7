#!/bin/sh
# collect.sh [-w] DIR [word]...: waits for the jobs of the run in DIR that submit.sh began, and merges what its parts wrote
# into DIR/report.json and DIR/report.html. The words are for the merge: --rampart-junit=junit.xml. Its status is that of the
# whole run: what Slurm thinks of its jobs makes no difference, what is in the journals does. May be called again at any time.
#
#   -w   requeued jobs start when a node is free; Slurm lets them wait for two minutes otherwise
#
# RAMPART_SLURM_POLL is how many seconds lie between two looks at the queue (5). It is not `sbatch --wait`, which looks ever
# less often.
set -u

fail() {
    echo "collect.sh: $*" >&2
    exit 2
}

now=''
[ "${1:-}" != -w ] || { now=yes; shift; }
[ $# -ge 1 ] || fail "which folder? collect.sh [-w] DIR [words for the merge]"
dir=$1
shift
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
[ -s "$dir/run/jobs" ] || fail "there is no run in $dir; submit.sh begins one"
parts=$(cat "$dir/run/parts")
trap 'echo "collect.sh: stopped; the jobs go on: scancel $(tr "\n" " " < "$dir/run/jobs")ends them, collect.sh $dir waits again" >&2
    exit 130' INT TERM HUP

# Prints 'STATE INDEX REASON' of each part that is in the queue. Fails when squeue cannot tell: a controller that does not
# answer is no empty queue. A job that Slurm has forgotten has ended.
queue() {
    while read -r job; do
        if said=$(squeue -h -r -j "$job" -o '%T %K %r' 2>&1); then
            [ -z "$said" ] || echo "$said" | sed "s/^/$job /"
        else
            case $said in *'Invalid job id'*) ;; *) echo "$said" >&2; return 1 ;; esac
        fi
    done < "$dir/run/jobs"
}

last='' silent=0
while :; do
    if rows=$(queue); then
        silent=0
        [ -n "$rows" ] || break
        state=$(echo "$rows" | awk '
            { ++count[$2 == "PENDING" && $4 != "None" ? "pending (" $4 ")" : tolower($2)] }
            END { for (s in count) print count[s] " " s }' | sort | paste -sd, - | sed 's/,/, /g')
        [ "$state" = "$last" ] || echo "collect.sh: $state"
        last=$state
        if [ -n "$now" ]; then
            echo "$rows" | awk '$2 == "PENDING" && $4 == "BeginTime" { print $1 "_" $3 }' | while read -r one; do
                scontrol update "jobid=$one" StartTime=now
            done
        fi
    else
        silent=$((silent + 1))
        [ "$silent" -lt 60 ] || fail "squeue has not answered for 60 times; the jobs may still run. collect.sh $dir waits again"
    fi
    sleep "${RAMPART_SLURM_POLL:-5}"
done

# What Slurm says of the parts, as long as it remembers; for people.
while read -r job; do
    scontrol -o show job "$job" 2> /dev/null
done < "$dir/run/jobs" | sed -n 's/^JobId=\([0-9]*\) ArrayJobId=\([0-9]*\) ArrayTaskId=\([0-9]*\) .* JobState=\([A-Z_]*\) .* Restarts=\([0-9]*\) .* ExitCode=\([0-9:]*\) .*/\3 \4 \6 \5 \2/p' |
    sort -n | while read -r index state code restarts job; do
        echo "collect.sh: part $((index + 1)) of $parts (job ${job}_$index): $state, exit code $code, restarts $restarts"
    done

trap - INT TERM HUP
# Not of this process, wherever it runs: the merge is of all parts.
unset RAMPART_TOTAL_SHARDS RAMPART_SHARD_INDEX
echo "collect.sh: merging the journals of $parts parts"
eval "$(cat "$dir/run/program") \"--rampart-merge=\$dir/journals\" \"--rampart-json=\$dir/report.json\" \
    \"--rampart-html=\$dir/report.html\" \"\$@\""
status=$?
echo "collect.sh: status $status; the reports are $dir/report.json and $dir/report.html"

# The merge has a table of all attempts. A part that never began has no journal, and the merge can only say that it is missing;
# the program knows which tests are in it.
: > "$dir/not-begun.txt"
index=0
while [ "$index" -lt "$parts" ]; do
    if [ -z "$(find "$dir/journals/$index" -name '*.jsonl' 2> /dev/null)" ]; then
        echo "collect.sh: part $((index + 1)) of $parts has written nothing; to run it: submit.sh -a $index $dir"
        (
            export RAMPART_TOTAL_SHARDS="$parts" RAMPART_SHARD_INDEX="$index"
            set -- --rampart-list=-
            [ ! -e "$dir/run/durations" ] || set -- "$@" "--rampart-durations=$dir/run/durations"
            eval "$(cat "$dir/run/command") \"\$@\"" 2> /dev/null
        ) | sed -n '/"skip": true}/d; s/^{"id": "\(\([^"\\]\|\\.\)*\)", .*/\1/p' >> "$dir/not-begun.txt"
    fi
    index=$((index + 1))
done
if [ -s "$dir/not-begun.txt" ]; then
    echo "collect.sh: $(wc -l < "$dir/not-begun.txt") tests of these parts did not run; $dir/not-begun.txt has their names:"
    sed -n 's/^/  - /; 1,10p' "$dir/not-begun.txt"
else
    rm -f "$dir/not-begun.txt"
fi
exit "$status"
