#!/bin/sh
# bazel.sh ROOT FOLDER: examples/bazel with the suite tests/doctest/suites/stages.cpp, in Bazel: parts, their journals and
# JUnit files, a filter, a killed part, a part that is not there. Nothing is loaded from anywhere: three repositories that
# Debian's Bazel 4 wants from the network are made here, with what is in Bazel itself. Ends with 77 where there is no Bazel.
set -u
root=$1 folder=$2
command -v bazel > /dev/null || { echo "SKIPPED: bazel (there is no bazel; sh .ci/setup.sh bazel)"; exit 77; }
command -v unzip > /dev/null || { echo "SKIPPED: bazel (there is no unzip; sh .ci/setup.sh bazel)"; exit 77; }
case $(dpkg-query -W -f '${Version}' bazel-bootstrap 2> /dev/null) in
    4.*) ;;
    *) echo "SKIPPED: bazel (the repositories made here are for Debian's bazel-bootstrap 4)"; exit 77 ;;
esac
. "$root/tests/support/expect.sh"
rm -rf "$folder/space"
mkdir -p "$folder/space"
cp "$root"/examples/bazel/* "$folder/space"
cp "$root/tests/doctest/suites/stages.cpp" "$folder/space/suite.cpp"
sed -i "s|\"../..\"|\"$root\"|" "$folder/space/WORKSPACE"

for name in rules_cc rules_java remote_coverage_tools; do
    mkdir -p "$folder/$name/cc" "$folder/$name/java"
    echo "workspace(name = \"$name\")" > "$folder/$name/WORKSPACE"
    : > "$folder/$name/cc/BUILD"
    : > "$folder/$name/java/BUILD"
    : > "$folder/$name/BUILD"
done
for rule in cc_library cc_binary cc_test cc_import cc_toolchain cc_toolchain_suite objc_library objc_import fdo_profile \
    fdo_prefetch_hints; do
    echo "$rule = native.$rule"
done > "$folder/rules_cc/cc/defs.bzl"
for rule in java_library java_binary java_test java_import java_plugin java_runtime java_toolchain \
    java_package_configuration; do
    echo "$rule = native.$rule"
done > "$folder/rules_java/java/defs.bzl"
echo 'filegroup(name = "coverage_report_generator", srcs = ["none.sh"], visibility = ["//visibility:public"])' \
    > "$folder/remote_coverage_tools/BUILD"
echo '#!/bin/sh' > "$folder/remote_coverage_tools/none.sh"
chmod +x "$folder/remote_coverage_tools/none.sh"

# An output root of its own: nobody else's server is asked, or shut down.
bazel() { # WORDS...
    (cd "$folder/space" && command bazel --output_user_root="$folder/root" --max_idle_secs=60 "$@")
}
finish() {
    bazel shutdown > /dev/null 2>&1
    chmod -R u+w "$folder/root" 2> /dev/null
    exit "$status"
}
trap finish EXIT
trap 'wrong interrupted; exit 1' INT TERM HUP
run() { # WORDS FOR bazel test...: what it says in $folder/log, and $ended
    bazel test //:suite --color=no --curses=no --jobs=2 --copt=-O0 --copt=-w \
        --override_repository=rules_cc="$folder/rules_cc" --override_repository=rules_java="$folder/rules_java" \
        --override_repository=remote_coverage_tools="$folder/remote_coverage_tools" \
        --experimental_repository_disable_download "$@" > "$folder/log" 2>&1
    ended=$?
}
collect() {
    (cd "$folder/space" && sh collect.sh //:suite --rampart-json="$folder/merged.json") > "$folder/said" 2>&1
    ended=$?
}
results() { # FILE
    sed -n 's/^ *"test": //p; s/^ *"summary": //p' "$1" | LC_ALL=C sort
}
good='--test_arg=-tce=fourth*,fifth*'

run "$good"
[ "$ended" -eq 0 ] || { tail -n 30 "$folder/log" | cut -c 1-300; wrong "bazel test ended with $ended"; exit 1; }
grep -q '^//:suite .*PASSED' "$folder/log" || wrong "Bazel does not say that the suite passed"
for part in 1 2 3; do
    has "$folder/space/bazel-testlogs/suite/shard_${part}_of_3/test.xml" '<testsuites name="rampart"'
    has "$folder/space/bazel-testlogs/suite/shard_${part}_of_3/test.log" "part $part of 3, as TEST_SHARD_INDEX"
done
collect
is "the merge of three parts" 0 "$ended"
"$folder/space/bazel-bin/suite" '-tce=fourth*,fifth*' --rampart-json="$folder/alone.json" > "$folder/log" 2>&1
results "$folder/alone.json" > "$folder/alone"
is "results of the suite" 11 "$(grep -c 'stage ' "$folder/alone")"
results "$folder/merged.json" | cmp -s - "$folder/alone" || wrong "the parts are not the whole suite"

# A part that is not there.
chmod -R u+w "$folder/space/bazel-testlogs/suite/"
rm -rf "$folder/space/bazel-testlogs/suite/shard_2_of_3/test.outputs"
collect
is "the merge without part 2" 3 "$ended"
has "$folder/said" 'part 2 of 3 never came'

# A test that kills its process: its part failed, the others ended; the merge names it.
run "$good" '--test_env=RAMPART_TEST_END=kill ninth b'
is "bazel test with a part that is killed" 3 "$ended"
is "parts that failed" 1 "$(grep -c '^FAIL: //:suite (shard' "$folder/log")"
collect
is "the merge with a killed part" 3 "$ended"
has "$folder/said" 'suite.cpp::ninth was running when its process ended'

# A filter; and tests that fail.
run --test_filter='third*,first'
is "bazel test --test_filter" 0 "$ended"
collect
is "the merge of what the filter selects" 0 "$ended"
is "results of what the filter selects" 5 "$(results "$folder/merged.json" | grep -c 'stage ')"
run
is "bazel test of tests that fail" 3 "$ended"
collect
is "the merge of tests that fail" 1 "$ended"
has "$folder/said" 'FAILED'
exit $status
