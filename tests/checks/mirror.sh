#!/bin/sh
# mirror.sh ROOT: tests/<room>/<header>.cpp is the test of include/rampart/<room>/<header>.hpp and includes it first, and
# every header of a room has one. (The doctest floor is tested by whole suites, in tests/doctest; tests/fuzz and
# tests/hostile are about what comes from outside, not about a header.)
set -u
cd "$1" || exit 1

status=0
for header in include/rampart/*/*.hpp include/rampart/base/*/*.hpp; do
    name=${header#include/rampart/}
    case $name in doctest/*) continue ;; esac
    test=tests/${name%.hpp}.cpp
    if [ ! -f "$test" ]; then
        echo "$header has no test $test"
        status=1
    fi
done
for test in tests/*/*.cpp tests/base/*/*.cpp; do
    name=${test#tests/}
    room=${name%%/*}
    header=rampart/${name%.cpp}.hpp
    case $room in bench | doctest | consume | fuzz | hostile | odr | reject | support) continue ;; esac
    if [ ! -f "include/$header" ]; then
        # A test of several headers together still says first which of the room's it is about.
        grep -m 1 '^#include' "$test" | grep -Eq "\"rampart/($room/|rampart.hpp)" && continue
        echo "$test: there is no include/$header, and the first include is no header of rampart/$room"
        status=1
    elif [ "$(grep -m 1 '^#include' "$test")" != "#include \"$header\"" ]; then
        echo "$test: the first include has to be \"$header\""
        status=1
    fi
done
exit $status
