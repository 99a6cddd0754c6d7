#!/bin/sh
# vendored.sh ROOT FOLDER COMPILER...: the files of single_include/ are what single_include/make.sh writes; they take Boost and
# doctest, and nothing else that is no part of the system; the three lines that README and docs/packages.md promise work in
# an empty folder; and doors meet, in one file and in one program.
set -u
root=$1 folder=$2
shift 2
sh "$root/single_include/make.sh" --check || exit 1

# Headers of C++, of the system, of Boost and doctest. (sqlite3.h only comes with RAMPART_WITH_SQLITE or sinks/sqlite.hpp.)
status=0
cd "$root/single_include" || exit 1
find . -name '*.hpp' | sort | xargs awk '
    BEGIN { system_header = "(unistd|fcntl|signal|pthread|poll|spawn|time|netdb|dirent|sched|cxxabi|crt_externs|sqlite3)[.]h" }
    /^[ \t]*#[ \t]*include/ {
        header = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
        if (header ~ /^<[a-z_]+>/ || header ~ /^<(boost|doctest|sys|linux|net|netinet|arpa|mach-o)\//) next
        if (header ~ "^<" system_header ">" || (header ~ /^<range\/v3\// && FILENAME ~ /\/report\/views\.hpp$/)) next
        print FILENAME ":" FNR ": " header " is no header of the system, of Boost or of doctest"
        bad = 1
    }
    END { exit bad }' || status=1

rm -rf "$folder"
mkdir -p "$folder/empty" "$folder/meet" || exit 1
compile=$folder/compile
{ echo '#!/bin/sh'; printf 'exec'; for word; do printf " '%s'" "$word"; done; echo ' "$@"'; } > "$compile"
chmod +x "$compile"
strictly() { # WORDS FOR THE COMPILER...: with all warnings
    "$compile" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror "$@"
}

# ---- the three lines, in an empty folder; the main file is compiled apart, for the other program below ----
cp -r "$root/single_include" "$root/examples/first/test.cpp" "$root/examples/first/main.cpp" "$folder/empty"
cd "$folder/empty" || exit 1
"$compile" -I single_include -c main.cpp || { echo "the vendored main file does not compile"; exit 1; }
"$compile" -I single_include test.cpp main.o -pthread -o first || { echo "the vendored suite does not build"; exit 1; }
./first > log 2>&1 || { cat log; echo "the vendored suite does not pass"; exit 1; }
grep -q '\[10/10 safe, 100% pass rate' log || { cat log; echo "the vendored suite says something else"; status=1; }

# ---- doors in one file, in both orders: with the main file's, and with the listener's and doctest's own main ----
cd "$folder/meet" || exit 1
include=$folder/empty/single_include
doors=$(cd "$include" && find rampart -name '*.hpp' | sort | grep -v '^rampart/doctest_')
echo '#include <sqlite3.h>' | "$compile" -fsyntax-only -x c++ - 2> /dev/null || {
    echo "SKIPPED: sinks/sqlite.hpp (there is no sqlite3.h)"
    doors=$(printf '%s\n' "$doors" | grep -v sqlite)
}
echo '#include <range/v3/version.hpp>' | "$compile" -fsyntax-only -x c++ - 2> /dev/null || {
    echo "SKIPPED: report/views.hpp (there is no range-v3)"
    doors=$(printf '%s\n' "$doors" | grep -v views)
}
lines() { for door; do echo "#include <$door>"; done; }
{ lines $doors; echo '#define RAMPART_DOCTEST_MAIN'; lines rampart/doctest_main.hpp; } > first.cpp
{ echo '#define RAMPART_DOCTEST_MAIN'; lines rampart/doctest_main.hpp; lines $(printf '%s\n' "$doors" | sort -r); } > last.cpp
{ printf '#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN\n#include <doctest/doctest.h>\n'
    lines rampart/doctest_listener.hpp $(printf '%s\n' "$doors" | sort -r); } > listener.cpp
for file in first last listener; do
    strictly -I "$include" -fsyntax-only $file.cpp || { echo "doors do not meet:"; cat $file.cpp; status=1; }
done

# ---- doors in one program, a different one in each file ----
cat > light.cpp <<'TEXT'
#include <rampart/doctest.hpp>
#include <rampart/execute.hpp>
rampart::result of_heavy();
TEST_CASE("a result of another file") {
    auto const r = of_heavy();
    rampart::record_result(r);
    CHECK(r);
}
TEXT
cat > heavy.cpp <<'TEXT'
#include <rampart/agents/replay.hpp>
#include <rampart/dist/process.hpp>
#include <rampart/rampart.hpp>
rampart::result of_heavy() {
    rampart::session session;
    session.absorb(rampart::test_id{"a"}, {}, {{.status = rampart::safety_status::safe}}, {});
    auto const report = rampart::build_report(session);
    return {.status = report.is_clean_run() ? rampart::safety_status::safe : rampart::safety_status::error};
}
TEXT
strictly -I "$include" light.cpp heavy.cpp ../empty/main.o -pthread -o meet && ./meet > log 2>&1 ||
    { cat log; echo "doors do not meet in one program"; status=1; }
[ $status -eq 0 ] && echo "fresh, alone in a folder, and together"
exit $status
