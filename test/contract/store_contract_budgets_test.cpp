// Money: reserved by an admission or not at all, refunded and corrected later, and forgotten a
// fixed time after the first reservation.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

budget_key budget(std::string name = "daily", std::uint32_t of = everybody,
                  std::string period = "2026-11-03") {
    return budget_key{subject(of), std::move(name), std::move(period)};
}

reservation of_budget(std::int64_t amount, std::int64_t cap, budget_key from = budget()) {
    return reservation{std::move(from), amount, cap, one_hour};
}

admission paid_send(std::uint32_t id, std::vector<reservation> reservations) {
    auto request = free_send_of(id, 111, id);
    request.reservations = std::move(reservations);
    return request;
}

/// The settlement of a send that cost `change` more than expected.
settlement corrected(std::uint32_t id, send_result result, std::int64_t change,
                     budget_key of = budget()) {
    auto request = settlement_of(id, id, result);
    request.cooldown = {};
    request.adjustments = {adjustment{std::move(of), change}};
    return request;
}

/// The replacement for paid_send(1, ...).
reservation_replacement another_try(std::vector<adjustment> refund, std::vector<reservation> take) {
    reservation_replacement request;
    request.address = address_of(1, 1);
    request.notes = {note{event_type::step, {}, "next"}};
    request.refund = std::move(refund);
    request.take = std::move(take);
    return request;
}

