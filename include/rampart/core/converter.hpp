#ifndef RAMPART_CORE_CONVERTER_HPP
#define RAMPART_CORE_CONVERTER_HPP

#include "rampart/core/conversation.hpp"

#include <concepts>
#include <utility>

namespace rampart::inline v1 {

/// Makes another payload out of one, before it is planted: translates its text, encodes it, prints it into a file. The
/// payload that it is given stays as it is; the new one carries its metadata on (B17).
///
///     struct upper_case {
///         rampart::payload convert(rampart::payload const& from);
///     };
template <class C>
concept PayloadConverter = requires(C& converter, payload const& from) {
    { converter.convert(from) } -> std::convertible_to<payload>;
};

/// The payload that a converter makes, with what must not change put right: it keeps the id, by which reports know it,
/// and a file without a text of its own keeps the text that it was made of (B17).
///
/// Throws what the converter throws, and as `validate` does for a payload that cannot be.
template <PayloadConverter C>
payload convert(payload const& from, C&& converter) {
    payload made = converter.convert(from);
    made.id = from.id;
    if (is_binary(made.format) && made.content.empty()) made.content = from.content;
    validate(made);
    return made;
}

/// Applies several, one after the other, the first one first: `convert(p, translate, print)` prints the translation.
/// Without any it is the payload itself.
template <PayloadConverter First, PayloadConverter... More>
    requires(sizeof...(More) > 0)
payload convert(payload const& from, First&& first, More&&... more) {
    return convert(convert(from, first), std::forward<More>(more)...);
}
/// Without a converter it is the payload itself.
inline payload convert(payload from) { return from; }

}  // namespace rampart::inline v1

#endif
