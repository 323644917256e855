#pragma once

#include "contract/store_contract.hpp"
#include "driven_redis_store.hpp"
#include "redis_process.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

namespace otpd::test {

using namespace std::chrono_literals;

/// Long: what a slow machine needs. Tests of the deadline set their own.
inline store::redis_options redis_at(std::string const& url) {
    store::redis_options options;
    options.where = store::parse_location(url).value();
    options.timeout = hang_limit;
    return options;
}

/// One that everything is counted for: with a cooldown, counters, a watch and an idempotency key.
inline store::admission full_send_of(std::uint32_t phone, std::uint32_t code, std::uint32_t id) {
    auto request = send_of(phone, code, id);
    request.charges = {store::charge{subject(phone), "own", 1000, one_hour},
                       store::charge{subject(everybody), "all", 1'000'000, one_hour}};
    request.watches = {store::watch{subject(everybody), "unverified", 1'000'000}};
    request.once = store::idempotency_key{subject(everybody + 1 + id), subject(phone), one_day};
    return request;
}
inline store::settlement full_settlement_of(std::uint32_t phone, std::uint32_t id,
                                            store::send_result result) {
    auto const sent = full_send_of(phone, 0, id);
    auto request = settlement_of(phone, id, result);
    request.give_back = sent.charges;
    request.watched = {subject(everybody)};
    request.once = sent.once;
    request.reply = "the reply";
    if (result == store::send_result::accepted)
        request.accepted = store::receipt{3, "1", "BX-1", money::from_micros(12'000)};
    if (result == store::send_result::refused) request.back_off = 5s;
    return request;
}
/// Without an id, and paid for.
inline store::check full_guess_of(std::uint32_t phone, std::uint32_t code) {
    auto request = guess_of(phone, code);
    request.charges = {store::charge{subject(everybody), "guesses", 1'000'000, one_hour}};
    request.watched = {subject(everybody)};
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
