// The second message of a verification: when it is booked, and what it changes.

#include "map_backend.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

budget_key const hedge_budget{key_of(everybody), "daily", "2026-11-03"};

receipt by_route(int route) {
    receipt sent;
    sent.route_id = route;
    return sent;
}

/// A send by a plan, accepted by route 1 unless it says otherwise.
void send(engine_world& w, std::uint32_t id, send_result result = send_result::accepted) {
    auto request = send_of(1, id);
    request.plan = planned_send{{7, 1}, 0, {60s, 60s, 60s}};
    BOOST_REQUIRE(is<admitted>(w.admit(request)));
    auto made = settlement_of(1, id, result);
    if (result == send_result::accepted) made.accepted = by_route(1);
    w.settle(made);
}

replace_outcome book(engine_world& w, std::uint32_t id) {
    reservation_replacement request;
    request.address = {key_of(1), id_of(id)};
    request.is_hedge = true;
    request.take = {{hedge_budget, 60, 1000, 1h}};
    return w.run<engine::replace_reservation>(request);
}

settle_outcome end(engine_world& w, std::uint32_t id, send_result result) {
    auto request = settlement_of(1, id, result);
    request.is_hedge = true;
    request.step = 3;
    if (result == send_result::accepted) request.accepted = by_route(2);
    if (result == send_result::refused) request.adjustments = {{hedge_budget, -60}};
    return w.settle(request);
}

update_outcome report(engine_world& w, std::uint32_t id, delivery message, bool is_hedge) {
    delivery_update known;
    known.address = {key_of(1), id_of(id)};
    known.message = message;
    known.is_hedge = is_hedge;
    return w.run<engine::update>(known);
}

