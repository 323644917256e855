/// Runs each file of a corpus once through its target, for builds without libFuzzer: fuzz_corpus
/// FOLDER..., each named like a target. Earlier findings of libFuzzer thus stay covered.

#include "target.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

namespace otpd::fuzz {

namespace {

std::map<std::string, target>& targets() {
    static std::map<std::string, target> all;
    return all;
}

std::string contents(std::filesystem::path const& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Returns how many files were run.
int replay(std::filesystem::path const& corpus, target run) {
    int count = 0;
    for (auto const& file : std::filesystem::directory_iterator(corpus)) {
        std::cout << file.path().string()
                  << std::endl; // flushed: the last line names the file of a crash
        run(exact_copy(contents(file)).view());
        ++count;
    }
    return count;
}

} // namespace

registration::registration(char const* name, target run) {
    targets().emplace(name, run);
}

} // namespace otpd::fuzz

int main(int count, char** arguments) {
    int total = 0;
    for (int i = 1; i < count; ++i) {
        std::filesystem::path const corpus(arguments[i]);
        auto const found = otpd::fuzz::targets().find(corpus.filename().string());
        int const files =
            found == otpd::fuzz::targets().end() ? 0 : otpd::fuzz::replay(corpus, found->second);
        if (files == 0) {
            std::cerr << corpus << ": no such target, or nothing to run\n";
            return EXIT_FAILURE;
        }
        total += files;
    }
    std::cout << total << " inputs\n";
    return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
