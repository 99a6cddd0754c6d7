#ifndef RAMPART_BASE_MUTEX_HPP
#define RAMPART_BASE_MUTEX_HPP

#if defined(__unix__) || defined(__APPLE__)
# define RAMPART_DETAIL_PTHREAD_MUTEX 1
# include <pthread.h>
#else
# define RAMPART_DETAIL_PTHREAD_MUTEX 0
# include <mutex>
#endif

namespace rampart::inline v1 {

namespace detail {

/// A mutex for headers that a test file includes, where `<mutex>` costs too much.
///
/// Constant-initialised, so a static one needs no guard and no order of construction; trivially destroyed on POSIX,
/// so it can still be locked while other statics are being destroyed. Not recursive.
class mutex {
public:
    constexpr mutex() noexcept = default;
    mutex(mutex const&) = delete;
    mutex& operator=(mutex const&) = delete;

#if RAMPART_DETAIL_PTHREAD_MUTEX
    // The return values say nothing here: POSIX has no error for a valid mutex of the default kind whose owner
    // is the one that unlocks it.
    void lock() noexcept { static_cast<void>(pthread_mutex_lock(&handle_)); }
    void unlock() noexcept { static_cast<void>(pthread_mutex_unlock(&handle_)); }

private:
    pthread_mutex_t handle_ = PTHREAD_MUTEX_INITIALIZER;
#else
    void lock() { handle_.lock(); }
    void unlock() { handle_.unlock(); }

private:
    std::mutex handle_;
#endif
};

/// Holds a `mutex` from its construction to its destruction.
class lock_guard {
public:
    [[nodiscard]] explicit lock_guard(mutex& held) : held_(held) { held_.lock(); }
    ~lock_guard() { held_.unlock(); }
    lock_guard(lock_guard const&) = delete;
    lock_guard& operator=(lock_guard const&) = delete;

private:
    mutex& held_;
};

}  // namespace detail

}  // namespace rampart::inline v1

#undef RAMPART_DETAIL_PTHREAD_MUTEX

#endif  // RAMPART_BASE_MUTEX_HPP
