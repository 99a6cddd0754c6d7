#ifndef RAMPART_AGENTS_REPLAY_HPP
#define RAMPART_AGENTS_REPLAY_HPP

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rampart/agents/read_recording.hpp"
#include "rampart/agents/recording.hpp"
#include "rampart/base/mutex.hpp"
#include "rampart/base/text.hpp"
#include "rampart/base/utf8.hpp"
#include "rampart/core/conversation.hpp"
#include "rampart/core/manifest.hpp"
#include "rampart/core/status.hpp"
#include "rampart/json/error.hpp"

/// \file
/// An adapter that answers from a recording, in place of the agent.

namespace rampart::inline v1 {

/// What is asked is not what was recorded: the test, the driver or the planted payloads have changed since. It says
/// nothing about the agent: the execution ends in ERROR, whose summary has the words "the recording has drifted".
class replay_mismatch : public std::runtime_error {
public:
    explicit replay_mismatch(std::string const& what) : std::runtime_error("the recording has drifted: " + what) {}
};

/// The agent failed when the recording was made; so it does again. The text names the type that was thrown then.
class replayed_error : public std::runtime_error {
public:
    explicit replayed_error(recorded_error const& error)
        : std::runtime_error(error.type + (error.message.empty() ? "" : ": " + error.message)) {}
};

namespace detail {

/// Where two texts part, and a piece of each from shortly before on.
[[nodiscard]] inline std::string text_difference(std::string_view recorded, std::string_view asked) {
    std::size_t same = 0;  // bytes
    std::size_t characters = 0;
    std::vector<std::size_t> begins;
    while (same < recorded.size() && same < asked.size()) {
        auto const a = recorded.substr(same, utf8_part_at(recorded, same).size);
        if (a != asked.substr(same, utf8_part_at(asked, same).size)) break;
        begins.push_back(same);
        same += a.size();
        ++characters;
    }
    std::size_t const from = begins.size() <= 24 ? 0 : begins[begins.size() - 24];
    auto const piece = [from](std::string_view text) {
        return '\'' + std::string(from == 0 ? "" : "...") + one_line(clip(text.substr(from), 72)) + '\'';
    };
    return "at character " + std::to_string(characters) + ", recorded " + piece(recorded) + ", asked " + piece(asked);
}

/// The first difference in words; empty: there is none.
[[nodiscard]] inline std::string request_difference(recorded_request const& recorded, recorded_request const& asked) {
    if (recorded.prompt.has_value() != asked.prompt.has_value()) {
        return recorded.prompt ? "a prompt was recorded, '" + one_line(clip(*recorded.prompt, 72)) + "', none is asked"
                               : "no prompt was recorded, asked is '" + one_line(clip(*asked.prompt, 72)) + '\'';
    }
    if (recorded.prompt != asked.prompt)
        return "the prompt differs " + text_difference(*recorded.prompt, *asked.prompt);
    if (recorded.attachments.size() != asked.attachments.size()) {
        return "recorded with " + std::to_string(recorded.attachments.size()) + " attachments, asked with " +
               std::to_string(asked.attachments.size());
    }
    for (std::size_t i = 0; i < asked.attachments.size(); ++i) {
        recorded_attachment const& was = recorded.attachments[i];
        recorded_attachment const& is = asked.attachments[i];
        std::string const which = "attachment " + std::to_string(i);
        if (was.format != is.format) {
            return which + ": the format was " + std::string(to_string(was.format)) + ", asked is " +
                   std::string(to_string(is.format));
        }
        if (was.content != is.content)
            return which + ": the content differs " + text_difference(was.content, is.content);
        if (was.file != is.file) {
            auto const name = [](std::optional<std::string> const& f) {
                return f ? '\'' + one_line(*f) + '\'' : "none";
            };
            return which + ": the file was " + name(was.file) + ", asked is " + name(is.file);
        }
        if (was.meta != is.meta) return which + ": the metadata differs " + text_difference(was.meta, is.meta);
    }
    return {};
}

/// A recording, and how much of it was asked for.
struct replay_state {
    explicit replay_state(recording r) : source(std::move(r)) {}
    recording source;
    std::map<int, std::size_t> asked{};  // exchanges, by conversation
    int next = 0;
    mutex guard{};
};

}  // namespace detail

/// An exchange of a recording; `turn` is nothing for a conversation that never began or has no turns.
struct recorded_place {
    int conversation = 0;  ///< which conversation
    std::optional<int> turn{};  ///< which request of it
    friend bool operator==(recorded_place const&, recorded_place const&) = default;
};

/// Answers from a recording, strictly: the n-th request of the k-th conversation has to be the one that was recorded
/// there, and gets the answer of then. Any other request, and any further turn or conversation, throws
/// `replay_mismatch`; what failed then throws `replayed_error`.
///
///     auto replay = rampart::replay_agent::load("recordings/mail.jsonl").value();
///     CHECK(attack.execute(replay));
///     CHECK(replay.unused().empty());
///
/// Of a request is compared: the prompt, and of each attachment its content, format, metadata and file name. Not
/// compared: the ids of attachments, because those that are generated differ in each run, the folder of a file, and
/// what is in the file. Text that is no UTF-8 was recorded with U+FFFD, and compares so.
///
/// Observability and manifest are those of the recording. So a test of a replay gives the result of the recorded run,
/// apart from durations and generated ids; where the agent had thrown, the ERROR names `replayed_error`.
class replay_agent {
public:
    explicit replay_agent(recording source) : state_(std::make_shared<detail::replay_state>(std::move(source))) {}

