// expect: (satisfaction of 'Collector<C, R>' .*with C = album|'Collector<album, .*evaluated to false)
// Only a Collector becomes active.
#include "rampart/collect/collector.hpp"

struct album {
#ifdef ACCEPT
    void record(rampart::result) {}
#endif
};

int main() {
    album holiday;
    rampart::collector_scope const scope{holiday};
}
