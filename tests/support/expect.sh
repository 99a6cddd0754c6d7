# What test scripts say and compare; to be read with `.` where $folder is a folder for scratch files. A script ends with
# `exit $status`.
# shellcheck shell=sh disable=SC2034
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
# A report without what differs between one process and four: times, who wrote what, the table of shards, and notes that a
# part took several attempts, which lose nothing.
timeless() { # FILE
    awk '
        function out() { if (have) print line }
        { sub(/\r$/, "") }
        /^  "shards": \[$/ { sub(/,$/, "", line); in_shards = 1 }
        in_shards { if (/^  \]/) in_shards = 0; next }
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
same_reports() { # ALONE MERGED [LINES]: are they the same, and longer than that (the report of 2,100 tests is)?
    timeless "$1" > "$folder/alone.timeless"
    timeless "$2" > "$folder/merged.timeless"
    [ "$(wc -l < "$folder/alone.timeless")" -gt "${3:-100000}" ] || wrong "$1 is too short"
    cmp -s "$folder/alone.timeless" "$folder/merged.timeless" || wrong "$1 and $2 differ:
$(diff "$folder/alone.timeless" "$folder/merged.timeless" | head -n 40)"
}
