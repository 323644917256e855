#pragma once

/// The store requests of a service in one hour of many: sends of one budget owner, with all limits
/// and budgets, each settled and verified. Few numbers take turns, since each one that was verified
/// is remembered; only the history differs between hours.

#include "otpd/store/admission.hpp"

#include <cstdint>
#include <string>

namespace otpd::test {

/// 33 days.
inline constexpr std::uint32_t hours_of_an_aged_store = 800;

class hourly_journey {
public:
    explicit hourly_journey(std::uint32_t hour) : hour_(hour) {}

    [[nodiscard]] store::admission admission() const {
        store::admission request;
        request.key = key();
        request.id = key_of(numbers + hour_);
        request.code = seed();
        request.ttl = minutes(5);
        request.retention = minutes(30);
        request.cooldown = {minutes(1), minutes(15), minutes(60)};
        request.rate_limit_checks = {rate_limit_check("all_1h", owner),
                                     rate_limit_check("client_1h", client)};
        for (auto const& budget : budgets())
            request.reservations.push_back({budget, 87'000, 87'000'000'000, minutes(25 * 60)});
        request.guards = {guard(prefix), guard(country)};
        request.guesses = {20, minutes(24 * 60)};
        request.idempotency = idempotency();
        return request;
    }
    [[nodiscard]] store::settlement settlement() const {
        store::settlement request;
        request.key = key();
        request.id = key_of(numbers + hour_);
        request.result = store::send_result::accepted;
        for (auto const& budget : budgets())
            request.adjustments.push_back({budget, -1000});
        request.accepted.emplace().route_id = 3;
        request.cooldown = minutes(1);
        request.idempotency = idempotency();
        request.reply = "{}";
        return request;
    }
    /// Returns a check with the right code.
    [[nodiscard]] store::check check() const {
        store::check request;
        request.key = key();
        request.is_code_of = [right = seed()](store::code_seed const& of) { return of == right; };
        request.attempts_max = 5;
        request.guesses = {20, minutes(24 * 60)};
        request.rate_limit_checks = {rate_limit_check("guesses_1h", owner)};
        request.guarded = {key_of(prefix), key_of(country)};
        return request;
    }

private:
    static constexpr std::uint32_t numbers = 0x0100'0000;
    static constexpr std::uint32_t numbers_count = 7; // no journey meets the one before
    static constexpr std::uint32_t requests = 0x0200'0000;
    static constexpr std::uint32_t owner = 0x0300'0000;
    static constexpr std::uint32_t client = owner + 1;
    static constexpr std::uint32_t prefix = owner + 2;
    static constexpr std::uint32_t country = owner + 3;

    static store::duration minutes(std::int64_t n) { return store::duration(n * 60'000); }
    static store::key_hash key_of(std::uint32_t n) {
        store::key_hash key{};
        for (std::size_t i = 0; i < 4; ++i)
            key[i] = key[12 + i] = static_cast<std::byte>(n >> (8 * i));
        return key;
    }
    static store::code_seed seed() {
        store::code_seed value;
        value.key_id = 1;
        value.length = 6;
        return value;
    }
    static store::rate_limit_check rate_limit_check(std::string name, std::uint32_t of) {
        return {key_of(of), std::move(name), 1000, minutes(60)};
    }
    static store::conversion_guard guard(std::uint32_t of) {
        store::conversion_guard rule;
        rule.key = key_of(of);
        rule.name = "pumping";
        rule.out_max = 10;
        return rule;
    }

    [[nodiscard]] store::record_key key() const {
        return {key_of(numbers + hour_ % numbers_count), "shop:login"};
    }
    /// The hour's ledger sum and a daily budget.
    [[nodiscard]] std::vector<store::budget_key> budgets() const {
        return {{key_of(owner), "ledger", "hour-" + std::to_string(1000 + hour_)},
                {key_of(owner), "daily", "day-" + std::to_string(100 + hour_ / 24)}};
    }
    [[nodiscard]] store::idempotency_key idempotency() const {
        return {key_of(requests + hour_), {}, minutes(24 * 60)};
    }

    std::uint32_t hour_;
};

} // namespace otpd::test
