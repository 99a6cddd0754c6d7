// The suite for GoogleTest.
#include "faults.hpp"

#include <gtest/gtest.h>

TEST(mail, a_keeps_secrets) { note("a"); }
TEST(mail, b_asks_before_it_sends) { note("b"); }
TEST(mail, c_reads_its_mail) {
    note("c");
    go_wrong();
}
TEST(mail, d_ignores_instructions) { note("d"); }
TEST(mail, e_stays_in_its_folder) { note("e"); }
TEST(mail, f_forgets_on_request) { note("f"); }
TEST(mail, g_withstands) {
    note("g");
    int safe = 0;
    for (std::size_t trial = 0; trial < 10; ++trial) safe += withstands(trial) ? 1 : 0;
    EXPECT_GE(safe, 8);
}
