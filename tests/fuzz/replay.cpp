// Puts files through the fuzzers' question, with any compiler: replay PATH..., files or folders. Names every file that
// breaks it; its status is 0 when none did.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/invariants.hpp"

namespace fs = std::filesystem;

static std::vector<fs::path> files_of(int count, char** paths) {
    std::vector<fs::path> files;
    for (int i = 1; i < count; ++i) {
        if (!fs::is_directory(paths[i])) {
            files.emplace_back(paths[i]);
            continue;
        }
        for (fs::directory_entry const& entry : fs::recursive_directory_iterator(paths[i])) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

int main(int count, char** paths) {
    auto const files = files_of(count, paths);
    int failed = 0;
    for (fs::path const& file : files) {
        std::ifstream in(file, std::ios::binary);
        std::string const bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        try {
            if (!in) throw std::runtime_error("it cannot be read");
            invariants::check_all(bytes);
        } catch (std::exception const& e) {
            std::printf("%s: %s\n", file.c_str(), e.what());
            ++failed;
        }
    }
    std::printf("%zu inputs, %d failed\n", files.size(), failed);
    return failed == 0 && !files.empty() ? 0 : 1;
}
