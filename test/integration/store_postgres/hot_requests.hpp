#pragma once

/// Requests of different numbers that use the same shared keys.

#include "otpd/store/store.hpp"

namespace otpd::test {

inline store::key_hash hot_key() {
    store::key_hash key{};
    key.fill(std::byte{0xff});
    return key;
}
inline store::budget_key hot_budget() {
    return store::budget_key{hot_key(), "daily", "2026-11-03"};
}

/// A send for number and id `n`, limited globally to `quota` a day and paid from one budget.
inline store::admission hot_send(std::uint32_t n, std::uint64_t quota = 100'000'000) {
    using namespace std::chrono_literals;
    store::admission request;
    for (std::size_t i = 0; i < 4; ++i) {
        auto const byte = static_cast<std::byte>(n >> (8 * i));
        request.key.number[i] = request.key.number[12 + i] = byte;
        request.id[i] = byte;
        request.code.nonce[i] = byte;
    }
    request.key.scope = "login";
    request.code.key_id = 1;
    request.code.length = 6;
    request.ttl = 60s;
    request.retention = 600s;
    request.guesses = store::guess_budget{20, 24h};
    request.rate_limit_checks = {store::rate_limit_check{hot_key(), "all", quota, 24h}};
    request.guards = {store::conversion_guard{hot_key(), "unverified", 1'000'000}};
    request.reservations = {store::reservation{hot_budget(), 1, 1'000'000'000'000, 24h}};
    return request;
}

} // namespace otpd::test
