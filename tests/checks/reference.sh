#!/bin/sh
# reference.sh ROOT: Doxygen makes the reference without a warning, so every public name has words.
set -u
command -v doxygen > /dev/null || { echo "SKIPPED: there is no doxygen"; exit 77; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
# Doxygen 1.9.4, which FAIL_ON_WARNINGS is of, is the oldest.
sh "$1/docs/reference.sh" "$folder" > "$folder/said" 2>&1
status=$?
grep -v '^ *$' "$folder/said" | head -n 40
if [ "$status" -eq 0 ] && [ ! -s "$folder/html/index.html" ]; then
    echo "there is no page"
    status=1
fi
exit $status
