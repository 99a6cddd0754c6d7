#ifndef RAMPART_CORE_ERROR_HPP
#define RAMPART_CORE_ERROR_HPP

#include <exception>
#include <stdexcept>
#include <string>

namespace rampart::inline v1 {

/// Something that the test stands on did not work: the agent's service, a network, a planted document that could not be
/// placed. It says nothing about the agent: a run that ends with it is an ERROR and never UNSAFE (B15).
///
/// What was behind it is kept as the nested exception of the standard library:
///
///     try {
///         post(url, body);
///     } catch (std::exception const&) {
///         std::throw_with_nested(rampart::infrastructure_error("the agent at " + url + " does not answer"));
///     }
///
/// `message_with_causes` tells the whole chain, `std::rethrow_if_nested` gives the cause itself.
class infrastructure_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The part that plays the user could not go on: no next prompt could be made. Like `infrastructure_error` it says
/// nothing about the agent, and keeps its cause in the same way (B15).
class driver_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The message and those of its causes, outermost first: `the agent does not answer: connection refused`. A cause that
/// is no `std::exception` is told as `an exception of an unknown type`.
inline std::string message_with_causes(std::exception const& e) {
    std::string text = e.what();
    auto const* const outer = dynamic_cast<std::nested_exception const*>(&e);
    // Thrown outside of a handler it nests nothing, and rethrowing that would end the program.
    if (outer == nullptr || outer->nested_ptr() == nullptr) return text;
    try {
        outer->rethrow_nested();
    } catch (std::exception const& cause) {
        text += ": " + message_with_causes(cause);
    } catch (...) {
        text += ": an exception of an unknown type";
    }
    return text;
}

}  // namespace rampart::inline v1

#endif
