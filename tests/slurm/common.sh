# What the tests of examples/slurm share; each is called as NAME.sh ROOT FOLDER SUITE, begins with `. common.sh`, and has
# then a Slurm of its own that ends with it.
# shellcheck shell=sh disable=SC2034
set -u
root=$1 folder=$2 suite=$3
PATH=$PATH:/usr/sbin:/sbin

. "$root/tests/support/expect.sh"

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
