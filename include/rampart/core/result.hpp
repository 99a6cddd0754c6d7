#ifndef RAMPART_CORE_RESULT_HPP
#define RAMPART_CORE_RESULT_HPP

#include "rampart/core/conversation.hpp"
#include "rampart/core/evaluation.hpp"
#include "rampart/core/harm.hpp"
#include "rampart/core/metadata.hpp"
#include "rampart/core/status.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampart::inline v1 {

/// Something that was planted for the agent to find, and where (B11).
struct injection_record {
    std::optional<std::string> payload_id{};
    std::string surface_name{};
    friend bool operator==(injection_record const&, injection_record const&) = default;
};

/// rampart's own evidence: the conversation, and what could be seen of it.
struct transcript {
    std::vector<turn> turns{};
    std::vector<injection_record> injections{};
    observability_level observability = observability_level::response_only;
    friend bool operator==(transcript const&, transcript const&) = default;
};

/// The outcome of one run of one test (B12, B13). `Evidence` is what proves the verdict; rampart's own is a transcript.
/// A session's text policy reaches the strings of another evidence through a function beside its type,
/// `template <class F> void for_each_text(my_evidence&, F& f)`, that calls `f(std::string&)` for each.
///
///     rampart::result r{.status = rampart::safety_status::unsafe, .summary = "forwarded the inbox"};
///     rampart::record_result(r);
///     CHECK(r);   // the assert pattern: a result is true exactly when it is safe
template <class Evidence = transcript>
struct basic_result {
    safety_status status = safety_status::undetermined;
    std::string summary{};
    std::string harm_category{};  ///< empty: the test's own harm mark is taken
    std::string strategy{};
    double duration_seconds = 0.0;
    metadata meta{};
    Evidence evidence{};

    /// Derived from the status, so that it cannot drift (B13).
    bool safe() const noexcept { return status == safety_status::safe; }
    /// Whether it is safe, so that it can be asserted.
    explicit operator bool() const noexcept { return safe(); }

    friend bool operator==(basic_result const& a, basic_result const& b) requires std::equality_comparable<Evidence> {
        return a.status == b.status && a.summary == b.summary && a.harm_category == b.harm_category &&
               a.strategy == b.strategy && a.duration_seconds == b.duration_seconds && a.meta == b.meta &&
               a.evidence == b.evidence;
    }
};

/// The usual result, with a transcript as its evidence.
using result = basic_result<>;

/// How rampart reads a result type. Specialise it for a type of your own with
///
///     static safety_status status(R const&);
///     static std::string_view summary(R const&);        // or std::string
///     static std::string_view harm_category(R const&);  // empty: the test's own harm mark is taken
///
/// and, where the type has them, any of
///
///     static std::string_view strategy(R const&);
///     static double duration_seconds(R const&);
///     static metadata const& meta(R const&);
///     static transcript const& evidence(R const&);
///     template <class F> static void for_each_text(R&, F f);   // f(std::string&) for each string: lets the session's
///                                                             // text policy reach it
template <class R>
struct result_traits {};

/// Of rampart's own results: what their members say.
template <class Evidence>
struct result_traits<basic_result<Evidence>> {
    /// The result type.
    using type = basic_result<Evidence>;
    static safety_status status(type const& r) noexcept { return r.status; }
    static std::string const& summary(type const& r) noexcept { return r.summary; }
    static std::string const& harm_category(type const& r) noexcept { return r.harm_category; }
    static std::string const& strategy(type const& r) noexcept { return r.strategy; }
    static double duration_seconds(type const& r) noexcept { return r.duration_seconds; }
    static metadata const& meta(type const& r) noexcept { return r.meta; }
    static transcript const& evidence(type const& r) noexcept requires std::same_as<Evidence, transcript> {
        return r.evidence;
    }
    /// Calls `f(std::string&)` for each string of the result.
    template <class F>
    static void for_each_text(type& r, F f);
};

/// A value that says how one run of one test ended: it can be copied, and `result_traits` knows its status, its summary
/// and its harm category.
template <class R>
concept Result = std::copyable<R> && requires(R const& r) {
    { result_traits<R>::status(r) } -> std::same_as<safety_status>;
    { result_traits<R>::summary(r) } -> std::convertible_to<std::string_view>;
    { result_traits<R>::harm_category(r) } -> std::convertible_to<std::string_view>;
};

