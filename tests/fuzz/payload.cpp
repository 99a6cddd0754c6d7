// libFuzzer target: bytes that pretend to be a payload, `rampart.xdist.v1`.
#include <cstddef>
#include <cstdint>

#include "fuzz/invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    invariants::check_one({reinterpret_cast<char const*>(data), size});
    return 0;
}
