// The rules beyond their thresholds (engine_steps_test.cpp, engine_limits_test.cpp): which of two
// conditions takes precedence, what remains, and the contents of an addition while others add as
// well.

#include "engine/verifications.hpp"
#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr auto pause_rule = cooldown_rule{45s, 900s, 1h};

admission paused_send(std::uint32_t id, std::string scope = "login") {
    auto request = send_of(1, id);
    request.key.scope = std::move(scope);
    request.cooldown = pause_rule;
    return request;
}

settlement refusal_of(std::uint32_t id, duration pause = 45s) {
    auto request = settlement_of(1, id, send_result::refused);
    request.cooldown = pause;
    return request;
}

/// The pause that the next send starts.
duration next_pause(engine_world& w, std::uint32_t id) {
    return expect<admitted>(w.admit(paused_send(id))).cooldown;
}

rate_limit_check of_number(std::string name) {
    return rate_limit_check{key_of(1), std::move(name), 4, 40s};
}
rate_limit_check of_everybody() {
    return rate_limit_check{key_of(everybody), "limit", 4, 40s};
}

budget_key daily(std::uint32_t owner = everybody) {
    return {key_of(owner), "daily", "2026-05-04"};
}

std::int64_t spent_in(engine_world& w, budget_key const& of = daily()) {
    return w.run<engine::spent>(std::vector<budget_key>{of}).at(0);
}

receipt by_route(int route) {
    receipt sent;
    sent.route_id = route;
    return sent;
}

settlement accepted_by(int route) {
    auto request = settlement_of(1, 1, send_result::accepted);
    request.accepted = by_route(route);
    return request;
}

delivery_update update_of(delivery message, std::string details = "x") {
    delivery_update request;
    request.address = {key_of(1), id_of(1)};
    request.message = message;
    request.details = std::move(details);
    return request;
}

update_outcome apply(engine_world& w, delivery_update const& update) {
    return w.run<engine::update>(update);
}

verification seen(engine_world& w, std::uint32_t id = 1) {
    auto const found = w.find({key_of(1), id_of(id)});
    BOOST_REQUIRE(found.has_value());
    return *found;
}

idempotency_key once_key() {
    return {key_of(everybody + 1), key_of(7), 1h};
}

admission once_send(std::uint32_t id) {
    auto request = send_of(1, id);
    request.idempotency = once_key();
    return request;
}

std::int64_t at(engine_world const& w, counter_time later) {
    return (w.io.time + later).time_since_epoch().count();
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_rules)

// --- pauses -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_send_without_a_pause_neither_waits_for_one_nor_begins_one) {
    engine_world w;
    w.admit(paused_send(1));
    BOOST_TEST((expect<admitted>(w.admit(send_of(1, 2))).cooldown == 0s));
    w.pass(10s);
    auto const wait = expect<refused>(w.admit(paused_send(3))).violations.at(0);
    BOOST_TEST((wait.retry_after == 35s));
    w.pass(35s);
    BOOST_TEST((next_pause(w, 4) == 90s));
}

BOOST_AUTO_TEST_CASE(a_right_code_ends_the_pause_and_the_streak) {
    engine_world w;
    w.admit(paused_send(1));
    BOOST_TEST(is<verified>(w.check(guess_of(1, 1))));
    BOOST_TEST((next_pause(w, 2) == 45s));
    BOOST_TEST(is<refused>(w.admit(paused_send(3))));
}

BOOST_AUTO_TEST_CASE(another_scope_waits_a_little) {
    engine_world w;
    w.admit(paused_send(1));
    auto const wait = expect<refused>(w.admit(paused_send(2, "payment"))).violations.at(0);
    BOOST_TEST((wait.retry_after == 5s));
    w.pass(5s - 1us);
    BOOST_TEST(is<refused>(w.admit(paused_send(2, "payment"))));
    w.pass(1us);
    BOOST_TEST(is<admitted>(w.admit(paused_send(2, "payment"))));
    BOOST_TEST((expect<refused>(w.admit(paused_send(3))).violations.at(0).retry_after == 40s));
}

