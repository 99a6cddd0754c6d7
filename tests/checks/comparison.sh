#!/bin/sh
# comparison.sh ROOT PROGRAM: the two columns of rampart in docs/comparison.md are what PROGRAM, the suite in
# examples/comparison, ends with. (The other columns are of others' programs: examples/comparison/run.sh.)
set -u
page=$1/docs/comparison.md
program=$2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
result=0

# column FAULT WHICH: the status that the page has in its last column (1) or the one before (2)
column() {
    awk -F'|' -v name="$1" -v which="$2" '
        index($2, " " name) == 1 && NF > 6 { cell = $(NF - which); gsub(/^[^(]*\(|\).*/, "", cell); print cell }' "$page"
}
ends() { # FAULT ROW WHICH WORDS...
    fault=$1 row=$2 which=$3
    shift 3
    FAULT=$fault RAN='' "$program" "$@" > "$folder/said" 2>&1
    status=$?
    wanted=$(column "$row" "$which")
    echo "$fault, $*: status $status"
    [ "$status" = "$wanted" ] && return
    # A signal is a status over 128 to a shell, and a sanitizer has statuses of its own.
    if [ "$which" = 2 ] && [ "${wanted:-0}" -gt 128 ] && [ "$status" -ne 0 ]; then return; fi
    echo "docs/comparison.md has '$wanted' where '$row' is"
    tail -n 5 "$folder/said"
    result=1
}
while IFS='/' read -r fault row; do
    ends "$fault" "$row" 2
    ends "$fault" "$row" 1 --rampart-workers=2 --rampart-progress=none
done << 'END'
none/nothing
crash/a test calls `abort()`
kill/the process of a test
exit/a test calls `exit(0)`
unsafe/one of ten trials
END
for part in 1 3; do "$program" "--rampart-shard=$part/3" "--rampart-journal=$folder/journals" > "$folder/part" 2>&1; done
ends shard 'one of three parts' 1 "--rampart-merge=$folder/journals"
exit $result
