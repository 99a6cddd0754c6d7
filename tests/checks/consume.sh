#!/bin/sh
# consume.sh ROOT FOLDER MAIN JSON COMPILER GENERATOR [PREFIX]...: each way in which docs/packages.md says that a project
# gets rampart (tests/consume), but for the vendored headers, which check/vendored has. Each program is built and run.
# MAIN is a suite's main file, compiled with RAMPART_BOOST_JSON=JSON: the main file is by far the longest to compile. Only the
# package compiles one, with Boost.JSON linked where it is installed.
set -u
root=$1 folder=$2 main=$3 json=$4 compiler=$5 generator=$6
shift 6
prefixes=
for prefix; do prefixes="$prefixes;$prefix"; done

rm -rf "$folder"
mkdir -p "$folder"
log=$folder/log
fail() {
    tail -n 40 "$log"
    echo "$*"
    exit 1
}
configure() { # SOURCE BUILD [OPTION]...
    source=$1 build=$2
    shift 2
    cmake -S "$source" -B "$folder/$build" -G "$generator" -DCMAKE_CXX_COMPILER="$compiler" "$@" > "$log" 2>&1
}
consumer() { # WAY BUILD [OPTION]...
    way=$1 build=$2
    shift 2
    configure "$root/tests/consume" "$build" -DWAY="$way" "$@"
}
run() { # BUILD: builds and runs the consumer; CTest knows its two tests, and no other
    cmake --build "$folder/$1" > "$log" 2>&1 || fail "the consumer in $1 does not build"
    (cd "$folder/$1" && ./consumer > "$log" 2>&1) || fail "the consumer in $1 does not run"
    ctest --test-dir "$folder/$1" -L '^uses-docker$' > "$log" 2>&1 || fail "the consumer in $1 fails under CTest"
    grep -q '100% tests passed, 0 tests failed out of 1$' "$log" || fail "CTest in $1 takes other tests than it should"
    ctest --test-dir "$folder/$1" -N > "$log" 2>&1
    grep -q '^Total Tests: 2$' "$log" || fail "CTest in $1 has other tests than the consumer's"
}
refuses() { # WORDS WAY BUILD [OPTION]...: this does not configure, and the error has the words
    words=$1
    shift
    if consumer "$@"; then fail "this should have been refused: $*"; fi
    tr -s ' \n' '  ' < "$log" | grep -qF "$words" || fail "the error of '$*' should say: $words"
}
ways=

# ---- a package, where Boost.JSON is linked if it can be, found where it was not installed to ----
package() { # JSON
    configure "$root" package -DRAMPART_BUILD_TESTS=OFF -DRAMPART_BUILD_EXAMPLES=OFF -DRAMPART_BOOST_JSON="$1" \
        -DCMAKE_PREFIX_PATH="$prefixes" -DCMAKE_INSTALL_PREFIX="$folder/first_prefix"
}
install() {
    rm -rf "$folder/first_prefix" "$folder/$1"
    cmake --install "$folder/package" > "$log" 2>&1 || fail "the package does not install"
    mv "$folder/first_prefix" "$folder/$1"
    if grep -rlF "$folder/first_prefix" "$folder/$1"; then fail "these files of the package know where they were installed"; fi
}
if package linked; then
    install linked_prefix
    consumer package linked -DCMAKE_PREFIX_PATH="$folder/linked_prefix$prefixes" || fail "find_package fails"
    run linked
    ways=", package with Boost.JSON linked"
else
    echo "SKIPPED: a package with Boost.JSON linked (there is no Boost::json; Debian: libboost-json1.81-dev)"
fi
package header || fail "the package does not configure"
install prefix
found="$folder/prefix$prefixes"
with_main="-DMAIN=$main"
# The main file that others have compiled may take Boost.JSON from a library.
[ "$json" = header ] || with_main=
consumer package find $with_main -DCMAKE_PREFIX_PATH="$found" || fail "find_package fails"
run find
ways="$ways, package"

# ---- doctest as a folder ----
header=$(printf '#include <doctest/doctest.h>\n' | "$compiler" -x c++ -M - 2> /dev/null | tr -s ' \\' '\n\n' |
    grep '/doctest/doctest\.h$')
for prefix; do [ ! -f "$prefix/include/doctest/doctest.h" ] || header=$prefix/include/doctest/doctest.h; done
mkdir -p "$folder/own/doctest"
cp "$header" "$folder/own/doctest/doctest.h" || fail "there is no doctest.h"
own="-DRAMPART_DOCTEST_INCLUDE_DIR=$folder/own -DCMAKE_DISABLE_FIND_PACKAGE_doctest=ON"
consumer package folder $with_main $own -DCMAKE_PREFIX_PATH="$found" || fail "doctest as a folder is not found"
cmake --build "$folder/folder" > "$log" 2>&1 || fail "the consumer with doctest as a folder does not build"
ways="$ways, doctest as a folder"

# ---- components, and what a package refuses ----
components=dist
if [ -n "$(find "$folder/prefix" -name rampartRangesTargets.cmake)" ]; then
    components="$components;ranges"
else
    echo "SKIPPED: the component ranges (there is no range-v3; Debian: librange-v3-dev)"
