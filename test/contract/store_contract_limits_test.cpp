// Single limits, and the cooldown of a scope.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

admission charged_send(rate_limit_check const& price, std::uint32_t id = 1) {
    auto request = free_send_of(1, 111, id);
    request.rate_limit_checks = {price};
    return request;
}

/// 10, 20, 40, 40, ... seconds, until nothing was sent for 1000 s.
cooldown_rule doubling() {
    return cooldown_rule{10 * one_second, 40 * one_second, 1000 * one_second};
}

admission doubling_send(std::uint32_t id, std::string scope = "login") {
    auto request = send_of(1, 111, id, std::move(scope));
    request.cooldown = doubling();
    return request;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_limits)

STORE_TEST(a_limit_regains_its_quota_evenly) {
    contract s;
    rate_limit_check const price{subject(everybody), "c", 4, 40 * one_second};
    for (std::uint32_t n = 0; n < 4; ++n)
        s.admitted(charged_send(price, n));
    auto const answer = s.violation(charged_send(price, 9));
    BOOST_TEST(answer.counter == "c");
    BOOST_TEST((answer.retry_after > duration(0) && answer.retry_after <= 10 * one_second));
    s.advance(11 * one_second);
    s.admitted(charged_send(price, 10));
    s.expect<refused>(s.admit(charged_send(price, 11)));
}

// An amount counts as that many uses. One that exceeds the quota is always refused.
STORE_TEST(a_rate_limit_check_takes_its_amount) {
    contract s;
    std::uint32_t id = 0;
    auto spend = [&](std::uint64_t amount) {
        rate_limit_check const price{subject(everybody), "money", 100, 1000 * one_second, amount};
        return s.admit(charged_send(price, ++id));
    };
    s.expect<refused>(spend(101));
    s.expect<admitted>(spend(60));
    s.expect<refused>(spend(41));
    s.expect<admitted>(spend(40));
    s.expect<refused>(spend(1));
    s.advance(11 * one_second); // 1% of the window, and a second
    s.expect<admitted>(spend(1));
    s.expect<refused>(spend(40));
}

// A day in microseconds times money in millionths.
STORE_TEST(large_amounts_are_counted_exactly) {
    contract s;
    constexpr std::uint64_t quota = 1'000'000'000'000; // a million, in millionths
    std::uint32_t id = 0;
    auto spend = [&](std::uint64_t amount) {
        return s.admit(charged_send({subject(everybody), "money", quota, one_day, amount}, ++id));
    };
    s.expect<admitted>(spend(quota - 1'000'000));
    s.expect<refused>(spend(100'000'000)); // 8.6 seconds more than is available
    s.expect<admitted>(spend(1'000'000));
    s.expect<refused>(spend(100'000'000));
}

STORE_TEST(a_rate_limit_check_that_was_refunded_can_be_used_again) {
    contract s;
    rate_limit_check const price{subject(everybody), "c", 2, one_day};
    s.admitted(charged_send(price, 2));
    s.admitted(charged_send(price, 1));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.refund = {price};
    BOOST_TEST((s.settle(settlement) == settle_outcome::settled));
    s.admitted(charged_send(price, 3));
    s.expect<refused>(s.admit(charged_send(price, 4)));
}

// --- the cooldown -------------------------------------------------------------------------------

STORE_TEST(a_cooldown_is_its_scope_s_and_ends_by_itself) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    s.admitted(send_of(2, 111, 3));
    s.advance(cooldown_window - 3 * one_second);
    BOOST_TEST((s.violation(send_of(1, 222, 4)).retry_after <= 3 * one_second));
    s.advance(4 * one_second);
    s.admitted(send_of(1, 222, 5));
}

STORE_TEST(without_a_base_there_is_no_cooldown) {
    contract s;
    BOOST_TEST((s.admitted(free_send_of(1, 111, 1)).cooldown == duration(0)));
    s.admitted(free_send_of(1, 111, 2));
    s.admitted(send_of(1, 111, 3));
    s.admitted(free_send_of(1, 111, 4)); // a send without a cooldown ignores the pauses of others
}

STORE_TEST(another_scope_of_the_number_waits_five_seconds) {
    contract s;
    auto first = send_of(1, 111, 1);
    first.cooldown = {60 * one_second, 60 * one_second, {}};
    s.admitted(first);
    auto other = send_of(1, 222, 2, "payment");
    other.cooldown = first.cooldown;
    BOOST_TEST((s.violation(other).retry_after <= 5 * one_second));
    s.advance(6 * one_second);
    s.admitted(other);
    first.id = id_of(3);
    BOOST_TEST((s.violation(first).retry_after > 40 * one_second));
}

STORE_TEST(a_cooldown_is_over_when_the_code_was_verified) {
    contract s;
    s.admitted(doubling_send(1));
    s.advance(11 * one_second);
    s.admitted(doubling_send(2));
    s.verified(guess_of(1, 111));
    BOOST_TEST((s.admitted(doubling_send(3)).cooldown == 10 * one_second));
}

