#pragma once

/// How often a test repeats what must always succeed: all rounds in script/torture, few in
/// script/test.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace otpd::test {

#ifdef OTPD_SANITIZED
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

inline bool runs_all_rounds() {
    char const* const wanted = std::getenv("OTPD_TORTURE_ROUNDS");
    return wanted != nullptr && std::string_view(wanted) == "all";
}
/// Sanitizers make a start many times slower, so they get half of `few`.
inline std::size_t rounds(std::size_t all, std::size_t few) {
    if (runs_all_rounds()) return all;
    return is_sanitized ? std::max<std::size_t>(1, few / 2) : few;
}

} // namespace otpd::test
