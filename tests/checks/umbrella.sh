#!/bin/sh
# umbrella.sh ROOT -- COMPILER...: rampart/rampart.hpp reaches every header of the floors 0 to 6 but those named here,
# and every header of the doctest floor is reached by a door of that floor.
set -u
root=$1
shift 2
if [ ! -f "$root/include/rampart/rampart.hpp" ]; then
    echo "SKIPPED: there is no rampart/rampart.hpp"
    exit 77
fi
# Rooms and headers that a program asks for by name.
opt_out='^(execute/|execute.hpp|agents/|report/views|sinks/sqlite|dist/(process|stop_signals|worker_process)|doctest)'

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$root/include/rampart" || exit 1
find . -name '*.hpp' | sed 's|^\./||' | sort > "$folder/all"

# The listener's headers come after doctest's implementation.
printf '#define DOCTEST_CONFIG_IMPLEMENT\n#include <doctest/doctest.h>\n' > "$folder/doors.cpp"
for door in doctest*.hpp; do
    [ -f "$door" ] && printf '#include "rampart/%s"\n' "$door" >> "$folder/doors.cpp"
done
echo '#include "rampart/rampart.hpp"' > "$folder/umbrella.cpp"

status=0
for way in umbrella doors; do
    "$@" -MM "$folder/$way.cpp" > "$folder/$way.d" || exit 1
    tr -s ' \\' '\n\n' < "$folder/$way.d" | sed -n 's|^.*/include/rampart/||p' | sort -u > "$folder/$way.reached"
    comm -23 "$folder/all" "$folder/$way.reached" > "$folder/$way.missed"
done
missed=$(grep -Ev "$opt_out" "$folder/umbrella.missed")
if [ -n "$missed" ]; then
    echo "rampart/rampart.hpp does not reach:" $missed
    status=1
fi
above=$(grep -E '^doctest' "$folder/umbrella.reached")
if [ -n "$above" ]; then
    echo "rampart/rampart.hpp reaches up to the doctest floor:" $above
    status=1
fi
missed=$(grep -E '^doctest/' "$folder/doors.missed")
if [ -n "$missed" ]; then
    echo "no rampart/doctest*.hpp reaches:" $missed
    status=1
fi
exit $status
