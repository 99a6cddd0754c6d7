// The one main file of the suite. The report goes where --rampart-report-dir says, else to rampart-report.
#define RAMPART_DOCTEST_MAIN
#include <rampart/doctest_main.hpp>

RAMPART_SINKS(config) { return {rampart::json_file_report_sink{config.report_dir}}; }
