#include "circuit_breaker.hpp"

#include <algorithm>

namespace otpd::net {

std::optional<std::chrono::milliseconds> circuit_breaker::refusal(steady_time now) noexcept {
    if (!open_) return std::nullopt;
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(open_until_ - now);
    if (left > std::chrono::milliseconds::zero()) return left;
    // How long the probe takes is not known; nobody else may have to wait longer than for a new
    // try.
    if (probing_) return options_.open_min;
    probing_ = true;
    return std::nullopt;
}

void circuit_breaker::succeeded() noexcept {
    failures_ = 0;
    open_ = false;
    probing_ = false;
}

void circuit_breaker::failed(steady_time now) {
    failures_ = std::min(failures_ + 1, options_.failures_to_open);
    probing_ = false;
    if (failures_ < options_.failures_to_open) return;
    // Attempts that began before the circuit opened still report: they do not prolong it.
    if (open_ && now < open_until_) return;
    open_ = true;
    auto const spread = static_cast<std::uint64_t>((options_.open_max - options_.open_min).count());
    open_until_ = now + options_.open_min +
                  std::chrono::milliseconds(static_cast<std::int64_t>(random_.below(spread + 1)));
}

} // namespace otpd::net
