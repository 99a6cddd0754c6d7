#!/bin/sh
#SBATCH --job-name=rampart
#SBATCH --ntasks=1
#SBATCH --requeue
#SBATCH --open-mode=append
# part.sh DIR: the job script of one part of a run that submit.sh has set up in DIR, a folder that all nodes share. By hand:
#
#     sbatch -a 0-3 part.sh DIR      all four parts
#     sbatch -a 2 part.sh DIR        index 2 alone, which is part 3: DIR says that it is one of four, Slurm would call it the only one
#
# A part that is started again, by Slurm after a node was lost or by hand, takes up the journals of its earlier attempts: it
# runs what they do not account for. The library takes the number of the attempt from there, and from SLURM_RESTART_COUNT.
set -u

fail() {
    echo "part.sh: $*" >&2
    exit 2
}

[ $# -eq 1 ] || fail "takes the folder of a run: sbatch -a 0-3 part.sh DIR (submit.sh makes one)"
index=${SLURM_ARRAY_TASK_ID:-}
[ -n "$index" ] || fail "this is no job of a Slurm array; submit it with sbatch -a 0-N part.sh DIR"
dir=$1
for file in parts id command; do
    [ -r "$dir/run/$file" ] || fail "there is no $dir/run/$file on $(hostname); is $dir the folder that submit.sh was given," \
        "and in a file system that all nodes share?"
done
parts=$(cat "$dir/run/parts")
# Before -lt, which takes numbers only.
case $parts in '' | *[!0-9]*) fail "$dir/run/parts holds '$parts', which is no number of parts" ;; esac
[ "$index" -lt "$parts" ] || fail "index $index is too high: this run has $parts parts, 0 to $((parts - 1))"

# All that says which part this is, so that neither an array of one nor the submitting shell can say otherwise.
array_job=${SLURM_ARRAY_JOB_ID:-}
unset RAMPART_ATTEMPT RAMPART_WORKER TEST_TOTAL_SHARDS TEST_SHARD_INDEX TEST_RUN_NUMBER GTEST_TOTAL_SHARDS GTEST_SHARD_INDEX
# The part's own worker processes are no parts: an array of one must not look to them like a part of an unknown number.
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_MAX SLURM_ARRAY_TASK_STEP
export RAMPART_TOTAL_SHARDS="$parts" RAMPART_SHARD_INDEX="$index"
RAMPART_TESTRUNUID=$(cat "$dir/run/id")
export RAMPART_TESTRUNUID
journals=$dir/journals/$index  # a folder for each part: an attempt reads its own part's journals only
mkdir -p "$journals" || fail "the journals need the folder $journals"

set -- "--rampart-resume=$journals"
[ ! -e "$dir/run/durations" ] || set -- "$@" "--rampart-durations=$dir/run/durations"
words=$(cat "$dir/run/command")  # quoted for the shell by submit.sh

# scancel, a time limit and preemption end the program with SIGTERM; it then closes its journal, and the script has to wait.
ended=''
trap 'ended=yes' TERM
echo "part.sh: part $((index + 1)) of $parts (index $index), start $((${SLURM_RESTART_COUNT:-0} + 1)), on $(hostname)" >&2
eval "$words \"\$@\""
status=$?

# Exit codes that are worth another try elsewhere. (A lost node is Slurm's to notice: --requeue.)
codes=$(cat "$dir/run/requeue_on" 2> /dev/null)
most=$(cat "$dir/run/requeue_max" 2> /dev/null)
for code in $codes; do
    [ "$status" -eq "$code" ] && [ -z "$ended" ] || continue
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "${most:-2}" ]; then
        echo "part.sh: the program ended with $status again; index $index was started $((SLURM_RESTART_COUNT + 1)) times," \
            "which is enough" >&2
    else
        echo "part.sh: the program ended with $status; index $index goes back into the queue" >&2
        # When it cannot be done, the part is missing in the merge, by name.
        scontrol requeue "${array_job}_$index" || echo "part.sh: Slurm did not take it" >&2
    fi
    break
done
exit "$status"
