// Every threshold of limits, budgets, the cooldown and the conversion guard: one before it, at it
// and one after it. Also the states that fast clocks wrote.

#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

struct boundary {
    counter_time at;
    bool good;
};

std::uint32_t next_id() {
    static std::uint32_t last = 100;
    return ++last;
}

/// A global limit, or one per number.
rate_limit_check limit(bool of_number, std::uint64_t quota, duration window,
                       std::uint64_t amount = 1) {
    return rate_limit_check{of_number ? key_of(1) : key_of(everybody), "limit", quota, window,
                            amount};
}

admission limited_send(rate_limit_check const& check) {
    auto request = send_of(1, next_id());
    request.rate_limit_checks = {check};
    return request;
}

reservation reserved(std::int64_t amount, std::int64_t cap) {
    return reservation{budget_key{key_of(everybody), "daily", "2026-05-04"}, amount, cap, 1h};
}

admission paid_send(reservation const& reservation) {
    auto request = send_of(next_id(), next_id());
    request.reservations = {reservation};
    return request;
}

std::int64_t spent_in(engine_world& w) {
    std::vector<budget_key> const budgets{reserved(0, 0).budget};
    return w.run<engine::spent>(budgets).at(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_limits)

// --- rate-limit checks --------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_limit_passes_its_quota_and_no_more) {
    for (bool const of_number : {true, false}) {
        engine_world w;
        auto const check = limit(of_number, 4, 40s);
        for (int n = 0; n < 4; ++n)
            BOOST_TEST(is<admitted>(w.admit(limited_send(check))));
        auto const wait = expect<refused>(w.admit(limited_send(check))).violations.at(0);
        BOOST_TEST((wait.retry_after == 10s && wait.counter == "limit"));
    }
}

BOOST_AUTO_TEST_CASE(a_limit_passes_again_with_the_microsecond) {
    for (bool const of_number : {true, false})
        for (auto const& [at, good] :
             {boundary{10s - 1us, false}, boundary{10s, true}, boundary{10s + 1us, true}}) {
            engine_world w;
            auto const check = limit(of_number, 4, 40s);
            for (int n = 0; n < 4; ++n)
                w.admit(limited_send(check));
            w.pass(at);
            BOOST_TEST(is<admitted>(w.admit(limited_send(check))) == good);
        }
}

BOOST_AUTO_TEST_CASE(a_limit_takes_an_amount_up_to_its_quota) {
    for (bool const of_number : {true, false})
        for (std::uint64_t const amount : {99U, 100U, 101U}) {
            engine_world w;
            auto const answer = w.admit(limited_send(limit(of_number, 100, 100s, amount)));
            BOOST_TEST(is<admitted>(answer) == (amount <= 100));
        }
}

BOOST_AUTO_TEST_CASE(a_limit_says_for_how_long_it_is_busy) {
    for (bool const of_number : {true, false}) {
        engine_world w;
        auto const check = limit(of_number, 4, 40s);
        BOOST_TEST((expect<admitted>(w.admit(limited_send(check))).resets_in.at(0) == 10s));
        w.pass(3s);
        BOOST_TEST((expect<admitted>(w.admit(limited_send(check))).resets_in.at(0) == 17s));
        w.pass(1h);
        BOOST_TEST((expect<admitted>(w.admit(limited_send(check))).resets_in.at(0) == 10s));
    }
}

BOOST_AUTO_TEST_CASE(an_observed_limit_counts_what_it_would_have_passed) {
    for (bool const of_number : {true, false}) {
        engine_world w;
        auto check = limit(of_number, 1, 40s);
        check.observed = true;
        BOOST_TEST(expect<admitted>(w.admit(limited_send(check))).observed.empty());
        w.pass(30s);
        auto const over = expect<admitted>(w.admit(limited_send(check)));
        BOOST_REQUIRE(over.observed.size() == 1U);
        BOOST_TEST((over.observed[0].retry_after == 10s && over.resets_in.at(0) == 0s));
        w.pass(10s); // the refused one was not counted
        BOOST_TEST(expect<admitted>(w.admit(limited_send(check))).observed.empty());
    }
}

BOOST_AUTO_TEST_CASE(what_is_given_back_is_no_more_than_there_was) {
    for (bool const of_number : {true, false})
        for (int const times : {1, 2}) {
            engine_world w;
            auto const check = limit(of_number, 2, 40s);
            w.admit(limited_send(check));
            auto const request = limited_send(check);
            w.admit(request);
            auto settlement = settlement_of(1, 0, send_result::refused);
            settlement.id = request.id;
            for (int n = 0; n < 2 * times - 1; ++n)
                settlement.refund.push_back(check);
            BOOST_TEST((w.settle(settlement) == settle_outcome::settled));
            for (int n = 0; n < times; ++n)
                BOOST_TEST(is<admitted>(w.admit(limited_send(check))));
            BOOST_TEST(is<refused>(w.admit(limited_send(check))));
        }
}

