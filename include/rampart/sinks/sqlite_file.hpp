#ifndef RAMPART_SINKS_SQLITE_FILE_HPP
#define RAMPART_SINKS_SQLITE_FILE_HPP

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "rampart/base/utf8.hpp"

/// \file
/// A SQLite file of ours: opened, asked, written to in transactions, and brought up to date. It needs libsqlite3
/// (`-lsqlite3`), and is not part of `rampart/rampart.hpp`.

namespace rampart::inline v1 {

/// The history could not be written. The text names the file, the step and SQLite's reason.
class sqlite_error : public std::runtime_error {
public:
    sqlite_error(std::filesystem::path const& path, std::string const& step, std::string const& reason, int code = 0)
        : std::runtime_error("cannot write the history '" + path.string() + "': " + step + ": " + reason), code_(code) {
    }

    /// SQLite's extended result code; 0 when it is not SQLite that refuses.
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};

namespace detail {

/// "RAMP", as the file's application id.
inline constexpr int sqlite_application = 0x52414D50;

/// An open file. Every failure is a `sqlite_error` that names the step.
class sqlite_file {
public:
    sqlite_file(std::filesystem::path const& path, std::chrono::milliseconds busy_timeout) : path_(path) {
        // Absolute, because `:memory:` and an empty name mean something else to SQLite.
        auto const name = std::filesystem::absolute(path).string();
        sqlite3* opened = nullptr;
        int const code = sqlite3_open_v2(name.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
        handle_.reset(opened);
        if (opened == nullptr) throw sqlite_error(path_, "opening it", sqlite3_errstr(code), code);
        sqlite3_extended_result_codes(opened, 1);
        check(code, "opening it");
        check(sqlite3_busy_timeout(opened, static_cast<int>(busy_timeout.count())), "opening it");
        run("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;", "opening it");
    }

    [[nodiscard]] sqlite3* get() const noexcept { return handle_.get(); }
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

    void run(char const* sql, char const* step) const {
        check(sqlite3_exec(get(), sql, nullptr, nullptr, nullptr), step);
    }
    void check(int code, char const* step) const {
        if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
        throw sqlite_error(path_, step, sqlite3_errmsg(get()), code);
    }

private:
    struct closer {
        void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
    };
    std::filesystem::path path_;
    std::unique_ptr<sqlite3, closer> handle_{};
};

/// A prepared statement; its values are bound, never written into it.
class sqlite_statement {
public:
    sqlite_statement(sqlite_file const& file, std::string const& sql, char const* step) : file_(&file), step_(step) {
        sqlite3_stmt* made = nullptr;
        file.check(sqlite3_prepare_v2(file.get(), sql.c_str(), -1, &made, nullptr), step);
        handle_.reset(made);
    }

    /// Runs it from the start with these values; true when there is a row. The texts need to live that long only.
    template <class... T>
    bool operator()(T const&... values) {
        reset();
        int place = 0;
        (file_->check(bind(++place, values), step_), ...);
        int const code = sqlite3_step(handle_.get());
        file_->check(code, step_);
        return code == SQLITE_ROW;
    }
    void reset() noexcept {
        sqlite3_reset(handle_.get());
        sqlite3_clear_bindings(handle_.get());
    }
    [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
    [[nodiscard]] std::string text(int column) const {
        auto const* const bytes = static_cast<char const*>(sqlite3_column_blob(handle_.get(), column));
        auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
        return bytes == nullptr ? std::string() : std::string(bytes, size);
    }

private:
    template <class T>
    int bind(int place, T const& v) {
        if constexpr (std::floating_point<T>) {
            return sqlite3_bind_double(handle_.get(), place, v);
        } else if constexpr (std::integral<T>) {
            return sqlite3_bind_int64(handle_.get(), place, static_cast<sqlite3_int64>(v));
        } else if constexpr (std::convertible_to<T const&, std::string_view>) {
            std::string_view const text = v;
            char const* const bytes = text.data() == nullptr ? "" : text.data();
            if (text.find('\0') != std::string_view::npos || !is_valid_utf8(text)) {
                return sqlite3_bind_blob64(handle_.get(), place, bytes, text.size(), SQLITE_STATIC);
            }
            return sqlite3_bind_text64(handle_.get(), place, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
        } else {
            return v ? bind(place, *v) : sqlite3_bind_null(handle_.get(), place);
        }
    }
    struct finalizer {
        void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
    };
    sqlite_file const* file_;
    char const* step_;
    std::unique_ptr<sqlite3_stmt, finalizer> handle_{};
};

/// Writes from its making on, alone; what is not committed did not happen.
class sqlite_transaction {
public:
    explicit sqlite_transaction(sqlite_file const& file) : file_(&file) { file.run("BEGIN IMMEDIATE", "locking it"); }
    sqlite_transaction(sqlite_transaction const&) = delete;
    sqlite_transaction& operator=(sqlite_transaction const&) = delete;
    ~sqlite_transaction() {
        if (open_) sqlite3_exec(file_->get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    void commit() {
        file_->run("COMMIT", "committing the run");
        open_ = false;
    }

private:
    sqlite_file const* file_;
    bool open_ = true;
};

/// Brings a file to the version that `steps` lead to, inside of the caller's transaction.
inline void migrate(sqlite_file const& file, std::span<char const* const> steps) {
    auto const ask = [&file](char const* sql) {
        sqlite_statement question(file, sql, "reading its version");
        return question() ? question.integer(0) : 0;
    };
    auto const version = ask("PRAGMA user_version");
    auto const application = ask("PRAGMA application_id");
    bool const is_new = application == 0 && version == 0 && ask("SELECT count(*) FROM sqlite_master") == 0;
    if (!is_new && application != sqlite_application) {
        throw sqlite_error(file.path(), "reading its version",
                           "it is a database of another program; give the history a file of its own");
    }
    auto const wanted = static_cast<std::int64_t>(steps.size());
    if (version > wanted || version < 0) {
        throw sqlite_error(file.path(), "reading its version",
                           "its schema has version " + std::to_string(version) + ", and this rampart knows up to " +
                               std::to_string(wanted) + "; use the newer rampart, or another file");
    }
    if (version == wanted) return;
    for (auto at = static_cast<std::size_t>(version); at < steps.size(); ++at) file.run(steps[at], "migrating it");
    auto const mark = "PRAGMA application_id = " + std::to_string(sqlite_application) +
                      "; PRAGMA user_version = " + std::to_string(wanted);
    file.run(mark.c_str(), "migrating it");
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_SQLITE_FILE_HPP
