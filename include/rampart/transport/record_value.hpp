#ifndef RAMPART_TRANSPORT_RECORD_VALUE_HPP
#define RAMPART_TRANSPORT_RECORD_VALUE_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "rampart/base/text.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/core/result.hpp"
#include "rampart/json/cursor.hpp"
#include "rampart/json/decode.hpp"
#include "rampart/session/filed_records.hpp"
#include "rampart/session/record.hpp"
#include "rampart/transport/wire_format.hpp"

/// \file
/// A record as it stands in a document: the result, and the bookkeeping that travels in its metadata.

namespace rampart::inline v1::detail {

/// Moves out of the metadata what belongs to the record and not to the result (wire format, A.1.2).
template <Result R>
void take_bookkeeping(basic_record<R>& to, metadata& from) {
    to.test_name = std::string(short_name(to.test));
    if (auto const* const v = from.find(test_name_key); v != nullptr && v->is_string()) {
        to.test_name = v->as_string();
    }
    if (auto const* const v = from.find(worker_key); v != nullptr) {
        if (v->is_string()) to.worker = v->as_string();
        from.erase(worker_key);
    }
    for (auto const key : {test_name_key, node_id_key, index_key}) {
        from.erase(key);
    }
}

/// Results that can be read without a tree.
template <class R>
concept PlainlyReadable = std::same_as<R, result>;

/// A cursor with what reads results at it. One for many texts: it keeps its buffers.
class result_cursor {
public:
    json_cursor at{std::string_view()};
    decoder<true> kept{at};
    decoder<false> passed{at};
};

/// Reads a record at the cursor: what stands there is told by `to.test`, and by `to.index` where the record does not
/// say its own. With `Keep` false the value has only what a report asks before it reads the record. When it fails, `to`
/// is of no use.
template <bool Keep>
bool read_plain_record(result_cursor& from, basic_record<result>& to) {
    auto const ours = [](std::string_view key) { return key == test_name_key || key == worker_key; };
    bool good = false;
    if constexpr (Keep) {
        good = from.kept.read(to.value, to.attempt, to.index, ours);
    } else {
        good = from.passed.read(to.value, to.attempt, to.index, ours);
    }
    if (!good) return false;
    to.harm_category = to.value.harm_category;
    take_bookkeeping(to, to.value.meta);
    return true;
}

/// How the results of a document are read.
template <Result R>
struct reading {
    rampart::text_policy text = rampart::text_policy::keep;  ///< is applied to their values
    std::size_t* room = nullptr;  ///< bytes of text that may still be held; the others stay in the file
    std::shared_ptr<record_source<R>> source{};
    std::uint32_t file = 0;  ///< its number at the source
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_TRANSPORT_RECORD_VALUE_HPP