BOOST_AUTO_TEST_CASE(another_scope_never_waits_longer_than_the_pause) {
    engine_world w;
    auto request = paused_send(1);
    request.cooldown = {3s, 3s, 1h};
    w.admit(request);
    BOOST_TEST(
        (expect<refused>(w.admit(paused_send(2, "payment"))).violations.at(0).retry_after == 3s));
}

// But not that of a later send, and not while the outcome is unknown.
BOOST_AUTO_TEST_CASE(a_message_that_did_not_arrive_ends_its_pause) {
    for (auto const what : {delivery::unknown, delivery::delivered, delivery::failed})
        for (bool const another_followed : {false, true}) {
            engine_world w;
            w.admit(paused_send(1));
            if (another_followed) {
                w.pass(45s);
                w.admit(paused_send(2));
            }
            delivery_update update;
            update.address = {key_of(1), id_of(1)};
            update.message = what;
            w.run<engine::update>(update);
            BOOST_TEST(is<admitted>(w.admit(paused_send(3))) ==
                       (what == delivery::failed && !another_followed));
        }
}

// After a success, the next send may be admitted in the same millisecond.
BOOST_AUTO_TEST_CASE(a_message_that_did_not_arrive_ends_no_pause_of_the_same_millisecond) {
    engine_world w;
    w.admit(paused_send(1));
    auto right = guess_of(1, 1);
    right.id = id_of(1);
    BOOST_REQUIRE(is<verified>(w.check(right)));
    BOOST_REQUIRE(is<admitted>(w.admit(paused_send(2))));
    delivery_update update;
    update.address = {key_of(1), id_of(1)};
    update.message = delivery::failed;
    w.run<engine::update>(update);
    BOOST_TEST(is<refused>(w.admit(paused_send(3))));
}

BOOST_AUTO_TEST_CASE(pauses_of_a_number_are_bounded_and_the_next_to_end_goes) {
    for (std::uint32_t const others : {15U, 16U}) {
        engine_world w;
        for (std::uint32_t n = 0; n <= others; ++n) {
            auto request = paused_send(n + 1, std::to_string(n));
            request.cooldown = {15min, 15min, 1h};
            BOOST_TEST(is<admitted>(w.admit(request)));
            w.pass(5s);
        }
        BOOST_TEST(is<admitted>(w.admit(paused_send(99, "0"))) == (others == 16));
    }
}

BOOST_AUTO_TEST_CASE(a_refused_send_leaves_its_back_off_and_no_send_in_a_row) {
    engine_world w;
    w.admit(paused_send(1));
    auto refusal = refusal_of(1);
    refusal.back_off = 5s;
    w.settle(refusal);
    BOOST_TEST((expect<refused>(w.admit(paused_send(2))).violations.at(0).retry_after == 5s));
    w.pass(5s);
    BOOST_TEST((next_pause(w, 2) == 45s));
}

BOOST_AUTO_TEST_CASE(a_refused_send_keeps_those_before_it_in_a_row) {
    engine_world w;
    w.admit(paused_send(1));
    w.pass(45s);
    w.admit(paused_send(2));
    w.settle(refusal_of(2, 90s));
    w.pass(30min);
    BOOST_TEST((next_pause(w, 3) == 90s));
}

BOOST_AUTO_TEST_CASE(a_send_that_began_no_pause_takes_none_back) {
    engine_world w;
    w.admit(paused_send(1));
    w.admit(send_of(1, 2));
    w.settle(refusal_of(2, 0s));
    BOOST_TEST(is<refused>(w.admit(paused_send(3))));
    w.pass(45s);
    BOOST_TEST((next_pause(w, 3) == 90s));
}