// A clock that was ahead by 600 s for one send must not refuse anybody.
BOOST_AUTO_TEST_CASE(a_limit_that_no_check_can_have_written_is_void) {
    for (bool const of_number : {true, false})
        for (auto const& [ahead, good] :
             {boundary{1s - 1us, false}, boundary{1s, false}, boundary{1s + 1us, true}}) {
            engine_world w;
            auto const check = limit(of_number, 1, 40s);
            w.be_at(ahead);
            w.admit(limited_send(check));
            w.be_at(0s);
            BOOST_TEST(is<admitted>(w.admit(limited_send(check))) == good, ahead.count());
        }
}

BOOST_AUTO_TEST_CASE(what_is_void_is_written_back_by_a_step_that_is_refused) {
    for (bool const of_number : {true, false}) {
        engine_world w;
        auto const check = limit(of_number, 1, 40s);
        w.be_at(600s);
        w.admit(limited_send(check));
        w.be_at(0s);
        auto request = limited_send(check);
        request.reservations = {reserved(2, 1)};
        BOOST_TEST(expect<refused>(w.admit(request)).violations.size() == 1U);
        w.be_at(601s); // the clock reaches the void time: it would refuse until 640 s
        BOOST_TEST(is<admitted>(w.admit(limited_send(check))));
    }
}

BOOST_AUTO_TEST_CASE(what_is_void_is_written_back_by_a_refund) {
    for (bool const of_number : {true, false}) {
        engine_world w;
        auto const check = limit(of_number, 1, 40s);
        w.be_at(600s);
        auto const request = limited_send(check);
        w.admit(request);
        w.be_at(0s);
        auto settlement = settlement_of(1, 0, send_result::refused);
        settlement.id = request.id;
        settlement.refund.push_back(check);
        BOOST_TEST((w.settle(settlement) == settle_outcome::settled));
        w.be_at(601s); // the clock reaches the void time: it would refuse until 640 s
        BOOST_TEST(is<admitted>(w.admit(limited_send(check))));
    }
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_void_is_counted_anew) {
    for (bool const of_number : {true, false}) {
        engine_world w;
        auto const check = limit(of_number, 2, 40s);
        w.be_at(600s);
        w.admit(limited_send(check));
        w.be_at(0s);
        BOOST_TEST((expect<admitted>(w.admit(limited_send(check))).resets_in.at(0) == 20s));
        BOOST_TEST((expect<admitted>(w.admit(limited_send(check))).resets_in.at(0) == 40s));
        BOOST_TEST(is<refused>(w.admit(limited_send(check))));
    }
}

BOOST_AUTO_TEST_CASE(a_limit_on_guesses_is_used_up_to_its_quota) {
    for (bool const of_number : {true, false}) {
        engine_world w;
        w.admit(send_of(1, 1));
        auto guess = guess_of(1, 9);
        guess.rate_limit_checks = {limit(of_number, 2, 40s)};
        BOOST_TEST(is<wrong>(w.check(guess)));
        BOOST_TEST(is<wrong>(w.check(guess)));
        BOOST_TEST(is<refused>(w.check(guess)));
        w.pass(20s - 1us);
        BOOST_TEST(is<refused>(w.check(guess)));
        w.pass(1us);
        guess.is_code_of = typed(seed_of(1));
        BOOST_TEST(is<verified>(w.check(guess)));
    }
}

BOOST_AUTO_TEST_CASE(a_limit_on_guesses_counts_wrong_ones_and_if_it_says_so_absent_ones) {
    for (bool const counts_absent : {true, false}) {
        engine_world w;
        auto guess = guess_of(1, 9);
        guess.rate_limit_checks = {limit(false, 2, 40s)};
        guess.rate_limit_checks[0].counts_absent = counts_absent;
        BOOST_TEST(is<absent>(w.check(guess)));
        w.admit(send_of(1, 1));
        BOOST_TEST(is<wrong>(w.check(guess)));
        BOOST_TEST(is<wrong>(w.check(guess)) == !counts_absent);
        BOOST_TEST(is<refused>(w.check(guess)));
    }
}

// --- the cooldown -------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_pause_ends_with_the_millisecond) {
    for (auto const& [at, good] :
         {boundary{45s - 1us, false}, boundary{45s, true}, boundary{45s + 1us, true}}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.cooldown = cooldown_rule{45s, 900s, 1h};
        BOOST_TEST((expect<admitted>(w.admit(request)).cooldown == 45s));
        w.pass(at);
        request.id = id_of(2);
        auto const answer = w.admit(request);
        BOOST_TEST(is<admitted>(answer) == good);
        if (good) BOOST_TEST((expect<admitted>(answer).cooldown == 90s));
    }
}

