#ifndef RAMPART_DIST_SPEC_HPP
#define RAMPART_DIST_SPEC_HPP

#include "rampart/base/text.hpp"
#include "rampart/base/utf8.hpp"
#include "rampart/dist/cpus.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// \file
/// Where and how workers run, in the syntax of pytest-xdist's `--tx`: `key=value//key//...`, several of a kind as
/// `N*...`. For example `2*popen//env:LANG=C//nice=5` and `ssh=-p 2222 me@host//chdir=suite//program=./tests`.

namespace rampart::inline v1::dist {

/// How one worker is started.
struct worker_spec {
    /// Where the worker runs.
    enum class where : unsigned char {
        popen,  ///< a process of this machine
        ssh,    ///< a process of another machine, through the OpenSSH client
    };
    where how = where::popen;        ///< here or elsewhere
    std::vector<std::string> ssh{};  ///< the words for ssh: options and the host
    std::string chdir{};             ///< empty: where the controller is, or ssh leads to
    std::vector<std::pair<std::string, std::string>> env{};  ///< variables that it gets besides
    std::optional<int> nice{};   ///< added to the controller's own niceness
    std::string id{};            ///< a name for people
    std::string program{};       ///< the suite's program on the other machine; empty: at the same path as here
    std::string text = "popen";  ///< as it was written, without `N*`
    friend bool operator==(worker_spec const&, worker_spec const&) = default;
};

/// What a list of specs says, or what is wrong with it.
struct worker_specs {
    std::vector<worker_spec> specs{};  ///< one for each slot
    std::string error{};  ///< what is wrong with which text, and what is known; then there are no specs
};

/// The environment variables by which a worker knows what it is. No spec may set them.
inline constexpr std::string_view worker_variables[] = {"RAMPART_WORKER",  "RAMPART_WORKER_COUNT", "RAMPART_TESTRUNUID",
                                                        "RAMPART_CONTROL", "RAMPART_PARENT",       "RAMPART_COOKIE"};

namespace detail {

/// Splits as a shell does: blanks, 'quotes', "quotes" with \" and \\ inside, and \ before any character elsewhere.
/// Nothing is expanded. None where a quote has no end.
[[nodiscard]] inline std::optional<std::vector<std::string>> shell_words(std::string_view text) {
    std::vector<std::string> words;
    bool inside = false;
    char quote = '\0';
    for (std::size_t at = 0; at < text.size(); ++at) {
        char const c = text[at];
        bool const blank = c == ' ' || c == '\t' || c == '\n';
        if (quote == '\0' && blank) {
            inside = false;
            continue;
        }
        if (!std::exchange(inside, true)) words.emplace_back();
        if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == '\\' && quote != '\'') {
            if (at + 1 == text.size()) return std::nullopt;
            char const next = text[at + 1];
            bool const plain = quote == '"' && next != '"' && next != '\\';
            words.back() += plain ? c : text[++at];
        } else {
            words.back() += c;
        }
    }
    if (quote != '\0') return std::nullopt;
    return words;
}

class spec_parser {
public:
    explicit spec_parser(std::string_view whole) : whole_(whole) {}

