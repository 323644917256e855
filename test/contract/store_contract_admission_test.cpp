// A send passes every limit of all its keys together, or changes nothing. Each scope has at most
// one send in flight.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr duration long_window = one_day;

rate_limit_check counted(std::uint32_t of, std::string counter, std::uint64_t quota) {
    return rate_limit_check{subject(of), std::move(counter), quota, long_window};
}

admission send_with(std::uint32_t phone, std::uint32_t id,
                    std::vector<rate_limit_check> rate_limit_checks) {
    auto request = free_send_of(phone, 111, id);
    request.rate_limit_checks = std::move(rate_limit_checks);
    return request;
}

admission leased_send(std::uint32_t phone, std::uint32_t code, std::uint32_t id) {
    auto request = free_send_of(phone, code, id);
    request.lease = lease;
    return request;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_admission)

// --- several subjects ---------------------------------------------------------------------------

STORE_TEST(a_limit_counts_by_its_own_key) {
    contract s;
    s.admitted(send_with(1, 1, {counted(one_client, "n", 1)}));
    s.admitted(send_with(1, 2, {counted(one_client + 1, "n", 1)}));
    s.admitted(send_with(1, 3, {counted(one_client, "m", 1)}));
    s.expect<refused>(s.admit(send_with(2, 4, {counted(one_client, "n", 1)})));
}

STORE_TEST(a_limit_may_belong_to_the_number) {
    contract s;
    s.admitted(send_with(1, 1, {counted(1, "n", 1)}));
    s.expect<refused>(s.admit(send_with(1, 2, {counted(1, "n", 1)})));
    s.admitted(send_with(2, 3, {counted(2, "n", 1)}));
    s.verified(guess_of(1, 111));
}

// If one limit refuses a send, no other limit counts it, whatever its key is.
STORE_TEST(limits_are_counted_together_or_not_at_all) {
    contract s;
    auto const narrow = counted(one_client, "narrow", 1);
    auto const wide = counted(everybody, "wide", 3);
    s.admitted(send_with(1, 1, {narrow, wide}));
    for (std::uint32_t n = 2; n < 7; ++n)
        s.expect<refused>(s.admit(send_with(n, n, {narrow, wide})));
    s.admitted(send_with(2, 10, {wide}));
    s.admitted(send_with(3, 11, {wide}));
    s.expect<refused>(s.admit(send_with(4, 12, {wide})));
}

STORE_TEST(every_violation_is_named_in_order) {
    contract s;
    auto request = send_of(1, 111, 1);
    request.rate_limit_checks = {counted(one_client, "first", 1), counted(everybody, "idle", 9),
                                 counted(1, "last", 1)};
    request.guesses.quota = 1;
    s.admitted(request);
    auto guess = guess_of(1, 999);
    guess.guesses.quota = 1;
    s.wrong(guess);
    request.id = id_of(2);
    auto const answer = s.expect<refused>(s.admit(request));
    std::vector<std::string> names;
    for (auto const& violation : answer.violations) {
        names.push_back(violation.counter);
        BOOST_TEST((violation.retry_after > duration(0)));
    }
    std::vector<std::string> const expected{cooldown_counter, "first", "last", guesses_counter};
    BOOST_TEST(names == expected, boost::test_tools::per_element());
}

STORE_TEST(a_refused_admission_changes_nothing) {
    contract s;
    s.admitted(send_of(1, 111, 1));
    auto second = send_of(1, 222, 2);
    second.rate_limit_checks = {counted(everybody, "n", 1)};
    auto const answer = s.violation(second);
    BOOST_TEST(answer.counter == cooldown_counter);
    BOOST_TEST((answer.retry_after > duration(0) && answer.retry_after <= cooldown_window));
    s.expect<refused>(s.admit(send_of(1, 222, 3)));
    BOOST_TEST(s.live_codes() == 1U);
    BOOST_TEST(!s.find(1, 2).has_value());
    s.admitted(send_with(2, 4, {counted(everybody, "n", 1)})); // not counted before
    s.verified(guess_of(1, 111));                              // still the first code
    s.advance(cooldown_window + one_second);                   // not prolonged by the refusals
    s.admitted(send_of(1, 333, 5));
}

