#ifndef RAMPART_TRANSPORT_JOURNAL_READ_HPP
#define RAMPART_TRANSPORT_JOURNAL_READ_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>

#include "rampart/core/test_id.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/cursor.hpp"
#include "rampart/json/fields.hpp"
#include "rampart/json/read.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"
#include "rampart/session/shard.hpp"
#include "rampart/session/shard_table.hpp"
#include "rampart/transport/entry_read.hpp"
#include "rampart/transport/envelope.hpp"
#include "rampart/transport/journal_line.hpp"
#include "rampart/transport/record_read.hpp"
#include "rampart/transport/wire_format.hpp"

namespace rampart::inline v1::detail {

/// Reads a journal line by line into a shard. A line that is not what was written is a fault that names it, and
/// everything else is taken. That a process died is not yet a fault here: the plan says how far it came, and the
/// session judges that when it knows whether a later attempt did the rest.
template <PortableResult R>
class journal_reader {
public:
    journal_reader(basic_shard<R>& to, wire_limits const& limits, std::string source = {})
        : shard_(&to), limits_(limits), source_(source), stream_(to, limits, std::move(source)) {}

    void set_reading(reading<R> const& how) { parts().set_reading(how); }

    /// Takes the next line, without its end. `whole`: its end was there. `offset`: where it begins.
    void take(std::string_view line, bool whole, std::uint64_t offset = 0) {
        ++number_;
        parts().at_line(number_, offset);
        if (line.empty()) return;
        ++lines_;
        if (!seal_holds(line)) {
            // The last line of a process that was killed while it wrote; it says nothing that can be relied on.
            if (!whole && number_ > 1) {
                torn_ = true;
            } else {
                parts().bad(fault_kind::bad_checksum, {}, "this line is not what was written; nothing of it was taken");
                damaged_ = true;
            }
            return;
        }
        if (!plan_.closed && take_plain(line)) return;
        auto document = read_json(line, {limits_.max_bytes, limits_.max_depth});
        if (!document) {
            parts().bad(document.error());
            damaged_ = true;
            return;
        }
        for (fault& note : document->notes) {
            note.where = parts().where(note.where);
            shard_->faults.push_back(std::move(note));
        }
        if (auto const* const object = document->root().if_object()) {
            take(*object);
        } else {
            parts().bad(fault_kind::bad_record, {}, "a line of a journal is an object");
        }
    }

    /// A line that is longer than the limit was passed over.
    void pass_over_line() {
        ++number_;
        ++lines_;
        parts().at_line(number_);
        damaged_ = true;
        parts().bad(fault_kind::over_limit, {},
                    "this line is over the limit of " + std::to_string(limits_.max_bytes) + " bytes");
    }

    /// To be called at the journal's end.
    void finish() {
        parts().at_end();
        for (auto& [id, state] : open_) {
            if (state.started) {
                plan_.running.emplace_back(id);
            } else if (!damaged_) {
                out_of_place(detail::quoted(id) + " has results and neither started nor ended");
            }
            account(state);
        }
        if (begun_) {
            plan_.torn = torn_;
            plan_.source = source_;
            plan_.tally = tally_of(plan_, shard_->tests, shard_->trial_specs, [this](auto count) {
                for (auto const& r : shard_->records) count([&r] { return result_traits<R>::status(r.value); });
                for (auto const r : shard_->filed.refs()) count([&r] { return r.status(); });
            });
            shard_->worker = plan_.worker;
            shard_->plans.push_back(std::move(plan_));
        } else {
            if (torn_) {
                parts().bad(fault_kind::torn_tail, {}, "the last line was cut off");
            }
            parts().bad(fault_kind::bad_document, {},
                        "the journal has no readable first line: nobody knows which tests were planned");
        }
        parts().finish();
    }

private:
    struct test_state {
        bool started = false;
        std::map<typename record_reader<R>::place, std::uint32_t> recorded{};  // in envelopes since its last end
    };

    /// What a test recorded is here, and no end tells of it: it was running then, or its end is damaged or another's.
    void account(test_state const& state) {
        for (auto const& [where, count] : state.recorded) {
            if (count == 0) continue;
            parts().add_entry(where, count, state.started ? test_outcome::crashed : test_outcome::unknown);
        }
    }
    [[nodiscard]] record_reader<R>& parts() noexcept { return stream_.parts(); }
    void out_of_place(std::string words) { parts().bad(fault_kind::bad_record, {}, std::move(words)); }