    [[nodiscard]] worker_specs parse() {
        std::string_view text = whole_;
        std::size_t times = 1;
        auto const star = text.find('*');
        // As with xdist: what stands before the star is a number, or the star is a part of a value.
        if (star != std::string_view::npos && star != 0 &&
            text.substr(0, star).find_first_not_of("0123456789") == std::string_view::npos) {
            auto const n = decimal(text.substr(0, star));
            if (!n || *n < 1 || *n > static_cast<long long>(max_workers)) {
                return failed("the number before the star has to be from 1 to " + std::to_string(max_workers));
            }
            times = static_cast<std::size_t>(*n);
            text.remove_prefix(star + 1);
        }
        if (text.find('\0') != std::string_view::npos) return failed("it contains a NUL");
        spec_.text = text;
        for (std::string_view rest = text;;) {
            auto const end = rest.find("//");
            take(rest.substr(0, end));
            if (!error_.empty()) return failed(error_);
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 2);
        }
        if (!has("popen") && !has("ssh")) return failed("it says neither popen nor ssh=HOST");
        if (has("popen") && has("ssh")) return failed("it says both popen and ssh");
        if (has("program") && !has("ssh")) return failed("program= is for ssh; popen runs this program");
        if (times > 1 && has("id")) return failed("one id cannot be that of " + std::to_string(times) + " workers");
        return {std::vector<worker_spec>(times, spec_), {}};
    }

private:
    void take(std::string_view part) {
        auto const equals = part.find('=');
        std::string_view const key = part.substr(0, equals);
        std::optional<std::string_view> value;
        if (equals != std::string_view::npos) value = part.substr(equals + 1);
        if (part.empty()) return say("there is nothing between two of its '//', before the first or after the last");
        if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) return say(shown(key) + " stands in it twice");
        keys_.push_back(key);
        if (key == "popen") {
            if (value) say("'popen' takes no value");
        } else if (key.starts_with("env:")) {
            take_env(key.substr(4), value);
        } else if (key == "ssh" || key == "chdir" || key == "nice" || key == "id" || key == "program") {
            if (!value || value->empty()) return say(shown(key) + " needs a value: " + std::string(key) + "=...");
            take_value(key, *value);
        } else {
            say("there is no key " + shown(key) +
                "; known are popen, ssh=, chdir=, nice=, id=, env:NAME=VALUE and program=");
        }
    }

    void take_env(std::string_view name, std::optional<std::string_view> value) {
        if (name.empty() || !value) return say("a variable is written env:NAME=VALUE");
        if (std::find(std::begin(worker_variables), std::end(worker_variables), name) != std::end(worker_variables)) {
            return say("env:" + std::string(name) + " is what a worker is told about itself; it cannot be set");
        }
        spec_.env.emplace_back(name, *value);
    }

    void take_value(std::string_view key, std::string_view value) {
        if (key == "chdir") spec_.chdir = value;
        if (key == "program") spec_.program = value;
        if (key == "id") {
            spec_.id = value;
            if (one_line(value) != value) say("'id' contains what cannot be printed");
        }
        if (key == "nice") {
            auto const n = decimal(value.starts_with('+') ? value.substr(1) : value);
            if (!n || *n < -40 || *n > 39) return say("'nice' has to be a number from -40 to 39, such as nice=5");
            spec_.nice = static_cast<int>(*n);
        }
        if (key == "ssh") {
            spec_.how = worker_spec::where::ssh;
            auto words = shell_words(value);
            if (!words) return say("'ssh' has a quote or a backslash without its end");
            if (words->empty()) return say("'ssh' needs a host: ssh=HOST");
            spec_.ssh = std::move(*words);
        }
    }

    [[nodiscard]] bool has(std::string_view key) const {
        return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
    }
    static std::string shown(std::string_view foreign) { return "'" + clip(one_line(foreign), 80) + "'"; }
    void say(std::string words) { error_ = std::move(words); }
    [[nodiscard]] worker_specs failed(std::string const& words) const {
        return {{}, "the worker spec " + shown(whole_) + " makes no sense: " + words};
    }

    std::string_view whole_;
    worker_spec spec_{};
    std::vector<std::string_view> keys_{};
    std::string error_{};
};

}  // namespace detail

/// The specs that one text stands for, in its order.
[[nodiscard]] inline worker_specs parse_worker_specs(std::string_view text) {
    return detail::spec_parser(text).parse();
}

/// The specs of several texts, one after the other: `--rampart-tx` may be given again.
[[nodiscard]] inline worker_specs parse_worker_specs(std::vector<std::string> const& texts) {
    worker_specs all;
    for (std::string const& text : texts) {
        worker_specs some = parse_worker_specs(std::string_view(text));
        if (!some.error.empty()) return some;
        for (worker_spec& spec : some.specs) {
            for (worker_spec const& other : all.specs) {
                if (spec.id.empty() || spec.id != other.id) continue;
                return {{},
                        "the worker specs '" + one_line(other.text) + "' and '" + one_line(spec.text) +
                            "' have the same id"};
            }
            all.specs.push_back(std::move(spec));
        }
        if (all.specs.size() > max_workers) {
            return {{}, "the worker specs ask for more than " + std::to_string(max_workers) + " workers"};
        }
    }
    return all;
}

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_SPEC_HPP
