#pragma once

/// How many connections the process has descriptors for.

#include <cstddef>

namespace otpd::http {

/// `wanted`, or what RLIMIT_NOFILE leaves after 256 for files, the store and the upstream. At
/// least 1.
[[nodiscard]] std::size_t clip_to_descriptors(std::size_t wanted) noexcept;

} // namespace otpd::http
