// The outcome of a message: the events of its send, and later delivery updates.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace otpd::store;
using namespace otpd::test;

namespace {

budget_key const daily{subject(everybody), "daily", "2026-11-03"};

delivery_update update_of(std::uint32_t id, delivery message, std::string details = "") {
    delivery_update request;
    request.address = address_of(id, id);
    request.message = message;
    request.details = std::move(details);
    return request;
}

note step(std::string details, duration ago = duration(0)) {
    return note{event_type::step, ago, std::move(details)};
}

/// Every character that details may contain.
std::string longest_details() {
    std::string text;
    for (std::size_t n = 0; n < details_max; ++n)
        text += static_cast<char>('!' + n % ('~' - '!' + 1));
    return text;
}

/// A settled send without a cooldown.
void sent(contract& s, std::uint32_t id, send_result result = send_result::accepted) {
    s.admitted(free_send_of(id, 111, id));
    auto settlement = result == send_result::accepted ? accepted_settlement(id, id)
                                                      : settlement_of(id, id, result);
    BOOST_REQUIRE((s.settle(settlement) == settle_outcome::settled));
}

/// Fills the verification's list of events.
void fill_events(contract& s, std::uint32_t id) {
    auto guess = guess_of(id, 999);
    guess.attempts_max = 100;
    guess.guesses.quota = 100;
    while (s.events(id, id).size() < events_max)
        s.wrong(guess);
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_delivery)

// --- times ---------------------------------------------------------------------------------------

// So that a webhook and the API show the same time, to the millisecond.
STORE_TEST(an_outcome_has_the_time_that_its_event_shows) {
    contract s;
    auto const is_last = [&](std::uint32_t id, otpd::wall_time at) {
        return s.events(id, id).back().at == at;
    };
    BOOST_TEST(is_last(1, s.admitted(free_send_of(1, 111, 1)).at));
    s.advance(duration(7));
    BOOST_TEST(is_last(1, s.settle(accepted_settlement(1, 1)).at));
    s.advance(duration(11));
    auto const sent = s.update(update_of(1, delivery::accepted, "SENT"));
    BOOST_TEST(is_last(1, sent.at));
    s.advance(duration(13));
    auto const again = s.update(update_of(1, delivery::accepted, "SENT"));
    BOOST_TEST((again == update_outcome::known));
    BOOST_CHECK((again.at == sent.at)); // it happened once
    BOOST_TEST(is_last(1, s.wrong(guess_of(1, 999)).at));
    s.advance(duration(17));
    auto const right = s.verified(guess_of(1, 111));
    BOOST_TEST(is_last(1, right.at));

    s.admitted(free_send_of(2, 222, 2));
    s.advance(duration(19));
    auto const ended = s.cancel(2, 2);
    BOOST_TEST((ended == cancel_outcome::canceled));
    BOOST_TEST(is_last(2, ended.at));
}

STORE_TEST(a_right_guess_has_the_details_of_its_admission) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    auto settlement = accepted_settlement(1, 1);
    settlement.notes.push_back({event_type::admitted, {}, "route_plan=login"});
    s.settle(settlement);
    BOOST_TEST(s.verified(guess_of(1, 111)).admission == "route_plan=login");
}

// --- events of a send ---------------------------------------------------------------------------

STORE_TEST(events_carry_details_as_they_were_given) {
    contract s;
    auto request = free_send_of(1, 111, 1);
    request.details = "routes=3,5,7;p=87000";
    s.admitted(request);
    auto settlement = accepted_settlement(1, 1);
    settlement.details = longest_details();
    s.settle(settlement);
    s.wrong(guess_of(1, 999));
    auto const events = s.events(1, 1);
    BOOST_REQUIRE(events.size() == 3U);
    BOOST_TEST(events[0].details == request.details);
    BOOST_TEST(events[1].details == settlement.details);
    BOOST_TEST(events[2].details.empty());
    s.verified(guess_of(1, 111));
    BOOST_TEST(s.events(1, 1)[1].details == settlement.details);
}

// Details that look like another event, or like the end of one.
STORE_TEST(no_details_are_taken_for_anything_else) {
    contract s;
    for (std::uint32_t id = 1; id <= 8; ++id) {
        constexpr std::array texts{":", "::s5", "-", "s5", "d7:x", "a0:%1", "%0", "0"};
        std::string const text = texts.at(id - 1);
        auto request = free_send_of(id, 111, id);
        request.details = text;
        s.admitted(request);
        auto settlement = settlement_of(id, id, send_result::unknown);
        settlement.notes = {step(text)};
        settlement.details = text;
        s.settle(settlement);
        BOOST_TEST((s.update(update_of(id, delivery::accepted, text)) == update_outcome::updated));
        BOOST_TEST((s.update(update_of(id, delivery::accepted, text)) == update_outcome::known));
        std::vector const expected{event_type::admitted, event_type::step, event_type::unknown,
                                   event_type::delivery};
        BOOST_TEST((s.kinds(id, id) == expected), text);
        for (auto const& event : s.events(id, id))
            BOOST_TEST(event.details == text);
    }
}

