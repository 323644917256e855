#pragma once

#include "contract/store_contract.hpp"
#include "driven_redis_backend.hpp"
#include "redis_process.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

namespace otpd::test {

using namespace std::chrono_literals;

/// The timeout suits a slow machine. Tests of the deadline set their own.
inline store::redis_options redis_at(std::string const& url) {
    store::redis_options options;
    options.where = store::parse_location(url).value();
    options.timeout = hang_limit;
    return options;
}
/// For tests that cut connections to a reachable server.
inline store::redis_options patient_redis_at(std::string const& url) {
    auto options = redis_at(url);
    options.reconnect_patience = hang_limit;
    return options;
}

inline store::budget_key daily_budget() {
    return store::budget_key{subject(everybody), "daily", "2026-11-03"};
}

/// A send with everything that is counted: a cooldown, limits, a guard, a budget and an idempotency
/// key.
inline store::admission full_send_of(std::uint32_t phone, std::uint32_t code, std::uint32_t id) {
    auto request = send_of(phone, code, id);
    request.rate_limit_checks = {
        store::rate_limit_check{subject(phone), "own", 1000, one_hour},
        store::rate_limit_check{subject(everybody), "all", 1'000'000, one_hour}};
    request.guards = {store::conversion_guard{subject(everybody), "unverified", 1'000'000}};
    request.reservations = {store::reservation{daily_budget(), 87'000, 1'000'000'000'000, one_day}};
    request.idempotency =
        store::idempotency_key{subject(everybody + 1 + id), subject(phone), one_day};
    request.details = "route=3";
    return request;
}
inline store::settlement full_settlement_of(std::uint32_t phone, std::uint32_t id,
                                            store::send_result result) {
    auto const sent = full_send_of(phone, 0, id);
    auto request = settlement_of(phone, id, result);
    request.refund = sent.rate_limit_checks;
    request.guarded = {subject(everybody)};
    request.idempotency = sent.idempotency;
    request.reply = "the reply";
    request.adjustments = {store::adjustment{daily_budget(), -13'000}};
    request.notes = {store::note{store::event_type::step, 10ms, "route=5"}};
    if (result == store::send_result::accepted)
        request.accepted = store::receipt{3, "1", "BX-1", money::from_micros(12'000)};
    if (result == store::send_result::refused) request.back_off = 5s;
    return request;
}
inline store::delivery_update full_update_of(std::uint32_t phone, std::uint32_t id) {
    store::delivery_update request;
    request.address = address_of(phone, id);
    request.message = store::delivery::delivered;
    request.sent = store::receipt{5, "2", "BX-2", std::nullopt};
    request.details = "dlr=DELIVRD";
    request.adjustments = {store::adjustment{daily_budget(), 1000}};
    return request;
}
/// A guess without an id, which counts towards limits.
inline store::check full_guess_of(std::uint32_t phone, std::uint32_t code) {
    auto request = guess_of(phone, code);
    request.rate_limit_checks = {
        store::rate_limit_check{subject(everybody), "guesses", 1'000'000, one_hour}};
    request.guarded = {subject(everybody)};
    return request;
}

template <class Outcome, class Variant>
bool is(store::result<Variant> const& answer) {
    return answer.has_value() && std::holds_alternative<Outcome>(*answer);
}

template <class Variant>
bool is_fault(store::result<Variant> const& answer, store::fault what) {
    return answer.has_error() && answer.error() == what;
}

} // namespace otpd::test
