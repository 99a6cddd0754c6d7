// A program for the tests of strict mode, linked dynamically and, where that is possible, statically too.
//
//     strict_child                     ends with 42: it ran (and so does every other word)
//     strict_child exec PATH WORD...   becomes that program; where it cannot, ends with the errno
//     strict_child bare PATH           the same with an empty environment
//     strict_child orphan PATH         leaves a process in a session of its own and without a parent, which then
//                                      executes the program with an empty environment
//     strict_child connect PORT        connects to 127.0.0.1; ends with 0 or the errno
//     strict_child thread PATH         executes the program in a second thread
//     strict_child narrow PATH         executes by the call of 32-bit programs; ends with 99 where there is none
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

char* no_words[] = {nullptr};

int execute_bare(char* path) {
    char* words[] = {path, nullptr};
    ::execve(path, words, no_words);
    return errno;
}

int leave_orphan(char* path) {
    ::pid_t const middle = ::fork();
    if (middle == 0) {
        ::setsid();
        ::pid_t const parent = ::getpid();
        if (::fork() != 0) ::_exit(0);
        while (::getppid() == parent) ::sched_yield();  // the alarm of whoever started us ends this at the latest
        ::_exit(execute_bare(path));
    }
    ::waitpid(middle, nullptr, 0);
    return 0;
}

int connect_to(int port) {
    ::sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const fd = ::socket(AF_INET, SOCK_STREAM, 0);
    return ::connect(fd, reinterpret_cast<::sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
}

void* execute_in_thread(void* path) { ::exit(execute_bare(static_cast<char*>(path))); }

int execute_narrow([[maybe_unused]] char const* path) {
#ifdef __x86_64__
    void* const low = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED) return 99;
    auto* const text = static_cast<char*>(low) + 64;
    std::strncpy(text, path, 2048);
    auto* const words = static_cast<unsigned*>(low);
    words[0] = static_cast<unsigned>(reinterpret_cast<unsigned long>(text));
    words[1] = 0;
    long result = 0;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(11L), "b"(text), "c"(words), "d"(words + 1)
                     : "memory", "r8", "r9", "r10", "r11");
    return result == -ENOSYS ? 99 : static_cast<int>(-result);
#else
    return 99;
#endif
}

}  // namespace

int main(int count, char** words) {
    if (count < 3) return 42;
    ::alarm(30);
    std::string_view const what = words[1];
    if (what == "exec") {
        ::execv(words[2], words + 2);
        return errno;
    }
    if (what == "bare") return execute_bare(words[2]);
    if (what == "orphan") return leave_orphan(words[2]);
    if (what == "connect") return connect_to(std::atoi(words[2]));
    if (what == "narrow") return execute_narrow(words[2]);
    if (what == "thread") {
        ::pthread_t thread;
        ::pthread_create(&thread, nullptr, execute_in_thread, words[2]);
        ::pthread_join(thread, nullptr);
    }
    return 42;
}
