#!/bin/sh
# examples/comparison/run.sh [--install] [--python=FOLDER] [--build=FOLDER]: the same seven tests under doctest alone,
# under `ctest -j`, as shards of GoogleTest, under the Python package RAMPART with pytest-xdist and under rampart, with
# and without workers, while something goes wrong. Prints what each says and
# ends with, and a table in Markdown.
#   --install        installs GoogleTest with apt-get, if it is missing (libgtest-dev)
#   --python=FOLDER  a checkout of github.com/microsoft/RAMPART. python3, or what PYTHON names, needs pytest 9 and
#                    pytest-xdist; PyRIT is not needed. Without it that column is 'not run'
#   --build=FOLDER   where programs and outputs go (build/comparison)
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/comparison
checkout='' install=''
for word; do
    case $word in
        --install) install=yes ;;
        --python=*) checkout=$(cd "${word#*=}" && pwd) || exit 2 ;;
        --build=*) build=${word#*=} ;;
        *) echo "run.sh: knows --install, --python=FOLDER and --build=FOLDER, not '$word'" >&2; exit 2 ;;
    esac
done
mkdir -p "$build" && build=$(cd "$build" && pwd) || exit 1
sh "$root/.ci/setup.sh" || exit 1
if [ -n "$install" ] && ! echo '#include <gtest/gtest.h>' | "${CXX:-g++}" -E -x c++ - > /dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ]; then apt-get install -y -q libgtest-dev; else sudo apt-get install -y -q libgtest-dev; fi ||
        exit 1
fi

# ---- the programs

compile() { # WHAT WORDS...: says how much processor time it took
    what=$1
    shift
    times > "$build/before.txt"
    "${CXX:-g++}" -std=c++20 -O0 "$@" 2> "$build/compiler.txt" || return 1
    times > "$build/after.txt"
    # The second line is that of the programs which were run: 0m1.2s 0m0.3s
    awk -v what="$what" 'FNR == 2 { split($1 $2, t, /[ms]/); sum[++n] = t[1] * 60 + t[2] + t[3] * 60 + t[4] }
        END { printf "%6.1f s  %s\n", sum[2] - sum[1], what }' "$build/before.txt" "$build/after.txt"
}
date -u '+== %Y-%m-%d'
"${CXX:-g++}" --version | head -n 1
cmake --version | head -n 1
echo '== processor time of compiling, without optimisation'
compile "doctest: test file with its main" "$here/doctest_suite.cpp" -o "$build/suite_doctest" || exit 1
runners='doctest ctest'
if compile "GoogleTest: test file" "$here/gtest_suite.cpp" -c -o "$build/gtest.o" &&
    "${CXX:-g++}" "$build/gtest.o" -lgtest -lgtest_main -pthread -o "$build/suite_gtest" 2> "$build/compiler.txt"; then
    runners="$runners gtest"
else
    echo "GoogleTest is not here (Debian: libgtest-dev); not run"
fi
compile "rampart: test file" -I "$root/include" "$here/rampart_suite.cpp" -c -o "$build/rampart.o" || exit 1
compile "rampart: main file, once for a program" -I "$root/include" "$here/rampart_main.cpp" "$build/rampart.o" -pthread \
    -o "$build/suite_rampart" || exit 1
python() { # WORDS...: pytest with RAMPART
    (cd "$here" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$checkout:$here \
        "${PYTHON:-python3}" -m pytest -p without_pyrit -p rampart.pytest_plugin.plugin -p no:cacheprovider "$@")
}
if [ -n "$checkout" ]; then
    if python --collect-only -q test_mail.py > "$build/python.txt" 2>&1; then
        runners="$runners python"
        "${PYTHON:-python3}" -c 'import platform, pytest, xdist
print("Python", platform.python_version(), "pytest", pytest.__version__, "xdist", xdist.__version__)'
    else
        tail -n 3 "$build/python.txt"
        echo "the Python package cannot be loaded; not run"
    fi
else
    echo "no checkout of the Python package (--python=FOLDER); not run"
fi
runners="$runners alone rampart"

# One test of CTest's for each test, as doctest_discover_tests would register them.
mkdir -p "$build/ctest"
sed -n 's/^TEST_CASE("\([^"]*\)").*/\1/p' "$here/doctest_suite.cpp" | while IFS= read -r name; do
    echo "add_test(\"$name\" \"$build/suite_doctest\" \"--test-case=$name\")"
done > "$build/ctest/CTestTestfile.cmake"

# ---- what each runner does with one fault

