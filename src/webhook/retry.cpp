#include "retry.hpp"

#include <algorithm>
#include <array>

namespace otpd::webhook {

namespace {

using namespace std::chrono_literals;

constexpr std::array<std::chrono::milliseconds, 7> pauses{5s, 30s, 2min, 10min, 30min, 2h, 6h};
static_assert(pauses.back() == longest_pause);

/// Returns 80 % to 120 % of `pause`.
std::chrono::milliseconds jittered(std::chrono::milliseconds pause, random_source& random) {
    constexpr int fifth = 5;
    auto const part = pause / fifth;
    auto const more = random.below(static_cast<std::uint64_t>(2 * part.count() + 1));
    return pause - part + std::chrono::milliseconds(more);
}

} // namespace

std::optional<std::chrono::milliseconds>
pause_after(unsigned tries, retry_policy policy, std::optional<std::chrono::seconds> retry_after,
            random_source& random) {
    if (tries == 0 || tries > pauses.size()) return std::nullopt;
    auto const pause = jittered(pauses.at(tries - 1), random) / std::max(1U, policy.hurry);
    return std::max<std::chrono::milliseconds>(pause,
                                               retry_after.value_or(std::chrono::seconds(0)));
}

} // namespace otpd::webhook
