#ifndef RAMPART_GUARDS_CASE_VARIABLE_HPP
#define RAMPART_GUARDS_CASE_VARIABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace rampart::inline v1 {

/// RAMPART_CASE_DIR, by which the children of a test know whose they are. It is set anew for each test, so it is put
/// into the environment as a string of our own: setenv never frees a value. It becomes empty and is never unset, which
/// would move the environment under other threads that read it.
class case_variable {
public:
    case_variable() {
        char const* const outer = std::getenv("RAMPART_CASE_DIR");
        outer_ = outer == nullptr ? "" : outer;
        set("");
    }
    case_variable(case_variable const&) = delete;
    case_variable& operator=(case_variable const&) = delete;
    /// What stood there before, as in a run inside a test of another run, stands there again.
    ~case_variable() {
        if (::getpid() == owner_) {
            ::setenv("RAMPART_CASE_DIR", outer_.c_str(), 1);
        } else {
            // A forked child stays a child of its test; its environment points at the strings.
            static auto* const kept = new std::unique_ptr<char[]>[std::size(entries_)];
            std::move(std::begin(entries_), std::end(entries_), kept);
        }
    }

    /// Gives it a value; programs that are started from now on have it.
    void set(std::string_view value) {
        static constexpr std::string_view name = "RAMPART_CASE_DIR=";
        std::lock_guard const hold(mutex_);
        value_.assign(value);
        // Another thread may be reading the last one; one that is this old it has done with.
        auto& entry = entries_[next_++ % std::size(entries_)];
        auto fresh = std::make_unique<char[]>(name.size() + value.size() + 1);
        name.copy(fresh.get(), name.size());
        value.copy(fresh.get() + name.size(), value.size());
        if (::putenv(fresh.get()) == 0) entry = std::move(fresh);
    }
    std::string value() const {
        std::lock_guard const hold(mutex_);
        return value_;
    }

private:
    mutable std::mutex mutex_{};
    std::string value_{};
    std::string outer_{};
    std::unique_ptr<char[]> entries_[64]{};
    std::size_t next_ = 0;
    ::pid_t owner_ = ::getpid();
};

}  // namespace rampart::inline v1

#endif
