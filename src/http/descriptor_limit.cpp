#include "descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace otpd::http {

std::size_t clip_to_descriptors(std::size_t wanted) noexcept {
    constexpr rlim_t reserved = 256;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    auto const left = limit.rlim_cur > reserved ? limit.rlim_cur - reserved : 1;
    return std::max<std::size_t>(1, std::min<std::size_t>(wanted, left));
}

} // namespace otpd::http
