#!/bin/sh
# unused.sh ROOT -- COMPILER...: no dead header and no unused dependency. A header is reached by another one than the door
# to all, or it stands in the docs or an example, for who includes it. Each package whose headers rampart includes is one of
# those below, each of those is included by some header, and README or docs/packages.md names it.
set -u
root=$1
status=0
cd "$root" || exit 1
others=$(mktemp) || exit 1
trap 'rm -f "$others"' EXIT
wrong() {
    echo "$*"
    status=1
}

for header in $(cd include && find rampart -name '*.hpp' | sort); do
    grep -rqF "#include \"$header\"" include --include='*.hpp' --exclude=rampart.hpp && continue
    grep -rqF "$header" README.md docs examples --include='*.md' --include='*.cpp' --include='*.hpp' && continue
    wrong "include/$header is reached by no header but rampart/rampart.hpp, and no page of docs/ and no example names it"
done

known='boost/json Boost
boost/asio Boost
boost/system Boost
boost/assert Boost
doctest doctest
range/v3 range-v3
sqlite3 SQLite'
# Those of others: with a folder in their name that is no system's, or by their own name.
grep -rhoE '^#[ ]*include <[^>]*>' include --include='*.hpp' | sed 's/.*<\(.*\)>/\1/' | sort -u |
    grep -E '^(sqlite3|.*/)' | grep -vE '^(sys|netinet|arpa|linux|asm|net|mach-o)/' > "$others"
while read -r header; do
    echo "$known" | (
        while read -r prefix _; do
            case $header in "$prefix"*) exit 0 ;; esac
        done
        exit 1
    ) || wrong "<$header> is of no package that tests/checks/unused.sh knows"
done < "$others"
while read -r prefix package; do
    grep -q "^$prefix" "$others" || wrong "no header of rampart includes <$prefix...>; $package may be unused"
    grep -qF "$package" docs/packages.md || wrong "docs/packages.md does not name $package"
done <<EOF
$known
EOF
exit $status
