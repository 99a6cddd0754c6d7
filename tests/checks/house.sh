#!/bin/sh
# house.sh ROOT: the rules of docs/house.md that can be read off the text of include/rampart: includes go down only,
# light floors take no heavy header, own headers are named from the root, guards are spelt from the path, lines fit.
set -u
cd "$1/include/rampart" || exit 1

find . -name '*.hpp' | sed 's|^\./||' | sort | xargs awk '
    function say(text) { printf "rampart/%s:%d: %s\n", FILENAME, FNR, text; bad = 1 }
    function room_of(header) { return header ~ /\// ? substr(header, 1, index(header, "/") - 1) : header }
    function floor_of(header,   room) {
        room = room_of(header)
        if (room in floor) return floor[room]
        if (room ~ /^doctest_.*\.hpp$/) return 8
        say("stands in no room that tests/checks/house.sh knows: " header)
        return -1
    }
    function finish() {
        if (previous == "") return
        if (guard_seen != 2) printf "rampart/%s: the include guard has to be %s\n", previous, guard
        if (guard_seen != 2) bad = 1
    }
    BEGIN {
        floor["version.hpp"] = 0; floor["fwd.hpp"] = 0; floor["base"] = 0
        floor["core"] = 1
        floor["collect"] = 2; floor["execute"] = 2; floor["execute.hpp"] = 2; floor["guard"] = 2
        floor["session"] = 3
        floor["json"] = 4
        floor["transport"] = 5; floor["report"] = 5; floor["stats"] = 5
        floor["sinks"] = 6; floor["guards"] = 6; floor["dist"] = 6; floor["agents"] = 6; floor["rampart.hpp"] = 6
        floor["doctest"] = 7
        floor["doctest.hpp"] = 8; floor["doctest_main.hpp"] = 9
        # Rooms on one floor do not see each other, but for these.
        sees["fwd.hpp", "version.hpp"] = 1; sees["execute", "collect"] = 1; sees["execute.hpp", "execute"] = 1; sees["guard", "collect"] = 1
        count = split("map algorithm iostream memory mutex atomic functional regex filesystem chrono thread", word, " ")
        for (i = 1; i <= count; ++i) heavy[word[i]] = 1
    }
    FNR == 1 {
        finish()
        previous = FILENAME
        own = floor_of(FILENAME)
        guard = "RAMPART_" toupper(FILENAME)
        gsub(/[^A-Z0-9]/, "_", guard)
        # Its path would spell the guard of doctest/listener.hpp.
        if (FILENAME == "doctest_listener.hpp") guard = "RAMPART_DOCTEST_LISTENER_DOOR_HPP"
        guard_seen = 0
    }
    $0 == "#ifndef " guard && guard_seen == 0 { guard_seen = 1 }
    $0 == "#define " guard && guard_seen == 1 { guard_seen = 2 }
    /^#[ \t]*pragma[ \t]+once/ { say("an include guard, no #pragma once") }
    length($0) > 120 { say("a line of " length($0) " columns; 120 fit") }
    /[ \t]$/ { say("white space at the end of the line") }
    /^#[ \t]*include[ \t]*"/ {
        split($0, part, "\"")
        if (part[2] !~ /^rampart\//) { say("own headers are named from the root: \"rampart/...\", others in angles"); next }
        other = substr(part[2], 9)
        if ((getline line < other) < 0) { say("there is no " part[2]); next }
        close(other)
        theirs = floor_of(other)
        if (theirs > own) say("floor " own " includes " part[2] " of floor " theirs "; includes go down")
        else if (theirs == own && room_of(other) != room_of(FILENAME) && FILENAME != "rampart.hpp" && own < 8 &&
                 !((room_of(FILENAME), room_of(other)) in sees))
            say("rooms on one floor do not see each other: " part[2])
    }
    /^#[ \t]*include[ \t]*</ {
        header = $0
        sub(/^[^<]*</, "", header)
        sub(/>.*$/, "", header)
        if (header ~ /^rampart\//) say("own headers stand in quotes: <" header ">")
        # base/mutex.hpp falls back on <mutex> where there are no POSIX threads.
        if (own <= 2 && header in heavy && FILENAME != "base/mutex.hpp") say("floor " own " takes no <" header ">")
        if (own < 4 && header ~ /^boost\//) say("Boost begins on floor 4: <" header ">")
        if (header ~ /^range\// && FILENAME != "report/views.hpp")
            say("range-v3 is for report/views.hpp, so that Boost and doctest are enough: <" header ">")
        if (header == "range/v3/all.hpp") say("range-v3 comes in by the piece")
        if (own < 7 && header ~ /^doctest/) say("doctest is for floor 7: <" header ">")
    }
    END { finish(); exit bad }
'
