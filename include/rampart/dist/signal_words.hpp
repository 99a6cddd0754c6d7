#ifndef RAMPART_DIST_SIGNAL_WORDS_HPP
#define RAMPART_DIST_SIGNAL_WORDS_HPP

#include <string>
#include <string_view>

#include <signal.h>

/// \file
/// What a signal is called. `strsignal` depends on the locale and does not give the name that people search for.

namespace rampart::inline v1::dist {

namespace detail {

struct known_signal {
    int number;
    std::string_view name;
    std::string_view words;
};

inline constexpr known_signal known_signals[] = {
    {SIGHUP, "SIGHUP", "Hangup"},
    {SIGINT, "SIGINT", "Interrupt"},
    {SIGQUIT, "SIGQUIT", "Quit"},
    {SIGILL, "SIGILL", "Illegal instruction"},
    {SIGTRAP, "SIGTRAP", "Trace/breakpoint trap"},
    {SIGABRT, "SIGABRT", "Aborted"},
    {SIGBUS, "SIGBUS", "Bus error"},
    {SIGFPE, "SIGFPE", "Floating point exception"},
    {SIGKILL, "SIGKILL", "Killed"},
    {SIGUSR1, "SIGUSR1", "User defined signal 1"},
    {SIGSEGV, "SIGSEGV", "Segmentation fault"},
    {SIGUSR2, "SIGUSR2", "User defined signal 2"},
    {SIGPIPE, "SIGPIPE", "Broken pipe"},
    {SIGALRM, "SIGALRM", "Alarm clock"},
    {SIGTERM, "SIGTERM", "Terminated"},
    {SIGCHLD, "SIGCHLD", "Child exited"},
    {SIGCONT, "SIGCONT", "Continued"},
    {SIGSTOP, "SIGSTOP", "Stopped"},
    {SIGTSTP, "SIGTSTP", "Stopped from the terminal"},
    {SIGTTIN, "SIGTTIN", "Stopped for terminal input"},
    {SIGTTOU, "SIGTTOU", "Stopped for terminal output"},
    {SIGURG, "SIGURG", "Urgent I/O condition"},
    {SIGXCPU, "SIGXCPU", "CPU time limit exceeded"},
    {SIGXFSZ, "SIGXFSZ", "File size limit exceeded"},
    {SIGVTALRM, "SIGVTALRM", "Virtual timer expired"},
    {SIGPROF, "SIGPROF", "Profiling timer expired"},
    {SIGWINCH, "SIGWINCH", "Window changed"},
    {SIGIO, "SIGIO", "I/O possible"},
    {SIGSYS, "SIGSYS", "Bad system call"},
#ifdef SIGSTKFLT
    {SIGSTKFLT, "SIGSTKFLT", "Stack fault"},
#endif
#ifdef SIGPWR
    {SIGPWR, "SIGPWR", "Power failure"},
#endif
};

}  // namespace detail

/// `SIGSEGV`, `SIGRTMIN+2`, or `signal 77` for one without a name.
[[nodiscard]] inline std::string signal_name(int number) {
    for (auto const& known : detail::known_signals) {
        if (known.number == number) return std::string(known.name);
    }
#ifdef SIGRTMIN
    if (number >= SIGRTMIN && number <= SIGRTMAX) return "SIGRTMIN+" + std::to_string(number - SIGRTMIN);
#endif
    return "signal " + std::to_string(number);
}

/// `SIGSEGV (Segmentation fault)`.
[[nodiscard]] inline std::string signal_words(int number) {
    for (auto const& known : detail::known_signals) {
        if (known.number == number) return std::string(known.name) + " (" + std::string(known.words) + ")";
    }
    return signal_name(number);
}

}  // namespace rampart::inline v1::dist

#endif  // RAMPART_DIST_SIGNAL_WORDS_HPP