    /// From a file; see `load_recording` for what can be wrong with it.
    [[nodiscard]] static expected<replay_agent> load(std::filesystem::path const& path,
                                                     torn_line torn = torn_line::refuse) {
        auto source = load_recording(path, torn);
        if (!source) return source.error();
        return replay_agent(std::move(*source));
    }

    /// A conversation that is answered from the recording.
    class session {
    public:
        response send(request const& r) {
            recorded_request const asked = to_recorded(r);
            detail::lock_guard const lock(state_->guard);
            recorded_conversation const& talk = state_->source.conversations.at(number_);
            std::size_t& turn = state_->asked[number_];
            std::string const place = "conversation " + std::to_string(number_) + ", turn " + std::to_string(turn);
            if (turn >= talk.exchanges.size()) {
                throw replay_mismatch(place + " is not in the recording" +
                                      (talk.has_ended ? "" : ", which stopped inside of this conversation") +
                                      "; asked is " + what(asked));
            }
            recorded_exchange const& exchange = talk.exchanges[turn];
            if (auto const words = detail::request_difference(exchange.request, asked); !words.empty()) {
                throw replay_mismatch(place + ": " + words);
            }
            ++turn;
            if (exchange.error) throw replayed_error(*exchange.error);
            return exchange.response;
        }

    private:
        friend class replay_agent;
        session(std::shared_ptr<detail::replay_state> state, int number) : state_(std::move(state)), number_(number) {}
        [[nodiscard]] static std::string what(recorded_request const& asked) {
            if (asked.prompt) return '\'' + one_line(clip(*asked.prompt, 72)) + '\'';
            return std::to_string(asked.attachments.size()) + " attachments";
        }

        std::shared_ptr<detail::replay_state> state_;
        int number_;
    };

    session create_session() {
        detail::lock_guard const lock(state_->guard);
        int const number = state_->next;
        auto const found = state_->source.conversations.find(number);
        if (found == state_->source.conversations.end()) {
            throw replay_mismatch("conversation " + std::to_string(number) + " is not in the recording, which has " +
                                  std::to_string(state_->source.conversations.size()));
        }
        ++state_->next;
        state_->asked[number] = 0;
        if (found->second.refused) throw replayed_error(*found->second.refused);
        return session(state_, number);
    }
    [[nodiscard]] observability_level observability() const noexcept { return state_->source.observability; }
    /// Null where the recorded adapter had none.
    [[nodiscard]] app_manifest const* manifest() const noexcept {
        return state_->source.manifest ? &*state_->source.manifest : nullptr;
    }

    /// What was never asked for, in order. A test that has become shorter than its recording shows here.
    [[nodiscard]] std::vector<recorded_place> unused() const {
        detail::lock_guard const lock(state_->guard);
        std::vector<recorded_place> left;
        for (auto const& each : state_->source.conversations) {
            auto const asked = state_->asked.find(each.first);
            std::size_t const done = asked == state_->asked.end() ? 0 : asked->second;
            if (asked == state_->asked.end() && each.second.exchanges.empty()) left.push_back({each.first, {}});
            for (std::size_t turn = done; turn < each.second.exchanges.size(); ++turn) {
                left.push_back({each.first, static_cast<int>(turn)});
            }
        }
        return left;
    }

private:
    std::shared_ptr<detail::replay_state> state_;
};

}  // namespace rampart::inline v1

#endif  // RAMPART_AGENTS_REPLAY_HPP
