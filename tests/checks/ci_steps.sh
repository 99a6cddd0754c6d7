#!/bin/sh
# ci_steps.sh ROOT FOLDER STAGES: the jobs of docs/ci.md, run as they stand there: each in a checkout of its own, with
# the variables that GitHub Actions or GitLab CI sets, and artifacts handed on as these do. STAGES is the suite stages.
# Of both services' languages it knows what docs/ci.md uses, and stops at what it does not know.
set -u
root=$1 folder=$2 suite=$3
. "$root/tests/support/expect.sh"
rm -rf "$folder"
mkdir -p "$folder/checkout"
# The suite has been built before: what is built here takes a copy.
cat > "$folder/checkout/CMakeLists.txt" << END
cmake_minimum_required(VERSION 3.24)
project(agents LANGUAGES NONE)
add_custom_target(suite COMMAND "\${CMAKE_COMMAND}" -E copy "$suite" "\${CMAKE_CURRENT_BINARY_DIR}/suite")
END
export CI=true CMAKE_GENERATOR=Ninja
unset RAMPART_TOTAL_SHARDS RAMPART_SHARD_INDEX RAMPART_TESTRUNUID RAMPART_ATTEMPT CI_NODE_TOTAL CI_NODE_INDEX \
    GITHUB_ACTIONS GITHUB_STEP_SUMMARY

# The lines of the block of docs/ci.md whose first line is '# NAME'.
block() { # NAME
    awk -v name="# $1" '
        /^```yaml$/ { if ((getline) > 0 && $0 == name) on = 1; next }
        /^```$/ { on = 0 }
        on' "$root/docs/ci.md"
}
# A job's lines as words for `job`: one a line, name and value with a tab between them.
#   size N        so many jobs             always         the job runs when those before it failed
#   env NAME=V    for all steps            step always    a step begins, which runs when one before failed
#   run WORDS     a line of a step         uses ACTION    with NAME VALUE     keep always PATH: GitLab's artifacts
job_words() { # SERVICE JOB, block on stdin
    awk -v service="$1" -v job="$2" '
        function value(text) { sub(/^[^:]*: */, "", text); return text }
        function fail(what) { print "unknown\t" what; exit }
        function add(line) { steps = steps line "\n" }
        { indent = match($0, /[^ ]/) - 1; text = substr($0, indent + 1) }
        indent == (service == "github" ? 2 : 0) && /:$/ { in_job = text == job ":"; part = ""; next }
        !in_job { next }
        service == "gitlab" && indent == 2 {
            part = text; sub(/:.*/, "", part)
            if (part == "parallel") print "size\t" value(text)
            else if (part == "when") print (value(text) == "always" ? "always\t" : "unknown\t" text)
            else if (part != "script" && part != "artifacts" && part != "stage") fail(text)
            next
        }
        service == "gitlab" && part == "script" { sub(/^- /, "", text); add("run\t" text); next }
        service == "gitlab" && part == "artifacts" {
            if (text == "when: always") print "keep_always\t"
            else if (text ~ /^paths: \[/) { list = value(text); gsub(/[][,]/, "", list); print "keep\t" list }
            else if (text !~ /^(reports:|junit: )/) fail(text)
            next
        }
        indent == 4 {
            part = text; sub(/:.*/, "", part)
            if (part == "if") print (value(text) == "always()" ? "always\t" : "unknown\t" text)
            else if (part !~ /^(runs-on|needs|strategy|env|steps)$/) fail(text)
            next
        }
        part == "strategy" { if (text ~ /^index: \[/) print "size\t" gsub(/,/, ",", text) + 1; next }
        part == "env" { print "env\t" substr(text, 1, index(text, ":") - 1) "=" value(text); next }
        part == "steps" && indent == 6 { add("step\t"); sub(/^- /, "", text); indent = 8; lines = 0 }
        part == "steps" && lines && indent == 10 { add("run\t" text); next }
        part == "steps" && indent == 8 {
            lines = 0
            if (text == "run: |") lines = 1
            else if (text ~ /^run: /) add("run\t" value(text))
            else if (text ~ /^uses: /) add("uses\t" value(text))
            else if (text == "if: always()") add("step_always\t")
            else if (text != "with:") fail(text)
            next
        }
        part == "steps" && indent == 10 { add("with\t" text); next }
        { fail(text) }
        END { printf "%s", steps }'
}
known() { # FILE WITH WORDS: the block said something that is not understood here
    [ -s "$1" ] || { wrong "docs/ci.md: there is no such job ($1)"; exit 1; }
    ! grep '^unknown' "$1" || { wrong "docs/ci.md says what ci_steps.sh does not know"; exit 1; }
}
tab=$(printf '\t')
field() { sed -n "s/^$2$tab//p" "$1"; }

# ---- GitHub Actions

# What GitHub puts in the place of ${{ ... }}.
filled() {
    sed "s/\${{ strategy.job-index }}/$index/g; s/\${{ strategy.job-total }}/$size/g; s/\${{ github.run_id }}/4711/g
        s/\${{ github.run_attempt }}/$attempt/g"
}
# Runs job number $index of a kind in attempt $attempt of the run. $ended is its status.
github_job() { # NAME
    words=$folder/$1.words work=$folder/work
    rm -rf "$work"
    mkdir -p "$work"
    size=$(field "$words" size)
    size=${size:-1}
    filled < "$words" > "$folder/filled"
    grep -F '${{' "$folder/filled" && wrong "docs/ci.md has expressions that ci_steps.sh does not know"
    field "$folder/filled" env > "$folder/environment"
    ended=0
    always='' action='' lines='' with_name='' with_path='' with_pattern=''
    while IFS=$tab read -r word rest; do
        case $word in
            step) github_step; always='' action='' lines='' with_name='' with_path='' with_pattern='' ;;
            step_always) always=yes ;;
            run) lines="$lines$rest
