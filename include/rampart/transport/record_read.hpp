#ifndef RAMPART_TRANSPORT_RECORD_READ_HPP
#define RAMPART_TRANSPORT_RECORD_READ_HPP

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "rampart/base/text.hpp"
#include "rampart/core/result.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/error.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/filed_records.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/session/washing.hpp"
#include "rampart/transport/entry_read.hpp"
#include "rampart/transport/record_value.hpp"
#include "rampart/transport/wire_format.hpp"

/// \file
/// What the three formats have in common when they are read: records, trial specs, faults. What is wrong with one of
/// them stays with it: a fault with its place, and the rest is taken (wire format, B2).

namespace rampart::inline v1 {

namespace detail {

/// Reads the parts of one document into a shard. Its own faults name the document's file, where it has one.
template <PortableResult R>
class record_reader {
public:
    /// A test as its records name it.
    struct place {
        std::string test;
        std::uint32_t attempt;
        std::string worker;
        friend auto operator<=>(place const&, place const&) = default;
    };

    record_reader(basic_shard<R>& to, wire_limits const& limits, std::string source)
        : shard_(&to), max_records_(limits.max_records), source_(std::move(source)) {}
    record_reader(record_reader const&) = delete;
    record_reader& operator=(record_reader const&) = delete;

    /// The place of what comes next, for formats of lines; `offset` is where the line begins.
    void at_line(std::size_t number, std::uint64_t offset = 0) {
        line_ = "line " + std::to_string(number);
        records_ = 0;
        offset_ = offset;
    }
    void set_reading(reading<R> how) { reading_ = std::move(how); }
    /// What comes next is about the whole document.
    void at_end() { line_.clear(); }

    /// The document's file; may be empty.
    [[nodiscard]] std::string const& source() const noexcept { return source_; }
    /// Where a fault of this document's stands: its file, line and pointer, as far as there are any.
    [[nodiscard]] std::string where(std::string_view pointer = {}) const {
        std::string text = source_;
        for (std::string_view const part : {std::string_view(line_), pointer}) {
            if (!text.empty() && !part.empty()) text += ", ";
            text += part;
        }
        return text;
    }

    /// Leaves a fault. False when there are so many that this one is only counted.
    bool bad(fault_kind kind, std::string_view pointer, std::string words) {
        if (bad_ == max_bad) {
            ++unnamed_;
            return false;
        }
        ++bad_;
        shard_->faults.push_back({kind, where(clip(pointer, 400)), std::move(words)});
        return true;
    }
    bool bad(shard_error const& e) { return bad(fault_kind::bad_record, e.pointer, e.detail); }
    /// To be called at the document's end.
    void finish() {
        at_end();
        // Our own writer says so in a fault as well; Python's newer one only marks the record.
        for (auto const& [id, index] : truncated_) {
            if (told_truncated_.contains(id)) continue;
            shard_->faults.push_back(
                {fault_kind::truncated, where(id), "result " + std::to_string(index) + " was truncated by its writer"});
        }
        truncated_.clear();
        if (unnamed_ == 0) return;
        shard_->faults.push_back({fault_kind::bad_record, where(),
                                  std::to_string(unnamed_) + " more parts of this document could not be read"});
        unnamed_ = 0;
    }

    /// The results of one test. `first` is the index of the first of them, where a record does not say its own.
    void read_results(std::string_view id, boost::json::value const& list, std::string pointer,
                      std::uint32_t first = 0) {
        auto const* const records = list.if_array();
        if (records == nullptr) {
            field_reader reader(pointer);
            reader.wrong_type("an array of results", list);
            bad_record(id, first, reader.error, list);
            return;
        }
        if (records->empty()) {
            if (!counts(pointer)) return;
            count(id, 1, {}, 0);
        }
        std::size_t const base = pointer.size();
        for (std::size_t i = 0; i < records->size(); ++i) {
            pointer.resize(base);
            append_pointer(pointer, std::to_string(i));
            read_record(id, first + static_cast<std::uint32_t>(i), (*records)[i], pointer);
        }
    }

    void read_trial_specs(boost::json::object const& document) {
        each_of(document, "trial_specs", [&](field_reader& reader, boost::json::value const& v) {
            trial_spec spec;
            if (!read_json_value(reader, v, spec)) return false;
            shard_->trial_specs.push_back(std::move(spec));
            return true;
        });
    }

    /// Takes a fault that the document's writer left.
    bool take_fault(field_reader& reader, boost::json::value const& v) {
        fault f;
        if (!read_fault(reader, v, f)) return false;
        if (f.kind == fault_kind::truncated) told_truncated_.insert(f.where);
        shard_->faults.push_back(std::move(f));
        return true;
    }

