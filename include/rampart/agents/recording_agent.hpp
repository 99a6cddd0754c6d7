#ifndef RAMPART_AGENTS_RECORDING_AGENT_HPP
#define RAMPART_AGENTS_RECORDING_AGENT_HPP

#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "rampart/agents/recording.hpp"
#include "rampart/base/mutex.hpp"
#include "rampart/core/conversation.hpp"
#include "rampart/core/manifest.hpp"
#include "rampart/core/status.hpp"
#include "rampart/execute/agent.hpp"
#include "rampart/execute/error_words.hpp"
#include "rampart/execute/task.hpp"
#include "rampart/json/write.hpp"

/// \file
/// An adapter around an adapter that writes down what is said.

namespace rampart::inline v1 {

/// The recording could not be written. What it lacks nobody could replay, so this ends the execution in ERROR.
class recording_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

namespace detail {

/// The file. Each line is passed to the system as soon as it is complete, so that the end of the process loses none.
class recording_file {
public:
    explicit recording_file(std::filesystem::path path)
        : path_(std::move(path)), file_(std::fopen(path_.string().c_str(), "wb")) {
        if (file_ == nullptr) fail("it cannot be opened", errno);
        // A line in one piece, and no second buffer.
        std::setvbuf(file_, nullptr, _IONBF, 0);
    }
    recording_file(recording_file const&) = delete;
    recording_file& operator=(recording_file const&) = delete;
    ~recording_file() {
        if (file_ != nullptr) std::fclose(file_);
    }

    /// Throws `recording_error`, and from then on always: behind a line that broke off nothing can be read.
    void write(std::string line) {
        line += '\n';
        lock_guard const lock(guard_);
        if (!failure_.empty()) throw recording_error(failure_);
        if (file_ == nullptr) throw recording_error(words("it is closed already"));
        errno = 0;
        if (std::fwrite(line.data(), 1, line.size(), file_) != line.size()) fail("a line could not be written", errno);
    }
    void close() {
        lock_guard const lock(guard_);
        if (file_ == nullptr) return;
        errno = 0;
        bool const good = std::fclose(std::exchange(file_, nullptr)) == 0;
        if (!failure_.empty()) throw recording_error(failure_);
        if (!good) fail("it could not be closed", errno);
    }
    [[nodiscard]] int next_conversation() noexcept {
        lock_guard const lock(guard_);
        return conversations_++;
    }

private:
    [[nodiscard]] std::string words(std::string_view what) const {
        return "the recording '" + path_.string() + "' cannot be written: " + std::string(what);
    }
    [[noreturn]] void fail(std::string_view what, int code) {
        failure_ = words(what);
        if (code != 0) failure_ += ": " + std::generic_category().message(code);
        throw recording_error(failure_);
    }

    std::filesystem::path path_;
    std::FILE* file_;
    mutex guard_{};
    std::string failure_{};
    int conversations_ = 0;
};

/// The beginning of an event's line; the writer stands behind `conversation` then.
inline void begin_event(json_writer& w, std::string_view event, int conversation) {
    w.begin_object();
    w.member("event", event);
    w.member("conversation", conversation);
}
inline void write_error(json_writer& w, error_text const& error) {
    w.key("error");
    w.begin_object();
    w.member("type", error.type);
    w.member("message", error.message);
    w.end_object();
}

/// One conversation's part of the file: says that it begins, and that it ends when it goes.
class recorded_talk {
public:
    recorded_talk(std::shared_ptr<recording_file> file, int number) : file_(std::move(file)), number_(number) {
        say("begin");
    }
    recorded_talk(recorded_talk&&) noexcept = default;
    recorded_talk& operator=(recorded_talk&& other) noexcept {
        std::swap(file_, other.file_);
        std::swap(number_, other.number_);
        std::swap(turn_, other.turn_);
        return *this;
    }
    ~recorded_talk() {
        if (!file_) return;
        try {
            say("end");
        } catch (...) {  // NOLINT: the file keeps the failure, and throws it at the next line and from close()
        }
    }

    void exchange(request const& asked, response const& answered) {
        turn both{.request = asked, .response = answered};
        line("exchange", both, [&](json_writer& w) {
            w.key("response");
            write_json(w, both.response);
        });
    }
    void failed(request const& asked, error_text const& error) {
        turn both{.request = asked};
        line("failed", both, [&](json_writer& w) { write_error(w, error); });
    }

private:
    void say(std::string_view event) {
        std::string text;
        json_writer w(text);
        begin_event(w, event, number_);
        w.end_object();
        file_->write(std::move(text));
    }
    template <class F>
    void line(std::string_view event, turn& both, F rest) {
        make_well_formed(both);
        std::string text;
        json_writer w(text);
        begin_event(w, event, number_);
        w.member("turn", turn_);
        w.key("request");
        write_json(w, both.request);
        rest(w);
        w.end_object();
        file_->write(std::move(text));
        ++turn_;
    }