    /// The lines of which a journal has many, where they are plain. False, and nothing taken, for any other.
    bool take_plain(std::string_view line) {
        json_cursor at(line, limits_.max_depth);
        if (line.starts_with(R"({"start": )")) {
            static constexpr std::string_view names[] = {"start", "crc32"};
            std::string id;
            std::uint32_t seen = 0;
            if (!at.members(names, seen, [&](std::size_t n) { return n == 0 ? at.text(id) : at.skip_text(); }) ||
                (seen & 1U) == 0 || !at.at_end()) {
                return false;
            }
            start(test_id(std::move(id)));
            return true;
        }
        if (line.starts_with(R"({"end": )")) {
            test_entry entry;
            if (!read_plain_entry(at, "end", "crc32", entry) || !at.at_end()) return false;
            end(std::move(entry));
            return true;
        }
        parts().forget_found();
        if (!stream_.take_plain(line, numbered::anew)) return false;
        note_recorded();
        return true;
    }

    void take(boost::json::object const& line) {
        if (plan_.closed) return out_of_place("this line stands behind the journal's last one");
        auto const* const schema = line.if_contains("schema");
        std::string_view const name =
            schema != nullptr && schema->is_string() ? view(schema->get_string()) : std::string_view();
        if (name == journal_schema) {
            begin(line);
        } else if (name == stream_schema && line.contains("streamed_result_count")) {
            close(line);
        } else if (name == stream_schema) {
            envelope(line);
        } else if (line.contains("start")) {
            start(line);
        } else if (line.contains("end")) {
            end(line);
        } else if (auto const* const f = line.if_contains("fault")) {
            field_reader reader("/fault");
            if (!parts().take_fault(reader, *f)) parts().bad(reader.error);
        } else {
            out_of_place("a line of a kind that this version does not know");
        }
    }

    void begin(boost::json::object const& line) {
        if (begun_) return out_of_place("a second first line");
        field_reader reader;
        std::int64_t pid = 0;
        std::string host;
        std::string started;
        if (!read_plan_members(reader, line, plan_) ||
            !reader.if_there(line, "pid", [&](auto const& f) { return reader.integer(f, pid); }) ||
            !reader.text_field(line, "host", host) || !reader.text_field(line, "started", started)) {
            parts().bad(reader.error);
            plan_ = {};
            return;
        }
        plan_.process = host + " " + std::to_string(pid) + " " + started;
        parts().read_trial_specs(line);
        begun_ = true;
    }

    void start(boost::json::object const& line) {
        field_reader reader;
        test_id test;
        if (!reader.required(line, "start", [&](auto const& f) { return read_json_value(reader, f, test); })) {
            parts().bad(reader.error);
            return;
        }
        start(test);
    }
    void start(test_id const& test) {
        test_state& state = open_[test.str()];
        if (std::exchange(state.started, true))
            out_of_place(detail::quoted(test.str()) + " starts again before it has ended");
    }

    void envelope(boost::json::object const& line) {
        parts().forget_found();
        if (!stream_.take_envelope(line, {}, numbered::anew)) {
            parts().bad(stream_.error);
            return;
        }
        note_recorded();
    }
    void note_recorded() {
        for (auto const& [where, count] : parts().found()) open_[where.test].recorded[where] += count;
    }

    void end(boost::json::object const& line) {
        field_reader reader;
        test_entry entry;
        if (!read_test_entry(reader, line, "end", entry)) {
            parts().bad(reader.error);
            return;
        }
        end(std::move(entry));
    }
    void end(test_entry entry) {
        test_state state = std::exchange(open_[entry.test.str()], {});
        open_.erase(entry.test.str());
        // A damaged line before this one may have been the start, and has its fault.
        if (!state.started && !damaged_)
            out_of_place(detail::quoted(entry.test.str()) + " ends without having started");
        std::uint32_t all = 0;
        for (auto const& each : state.recorded) all += each.second;
        auto const own = state.recorded.find({entry.test.str(), entry.attempt, entry.worker});
        std::uint32_t const here = own == state.recorded.end() ? 0 : own->second;
        if (here != entry.results || all != here) {
            parts().bad(
                fault_kind::short_count, {},
                detail::quoted(entry.test.str()) + " recorded " + std::to_string(entry.results) + " results, but " +
                    std::to_string(here) + " are here" +
                    (all == here ? "" : ", and " + std::to_string(all - here) + " of another attempt or worker"));
        }
        if (own != state.recorded.end()) state.recorded.erase(own);
        state.started = false;
        account(state);
        shard_->tests.push_back(std::move(entry));
    }

    void close(boost::json::object const& line) {
        plan_.closed = true;
        stream_.compare(line, "streamed_result_count", stream_.streamed(), "results");
        stream_.compare(line, "rampart_lines", lines_, "lines");
        parts().read_trial_specs(line);
    }

    basic_shard<R>* shard_;
    wire_limits limits_;
    std::string source_;
    stream_reader<R> stream_;
    shard_plan plan_{};
    std::map<std::string, test_state> open_{};
    std::size_t number_ = 0;  // of lines, empty ones included, for messages
    std::uint64_t lines_ = 0;
    bool begun_ = false;
    bool damaged_ = false;
    bool torn_ = false;
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_TRANSPORT_JOURNAL_READ_HPP
