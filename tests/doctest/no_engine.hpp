#ifndef RAMPART_TESTS_DOCTEST_NO_ENGINE_HPP
#define RAMPART_TESTS_DOCTEST_NO_ENGINE_HPP

#include <cstdlib>

/// Forgets what an engine that runs our own tests (GitLab, Slurm, Bazel, GitHub) says about parts and reports: suites
/// that these tests start would take it for theirs.
inline bool leave_engine() {
    for (char const* const name : {"RAMPART_TOTAL_SHARDS",
                                   "RAMPART_SHARD_INDEX",
                                   "RAMPART_ATTEMPT",
                                   "RAMPART_TESTRUNUID",
                                   "TEST_TOTAL_SHARDS",
                                   "TEST_SHARD_INDEX",
                                   "TEST_RUN_NUMBER",
                                   "TEST_SHARD_STATUS_FILE",
                                   "GTEST_TOTAL_SHARDS",
                                   "GTEST_SHARD_INDEX",
                                   "TEST_PREMATURE_EXIT_FILE",
                                   "SLURM_ARRAY_TASK_ID",
                                   "SLURM_ARRAY_TASK_COUNT",
                                   "SLURM_ARRAY_TASK_MIN",
                                   "SLURM_ARRAY_TASK_MAX",
                                   "SLURM_ARRAY_TASK_STEP",
                                   "SLURM_PROCID",
                                   "SLURM_NTASKS",
                                   "SLURM_RESTART_COUNT",
                                   "SLURM_JOB_ID",
                                   "SLURM_STEP_ID",
                                   "OMPI_COMM_WORLD_RANK",
                                   "CI_NODE_TOTAL",
                                   "CI_NODE_INDEX",
                                   "XML_OUTPUT_FILE",
                                   "TESTBRIDGE_TEST_ONLY",
                                   "TEST_UNDECLARED_OUTPUTS_DIR",
                                   "GITHUB_ACTIONS",
                                   "GITHUB_STEP_SUMMARY"}) {
        ::unsetenv(name);
    }
    return true;
}

#endif
