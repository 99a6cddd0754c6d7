#!/bin/sh
# formats.sh ROOT: docs/formats.md has every member that is written into a report, payload, stream or journal, and every
# kind of fault; docs/events.md has those of the event stream, docs/doctest.md those of the list of tests.
set -u
cd "$1/include/rampart" || exit 1
status=0
count=0
# members PAGE FILE...: what the files write stands on the page, as `member` or as "member" of an example
members() {
    page=../../docs/$1
    shift
    for file; do
        for name in $(grep -oE '(member|key|write_metadata|write_ids|write_list_if_any)\((w|out, *)?(, *)?"[a-z_0-9]+"|_key(\[\])? = "[a-z_0-9]+"|"_(rampart|pytest)[a-z_]+"' \
            "$file" | sed 's/.*"\([a-z_0-9]*\)"$/\1/' | sort -u); do
            count=$((count + 1))
            grep -qE "[\`\"]$name[\`\"]" "$page" || { echo "$page does not have '$name' of $file"; status=1; }
        done
    done
}
members formats.md sinks/json_file.hpp sinks/json_record.hpp json/conversation.hpp json/convert.hpp \
    transport/record_write.hpp transport/wire_write.hpp transport/wire_format.hpp transport/journal.hpp
members events.md dist/events_file.hpp
members doctest.md doctest/test_list.hpp
for kind in $(sed -n '/to_string(fault_kind/,/;$/p' session/fault.hpp | grep -oE '"[a-z_]+"' | tr -d '"'); do
    count=$((count + 1))
    grep -q "^| \`$kind\` |" ../../docs/formats.md || { echo "docs/formats.md does not have the fault '$kind'"; status=1; }
done
echo "$count members and kinds of faults"
[ "$count" -gt 150 ] || status=1
exit $status
