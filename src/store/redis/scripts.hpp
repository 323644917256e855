#pragma once

/// The Lua scripts of this folder, each with what it shares with others before it. Redis and Valkey run a script as one
/// step, which is what makes every step of the store atomic over all instances.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::redis {

enum class script : std::uint8_t {
    admit,
    settle,
    rebook,
    update,
    check,
    find,
    cancel,
    spent,
    live,
    probe
};

inline constexpr std::array all_scripts{
    script::admit, script::settle, script::rebook, script::update, script::check,
    script::find,  script::cancel, script::spent,  script::live,   script::probe};

/// Keys or arguments of a script, or what it answers.
using fields = std::vector<std::string>;

[[nodiscard]] std::string_view source_of(script which) noexcept;

} // namespace otpd::store::redis