    /// Calls `f(reader, element)` for each element of a list under the document; a list that is not there is empty, and
    /// each element that cannot be read leaves a fault.
    template <class F>
    void each_of(boost::json::object const& document, std::string_view key, F f) {
        auto const* const list = document.if_contains(key);
        if (list == nullptr) return;
        std::string pointer = "/" + std::string(key);
        auto const* const elements = list->if_array();
        if (elements == nullptr) {
            field_reader reader(pointer);
            reader.wrong_type("an array", *list);
            bad(reader.error);
            return;
        }
        std::size_t const base = pointer.size();
        for (std::size_t i = 0; i < elements->size(); ++i) {
            pointer.resize(base);
            append_pointer(pointer, std::to_string(i));
            if (i == max_records_) {
                bad(fault_kind::over_limit, pointer, too_many());
                return;
            }
            field_reader reader(pointer);
            if (!f(reader, (*elements)[i])) bad(reader.error);
        }
    }

    /// Adds an entry for a test of which only its results tell.
    void add_entry(place const& where, std::uint32_t results, test_outcome outcome = test_outcome::unknown) {
        test_id const id{where.test};
        shard_->tests.push_back(
            {id, where.attempt, where.worker, results, {.name = std::string(short_name(id)), .outcome = outcome}});
    }

    /// How many results stand under each place, those that could not be read included; in order of the places.
    using place_count = std::pair<place, std::uint32_t>;
    [[nodiscard]] std::vector<place_count> const& found() {
        auto const before = [](place_count const& a, place_count const& b) { return a.first < b.first; };
        if (!std::is_sorted(found_.begin(), found_.end(), before)) std::sort(found_.begin(), found_.end(), before);
        // What was counted in pieces becomes one.
        std::size_t last = 0;
        for (std::size_t at = 1; at < found_.size(); ++at) {
            if (found_[at].first == found_[last].first) {
                found_[last].second += found_[at].second;
            } else if (++last != at) {
                found_[last] = std::move(found_[at]);
            }
        }
        if (!found_.empty()) found_.resize(last + 1);
        return found_;
    }
    void forget_found() noexcept { found_.clear(); }
    void count(std::string_view id, std::uint32_t attempt, std::string_view worker, std::uint32_t more = 1) {
        // The results of a test stand together.
        bool const again = !found_.empty() && found_.back().first.attempt == attempt &&
                           found_.back().first.test == id && found_.back().first.worker == worker;
        if (!again) found_.push_back({place{std::string(id), attempt, std::string(worker)}, 0U});
        found_.back().second += more;
    }
    /// Whether one more result, or test without a result, is within the limit. Nothing is said when it is not.
    [[nodiscard]] bool has_room() noexcept { return ++records_ <= max_records_; }
    /// What has been counted, for a line that may have to be read once more.
    struct counted {
        std::size_t places;
        std::uint32_t latest;
    };
    [[nodiscard]] counted counted_so_far() const noexcept {
        return {found_.size(), found_.empty() ? 0U : found_.back().second};
    }
    /// What stands on this line is read once more.
    void line_again(counted const& before) {
        records_ = 0;
        left_.clear();
        found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(before.places), found_.end());
        if (!found_.empty()) found_.back().second = before.latest;
    }
    /// Whether the next result is to stay in the file.
    [[nodiscard]] bool leaves_next() const noexcept { return reading_.room != nullptr && *reading_.room == 0; }
    /// A result that is held has this many bytes. `odd`: the text policy may have something to do.
    void hold(R& value, std::size_t bytes, bool odd) {
        if (odd) wash_value(reading_.text, value);
        if (reading_.room != nullptr) *reading_.room -= std::min(*reading_.room, bytes);
    }
    /// A result stays at this place of the document; all that is known of it is in the record.
    void leave(basic_record<R> head, std::size_t from, std::size_t length) {
        left_.push_back({std::move(head), {reading_.file, static_cast<std::uint32_t>(length), offset_ + from}});
    }
    /// What was left since the last call is taken into the shard. Gives their number.
    std::size_t take_left() {
        for (auto const& [r, where] : left_) {
            shard_->filed.push_back(
                {r.test, r.test_name, r.worker, r.harm_category, r.index, r.attempt, result_traits<R>::status(r.value)},
                reading_.source, where);
        }
        return std::exchange(left_, {}).size();
    }
    [[nodiscard]] std::size_t max_records() const noexcept { return max_records_; }
    [[nodiscard]] basic_shard<R>& shard() noexcept { return *shard_; }

private:
    // A document of nothing but bad records would otherwise take many times its size in faults and markers.
    static constexpr std::size_t max_bad = 1000;

