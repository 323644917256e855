#pragma once

/// What a process holds and has used, as /proc says.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace otpd::test {

inline std::string proc(pid_t of, char const* file) {
    return "/proc/" + std::to_string(of) + '/' + file;
}

inline std::size_t open_descriptors(pid_t of) {
    auto const all = std::filesystem::directory_iterator(proc(of, "fd"));
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

inline std::size_t resident_bytes(pid_t of) {
    std::ifstream in(proc(of, "statm"));
    std::size_t total = 0, resident = 0;
    in >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Of the processor, by all threads, in the kernel and outside.
inline std::chrono::milliseconds processor_time(pid_t of) {
    std::ifstream in(proc(of, "stat"));
    std::string line;
    std::getline(in, line);
    std::istringstream fields(line.substr(line.rfind(')') + 1)); // the name may hold anything
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds(1000 * (user + system) / ::sysconf(_SC_CLK_TCK));
}

} // namespace otpd::test
