#!/bin/sh
# setup.sh [clang] [fuzz] [ssh] [zstd] [reports] [reference] [coverage] [tidy] [slurm] [bazel]: makes sure that what
# rampart is built with is there, and installs what is missing with apt-get (as root, or through sudo). On other systems
# it says what is missing and ends with 1.
set -u

number() { # HEADER MACRO: the macro's value as a number; 0 without the header
    value=$(printf '#include <%s>\nvalue_is %s\n' "$1" "$2" | g++ -std=c++20 -E -P -x c++ - 2> /dev/null |
        sed -n 's/^value_is \([0-9 ()+*]*\)$/\1/p')
    echo $((${value:-0}))
}
at_least() { # VERSION WANTED
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n | head -n 1)" = "$2" ]
}
links_fuzzer() { # can clang++ make a program with libFuzzer?
    file=$(mktemp) || return 1
    echo 'extern "C" int LLVMFuzzerTestOneInput(char const*, unsigned long) { return 0; }' |
        clang++ -fsanitize=fuzzer,address -x c++ - -o "$file" 2> /dev/null
    set -- $?
    rm -f "$file"
    return "$1"
}
need() { # PACKAGE WHAT
    packages="$packages $1"
    list="$list
  $2  (Debian: $1)"
}

# Sets packages and list to what is missing, and old_boost to the version of a Boost that is too old.
look() {
    packages='' list='' old_boost=''
    have=$(g++ -dumpversion 2>/dev/null)
    at_least "${have:-0}" 12 || need g++ "g++ 12 or newer${have:+; here is $have}"
    have=$(cmake --version 2>/dev/null | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
    at_least "${have:-0}" 3.25 || need cmake "cmake 3.25 or newer${have:+; here is $have}"
    command -v ninja > /dev/null || need ninja-build "ninja"
    # Without g++ every header counts as missing; apt-get then finds which are installed.
    have=$(number boost/version.hpp BOOST_VERSION)
    if [ "$have" -lt 108100 ]; then
        [ "$have" -eq 0 ] || old_boost="$((have / 100000)).$((have / 100 % 1000))"
        need libboost1.81-dev "the headers of Boost 1.81 or newer, with Boost.JSON${old_boost:+; here is $old_boost}"
    fi
    [ "$(number range/v3/version.hpp RANGE_V3_VERSION)" -ge 1200 ] || need librange-v3-dev "range-v3 0.12 or newer"
    [ "$(number doctest/doctest.h DOCTEST_VERSION)" -ge 20409 ] || need doctest-dev "doctest 2.4.9 or newer"
    for extra; do
        case $extra in
            clang) command -v clang++ > /dev/null || need clang "clang++ 14 or newer" ;;
            fuzz)
                have=$(clang++ -dumpversion 2> /dev/null | sed 's/\..*//')
                links_fuzzer || need "libclang-rt-${have:-14}-dev" "libFuzzer of clang++, for -fsanitize=fuzzer"
                ;;
            ssh)
                command -v ssh > /dev/null || need openssh-client "ssh"
                PATH=$PATH:/usr/sbin command -v sshd > /dev/null || need openssh-server "sshd"
                ;;
            slurm) # for tests/slurm; Debian starts munge with it where services may start, which the tests do not use
                for program in slurmctld slurmd; do
                    PATH=$PATH:/usr/sbin command -v "$program" > /dev/null || need "$program" "$program"
                done
                PATH=$PATH:/usr/sbin command -v munged > /dev/null || need munge "munged"
                command -v sbatch > /dev/null || need slurm-client "sbatch"
                ;;
            bazel) # for tests/bazel
                command -v bazel > /dev/null || need bazel-bootstrap "Bazel, with Java"
                command -v unzip > /dev/null || need unzip "unzip"
                ;;
            coverage)
                command -v llvm-cov > /dev/null || command -v llvm-cov-14 > /dev/null || need llvm "llvm-cov and llvm-profdata"
                ;;
            tidy) command -v clang-tidy > /dev/null || need clang-tidy "clang-tidy" ;;
            zstd) command -v zstd > /dev/null || need zstd "zstd" ;;
            reference) command -v doxygen > /dev/null || need doxygen "Doxygen 1.9.4 or newer" ;;
            reports) # what judges them in the tests
                [ "$(number sqlite3.h SQLITE_VERSION_NUMBER)" -ge 3038000 ] || need libsqlite3-dev "SQLite 3.38 or newer"
                command -v xmllint > /dev/null || need libxml2-utils "xmllint"
                command -v cmark > /dev/null || need cmark "cmark"
                command -v tmux > /dev/null || need tmux "tmux"
                command -v chromium > /dev/null || command -v chromium-headless-shell > /dev/null || need chromium "Chromium"
                command -v cmark-gfm > /dev/null || need cmark-gfm "cmark-gfm"
                ;;
            *) echo "setup.sh: knows clang, fuzz, ssh, zstd, reports, reference, coverage, tidy, slurm and bazel, not '$extra'" >&2; exit 2 ;;
        esac
    done
}

give_up() {
    echo "rampart is built with these, and they are missing here:$list" >&2
    if [ -n "$old_boost" ]; then
        echo "Boost $old_boost is too old. On Debian 12 the package libboost-dev is 1.74; rampart takes libboost1.81-dev," >&2
        echo "which can only be installed in its place: apt-get install libboost1.81-dev" >&2
    fi
    [ $# -eq 0 ] || echo "$*" >&2
    exit 1
}

look "$@"
[ -n "$packages" ] || exit 0
command -v apt-get > /dev/null || give_up "There is no apt-get here to install them with; please install them yourself."
if [ "$(id -u)" -eq 0 ]; then
    as_root=''
elif command -v sudo > /dev/null; then
    as_root=sudo
else
    give_up "Installing them takes root or sudo."
fi

echo "Installing:$packages"
get() { # apt-get that asks nothing
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@"
}
# --no-remove: another Boost, and whatever needs it, is not thrown out without being asked for.
install() { # PACKAGE...
    get install --no-install-recommends --no-remove "$@"
}
fresh=''
refresh() {
    fresh=yes
    get update || give_up "'apt-get update' failed."
}
known() { # PACKAGE...: does apt have them in its lists?
    for package; do apt-cache show "$package" > /dev/null 2>&1 || return 1; done
}
# shellcheck disable=SC2086  # the words of $packages are the packages
{
    known $packages || refresh
    # Systems after Debian 12 have a newer Boost under the plain name.
    known libboost1.81-dev || packages=$(echo "$packages" | sed 's/libboost1.81-dev/libboost-dev/')
    if ! install $packages; then
        [ -z "$fresh" ] || give_up "apt-get could not install:$packages"
        refresh
        install $packages || give_up "apt-get could not install:$packages"
    fi
}
look "$@"
[ -z "$packages" ] || give_up "apt-get has installed what it has; it is too old, or lies where g++ does not look."
