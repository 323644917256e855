#pragma once

/// The Lua scripts of this folder, each with what it shares with others before it. Redis and Valkey run a script as one
/// step, which is what makes admit, settle and check atomic over all instances.

#include <array>
#include <cstdint>
#include <string_view>

namespace otpd::store::redis {

enum class script : std::uint8_t { admit, settle, check, live, probe };

inline constexpr std::array all_scripts{script::admit, script::settle, script::check, script::live,
                                        script::probe};

[[nodiscard]] std::string_view source_of(script which) noexcept;

} // namespace otpd::store::redis
