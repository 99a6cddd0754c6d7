#!/bin/sh
# cluster.sh start OWNER | stop FOLDER | processes FOLDER NODE | kill_node FOLDER NODE
#
# A real Slurm on this machine, for tests: munge, slurmctld and two nodes n1 and n2 with one processor each, on loopback, as
# root, without systemd, with everything in a folder of its own.
#
#   start OWNER      starts it and prints its folder; SLURM_CONF=FOLDER/slurm.conf is all that Slurm's commands need. When
#                    the process OWNER is gone, the cluster is stopped: nobody who is killed leaves one behind.
#   stop FOLDER      stops what was started, by the files with their process ids, and removes the folder
#   processes FOLDER NODE   prints which processes the steps on a node are
#   kill_node FOLDER NODE   what a power cut does to a node: SIGKILL to its slurmd, to its steps and all that they started
#
# Ends with 77 and a line 'SKIPPED: ...' where Slurm, munge or root is missing.
set -u
self=$(cd "$(dirname "$0")" && pwd)/cluster.sh
PATH=$PATH:/usr/sbin:/sbin

skip() {
    echo "SKIPPED: $*"
    exit 77
}

# Is this process the daemon that was started with this folder? A process id alone may be another's by now.
is_ours() { # PID FOLDER
    tr '\0' ' ' < "/proc/$1/cmdline" 2> /dev/null | grep -qF -- "$2/"
}

pid_in() { # FILE: the process id that it holds, or nothing
    sed -n '1s/^\([0-9][0-9]*\)$/\1/p' "$1" 2> /dev/null
}

# The processes of a node's steps, each one known by what it holds itself, never by whose child it is: what the steps
# started has this cluster's configuration and the node's name in its environment, and a slurmstepd has the node's log open.
processes_of() { # FOLDER NODE
    for place in /proc/[0-9]*; do
        process=${place#/proc/}
        [ "$process" -gt 1 ] && [ "$process" -ne $$ ] || continue
        if tr '\0' '\n' < "$place/environ" 2> /dev/null |
            awk -v conf="SLURM_CONF=$1/slurm.conf" -v node="SLURMD_NODENAME=$2" '
                $0 == conf { conf_seen = 1 }
                $0 == node { node_seen = 1 }
                END { exit !(conf_seen && node_seen) }'; then
            echo "$process"
        elif [ "$(cat "$place/comm" 2> /dev/null)" = slurmstepd ]; then
            for file in "$place"/fd/*; do
                [ "$(readlink "$file" 2> /dev/null)" != "$1/$2.log" ] || { echo "$process"; break; }
            done
        fi
    done 2> /dev/null
}

end_steps() { # FOLDER NODE
    for process in $(processes_of "$1" "$2"); do kill -KILL "$process" 2> /dev/null; done
}

kill_node() { # FOLDER NODE
    slurmd=$(pid_in "$1/$2.pid")
    [ -n "$slurmd" ] && is_ours "$slurmd" "$1" || { echo "cluster.sh: node $2 does not run" >&2; return 1; }
    kill -KILL "$slurmd"  # first, so that it starts no further step
    end_steps "$1" "$2"
}

stop() { # FOLDER
    [ -f "$1/slurm.conf" ] || return 0
    # It removes a folder, which therefore has to be one that start has made.
    grep -qxF "StateSaveLocation=$1/state" "$1/slurm.conf" && [ -f "$1/munge.key" ] ||
        { echo "cluster.sh: $1 is no cluster of this script's" >&2; return 1; }
    for node in n1 n2; do
        kill_node "$1" "$node" 2> /dev/null || end_steps "$1" "$node"  # steps of a slurmd that is gone
    done
    for name in slurmctld munged; do
        pid=$(pid_in "$1/$name.pid")
        [ -n "$pid" ] && is_ours "$pid" "$1" || continue
        kill -TERM "$pid" 2> /dev/null
        tries=0
        while is_ours "$pid" "$1"; do
            tries=$((tries + 1))
            [ "$tries" -le 50 ] || { kill -KILL "$pid" 2> /dev/null; break; }
            sleep 0.1
        done
    done
    rm -rf "$1"
}

# Three ports in a row that nobody listens to, from a place that depends on the process.
free_ports() {
    port=$((20000 + $$ * 7 % 10000))
    while :; do
        taken=''
        for offset in 0 1 2; do
            hex=$(printf ':%04X' $((port + offset)))
            if cat /proc/net/tcp /proc/net/tcp6 2> /dev/null | awk '{ print $2 }' | grep -q "$hex\$"; then taken=yes; fi
        done
        [ -n "$taken" ] || break
        port=$((port + 3))
    done
    echo "$port"
}

write_configuration() { # FOLDER PORT
    host=$(hostname -s 2> /dev/null || hostname)
    mkdir -p "$1/state" "$1/spool/n1" "$1/spool/n2"
    cat > "$1/slurm.conf" << END
ClusterName=rampart
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$2
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$1/munge.sock
CredType=cred/munge
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool/%n
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/%n.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=3
KillWait=10
CompleteWait=0
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$(($2 + 1)) CPUs=1 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$(($2 + 2)) CPUs=1 State=UNKNOWN
PartitionName=tests Nodes=n1,n2 Default=YES MaxTime=10 State=UP
END
    echo 'CgroupAutomount=no' > "$1/cgroup.conf"
    head -c 1024 /dev/urandom > "$1/munge.key"
    chmod 600 "$1/munge.key"
}

start() { # OWNER
    [ "$(id -u)" -eq 0 ] || skip "a Slurm of our own takes root"
    for program in munged slurmctld slurmd sbatch squeue scontrol scancel; do
        command -v "$program" > /dev/null ||
            skip "there is no $program here (sh .ci/setup.sh slurm installs what is needed on Debian)"
    done
    folder=$(mktemp -d) || exit 1  # not in the build's folder: a socket's path has to be short
    chmod 755 "$folder"
    write_configuration "$folder" "$(free_ports)"
    export SLURM_CONF="$folder/slurm.conf"
    failed=''
    # What a daemon says before it has its log; its descriptors must not keep the caller's pipe open.
    {
        munged --force --key-file="$folder/munge.key" --socket="$folder/munge.sock" --pid-file="$folder/munged.pid" \
            --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" &&
            slurmctld -f "$SLURM_CONF" && slurmd -f "$SLURM_CONF" -N n1 && slurmd -f "$SLURM_CONF" -N n2
    } > "$folder/start.log" 2>&1 < /dev/null || failed=yes
    tries=0
    while [ -z "$failed" ] && [ "$(sinfo -h -N -t idle -o %N 2> /dev/null | wc -l)" -ne 2 ]; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || failed=yes
        sleep 0.1
    done
    if [ -n "$failed" ]; then
        echo "cluster.sh: Slurm did not start" >&2
        tail -n 20 "$folder/start.log" "$folder"/*.log >&2
        stop "$folder"
        exit 1
    fi
    # Outlives whoever started it, in a session of its own.
    setsid sh -c 'while kill -0 "$1" 2> /dev/null; do [ -d "$2" ] || exit 0; sleep 1; done; exec sh "$3" stop "$2"' \
        watch "$1" "$folder" "$self" > /dev/null 2>&1 < /dev/null &
    echo "$folder"
}

case ${1:-} in
    start) start "$2" ;;
    stop) stop "$2" ;;
    processes) processes_of "$2" "$3" ;;
    kill_node) kill_node "$2" "$3" ;;
    *) echo "usage: cluster.sh start OWNER | stop FOLDER | processes|kill_node FOLDER NODE" >&2; exit 2 ;;
esac