STORE_TEST(a_cooldown_is_over_when_its_message_did_not_arrive) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    BOOST_TEST((s.settle(settlement_of(1, 1, send_result::accepted)) == settle_outcome::settled));
    delivery_update update;
    update.address = address_of(1, 1);
    update.message = delivery::failed;
    BOOST_TEST((s.update(update) == update_outcome::updated));
    s.admitted(send_of(1, 111, 2));
}

STORE_TEST(a_cooldown_outlives_exhaustion_cancellation_and_expiry_of_the_code) {
    contract s;
    s.admitted(send_of(2, 111, 3));
    for (std::uint32_t i = 0; i <= attempts_max; ++i)
        s.check(guess_of(2, 222));
    s.expect<refused>(s.admit(send_of(2, 111, 4)));

    s.admitted(send_of(3, 111, 5));
    s.cancel(3, 5);
    s.expect<refused>(s.admit(send_of(3, 111, 6)));

    auto brief = send_of(4, 111, 7);
    brief.ttl = one_second;
    s.admitted(brief);
    s.advance(3 * one_second);
    s.expect<absent>(s.check(guess_of(4, 111)));
    s.expect<refused>(s.admit(send_of(4, 111, 8)));
}

STORE_TEST(a_cooldown_doubles_with_each_send_up_to_the_longest) {
    contract s;
    std::uint32_t id = 0;
    for (int const pause : {10, 20, 40, 40}) {
        BOOST_TEST((s.admitted(doubling_send(++id)).cooldown == pause * one_second));
        s.advance((pause - 3) * one_second);
        BOOST_TEST((s.violation(doubling_send(99)).retry_after <= 3 * one_second));
        s.advance(4 * one_second);
    }
}

STORE_TEST(a_cooldown_begins_anew_when_nothing_was_sent_for_its_memory) {
    contract s;
    s.admitted(doubling_send(1));
    s.advance(990 * one_second);
    BOOST_TEST((s.admitted(doubling_send(2)).cooldown == 20 * one_second));
    s.advance(1010 * one_second);
    BOOST_TEST((s.admitted(doubling_send(3)).cooldown == 10 * one_second));
}

// Without a memory, the pause itself is remembered, so it cannot be forgotten before it ends.
STORE_TEST(a_memory_is_never_shorter_than_the_pause) {
    contract s;
    auto request = doubling_send(1);
    request.cooldown.memory = one_second;
    s.admitted(request);
    s.advance(8 * one_second);
    s.expect<refused>(s.admit(request));
    s.advance(3 * one_second);
    request.id = id_of(2);
    BOOST_TEST((s.admitted(request).cooldown == 10 * one_second));
}

STORE_TEST(a_refused_send_takes_its_pause_and_its_doubling_back) {
    contract s;
    s.admitted(doubling_send(1));
    s.advance(11 * one_second);
    s.admitted(doubling_send(2));
    auto settlement = settlement_of(1, 2, send_result::refused);
    settlement.cooldown = 20 * one_second;
    s.settle(settlement);
    BOOST_TEST((s.admitted(doubling_send(3)).cooldown == 20 * one_second));
}

STORE_TEST(a_late_refusal_leaves_the_pause_of_a_later_send) {
    contract s;
    s.admitted(doubling_send(1));
    s.advance(11 * one_second);
    s.admitted(doubling_send(2));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.back_off = 3 * one_second;
    BOOST_TEST((s.settle(settlement) == settle_outcome::settled));
    BOOST_TEST((s.violation(doubling_send(3)).retry_after > 10 * one_second));
    s.advance(21 * one_second);
    // The second consecutive send.
    BOOST_TEST((s.admitted(doubling_send(4)).cooldown == 20 * one_second));
}

STORE_TEST(a_refused_first_send_leaves_no_streak) {
    contract s;
    s.admitted(doubling_send(1));
    s.settle(settlement_of(1, 1, send_result::refused));
    BOOST_TEST((s.admitted(doubling_send(2)).cooldown == 10 * one_second));
}

STORE_TEST(a_refused_send_leaves_a_back_off) {
    contract s;
    s.admitted(doubling_send(1));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.back_off = 3 * one_second;
    s.settle(settlement);
    auto const answer = s.violation(doubling_send(2));
    BOOST_TEST(answer.counter == cooldown_counter);
    BOOST_TEST((answer.retry_after <= 3 * one_second));
    s.advance(4 * one_second);
    BOOST_TEST((s.admitted(doubling_send(3)).cooldown == 10 * one_second));
}

// Without a cooldown, a refusal leaves no pause either.
STORE_TEST(a_refused_send_without_a_cooldown_leaves_no_pause) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.cooldown = {};
    settlement.back_off = 30 * one_second;
    BOOST_TEST((s.settle(settlement) == settle_outcome::settled));
    s.admitted(send_of(1, 111, 2));
}

BOOST_AUTO_TEST_SUITE_END()