STORE_TEST(notes_come_before_the_result_at_their_own_time) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.advance(30 * one_second);
    auto settlement = accepted_settlement(1, 1);
    settlement.notes = {step("route=3", 20 * one_second), step("route=3;gave_up", 10 * one_second),
                        step("route=5", 10 * one_second)};
    settlement.details = "route=5";
    s.settle(settlement);
    auto const events = s.events(1, 1);
    std::vector const expected{event_type::admitted, event_type::step, event_type::step,
                               event_type::step, event_type::accepted};
    BOOST_REQUIRE((s.kinds(1, 1) == expected));
    BOOST_TEST(events[1].details == "route=3");
    BOOST_TEST(events[2].details == "route=3;gave_up");
    BOOST_TEST(events[3].details == "route=5");
    BOOST_TEST(events[4].details == "route=5");
    BOOST_TEST((events[1].at - events[0].at >= 9 * one_second));
    BOOST_TEST((events[2].at - events[1].at == 10 * one_second));
    BOOST_TEST((events[4].at - events[3].at == 10 * one_second));
}

STORE_TEST(a_note_is_never_before_the_admission) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    auto settlement = accepted_settlement(1, 1);
    settlement.notes = {step("x", one_hour)};
    s.settle(settlement);
    auto const events = s.events(1, 1);
    BOOST_REQUIRE(events.size() == 3U);
    BOOST_TEST((events[0].type == event_type::admitted));
    BOOST_TEST((events[1].at == events[0].at));
}

STORE_TEST(a_note_of_the_admission_gives_it_other_details) {
    contract s;
    auto request = free_send_of(1, 111, 1);
    request.details = "planned";
    s.admitted(request);
    auto settlement = settlement_of(1, 1, send_result::unknown);
    settlement.notes = {step("a"), note{event_type::admitted, {}, "as_it_went"}};
    s.settle(settlement);
    auto const events = s.events(1, 1);
    std::vector const expected{event_type::admitted, event_type::step, event_type::unknown};
    BOOST_TEST((s.kinds(1, 1) == expected));
    BOOST_TEST(events[0].details == "as_it_went");
    BOOST_TEST(events[1].details == "a");

    sent(s, 2);
    auto again =
        accepted_settlement(2, 2); // details where there were none, and none where there were some
    again.notes = {note{event_type::admitted, {}, "late"}};
    s.settle(again);
    BOOST_TEST(s.events(2, 2)[0].details == "late");
    again.notes[0].details.clear();
    s.settle(again);
    BOOST_TEST(s.events(2, 2)[0].details.empty());
}

// The code was verified before the upstream's answer arrived.
STORE_TEST(events_are_given_in_the_order_they_happened) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.advance(20 * one_second);
    s.verified(guess_of(1, 111));
    s.advance(5 * one_second);
    auto settlement = accepted_settlement(1, 1);
    settlement.notes = {step("before", 15 * one_second), step("after", one_second)};
    s.settle(settlement);
    std::vector const expected{event_type::admitted, event_type::step, event_type::verified,
                               event_type::step, event_type::accepted};
    BOOST_TEST((s.kinds(1, 1) == expected));
}

STORE_TEST(a_full_list_keeps_the_result_and_the_end_and_no_notes) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    auto settlement = accepted_settlement(1, 1);
    settlement.notes.assign(events_max + 5, step("x"));
    s.settle(settlement);
    auto kinds = s.kinds(1, 1);
    BOOST_REQUIRE(kinds.size() == events_max + 1);
    BOOST_TEST((kinds.back() == event_type::accepted));
    s.wrong(guess_of(1, 999));
    BOOST_TEST(s.kinds(1, 1).size() == events_max + 1);
    s.cancel(1, 1);
    kinds = s.kinds(1, 1);
    BOOST_REQUIRE(kinds.size() == events_max + 2);
    BOOST_TEST((kinds.back() == event_type::canceled));
}

STORE_TEST(a_refused_send_leaves_no_notes) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    auto settlement = settlement_of(1, 1, send_result::refused);
    settlement.notes = {step("x")};
    s.settle(settlement);
    BOOST_TEST(!s.find(1, 1).has_value());
}

// --- updates ------------------------------------------------------------------------------------

