#!/bin/sh
# tests/run.sh [PRESET [WORDS FOR CTEST]...]: installs what is missing, builds into build/PRESET (dev unless said
# otherwise; see CMakePresets.json) and runs the tests. Its status is 0 when all of them passed.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
preset=${1:-dev}
[ $# -eq 0 ] || shift

case $preset in
    clang) sh "$root/.ci/setup.sh" clang ;;
    asan) sh "$root/.ci/setup.sh" clang fuzz ;;
    vendored) sh "$root/.ci/setup.sh" clang ;;
    tidy) sh "$root/.ci/setup.sh" clang tidy ;;
    coverage) exec sh "$root/tests/coverage.sh" "$@" ;;
    *) sh "$root/.ci/setup.sh" ;;
esac
cd "$root"
cmake --preset "$preset"
cmake --build --preset "$preset"
[ "$preset" != tidy ] || exit 0  # what it has to say it said while building
exec ctest --preset "$preset" "$@"
