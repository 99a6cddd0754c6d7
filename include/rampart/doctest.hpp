#ifndef RAMPART_DOCTEST_HPP
#define RAMPART_DOCTEST_HPP

/// For test files: `record_result`, the decorators `harm`, `trial`, `group`, `uses`, and the guards of what tests use:
/// `enforce`, `scope_uses`, RAMPART_GUARDS. It is light: no Boost, no range-v3. The one main file includes
/// rampart/doctest_main.hpp instead.

#include "rampart/collect/collector.hpp"
#include "rampart/collect/marks.hpp"
#include "rampart/collect/trial_index.hpp"
#include "rampart/collect/worker.hpp"
#include "rampart/doctest/decorators.hpp"
#include "rampart/guard/guard.hpp"
#include "rampart/guard/guard_list.hpp"
#include "rampart/version.hpp"

#include <doctest/doctest.h>

/// A failing CHECK(result) prints `unsafe: forwarded the inbox`.
template <class Evidence>
struct doctest::StringMaker<rampart::basic_result<Evidence>> {
    /// `unsafe: forwarded the inbox`.
    static doctest::String convert(rampart::basic_result<Evidence> const& r) {
        return doctest::String(rampart::one_line(rampart::brief(r)).c_str());
    }
};

#endif