    [[nodiscard]] std::string too_many() const {
        return "there are more than " + std::to_string(max_records_) + " here; this one and the rest were not read";
    }

    /// Whether one more result, or test without a result, is within the limit.
    bool counts(std::string_view pointer) {
        if (++records_ <= max_records_) return true;
        if (records_ == max_records_ + 1) bad(fault_kind::over_limit, pointer, too_many());
        return false;
    }

    void read_record(std::string_view id, std::uint32_t position, boost::json::value const& v,
                     std::string const& pointer) {
        if (!counts(pointer)) {
            count(id, 1, {});
            return;
        }
        field_reader reader(pointer);
        std::optional<R> value;
        metadata beside;
        std::string harm;
        std::uint32_t attempt = 1;
        std::uint32_t index = position;
        auto const* const o = reader.object(v);
        if (o == nullptr ||
            !reader.if_there(*o, "rampart_attempt", [&](auto const& f) { return reader.integer(f, attempt, 1); }) ||
            !reader.if_there(*o, "rampart_index", [&](auto const& f) { return reader.integer(f, index, 0); }) ||
            !read_value(reader, *o, v, value, beside, harm)) {
            bad_record(id, position, reader.error, v);
            return;
        }
        if (is_truncated_record(v)) {
            truncated_.try_emplace(std::string(id), index);
            if (!value) {
                count(id, attempt, {});
                return;
            }
        }
        basic_record<R> made{test_id(id), {}, index, attempt, {}, std::move(harm), std::move(*value)};
        if constexpr (is_basic_result<R>) {
            take_bookkeeping(made, made.value.meta);
        } else {
            take_bookkeeping(made, beside);
        }
        count(id, attempt, made.worker);
        wash_value(reading_.text, made.value);
        shard_->records.push_back(std::move(made));
    }

    /// The value of a record, and what stands beside it when the value is of the user's own type.
    bool read_value(field_reader& reader, boost::json::object const& o, boost::json::value const& v,
                    std::optional<R>& value, metadata& beside, std::string& harm) {
        if constexpr (is_basic_result<R>) {
            if (!read_json_value(reader, v, value.emplace())) {
                return false;
            }
            harm = value->harm_category;
            return true;
        } else {
            if (!reader.if_there(o, "metadata", [&](auto const& f) { return read_json_value(reader, f, beside); }) ||
                !reader.if_there(o, "harm_category",
                                 [&](auto const& f) { return f.is_null() || reader.text(f, harm); })) {
                return false;
            }
            if (is_truncated_record(v)) {
                return true;
            }
            return reader.required(o, "rampart_value",
                                   [&](auto const& f) { return convert_user_type(reader, f, value); });
        }
    }

    void bad_record(std::string_view id, std::uint32_t position, shard_error const& e, boost::json::value const& v) {
        std::uint32_t attempt = 1;
        std::uint32_t index = position;
        std::string worker;
        field_reader reader;
        if (auto const* const o = v.if_object()) {
            static_cast<void>(
                reader.if_there(*o, "rampart_attempt", [&](auto const& f) { return reader.integer(f, attempt, 1); }) &&
                reader.if_there(*o, "rampart_index", [&](auto const& f) { return reader.integer(f, index, 0); }) &&
                reader.if_there(*o, "metadata", [&](auto const& f) {
                    auto const* const meta = reader.object(f);
                    return meta != nullptr && reader.text_field(*meta, worker_key, worker);
                }));
        }
        count(id, attempt, worker);
        if (!bad(e)) {
            return;
        }
        if constexpr (is_basic_result<R>) {
            R value{};
            value.status = safety_status::error;
            value.summary = "this record could not be read: " + clip(e.message(), 400);
            value.strategy = transport_strategy;
            wash_value(reading_.text, value);
            std::string const name{short_name(test_id(id))};
            shard_->records.push_back({test_id(id), name, index, attempt, std::move(worker), {}, std::move(value)});
        }
    }

    basic_shard<R>* shard_;
    std::vector<place_count> found_{};
    reading<R> reading_{};
    struct left_record {
        basic_record<R> head;
        record_place where;
    };
    std::vector<left_record> left_{};
    std::uint64_t offset_ = 0;  // of the line
    std::size_t max_records_;
    std::string source_;
    std::string line_{};
    std::map<std::string, std::uint32_t> truncated_{};  // tests with such a result, and the first of them
    std::set<std::string> told_truncated_{};            // tests that a fault of this kind names already
    std::size_t records_ = 0;
    std::size_t bad_ = 0;
    std::size_t unnamed_ = 0;
};

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_TRANSPORT_RECORD_READ_HPP