/// The optional parts of `result_traits`, with what they are for a type that has them not.
template <Result R>
std::string strategy_of(R const& r) {
    if constexpr (requires { result_traits<R>::strategy(r); }) {
        return std::string(std::string_view(result_traits<R>::strategy(r)));
    } else {
        return {};
    }
}
/// Wall time in seconds; 0 for a type without one.
template <Result R>
double duration_of(R const& r) {
    if constexpr (requires { result_traits<R>::duration_seconds(r); }) {
        return result_traits<R>::duration_seconds(r);
    } else {
        return 0.0;
    }
}
/// The free-form facts; none for a type without them.
template <Result R>
metadata metadata_of(R const& r) {
    if constexpr (requires { result_traits<R>::meta(r); }) {
        return result_traits<R>::meta(r);
    } else {
        return {};
    }
}
/// Null for a type without a transcript.
template <Result R>
transcript const* transcript_of(R const& r) {
    if constexpr (requires { result_traits<R>::evidence(r); }) {
        return &result_traits<R>::evidence(r);
    } else {
        return nullptr;
    }
}

/// The evaluations of the turns, in order, leaving out turns without one (B14).
template <class = void>
std::vector<eval_result> eval_results(std::vector<turn> const& turns) {
    std::vector<eval_result> found;
    for (turn const& t : turns) {
        if (t.evaluation) found.push_back(*t.evaluation);
    }
    return found;
}
/// As above, of a result's transcript.
template <class = void>
std::vector<eval_result> eval_results(result const& r) {
    return eval_results(r.evidence.turns);
}

/// For a list or a failing assertion: `unsafe: forwarded the inbox`.
template <Result R>
std::string brief(R const& r) {
    auto text = std::string(to_string(result_traits<R>::status(r)));
    std::string const summary{std::string_view(result_traits<R>::summary(r))};
    if (!summary.empty()) text += ": " + summary;
    return text;
}

/// The display form: `result(safe=false, status=unsafe, summary='forwarded the inbox')` (B13).
template <class Evidence>
std::string to_string(basic_result<Evidence> const& r) {
    return std::string("result(safe=") + (r.safe() ? "true" : "false") +
           ", status=" + std::string(to_string(r.status)) + ", summary='" + r.summary + "')";
}

/// Calls `f(std::string&)` for every string in a value of metadata, keys included (`metadata::transform_keys`).
template <class F>
void for_each_text(metadata_value& v, F& f);
/// As above, of an object.
template <class F>
void for_each_text(metadata& object, F& f) {
    object.transform_keys(f);
    for (metadata_member& m : object) for_each_text(m.value, f);
}
template <class F>
void for_each_text(metadata_value& v, F& f) {
    if (auto* text = v.if_string()) {
        f(*text);
    } else if (auto* list = v.if_array()) {
        for (metadata_value& element : *list) for_each_text(element, f);
    } else if (auto* object = v.if_object()) {
        for_each_text(*object, f);
    }
}

/// Calls `f(std::string&)` for every string of the conversation.
template <class F>
void for_each_text(transcript& t, F& f) {
    auto const maybe = [&f](std::optional<std::string>& text) {
        if (text) f(*text);
    };
    for (injection_record& i : t.injections) {
        maybe(i.payload_id);
        f(i.surface_name);
    }
    for (turn& each : t.turns) {
        maybe(each.request.prompt);
        for (payload& p : each.request.attachments) {
            f(p.content);
            f(p.id);
            maybe(p.artifact);
            for_each_text(p.meta, f);
        }
        f(each.response.text);
        for (tool_call& call : each.response.tool_calls) {
            f(call.name);
            for_each_text(call.arguments, f);
            maybe(call.result);
            maybe(call.timestamp);
        }
        for (side_effect& effect : each.response.side_effects) {
            f(effect.kind);
            for_each_text(effect.details, f);
        }
        for_each_text(each.response.meta, f);
        if (each.evaluation) {
            for (std::string& text : each.evaluation->evidence) f(text);
            f(each.evaluation->rationale);
        }
        maybe(each.timestamp);
        f(each.driver_reasoning);
    }
}

namespace detail {

// Outside of result_traits, whose own member would hide a function for an evidence of the user's own from the look-up.
template <class Evidence, class F>
void for_each_text_of_evidence(Evidence& e, F& f) {
    if constexpr (requires { for_each_text(e, f); }) for_each_text(e, f);
}

}  // namespace detail

template <class Evidence>
template <class F>
void result_traits<basic_result<Evidence>>::for_each_text(type& r, F f) {
    f(r.summary);
    f(r.harm_category);
    f(r.strategy);
    rampart::for_each_text(r.meta, f);
    detail::for_each_text_of_evidence(r.evidence, f);
}

}  // namespace rampart::inline v1

#endif