    std::shared_ptr<recording_file> file_;
    int number_;
    int turn_ = 0;
};

}  // namespace detail

/// Records every exchange with the adapter that it is made around, and answers just as that one does, errors too. An
/// adapter that waits is waited for.
///
///     rampart::recording_agent recorder(my_agent, "recordings/mail.jsonl");
///     CHECK(attack.execute(recorder));
///
/// A file that is there is replaced. It is written line by line while the conversations go on: a crash loses the
/// exchange that was under way, and nothing else. One recording for each test is best: then a test that is added, left
/// out or run in another order changes no other's recording.
///
/// What ends a test and not the execution, such as a failed `REQUIRE` inside of the adapter, is not recorded.
/// The adapter has to outlive this object and its conversations. The conversations may be held in several threads if
/// the adapter allows it, but then their numbers depend on who came first, and a replay will not fit.
template <AgentAdapter A>
class recording_agent {
    using create_result = decltype(std::declval<A&>().create_session());
    using inner_session = settled_t<create_result>;

public:
    /// Asks the adapter for its observability and manifest, and writes the file's first line. Throws
    /// `recording_error`, and what the adapter throws.
    recording_agent(A& adapter, std::filesystem::path path)
        : adapter_(&adapter), file_(std::make_shared<detail::recording_file>(std::move(path))) {
        std::string text;
        json_writer w(text);
        w.begin_object();
        w.member("format", recording_format);
        w.member("observability", to_string(observability()));
        w.key("manifest");
        if (app_manifest const* const facts = manifest()) {
            app_manifest copy = *facts;
            detail::make_well_formed(copy);
            detail::write_json(w, copy);
        } else {
            w.null();
        }
        w.end_object();
        file_->write(std::move(text));
    }

    /// A conversation that is written down as it goes.
    class session {
    public:
        /// Throws `recording_error` when the exchange could not be written; the answer is lost then.
        auto send(request const& r) {
            if constexpr (waits<decltype(inner_.send(r))>) {
                return exchange(r);
            } else {
                return run(exchange(r));
            }
        }

    private:
        friend class recording_agent;
        session(inner_session inner, detail::recorded_talk talk) : inner_(std::move(inner)), talk_(std::move(talk)) {}

        task<response> exchange(request const& r) {
            std::exception_ptr error;
            response answer;
            try {
                answer = co_await detail::settle([&] { return inner_.send(r); });
            } catch (...) {
                if (detail::ends_more_than_the_execution()) throw;
                error = std::current_exception();
            }
            if (error) {
                auto const words = detail::words_of(error);
                try {
                    talk_.failed(r, words);
                } catch (recording_error const& e) {
                    throw recording_error(std::string(e.what()) + "; besides, the agent failed: " + words.summary());
                }
                std::rethrow_exception(error);
            }
            talk_.exchange(r, answer);
            co_return answer;
        }

        inner_session inner_;
        detail::recorded_talk talk_;
    };

    /// A session, or a task of one where the adapter gives a task.
    auto create_session() {
        if constexpr (waits<create_result>) {
            return begin(file_->next_conversation());
        } else {
            return run(begin(file_->next_conversation()));
        }
    }
    [[nodiscard]] observability_level observability() const { return adapter_->observability(); }
    /// Null where the adapter has none.
    [[nodiscard]] app_manifest const* manifest() const { return agent(*adapter_).manifest(); }

    /// Closes the file; nothing can be recorded afterwards. Throws `recording_error` when anything was lost, also what
    /// a conversation's end could not say. Without this the file is closed with the last conversation.
    void close() { file_->close(); }

private:
    task<session> begin(int number) {
        std::exception_ptr error;
        std::optional<inner_session> inner;
        try {
            inner.emplace(co_await detail::settle([&] { return adapter_->create_session(); }));
        } catch (...) {
            if (detail::ends_more_than_the_execution()) throw;
            error = std::current_exception();
        }
        if (error) {
            std::string text;
            json_writer w(text);
            detail::begin_event(w, "refused", number);
            detail::write_error(w, detail::words_of(error));
            w.end_object();
            file_->write(std::move(text));
            std::rethrow_exception(error);
        }
        co_return session(std::move(*inner), detail::recorded_talk(file_, number));
    }

    A* adapter_;
    std::shared_ptr<detail::recording_file> file_;
};

}  // namespace rampart::inline v1

#endif  // RAMPART_AGENTS_RECORDING_AGENT_HPP