std::int64_t taken(contract& s, budget_key of = budget()) {
    return s.spent({std::move(of)}).at(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_budgets)

// --- admission ----------------------------------------------------------------------------------

STORE_TEST(a_budget_is_spent_to_the_last_unit_and_no_further) {
    contract s;
    s.admitted(paid_send(1, {of_budget(87'000, 200'000)}));
    s.admitted(paid_send(2, {of_budget(113'000, 200'000)}));
    BOOST_TEST(taken(s) == 200'000);
    BOOST_TEST(s.violation(paid_send(3, {of_budget(1, 200'000)})).counter == "daily");
    s.admitted(paid_send(4, {of_budget(0, 200'000)}));
    s.admitted(paid_send(5, {of_budget(1, 200'001)})); // with another cap
    BOOST_TEST(taken(s) == 200'001);
}

STORE_TEST(a_budget_is_kept_by_key_name_and_period) {
    contract s;
    s.admitted(paid_send(1, {of_budget(1, 1), of_budget(2, 2, budget("monthly")),
                             of_budget(3, 3, budget("daily", one_client)),
                             of_budget(4, 4, budget("daily", everybody, "2026-11-04"))}));
    std::vector<std::int64_t> const expected{4, 2, 0, 1, 3};
    BOOST_TEST(s.spent({budget("daily", everybody, "2026-11-04"), budget("monthly"),
                        budget("monthly", one_client), budget(), budget("daily", one_client)}) ==
                   expected,
               boost::test_tools::per_element());
    BOOST_TEST(s.spent({}).empty());
}

STORE_TEST(a_number_has_budgets_beside_its_codes) {
    contract s;
    auto request = paid_send(1, {of_budget(5, 5, budget("daily", 1))});
    request.rate_limit_checks = {
        rate_limit_check{number(1), "daily", 5, one_day}}; // a limit with the same name
    s.admitted(request);
    BOOST_TEST(taken(s, budget("daily", 1)) == 5);
    s.verified(guess_of(1, 111));
    BOOST_TEST(taken(s, budget("daily", 1)) == 5);
}

STORE_TEST(budgets_are_named_between_limits_and_guards) {
    contract s;
    s.admitted(paid_send(1, {of_budget(1, 1), of_budget(1, 1, budget("monthly"))}));
    conversion_guard rule;
    rule.key = subject(one_client);
    rule.name = "pumping";
    auto request = send_of(2, 111, 2);
    s.admitted(request);
    request.rate_limit_checks = {rate_limit_check{subject(everybody), "n", 1, one_day, 2}};
    request.reservations = {of_budget(1, 1), of_budget(1, 1, budget("monthly"))};
    request.guards = {rule};
    auto const answer = s.expect<refused>(s.admit(request));
    std::vector<std::string> const expected{"cooldown", "n", "daily", "monthly", "pumping"};
    std::vector<std::string> found;
    for (auto const& violation : answer.violations)
        found.push_back(violation.counter);
    BOOST_TEST(found == expected, boost::test_tools::per_element());
}

STORE_TEST(a_send_that_anything_refuses_takes_from_no_budget) {
    contract s;
    s.admitted(paid_send(1, {of_budget(7, 10)}));
    auto request = paid_send(2, {of_budget(1, 10), of_budget(2, 1, budget("monthly"))});
    BOOST_TEST(s.violation(request).counter == "monthly");
    request.reservations.pop_back();
    request.rate_limit_checks = {rate_limit_check{subject(everybody), "n", 1, one_day, 2}};
    BOOST_TEST(s.violation(request).counter == "n");
    BOOST_TEST(taken(s) == 7);
}

STORE_TEST(a_budget_that_refuses_changes_no_limit_and_no_guard) {
    contract s;
    auto request = paid_send(1, {of_budget(2, 1)});
    request.rate_limit_checks = {rate_limit_check{subject(everybody), "n", 1, one_day}};
    request.idempotency = idempotency_key{subject(one_client), {}, one_hour};
    BOOST_TEST(s.violation(request).counter == "daily");
    BOOST_TEST(!s.find(1, 1).has_value());
    request.reservations.clear();
    s.admitted(request);
}

STORE_TEST(an_observed_budget_refuses_nothing_and_is_taken_from) {
    contract s;
    auto watched_only = of_budget(3, 5);
    watched_only.observed = true;
    BOOST_TEST(s.admitted(paid_send(1, {watched_only})).observed.empty());
    auto const over = s.admitted(paid_send(2, {watched_only}));
    BOOST_REQUIRE(over.observed.size() == 1U);
    BOOST_TEST(over.observed[0].counter == "daily");
    BOOST_TEST((over.observed[0].retry_after > duration(0)));
    BOOST_TEST(taken(s) == 6);
    auto both = paid_send(3, {watched_only, of_budget(2, 1, budget("monthly"))});
    auto const answer = s.expect<refused>(s.admit(both));
    BOOST_TEST(answer.violations.size() == 1U);
    BOOST_TEST(answer.observed.size() == 1U);
    BOOST_TEST(taken(s) == 6);
}

STORE_TEST(parallel_sends_never_pass_a_budget) {
    contract s;
    auto const answers = s.in_parallel(64, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        return s.get().admit(paid_send(n, {of_budget(15, 100)}));
    });
    BOOST_TEST(count_of<admitted>(answers) == 6U);
    BOOST_TEST(count_of<refused>(answers) == 58U);
    BOOST_TEST(taken(s) == 90);
}

// --- time ---------------------------------------------------------------------------------------

STORE_TEST(a_budget_is_forgotten_a_fixed_time_after_it_was_first_taken_from) {
    contract s;
    s.admitted(paid_send(1, {of_budget(6, 10)}));
    s.advance(one_hour / 2);
    s.admitted(paid_send(2, {of_budget(4, 10)})); // prolongs nothing
    s.settle(corrected(2, send_result::accepted, -1));
    auto const full = s.violation(paid_send(3, {of_budget(2, 10)}));
    BOOST_TEST((full.retry_after > one_hour / 2 - 60 * one_second));
    BOOST_TEST((full.retry_after <= one_hour / 2));
    s.advance(one_hour / 2 - 60 * one_second);
    BOOST_TEST(taken(s) == 9);
    s.advance(61 * one_second);
    BOOST_TEST(taken(s) == 0);
    s.admitted(paid_send(4, {of_budget(10, 10)}));
}

STORE_TEST(who_waits_as_long_as_a_budget_says_is_not_refused_again) {
    contract s;
    s.admitted(paid_send(1, {of_budget(10, 10)}));
    s.advance(duration(12'345));
    auto const full = s.violation(paid_send(2, {of_budget(10, 10)}));
    s.advance(full.retry_after);
    s.admitted(paid_send(2, {of_budget(10, 10)}));
}

STORE_TEST(what_is_more_than_a_budget_waits_as_long_as_it_is_kept) {
    contract s;
    BOOST_TEST((s.violation(paid_send(1, {of_budget(11, 10)})).retry_after == one_hour));
    s.admitted(paid_send(1, {of_budget(1, 10)}));
    s.advance(one_hour / 2);
    auto const kept = s.violation(paid_send(2, {of_budget(11, 10)}));
    BOOST_TEST((kept.retry_after <= one_hour / 2));
}

// --- settlement ---------------------------------------------------------------------------------

STORE_TEST(a_settlement_corrects_what_was_taken_whatever_came_of_the_send) {
    contract s;
    for (auto const result : {send_result::accepted, send_result::unknown, send_result::refused}) {
        auto const id = static_cast<std::uint32_t>(result) + 1;
        auto const of = budget("daily", one_client + id);
        s.admitted(paid_send(id, {of_budget(100, 1000, of)}));
        BOOST_TEST((s.settle(corrected(id, result, 25, of)) == settle_outcome::settled));
        BOOST_TEST(taken(s, of) == 125);
    }
}

STORE_TEST(a_correction_may_pass_the_cap_and_never_goes_below_nothing) {
    contract s;
    s.admitted(paid_send(1, {of_budget(100, 100)}));
    s.settle(corrected(1, send_result::accepted, 50));
    BOOST_TEST(taken(s) == 150);
    BOOST_TEST(s.violation(paid_send(2, {of_budget(0, 100)})).counter == "daily");
    s.admitted(paid_send(3, {of_budget(100, 1000)}));
    s.settle(corrected(3, send_result::refused, -1000));
    BOOST_TEST(taken(s) == 0);
}

STORE_TEST(a_correction_is_made_once_for_a_send) {
    contract s;
    s.admitted(paid_send(1, {of_budget(100, 1000)}));
    s.settle(corrected(1, send_result::unknown, 5));
    s.settle(corrected(1, send_result::accepted, 5));
    BOOST_TEST(taken(s) == 105);
    s.settle(corrected(1, send_result::refused, 5));
    BOOST_TEST((s.settle(corrected(1, send_result::refused, 5)) == settle_outcome::superseded));
    BOOST_TEST(taken(s) == 105);
}

STORE_TEST(a_superseded_settlement_corrects_nothing) {
    contract s;
    s.admitted(paid_send(1, {of_budget(100, 1000)}));
    s.verified(guess_of(1, 111));
    BOOST_TEST((s.settle(corrected(1, send_result::refused, 5)) == settle_outcome::superseded));
    BOOST_TEST((s.settle(corrected(9, send_result::accepted, 5)) == settle_outcome::superseded));
    BOOST_TEST(taken(s) == 100);
    BOOST_TEST((s.settle(corrected(1, send_result::accepted, 5)) == settle_outcome::settled));
    BOOST_TEST(taken(s) == 105); // its code was used, and it was sent nevertheless
}

STORE_TEST(a_correction_of_a_budget_that_is_not_kept_is_none) {
    contract s;
    s.admitted(paid_send(1, {of_budget(100, 1000)}));
    s.settle(corrected(1, send_result::accepted, 5, budget("monthly")));
    BOOST_TEST(taken(s, budget("monthly")) == 0);
    s.admitted(paid_send(2, {of_budget(1000, 1000, budget("monthly"))}));
}

// An unknown price counts once it is known.
STORE_TEST(a_budget_of_which_nothing_was_taken_can_be_corrected) {
    contract s;
    s.admitted(paid_send(1, {of_budget(0, 1000)}));
    s.settle(corrected(1, send_result::accepted, 87));
    BOOST_TEST(taken(s) == 87);
}

STORE_TEST(corrections_stand_beside_what_is_given_back) {
    contract s;
    rate_limit_check const price{subject(everybody), "n", 1, one_day};
    auto request = paid_send(1, {of_budget(100, 1000)});
    request.rate_limit_checks = {price};
    request.idempotency = idempotency_key{subject(one_client), {}, one_hour};
    s.admitted(request);
    auto settlement = corrected(1, send_result::refused, -100);
    settlement.refund = {price};
    settlement.idempotency = request.idempotency;
    s.settle(settlement);
    BOOST_TEST(taken(s) == 0);
    s.admitted(request); // the limit and the key are free again
}

// --- replacement of the reservation -------------------------------------------------------------

STORE_TEST(another_try_gives_back_first_and_takes_then) {
    contract s;
    s.admitted(paid_send(1, {of_budget(80, 100), of_budget(80, 100, budget("daily", one_client))}));
    auto const other =
        another_try({{budget(), -80}, {budget("daily", one_client), -80}},
                    {of_budget(100, 100), of_budget(90, 100, budget("daily", one_client))});
    BOOST_TEST(s.expect<reservation_replaced>(s.replace_reservation(other)).observed.empty());
    std::vector<std::int64_t> const expected{100, 90};
    BOOST_TEST(s.spent({budget(), budget("daily", one_client)}) == expected,
               boost::test_tools::per_element());
}

STORE_TEST(another_try_that_is_refused_changes_nothing) {
    contract s;
    s.admitted(paid_send(1, {of_budget(80, 100), of_budget(80, 100, budget("daily", one_client))}));
    auto const other =
        another_try({{budget(), -80}, {budget("daily", one_client), -80}},
                    {of_budget(90, 100), of_budget(101, 100, budget("daily", one_client)),
                     of_budget(1, 1, budget("monthly"))});
    auto const answer = s.expect<refused>(s.replace_reservation(other));
    BOOST_REQUIRE(answer.violations.size() == 1U);
    BOOST_TEST(answer.violations[0].counter == "daily");
    BOOST_TEST((answer.violations[0].retry_after > one_hour - 60 * one_second));
    std::vector<std::int64_t> const expected{80, 80, 0};
    BOOST_TEST(s.spent({budget(), budget("daily", one_client), budget("monthly")}) == expected,
               boost::test_tools::per_element());
    BOOST_TEST(s.events(1, 1).size() == 1U);
}

STORE_TEST(observed_budgets_only_report_another_try) {
    contract s;
    auto watched_only = of_budget(80, 50);
    watched_only.observed = true;
    s.admitted(paid_send(1, {watched_only}));
    auto const other =
        another_try({{budget(), -80}}, {watched_only, of_budget(1, 1, budget("monthly"))});
    auto const answer = s.expect<reservation_replaced>(s.replace_reservation(other));
    BOOST_REQUIRE(answer.observed.size() == 1U);
    BOOST_TEST(answer.observed[0].counter == "daily");
    BOOST_TEST(taken(s) == 80);
    BOOST_TEST(taken(s, budget("monthly")) == 1);
}

STORE_TEST(another_try_prolongs_nothing) {
    contract s;
    auto request = paid_send(1, {of_budget(80, 100)});
    request.retention = 2 * one_hour;
    s.admitted(request);
    s.advance(one_hour / 2);
    auto other = another_try({{budget(), -80}}, {of_budget(90, 100)});
    s.expect<reservation_replaced>(s.replace_reservation(other));
    s.advance(one_hour / 2 + one_second);
    BOOST_TEST(taken(s) == 0);
    other.refund[0].change = -1'000'000; // of a forgotten budget
    s.expect<reservation_replaced>(s.replace_reservation(other));
    BOOST_TEST(taken(s) == 90);
}

STORE_TEST(no_reservation_can_be_replaced) {
    contract s;
    s.admitted(paid_send(1, {}));
    s.expect<reservation_replaced>(s.replace_reservation(another_try({}, {})));
}

STORE_TEST(another_try_that_comes_too_late_changes_nothing) {
    contract s;
    auto const other = another_try({}, {of_budget(30, 100)});
    s.expect<too_late>(s.replace_reservation(other)); // there was no first send
    for (auto const how : {send_result::accepted, send_result::unknown, send_result::refused}) {
        s.admitted(paid_send(1, {of_budget(20, 100)}));
        s.settle(corrected(1, how, -20));
        s.expect<too_late>(s.replace_reservation(other));
        BOOST_TEST(taken(s) == 0);
    }
}

// The timeline lists it immediately, so that a crash shows which route was tried last.
STORE_TEST(the_steps_of_another_try_are_listed_in_any_case) {
    contract s;
    s.admitted(paid_send(1, {}));
    auto guess = guess_of(1, 222);
    guess.attempts_max = guess.guesses.quota = 2 * events_max;
    for (std::size_t i = 0; i < events_max; ++i)
        s.expect<wrong>(s.check(guess));
    s.advance(3 * one_second);
    auto other = another_try({}, {});
    other.notes = {{event_type::step, 2 * one_second, "left"}, {event_type::step, {}, "next"}};
    s.expect<reservation_replaced>(s.replace_reservation(other));
    auto const events = s.events(1, 1);
    BOOST_REQUIRE(events.size() == events_max + 2);
    BOOST_TEST(events[events_max].details == "left");
    BOOST_TEST((events[events_max + 1].at - events[events_max].at == 2 * one_second));
    BOOST_TEST(events[events_max + 1].details == "next");
}

// The client of an unanswered replacement settles for both cases, and the store knows which one
// applies.
STORE_TEST(a_settlement_is_right_whether_or_not_the_unanswered_try_was_done) {
    contract s;
    auto const client_budget = budget("daily", one_client);
    rate_limit_check const price{subject(one_client), "sends", 1, one_hour};
    for (std::size_t const before : {0U, 1U}) {
        for (bool const done : {false, true}) {
            auto request = paid_send(1, {of_budget(80, 1000)});
            request.rate_limit_checks = {price};
            s.admitted(request);
            for (std::size_t n = 0; n < before; ++n)
                s.expect<reservation_replaced>(s.replace_reservation(another_try({}, {})));
            if (done)
                s.expect<reservation_replaced>(s.replace_reservation(
                    another_try({{budget(), -80}}, {of_budget(90, 1000, client_budget)})));
            auto refusal = corrected(1, send_result::refused, -80);
            refusal.refund = {price}; // the loop's next admission takes it again
            refusal.unanswered = unanswered_replacement{before, {adjustment{client_budget, -90}}};
            s.settle(refusal);
            BOOST_TEST(taken(s) == 0);
            BOOST_TEST(taken(s, client_budget) == 0);
        }
    }
}

STORE_TEST(parallel_tries_never_pass_a_budget) {
    contract s;
    s.admitted(paid_send(1, {of_budget(40, 100)}));
    auto const answers = s.in_parallel(32, [&](std::size_t) {
        return s.get().replace_reservation(another_try({{budget(), -10}}, {of_budget(30, 100)}));
    });
    BOOST_TEST(count_of<reservation_replaced>(answers) == 3U);
    BOOST_TEST(taken(s) == 100);
}

BOOST_AUTO_TEST_SUITE_END()
