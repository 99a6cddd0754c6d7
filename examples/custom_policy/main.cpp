// A policy of one's own says which worker runs which test. This one is for a machine with one device: tests of the suite
// `device` go to the first worker only, and that one runs them before anything else.
//
//     custom_policy --rampart-workers=2
#define DOCTEST_CONFIG_IMPLEMENT
#include <rampart/doctest_main.hpp>

#include <deque>
#include <optional>

namespace dist = rampart::dist;

namespace {

class one_device {
public:
    // Once, before any worker is there.
    void begin(dist::ledger const& books) {
        for (dist::test_number const t : books.order()) queue_of(books, t).push_back(t);
    }
    // This worker has nothing to do. It is asked again after whatever happens next.
    std::optional<dist::test_number> next(dist::ledger const& books, dist::worker_number w) {
        if (books.slot_of(w) == 0 && !device_.empty()) return take(device_);
        if (!others_.empty()) return take(others_);
        return std::nullopt;
    }
    // A test is to be run again: its worker died before it began, or it gets another attempt.
    void give_back(dist::ledger const& books, dist::worker_number, dist::test_number t) {
        queue_of(books, t).push_front(t);
    }
    // A worker is gone. Nothing was kept for it: a replacement has its slot.
    void lost(dist::ledger const&, dist::worker_number) {}

private:
    using queue = std::deque<dist::test_number>;

    queue& queue_of(dist::ledger const& books, dist::test_number t) {
        return books.test(t).suite == "device" ? device_ : others_;
    }
    static dist::test_number take(queue& from) {
        dist::test_number const t = from.front();
        from.pop_front();
        return t;
    }

    queue device_{};
    queue others_{};
};
static_assert(dist::Scheduler<one_device>);

}  // namespace

int main(int argc, char** argv) {
    rampart::run_options options;
    options.scheduler = [](rampart::run_config const&) { return dist::any_scheduler(one_device{}); };
    return rampart::run_doctest(argc, argv, options);
}
