#ifndef RAMPART_GUARDS_FOLDER_CHANGES_HPP
#define RAMPART_GUARDS_FOLDER_CHANGES_HPP

#include <string>
#include <vector>

#if defined(__linux__)
# include <sys/inotify.h>
# include <unistd.h>
#endif

namespace rampart::inline v1 {

/// Whether something has happened to some folders, or to what stands in them, since the last question: made, removed,
/// renamed, written, given another mode. One read of a file descriptor, so that most tests, which do nothing there, pay
/// a fraction of a microsecond. Where the system cannot tell, the answer is always yes.
class folder_changes {
public:
    explicit folder_changes(std::vector<std::string> const& folders) {
#if defined(__linux__)
        file_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        for (std::string const& folder : folders) {
            constexpr auto what =
                IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
            if (file_ >= 0 && ::inotify_add_watch(file_, folder.c_str(), what) < 0) give_up();
        }
#else
        (void)folders;
#endif
    }
    folder_changes(folder_changes const&) = delete;
    folder_changes& operator=(folder_changes const&) = delete;
    ~folder_changes() { give_up(); }

    /// Whether anything was written there since the last call; true where that cannot be known.
    bool any() {
#if defined(__linux__)
        if (file_ < 0) return true;
        bool found = false;
        alignas(::inotify_event) char events[4096];
        while (::read(file_, events, sizeof events) > 0) found = true;
        return found;
#else
        return true;
#endif
    }

private:
    void give_up() {
#if defined(__linux__)
        if (file_ >= 0) ::close(file_);
#endif
        file_ = -1;
    }
    int file_ = -1;
};

}  // namespace rampart::inline v1

#endif
