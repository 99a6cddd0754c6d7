# filter.awk -v words=FILE HEADER: the header as Doxygen is to read it. Lines keep their numbers.
#   - The inline namespace v1 is left out: nobody spells it.
#   - Specialisations of variables of others are left out.
#   - What the language says already gets its words here: comparison, copy, move, what doctest's interface calls.
#   - A constructor without words is told by its class.
#   - A name without words that means the same everywhere gets those of words.txt.
function say(text) {
    if (told) return
    text = "/** " text " */ "
    if (held) first = text first  # before its template line
    else $0 = text $0
}
# The name that a line declares, or nothing.
function declared(line) {
    gsub(/\[\[[^]]*\]\]/, "", line)
    if (line ~ /^ *(return|using|friend|if|for|while|else|throw|delete|case|template|requires|static_assert|#)/) return ""
    sub(/;? *\/\/.*/, "", line)
    if (line ~ /^ *(class|struct|enum)/) return ""
    if (match(line, /[a-z_0-9]+\(/)) return substr(line, RSTART, RLENGTH - 1)
    sub(/( = .*|\{.*|;.*)$/, "", line)
    return match(line, /[ &*][a-z_0-9]+$/) ? substr(line, RSTART + 1, RLENGTH - 1) : ""
}
BEGIN {
    while ((getline line < words) > 0) {
        if (line ~ /^#/ || line == "") continue
        key = line
        sub(/ .*/, "", key)
        sub(/^[^ ]* /, "", line)
        if (key in meaning) { print "words.txt names " key " twice" > "/dev/stderr"; exit 1 }
        meaning[key] = toupper(substr(line, 1, 1)) substr(line, 2) "."
    }
}
{
    match($0, /^ */)
    indent = RLENGTH
    blank = /^ *$/ || /^ *\/\// || /^#/
}
# Nothing is said inside of bodies: Doxygen would take it for the function's own words. A body ends with a brace as far to
# the left as its declaration began.
in_body {
    if (indent == begun && /^ *}/) in_body = started = 0
    print
    next
}
!blank && !started && !/^ *(public|private|protected):/ { started = 1; begun = indent }
# What is specialised of others is theirs.
/^inline constexpr bool (::|std::)?ranges::.* = / { $0 = held ? "\n" : ""; held = 0 }
{
    sub(/^namespace rampart::inline v1/, "namespace rampart")
    if ($0 !~ /^ *\/\// && $0 !~ /\/\/\/</) {
        name = declared($0)
        if (/operator(==|<=>)\(/) say("Member by member.")
        else if (/ override[ ;{]/) say("Heard from doctest.")
        else if (/ operator=\(/ || (name in types && /\([a-z_]+(<[A-Z]>)? ?(const&|&&)[a-z ]*\)/)) say(/&&/ ? "Moves." : "Copies.")
        else if (/^ *using result_type =/) say("The type of the results.")
        else if (/^ *using (value_type|size_type|difference_type|pointer|reference|iterator_category|const_iterator) =/)
            say("As the standard library calls it.")
        else if (name in types && /^ *((explicit|constexpr|consteval|requires|&&)[^(]* )?[a-z_]+\(/) say("Made as its class says.")
        else if (name ~ /^(await_(ready|suspend|resume)|get_return_object|(initial|final)_suspend|unhandled_exception)$/)
            say("For the compiler, of coroutines.")
        else if (name ~ /^(begin|next|give_back|lost)$/ && /\(ledger const&/) say("As the concept Scheduler says.")
        else if (name == "tag_invoke") say("For Boost.JSON's value_from and value_to.")
        else if (name in meaning) say(meaning[name])
    }
    if (/^ *(class|struct|union|enum|namespace) ?/ && !/\(.*\) / && !/;$/) scope = 1
    if (/^ *(class|struct) [a-z_]+/) {
        type = $0
        sub(/^ *(class|struct) /, "", type)
        sub(/[^a-z_].*/, "", type)
        types[type]
    }
    if ($0 ~ /^ *template <.*>$/ && !held) {
        held = 1
        first = $0
        rest = ""
        next
    }
    told = /^ *\/\/\// || (told && /^ *(template <|\/\/)/)
    if (held && /^ *(requires[ (]|&&|sizeof|!std)/ && !/[{;]/) {
        rest = rest "\n" $0
        next
    }
    print (held ? first rest "\n" : "") $0
    held = 0
    sub(/ *\/\/.*/, "")
    if (scope && /{$/) started = scope = 0
    else if (!blank && /{$/) in_body = 1
    else if (!blank && /[;}:]$/) started = scope = 0
}
