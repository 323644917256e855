#pragma once

/// The library that contains the numbering plans. They are as old as the library.

#include <chrono>
#include <optional>
#include <string>

namespace otpd::app {

struct plan_library {
    std::string file; ///< its file name: libphonenumber.so.8.12; empty: unknown
    std::optional<std::chrono::sys_days>
        dated; ///< of the file; packages keep the date of the upstream file
};
[[nodiscard]] plan_library library_of_plans();

} // namespace otpd::app
