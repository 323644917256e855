// Resends by a route plan: after which step a send begins.

#include "map_backend.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr std::uint16_t some_plan = 7;

/// By a plan of three steps, whose messages have 60, 30 and 45 seconds to arrive.
admission planned(std::uint32_t id, std::uint8_t begins_after = 0) {
    auto request = send_of(1, id);
    request.plan = planned_send{
        {some_plan, static_cast<std::uint8_t>(begins_after + 1)}, begins_after, {60s, 30s, 45s}};
    return request;
}

/// Admits and settles it as accepted by the step with which it begins.
void send(engine_world& w, admission const& request) {
    BOOST_REQUIRE(is<admitted>(w.admit(request)));
    settlement done;
    done.key = request.key;
    done.id = request.id;
    done.result = send_result::accepted;
    done.step = request.plan->taken.number;
    w.settle(done);
}

void report(engine_world& w, std::uint32_t id, delivery message) {
    delivery_update known;
    known.address = {key_of(1), id_of(id)};
    known.message = message;
    BOOST_REQUIRE((w.run<engine::update>(known) == update_outcome::updated));
}

/// The step after which the next send begins. Nothing is changed by the question.
int skipped(engine_world& w, admission request = planned(99)) {
    request.plan->begins_after = plan_steps_max; // nothing begins there
    return expect<begin_after>(w.admit(request)).step;
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_escalation)

BOOST_AUTO_TEST_CASE(the_first_send_begins_with_the_first_step) {
    engine_world w;
    BOOST_TEST(skipped(w) == 0);
    send(w, planned(1));
}

BOOST_AUTO_TEST_CASE(after_a_failure_the_next_step_is_the_first) {
    engine_world w;
    send(w, planned(1));
    BOOST_TEST(skipped(w) == 0);
    report(w, 1, delivery::failed);
    BOOST_TEST(skipped(w) == 1);
    BOOST_TEST(expect<begin_after>(w.admit(planned(2))).step == 1);
    send(w, planned(2, 1));
    report(w, 2, delivery::failed);
    BOOST_TEST(skipped(w) == 2);
}

BOOST_AUTO_TEST_CASE(a_message_that_is_late_has_not_arrived) {
    engine_world w;
    send(w, planned(1));
    w.be_at(60s - 1ms);
    BOOST_TEST(skipped(w) == 0);
    w.be_at(60s);
    BOOST_TEST(skipped(w) == 1);
    send(w, planned(2, 1));
    w.be_at(90s - 1ms);
    BOOST_TEST(skipped(w) == 0);
    w.be_at(90s); // the second step's own time
    BOOST_TEST(skipped(w) == 2);
}

BOOST_AUTO_TEST_CASE(an_outcome_that_stays_unknown_is_late_too) {
    engine_world w;
    BOOST_REQUIRE(is<admitted>(w.admit(planned(1))));
    w.settle(settlement_of(1, 1, send_result::unknown));
    BOOST_TEST(skipped(w) == 0);
    w.be_at(60s);
    BOOST_TEST(skipped(w) == 1);
}

// A verification of unknown outcome is kept for longer, so that it can be settled.
BOOST_AUTO_TEST_CASE(a_message_that_has_ended_says_nothing_after_the_usual_retention) {
    engine_world w;
    auto first = planned(1);
    first.retention = 24h;
    send(w, first);
    report(w, 1, delivery::failed);
    auto const retention = planned(99).retention;
    w.be_at(retention - 1ms);
    BOOST_TEST(skipped(w) == 1);
    w.be_at(retention);
    BOOST_TEST(skipped(w) == 0);
}

BOOST_AUTO_TEST_CASE(a_message_that_was_delivered_or_typed_has_arrived) {
    for (bool const is_typed : {false, true}) {
        engine_world w;
        send(w, planned(1));
        if (is_typed)
            BOOST_REQUIRE(is<verified>(w.check(guess_of(1, 1))));
        else
            report(w, 1, delivery::delivered);
        w.be_at(2min);
        BOOST_TEST(skipped(w) == 0);
    }
}

// The older message was typed, so the newer one says nothing.
BOOST_AUTO_TEST_CASE(a_success_with_an_older_id_ends_the_newer_message_too) {
    engine_world w;
    send(w, planned(1));
    send(w, planned(2));
    auto guess = guess_of(1, 1);
    guess.id = id_of(1);
    BOOST_REQUIRE(is<verified>(w.check(guess)));
    report(w, 2, delivery::failed);
    BOOST_TEST(skipped(w) == 0);
}

