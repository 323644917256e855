#pragma once

/// What a process holds and has used, according to /proc.

#include "support/otpd_process.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>

namespace otpd::test {

inline std::string proc(pid_t of, char const* file) {
    return "/proc/" + std::to_string(of) + '/' + file;
}

/// From the process's own metrics, including the descriptor of this request: /proc shows them only
/// to root, because the process is not dumpable.
inline std::size_t open_descriptors(otpd_process const& of) {
    std::string const name = "\nprocess_open_fds ";
    auto const text = of.metrics();
    return static_cast<std::size_t>(std::stod(text.substr(text.find(name) + name.size())));
}

inline std::size_t resident_bytes(pid_t of) {
    std::ifstream in(proc(of, "statm"));
    std::size_t total = 0, resident = 0;
    in >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// The processor time of all threads, in the kernel and in user space.
inline std::chrono::milliseconds processor_time(pid_t of) {
    std::ifstream in(proc(of, "stat"));
    std::string line;
    std::getline(in, line);
    std::istringstream fields(line.substr(line.rfind(')') + 1)); // the name may contain anything
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds(1000 * (user + system) / ::sysconf(_SC_CLK_TCK));
}

} // namespace otpd::test
