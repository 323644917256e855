// The conversion guard to the millisecond: how many codes may be outstanding, how the previous
// period counts, when there is room, and that honest users never reach it.

#include "map_backend.hpp"
#include "typing_load.hpp"

#include <map>

using namespace otpd::store;
using namespace otpd::test;

namespace {

/// The time at which a day begins.
constexpr counter_time day_begins = -10s;

std::uint32_t next() {
    static std::uint32_t last = 1'000'000;
    return ++last;
}

/// Both windows have the same length, so they make one rule.
conversion_guard guard(std::uint32_t out_max, std::chrono::seconds typing = 1h,
                       std::uint32_t place = everybody) {
    return {key_of(place), "pumping", out_max, typing, false};
}

admission guarded_send(std::vector<conversion_guard> const& rules) {
    auto const n = next();
    auto request = send_of(n, n);
    request.ttl = request.retention = 3h;
    request.guards = rules;
    return request;
}
admission guarded_send(conversion_guard const& rule) {
    return guarded_send(std::vector{rule});
}

/// A send whatever the rule says.
admission send(engine_world& w, std::chrono::seconds typing = 1h) {
    auto rule = guard(1, typing);
    rule.observed = true;
    auto const request = guarded_send(rule);
    BOOST_REQUIRE(is<admitted>(w.admit(request)));
    return request;
}

void verify(engine_world& w, admission const& what) {
    auto guess = guess_of(0, 1);
    guess.key = what.key;
    for (auto const& rule : what.guards)
        guess.guarded.push_back(rule.key);
    BOOST_REQUIRE(is<verified>(w.check(guess)));
}

void send(engine_world& w, int open, int typed = 0, std::chrono::seconds typing = 1h) {
    for (int n = 0; n < open; ++n)
        send(w, typing);
    for (int n = 0; n < typed; ++n)
        verify(w, send(w, typing));
}

/// Exactly `count` sends pass.
void check_room(engine_world& w, conversion_guard const& rule, int count) {
    for (int n = 0; n < count; ++n)
        BOOST_TEST(is<admitted>(w.admit(guarded_send(rule))), n << " of " << count);
    BOOST_TEST(is<refused>(w.admit(guarded_send(rule))), "more than " << count);
}

duration wait_of(engine_world& w, conversion_guard const& rule) {
    return expect<refused>(w.admit(guarded_send(rule))).violations.at(0).retry_after;
}

/// The reported wait ends exactly when there is room.
void check_wait(engine_world& w, conversion_guard const& rule, duration expected) {
    BOOST_TEST((wait_of(w, rule) == expected));
    w.pass(expected - 1ms);
    BOOST_TEST(is<refused>(w.admit(guarded_send(rule))));
    w.pass(1ms);
    BOOST_TEST(is<admitted>(w.admit(guarded_send(rule))));
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_guard)

// --- codes out ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(so_many_codes_may_be_out) {
    for (int const out_max : {1, 4}) {
        engine_world w;
        check_room(w, guard(static_cast<std::uint32_t>(out_max)), out_max);
    }
}

BOOST_AUTO_TEST_CASE(a_typed_code_makes_room_for_itself_and_three_more) {
    engine_world w;
    auto const first = guarded_send(guard(4));
    BOOST_TEST(is<admitted>(w.admit(first)));
    check_room(w, guard(4), 3);
    verify(w, first);
    check_room(w, guard(4), 4);
}

BOOST_AUTO_TEST_CASE(wrong_guesses_make_no_room) {
    engine_world w;
    auto const first = guarded_send(guard(1));
    BOOST_TEST(is<admitted>(w.admit(first)));
    auto guess = guess_of(0, 2);
    guess.key = first.key;
    guess.guarded = {key_of(everybody)};
    BOOST_TEST(is<wrong>(w.check(guess)));
    check_room(w, guard(1), 0);
}

BOOST_AUTO_TEST_CASE(a_send_that_was_none_is_not_counted) {
    for (bool const is_first : {false, true}) { // below 0 counts as 0
        for (auto const later : {counter_time(0), counter_time(1h)}) {
            engine_world w;
            auto const rule = guard(2);
            auto request = send_of(1, 1);
            if (!is_first) request = guarded_send(rule);
            request.ttl = request.retention = request.lease = 3h;
            w.admit(request);
            w.pass(later);
            settlement refusal;
            refusal.key = request.key;
            refusal.id = request.id;
            refusal.result = send_result::refused;
            refusal.guarded = {rule.key};
            BOOST_TEST((w.settle(refusal) == settle_outcome::settled));
            check_room(w, rule, 2);
        }
    }
}

// The sends of this period are others.
BOOST_AUTO_TEST_CASE(a_send_of_the_previous_period_that_was_none_is_taken_back_there) {
    engine_world w;
    w.be_at(day_begins + 1h);
    auto const rule = guard(2);
    auto const request = guarded_send(rule);
    BOOST_TEST(is<admitted>(w.admit(request)));
    w.be_at(day_begins + 150min); // half of that send still counts, which is none
    send(w, 2);
    settlement refusal;
    refusal.key = request.key;
    refusal.id = request.id;
    refusal.result = send_result::refused;
    refusal.guarded = {rule.key};
    BOOST_TEST((w.settle(refusal) == settle_outcome::settled));
    check_room(w, rule, 0);
}