" ;;
            uses) action=$rest ;;
            with)
                case $rest in
                    name:*) with_name=${rest#*: } ;;
                    path:*) with_path=${rest#*: } ;;
                    pattern:*) with_pattern=${rest#*: } ;;
                    *) wrong "an action is told '$rest'" ;;
                esac
                ;;
        esac
    done < "$folder/filled"
    github_step
}
github_step() {
    [ -n "$action$lines" ] || return 0
    [ "$ended" -eq 0 ] || [ -n "$always" ] || return 0
    case $action in
        '')
            printf '%s' "$lines" > "$folder/step.sh"
            # shellcheck disable=SC2046  # one word for each variable
            (cd "$work" && env GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$folder/summary" $(cat "$folder/environment") \
                bash -e "$folder/step.sh") < /dev/null >> "$folder/log" 2>&1 || ended=$?
            ;;
        actions/checkout@*) cp -R "$folder/checkout/." "$work" ;;
        actions/upload-artifact@*)
            # Nothing to keep is a warning; a name that is taken is an error.
            [ ! -e "$folder/artifacts/$with_name" ] || { wrong "the artifact $with_name is there already"; ended=1; }
            if [ -d "$work/$with_path" ]; then
                mkdir -p "$folder/artifacts/$with_name" && cp -R "$work/$with_path/." "$folder/artifacts/$with_name"
            elif [ -e "$work/$with_path" ]; then
                mkdir -p "$folder/artifacts/$with_name" && cp "$work/$with_path" "$folder/artifacts/$with_name"
            fi
            ;;
        actions/download-artifact@*)  # several: a folder for each
            for artifact in "$folder/artifacts"/$with_pattern; do
                [ -d "$artifact" ] || continue
                mkdir -p "$work/$with_path" && cp -R "$artifact" "$work/$with_path"
            done
            ;;
        *) wrong "docs/ci.md uses $action, which ci_steps.sh does not know" ;;
    esac
}
# A run: the parts with these indices, then the report if it runs. $failed: how many parts failed; $ended: the status of the report,
# and $folder/log what it said.
github_run() { # INDICES
    failed=0
    : > "$folder/log"
    for index in $1; do
        github_job part
        [ "$ended" -eq 0 ] || failed=$((failed + 1))
        [ "$ended" -ne 137 ] || killed=$index
    done
    index=0 ended=skipped
    : > "$folder/log"
    [ "$failed" -gt 0 ] && ! grep -q '^always' "$folder/report.words" || github_job report
}

