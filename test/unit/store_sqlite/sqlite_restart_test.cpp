// What an SQLite backend keeps across a restart, and the time afterwards.

#include "sqlite_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

using fixture = sqlite_fixture;

BOOST_AUTO_TEST_SUITE(sqlite_backend_rules)

BOOST_AUTO_TEST_CASE(a_restart_keeps_codes_attempts_guesses_and_cooldowns) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.admit(send_of(2, 222, 2));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 4U);
    f.clock.advance(2s);
    f.restart();
    BOOST_TEST(f.held->usage().codes == 2U);
    BOOST_TEST(f.held->usage().states == 2U);
    BOOST_TEST(is<refused>(f.admit(send_of(1, 111, 3))));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 3U);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111))));
    BOOST_TEST(is<verified>(f.check(guess_of(2, 222))));
    f.restart();
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111)))); // used up for good
    f.clock.advance(cooldown_window);
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 4))));
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_a_lockout) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    auto guess = guess_of(1, 999);
    guess.guesses.quota = 2;
    f.admit(send_of(1, 111, 1));
    f.check(guess);
    f.check(guess);
    f.restart();
    guess.is_code_of = typed(111);
    BOOST_TEST(is<locked>(f.check(guess)));
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_a_receipt_with_and_without_a_cost) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    for (std::uint32_t phone : {1U, 2U}) {
        f.admit(send_of(phone, 111, phone));
        auto settlement = settlement_of(phone, phone, send_result::accepted);
        settlement.accepted = receipt{7, "22953", "", std::nullopt};
        if (phone == 1) settlement.accepted->cost = otpd::money::from_micros(87'000);
        run(f.context, f.held->settle(settlement)).value();
    }
    f.restart();
    auto const first = std::get<verified>(f.check(guess_of(1, 111)));
    auto const second = std::get<verified>(f.check(guess_of(2, 111)));
    BOOST_REQUIRE((first.sent && second.sent));
    BOOST_TEST(first.sent->route_id == 7);
    BOOST_TEST(first.sent->order_id == "22953");
    BOOST_TEST(first.sent->bx_message_id.empty());
    BOOST_TEST((first.sent->cost == otpd::money::from_micros(87'000)));
    BOOST_TEST(!second.sent->cost.has_value());
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_journals_and_one_that_is_alone_takes_them_over) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    journal_claim claim;
    claim.holder = id_of(1);
    claim.slots = 64;
    claim.lease = 15s;
    claim.begins = true;
    BOOST_TEST(run(f.context, f.held->claim_journals(claim)).value().size() == 1U);
    std::vector<journal_write> writes{{{id_of(1), 7}, id_of(70), "sealed", one_hour}};
    BOOST_TEST(run(f.context, f.held->write_journal(writes)).has_value());
    f.restart();
    claim.holder = id_of(2);
    claim.is_alone = true;
    BOOST_TEST((run(f.context, f.held->claim_journals(claim)).value() ==
                journals_held{{id_of(1), 64}, {id_of(2), 64}}));
    auto const found =
        run(f.context, f.held->read_journal(journal_page{id_of(1), 0, journal_page_max})).value();
    BOOST_TEST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found.front().slot == 7U);
    BOOST_TEST(found.front().text == "sealed");
    BOOST_TEST((found.front().id == id_of(70)));
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_every_kind_of_state) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    conversion_guard rule;
    rule.key = subject(everybody);
    rule.name = "w";
    rule.out_max = 1;
    idempotency_key const idempotency{subject(everybody + 1), subject(7), one_hour};
    auto request = send_of(1, 111, 1);
    request.cooldown.longest = 4 * cooldown_window;
    request.cooldown.memory = one_hour;
    request.rate_limit_checks = {rate_limit_check{subject(everybody), "a counter", 1, one_hour}};
    request.guards = {rule};
    request.idempotency = idempotency;
    f.admit(request);
    auto settlement = settlement_of(1, 1, send_result::accepted);
    settlement.idempotency = idempotency;
    settlement.reply = "the \n reply";
    f.settle(settlement);
    f.check(guess_of(1, 999));
    f.check(held_guess_of(1, 999, 1));
    auto const before = f.find(1, 1);
    f.restart();

    BOOST_TEST(std::get<replayed>(f.admit(request)).reply == settlement.reply);
    request.idempotency.reset();
    auto const answer = std::get<refused>(f.admit(request));
    BOOST_REQUIRE(answer.violations.size() == 3U);
    BOOST_TEST(answer.violations[0].counter == cooldown_counter);
    BOOST_TEST(answer.violations[1].counter == "a counter");
    BOOST_TEST(answer.violations[2].counter == "w");
    f.clock.advance(cooldown_window);
    request.id = id_of(2);
    request.rate_limit_checks.clear();
    request.guards.clear();
    BOOST_TEST((std::get<admitted>(f.admit(request)).cooldown == 2 * cooldown_window));

    auto const after = f.find(1, 1);
    BOOST_REQUIRE((before && after));
    BOOST_TEST(after->scope == before->scope);
    BOOST_TEST(after->attempts == 2U);
    BOOST_TEST(after->events.size() == before->events.size());
}

