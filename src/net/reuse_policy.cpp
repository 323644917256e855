#include "reuse_policy.hpp"

#include <algorithm>

namespace otpd::net {

void reuse_policy::end_trial(bool can_be_reused) noexcept {
    trusted_ = can_be_reused && trial_ == trial::counts;
    trial_ = trial::none;
}

void reuse_policy::lose_trust() noexcept {
    if (always_trusts()) return;
    trusted_ = false;
    if (trial_ == trial::counts) trial_ = trial::is_void;
}

std::optional<reuse_policy::milliseconds> reuse_policy::lose_request(steady_time now) noexcept {
    if (always_trusts()) return std::nullopt;
    lose_trust();
    // The request was in flight when the previous one was lost.
    if (now < fresh_until_) return std::nullopt;
    constexpr int growth = 4;
    bool const again = now - fresh_until_ < options_.fresh_max;
    fresh_for_ = again ? std::clamp(fresh_for_ * growth, options_.fresh_min, options_.fresh_max)
                       : options_.fresh_min;
    fresh_until_ = now + fresh_for_;
    return fresh_for_;
}

void reuse_policy::on_idle_closed(milliseconds lasted, steady_time now) noexcept {
    if (always_trusts()) return;
    if (lasted < options_.probation) {
        lose_trust();
        return;
    }
    idle_learned_ = std::min(idle_max(now), std::max(options_.probation, lasted / 2));
    idle_learned_until_ = now + options_.fresh_max;
}

} // namespace otpd::net