# ---- GitLab CI

# Runs job number $index (from 1) of $size. $ended is its status; what it keeps is in $folder/artifacts/NAME-INDEX.
gitlab_job() { # NAME
    words=$folder/$1.words work=$folder/work
    rm -rf "$work"
    mkdir -p "$work"
    cp -R "$folder/checkout/." "$work"
    # The artifacts of the stages before.
    [ "$1" = part ] || for artifact in "$folder"/artifacts/*; do [ ! -d "$artifact" ] || cp -R "$artifact/." "$work"; done
    set -- "$1" CI_NODE_TOTAL="$size" CI_PIPELINE_ID=4711 GITLAB_CI=true
    [ "$size" -eq 1 ] || set -- "$@" CI_NODE_INDEX="$index"
    name=$1
    shift
    field "$words" run > "$folder/step.sh"
    (cd "$work" && env "$@" bash -eo pipefail "$folder/step.sh") < /dev/null >> "$folder/log" 2>&1
    ended=$?
    [ "$ended" -eq 0 ] || grep -q '^keep_always' "$words" || return 0
    rm -rf "$folder/artifacts/$name-$index"  # of an earlier try
    for path in $(field "$words" keep); do
        [ -e "$work/$path" ] || continue
        mkdir -p "$folder/artifacts/$name-$index" && cp -R "$work/$path" "$folder/artifacts/$name-$index"
    done
}
gitlab_run() { # INDICES
    failed=0
    : > "$folder/log"
    size=$(field "$folder/part.words" size)
    for index in $1; do
        gitlab_job part
        [ "$ended" -eq 0 ] || failed=$((failed + 1))
        [ "$ended" -ne 137 ] || killed=$index
    done
    index=1 size=1 ended=skipped
    : > "$folder/log"
    [ "$failed" -gt 0 ] && ! grep -q '^always' "$folder/report.words" || gitlab_job report
}

# ---- both: the suite has a failing and an unsafe test, so that the report of a whole run is red

for service in github gitlab; do
    file=.gitlab-ci.yml
    [ $service = gitlab ] || file=.github/workflows/agents.yml
    block $file > "$folder/block"
    [ -s "$folder/block" ] || wrong "docs/ci.md has no $file"
    for name in part report; do
        job_words $service $name < "$folder/block" > "$folder/$name.words"
        known "$folder/$name.words"
    done
    all='0 1 2 3'
    [ $service = github ] || all='1 2 3 4'
    second=$(echo "$all" | cut -d ' ' -f 2)
    attempt=1

    rm -rf "$folder/artifacts"
    ${service}_run "$all"
    is "$service: parts that failed" 2 "$failed"
    is "$service: the report of a run in which tests failed" 1 "$ended"
    has "$folder/log" '= FAILED' '13 results of 12 tests'
    is "$service: reports that are kept" 1 "$(find "$folder/artifacts" -name report.html | wc -l)"

    # The part with the ninth test is killed there.
    rm -rf "$folder/artifacts"
    export RAMPART_TEST_END='kill ninth b'
    ${service}_run "$all"
    unset RAMPART_TEST_END
    is "$service: the report of a run with a killed part" 3 "$ended"
    has "$folder/log" 'INCOMPLETE' 'stages.cpp::ninth was running when its process ended'
    # The part runs again.
    attempt=2
    ${service}_run "$killed"
    is "$service: the report with the killed part run again" 1 "$ended"
    has "$folder/log" '= FAILED'
    # GitHub's first attempt is there still, with the two results that it had; GitLab has put it aside.
    results=15
    [ $service = github ] || results=13
    has "$folder/log" "$results results of 12 tests"
    attempt=1

    # A machine that is lost keeps nothing; the part again makes the run whole.
    rm -rf "$folder/artifacts"
    ${service}_run "$(echo "$all" | sed "s/ $second / /")"
    is "$service: the report of a run with a part that never came" 3 "$ended"
    has "$folder/log" 'part 2 of 4 never came'
    attempt=2
    ${service}_run "$second"
    is "$service: the report with the part run again" 1 "$ended"
    has "$folder/log" '= FAILED' '13 results of 12 tests'
done
exit $status
