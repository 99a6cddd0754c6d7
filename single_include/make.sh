#!/bin/sh
# make.sh: writes the files of this folder: each door of include/rampart as one file that needs no other of rampart's.
# make.sh --check: says which of them are not what it would write, and ends with 1 when there is one.
# make.sh --shims FOLDER: for who includes more than doors (rampart's own tests): a file for each other header of
# include/rampart, which includes the smallest door that has it (that of doctest last: it takes a program with doctest), or
# is a copy when only the main file's door has it.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=$(dirname "$here")
case $# in
    0) way=write ;;
    1) way=$1 ;;
    *) way=$1 shims=$2 ;;
esac
case $way/$# in
    write/0 | --check/1 | --shims/2) ;;
    *) echo "usage: make.sh [--check | --shims FOLDER]" >&2; exit 2 ;;
esac
new=$(mktemp -d) || exit 1
trap 'rm -rf "$new"' EXIT
case ${shims:=/} in /*) ;; *) shims=$PWD/$shims ;; esac
cd "$root/include" || exit 1

# The doors, and the headers outside of rampart.hpp that a program asks for by name.
files=$(ls rampart/*.hpp rampart/agents/*.hpp rampart/dist/process.hpp rampart/report/views.hpp rampart/sinks/sqlite.hpp) || exit 1
# What is not written as one file: CMake's script, which docs/ctest.md tells to include.
script=rampart/doctest/discover_tests.cmake

# flat HEADER: the header, with the text of each header of ours where it is first included. The include guards stay, so
# that two such files can meet in one. What stands below an #if counts as included only below the same #if.
flat() {
    awk -v header="$1" '
        function fail(text) { print text > "/dev/stderr"; exit 1 }
        # The conditions are lines; each of those under which the text came has to hold here.
        function is_there(name, here,   way, i, n, line, k, ok) {
            for (way = 1; way <= ways[name]; ++way) {
                n = split(came[name, way], line, "\n")
                ok = 1
                for (k = 1; k <= n; ++k) if (line[k] != "" && !index("\n" here "\n", "\n" line[k] "\n")) ok = 0
                if (ok) return 1
            }
            return 0
        }
        function joined(given, stack, depth,   i, all) {
            all = given
            for (i = 1; i <= depth; ++i) if (stack[i] != "") all = all "\n" stack[i]
            return all
        }
        function put(name, given,   line, count, i, text, word, depth, stack, part, here, guarded) {
            if (++nested > 200) fail(name " includes itself")
            while ((getline text < name) > 0) line[++count] = text
            close(name)
            if (!count) fail("there is no include/" name)
            came[name, ++ways[name]] = given
            depth = 0
            for (i = 1; i <= count; ++i) {
                text = line[i]
                if (text !~ /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif|include)([^a-z_]|$)/) { print text; continue }
                word = text
                sub(/^[ \t]*#[ \t]*/, "", word)
                sub(/[ \t]*\/\/.*$/, "", word)
                if (word ~ /^ifndef RAMPART_[A-Z0-9_]*_HPP$/ && !guarded) { stack[++depth] = ""; guarded = 1 }
                else if (word ~ /^if/) stack[++depth] = word
                else if (word ~ /^el/) stack[depth] = stack[depth] ", " word
                else if (word ~ /^endif/) --depth
                else if (word ~ /^include[ \t]*"rampart\//) {
                    split(word, part, "\"")
                    here = joined(given, stack, depth)
                    if (!is_there(part[2], here)) {
                        print "// ---- " part[2]
                        put(part[2], here)
                        print "// ---- " name ", again"
                    }
                    continue
                }
                print text
            }
            if (depth != 0) fail("include/" name ": an #if has no #endif")
            --nested
        }
        BEGIN { put(header, "") }'
}

# What stands above: what it is, how it is used, the licence.
title() {
    version=$(sed -n 's/^#define RAMPART_VERSION "\(.*\)"$/\1/p' rampart/version.hpp)
    echo "// <$1> of rampart $version in one file. single_include/make.sh writes it from include/: change it there."
    cat <<'TEXT'
//
// Copy the folder single_include to where you like, and:
//     tests.cpp   #include <rampart/doctest.hpp>
//     main.cpp    #define RAMPART_DOCTEST_MAIN, then #include <rampart/doctest_main.hpp>
//     g++ -std=c++20 -I single_include tests.cpp main.cpp -pthread
// It needs Boost 1.81 (headers) and doctest 2.4.9, or newer.
//
TEXT
    sed 's|^|// |; s|[ ]*$||' "$root/LICENSE"
    echo
}

case $way in
    --shims)
        doors=$(for door in fwd version execute rampart doctest; do flat rampart/$door.hpp > "$new/text" || exit 1
            sed -n "s|^// ---- \(.*\.hpp\)\$|\1 rampart/$door.hpp|p" "$new/text"; done) || exit 1
        for header in $(find rampart -name '*.hpp' | sort); do
            case " $(echo $files) " in *" $header "*) continue ;; esac
            mkdir -p "$new/other/$(dirname "$header")"
            door=$(printf '%s\n' "$doors" | sed -n "s|^$header ||p" | head -n 1)
            if [ -n "$door" ]; then echo "#include \"$door\""; else cat "$header"; fi > "$new/other/$header"
        done
        (cd "$new/other" && find . -type f) | while read -r name; do
            cmp -s "$new/other/$name" "$shims/$name" && continue
            mkdir -p "$shims/$(dirname "$name")"
            cp "$new/other/$name" "$shims/$name"
        done
        exit ;;
esac

for header in $files; do
    mkdir -p "$new/$(dirname "$header")"
    { title "$header" && flat "$header"; } > "$new/$header" || exit 1
done
mkdir -p "$new/$(dirname $script)"
cp "$script" "$new/$script" || exit 1

status=0
for name in $( (cd "$new" && find rampart -type f; cd "$here" && find . -path './rampart/*' -type f | sed 's|^\./||') | sort -u); do
    cmp -s "$new/$name" "$here/$name" && continue
    if [ "$way" = --check ]; then
        if [ ! -f "$new/$name" ]; then echo "single_include/$name: nothing like it is in include/ any more"
        elif [ ! -f "$here/$name" ]; then echo "single_include/$name is not there"
        else echo "single_include/$name is stale"
        fi
        status=1
    elif [ -f "$new/$name" ]; then
        mkdir -p "$here/$(dirname "$name")" && cp "$new/$name" "$here/$name" || exit 1
    else
        rm "$here/$name" || exit 1
    fi
done
[ $status -eq 0 ] || echo "run: sh single_include/make.sh"
exit $status