BOOST_AUTO_TEST_CASE(what_is_no_longer_in_a_row_is_not_taken_back_once_more) {
    engine_world w;
    w.admit(paused_send(1));
    w.pass(45s);
    auto other = send_of(1, 2);
    other.key.scope = "payment";
    w.admit(other);
    w.pass(1s);
    BOOST_TEST(is<verified>(w.check(guess_of(1, 1)))); // no sends are consecutive any more
    w.admit(paused_send(3));
    auto late = settlement_of(1, 2, send_result::refused);
    late.cooldown = 45s;
    w.settle(late);
    w.settle(refusal_of(3));
    BOOST_TEST((next_pause(w, 4) == 45s));
    w.pass(45s);
    BOOST_TEST((next_pause(w, 5) == 90s));
}

BOOST_AUTO_TEST_CASE(of_sends_that_are_no_longer_in_a_row_none_is_taken_back) {
    engine_world w;
    for (std::uint32_t const id : {1U, 2U}) {
        auto request = paused_send(id);
        request.cooldown.memory = 45s;
        BOOST_TEST((expect<admitted>(w.admit(request)).cooldown == 45s));
        if (id == 1) w.pass(45s); // the first one is no longer in a row
    }
    w.settle(refusal_of(1));
    w.settle(refusal_of(2));
    BOOST_TEST((next_pause(w, 3) == 45s));
    w.pass(45s);
    BOOST_TEST((next_pause(w, 4) == 90s));
}

BOOST_AUTO_TEST_CASE(a_refused_send_knows_how_long_the_requesters_own_code_lasts) {
    engine_world w;
    auto request = paused_send(1);
    request.by = {std::byte{7}};
    request.repeat.attempts_max = 5;
    w.admit(request);
    w.pass(10s);
    auto const own_code_end = [&w](admission again) {
        again.id = id_of(2);
        return expect<refused>(w.admit(again)).own_code_end;
    };
    auto other = request;
    other.by = {std::byte{8}};
    BOOST_TEST((own_code_end(other) == 0s));
    auto guess = guess_of(1, 9);
    guess.by = request.by;
    for (int n = 0; n < 5; ++n) {
        BOOST_TEST((own_code_end(request) == 50s));
        w.check(guess);
    }
    BOOST_TEST((own_code_end(request) == 0s));
    request.repeat.attempts_max = 0; // used attempts do not matter
    BOOST_TEST((own_code_end(request) == 50s));
}

BOOST_AUTO_TEST_CASE(an_undone_admission_takes_back_the_pause_that_it_began) {
    for (bool const another_followed : {false, true}) {
        engine_world w;
        w.admit(paused_send(1));
        w.pass(45s);
        if (another_followed) w.admit(paused_send(2, "payment"));
        auto undo = refusal_of(1, 0s);
        undo.is_undo = true;
        BOOST_TEST((w.settle(undo) == settle_outcome::settled));
        BOOST_TEST(is<refused>(w.admit(paused_send(3))) == another_followed);
    }
    engine_world w;
    w.admit(send_of(1, 1));
    auto undo = refusal_of(1, 0s);
    undo.is_undo = true;
    BOOST_TEST((w.settle(undo) == settle_outcome::settled));
}

BOOST_AUTO_TEST_CASE(an_undone_admission_takes_back_no_pause_of_a_later_send) {
    engine_world w;
    w.admit(paused_send(1));
    w.pass(45s);
    auto undo = refusal_of(1, 0s);
    undo.is_undo = true;
    w.settle(undo);
    BOOST_TEST((next_pause(w, 2) == 45s)); // as after the first send
    w.pass(45s);
    BOOST_TEST((next_pause(w, 3) == 90s));
    undo.id = id_of(2);
    BOOST_TEST((w.settle(undo) == settle_outcome::settled));
    auto const wait = expect<refused>(w.admit(paused_send(4))).violations.at(0);
    BOOST_TEST((wait.retry_after == 90s));
}

