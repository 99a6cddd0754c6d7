# What the tests of examples/slurm share; each is called as NAME.sh ROOT FOLDER SUITE, begins with `. common.sh`, and has
# then a Slurm of its own that ends with it.
# shellcheck shell=sh disable=SC2034
set -u
root=$1 folder=$2 suite=$3
PATH=$PATH:/usr/sbin:/sbin
status=0

wrong() {
    echo "$*"
    status=1
}
is() { # WHAT WANTED GOT
    [ "$2" = "$3" ] || wrong "$1:
  wanted: $2
  got:    $3"
}
has() { # FILE WORDS...: is each of the words in it?
    file=$1
    shift
    for word; do grep -qF -- "$word" "$file" || wrong "$file should say: $word"; done
}
until_true() { # SECONDS WORDS...: waits until the command says yes
    tries=$(($1 * 10))
    what=$2
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { wrong "waited in vain for: $what"; return 1; }
        sleep 0.1
    done
}

# A report without what differs between one process and four: times, who wrote what, and notes that a part took several
# attempts, which lose nothing.
timeless() { # FILE
    awk '
        function out() { if (have) print line }
        { sub(/\r$/, "") }
        /^  "faults": \[$/ { notes = $0; others = 0; next }
        notes != "" && /^      "kind": / && !/"superseded"/ { others = 1 }
        notes != "" {
            if (!/^  \]/) { notes = notes "\n" $0; next }
            $0 = others ? notes "\n" $0 : "  \"faults\": []" substr($0, 4)
            notes = ""
        }
        /^      "worker": "shard-[0-9]+-of-[0-9]+",$/ { next }
        /^ *"_rampart_source_worker": "shard-[0-9]+-of-[0-9]+"$/ { sub(/,$/, "", line); next }
        /^      "seconds": / && in_tests || /^  "duration_seconds": / { sub(/: [0-9.e+-]+/, ": 0") }
        /^  "tests": \[/ { in_tests = 1 }
        { out(); line = $0; have = 1 }
        END { out() }' "$1"
}
same_reports() { # ALONE MERGED
    timeless "$1" > "$folder/alone.timeless"
    timeless "$2" > "$folder/merged.timeless"
    [ "$(wc -l < "$folder/alone.timeless")" -gt 100000 ] || wrong "$1 is too short for a report of 2,100 tests"
    cmp -s "$folder/alone.timeless" "$folder/merged.timeless" || wrong "$1 and $2 differ:
$(diff "$folder/alone.timeless" "$folder/merged.timeless" | head -n 40)"
}

# How many tests the journals of a folder say have ended.
ended_in() { # FOLDER
    find "$1" -name '*.jsonl' -exec cat {} + 2> /dev/null | grep -c '^{"end": '
}

# Runs the words so that a signal to this test is heard at once, and not when they have ended.
child=''
run() { # WORDS...
    "$@" &
    child=$!
    wait "$child"
    set -- $?
    child=''
    return "$1"
}

finish() {
    if [ "$status" -ne 0 ]; then
        for log in "$folder"/*.txt "$folder"/*/logs/*.log "$cluster"/slurmctld.log; do
            [ ! -f "$log" ] || { echo "---- $log"; tail -n 8 "$log" | cut -c 1-300; }
        done
    fi
    sh "$root/tests/slurm/cluster.sh" stop "$cluster"
    exit "$status"
}

rm -rf "$folder"
mkdir -p "$folder"
cluster=$(sh "$root/tests/slurm/cluster.sh" start $$) || { ended=$?; echo "$cluster"; exit "$ended"; }
trap finish EXIT
trap '[ -z "$child" ] || kill "$child" 2> /dev/null; wrong interrupted; exit 1' INT TERM HUP
export SLURM_CONF="$cluster/slurm.conf" RAMPART_SLURM_POLL=0.3
slurm=$root/examples/slurm