// An admission returns the limits that counted it, and when each is whole again.
STORE_TEST(an_admission_says_how_long_its_limits_are_busy) {
    contract s;
    auto request = send_of(1, 111, 1);
    request.rate_limit_checks = {counted(one_client, "a", 2), counted(everybody, "b", 4)};
    auto const first = s.admitted(request);
    BOOST_TEST((first.cooldown == cooldown_window));
    BOOST_REQUIRE(first.resets_in.size() == 2U);
    BOOST_TEST((first.resets_in[0] == long_window / 2));
    BOOST_TEST((first.resets_in[1] == long_window / 4));
    auto const second = s.admitted(send_with(2, 2, {counted(everybody, "b", 4)}));
    BOOST_TEST((second.cooldown == duration(0)));
    BOOST_TEST((second.resets_in[0] > long_window / 4 && second.resets_in[0] <= long_window / 2));
    BOOST_TEST(second.observed.empty());
}

// A refused settlement takes back the counts of all keys.
STORE_TEST(what_was_counted_is_refunded) {
    contract s;
    auto const own = counted(1, "own", 1);
    auto const shared = counted(everybody, "shared", 2);
    s.admitted(send_with(2, 2, {shared}));
    s.admitted(send_with(1, 1, {own, shared}));
    s.expect<refused>(s.admit(send_with(3, 3, {shared})));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.cooldown = {};
    settlement.refund = {own, shared};
    BOOST_TEST((s.settle(settlement) == settle_outcome::settled));
    s.admitted(send_with(1, 4, {own, shared}));
    s.expect<refused>(s.admit(send_with(3, 5, {shared})));
}

// The refund of the other keys' counts and the number's own state must not interfere.
STORE_TEST(a_superseded_refusal_gives_nothing_back) {
    contract s;
    auto const shared = counted(everybody, "shared", 1);
    s.admitted(send_with(1, 1, {shared}));
    s.verified(guess_of(1, 111));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.refund = {shared};
    BOOST_TEST((s.settle(settlement) == settle_outcome::superseded));
    s.expect<refused>(s.admit(send_with(2, 2, {shared})));
}

STORE_TEST(giving_back_never_makes_more_than_there_was) {
    contract s;
    auto const shared = counted(everybody, "shared", 2);
    s.admitted(send_with(1, 1, {}));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.refund = {shared};
    s.settle(settlement);
    s.admitted(send_with(2, 2, {shared}));
    s.admitted(send_with(3, 3, {shared}));
    s.expect<refused>(s.admit(send_with(4, 4, {shared})));
}

// --- observed counters --------------------------------------------------------------------------

STORE_TEST(an_observed_limit_refuses_nothing_and_is_reported) {
    contract s;
    auto observed = counted(everybody, "seen", 1);
    observed.observed = true;
    auto const other = counted(one_client, "other", 9);
    BOOST_TEST(s.admitted(send_with(1, 1, {observed, other})).observed.empty());
    auto const answer = s.admitted(send_with(2, 2, {observed, other}));
    BOOST_REQUIRE(answer.observed.size() == 1U);
    BOOST_TEST(answer.observed[0].counter == "seen");
    BOOST_TEST((answer.observed[0].retry_after > duration(0)));
    BOOST_TEST((answer.observed[0].retry_after <= long_window));
    // what it would have refused it did not count; the other limit did
    BOOST_TEST((answer.resets_in[0] == counter_time(0)));
    BOOST_TEST((answer.resets_in[1] > counter_time(0)));
    s.advance(long_window + one_second);
    BOOST_TEST(s.admitted(send_with(3, 3, {observed})).observed.empty());
}

STORE_TEST(a_refusal_reports_observed_limits_too) {
    contract s;
    auto observed = counted(everybody, "seen", 1);
    observed.observed = true;
    auto const enforced = counted(one_client, "held", 1);
    s.admitted(send_with(1, 1, {observed, enforced}));
    auto const answer = s.expect<refused>(s.admit(send_with(2, 2, {observed, enforced})));
    BOOST_REQUIRE(answer.violations.size() == 1U);
    BOOST_TEST(answer.violations[0].counter == "held");
    BOOST_REQUIRE(answer.observed.size() == 1U);
    BOOST_TEST(answer.observed[0].counter == "seen");
}

// --- one send on its way ------------------------------------------------------------------------

STORE_TEST(a_scope_has_one_send_in_flight) {
    contract s;
    s.admitted(leased_send(1, 111, 1));
    auto const answer = s.expect<in_flight>(s.admit(leased_send(1, 222, 2)));
    BOOST_TEST((answer.retry_after > duration(0) && answer.retry_after <= lease));
    s.expect<in_flight>(s.admit(free_send_of(1, 222, 3))); // whatever the second lease is
    BOOST_TEST(!s.find(1, 2).has_value());
    s.verified(guess_of(1, 111)); // the first code was not touched
}