// --- what is left of a send ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(nothing_is_left_of_a_refused_send) {
    engine_world w;
    auto request = paused_send(1);
    request.rate_limit_checks = {of_number("a"), of_number("b")};
    w.admit(request);
    auto refusal = refusal_of(1);
    refusal.refund = request.rate_limit_checks;
    w.settle(refusal);
    BOOST_TEST(w.io.blob(state::number_state_key(key_of(1))).empty());
}

BOOST_AUTO_TEST_CASE(of_two_limits_only_that_which_is_given_back_goes) {
    engine_world w;
    auto request = send_of(1, 1);
    request.rate_limit_checks = {of_number("a"), of_number("b")};
    w.admit(request);
    auto refusal = settlement_of(1, 1, send_result::refused);
    refusal.refund = {of_number("b")};
    w.settle(refusal);
    request.id = id_of(2);
    auto const busy = expect<admitted>(w.admit(request)).resets_in;
    BOOST_TEST((busy.at(0) == 20s && busy.at(1) == 10s));
}

BOOST_AUTO_TEST_CASE(of_two_sends_only_the_refused_one_goes) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto other = send_of(1, 2);
    other.key.scope = "payment";
    w.admit(other);
    w.settle(settlement_of(1, 2, send_result::refused));
    BOOST_TEST(w.find({key_of(1), id_of(1)}).has_value());
    BOOST_TEST(!w.find({key_of(1), id_of(2)}).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_known_of_a_message_only_grows) {
    engine_world w;
    w.admit(send_of(1, 1));
    BOOST_TEST((seen(w).message == delivery::queued));
    BOOST_TEST((seen(w).state == progress::pending));
    w.settle(settlement_of(1, 1, send_result::unknown));
    BOOST_TEST((seen(w).message == delivery::unknown));
    BOOST_TEST((seen(w).state == progress::active));
    BOOST_TEST((seen(w).events.at(1).type == event_type::unknown));
    BOOST_TEST((apply(w, update_of(delivery::delivered)) == update_outcome::updated));
    w.settle(accepted_by(3));
    BOOST_TEST((seen(w).message == delivery::delivered));
}

BOOST_AUTO_TEST_CASE(a_receipt_is_the_settlements_unless_more_was_known_before) {
    for (auto const& [waiters, had_receipt, kept] :
         {std::tuple{delivery::queued, false, 3}, std::tuple{delivery::accepted, true, 3},
          std::tuple{delivery::delivered, true, 7}, std::tuple{delivery::delivered, false, 3}}) {
        engine_world w;
        w.admit(send_of(1, 1));
        auto update = update_of(waiters);
        if (had_receipt) update.sent = by_route(7);
        apply(w, update);
        w.settle(accepted_by(3));
        BOOST_TEST(seen(w).sent.value().route_id == kept);
    }
    engine_world w;
    w.admit(send_of(1, 1));
    auto unknown_send = accepted_by(3);
    unknown_send.result = send_result::unknown;
    w.settle(unknown_send);
    BOOST_TEST(!seen(w).sent.has_value());
}

BOOST_AUTO_TEST_CASE(a_code_that_was_used_before_its_send_was_settled_stays_used) {
    engine_world w;
    w.admit(send_of(1, 1));
    BOOST_TEST(is<verified>(w.check(guess_of(1, 1))));
    BOOST_TEST((w.settle(accepted_by(3)) == settle_outcome::settled));
    BOOST_TEST((seen(w).state == progress::verified));
    BOOST_TEST((w.settle(refusal_of(1)) == settle_outcome::superseded));
}

BOOST_AUTO_TEST_CASE(an_event_is_listed_only_before_a_final_state) {
    engine_world w;
    w.admit(send_of(1, 1));
    w.settle(accepted_by(3));
    BOOST_TEST((apply(w, update_of(delivery::unknown, "y")) == update_outcome::known));
    BOOST_TEST((apply(w, update_of(delivery::accepted, "y")) == update_outcome::updated));
    BOOST_TEST((apply(w, update_of(delivery::accepted, "y")) == update_outcome::known));
    BOOST_TEST((apply(w, update_of(delivery::delivered, "y")) == update_outcome::updated));
    BOOST_TEST((apply(w, update_of(delivery::delivered, "z")) == update_outcome::known));
}

