#pragma once

/// Limits the number of connections to the file descriptors of the process.

#include <cstddef>

namespace otpd::http {

/// Returns `wanted`, or RLIMIT_NOFILE minus 256 if that is less. The 256 are for files, the store
/// and the upstream. Returns at least 1.
[[nodiscard]] std::size_t clip_to_descriptors(std::size_t wanted) noexcept;

} // namespace otpd::http