STORE_TEST(what_is_known_of_a_message_only_grows) {
    contract s;
    constexpr std::array all{delivery::queued, delivery::accepted, delivery::unknown,
                             delivery::delivered, delivery::failed};
    std::uint32_t id = 0;
    for (auto const before : all)
        for (auto const after : all) {
            ++id;
            s.admitted(free_send_of(id, 111, id));
            if (before != delivery::queued) s.update(update_of(id, before, "first"));
            BOOST_REQUIRE((s.find(id, id)->message == before));
            bool const grows = certainty(after) > certainty(before);
            auto const outcome = s.update(update_of(id, after, "first"));
            // queued has no event
            bool const told = grows || (before == delivery::queued && after == before);
            BOOST_TEST((outcome == (told ? update_outcome::updated : update_outcome::known)));
            BOOST_TEST((s.find(id, id)->message == (grows ? after : before)));
        }
}

STORE_TEST(an_update_is_listed_and_its_receipt_takes_the_place_of_the_old) {
    contract s;
    sent(s, 1);
    s.advance(2 * one_second);
    auto request = update_of(1, delivery::delivered, "dlr=DELIVRD");
    request.sent = receipt{5, "22954", "", std::nullopt};
    BOOST_TEST((s.update(request) == update_outcome::updated));
    auto const found = s.find(1, 1);
    BOOST_TEST((found->message == delivery::delivered));
    BOOST_TEST((found->sent == request.sent));
    BOOST_TEST((found->state == progress::active));
    BOOST_REQUIRE(found->events.size() == 3U);
    BOOST_TEST((found->events[2].type == event_type::delivery));
    BOOST_TEST(found->events[2].details == "dlr=DELIVRD");
    BOOST_TEST((found->events[2].at - found->events[1].at >= 2 * one_second));
    BOOST_TEST((s.verified(guess_of(1, 111)).sent == request.sent));
}

STORE_TEST(an_update_without_a_receipt_leaves_it) {
    contract s;
    sent(s, 1);
    s.update(update_of(1, delivery::failed));
    BOOST_TEST((s.find(1, 1)->sent == some_receipt()));
}

STORE_TEST(an_update_of_an_unknown_send_may_bring_its_receipt) {
    contract s;
    sent(s, 1, send_result::unknown);
    auto request = update_of(1, delivery::accepted);
    request.sent = some_receipt();
    BOOST_TEST((s.update(request) == update_outcome::updated));
    BOOST_TEST((s.find(1, 1)->sent == some_receipt()));
}

// Another instance sent it, and the one that asks saw it in the upstream's list.
STORE_TEST(a_message_of_the_number_belongs_to_one_of_its_verifications) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    s.settle(settlement_of(1, 1, send_result::unknown));
    s.admitted(free_send_of(1, 111, 2));
    s.settle(accepted_settlement(1, 2));
    auto request = update_of(1, delivery::accepted);
    request.sent = some_receipt();
    BOOST_TEST((s.update(request) == update_outcome::taken));
    BOOST_TEST((s.find(1, 1)->message == delivery::unknown));
    request.sent->bx_message_id = "BX-22954-00f4f53431ed22c2";
    BOOST_TEST((s.update(request) == update_outcome::updated));
}

STORE_TEST(other_details_of_the_same_are_an_event_and_nothing_else) {
    contract s;
    s.admitted(free_send_of(1, 111, 1));
    auto settlement = accepted_settlement(1, 1);
    settlement.details = "ENROUTE"; // the settlement's detail, not that of an event `delivery`
    s.settle(settlement);
    BOOST_TEST((s.update(update_of(1, delivery::accepted)) == update_outcome::known));
    auto request = update_of(1, delivery::accepted, "ENROUTE");
    request.sent = receipt{9, "", "", std::nullopt};
    BOOST_TEST((s.update(request) == update_outcome::updated));
    BOOST_TEST((s.update(request) == update_outcome::known));
    BOOST_TEST((s.update(update_of(1, delivery::accepted, "ACCEPTD")) == update_outcome::updated));
    BOOST_TEST((s.update(request) == update_outcome::updated)); // the last update counts
    BOOST_TEST((s.find(1, 1)->sent == some_receipt()));
    std::vector const expected{event_type::admitted, event_type::accepted, event_type::delivery,
                               event_type::delivery, event_type::delivery};
    BOOST_TEST((s.kinds(1, 1) == expected));
}

STORE_TEST(what_is_final_stays) {
    contract s;
    sent(s, 1);
    s.update(update_of(1, delivery::delivered, "a"));
    BOOST_TEST((s.update(update_of(1, delivery::delivered, "b")) == update_outcome::known));
    BOOST_TEST((s.update(update_of(1, delivery::failed, "b")) == update_outcome::known));
    BOOST_TEST((s.find(1, 1)->message == delivery::delivered));
    BOOST_TEST(s.events(1, 1).size() == 3U);
}

