#include "otpd/net/circuit_breaker.hpp"

#include <algorithm>

namespace otpd::net {

using std::chrono::milliseconds;

std::optional<milliseconds> circuit_breaker::refusal(steady_time now) const noexcept {
    if (!open_) return std::nullopt;
    auto const left = std::chrono::ceil<milliseconds>(open_until_ - now);
    if (left > milliseconds::zero()) return left;
    // The duration of the probe is unknown. No other caller may have to wait longer than for a new
    // try.
    if (probing_) return options_.open_min;
    return std::nullopt;
}

circuit_breaker::entry circuit_breaker::enter() noexcept {
    probing_ = open_;
    return {.probe = open_, .era = era_};
}

bool circuit_breaker::succeeded(entry const& entry) noexcept {
    if (entry.era != era_) return false;
    failures_ = 0;
    if (!entry.probe) return false;
    probing_ = false;
    if (++answers_ < options_.probes_to_close) return false;
    open_ = false;
    reopened_ = 0;
    ++era_;
    return true;
}

std::optional<milliseconds> circuit_breaker::failed(entry const& entry, steady_time now,
                                                    std::optional<milliseconds> retry_after) {
    if (entry.era != era_) return std::nullopt;
    auto const asked = retry_after.value_or(milliseconds::zero());
    if (!entry.probe && asked <= milliseconds::zero() && ++failures_ < options_.failures_to_open)
        return std::nullopt;
    if (entry.probe) ++reopened_;
    auto const time = time_to_stay_open(asked);
    open_ = true;
    probing_ = false;
    failures_ = 0;
    answers_ = 0;
    ++era_;
    open_until_ = now + time;
    return time;
}

void circuit_breaker::abandoned(entry const& entry) noexcept {
    if (entry.era == era_ && entry.probe) probing_ = false;
}

milliseconds circuit_breaker::time_to_stay_open(milliseconds asked) {
    auto const longest = std::max(options_.open_max, options_.open_longest);
    if (reopened_ == 0 && asked > milliseconds::zero()) return std::min(asked, longest);
    auto const spread = std::max(milliseconds::zero(), options_.open_max - options_.open_min);
    auto const part = random_.below(static_cast<std::uint64_t>(spread.count()) + 1);
    auto time = options_.open_min + milliseconds(static_cast<std::int64_t>(part));
    for (unsigned i = 0; i < reopened_ && time < options_.open_longest; ++i)
        time *= 2;
    return std::min(std::max(time, asked), longest);
}

} // namespace otpd::net
