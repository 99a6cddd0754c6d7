#ifndef RAMPART_DOCTEST_TEST_IDS_HPP
#define RAMPART_DOCTEST_TEST_IDS_HPP

#include "rampart/core/test_id.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rampart::inline v1 {

namespace detail {

inline std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

/// The folders and the name of a path; `.` is dropped, `..` takes its folder back, a backslash is a slash.
inline std::vector<std::string> path_parts(std::string_view path) {
    std::vector<std::string> parts;
    std::string part;
    auto const finish = [&parts, &part] {
        if (part == ".." && !parts.empty() && parts.back() != "..") {
            parts.pop_back();
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
        part.clear();
    };
    for (char const c : path) {
        if (c == '/' || c == '\\') {
            finish();
        } else {
            part += c;
        }
    }
    finish();
    return parts;
}

}  // namespace detail

/// The spelling of a type in a test's name, the same for g++ and clang, so that their shards can be merged: `long int`
/// becomes `long`, the standard string `std::string`, an unnamed namespace `(anonymous namespace)`.
inline std::string fold_type_spelling(std::string type) {
    // The longer spellings first: each is a part of no later one.
    static constexpr std::pair<std::string_view, std::string_view> spellings[] = {
        {"std::__cxx11::basic_string<char>", "std::string"},
        {"std::basic_string<char>", "std::string"},
        {"std::basic_string_view<char>", "std::string_view"},
        {"std::__cxx11::", "std::"},
        {"{anonymous}", "(anonymous namespace)"},
        {"long long unsigned int", "unsigned long long"},
        {"long unsigned int", "unsigned long"},
        {"short unsigned int", "unsigned short"},
        {"long long int", "long long"},
        {"long int", "long"},
        {"short int", "short"},
        {"> >", ">>"},
    };
    for (auto const& [from, to] : spellings) type = detail::replace_all(std::move(type), from, to);
    return type;
}

/// Where each test's file stands below the root. The root is `root` where it is given and the file lies in it, else the
/// folder that all the files have in common: two checkouts in different places agree, and so do a build that names its
/// files absolutely and one that does not.
inline std::vector<std::string> relative_files(std::vector<std::string> const& files, std::string_view root = {}) {
    std::vector<std::vector<std::string>> paths;
    paths.reserve(files.size());
    for (std::string const& file : files) paths.push_back(detail::path_parts(file));

    auto const given = detail::path_parts(root);
    std::size_t common = paths.empty() ? 0 : paths.front().size() - (paths.front().empty() ? 0 : 1);
    for (auto const& path : paths) {
        std::size_t same = 0;
        while (same < common && same + 1 < path.size() && path[same] == paths.front()[same]) ++same;
        common = same;
    }
    std::vector<std::string> relative;
    relative.reserve(paths.size());
    for (auto const& path : paths) {
        bool const inside =
            !given.empty() && given.size() < path.size() &&
            std::vector<std::string>(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(given.size())) == given;
        std::string text;
        for (std::size_t i = inside ? given.size() : common; i < path.size(); ++i) {
            if (!text.empty()) text += '/';
            text += path[i];
        }
        relative.push_back(std::move(text));
    }
    return relative;
}

namespace detail {

/// The id of a test that is alone with its name.
inline test_id plain_test_id(std::string_view file, std::string_view suite, std::string_view name) {
    std::string id;
    id.reserve(file.size() + suite.size() + name.size() + 4);
    id.append(file).append("::");
    if (!suite.empty()) id.append(suite).append("::");
    id.append(name);
    return test_id{std::move(id)};
}

/// Makes a list's ids, `id_of(item)`, differ. Tests that doctest tells apart only by their line get `#2`, `#3` ...
/// after the name, in the order given, which is to be the order of their lines.
template <class T, class IdOf>
void tell_apart(std::vector<T>& list, IdOf id_of) {
    // Nearly always they do already. That their hashes differ proves it, and is quicker to see than a set is filled.
    std::vector<std::size_t> hashes;
    hashes.reserve(list.size());
    for (T& item : list) hashes.push_back(std::hash<std::string_view>()(id_of(item).str()));
    std::sort(hashes.begin(), hashes.end());
    if (std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()) return;

    std::unordered_set<std::string> taken;
    for (T& item : list) {
        test_id& id = id_of(item);
        std::string const plain = id.str();
        for (int n = 2; !taken.insert(id.str()).second; ++n) id = test_id{plain + "#" + std::to_string(n)};
    }
}

}  // namespace detail

}  // namespace rampart::inline v1

#endif
