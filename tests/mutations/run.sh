#!/bin/sh
# run.sh PROGRAM LIST: each mutant has to make its test red; without one, all of these tests are green.
set -u
program=$1 list=$2
status=0
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
unset RAMPART_MUTANT
for test in $(cut -f 3 "$list" | sort -u); do
    timeout 300 "$program" "-sf=*/$test" > "$folder/log" 2>&1 || { cat "$folder/log"; echo "$test is not green"; status=1; }
    grep -q '| 0 passed\|test cases: *0 ' "$folder/log" && { echo "$test has no tests in the program"; status=1; }
done
[ "$status" -eq 0 ] || exit 1
tab=$(printf '\t')
while IFS="$tab" read -r number header test what; do
    RAMPART_MUTANT=$number timeout 300 "$program" "-sf=*/$test" > "$folder/log" 2>&1
    ended=$?
    # A test that hangs, crashes or fails has noticed.
    if [ "$ended" -eq 0 ]; then
        echo "NOT NOTICED by $test: in $header  $what"
        status=1
    fi
done < "$list"
echo "$(wc -l < "$list") mutations"
exit $status
