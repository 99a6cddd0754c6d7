// expect: ResourceGuard
// A guard of one's own is installed and removed.
#include "rampart/guard/guard_list.hpp"

struct open_ended {
    static char const* name() { return "db"; }
    void install() {}
#ifdef ACCEPT
    void remove() {}
#endif
};

int main() {
    rampart::guard_list guards;
    guards.add(open_ended{});
}
