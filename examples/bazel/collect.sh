#!/bin/sh
# collect.sh TARGET [OPTION]...: one report of the parts of a test that `bazel test` has run, in the workspace's folder:
#
#     bazel test //:suite; sh collect.sh //:suite --rampart-html=report.html
#
# The status is that of the run: not 0 when a test failed, and 3 when a part is missing or was killed.
set -u
[ $# -ge 1 ] || { echo "collect.sh: takes a target such as //:suite, and options for the merge" >&2; exit 2; }
label=${1#//}
shift
place=${label%%:*}/${label##*:}  # mail:suite and mail/suite are in bazel-bin/mail
case $label in *:*) ;; *) place=$label/${label##*/} ;; esac
place=${place#/}

folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
found=0
for outputs in "bazel-testlogs/$place/test.outputs" "bazel-testlogs/$place"/shard_*/test.outputs; do
    [ -d "$outputs" ] || continue
    found=$((found + 1))
    if [ -f "$outputs/outputs.zip" ]; then
        mkdir "$folder/$found" && unzip -q "$outputs/outputs.zip" 'rampart-journal/*' -d "$folder/$found" ||
            echo "collect.sh: $outputs/outputs.zip holds no journal" >&2  # the merge will miss it
    elif [ -d "$outputs/rampart-journal" ]; then  # --nozip_undeclared_test_outputs
        cp -R "$outputs/rampart-journal" "$folder/$found"
    fi
done
[ "$found" -gt 0 ] || { echo "collect.sh: bazel-testlogs/$place has no outputs of a test; has it run?" >&2; exit 2; }
"bazel-bin/$place" "--rampart-merge=$folder" "$@"