BOOST_AUTO_TEST_CASE(a_send_of_the_previous_period_that_was_none_makes_room_now) {
    engine_world w;
    w.be_at(day_begins + 1h);
    auto const rule = guard(2);
    auto const request = guarded_send(rule);
    BOOST_TEST(is<admitted>(w.admit(request)));
    send(w, 1);
    w.be_at(day_begins + 150min); // half of both still counts: one
    settlement refusal;
    refusal.key = request.key;
    refusal.id = request.id;
    refusal.result = send_result::refused;
    refusal.guarded = {rule.key};
    BOOST_TEST((w.settle(refusal) == settle_outcome::settled));
    check_room(w, rule, 2);
}

// Whether or not the store has deleted a state that expired.
BOOST_AUTO_TEST_CASE(a_typed_code_makes_room_where_nothing_was_sent) {
    engine_world w;
    auto const elsewhere = guarded_send(guard(1, 1h, everybody + 1));
    BOOST_TEST(is<admitted>(w.admit(elsewhere)));
    auto guess = guess_of(0, 1);
    guess.key = elsewhere.key;
    guess.guarded = {key_of(everybody)};
    guess.typing = 1h;
    BOOST_TEST(is<verified>(w.check(guess)));
    check_room(w, guard(1), 5);
}

BOOST_AUTO_TEST_CASE(an_observed_guard_counts_and_refuses_nothing) {
    engine_world w;
    auto rule = guard(1);
    rule.observed = true;
    BOOST_TEST(expect<admitted>(w.admit(guarded_send(rule))).observed.empty());
    BOOST_TEST(expect<admitted>(w.admit(guarded_send(rule))).observed.at(0).counter == "pumping");
    check_room(w, guard(3), 1);
}

BOOST_AUTO_TEST_CASE(a_solved_challenge_passes_once_until_its_record_ends) {
    engine_world w;
    auto const solved = [](std::uint32_t out_max) {
        auto request = guarded_send(guard(out_max));
        request.challenge = solved_challenge{key_of(7), 20min};
        return request;
    };
    BOOST_TEST(is<admitted>(w.admit(solved(0))));
    w.pass(20min - 1ms);
    BOOST_TEST(is<refused>(w.admit(solved(0))));
    w.pass(1ms);
    BOOST_TEST(is<admitted>(w.admit(solved(0))));
    check_room(w, guard(3), 1); // both were counted
}

BOOST_AUTO_TEST_CASE(a_refused_send_frees_the_challenge_that_it_used_and_no_other) {
    for (bool const is_its_own : {true, false}) {
        engine_world w;
        auto const solved = [](std::uint32_t out_max) {
            auto request = guarded_send(guard(out_max));
            request.challenge = solved_challenge{key_of(7), 20min};
            return request;
        };
        auto const first = solved(0);
        BOOST_REQUIRE(is<admitted>(w.admit(first)));
        auto const second = solved(9);
        BOOST_REQUIRE(is<admitted>(w.admit(second)));
        settlement refusal;
        refusal.key = is_its_own ? first.key : second.key;
        refusal.id = is_its_own ? first.id : second.id;
        refusal.result = send_result::refused;
        refusal.challenge = key_of(7);
        BOOST_TEST((w.settle(refusal) == settle_outcome::settled));
        BOOST_TEST(is<admitted>(w.admit(solved(0))) == is_its_own);
    }
}

// --- the period before --------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(of_the_hour_before_counts_what_is_not_yet_an_hour_ago) {
    for (auto const& [later, room] : {std::pair<counter_time, int>{0s, 6}, {1us, 6}, {1ms, 7}}) {
        engine_world w;
        send(w, 8);
        w.be_at(day_begins + 90min + later);
        check_room(w, guard(10), room);
    }
}

BOOST_AUTO_TEST_CASE(typed_codes_of_the_hour_before_make_room_as_long_as_they_count) {
    engine_world w;
    send(w, 0, 4); // 4 sent, and room for 16
    w.be_at(day_begins + 90min);
    check_room(w, guard(1), 7);
}