worst() { # STATUS...: the largest
    for s; do [ "$s" -le "$status" ] || status=$s; done
}
told() { # WORDS...: a command, shown and run
    echo "\$ $*"
    "$@"
    worst $?
}
with() { # VARIABLE=VALUE... : shown in front of a program
    told env "$@"
}
run() { # RUNNER FAULT: sets status
    status=0
    case $1-$2 in
        doctest-shard)
            told "$build/suite_doctest" --first=1 --last=2
            told "$build/suite_doctest" --first=5 --last=7
            ;;
        doctest-*) told "$build/suite_doctest" ;;
        ctest-shard)
            told ctest --test-dir "$build/ctest" -j 2 -I 1,2
            told ctest --test-dir "$build/ctest" -j 2 -I 5,7
            ;;
        ctest-*) told ctest --test-dir "$build/ctest" -j 2 ;;
        gtest-shard)
            for i in 0 2; do with GTEST_TOTAL_SHARDS=3 GTEST_SHARD_INDEX=$i "$build/suite_gtest"; done
            ;;
        gtest-*)
            for i in 0 1; do with GTEST_TOTAL_SHARDS=2 GTEST_SHARD_INDEX=$i "$build/suite_gtest"; done
            ;;
        python-shard)
            told python -q -n 2 -k 'test_a or test_b' test_mail.py
            told python -q -n 2 -k 'test_e or test_f or test_g' test_mail.py
            ;;
        python-*) told python -q -n 2 test_mail.py ;;
        alone-shard | rampart-shard)
            rm -rf "$build/journals"
            for i in 1 3; do
                told "$build/suite_rampart" "--rampart-shard=$i/3" "--rampart-journal=$build/journals" > "$build/part.txt"
                head -n 1 "$build/part.txt"
            done
            status=0
            told "$build/suite_rampart" "--rampart-merge=$build/journals"
            ;;
        alone-*) told "$build/suite_rampart" ;;
        rampart-*) told "$build/suite_rampart" --rampart-workers=2 --rampart-progress=none ;;
    esac
}
# Whether the output names what had the fault: in a line that says what became of it or near one, or as what GoogleTest
# began and did not end.
names() { # FILE NAMES
    awk -v names="$2" '
        BEGIN { bad = "fail|crash|exception|abort|never|not run|unsafe|killed" }
        { line = tolower($0) }
        line ~ /[^0-9]0 (tests )?failed/ { next }
        /^\[ RUN/ { begun = line ~ names; next }
        /^\[  *(OK|FAILED) / { begun = 0; next }
        begun { found = 1 }
        line ~ names { seen = NR }
        line ~ bad { ill = NR }
        (line ~ names || line ~ bad) && seen && ill && seen - ill < 3 && ill - seen < 3 { found = 1 }
        END { exit !(found || begun) }' "$1"
}

rm -f "$build"/cell.*
for fault in none crash kill exit shard unsafe; do
    for runner in $runners; do
        : > "$build/ran"
        FAULT=$fault RAN=$build/ran
        export FAULT RAN
        said=$build/$runner-$fault.txt
        run "$runner" "$fault" > "$said" 2>&1
        unset FAULT
        case $fault in
            shard) faulty='part 2 of 3' others='abcdefg' of='7 tests' ;;
            unsafe) faulty='g[ _]withstands' others='abcdef' of='6 others' ;;
            *) faulty='c[ _]reads' others='abdefg' of='6 others' ;;
        esac
        ran=$(sort -u "$build/ran" | grep -c "[$others]")
        word=''
        if [ "$fault" != none ]; then names "$said" "$faulty" && word=', named' || word=', not named'; fi
        if [ "$status" -eq 0 ]; then colour=green; else colour=red; fi
        echo "$colour ($status)$word; $ran of $of ran" > "$build/cell.$fault.$runner"
        echo
        echo "==== $runner, $fault: status $status"
        sed "s|$build/||g; s|$root/||g" "$said"
    done
done

# ---- the table

title() {
    case $1 in
        doctest) echo "doctest" ;;
        ctest) echo "doctest, \`ctest -j 2\`" ;;
        gtest) echo "GoogleTest, 2 shards" ;;
        python) echo "RAMPART in Python, \`-n 2\`" ;;
        alone) echo "rampart, one process" ;;
        rampart) echo "rampart, 2 workers" ;;
        none) echo "nothing" ;;
        crash) echo "a test calls \`abort()\`" ;;
        kill) echo "the process of a test gets SIGKILL" ;;
        exit) echo "a test calls \`exit(0)\`" ;;
        shard) echo "one of three parts never runs" ;;
        unsafe) echo "one of ten trials is unsafe, and nothing asserts it" ;;
    esac
}
echo
{
    printf '| what goes wrong |'
    for runner in $runners; do printf ' %s |' "$(title "$runner")"; done
    printf '\n| --- |'
    for runner in $runners; do printf ' --- |'; done
    echo
    for fault in none crash kill exit shard unsafe; do
        printf '| %s |' "$(title "$fault")"
        for runner in $runners; do printf ' %s |' "$(cat "$build/cell.$fault.$runner")"; done
        echo
    done
} | tee "$build/table.md"
