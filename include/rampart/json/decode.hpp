#ifndef RAMPART_JSON_DECODE_HPP
#define RAMPART_JSON_DECODE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rampart/core/conversation.hpp"
#include "rampart/core/evaluation.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/status.hpp"
#include "rampart/json/conversation.hpp"
#include "rampart/json/cursor.hpp"
#include "rampart/json/decode_value.hpp"

/// \file
/// A result's parts, from text to where they stay, without a tree: json/conversation.hpp says what each means and what
/// is wrong with one that is not plain. Where a part is missing that has to be there, where a key is unknown or stands
/// twice, where a value is of another kind than a writer makes, the cursor fails, and the tree's readers judge. A test
/// holds the two against each other.

namespace rampart::inline v1::detail {

/// Reads parts of results at a cursor; `Keep` as for the values.
template <bool Keep>
class decoder : public value_decoder<Keep> {
    using base = value_decoder<Keep>;
    using base::at_;

public:
    using base::base;
    using base::boolean;
    using base::integer;
    using base::list;
    using base::members_of;
    using base::name;
    using base::number;
    using base::odd_timestamp;
    using base::read;
    using base::text;
    using base::timestamp;

    bool read(payload& out) {
        static constexpr std::string_view names[] = {"content", "id", "format", "artifact", "metadata"};
        std::string format = "text";
        std::optional<std::string> artifact;
        std::uint32_t seen = 0;
        out.id.clear();
        bool const good = at_->members(names, seen, [&](std::size_t n) {
            switch (n) {
            case 0:
                return text(out.content);
            case 1:
                return text(out.id);
            case 2:
                return text(format);
            case 3:
                return text(artifact);
            default:
                return read(out.meta);
            }
        });
        if (good && Keep) {
            note_origin(out, format, artifact);
        }
        return good;
    }
    bool read(tool_call& out) {
        static constexpr std::string_view names[] = {"name", "arguments", "result", "timestamp", "rampart_timestamp"};
        std::uint32_t seen = 0;
        return at_->members(names, seen, [&](std::size_t n) {
            switch (n) {
            case 0:
                return text(out.name);
            case 1:
                return read(out.arguments);
            case 2:
                return text(out.result);
            case 3:
                return timestamp(out.timestamp);
            default:
                return (seen & 8U) != 0 ? odd_timestamp(out.timestamp) : at_->fail();
            }
        });
    }
    bool read(side_effect& out) {
        static constexpr std::string_view names[] = {"kind", "details"};
        std::uint32_t seen = 0;
        return at_->members(names, seen, [&](std::size_t n) { return n == 0 ? text(out.kind) : read(out.details); });
    }
    bool read(request& out) {
        static constexpr std::string_view names[] = {"prompt", "attachments"};
        std::uint32_t seen = 0;
        bool const good = at_->members(names, seen, [&](std::size_t n) {
            return n == 0 ? text(out.prompt) : list(out.attachments, [this](payload& p) { return read(p); });
        });
        if (Keep && !out.prompt && out.attachments.empty()) {
            out.prompt.emplace();
        }
        return good;
    }
    bool read(response& out) {
        static constexpr std::string_view names[] = {"text", "tool_calls", "side_effects", "metadata"};
        std::uint32_t seen = 0;
        return at_->members(names, seen, [&](std::size_t n) {
            switch (n) {
            case 0:
                return text(out.text);
            case 1:
                return list(out.tool_calls, [this](tool_call& call) { return read(call); });
            case 2:
                return list(out.side_effects, [this](side_effect& effect) { return read(effect); });
            default:
                return read(out.meta);
            }
        });
    }
    bool read(eval_result& out) {
        static constexpr std::string_view names[] = {"outcome", "confidence", "evidence", "rationale"};
        std::uint32_t seen = 0;
        out.confidence = 0.0;
        bool const good = at_->members(names, seen, [&](std::size_t n) {
            switch (n) {
            case 0:
                return name(out.outcome, parse_eval_outcome);
            case 1:
                return number(out.confidence);
            case 2:
                return list(out.evidence, [this](std::string& each) { return text(each); });
            default:
                return text(out.rationale);
            }
        });
        return good && ((seen & 1U) != 0 || at_->fail());
    }
    bool read(turn& out) {
        static constexpr std::string_view names[] = {"request",   "response",         "eval_result",      "turn_number",
                                                     "timestamp", "driver_reasoning", "rampart_timestamp"};
        std::uint32_t seen = 0;
        bool const good = at_->members(names, seen, [&](std::size_t n) {
            switch (n) {
            case 0:
                return read(out.request);
            case 1:
                return read(out.response);
            case 2:
                return at_->null() || read(out.evaluation.emplace());
            case 3:
                return integer(out.turn_number);
            case 4:
                return timestamp(out.timestamp);
            case 5:
                return text(out.driver_reasoning);
            default:
                return (seen & 16U) != 0 ? odd_timestamp(out.timestamp) : at_->fail();
            }
        });
        return good && ((seen & 3U) == 3U || at_->fail());
    }
    bool read(injection_record& out) {
        static constexpr std::string_view names[] = {"payload_id", "surface_name"};
        std::uint32_t seen = 0;
        return at_->members(names, seen,
                            [&](std::size_t n) { return n == 0 ? text(out.payload_id) : text(out.surface_name); });
    }

    /// A result as it stands in a record, with what a record says beside it. `mine(key)` as for `members_of`.
    template <class Mine>
    bool read(result& out, std::uint32_t& attempt, std::uint32_t& index, Mine mine) {
        static constexpr std::string_view names[] = {"safe",
                                                     "status",
                                                     "summary",
                                                     "turns",
                                                     "duration_seconds",
                                                     "harm_category",
                                                     "strategy",
                                                     "observability_level",
                                                     "injections",
                                                     "metadata",
                                                     "rampart_attempt",
                                                     "rampart_index"};
        std::uint32_t seen = 0;
        bool const good = at_->members(names, seen, [&](std::size_t n) {
            switch (n) {
            case 0: {
                bool derived = false;  // from the status
                return boolean(derived);
            }
            case 1:
                return name(out.status, parse_safety_status);
            case 2:
                return text(out.summary);
            case 3:
                return list(out.evidence.turns, [this](turn& t) { return read(t); });
            case 4:
                return number(out.duration_seconds);
            case 5:
                return at_->null() || at_->text(out.harm_category);
            case 6:
                return text(out.strategy);
            case 7:
                return name(out.evidence.observability, parse_observability_level);
            case 8:
                return list(out.evidence.injections, [this](injection_record& i) { return read(i); });
            case 9:
                return members_of(out.meta, mine, 8);
            case 10:
                return integer(attempt, 1);
            default:
                return integer(index, 0);
            }
        });
        constexpr std::uint32_t needed = 2U | 128U;  // what has no default
        return good && ((seen & needed) == needed || at_->fail());
    }
};

}  // namespace rampart::inline v1::detail

#endif  // RAMPART_JSON_DECODE_HPP