BOOST_AUTO_TEST_CASE(the_wait_is_until_enough_of_the_hour_before_is_an_hour_ago) {
    engine_world w;
    send(w, 8);
    w.be_at(1h);
    send(w, 3);
    // Six of the eight may be left: when less than 7/8 of an hour is left.
    check_wait(w, guard(10), 450'001ms - 10s);
}

BOOST_AUTO_TEST_CASE(the_wait_may_end_in_the_next_hour) {
    engine_world w;
    send(w, 9);
    // Three of the nine may be left: when less than 4/9 of an hour is left.
    check_wait(w, guard(4), 1h - 10s + 2'000'001ms);
}

// As long as without the typed codes, and without the sends that these make room for.
BOOST_AUTO_TEST_CASE(typed_codes_shorten_the_wait) {
    engine_world w;
    send(w, 8);
    w.be_at(1h);
    send(w, 6, 1);
    check_wait(w, guard(10), 450'001ms - 10s);
    engine_world until_next_hour;
    send(until_next_hour, 12, 1);
    check_wait(until_next_hour, guard(4), 1h - 10s + 2'000'001ms);
}

BOOST_AUTO_TEST_CASE(more_sends_than_milliseconds_in_a_period_have_no_room_in_the_next) {
    engine_world w;
    send(w, 1000, 0, 1s);
    w.be_at(1s);
    check_room(w, guard(1, 1s), 0);
}

BOOST_AUTO_TEST_CASE(one_of_the_hour_before_is_over_a_moment_after_it) {
    engine_world w;
    send(w, 1);
    w.be_at(day_begins + 1h);
    BOOST_TEST((wait_of(w, guard(1)) == 1ms));
    w.pass(1ms);
    check_room(w, guard(1), 1);
}

// --- the two windows ----------------------------------------------------------------------------

// Codes that were typed long ago do not allow thousands at once.
BOOST_AUTO_TEST_CASE(what_was_typed_before_makes_no_room_now) {
    engine_world w;
    send(w, 0, 100, 120s);
    w.be_at(20min);
    check_room(w, guard(4, 120s), 4);
    // Three of the four may be left, in the next two minutes.
    check_wait(w, guard(4, 120s), 110'001ms);
}

BOOST_AUTO_TEST_CASE(what_is_out_for_longer_counts_in_its_hour) {
    engine_world w;
    for (int n = 0; n < 4; ++n) {
        BOOST_TEST(is<admitted>(w.admit(guarded_send(guard(4, 60s)))));
        w.pass(5min);
    }
    check_room(w, guard(4, 60s), 0);
}

BOOST_AUTO_TEST_CASE(with_another_typing_time_what_was_counted_still_counts) {
    engine_world w;
    send(w, 4, 0, 120s);
    check_room(w, guard(4, 60s), 0);
    check_room(w, guard(5, 60s), 1);
}

// --- users --------------------------------------------------------------------------------------

namespace {

/// With the default settings. `addresses`: of all users; 0: they give none.
std::uint32_t refused_by_guards(typing_load const& load, std::uint32_t addresses = 0) {
    constexpr std::uint32_t country = everybody + 1;
    constexpr std::uint32_t prefixes = everybody + 2;
    constexpr std::uint32_t first_address = prefixes + 10'000;
    engine_world w;
    std::map<std::uint32_t, admission> sent;
    auto const at = [&w](double second) {
        w.be_at(counter_time(static_cast<std::int64_t>(second * 1e6)));
    };
    auto const send = [&](double second, std::uint32_t user, std::uint32_t prefix) {
        at(second);
        auto& request = sent[user] =
            guarded_send({guard(60, 120s, prefixes + prefix), guard(400, 120s, country)});
        if (addresses > 0)
            request.guards.push_back(guard(40, 120s, first_address + user % addresses));
        return is<admitted>(w.admit(request));
    };
    auto const type = [&](double second, std::uint32_t user) {
        at(second);
        verify(w, sent.at(user));
    };
    return refused_of(load, send, type);
}

} // namespace

BOOST_AUTO_TEST_CASE(of_honest_users_none_is_refused_from_the_first_minute_on) {
    for (double const per_second : {0.5, 2.0, 20.0})
        BOOST_TEST(refused_by_guards({.per_second = per_second}) == 0U, per_second);
}

// Such as those of a carrier that gives many of them one address.
BOOST_AUTO_TEST_CASE(of_honest_users_behind_few_addresses_none_is_refused) {
    BOOST_TEST(refused_by_guards({.per_second = 0.5}, 1) == 0U);
    BOOST_TEST(refused_by_guards({.per_second = 2}, 1) == 0U);
    BOOST_TEST(refused_by_guards({.per_second = 20}, 10) == 0U);
}

BOOST_AUTO_TEST_CASE(where_nothing_is_typed_an_address_stops_at_its_codes_out) {
    BOOST_TEST(refused_by_guards({.per_second = 0.5, .typed = 0}, 1) == 260U);
    BOOST_TEST(refused_by_guards({.per_second = 2, .typed = 0}, 5) == 1'000U);
}

BOOST_AUTO_TEST_CASE(where_nothing_is_typed_a_country_stops_at_its_codes_out) {
    BOOST_TEST(refused_by_guards({.per_second = 2, .typed = 0}) == 800U);
    BOOST_TEST(refused_by_guards({.per_second = 20, .typed = 0}) == 11'600U);
}

BOOST_AUTO_TEST_CASE(where_nothing_is_typed_a_prefix_stops_at_its_codes_out) {
    BOOST_TEST(refused_by_guards({.per_second = 0.5, .typed = 0, .prefixes = 1}) == 240U);
    BOOST_TEST(refused_by_guards({.per_second = 20, .typed = 0, .prefixes = 1}) == 11'940U);
}

BOOST_AUTO_TEST_SUITE_END()
