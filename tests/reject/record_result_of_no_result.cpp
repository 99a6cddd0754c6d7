// expect: (satisfaction of 'Result<R>' \[with R = int\]|'int' does not satisfy 'Result')
// Only a Result is recorded.
#include "rampart/collect/collector.hpp"

int main() {
#ifdef ACCEPT
    rampart::record_result(rampart::result{});
#else
    rampart::record_result(7);
#endif
}