STORE_TEST(a_code_that_is_over_still_has_a_message) {
    contract s;
    sent(s, 1);
    s.verified(guess_of(1, 111));
    sent(s, 2);
    s.cancel(2, 2);
    sent(s, 3);
    s.advance(ttl + one_second);
    for (std::uint32_t id = 1; id <= 3; ++id) {
        auto const state = s.state(id, id);
        BOOST_TEST((s.update(update_of(id, delivery::delivered)) == update_outcome::updated));
        BOOST_TEST((s.find(id, id)->message == delivery::delivered));
        BOOST_TEST((s.state(id, id) == state));
    }
    BOOST_TEST(s.live_codes() == 0U);
}

STORE_TEST(a_message_that_is_forgotten_is_absent) {
    contract s;
    BOOST_TEST((s.update(update_of(1, delivery::delivered)) == update_outcome::absent));
    sent(s, 1);
    s.advance(retention_of_sends + one_second);
    BOOST_TEST((s.update(update_of(1, delivery::delivered)) == update_outcome::absent));
    BOOST_TEST(!s.find(1, 1).has_value());
}

STORE_TEST(an_update_prolongs_nothing) {
    contract s;
    sent(s, 1);
    s.advance(retention_of_sends - 30 * one_second);
    s.update(update_of(1, delivery::delivered));
    s.advance(31 * one_second);
    BOOST_TEST(!s.find(1, 1).has_value());
}

STORE_TEST(a_full_list_leaves_out_updates_that_count_all_the_same) {
    contract s;
    sent(s, 1, send_result::unknown);
    fill_events(s, 1);
    BOOST_TEST((s.update(update_of(1, delivery::unknown, "x")) == update_outcome::known));
    BOOST_TEST((s.update(update_of(1, delivery::delivered, "x")) == update_outcome::updated));
    BOOST_TEST((s.find(1, 1)->message == delivery::delivered));
    BOOST_TEST(s.events(1, 1).size() == events_max);
    s.cancel(1, 1);
    BOOST_TEST((s.kinds(1, 1).back() == event_type::canceled));
}

// A delivery report may overtake the upstream's answer.
STORE_TEST(a_settlement_that_knows_less_takes_nothing_back) {
    contract s;
    auto request = free_send_of(1, 111, 1);
    request.reservations = {reservation{daily, 100, 1000, one_hour}};
    s.admitted(request);
    auto report = update_of(1, delivery::delivered);
    report.sent = receipt{5, "22954", "", std::nullopt};
    s.update(report);
    auto settlement = accepted_settlement(1, 1);
    settlement.adjustments = {adjustment{daily, -13}};
    BOOST_TEST((s.settle(settlement) == settle_outcome::settled));
    auto const found = s.find(1, 1);
    BOOST_TEST((found->message == delivery::delivered));
    BOOST_TEST((found->sent == report.sent));
    BOOST_TEST((found->state == progress::active));
    BOOST_TEST(s.spent({daily}).at(0) == 87);
}

STORE_TEST(an_update_corrects_budgets_only_when_more_is_known) {
    contract s;
    auto send = free_send_of(1, 111, 1);
    send.reservations = {reservation{daily, 100, 1000, one_hour}};
    s.admitted(send);
    s.settle(settlement_of(1, 1, send_result::unknown));
    auto request = update_of(1, delivery::unknown, "asked");
    request.adjustments = {adjustment{daily, -10},
                           adjustment{{subject(everybody), "monthly", "2026-11"}, 5}};
    BOOST_TEST((s.update(request) == update_outcome::updated)); // lists the event
    BOOST_TEST(s.spent({daily}).at(0) == 100);
    request.message = delivery::failed;
    BOOST_TEST((s.update(request) == update_outcome::updated));
    BOOST_TEST((s.update(request) == update_outcome::known));
    request.address = address_of(9, 9);
    BOOST_TEST((s.update(request) == update_outcome::absent));
    std::vector<std::int64_t> const expected{90, 0};
    BOOST_TEST(s.spent({daily, budget_key{subject(everybody), "monthly", "2026-11"}}) == expected,
               boost::test_tools::per_element());
}

STORE_TEST(of_parallel_updates_one_counts) {
    contract s;
    auto send = free_send_of(1, 111, 1);
    send.reservations = {reservation{daily, 100, 1000, one_hour}};
    s.admitted(send);
    s.settle(accepted_settlement(1, 1));
    auto const answers = s.in_parallel(32, [&](std::size_t) {
        auto request = update_of(1, delivery::failed, "x");
        request.adjustments = {adjustment{daily, -1}};
        return s.get().update(std::move(request));
    });
    BOOST_TEST(std::ranges::count_if(answers, [](auto const& answer) {
                   return answer.has_value() && *answer == update_outcome::updated;
               }) == 1);
    BOOST_TEST(s.spent({daily}).at(0) == 99);
    BOOST_TEST(s.events(1, 1).size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
