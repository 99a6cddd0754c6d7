// text [--megabytes=N]: what it costs to look at foreign text and to make it harmless, in GB/s, against memcpy of the
// same texts in the same run: 4 kB each, clean, with letters of two and three bytes, and with a control sequence after
// every 32nd character. What returns a new string pays for that string.

#include "rampart/base/text.hpp"
#include "rampart/base/encode/ci_log.hpp"
#include "rampart/base/encode/html.hpp"
#include "rampart/base/encode/markdown.hpp"
#include "rampart/base/encode/visible.hpp"
#include "rampart/base/encode/xml.hpp"
#include "rampart/base/utf8.hpp"

#include "bench/bench.hpp"
#include "bench/workload.hpp"

#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace rp = rampart;

using texts = std::vector<std::string>;

texts make(std::size_t bytes, std::string (*text)(workload::u64)) {
    texts made;
    for (std::size_t n = 0; n * 4096 < bytes; ++n) made.push_back(text(n));
    return made;
}

/// Does something to each text.
template <class F>
std::function<void()> each(texts const& all, F f) {
    return [&all, f] {
        for (std::string const& text : all) {
            auto const made = f(text);
            bench::do_not_optimize(made);
        }
    };
}

void race(bench::table& t, std::string const& kind, texts const& all) {
    double bytes = 0;
    for (std::string const& text : all) bytes += static_cast<double>(text.size());
    std::string room(static_cast<std::size_t>(bytes), '\0');
    texts kept = all;

    t.heading(kind);
    std::vector<bench::subject> subjects{{"memcpy", bytes, [&] {
                                              char* to = room.data();
                                              for (std::string const& text : all) {
                                                  std::memcpy(to, text.data(), text.size());
                                                  to += text.size();
                                              }
                                              bench::do_not_optimize(room);
                                          }}};
    auto const add = [&](std::string const& name, std::function<void()> work) {
        subjects.push_back({name, bytes, std::move(work)});
    };
    add("copy of the string", each(all, [](std::string const& s) { return s; }));
    add("escape", each(all, [](std::string const& s) { return rp::escape(s); }));
    add("strip_ansi", each(all, [](std::string const& s) { return rp::strip_ansi(s); }));
    for (auto const policy : {rp::text_policy::escape, rp::text_policy::strip}) {
        auto const name = "apply(" + std::string(to_string(policy)) + ")";
        if (kind == "dirty") {
            add(name, each(all, [policy](std::string s) {
                    apply(policy, s);
                    return s;
                }));
        } else {
            add(name, [&kept, policy] {  // nothing is changed, so nothing is copied
                for (std::string& s : kept) apply(policy, s);
                bench::do_not_optimize(kept);
            });
        }
    }
    add("is_valid_utf8", each(all, [](std::string const& s) { return rp::is_valid_utf8(s); }));
    add("repair_utf8", each(all, [](std::string const& s) { return rp::repair_utf8(s); }));
    add("one_line", each(all, [](std::string const& s) { return rp::one_line(s); }));
    add("visible", each(all, [](std::string const& s) { return rp::visible(s); }));
    add("xml_text", each(all, [](std::string const& s) { return rp::xml_text(s); }));
    add("html_text", each(all, [](std::string const& s) { return rp::html_text(s); }));
    add("html_attribute", each(all, [](std::string const& s) { return rp::html_attribute(s); }));
    add("ci_log_text", each(all, [](std::string const& s) { return rp::ci_log_text(s); }));
    add("markdown_text", each(all, [](std::string const& s) { return rp::markdown_text(s); }));
    add("JSON string", [&all, out = std::string()]() mutable {
        for (std::string const& s : all) {
            out.clear();
            rp::json_writer(out).string(s);
            bench::do_not_optimize(out);
        }
    });
    t.race(subjects, 2.0);
}

}  // namespace

int main(int argc, char** argv) {
    auto const bytes = static_cast<std::size_t>(bench::option(argc, argv, "megabytes", 2)) << 20U;
    bench::table t("text", {"GB/s", 1e9, true});
    race(t, "clean", make(bytes, workload::clean_text));
    race(t, "unicode", make(bytes, workload::unicode_text));
    race(t, "dirty", make(bytes, workload::dirty_text));
    t.print_json();
}
