#include "rampart/base/mutex.hpp"

#include <atomic>
#include <thread>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace {

using rampart::detail::lock_guard;
using rampart::detail::mutex;

inline mutex& shared_mutex() {
    // Fails to compile when the constructor stops being constant.
    constinit static mutex one;
    return one;
}

static_assert(!std::is_copy_constructible_v<mutex> && !std::is_move_constructible_v<mutex>);
static_assert(!std::is_copy_assignable_v<mutex> && !std::is_move_assignable_v<mutex>);
static_assert(!std::is_copy_constructible_v<lock_guard> && !std::is_copy_assignable_v<lock_guard>);
#if defined(__unix__) || defined(__APPLE__)
static_assert(std::is_trivially_destructible_v<mutex>);
#endif

}  // namespace

TEST_CASE("eight threads that count under the mutex lose no step and are never inside together") {
    constexpr int threads = 8;
    constexpr int steps = 5000;
    long counted = 0;
    std::atomic<int> inside = 0;
    std::atomic<int> met = 0;
    auto const work = [&] {
        for (int step = 0; step < steps; ++step) {
            lock_guard const held(shared_mutex());
            if (inside.fetch_add(1) != 0) {
                ++met;
            }
            long const before = counted;
            if (step % 50 == 0) {
                std::this_thread::yield();  // lets another thread in, if anything can
            }
            counted = before + 1;
            inside.fetch_sub(1);
        }
    };
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back(work);
    }
    for (std::thread& one : running) {
        one.join();
    }
    CHECK(met == 0);
    CHECK(counted == static_cast<long>(threads) * steps);
}

TEST_CASE("the guard gives the mutex back at the end of its scope, also when an exception leaves it") {
    mutex one;
    { lock_guard const held(one); }
    try {
        lock_guard const held(one);
        throw 1;
    } catch (int) {
    }
    // Another thread waits here for ever, and the test's time limit ends it, when a guard kept the mutex.
    bool entered = false;
    std::thread other([&] {
        lock_guard const held(one);
        entered = true;
    });
    other.join();
    CHECK(entered);
}
