#pragma once

/// Sends to a prefix or a country with a conversion guard.

#include "store_contract.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace otpd::test {

inline constexpr std::uint32_t prefix = everybody + 1;
inline constexpr std::uint32_t country = everybody + 2;

/// Both windows have the same length, so they make one rule.
inline store::conversion_guard guard_of(std::uint32_t place, std::uint32_t out_max) {
    return {subject(place), place == prefix ? "pumping_prefix" : "pumping_country", out_max,
            std::chrono::hours(1), false};
}

/// Makes sends, each to a number of its own.
class sender {
public:
    sender(contract& s, store::conversion_guard rule) : s_(s), rules_{std::move(rule)} {}
    sender(contract& s, std::vector<store::conversion_guard> rules)
        : s_(s), rules_(std::move(rules)) {}

    /// Leaves out the first numbers, which the test uses itself.
    void skip(std::uint32_t numbers) { last_ += numbers; }

    store::admission next() {
        ++last_;
        auto request = free_send_of(last_, 111, last_);
        request.ttl = 2 * one_hour;
        request.retention = 2 * one_hour;
        request.guards = rules_;
        return request;
    }
    /// Makes `count` sends that are admitted, and one that is refused.
    store::violation admits_only(std::uint32_t count) {
        for (std::uint32_t n = 0; n < count; ++n)
            s_.admitted(next());
        return s_.violation(next());
    }
    void send(std::uint32_t count) {
        for (std::uint32_t n = 0; n < count; ++n)
            s_.admitted(next());
    }
    /// Verifies one of the earlier sends: the last, or the one `back` before it.
    void verify(std::uint32_t back = 0) {
        auto guess = guess_of(last_ - back, 111);
        for (auto const& rule : rules_)
            guess.guarded.push_back(rule.key);
        s_.verified(guess);
    }
    /// Settles the last send as refused by the upstream.
    void settle_refused() {
        auto settlement = settlement_of(last_, last_, store::send_result::refused);
        for (auto const& rule : rules_)
            settlement.guarded.push_back(rule.key);
        s_.settle(settlement);
    }

private:
    contract& s_;
    std::vector<store::conversion_guard> rules_;
    std::uint32_t last_ = 0;
};

} // namespace otpd::test