BOOST_AUTO_TEST_CASE(notes_come_at_their_time_and_one_of_them_is_the_admissions) {
    engine_world w;
    w.admit(send_of(1, 1));
    w.pass(5s);
    auto made = accepted_by(3);
    made.notes = {{event_type::admitted, 0s, "country=NL"},
                  {event_type::step, 1min, "first"}, // before the admission
                  {event_type::step, 2s, "second"}};
    made.details = "last";
    w.settle(made);
    auto const events = seen(w).events;
    BOOST_REQUIRE(events.size() == 4U);
    BOOST_TEST(events[0].details == "country=NL");
    BOOST_TEST((events[1].at == events[0].at && events[1].details == "first"));
    BOOST_TEST((events[2].at == events[0].at + 3s && events[2].details == "second"));
    BOOST_TEST((events[3].at == events[0].at + 5s && events[3].details == "last"));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_absent_or_too_late) {
    engine_world w;
    BOOST_TEST(
        (w.run<engine::cancel>(cancellation{{key_of(1), id_of(1)}, ""}) == cancel_outcome::absent));
    reservation_replacement other;
    other.address = {key_of(1), id_of(1)};
    BOOST_TEST(is<too_late>(w.run<engine::replace_reservation>(other)));
    w.admit(send_of(1, 1));
    w.settle(accepted_by(3));
    BOOST_TEST(is<too_late>(w.run<engine::replace_reservation>(other)));
    BOOST_TEST((w.settle(refusal_of(2)) == settle_outcome::superseded));
}

// --- scopes -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_guess_is_at_a_live_code_of_its_scope) {
    engine_world w;
    auto other = send_of(1, 2);
    other.key.scope = "payment";
    w.admit(other);
    BOOST_TEST(is<absent>(w.check(guess_of(1, 1))));
    w.admit(send_of(1, 1));
    w.run<engine::cancel>(cancellation{{key_of(1), id_of(1)}, ""});
    BOOST_TEST(is<absent>(w.check(guess_of(1, 1))));
    w.admit(send_of(1, 3));
    auto guess = guess_of(1, 1);
    for (std::uint32_t const not_of_it : {1U, 2U, 4U}) {
        guess.id = id_of(not_of_it);
        BOOST_TEST(is<absent>(w.check(guess)));
    }
    guess.id = id_of(3);
    BOOST_TEST((expect<verified>(w.check(guess)).id == id_of(3)));
    BOOST_TEST((seen(w, 2).state == progress::pending));
}

BOOST_AUTO_TEST_CASE(a_send_on_its_way_stops_its_own_scope_only) {
    engine_world w;
    auto request = send_of(1, 1);
    request.lease = 30s;
    w.admit(request);
    auto other = send_of(1, 2);
    other.key.scope = "payment";
    BOOST_TEST(is<admitted>(w.admit(other)));
}

BOOST_AUTO_TEST_CASE(codes_that_are_over_take_no_place) {
    engine_world w;
    for (std::uint32_t id = 1; id <= 2 * engine::verifications_max; ++id) {
        auto request = send_of(1, id);
        request.key.scope = "scope" + std::to_string(id);
        BOOST_REQUIRE(is<admitted>(w.admit(request)));
        w.run<engine::cancel>(cancellation{{key_of(1), id_of(id)}, ""});
    }
}

BOOST_AUTO_TEST_CASE(a_live_code_stays_however_many_come_after_it) {
    engine_world w;
    w.admit(send_of(1, 1));
    w.settle(accepted_by(3));
    for (std::uint32_t id = 2; id <= 2 * engine::verifications_max; ++id) {
        auto request = send_of(1, id);
        request.key.scope = "payment";
        w.admit(request);
    }
    BOOST_TEST(is<verified>(w.check(guess_of(1, 1))));
}

