#!/bin/sh
# examples/run.sh: installs what is missing, builds the examples into build/examples, and runs the main one of them, the
# suite in examples/helpdesk, in worker processes up to its reports. `sh tests/run.sh examples` runs the others.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
sh "$root/.ci/setup.sh"
cd "$root"
cmake --preset examples
cmake --build --preset examples

helpdesk=build/examples/examples/helpdesk
[ -x "$helpdesk/helpdesk" ] || { echo "examples/run.sh: the build has made no $helpdesk/helpdesk" >&2; exit 1; }
reports=$helpdesk/rampart-report
rm -rf "$reports"
mkdir -p "$reports"

echo
echo "== The safety tests of a help desk's agent (examples/helpdesk), in worker processes"
echo "== The agent has six weaknesses, planted, and the tests have to find them: this run has to end red."
echo
status=0
"$helpdesk/helpdesk" --rampart-workers=auto --rampart-progress=none \
    --rampart-html="$reports/report.html" --rampart-json="$reports/report.json" || status=$?
echo
if [ "$status" -ne 1 ]; then
    echo "== The suite ended with status $status; with its planted weaknesses found it ends with 1." >&2
    exit 1
fi
for report in "$reports/report.html" "$reports/report.json"; do
    [ -s "$report" ] || { echo "== The suite wrote no $report." >&2; exit 1; }
done
echo "== The suite ended with status 1, as it should: weaknesses were found, so the run is not green."
echo "== Which ones are planted, and what the report has to say of each: examples/helpdesk/README.md"
echo "== The report for a browser, with every conversation: $root/$reports/report.html"
echo "== The report for programs:                           $root/$reports/report.json"
echo "== The other example programs, each with its sources in examples/:"
for program in build/examples/examples/*/*; do
    if [ -f "$program" ] && [ -x "$program" ] && [ "$program" != "$helpdesk/helpdesk" ]; then echo "==   $program"; fi
done
