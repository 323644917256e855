// The conversion guard to the millisecond: what of the hour and the day before still counts, and when there is room.

#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

/// A day begins here.
constexpr counter_time day_begins = -10s;

std::uint32_t next() {
    static std::uint32_t last = 1'000'000;
    return ++last;
}

watch guard(std::uint32_t floor, std::uint32_t percent = 0) {
    watch rule;
    rule.subject = key_of(everybody);
    rule.name = "pumping";
    rule.floor = floor;
    rule.percent = percent;
    return rule;
}

watch breaker(std::uint32_t sent, std::uint32_t percent) {
    auto rule = guard(1000);
    rule.breaker_sent = sent;
    rule.breaker_percent = percent;
    rule.block = 3h;
    return rule;
}

admission guarded_send(watch const& rule) {
    auto const n = next();
    auto request = send_of(n, n);
    request.ttl = request.keep = 3h;
    request.watches = {rule};
    return request;
}

/// Whatever the rule says.
admission send(engine_world& w) {
    auto rule = guard(0);
    rule.observed = true;
    auto const request = guarded_send(rule);
    BOOST_REQUIRE(is<admitted>(w.admit(request)));
    return request;
}

void verify(engine_world& w, admission const& what) {
    auto guess = guess_of(0, 1);
    guess.key = what.key;
    guess.watched = {key_of(everybody)};
    BOOST_REQUIRE(is<verified>(w.check(guess)));
}

void send(engine_world& w, int open, int verified_ones = 0) {
    for (int n = 0; n < open; ++n)
        send(w);
    for (int n = 0; n < verified_ones; ++n)
        verify(w, send(w));
}

/// So many pass, and no more.
void check_room(engine_world& w, watch const& rule, int count) {
    for (int n = 0; n < count; ++n)
        BOOST_TEST(is<admitted>(w.admit(guarded_send(rule))), n << " of " << count);
    BOOST_TEST(is<refused>(w.admit(guarded_send(rule))), "more than " << count);
}

duration wait_of(engine_world& w, watch const& rule) {
    return expect<refused>(w.admit(guarded_send(rule))).violations.at(0).retry_after;
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_guard)

// --- the hour before --------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(of_the_hour_before_counts_what_is_not_yet_an_hour_ago) {
    for (auto const& [later, room] : {std::pair<counter_time, int>{0s, 6}, {1us, 6}, {1ms, 7}}) {
        engine_world w;
        send(w, 8, 2);
        w.be_at(day_begins + 90min + later);
        check_room(w, guard(10), room);
    }
}

BOOST_AUTO_TEST_CASE(a_guard_says_when_enough_of_the_hour_before_is_an_hour_ago) {
    engine_world w;
    send(w, 8);
    w.be_at(1h);
    send(w, 3, 1);
    // Six of the eight may be left: when fewer than 7/8 of an hour are.
    BOOST_TEST((wait_of(w, guard(10)) == 450'001ms - 10s));
    w.pass(450'001ms - 10s - 1ms);
    BOOST_TEST(is<refused>(w.admit(guarded_send(guard(10)))));
    w.pass(1ms);
    BOOST_TEST(is<admitted>(w.admit(guarded_send(guard(10)))));
}

BOOST_AUTO_TEST_CASE(one_of_the_hour_before_is_over_a_moment_after_it) {
    engine_world w;
    send(w, 1);
    w.be_at(day_begins + 1h);
    BOOST_TEST((wait_of(w, guard(1)) == 1ms));
    w.pass(1ms);
    check_room(w, guard(1), 1);
}

// More verified than sent is no room where nothing may be sent.
BOOST_AUTO_TEST_CASE(without_a_budget_there_is_room_when_nothing_is_counted_any_more) {
    engine_world w;
    std::vector<admission> const before{send(w), send(w), send(w), send(w)};
    w.be_at(1h);
    verify(w, before[0]);
    verify(w, before[1]);
    BOOST_TEST((wait_of(w, guard(0)) == 2h - 10s));
}

BOOST_AUTO_TEST_CASE(a_send_of_the_hour_before_that_was_none_is_taken_from_there) {
    engine_world w;
    std::vector<admission> sent;
    for (int n = 0; n < 4; ++n)
        sent.push_back(send(w));
    w.be_at(1h);
    for (std::size_t const n : {0U, 1U}) {
        settlement refusal;
        refusal.key = sent[n].key;
        refusal.id = sent[n].id;
        refusal.result = send_result::refused;
        refusal.watched = {key_of(everybody)};
        BOOST_TEST((w.settle(refusal) == settle_outcome::settled));
    }
    check_room(w, guard(4), 3);
}

// --- days -------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_last_day_is_today_and_what_is_left_of_yesterday) {
    engine_world w;
    send(w, 0, 10);
    w.be_at(day_begins + 24h + 8h);
    send(w, 0, 10);
    w.be_at(day_begins + 24h + 12h);
    check_room(w, guard(1, 100), 15);
}

BOOST_AUTO_TEST_CASE(the_best_day_counts_for_fourteen_days) {
    for (int const days : {13, 14, 15}) {
        engine_world w;
        send(w, 0, 20);
        w.be_at(day_begins + days * 24h + 23h + 30min);
        check_room(w, guard(1, 50), days <= 14 ? 10 : 1);
        if (days > 14) continue;
        // Tomorrow the day that is 14 days ago is forgotten: one of ten may be left then.
        auto const after_midnight = days == 14 ? 3'240'001ms : 1ms;
        BOOST_TEST((wait_of(w, guard(1, 50)) == 30min + after_midnight));
    }
}

BOOST_AUTO_TEST_CASE(today_is_a_best_day_tomorrow) {
    engine_world w;
    w.be_at(10h);
    send(w, 0, 20);
    w.be_at(day_begins + 23h + 30min);
    check_room(w, guard(1, 50), 10);
    BOOST_TEST((wait_of(w, guard(1, 50)) == 30min + 1ms));
}

// --- the breaker ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_breaker_looks_at_an_hour_that_slides) {
    for (int const sent : {2, 3}) {
        engine_world w;
        send(w, 0, 4);
        w.be_at(day_begins + 90min);
        send(w, sent);
        auto const answer = w.admit(guarded_send(breaker(4, 50)));
        BOOST_TEST(is<admitted>(answer) == (sent == 2));
        if (sent == 2) continue;
        auto const tripped = expect<refused>(answer).violations.at(0);
        BOOST_TEST((tripped.tripped && tripped.retry_after == 3h));
    }
}

// Others send at the same time: whether there is room is looked at again with this.
BOOST_AUTO_TEST_CASE(a_counted_send_passes_up_to_the_room_and_up_to_the_breaker) {
    engine_world w;
    w.admit(guarded_send(guard(4)));
    BOOST_TEST(w.io.added.at(0).bound == 4);
    w.admit(guarded_send(breaker(3, 50)));
    BOOST_TEST(w.io.added.at(0).bound == 3);
}

BOOST_AUTO_TEST_SUITE_END()