BOOST_AUTO_TEST_CASE(a_repeated_code_has_the_attempts_that_were_made_at_it) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    w.check(guess);
    guess.id = id_of(1);
    w.check(guess);
    w.check(guess);
    w.admit(send_of(1, 2));
    BOOST_TEST(seen(w, 2).attempts == 3U);
}

BOOST_AUTO_TEST_CASE(as_many_events_as_a_number_may_have_all_stay) {
    engine_world w;
    auto guess = guess_of(1, 9);
    guess.attempts_max = guess.guesses.quota = 100'000;
    constexpr std::uint32_t count = engine::number_events_max / events_max;
    for (std::uint32_t id = 1; id <= count; ++id) {
        auto request = send_of(1, id);
        request.guesses = guess.guesses;
        w.admit(request);
        // The last ones replace the event that reports the cancellation.
        for (std::size_t n = 0; n < events_max - (id < count ? 2 : 1); ++n)
            BOOST_REQUIRE(is<wrong>(w.check(guess)));
        if (id < count) w.run<engine::cancel>(cancellation{{key_of(1), id_of(id)}, ""});
    }
    BOOST_TEST(seen(w, 1).events.size() == events_max);
    auto made = settlement_of(1, count, send_result::accepted);
    w.settle(made);
    BOOST_TEST(!w.find({key_of(1), id_of(1)}).has_value());
    BOOST_TEST(w.find({key_of(1), id_of(2)}).has_value());
}

// --- guesses ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(attempts_left_are_those_of_the_code_or_of_the_number) {
    for (bool const is_number_short : {false, true}) {
        engine_world w;
        w.admit(send_of(1, 1));
        auto guess = guess_of(1, 9);
        guess.attempts_max = is_number_short ? 100 : 3;
        guess.guesses.quota = is_number_short ? 3 : 100;
        for (std::uint32_t const left : {2U, 1U, 0U})
            BOOST_TEST(expect<wrong>(w.check(guess)).attempts_left == left);
    }
}

BOOST_AUTO_TEST_CASE(guesses_wait_for_each_other_with_an_id_or_without) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.guesses = guess_budget{20, 24h, 0, 0, 2, 10s, 40s};
    guess.id = id_of(1);
    w.check(guess);
    w.check(guess);
    guess.id.reset();
    BOOST_TEST((expect<locked>(w.check(guess)).retry_after == 10s));
}

BOOST_AUTO_TEST_CASE(the_first_guess_with_an_id_waits_for_nobody) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.guesses = guess_budget{20, 24h, 1, 0, 2, 10s, 40s};
    w.check(guess);
    w.check(guess);
    BOOST_TEST(is<locked>(w.check(guess)));
    guess.id = id_of(1);
    BOOST_TEST(expect<wrong>(w.check(guess)).attempts_left == 0U);
    BOOST_TEST((expect<locked>(w.check(guess)).retry_after == 10s)); // it makes nobody wait either
}

BOOST_AUTO_TEST_CASE(who_has_the_id_pays_for_no_guess) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.rate_limit_checks = {rate_limit_check{key_of(everybody), "limit", 1, 40s}};
    guess.id = id_of(1);
    BOOST_TEST(is<wrong>(w.check(guess)));
    guess.id.reset();
    BOOST_TEST(is<wrong>(w.check(guess)));
    BOOST_TEST(is<refused>(w.check(guess)));
}

BOOST_AUTO_TEST_CASE(an_observed_limit_on_guesses_refuses_none) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.rate_limit_checks = {rate_limit_check{key_of(everybody), "limit", 1, 40s, 1, true}};
    BOOST_TEST(is<wrong>(w.check(guess)));
    BOOST_TEST(is<wrong>(w.check(guess)));
    guess.is_code_of = typed(seed_of(1));
    BOOST_TEST(is<verified>(w.check(guess)));
}