// Which code is the newest does not depend on the order of ids.
BOOST_AUTO_TEST_CASE(a_restart_keeps_the_order_of_two_codes) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(fresh_send_of(1, 105, 5));
    f.admit(fresh_send_of(1, 102, 2));
    f.restart();
    f.admit(fresh_send_of(1, 200, 1)); // one too many
    BOOST_TEST((f.find(1, 5)->state == progress::replaced));
    f.check(guess_of(1, 999)); // listed with the newest one
    BOOST_TEST(f.find(1, 1)->events.size() == 2U);
    BOOST_TEST(f.held->usage().codes == 2U);
}

// A code's lifetime continues while no process runs: the wall clock measures the downtime.
BOOST_AUTO_TEST_CASE(time_passes_between_runs) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.held.reset();
    f.clock.set_wall(ttl);
    f.restart();
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
}

// What a fast clock wrote, or a clock before it was set back, ends as if it had been written now,
// and limits nobody until then. Counts remain.
BOOST_AUTO_TEST_CASE(a_wall_clock_that_was_put_back_does_no_lasting_harm) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.admit(send_of(2, 111, 2));
    f.admit(send_of(3, 111, 3));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 4U);
    BOOST_TEST(is<verified>(f.check(guess_of(2, 111))));
    f.held.reset();
    f.clock.set_wall(-24h);
    f.restart();
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 3U);
    BOOST_TEST(is<absent>(f.check(guess_of(2, 111)))); // used up for good
    BOOST_TEST(is<admitted>(f.admit(send_of(3, 111, 4))));
    f.clock.advance(ttl);
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
}

BOOST_AUTO_TEST_CASE(a_wall_clock_that_is_set_while_running_moves_no_expiry) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.clock.set_wall(24h);
    BOOST_TEST(is<wrong>(f.check(guess_of(1, 999))));
    f.clock.set_wall(-48h);
    f.clock.advance(ttl);
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_budgets_and_what_became_of_messages) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    budget_key const daily{subject(everybody), "daily", "2026-11-03"};
    auto request = free_send_of(1, 111, 1);
    request.reservations = {reservation{daily, 100, 150, one_hour}};
    request.details = "route=3";
    f.admit(request);
    auto settlement = accepted_settlement(1, 1);
    settlement.adjustments = {adjustment{daily, -13}};
    settlement.notes = {note{event_type::step, {}, "-"}};
    f.settle(settlement);
    delivery_update update{address_of(1, 1), delivery::failed, {}, ":", {}};
    run(f.context, f.held->update(update)).value();
    f.clock.advance(ttl);
    f.restart();
    BOOST_TEST(run(f.context, f.held->spent({daily})).value().at(0) == 87);
    BOOST_TEST(f.held->usage().states == 2U);
    auto const found = f.find(1, 1);
    BOOST_TEST((found->message == delivery::failed));
    BOOST_REQUIRE(found->events.size() == 4U);
    BOOST_TEST(found->events[0].details == "route=3");
    BOOST_TEST(found->events[1].details == "-");
    BOOST_TEST(found->events[2].details.empty());
    BOOST_TEST(found->events[3].details == ":");
    request.id = id_of(2);
    auto const full = std::get<refused>(f.admit(request)).violations.at(0);
    BOOST_TEST((full.retry_after == one_hour - ttl));
    f.clock.advance(one_hour - ttl);
    BOOST_TEST(is<admitted>(f.admit(request)));
}

BOOST_AUTO_TEST_SUITE_END()