STORE_TEST(a_send_in_flight_counts_nothing_for_the_next) {
    contract s;
    s.admitted(leased_send(1, 111, 1));
    auto second = leased_send(1, 222, 2);
    second.rate_limit_checks = {counted(everybody, "n", 1)};
    s.expect<in_flight>(s.admit(second));
    s.admitted(send_with(2, 3, {counted(everybody, "n", 1)}));
    s.expect<refused>(s.admit(second)); // violations are checked first
}

STORE_TEST(another_scope_need_not_wait_for_a_send_in_flight) {
    contract s;
    s.admitted(leased_send(1, 111, 1));
    s.admitted(free_send_of(1, 222, 2, "payment"));
    s.admitted(free_send_of(2, 333, 3));
}

STORE_TEST(a_settled_send_is_no_longer_in_flight) {
    contract s;
    std::uint32_t phone = 1;
    for (auto result : {send_result::accepted, send_result::unknown, send_result::refused}) {
        s.admitted(leased_send(phone, 111, 10 * phone));
        s.settle(settlement_of(phone, 10 * phone, result));
        s.admitted(leased_send(phone, 222, 10 * phone + 1));
        ++phone;
    }
}

STORE_TEST(a_send_is_in_flight_for_its_lease_at_most) {
    contract s;
    s.admitted(leased_send(1, 111, 1));
    s.advance(lease + one_second);
    s.admitted(leased_send(1, 222, 2));
    BOOST_TEST((s.state(1, 1) == progress::pending));
}

STORE_TEST(a_code_that_is_over_is_not_in_flight) {
    contract s;
    s.admitted(leased_send(1, 111, 1));
    s.verified(guess_of(1, 111));
    s.admitted(leased_send(1, 222, 2));
    s.cancel(1, 2);
    s.admitted(leased_send(1, 333, 3));
}

// --- all at once --------------------------------------------------------------------------------

STORE_TEST(parallel_sends_are_admitted_once) {
    contract s;
    auto const answers = s.in_parallel(300, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        return s.get().admit(send_of(1, n, n));
    });
    BOOST_TEST(count_of<admitted>(answers) == 1U);
    BOOST_TEST(count_of<refused>(answers) == 299U);
}

STORE_TEST(parallel_sends_to_a_scope_are_in_flight_behind_one) {
    contract s;
    auto const answers = s.in_parallel(64, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        auto request = leased_send(1, n, n);
        request.lease = one_hour;
        return s.get().admit(std::move(request));
    });
    BOOST_TEST(count_of<admitted>(answers) == 1U);
    BOOST_TEST(count_of<in_flight>(answers) == 63U);
    BOOST_TEST(s.live_codes() == 1U);
}

STORE_TEST(parallel_admissions_take_exactly_the_quota) {
    for (std::uint32_t quota = 1; quota <= 5; ++quota) {
        contract s;
        auto const answers = s.in_parallel(64, [&](std::size_t i) {
            return s.get().admit(
                send_with(1, static_cast<std::uint32_t>(i), {counted(1, "n", quota)}));
        });
        BOOST_TEST(count_of<admitted>(answers) == quota);
        BOOST_TEST(count_of<refused>(answers) == 64 - quota);
    }
}

// For 64 numbers with a shared limit, exactly the quota is admitted. The refused sends changed
// neither their own limit nor any other shared one.
STORE_TEST(parallel_numbers_take_exactly_the_quota_that_they_share) {
    constexpr std::uint32_t quota = 7;
    constexpr std::uint32_t numbers = 64;
    contract s;
    auto own = [](std::uint32_t phone) { return counted(phone, "own", 1); };
    auto const wide = counted(one_client, "wide", numbers);
    auto const answers = s.in_parallel(numbers, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        auto request = send_with(n, n, {own(n), counted(everybody, "shared", quota), wide});
        request.cooldown = cooldown();
        return s.get().admit(std::move(request));
    });
    BOOST_TEST(count_of<admitted>(answers) == quota);
    BOOST_TEST(count_of<refused>(answers) == numbers - quota);
    BOOST_TEST(s.live_codes() == quota);

    for (std::uint32_t n = 0; n < numbers; ++n) {
        auto request = send_with(n, 1000 + n, {own(n), wide});
        request.cooldown = cooldown();
        bool const first = std::holds_alternative<admitted>(answers[n].value());
        bool const second = std::holds_alternative<admitted>(s.admit(request));
        BOOST_TEST(first != second, "number " << n);
    }
    s.expect<refused>(s.admit(send_with(1000, 5000, {wide}))); // `numbers` uses in total
}

BOOST_AUTO_TEST_SUITE_END()