BOOST_AUTO_TEST_CASE(a_streak_ends_with_its_memory) {
    for (auto const& [at, doubled] :
         {boundary{1h - 1us, true}, boundary{1h, false}, boundary{1h + 1us, false}}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.cooldown = cooldown_rule{45s, 900s, 1h};
        w.admit(request);
        w.pass(at);
        request.id = id_of(2);
        BOOST_TEST((expect<admitted>(w.admit(request)).cooldown == 90s) == doubled);
    }
}

BOOST_AUTO_TEST_CASE(a_pause_is_taken_back_only_when_it_is_the_last_one) {
    for (auto const& [longer, taken_back] :
         {boundary{-1ms, false}, boundary{0ms, true}, boundary{1ms, false}}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.cooldown = cooldown_rule{45s, 900s, 1h};
        w.admit(request);
        auto settlement = settlement_of(1, 1, send_result::refused);
        settlement.cooldown = 45s + std::chrono::floor<duration>(longer);
        w.settle(settlement);
        request.id = id_of(2);
        BOOST_TEST(is<admitted>(w.admit(request)) == taken_back);
    }
}

BOOST_AUTO_TEST_CASE(a_pause_that_a_clock_wrote_that_was_ahead_is_void) {
    for (auto const& [ahead, good] :
         {boundary{1s - 1ms, false}, boundary{1s, false}, boundary{1s + 1ms, true}}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.cooldown = cooldown_rule{45s, 900s, 1h};
        w.be_at(ahead);
        w.admit(request);
        w.be_at(0s);
        request.id = id_of(2);
        BOOST_TEST(is<admitted>(w.admit(request)) == good, ahead.count());
    }
}

// --- budgets ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_budget_is_spent_to_its_cap_and_no_further) {
    for (std::int64_t const amount : {39, 40, 41}) {
        engine_world w;
        w.admit(paid_send(reserved(60, 100)));
        auto const answer = w.admit(paid_send(reserved(amount, 100)));
        BOOST_TEST(is<admitted>(answer) == (amount <= 40));
        BOOST_TEST(spent_in(w) == (amount <= 40 ? 60 + amount : 60));
        if (is<refused>(answer))
            BOOST_TEST((expect<refused>(answer).violations.at(0).retry_after == 1h));
    }
}

BOOST_AUTO_TEST_CASE(a_budget_is_forgotten_with_its_time) {
    for (auto const& [at, kept] :
         {boundary{1h - 1us, true}, boundary{1h, false}, boundary{1h + 1us, false}}) {
        engine_world w;
        w.admit(paid_send(reserved(60, 100)));
        w.pass(at);
        BOOST_TEST(spent_in(w) == (kept ? 60 : 0));
        w.admit(paid_send(reserved(10, 100)));
        BOOST_TEST(spent_in(w) == (kept ? 70 : 10));
    }
}

BOOST_AUTO_TEST_CASE(a_correction_never_goes_below_nothing) {
    for (std::int64_t const change : {-61, -60, -59, 0, 41}) {
        engine_world w;
        auto const request = paid_send(reserved(60, 100));
        w.admit(request);
        settlement made;
        made.key = request.key;
        made.id = request.id;
        made.adjustments = {{reserved(0, 0).budget, change}};
        w.settle(made);
        BOOST_TEST(spent_in(w) == std::max<std::int64_t>(0, 60 + change));
        w.settle(made); // once for a send
        BOOST_TEST(spent_in(w) == std::max<std::int64_t>(0, 60 + change));
    }
}

BOOST_AUTO_TEST_CASE(another_reservation_is_admitted_with_what_the_first_gave_back) {
    for (std::int64_t const amount : {79, 80, 81}) {
        engine_world w;
        w.admit(paid_send(reserved(20, 100)));
        auto const request = paid_send(reserved(60, 100));
        w.admit(request);
        reservation_replacement other;
        other.address = {request.key.number, request.id};
        other.notes = {note{event_type::step, {}, "next"}};
        other.refund = {{reserved(0, 0).budget, -60}};
        other.take = {reserved(amount, 100)};
        auto const answer = w.run<engine::replace_reservation>(other);
        BOOST_TEST(is<reservation_replaced>(answer) == (amount <= 80));
        BOOST_TEST(spent_in(w) == (amount <= 80 ? 20 + amount : 80));
        BOOST_TEST(w.find(other.address)->events.size() == (amount <= 80 ? 2U : 1U));
    }
}

// The cost of a step never grows with history.
BOOST_AUTO_TEST_CASE(each_period_of_a_budget_has_a_state_of_its_own) {
    engine_world w;
    for (int hour = 0; hour < 800; ++hour) {
        auto what = reserved(1, 10);
        what.budget.period = std::to_string(hour);
        w.admit(paid_send(what));
    }
    std::size_t longest = 0;
    for (auto const& [key, blob] : w.io.blobs)
        if (key.kind == state::key_kind::budget) longest = std::max(longest, blob.size());
    BOOST_TEST(longest < 64U);
}

BOOST_AUTO_TEST_SUITE_END()