std::int64_t reserved(engine_world& w) {
    return w.run<engine::spent>(std::vector{hedge_budget}).at(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_hedge)

BOOST_AUTO_TEST_CASE(a_second_message_is_booked_once) {
    engine_world w;
    send(w, 1);
    BOOST_TEST(is<reservation_replaced>(book(w, 1)));
    BOOST_TEST(is<too_late>(book(w, 1)));
    BOOST_TEST(reserved(w) == 60);
    for (auto const result : {send_result::refused, send_result::accepted}) {
        BOOST_TEST(
            (end(w, 1, result) == (result == send_result::refused ? settle_outcome::settled
                                                                  : settle_outcome::superseded)));
        BOOST_TEST(is<too_late>(book(w, 1)));
        BOOST_TEST(reserved(w) == 0);
    }
}

BOOST_AUTO_TEST_CASE(what_has_no_accepted_message_gets_none) {
    engine_world w;
    BOOST_TEST(is<too_late>(book(w, 1)));
    send(w, 1, send_result::unknown);
    BOOST_TEST(is<too_late>(book(w, 1)));
    auto request = send_of(1, 2);
    request.plan = planned_send{{7, 1}, 0, {60s, 60s}};
    w.admit(request);
    BOOST_TEST(is<too_late>(book(w, 2))); // not settled
    w.admit(send_of(1, 3));
    w.settle(settlement_of(1, 3, send_result::accepted));
    BOOST_TEST(is<too_late>(book(w, 3))); // no plan
    BOOST_TEST(reserved(w) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_over_or_has_a_report_gets_none) {
    for (std::string const how : {"typed", "canceled", "expired", "delivered", "failed", "newer"}) {
        engine_world w;
        send(w, 1);
        if (how == "typed") w.check(guess_of(1, 1));
        if (how == "canceled") w.run<engine::cancel>(cancellation{{key_of(1), id_of(1)}, ""});
        if (how == "expired") w.pass(60s);
        if (how == "delivered") report(w, 1, delivery::delivered, false);
        if (how == "failed") report(w, 1, delivery::failed, false);
        if (how == "newer") send(w, 2);
        BOOST_TEST(is<too_late>(book(w, 1)), how);
    }
}

BOOST_AUTO_TEST_CASE(a_report_of_a_second_message_that_is_none_is_absent) {
    engine_world w;
    send(w, 1);
    BOOST_TEST((report(w, 1, delivery::delivered, true) == update_outcome::absent));
    book(w, 1);
    end(w, 1, send_result::unknown);
    BOOST_TEST((report(w, 1, delivery::accepted, true) == update_outcome::updated));
    BOOST_TEST((w.find({key_of(1), id_of(1)})->message == delivery::accepted));
    BOOST_TEST((report(w, 1, delivery::delivered, true) == update_outcome::updated));
    BOOST_TEST((w.find({key_of(1), id_of(1)})->message == delivery::delivered));
    BOOST_TEST((report(w, 1, delivery::failed, false) == update_outcome::recorded));
    BOOST_TEST((w.find({key_of(1), id_of(1)})->message == delivery::delivered));
}

// The answer to the first report may have been lost.
BOOST_AUTO_TEST_CASE(a_repeated_report_of_the_message_that_does_not_decide_is_recorded_again) {
    engine_world w;
    send(w, 1);
    book(w, 1);
    end(w, 1, send_result::accepted);
    report(w, 1, delivery::delivered, true);
    for (int n = 0; n < 2; ++n)
        BOOST_TEST((report(w, 1, delivery::failed, false) == update_outcome::recorded));
    BOOST_TEST((report(w, 1, delivery::delivered, true) == update_outcome::known));
}

BOOST_AUTO_TEST_CASE(of_two_messages_that_arrive_the_earlier_one_decides) {
    engine_world w;
    send(w, 1);
    book(w, 1);
    end(w, 1, send_result::accepted);
    BOOST_TEST((report(w, 1, delivery::delivered, true) == update_outcome::updated));
    BOOST_TEST((report(w, 1, delivery::delivered, false) == update_outcome::recorded));
}

BOOST_AUTO_TEST_CASE(a_right_code_came_with_the_message_that_arrived) {
    using enum delivery;
    for (auto const& [first, second, route] :
         {std::tuple{accepted, accepted, 1}, std::tuple{accepted, delivered, 2},
          std::tuple{delivered, delivered, 1}, std::tuple{failed, delivered, 2}}) {
        engine_world w;
        send(w, 1);
        book(w, 1);
        end(w, 1, send_result::accepted);
        report(w, 1, second, true);
        report(w, 1, first, false);
        BOOST_TEST(expect<verified>(w.check(guess_of(1, 1))).sent.value().route_id == route);
    }
}

BOOST_AUTO_TEST_CASE(a_second_message_is_shown_with_its_receipt) {
    engine_world w;
    auto const hedged = [&w] { return w.find({key_of(1), id_of(1)})->hedged; };
    send(w, 1);
    BOOST_TEST(!hedged().has_value());
    book(w, 1);
    BOOST_TEST(!hedged().has_value());
    end(w, 1, send_result::accepted);
    BOOST_TEST(hedged().value().route_id == 2);
}

// Otherwise its refund would find nothing to be booked with.
BOOST_AUTO_TEST_CASE(a_second_message_of_unknown_outcome_is_kept_as_long_as_its_entry) {
    for (auto const result : {send_result::unknown, send_result::accepted}) {
        engine_world w;
        send(w, 1);
        book(w, 1);
        auto request = settlement_of(1, 1, result);
        request.is_hedge = true;
        request.entry = journal_write{{key_of(1), 0}, key_of(1), "sealed", 1h};
        w.settle(request);
        w.pass(1h - 1us);
        BOOST_TEST(w.find({key_of(1), id_of(1)}).has_value() == (result == send_result::unknown));
    }
}

// Else the next resend would begin with the route of the second message.
BOOST_AUTO_TEST_CASE(a_resend_begins_after_the_step_of_the_second_message) {
    engine_world w;
    send(w, 1);
    book(w, 1);
    end(w, 1, send_result::accepted);
    report(w, 1, delivery::failed, false);
    report(w, 1, delivery::failed, true);
    auto next = send_of(1, 2);
    next.plan = planned_send{{7, 1}, 1, {60s, 60s, 60s, 60s}};
    BOOST_TEST(expect<begin_after>(w.admit(next)).step == 3);
}

BOOST_AUTO_TEST_CASE(after_a_second_message_by_the_last_step_the_plan_begins_again) {
    engine_world w;
    send(w, 1);
    book(w, 1);
    end(w, 1, send_result::accepted); // by the third step
    report(w, 1, delivery::failed, false);
    report(w, 1, delivery::failed, true);
    auto next = send_of(1, 2);
    next.plan = planned_send{{7, 1}, 1, {60s, 60s, 60s}};
    BOOST_TEST(expect<begin_after>(w.admit(next)).step == 0);
}

// The second one has its own time.
BOOST_AUTO_TEST_CASE(a_resend_right_after_a_second_message_begins_with_the_step_of_that_one) {
    engine_world w;
    auto const skipped = [&w] {
        auto next = send_of(1, 2);
        next.plan = planned_send{{7, 1}, plan_steps_max, {60s, 60s, 30s, 60s}};
        return expect<begin_after>(w.admit(next)).step;
    };
    send(w, 1);
    w.pass(50s);
    book(w, 1);
    w.pass(10s);
    BOOST_TEST(skipped() == 1); // it is under way
    end(w, 1, send_result::accepted);
    w.be_at(80s - 1ms);
    BOOST_TEST(skipped() == 1);
    w.be_at(80s);
    BOOST_TEST(skipped() == 3);
    report(w, 1, delivery::delivered, true);
    BOOST_TEST(skipped() == 0);
}

// Its verification was forgotten meanwhile.
BOOST_AUTO_TEST_CASE(the_price_of_a_forgotten_second_message_is_corrected_unless_it_is_undone) {
    struct {
        send_result result;
        bool is_undo;
        std::int64_t left;
    } const cases[] = {{send_result::refused, false, 0},
                       {send_result::refused, true, 60},
                       {send_result::unknown, false, 60}};
    for (auto const& [result, is_undo, left] : cases) {
        engine_world w;
        send(w, 1);
        book(w, 1);
        w.pass(10min);
        BOOST_TEST(!w.find({key_of(1), id_of(1)}).has_value());
        auto request = settlement_of(1, 1, result);
        request.is_hedge = true;
        request.is_undo = is_undo;
        if (result == send_result::refused) request.adjustments = {{hedge_budget, -60}};
        BOOST_TEST((w.settle(request) == settle_outcome::superseded));
        BOOST_TEST(reserved(w) == left);
    }
}

// --- whose message it is ------------------------------------------------------------------------

/// That a message of unknown outcome is the one with this id.
update_outcome find_as(engine_world& w, std::uint32_t id, std::string name, bool is_hedge = false) {
    delivery_update found;
    found.address = {key_of(1), id_of(id)};
    found.sent = receipt{1, "", std::move(name), {}};
    found.is_hedge = is_hedge;
    return w.run<engine::update>(found);
}

BOOST_AUTO_TEST_CASE(a_message_belongs_to_one_verification_of_its_number) {
    engine_world w;
    for (std::uint32_t const id : {1U, 2U})
        send(w, id, send_result::unknown);
    BOOST_TEST((find_as(w, 1, "BX-1") == update_outcome::updated));
    BOOST_TEST((find_as(w, 1, "BX-1") == update_outcome::known)); // the answer was lost
    BOOST_TEST((find_as(w, 2, "BX-1") == update_outcome::taken));
    BOOST_TEST((w.find({key_of(1), id_of(2)})->message == delivery::unknown));
    BOOST_TEST((find_as(w, 2, "BX-2") == update_outcome::updated));
}

BOOST_AUTO_TEST_CASE(a_message_is_the_first_or_the_second_one_of_its_verification) {
    engine_world w;
    auto request = send_of(1, 1);
    request.plan = planned_send{{7, 1}, 0, {60s, 60s, 60s}};
    w.admit(request);
    auto made = settlement_of(1, 1, send_result::accepted);
    made.accepted = receipt{1, "", "BX-1", {}};
    w.settle(made);
    book(w, 1);
    end(w, 1, send_result::unknown);
    BOOST_TEST((find_as(w, 1, "BX-1", true) == update_outcome::taken));
    BOOST_TEST((find_as(w, 1, "BX-2", true) == update_outcome::updated));
}

BOOST_AUTO_TEST_CASE(a_second_message_does_not_wait_for_itself_and_keeps_its_id) {
    engine_world w;
    send(w, 1);
    book(w, 1);
    BOOST_TEST((find_as(w, 1, "BX-2", true) == update_outcome::updated));
    delivery_update first;
    first.address = {key_of(1), id_of(1)};
    first.message = delivery::delivered;
    first.sent = receipt{1, "", "BX-2", {}};
    BOOST_TEST((w.run<engine::update>(first) == update_outcome::taken));
}

BOOST_AUTO_TEST_CASE(a_message_without_an_id_belongs_to_no_other_verification) {
    engine_world w;
    send(w, 1, send_result::unknown);
    send(w, 2); // has none, either
    BOOST_TEST((find_as(w, 1, "") == update_outcome::updated));
}

// Its settlement may name the same id.
BOOST_AUTO_TEST_CASE(while_another_send_to_the_number_is_under_way_nobody_takes_an_id) {
    engine_world w;
    send(w, 1, send_result::unknown);
    auto other = send_of(1, 2);
    other.key.scope = "payment";
    other.lease = 30s;
    w.admit(other);
    BOOST_TEST((find_as(w, 1, "BX-1") == update_outcome::in_flight));
    w.pass(30s); // nobody settles it
    BOOST_TEST((find_as(w, 1, "BX-1") == update_outcome::updated));
}

BOOST_AUTO_TEST_CASE(while_a_second_message_is_under_way_nobody_takes_an_id) {
    engine_world w;
    send(w, 1, send_result::unknown);
    send(w, 2);
    book(w, 2);
    BOOST_TEST((find_as(w, 1, "BX-1") == update_outcome::in_flight));
    end(w, 2, send_result::accepted);
    BOOST_TEST((find_as(w, 1, "BX-1") == update_outcome::updated));
}

BOOST_AUTO_TEST_CASE(a_second_message_that_nobody_settles_is_under_way_for_three_minutes) {
    for (bool const is_over : {false, true}) {
        engine_world w;
        send(w, 1, send_result::unknown);
        send(w, 2);
        book(w, 2);
        w.pass(3min - (is_over ? 0us : 1us));
        BOOST_TEST((find_as(w, 1, "BX-1") ==
                    (is_over ? update_outcome::updated : update_outcome::in_flight)));
    }
}

// The first failed while the second was on its way, which then was not sent.
BOOST_AUTO_TEST_CASE(a_second_message_that_was_not_sent_ends_the_cooldown_of_a_failure) {
    engine_world w;
    auto request = send_of(1, 1);
    request.cooldown = {45s, 45s, 0s};
    request.plan = planned_send{{7, 1}, 0, {60s}};
    w.admit(request);
    w.settle(settlement_of(1, 1, send_result::accepted));
    book(w, 1);
    report(w, 1, delivery::failed, false);
    request.id = id_of(2);
    BOOST_TEST(is<refused>(w.admit(request)));
    BOOST_TEST((end(w, 1, send_result::refused) == settle_outcome::failed));
    BOOST_TEST((w.find({key_of(1), id_of(1)})->message == delivery::failed));
    BOOST_TEST(is<admitted>(w.admit(request)));
}

BOOST_AUTO_TEST_SUITE_END()
