#ifndef RAMPART_TESTS_SESSION_FILED_VALUES_HPP
#define RAMPART_TESTS_SESSION_FILED_VALUES_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rampart/session/record_list.hpp"

/// \file
/// Filed records for tests: the values stand in a source, as they would in files.

namespace filed {

namespace rp = rampart;

template <rp::Result R>
class values final : public rp::record_source<R> {
public:
    R read(rp::record_place const& place) override {
        ++reads;
        if (place.file != file || place.offset >= kept.size() || unreadable(place.offset)) {
            throw std::runtime_error("values.json has changed since it was read");
        }
        return kept[place.offset];
    }
    rp::record_place keep(R value) {
        kept.push_back(std::move(value));
        return {.file = file, .length = 1, .offset = kept.size() - 1};
    }

    static constexpr std::uint32_t file = 7;
    std::vector<R> kept{};
    std::size_t reads = 0;
    std::function<bool(std::size_t)> unreadable = [](std::size_t) { return false; };
};

template <rp::Result R>
rp::record_head head_of(rp::basic_record<R> const& r) {
    return {r.test, r.test_name, r.worker, r.harm_category, r.index, r.attempt, rp::result_traits<R>::status(r.value)};
}

/// The same list with those filed of which `which(place)` holds.
template <rp::Result R, class Which>
rp::record_list<R> some_filed(std::vector<rp::basic_record<R>> const& records, std::shared_ptr<values<R>> const& source,
                              Which which) {
    rp::record_list<R> list;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (which(i)) {
            list.push_back(head_of(records[i]), source, source->keep(records[i].value));
        } else {
            list.push_back(records[i]);
        }
    }
    return list;
}
template <rp::Result R>
rp::record_list<R> all_filed(std::vector<rp::basic_record<R>> const& records,
                             std::shared_ptr<values<R>> const& source = std::make_shared<values<R>>()) {
    return some_filed(records, source, [](std::size_t) { return true; });
}

}  // namespace filed

#endif  // RAMPART_TESTS_SESSION_FILED_VALUES_HPP
