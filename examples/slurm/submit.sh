#!/bin/sh
# submit.sh -n PARTS [option]... DIR PROGRAM [word]...   runs a suite in PARTS parts under Slurm, and merges them in the end
# submit.sh -a INDICES [option]... DIR                    runs these parts of an earlier run again, such as -a 2 or -a 0,3;
#                                                         index 2 is part 3 of the report: Slurm counts from 0
#
# DIR is a new folder in a file system that all nodes share; logs, journals and reports go there. PROGRAM is the suite, and
# the words are for each part of it: --rampart-workers=auto, -ts=mail. Ends with the status of the whole run: 0 it passed,
# 1 it failed, 2 nothing was run, 3 something is missing.
#
#   -s WORDS   words for sbatch, such as -s '--partition=short --time=30 --cpus-per-task=8'
#   -d FILE    a JSON report (or a folder of journals) of an earlier run: parts are cut so that they take the same time
#   -q CODES   a part whose program ends with one of these goes back into the queue, such as -q '137 139'
#   -m TIMES   but no more often than this (2)
#   -w         requeued jobs start when a node is free; Slurm lets them wait for two minutes otherwise
#   -b         does not wait; collect.sh DIR does that later
set -u
here=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "submit.sh: $*" >&2
    exit 2
}
is_number() {
    case $1 in '' | *[!0-9]* | ??????????*) return 1 ;; esac
}
quoted() { # WORD: for a shell
    printf "'"
    printf '%s.' "$1" | sed "s/'/'\\\\''/g; \$s/\\.\$/'/"
}

parts='' again='' words='' durations='' codes='' most=2 wait=yes now=''
while getopts n:a:s:d:q:m:wb option; do
    case $option in
        n) parts=$OPTARG ;;
        a) again=$OPTARG ;;
        s) words=$OPTARG ;;
        d) durations=$OPTARG ;;
        q) codes=$OPTARG ;;
        m) most=$OPTARG ;;
        w) now=-w ;;
        b) wait='' ;;
        *) fail "for its options see the beginning of $0" ;;
    esac
done
shift $((OPTIND - 1))
for tool in sbatch squeue; do
    command -v "$tool" > /dev/null || fail "there is no $tool here; this has to run where jobs are submitted"
done
[ $# -ge 1 ] || fail "which folder? submit.sh -n PARTS DIR PROGRAM, or submit.sh -a INDICES DIR"
dir=$1
shift
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac

if [ -n "$again" ]; then
    [ -z "$parts$durations$codes" ] && [ $# -eq 0 ] ||
        fail "-a takes up the run in $dir as it is; -n, -d, -q and a program are for a new run"
    [ -f "$dir/run/parts" ] || fail "there is no run in $dir to take up"
    parts=$(cat "$dir/run/parts")
    for index in $(echo "$again" | tr ',' ' '); do
        is_number "$index" || fail "-a takes indices with commas between them, not '$again'"
        [ "$index" -lt "$parts" ] || fail "-a $again: this run has $parts parts, 0 to $((parts - 1))"
    done
    # Two processes of one part would both run its tests.
    while read -r job; do
        waiting=$(squeue -h -r -j "$job" -o %K 2>&1) || case $waiting in
            *'Invalid job id'*) waiting='' ;;
            *) fail "squeue does not say which parts still run: $waiting" ;;
        esac
        for index in $(echo "$again" | tr ',' ' '); do
            ! echo "$waiting" | grep -qx "$index" || fail "index $index is still in the queue, in job ${job}_$index"
        done
    done < "$dir/run/jobs"
    array=$again
else
    is_number "$parts" && [ "$parts" -ge 1 ] || fail "-n takes the number of parts, from 1; not '$parts'"
    is_number "$most" || fail "-m takes a number, not '$most'"
    for code in $codes; do
        is_number "$code" && [ "$code" -ge 1 ] && [ "$code" -le 255 ] ||
            fail "-q takes exit codes from 1 to 255 with blanks between them, not '$codes'"
    done
    [ $# -ge 1 ] || fail "which program? submit.sh -n $parts $dir PROGRAM"
    program=$(command -v "$1") || fail "'$1' is no program that can be run here"
    case $program in /*) ;; *) program=$PWD/$program ;; esac
    shift
    [ ! -e "$dir/run" ] || fail "$dir holds a run already; give a new folder, or run parts of it again with -a"
    mkdir -p "$dir/run" "$dir/journals" "$dir/logs" || exit 2
    if [ -n "$durations" ]; then
        # A copy: a part that runs again has to be cut as the others were.
        if [ -d "$durations" ]; then cp -r "$durations" "$dir/run/durations"
        else cp "$durations" "$dir/run/durations"; fi || { rm -rf "$dir/run"; exit 2; }
    fi
    {
        quoted "$program"
        for word; do printf ' '; quoted "$word"; done
    } > "$dir/run/command"
    quoted "$program" > "$dir/run/program"
    echo "$(date -u +%Y%m%dT%H%M%SZ)-$(hostname)-$$" > "$dir/run/id"
    echo "$codes" > "$dir/run/requeue_on"
    echo "$most" > "$dir/run/requeue_max"
    # Words that make no sense are noticed now, not in each part.
    (
        export RAMPART_TOTAL_SHARDS="$parts" RAMPART_SHARD_INDEX=0
        set -- --rampart-list=-
        [ ! -e "$dir/run/durations" ] || set -- "$@" "--rampart-durations=$dir/run/durations"
        eval "$(cat "$dir/run/command") \"\$@\"" > /dev/null 2> "$dir/run/refused"
    ) || {
        ended=$?
        cat "$dir/run/refused" >&2
        rm -rf "$dir/run"
        fail "$program could not list its tests with these words (status $ended); nothing was submitted"
    }
    rm -f "$dir/run/refused"
    : > "$dir/run/jobs"
    echo "$parts" > "$dir/run/parts"
    array=0-$((parts - 1))
fi

unset SLURM_RESTART_COUNT  # in case this itself runs in a job: attempts are those of the part's own
# shellcheck disable=SC2086
job=$(sbatch --parsable -a "$array" -o "$dir/logs/part-%a.log" $words "$here/part.sh" "$dir") || {
    [ -s "$dir/run/jobs" ] || rm -rf "$dir/run"  # nothing was begun
    fail "sbatch did not take the job"
}
job=${job%%;*}  # JOB;CLUSTER
echo "$job" >> "$dir/run/jobs"
echo "submit.sh: job $job, array $array of $parts parts; logs are in $dir/logs"
[ -n "$wait" ] || { echo "submit.sh: sh $here/collect.sh $dir waits for it and merges"; exit 0; }
exec sh "$here/collect.sh" $now "$dir"
