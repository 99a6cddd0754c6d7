#include "rampart/core/error.hpp"

#include <concepts>
#include <exception>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

namespace {

namespace rp = rampart;

static_assert(std::derived_from<rp::infrastructure_error, std::runtime_error>);
static_assert(std::derived_from<rp::driver_error, std::runtime_error>);

/// Throws `outer` because of `cause`, catches it and tells what was said.
template <class Outer, class Cause>
std::string told(Outer const& outer, Cause const& cause) {
    try {
        try {
            throw cause;
        } catch (...) {
            std::throw_with_nested(outer);
        }
    } catch (Outer const& e) {
        return rp::message_with_causes(e);
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("an infrastructure error and a driver error are exceptions that keep their message [B15]") {
    CHECK(std::string(rp::infrastructure_error("503").what()) == "503");
    CHECK(std::string(rp::driver_error("no prompt").what()) == "no prompt");
    CHECK_THROWS_AS(throw rp::infrastructure_error("503"), std::runtime_error);
    CHECK(rp::message_with_causes(rp::infrastructure_error("503")) == "503");
}

TEST_CASE("an error keeps its cause, and tells it [B15, B134]") {
    CHECK(told(rp::infrastructure_error("no answer"), std::runtime_error("connection refused")) ==
          "no answer: connection refused");
    CHECK(told(rp::driver_error("no prompt"), rp::infrastructure_error("503")) == "no prompt: 503");
    CHECK(told(rp::driver_error("no prompt"), 42) == "no prompt: an exception of an unknown type");
    try {
        try {
            throw std::out_of_range("the cause");
        } catch (...) {
            std::throw_with_nested(rp::infrastructure_error("outside"));
        }
    } catch (rp::infrastructure_error const& e) {
        CHECK_THROWS_WITH_AS(std::rethrow_if_nested(e), "the cause", std::out_of_range);
    }
}

TEST_CASE("a chain of causes is told to its end [B134]") {
    try {
        try {
            try {
                throw std::runtime_error("innermost");
            } catch (...) {
                std::throw_with_nested(rp::infrastructure_error("middle"));
            }
        } catch (...) {
            std::throw_with_nested(rp::driver_error("outermost"));
        }
    } catch (std::exception const& e) {
        CHECK(rp::message_with_causes(e) == "outermost: middle: innermost");
    }
}

TEST_CASE("an error that was nested where nothing was being handled has no cause, and does no harm") {
    try {
        std::throw_with_nested(rp::infrastructure_error("alone"));
    } catch (std::exception const& e) {
        CHECK(rp::message_with_causes(e) == "alone");
    }
}
