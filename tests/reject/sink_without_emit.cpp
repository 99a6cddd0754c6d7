// expect: ReportSink
// A sink has a member emit(report).
#include "rampart/report/sink.hpp"

struct deaf_sink {
#ifdef ACCEPT
    void emit(rampart::test_run_report const&) {}
#endif
};

int main() { rampart::any_sink const sink{deaf_sink{}}; }
