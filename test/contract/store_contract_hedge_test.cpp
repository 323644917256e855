// A second message of a verification is booked once, while the first is accepted and without a
// report.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

budget_key const hedge_budget{subject(everybody), "daily", "2026-11-03"};

admission hedged_send(std::uint32_t id) {
    auto request = free_send_of(1, 111, id);
    request.plan = planned_send{{1, 1}, 0, {60 * one_second, 60 * one_second}};
    return request;
}

/// A send that was accepted.
void accept(contract& s, std::uint32_t id) {
    s.admitted(hedged_send(id));
    BOOST_REQUIRE((s.settle(accepted_settlement(1, id)) == settle_outcome::settled));
}

reservation_replacement hedge_of(std::uint32_t id, std::int64_t cap = 100) {
    reservation_replacement request;
    request.address = address_of(1, id);
    request.is_hedge = true;
    request.notes = {{event_type::step, {}, "route_id=2i,outcome=hedged"}};
    request.take = {{hedge_budget, 60, cap, one_day}};
    return request;
}

settlement hedge_result(std::uint32_t id, send_result result) {
    settlement request;
    request.key = hedged_send(id).key;
    request.id = id_of(id);
    request.is_hedge = true;
    request.result = result;
    request.step = 2;
    if (result == send_result::accepted) {
        auto second = some_receipt();
        second.route_id = 2;
        second.bx_message_id = "BX-22954-00f4f53431ed22c2";
        request.accepted = second;
    }
    if (result == send_result::refused) request.adjustments = {{hedge_budget, -60}};
    return request;
}

delivery_update end_of(std::uint32_t id, delivery message, bool is_hedge) {
    delivery_update known;
    known.address = address_of(1, id);
    known.message = message;
    known.is_hedge = is_hedge;
    return known;
}

/// A send whose second message was accepted too.
void accept_both(contract& s, std::uint32_t id) {
    accept(s, id);
    s.expect<reservation_replaced>(s.replace_reservation(hedge_of(id)));
    s.settle(hedge_result(id, send_result::accepted));
}

bool is_late(contract& s, std::uint32_t id) {
    return std::holds_alternative<too_late>(s.replace_reservation(hedge_of(id)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_hedge)

STORE_TEST(parallel_hedges_are_booked_once) {
    contract s;
    accept(s, 1);
    auto const answers = s.in_parallel(
        100, [&](std::size_t) { return s.get().replace_reservation(hedge_of(1, 100'000)); });
    BOOST_TEST(count_of<reservation_replaced>(answers) == 1U);
    BOOST_TEST(count_of<too_late>(answers) == 99U);
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 60);
}

STORE_TEST(a_hedge_is_booked_for_a_message_that_was_accepted_and_for_no_other) {
    contract s;
    BOOST_TEST(is_late(s, 1)); // there is none
    s.admitted(hedged_send(1));
    BOOST_TEST(is_late(s, 1)); // under way
    auto unknown = settlement_of(1, 1, send_result::unknown);
    s.settle(unknown);
    BOOST_TEST(is_late(s, 1)); // it may be on its way
    accept(s, 2);
    BOOST_TEST(!is_late(s, 2));
    BOOST_TEST(is_late(s, 2)); // once
}

STORE_TEST(a_send_without_a_plan_is_not_hedged) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.settle(accepted_settlement(1, 1));
    BOOST_TEST(is_late(s, 1));
}

STORE_TEST(a_verification_that_has_ended_is_not_hedged) {
    contract s;
    accept(s, 1);
    s.verified(guess_of(1, 111));
    BOOST_TEST(is_late(s, 1));
    accept(s, 2);
    BOOST_REQUIRE((s.cancel(1, 2) == cancel_outcome::canceled));
    BOOST_TEST(is_late(s, 2));
    accept(s, 3);
    s.advance(ttl + one_second);
    BOOST_TEST(is_late(s, 3));
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 0);
}

STORE_TEST(a_message_with_a_report_is_not_hedged) {
    contract s;
    for (auto const report : {delivery::delivered, delivery::failed}) {
        auto const id = report == delivery::delivered ? 1U : 2U;
        accept(s, id);
        s.update(end_of(id, report, false));
        BOOST_TEST(is_late(s, id));
    }
}

STORE_TEST(a_newer_send_of_the_session_takes_the_place_of_a_hedge) {
    contract s;
    accept(s, 1);
    accept(s, 2);
    BOOST_TEST(is_late(s, 1));
    BOOST_TEST(!is_late(s, 2));
}

STORE_TEST(a_hedge_is_held_to_the_budgets) {
    contract s;
    accept(s, 1);
    s.expect<refused>(s.replace_reservation(hedge_of(1, 59)));
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 0);
    s.expect<reservation_replaced>(s.replace_reservation(hedge_of(1, 60))); // by another route
}

STORE_TEST(a_hedge_that_was_not_sent_gives_back_its_price_and_is_not_repeated) {
    contract s;
    accept(s, 1);
    s.expect<reservation_replaced>(s.replace_reservation(hedge_of(1)));
    for (auto const expected : {settle_outcome::settled, settle_outcome::superseded})
        BOOST_TEST((s.settle(hedge_result(1, send_result::refused)) == expected));
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 0);
    BOOST_TEST(is_late(s, 1));
    BOOST_TEST((s.find(1, 1)->message == delivery::accepted));
}

// Its verification was forgotten meanwhile.
STORE_TEST(a_forgotten_hedge_that_was_not_sent_gives_back_its_price) {
    contract s;
    accept(s, 1);
    s.expect<reservation_replaced>(s.replace_reservation(hedge_of(1)));
    s.advance(retention_of_sends + one_second);
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 60);
    BOOST_TEST((s.settle(hedge_result(1, send_result::refused)) == settle_outcome::superseded));
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 0);
}

