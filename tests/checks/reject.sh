#!/bin/sh
# reject.sh FILE -- COMPILER...: FILE must not compile, and the compiler must say the words of FILE's first line,
# '// expect: <extended regular expression>'. The file compiles once ACCEPT is defined, so that a misspelt include or
# name cannot pass for the reason that is meant.
set -u
file=$1
shift 2
LC_ALL=C
export LC_ALL

expected=$(sed -n '1s|^// expect: ||p' "$file")
if [ -z "$expected" ]; then
    echo "$file: the first line has to be '// expect: <regular expression>'"
    exit 1
fi
if ! said=$("$@" -DACCEPT -fsyntax-only "$file" 2>&1); then
    printf '%s\n' "$said" | head -n 40
    echo "$file: does not compile with ACCEPT defined, so its refusal proves nothing"
    exit 1
fi
if said=$("$@" -fsyntax-only "$file" 2>&1); then
    echo "$file: compiles, and must not"
    exit 1
fi
if ! printf '%s\n' "$said" | grep -Eq -e "$expected"; then
    printf '%s\n' "$said" | head -n 40
    echo "$file: refused, but nothing above matches: $expected"
    exit 1
fi
printf '%s\n' "$said" | grep -E -m 1 -e "$expected"
