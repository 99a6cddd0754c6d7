#!/bin/sh
# docs.sh ROOT: code in README.md and docs/*.md is code that is compiled. A block of ```cpp stands below a marker line
# '<!-- from: path -->' and word for word in that file, with the indentation that the file has there or without it.
# A block of README.md without a marker is an error; in docs/ it is a sketch. So is ```cmake. And what a page links to,
# a file or a heading, is there.
set -u
cd "$1" || exit 1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

status=0
count=0
for page in README.md docs/*.md; do
    [ -f "$page" ] || continue
    rm -f "$folder"/block.*
    # Each block becomes a file block.N: the place in the page, the path of the marker (or nothing), the code.
    awk -v page="$page" -v out="$folder/block." '
        /^<!-- from: .* -->$/        { path = $0; sub(/^<!-- from: /, "", path); sub(/ -->$/, "", path); next }
        !code && /^```(cpp|cmake)/   { code = 1; file = out (++n); print page ":" NR > file; print path > file; next }
        code && /^```/               { code = 0; path = ""; close(file); next }
        code                         { print > file; next }
        /[^ \t]/                     { path = "" }
        END { if (code) { print page ": a block of code has no end" > "/dev/stderr"; exit 1 } }
    ' "$page" || status=1
    for block in "$folder"/block.*; do
        [ -f "$block" ] || continue
        count=$((count + 1))
        place=$(sed -n 1p "$block")
        path=$(sed -n 2p "$block")
        if [ -z "$path" ]; then
            case $page in README.md) echo "$place: no line '<!-- from: path -->' stands above this code"; status=1 ;; esac
            continue
        fi
        if [ ! -f "$path" ]; then
            echo "$place: there is no $path"
            status=1
            continue
        fi
        sed 1,2d "$block" > "$folder/code"
        awk '
            NR == FNR { want[++wanted] = $0; next }
            { have[++lines] = $0 }
            END {
                for (start = 1; start + wanted - 1 <= lines; ++start) {
                    indent = ""
                    if (match(have[start], /^ +/) && want[1] !~ /^ /) indent = substr(have[start], 1, RLENGTH)
                    for (i = 1; i <= wanted; ++i)
                        if (have[start + i - 1] != (want[i] == "" ? "" : indent want[i])) break
                    if (i > wanted) exit 0
                }
                exit 1
            }' "$folder/code" "$path" || { echo "$place: this code does not stand in $path"; status=1; }
    done
done

# A heading's anchor is its text in small letters, with - for blanks and without most other signs.
anchors() { # PAGE
    awk '/^```/ { code = !code } !code && /^#+ / { sub(/^#+ /, ""); print }' "$1" | tr '[:upper:] ' '[:lower:]-' |
        sed 's/[^a-z0-9_-]//g'
}
links=0
for page in README.md CONTRIBUTING.md docs/*.md examples/*/README.md; do
    [ -f "$page" ] || continue
    for link in $(awk '/^```/ { code = !code } !code' "$page" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//'); do
        case $link in http://* | https://* | mailto:*) continue ;; esac
        links=$((links + 1))
        file=${link%%#*}
        if [ -z "$file" ]; then file=$page; else file=$(dirname "$page")/$file; fi
        if [ ! -e "$file" ]; then
            echo "$page: there is no $link"
            status=1
        elif [ "$link" != "${link#*#}" ] && ! anchors "$file" | grep -qx -- "${link#*#}"; then
            echo "$page: there is no heading for $link"
            status=1
        fi
    done
done
echo "$count blocks of code, $links links"
exit $status