fi
if [ -n "$(find "$folder/prefix" -name rampartSqliteTargets.cmake)" ]; then
    components="$components;sqlite"
else
    echo "SKIPPED: the component sqlite (there is no SQLite 3; Debian: libsqlite3-dev)"
fi
consumer components components -DCOMPONENTS="$components" -DCMAKE_PREFIX_PATH="$found" || fail "no components $components"
cmake --build "$folder/components" > "$log" 2>&1 || fail "what the components $components are for does not build"
refuses "rampart has no component 'slurm'; there are dist, doctest, ranges and sqlite" \
    components unknown -DCOMPONENTS=slurm -DCMAKE_PREFIX_PATH="$found"
refuses "rampart's component 'sqlite' is not here; it takes SQLite 3.38 or newer" \
    components missing -DCOMPONENTS=sqlite -DCMAKE_DISABLE_FIND_PACKAGE_SQLite3=ON -DCMAKE_PREFIX_PATH="$found"
refuses "where there is no doctest/doctest.h" \
    components folder_without -DCOMPONENTS=doctest -DRAMPART_DOCTEST_INCLUDE_DIR=/nowhere -DCMAKE_PREFIX_PATH="$found"
refuses 'compatible with requested version "0.9"' \
    components version -DCOMPONENTS=dist -DVERSION=0.9 -DCMAKE_PREFIX_PATH="$found"
ways="$ways, components $components"

# ---- sources: as a folder, and as an archive ----
for way in sources fetch; do
    case $way in
        sources) set -- -DRAMPART_SOURCES="$root" ;;
        fetch)
            # As an archive of a release: what git has, without what a build has left.
            mkdir "$folder/release"
            (cd "$root" && tar cf - CMakeLists.txt LICENSE include) | (cd "$folder/release" && tar xf -)
            tar czf "$folder/rampart.tar.gz" -C "$folder" release
            set -- -DRAMPART_ARCHIVE="file://$folder/rampart.tar.gz" $own \
                -DRAMPART_ARCHIVE_SHA256="$(sha256sum "$folder/rampart.tar.gz" | sed 's/ .*//')" ;;
    esac
    consumer $way $way -DMAIN="$main" -DRAMPART_BOOST_JSON="$json" -DCMAKE_PREFIX_PATH="$prefixes" "$@" || fail "$way: it fails"
    run $way
    for left in "$folder/$way/rampart/tests" "$folder/$way/_deps/rampart-build/tests"; do
        [ ! -d "$left" ] || fail "rampart's own tests are built in a user's project: $left"
    done
    cmake --install "$folder/$way" --prefix "$folder/nothing" > "$log" 2>&1 || fail "the consumer in $way does not install"
    [ ! -d "$folder/nothing" ] || fail "a user's project installs rampart, who did not ask for it"
    ways="$ways, $way"
done

# ---- pkg-config ----
if command -v pkg-config > /dev/null; then
    PKG_CONFIG_PATH=$folder/prefix/share/pkgconfig
    export PKG_CONFIG_PATH
    flags=$(pkg-config --cflags --libs rampart) || fail "pkg-config does not know rampart"
    more=
    [ "$json" = header ] || more=$(PKG_CONFIG_PATH=$folder/linked_prefix/share/pkgconfig pkg-config --libs rampart)
    for prefix; do more="-I$prefix/include $more"; done
    (cd "$folder" && "$compiler" -std=c++20 "$root/tests/consume/suite.cpp" "$root/tests/consume/core.cpp" "$main" \
        $flags $more -o pkg_config_consumer) > "$log" 2>&1 || fail "the program by pkg-config does not build"
    (cd "$folder" && ./pkg_config_consumer > "$log" 2>&1) || fail "the program by pkg-config does not run"
    [ "$(pkg-config --modversion rampart)" = "$(sed -n 's/^#define RAMPART_VERSION "\(.*\)"/\1/p' \
        "$root/include/rampart/version.hpp")" ] || fail "pkg-config says another version than rampart/version.hpp"
    ways="$ways, pkg-config"
else
    echo "SKIPPED: pkg-config (there is none; Debian: pkgconf)"
fi

# ---- the vcpkg port, with vcpkg's functions replaced ----
cmake -DSOURCES="$root" -DPACKAGES="$folder/vcpkg" -DBUILD="$folder/vcpkg_build" -DFEATURES=doctest \
    "-DOPTIONS=-G;$generator;-DCMAKE_CXX_COMPILER=$compiler" -P "$root/tests/consume/vcpkg.cmake" > "$log" 2>&1 ||
    fail "the vcpkg port does not install"
[ -z "$(find "$folder/vcpkg" -name '*Sqlite*')" ] || fail "the vcpkg port without the feature sqlite has it"
[ "$(ls "$folder/vcpkg" | tr '\n' ' ')" = "include share " ] || fail "the vcpkg port should install include and share only"
consumer components vcpkg_find -DCOMPONENTS="dist;doctest" -Drampart_DIR="$folder/vcpkg/share/rampart" \
    -DCMAKE_PREFIX_PATH="$prefixes" || fail "the vcpkg port is not found"
cmake --build "$folder/vcpkg_find" > "$log" 2>&1 || fail "what the vcpkg port installs does not compile"
ways="$ways, vcpkg port"

echo "by ${ways#, }"
