#!/bin/sh
# examples/run.sh: installs what is missing, builds the examples into build/dev, and runs the first of them, the suite
# in examples/hello, up to its report. The other examples are run by tests/run.sh.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
sh "$root/.ci/setup.sh"
cd "$root"
cmake --preset dev
cmake --build --preset dev --target rampart_examples

hello=build/dev/examples/hello
[ -x "$hello/hello" ] || { echo "examples/run.sh: the build has made no $hello/hello" >&2; exit 1; }
reports=$hello/rampart-report
rm -rf "$reports"

echo
echo "== Five safety tests against a small agent (examples/hello)"
echo "== The agent has one weakness, planted, and the tests have to find it: this run has to end red."
echo
status=0
"$hello/hello" --rampart-report-dir="$reports" || status=$?
echo
if [ "$status" -ne 1 ]; then
    echo "== The suite ended with status $status; with its planted weakness found it ends with 1." >&2
    exit 1
fi
report=$(find "$reports" -name '*.json' 2> /dev/null | head -n 1)
if [ -z "$report" ]; then
    echo "== The suite wrote no report into $reports." >&2
    exit 1
fi
echo "== The suite ended with status 1, as it should: the weakness was found, so the run is not green."
echo "== Its report is $root/$report"
echo "== The other example programs, each with its sources in examples/:"
for program in build/dev/examples/*/*; do
    if [ -f "$program" ] && [ -x "$program" ]; then echo "==   $program"; fi
done
