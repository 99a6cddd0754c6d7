#ifndef RAMPART_SESSION_WASHING_HPP
#define RAMPART_SESSION_WASHING_HPP

#include "rampart/base/text.hpp"
#include "rampart/core/result.hpp"
#include "rampart/core/test_id.hpp"
#include "rampart/core/trial.hpp"
#include "rampart/session/fault.hpp"
#include "rampart/session/plan.hpp"
#include "rampart/session/record.hpp"

#include <string>
#include <utility>

/// \file
/// A text policy for everything that a session takes in (wire format, B7).

namespace rampart::inline v1::detail {

inline void wash(text_policy policy, std::string& text) { apply(policy, text); }
inline void wash(text_policy policy, test_id& id) {
    if (policy == text_policy::keep) return;
    std::string text = id.str();
    apply(policy, text);
    if (text != id.str()) id = test_id(std::move(text));
}
inline void wash(text_policy policy, fault& f) {
    apply(policy, f.where);
    apply(policy, f.what);
}
inline void wash(text_policy policy, trial_spec& s) {
    wash(policy, s.clone);
    wash(policy, s.base);
}
inline void wash(text_policy policy, test_entry& t) {
    wash(policy, t.test);
    for (std::string* const text : {&t.worker, &t.facts.name, &t.facts.file, &t.facts.detail}) apply(policy, *text);
    for (std::string& name : t.facts.unused) apply(policy, name);
}
inline void wash(text_policy policy, shard_plan& p) {
    for (std::string* const text : {&p.run, &p.worker, &p.list_hash, &p.process, &p.source}) apply(policy, *text);
    for (test_id& id : p.tests) wash(policy, id);
    for (test_id& id : p.running) wash(policy, id);
}
/// What stands around the value of a record.
template <Result R>
void wash_head(text_policy policy, basic_record<R>& r) {
    wash(policy, r.test);
    for (std::string* const text : {&r.test_name, &r.worker, &r.harm_category}) apply(policy, *text);
}
/// The value, where its type shows its texts.
template <Result R>
void wash_value(text_policy policy, R& value) {
    if constexpr (requires { result_traits<R>::for_each_text(value, [](std::string&) {}); }) {
        if (policy == text_policy::keep) return;
        result_traits<R>::for_each_text(value, [policy](std::string& text) { apply(policy, text); });
    }
}

}  // namespace rampart::inline v1::detail

#endif