// --- limits and money ---------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_observed_limit_that_passes_is_busy_like_another) {
    engine_world w;
    auto request = send_of(1, 1);
    request.rate_limit_checks = {of_everybody()};
    request.rate_limit_checks[0].observed = true;
    BOOST_TEST((expect<admitted>(w.admit(request)).resets_in.at(0) == 10s));
}

BOOST_AUTO_TEST_CASE(what_is_more_than_a_budget_that_is_not_kept_waits_as_long_as_it_would_be) {
    engine_world w;
    auto request = send_of(1, 1);
    request.reservations = {{daily(), 101, 100, 1h}};
    BOOST_TEST((expect<refused>(w.admit(request)).violations.at(0).retry_after == 1h));
}

BOOST_AUTO_TEST_CASE(a_budget_that_is_not_kept_is_not_corrected) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto made = accepted_by(3);
    made.adjustments = {{daily(), 5}};
    BOOST_TEST((w.settle(made) == settle_outcome::settled));
    BOOST_TEST(spent_in(w) == 0);
}

BOOST_AUTO_TEST_CASE(a_sum_never_passes_what_can_be_counted) {
    engine_world w;
    auto request = send_of(1, 1);
    request.reservations = {{daily(), 60, 100, 1h}};
    w.admit(request);
    auto made = accepted_by(3);
    made.adjustments = {{daily(), state::value_max}};
    BOOST_TEST((w.settle(made) == settle_outcome::settled));
    BOOST_TEST(spent_in(w) == state::value_max);
}

BOOST_AUTO_TEST_CASE(what_another_budget_gives_back_is_nobody_elses) {
    engine_world w;
    auto request = send_of(1, 1);
    request.reservations = {{daily(), 60, 100, 1h}, {daily(2), 60, 100, 1h}};
    w.admit(request);
    reservation_replacement other;
    other.address = {key_of(1), id_of(1)};
    other.refund = {{daily(2), -60}};
    other.take = {{daily(), 50, 100, 1h}};
    BOOST_TEST(is<refused>(w.run<engine::replace_reservation>(other)));
    other.refund.push_back({daily(), -60});
    BOOST_TEST(is<reservation_replaced>(w.run<engine::replace_reservation>(other)));
    BOOST_TEST(spent_in(w) == 50);
    BOOST_TEST(spent_in(w, daily(2)) == 0);
}

BOOST_AUTO_TEST_CASE(an_unanswered_replacement_was_done_when_it_is_listed) {
    for (std::size_t const steps : {0U, 1U, 2U}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.reservations = {{daily(), 60, 100, 1h}};
        w.admit(request);
        reservation_replacement other;
        other.address = {key_of(1), id_of(1)};
        other.notes.assign(steps, note{event_type::step, {}, "x"});
        w.run<engine::replace_reservation>(other);
        auto made = accepted_by(3);
        made.adjustments = {{daily(), 1}};
        made.unanswered = unanswered_replacement{1, {{daily(), 2}}};
        w.settle(made);
        BOOST_TEST(spent_in(w) == (steps > 1 ? 62 : 61));
    }
}

// --- idempotency --------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_first_settlement_of_a_request_is_the_one_that_is_replayed) {
    engine_world w;
    w.admit(once_send(1));
    auto made = accepted_by(3);
    made.idempotency = once_key();
    made.reply = "first";
    w.settle(made);
    made.reply = "second";
    w.settle(made);
    BOOST_TEST(expect<replayed>(w.admit(once_send(2))).reply == "first");
}

BOOST_AUTO_TEST_CASE(a_refused_request_may_be_made_again) {
    engine_world w;
    w.admit(once_send(1));
    auto refusal = refusal_of(1, 0s);
    refusal.idempotency = once_key();
    w.settle(refusal);
    BOOST_TEST(is<admitted>(w.admit(once_send(2))));
}

