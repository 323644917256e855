#pragma once

/// Sends to a prefix or a country whose share of verified codes is watched.

#include "store_contract.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace otpd::test {

inline constexpr std::uint32_t prefix = everybody + 1;
inline constexpr std::uint32_t country = everybody + 2;

inline store::watch with_floor(std::uint32_t floor, std::uint32_t percent = 0,
                               std::uint32_t of = prefix) {
    store::watch rule;
    rule.subject = subject(of);
    rule.name = of == prefix ? "pumping_prefix" : "pumping_country";
    rule.floor = floor;
    rule.percent = percent;
    return rule;
}

/// Trips when of four sent in an hour fewer than half were verified.
inline store::watch with_breaker(store::duration block) {
    auto rule = with_floor(1000);
    rule.breaker_sent = 4;
    rule.breaker_percent = 50;
    rule.block = block;
    return rule;
}

/// Sends, each to a number of its own.
class sender {
public:
    sender(contract& s, store::watch rule) : s_(s), rules_{std::move(rule)} {}
    sender(contract& s, std::vector<store::watch> rules) : s_(s), rules_(std::move(rules)) {}

    store::admission next() {
        ++last_;
        auto request = free_send_of(last_, 111, last_);
        request.ttl = 2 * one_hour;
        request.keep = 2 * one_hour;
        request.watches = rules_;
        return request;
    }
    /// `count` sends that are admitted, and one that is not.
    store::violation admits_only(std::uint32_t count) {
        for (std::uint32_t n = 0; n < count; ++n)
            s_.admitted(next());
        return s_.violation(next());
    }
    void send(std::uint32_t count) {
        for (std::uint32_t n = 0; n < count; ++n)
            s_.admitted(next());
    }
    /// Sends that are admitted whatever the rules say, and counted.
    void send_observed(std::uint32_t count) {
        for (std::uint32_t n = 0; n < count; ++n) {
            auto request = next();
            for (auto& rule : request.watches)
                rule.observed = true;
            s_.admitted(request);
        }
    }
    /// One is refused until `expected` from now, give or take the time that a test takes; not a minute
    /// before it is over is another admitted, and then one is.
    void admits_in(store::duration expected) {
        constexpr store::duration minute{60'000};
        auto const told = s_.violation(next()).retry_after;
        BOOST_TEST((told <= expected && told > expected - minute));
        s_.advance(told - minute);
        s_.violation(next());
        s_.advance(minute);
        s_.admitted(next());
    }
    /// Of the sends before, the last but `back`.
    void verify(std::uint32_t back = 0) {
        auto guess = guess_of(last_ - back, 111);
        for (auto const& rule : rules_)
            guess.watched.push_back(rule.subject);
        s_.verified(guess);
    }
    void send_and_verify(std::uint32_t count) {
        for (std::uint32_t n = 0; n < count; ++n) {
            send(1);
            verify();
        }
    }
    /// What the upstream said of the last.
    void settle_refused() {
        auto settlement = settlement_of(last_, last_, store::send_result::refused);
        for (auto const& rule : rules_)
            settlement.watched.push_back(rule.subject);
        s_.settle(settlement);
    }

private:
    contract& s_;
    std::vector<store::watch> rules_;
    std::uint32_t last_ = 0;
};

} // namespace otpd::test