BOOST_AUTO_TEST_CASE(after_the_last_step_the_plan_begins_again) {
    engine_world w;
    send(w, planned(1));
    report(w, 1, delivery::failed);
    send(w, planned(2, 1));
    settlement last; // and its route was left for the third
    last = settlement_of(1, 2, send_result::accepted);
    last.step = 3;
    w.settle(last);
    report(w, 2, delivery::failed);
    BOOST_TEST(skipped(w) == 0);
}

BOOST_AUTO_TEST_CASE(a_number_escalates_twice_in_24_hours) {
    engine_world w;
    for (std::uint8_t step = 0; step < 3; ++step) {
        send(w, planned(step + 1U, step));
        report(w, step + 1U, delivery::failed);
        w.pass(1s);
    }
    auto other = planned(10);
    other.key.scope = "payment";
    send(w, other);
    report(w, 10, delivery::failed);
    other = planned(11);
    other.key.scope = "payment";
    BOOST_TEST(skipped(w, other) == 0); // over all scopes
    send(w, other);
    w.be_at(24h); // a second before the first escalation is forgotten
    other.id = id_of(12);
    other.retention = 1h;
    send(w, other);
    report(w, 12, delivery::failed);
    BOOST_TEST(skipped(w, other) == 0);
    w.pass(1s);
    BOOST_TEST(skipped(w, other) == 1);
}

BOOST_AUTO_TEST_CASE(a_refused_send_is_no_escalation) {
    engine_world w;
    send(w, planned(1));
    report(w, 1, delivery::failed);
    for (std::uint32_t n = 0; n <= escalations_max; ++n) {
        BOOST_REQUIRE(is<admitted>(w.admit(planned(2 + n, 1))));
        auto undone = settlement_of(1, 2 + n, send_result::refused);
        undone.is_undo = n == 0;
        w.settle(undone);
    }
    BOOST_TEST(skipped(w) == 1);
}

BOOST_AUTO_TEST_CASE(another_plan_or_an_explicit_route_knows_nothing_of_it) {
    engine_world w;
    send(w, planned(1));
    report(w, 1, delivery::failed);
    auto other = planned(99);
    other.plan->taken.plan = some_plan + 1;
    BOOST_TEST(skipped(w, other) == 0);
    BOOST_TEST(is<admitted>(w.admit(send_of(1, 2)))); // without a plan
    report(w, 2, delivery::failed);
    BOOST_TEST(skipped(w) == 0); // its message is the last one
}

BOOST_AUTO_TEST_CASE(scopes_and_classes_have_their_own_last_message) {
    engine_world w;
    device_hash device{};
    device[0] = std::byte{1};
    auto owners = planned(1);
    owners.device = device;
    send(w, owners);
    auto right = guess_of(1, 1);
    right.id = id_of(1);
    right.device = device;
    BOOST_REQUIRE(is<verified>(w.check(right)));
    owners.id = id_of(2); // of a known device now
    send(w, owners);
    report(w, 2, delivery::failed);
    BOOST_TEST(skipped(w) == 0); // strangers
    auto other = planned(99);
    other.key.scope = "payment";
    BOOST_TEST(skipped(w, other) == 0);
    BOOST_TEST(skipped(w, owners) == 1);
}

BOOST_AUTO_TEST_CASE(what_refuses_a_send_comes_first) {
    engine_world w;
    send(w, planned(1));
    report(w, 1, delivery::failed);
    auto request = planned(2);
    request.lease = 30s;
    request.plan->begins_after = 1;
    BOOST_REQUIRE(is<admitted>(w.admit(request)));
    BOOST_TEST(is<in_flight>(w.admit(planned(3))));
    w.io.room = room::none;
    w.settle(settlement_of(1, 2, send_result::accepted));
    BOOST_TEST(is<full>(w.admit(planned(3))));
}

// No rule wrote it by the present clock: it counts as of now.
BOOST_AUTO_TEST_CASE(an_escalation_of_a_clock_that_was_ahead_counts_for_a_day_and_no_longer) {
    engine_world w;
    for (std::uint8_t step = 0; step < 3; ++step) {
        w.be_at(1000h + step * 1s);
        send(w, planned(step + 1U, step));
        report(w, step + 1U, delivery::failed);
    }
    w.be_at(0s);
    send(w, planned(4));
    report(w, 4, delivery::failed);
    BOOST_TEST(skipped(w) == 0);
    w.be_at(24h);
    send(w, planned(5));
    report(w, 5, delivery::failed);
    BOOST_TEST(skipped(w) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
