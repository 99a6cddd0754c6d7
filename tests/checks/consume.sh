#!/bin/sh
# consume.sh ROOT FOLDER MAIN JSON COMPILER GENERATOR [PREFIX]...: a user's project finds the installed package, and another
# one takes the sources by add_subdirectory; both build and run, and CTest knows their tests. The first links Boost.JSON where
# it is installed, and compiles its main file. The second gets MAIN, an object that the same targets have compiled with
# RAMPART_BOOST_JSON=JSON: the main file is by far the longest to compile.
set -u
root=$1 folder=$2 main=$3 json=$4 compiler=$5 generator=$6
shift 6
prefixes=
for prefix; do prefixes="$prefixes;$prefix"; done

if [ ! -f "$root/include/rampart/doctest_main.hpp" ]; then
    echo "SKIPPED: there is no rampart/doctest_main.hpp"
    exit 77
fi
rm -rf "$folder"
configure() { # SOURCE BUILD [OPTION]...
    source=$1 build=$2
    shift 2
    cmake -S "$source" -B "$folder/$build" -G "$generator" -DCMAKE_CXX_COMPILER="$compiler" "$@" > "$folder.log" 2>&1
}
fail() {
    tail -n 40 "$folder.log"
    echo "$*"
    exit 1
}
run() { # BUILD: builds and runs the consumer
    cmake --build "$folder/$1" > "$folder.log" 2>&1 || fail "the consumer in $1 does not build"
    (cd "$folder/$1" && ./consumer > "$folder.log" 2>&1) || fail "the consumer in $1 does not run"
    ctest --test-dir "$folder/$1" -L '^uses-docker$' > "$folder.log" 2>&1 || fail "the consumer in $1 fails under CTest"
    grep -q '100% tests passed, 0 tests failed out of 1$' "$folder.log" || fail "CTest in $1 takes other tests than it should"
}

package() { # JSON
    configure "$root" package -DRAMPART_BUILD_TESTS=OFF -DRAMPART_BUILD_EXAMPLES=OFF -DRAMPART_BOOST_JSON="$1" \
        -DCMAKE_PREFIX_PATH="$prefixes" -DCMAKE_INSTALL_PREFIX="$folder/prefix"
}
package linked || package header || fail "the package does not configure"
cmake --install "$folder/package" > "$folder.log" 2>&1 || fail "the package does not install"

configure "$root/tests/consume" find -DCMAKE_PREFIX_PATH="$folder/prefix$prefixes" || fail "find_package fails"
run find
configure "$root/tests/consume" sources -DRAMPART_SOURCES="$root" -DMAIN="$main" \
    -DRAMPART_BOOST_JSON="$json" -DCMAKE_PREFIX_PATH="$prefixes" ||
    fail "add_subdirectory fails"
run sources
if [ -d "$folder/sources/rampart/tests" ]; then
    fail "rampart's own tests are built in a user's project"
fi
echo "found as a package ($(sed -n 's/^RAMPART_BOOST_JSON:STRING=//p' "$folder/package/CMakeCache.txt")) and as sources"
