#pragma once

/// The library that the numbering plans came with. They are as old as it is.

#include <chrono>
#include <optional>
#include <string>

namespace otpd::app {

struct plan_library {
    std::string file; ///< its name: libphonenumber.so.8.12; empty: unknown
    std::optional<std::chrono::sys_days>
        dated; ///< of the file, which a package keeps as its maker left it
};
[[nodiscard]] plan_library library_of_plans();

} // namespace otpd::app