// Its answer was lost, and it may not have been made.
STORE_TEST(taking_back_a_hedge_that_is_not_booked_changes_nothing) {
    contract s;
    accept(s, 1);
    auto undo = hedge_result(1, send_result::refused);
    undo.is_undo = true;
    BOOST_TEST((s.settle(undo) == settle_outcome::superseded));
    BOOST_TEST(!is_late(s, 1));
    s.advance(retention_of_sends + one_second); // forgotten
    BOOST_TEST((s.settle(undo) == settle_outcome::superseded));
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 60);
}

STORE_TEST(a_hedge_has_an_entry_of_its_own_from_its_booking_on) {
    contract s;
    auto const texts = [&s] {
        std::string list;
        auto const page = run(s.context(), s.get().read_journal({id_of(9), 0, journal_page_max}));
        for (auto const& entry : page.value())
            list.append(entry.text).append(" ");
        return list;
    };
    auto const entry = [](std::string text) {
        return journal_write{{id_of(9), 1}, id_of(1), std::move(text), one_hour};
    };
    accept(s, 1);
    auto booking = hedge_of(1);
    booking.entry = entry("sending");
    s.expect<reservation_replaced>(s.replace_reservation(booking));
    BOOST_TEST(texts() == "sending ");
    auto unknown = hedge_result(1, send_result::unknown);
    unknown.entry = entry("unknown");
    s.settle(unknown);
    BOOST_TEST(texts() == "unknown ");
    s.advance(one_hour - 60 * one_second);
    auto absent = end_of(1, delivery::failed, true);
    absent.adjustments = {{hedge_budget, -60}};
    BOOST_TEST((s.update(absent) == update_outcome::recorded)); // as long as the entry is kept
    BOOST_TEST(s.spent({hedge_budget}).at(0) == 0);
}

STORE_TEST(both_messages_have_a_receipt_and_an_event) {
    contract s;
    accept_both(s, 1);
    auto const found = s.find(1, 1);
    BOOST_TEST(found->sent.value().route_id == 3);
    BOOST_TEST(found->hedged.value().route_id == 2);
    BOOST_TEST((s.kinds(1, 1) == std::vector{event_type::admitted, event_type::accepted,
                                             event_type::step, event_type::accepted}));
}

STORE_TEST(one_message_that_arrives_is_enough) {
    for (bool const is_second : {false, true}) {
        contract s;
        accept_both(s, 1);
        BOOST_TEST((s.update(end_of(1, delivery::failed, !is_second)) == update_outcome::recorded));
        BOOST_TEST((s.find(1, 1)->message == delivery::accepted));
        BOOST_TEST(
            (s.update(end_of(1, delivery::delivered, is_second)) == update_outcome::updated));
        BOOST_TEST((s.find(1, 1)->message == delivery::delivered));
        BOOST_TEST((s.update(end_of(1, delivery::delivered, is_second)) == update_outcome::known));
    }
}

STORE_TEST(two_messages_that_fail_are_a_failure_and_end_the_cooldown) {
    contract s;
    auto request = hedged_send(1);
    request.cooldown = cooldown();
    s.admitted(request);
    s.settle(accepted_settlement(1, 1));
    s.expect<reservation_replaced>(s.replace_reservation(hedge_of(1)));
    s.settle(hedge_result(1, send_result::accepted));
    request.id = id_of(2);
    s.update(end_of(1, delivery::failed, false));
    s.expect<refused>(s.admit(request));
    BOOST_TEST((s.update(end_of(1, delivery::failed, true)) == update_outcome::updated));
    BOOST_TEST((s.find(1, 1)->message == delivery::failed));
    s.admitted(request); // both steps of the plan were tried
}

STORE_TEST(both_messages_that_arrive_are_told_once) {
    contract s;
    accept_both(s, 1);
    BOOST_TEST((s.update(end_of(1, delivery::delivered, false)) == update_outcome::updated));
    BOOST_TEST((s.update(end_of(1, delivery::delivered, true)) == update_outcome::recorded));
}

// The answer was lost, and the update is repeated.
STORE_TEST(an_end_that_decided_nothing_decides_nothing_when_it_is_repeated) {
    contract s;
    accept_both(s, 1);
    s.update(end_of(1, delivery::delivered, true));
    for (int n = 0; n < 2; ++n)
        BOOST_TEST((s.update(end_of(1, delivery::failed, false)) == update_outcome::recorded));
    BOOST_TEST((s.find(1, 1)->message == delivery::delivered));
}

STORE_TEST(a_hedge_that_was_not_sent_says_that_the_first_message_has_failed) {
    contract s;
    accept(s, 1);
    s.expect<reservation_replaced>(s.replace_reservation(hedge_of(1)));
    BOOST_TEST((s.update(end_of(1, delivery::failed, false)) == update_outcome::recorded));
    BOOST_TEST((s.settle(hedge_result(1, send_result::refused)) == settle_outcome::failed));
    BOOST_TEST((s.find(1, 1)->message == delivery::failed));
}

// The figures of a route are those of the message that arrived.
STORE_TEST(a_right_guess_belongs_to_the_message_that_arrived) {
    contract s;
    accept_both(s, 1);
    s.update(end_of(1, delivery::delivered, true));
    BOOST_TEST(s.verified(guess_of(1, 111)).sent.value().route_id == 2);
}

BOOST_AUTO_TEST_SUITE_END()
