#!/bin/sh
# discover.sh ROOT FOLDER SUITE BAD_SUITE COMPILER: rampart_discover_tests in a project with a vendored copy of the headers
# (tests/doctest/discover): labels, locks, properties, names that are hard to quote, one process for the list, and a build of
# several configurations. (check/consume has the function from the package and from the sources.)
set -u
root=$1 folder=$2 suite=$3 bad=$4 compiler=$5
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
has() { # TEXT WORDS...: is each of the words in it?
    text=$1
    shift
    for word; do
        case $text in *"$word"*) ;; *) wrong "this should say $word:
$text" ;; esac
    done
}
configure() { # BUILD [OPTION]...
    build=$folder/$1
    shift
    cmake -S "$root/tests/doctest/discover" -B "$build" -DCMAKE_CXX_COMPILER="$compiler" \
        -DRAMPART_INCLUDE="$root/include" -DRAMPART_SUITE="$suite" -DRAMPART_BAD_SUITE="$bad" "$@" > "$folder/log" 2>&1 ||
        { cat "$folder/log"; exit 1; }
}
tests() { # BUILD WORDS FOR CTEST...: the names of the tests that these select
    build=$1
    shift
    ctest --test-dir "$folder/$build" -N "$@" | sed -n 's/^  *Test  *#[0-9]*: //p'
}
properties() { # WORDS FOR CTEST...: as JSON, without blanks
    ctest --test-dir "$folder/build" --show-only=json-v1 "$@" | tr -d ' \n'
}
rm -rf "$folder"
mkdir -p "$folder"

# ---- not built, then built: one process

configure build -G Ninja
is "a target that is not built" 'listed_NOT_BUILT
never_built_NOT_BUILT
has_none_NOT_BUILT
badly_marked_NOT_BUILT' "$(tests build)"
FORWARD_LOG=$folder/starts cmake --build "$folder/build" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
is "processes for the list" 1 "$(wc -l < "$folder/starts")"

# ---- labels, locks and properties

docker='listed listed.cpp::mail::builds in a container.
listed listed.cpp::mail::holds.
listed listed.cpp::not yet. (Disabled)'
is "tests that need docker" "$docker" "$(tests build -L '^uses-docker$')"
is "tests that need docker and git" 'listed listed.cpp::mail::builds in a container.' \
    "$(tests build -L '^uses-docker$' -L '^uses-git$')"
is "tests of a harm category" 'listed listed.cpp::mail::sends nothing on.
listed listed.cpp::mail::holds.' "$(tests build -L '^harm-data_exfiltration$')"
is "tests with the user's own label" 25 "$(tests build -L '^mine$' | wc -l)"
has "$(properties -R 'builds in a container')" '"name":"RESOURCE_LOCK","value":["docker","git","printer"]' \
    '"name":"LABELS","value":["harm-code_execution","mine","quick","uses-docker","uses-git","uses-smtp"]' \
    '"name":"TIMEOUT","value":50' '"value":["ONE=1","TWO=$2"]' 'workplace"'
has "$(properties -R 'one of two')" '"name":"RESOURCE_LOCK","value":["group-onemodel","printer"]'
has "$(properties -R 'needs nothing')" '"name":"COST","value":7'

# ---- they run, each what it says and nothing else

run() { # WORDS FOR CTEST...
    LISTED_NAMES_LOG=$folder/names FORWARD_LOG=$folder/starts ctest --test-dir "$folder/build" -j 2 "$@" > "$folder/log" 2>&1
    ended=$?
}
: > "$folder/starts"
run -L mine
[ "$ended" -ne 0 ] || wrong "a test failed, and ctest did not"
is "tests that failed" 'listed listed.cpp::fails.' "$(sed -n 's/^.*[0-9] - \(.*\) (Failed).*$/\1/p' "$folder/log")"
has "$(cat "$folder/log")" '1 tests failed out of 24' 'not yet. (Disabled)'
is "names that ran, by their numbers" "$(seq 14)" "$(sort -n "$folder/names")"
is "processes for 24 tests" 24 "$(wc -l < "$folder/starts")"
has "$(ctest --test-dir "$folder/build" -V -R 'mail::holds' 2>&1)" '4/4 safe' 'words=a; "b" [c]' '"-sfe=no/such/file"' 'test cases: 5 | 5 passed'
# Variables of an engine that cuts a run into parts do not make a single test an empty part, and green.
has "$(RAMPART_TOTAL_SHARDS=2 RAMPART_SHARD_INDEX=1 ctest --test-dir "$folder/build" -V -R 'needs nothing' 2>&1)" \
    '1 passed'

# ---- no tests are no success, and marks that make no sense end the build

cmake --build "$folder/build" --target has_none > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
has "$(ctest --test-dir "$folder/build" -V -R has_none 2>&1)" 'no test was selected' '1 tests failed out of 1'
if cmake --build "$folder/build" --target badly_marked > "$folder/log" 2>&1; then
    wrong "badly_marked can be built"
else
    has "$(cat "$folder/log")" '(2), run in' 'trial n must be >= 1, not 0' 'nothing was run'
fi

# ---- several configurations

configure multi -G 'Ninja Multi-Config'
cmake --build "$folder/multi" --config Release --target listed > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
is "tests of the configuration that is built" "$docker" "$(tests multi -C release -L '^uses-docker$')"
is "tests of one that is not" 'listed_NOT_BUILT
never_built_NOT_BUILT
has_none_NOT_BUILT
badly_marked_NOT_BUILT' "$(tests multi -C Debug)"
is "tests without a configuration" 'listed_NOT_BUILT
never_built_NOT_BUILT
has_none_NOT_BUILT
badly_marked_NOT_BUILT' "$(tests multi)"
exit $status