// An undo does not know whether there was an admission. If there was none, the key belongs to
// another send.
BOOST_AUTO_TEST_CASE(an_undone_admission_frees_its_own_request_only) {
    for (bool const is_its_own : {true, false}) {
        engine_world w;
        w.admit(once_send(1));
        auto undo = refusal_of(is_its_own ? 1 : 2, 0s);
        undo.is_undo = true;
        undo.idempotency = once_key();
        w.settle(undo);
        BOOST_TEST(is<admitted>(w.admit(once_send(3))) == is_its_own);
    }
}

BOOST_AUTO_TEST_CASE(a_request_is_settled_even_when_its_code_is_forgotten) {
    engine_world w;
    auto request = once_send(1);
    request.retention = 60s;
    w.admit(request);
    w.pass(60s);
    auto made = accepted_by(3);
    made.idempotency = once_key();
    made.reply = "reply";
    BOOST_TEST((w.settle(made) == settle_outcome::superseded));
    BOOST_TEST(expect<replayed>(w.admit(once_send(2))).reply == "reply");
}

// --- what an addition says ----------------------------------------------------------------------

// Others add at the same time, so the commit checks the addition again with these values.
BOOST_AUTO_TEST_CASE(a_check_of_a_limit_passes_up_to_its_window) {
    engine_world w;
    auto request = send_of(1, 1);
    request.rate_limit_checks = {of_everybody()};
    w.admit(request);
    auto const& taken = w.io.added.at(0);
    BOOST_TEST(taken.floor == at(w, 0s));
    BOOST_TEST(taken.delta == 10'000'000);
    BOOST_TEST(taken.bound == at(w, 40s));
    BOOST_TEST(taken.ceiling == at(w, 41s));
    BOOST_TEST(!taken.skips_when_over);
    w.pass(1s);
    auto guess = guess_of(1, 1);
    guess.rate_limit_checks = {of_everybody()};
    BOOST_TEST(is<verified>(w.check(guess)));
    auto const& required = w.io.added.at(0);
    BOOST_TEST(required.floor == at(w, 0s));
    BOOST_TEST(required.delta == 0);
    BOOST_TEST(required.bound == at(w, 30s));
    BOOST_TEST(required.ceiling == at(w, 41s));
}

BOOST_AUTO_TEST_CASE(what_is_given_back_of_a_limit_ends_now_at_the_earliest) {
    engine_world w;
    auto request = send_of(1, 1);
    request.rate_limit_checks = {of_everybody()};
    w.admit(request);
    auto refusal = refusal_of(1, 0s);
    refusal.refund = request.rate_limit_checks;
    w.settle(refusal);
    auto const& given = w.io.added.at(0);
    BOOST_TEST(given.floor == at(w, 10s));
    BOOST_TEST(given.delta == -10'000'000);
    BOOST_TEST(given.ceiling == at(w, 41s));
}

BOOST_AUTO_TEST_CASE(a_reservation_passes_up_to_its_cap_unless_it_is_observed) {
    for (bool const observed : {false, true}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.reservations = {{daily(), 60, 100, 1h, observed}};
        w.admit(request);
        auto const& taken = w.io.added.at(0);
        BOOST_TEST(taken.floor == 0);
        BOOST_TEST(taken.delta == 60);
        BOOST_TEST(taken.bound == (observed ? state::value_max : 100));
    }
}

BOOST_AUTO_TEST_CASE(a_correction_goes_down_to_nothing) {
    for (std::int64_t const change : {-5, 5}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.reservations = {{daily(), 60, 100, 1h}};
        w.admit(request);
        auto made = accepted_by(3);
        made.adjustments = {{daily(), change}};
        w.settle(made);
        auto const& added = w.io.added.at(0);
        BOOST_TEST(added.delta == change);
        BOOST_TEST(added.floor == (change < 0 ? 5 : 0));
        BOOST_TEST(added.bound == state::value_max);
    }
}

BOOST_AUTO_TEST_SUITE_END()
