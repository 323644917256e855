#pragma once

/// The users of a country, who are sent codes at a constant rate, without history. A share of them
/// types the code after a log-normal delay with a median of 20 s.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

namespace otpd::test {

struct typing_load {
    double per_second = 2;
    double typed = 0.85; ///< 0 .. 1
    double seconds = 600;
    std::uint32_t prefixes = 500;
};

/// Calls `send(second, user, prefix)`, which returns false for a refused send, and `type(second,
/// user)`, in order of time. Returns the number of refused sends.
template <class Send, class Type>
std::uint32_t refused_of(typing_load const& load, Send send, Type type) {
    std::mt19937 random(7);
    std::lognormal_distribution<double> delay(std::log(20.0), 0.6);
    std::bernoulli_distribution types(load.typed);
    using typing = std::pair<double, std::uint32_t>;
    std::priority_queue<typing, std::vector<typing>, std::greater<>> typings;
    std::uint32_t refused = 0;
    auto const sends = static_cast<std::uint32_t>(load.seconds * load.per_second);
    for (std::uint32_t user = 0; user < sends; ++user) {
        auto const now = user / load.per_second;
        for (; !typings.empty() && typings.top().first <= now; typings.pop())
            type(typings.top().first, typings.top().second);
        auto const prefix = static_cast<std::uint32_t>(random() % load.prefixes);
        if (!send(now, user, prefix))
            ++refused;
        else if (types(random))
            typings.emplace(now + delay(random), user);
    }
    return refused;
}

} // namespace otpd::test
