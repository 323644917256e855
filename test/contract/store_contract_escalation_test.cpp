// A resend by a route plan begins after the step that failed.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

/// By a plan of three steps. Its cooldown is that of send_of().
admission planned(std::uint32_t phone, std::uint32_t id, std::uint8_t begins_after = 0) {
    auto request = send_of(phone, 111, id);
    request.plan = planned_send{{1, static_cast<std::uint8_t>(begins_after + 1)},
                                begins_after,
                                {30 * one_second, 30 * one_second, 30 * one_second}};
    return request;
}

void settle_accepted(contract& s, std::uint32_t phone, std::uint32_t id, std::uint8_t step) {
    auto done = accepted_settlement(phone, id);
    done.step = step;
    BOOST_REQUIRE((s.settle(done) == settle_outcome::settled));
}

void fail(contract& s, std::uint32_t phone, std::uint32_t id) {
    delivery_update known;
    known.address = address_of(phone, id);
    known.message = delivery::failed;
    BOOST_REQUIRE((s.update(known) == update_outcome::updated));
}

int skipped(contract& s, admission const& request) {
    return s.expect<begin_after>(s.admit(request)).step;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_escalation)

// A failure ends the cooldown, so nothing else delays them.
STORE_TEST(after_failures_sends_begin_with_the_first_second_and_third_step) {
    contract s;
    for (std::uint8_t step = 0; step < 3; ++step) {
        auto const id = std::uint32_t{step} + 1;
        if (step > 0) BOOST_TEST(skipped(s, planned(1, id)) == step);
        s.admitted(planned(1, id, step));
        settle_accepted(s, 1, id, step + 1);
        fail(s, 1, id);
    }
    s.admitted(planned(1, 4)); // and then with the first
}

STORE_TEST(a_message_that_stays_out_leads_to_the_next_step) {
    contract s;
    s.admitted(planned(1, 1));
    settle_accepted(s, 1, 1, 1);
    s.expect<refused>(s.admit(planned(1, 2))); // an accepted message keeps the cooldown
    s.advance(31 * one_second);
    BOOST_TEST(skipped(s, planned(1, 2)) == 1);
    s.admitted(planned(1, 2, 1));
}

STORE_TEST(an_unknown_outcome_keeps_the_cooldown_and_then_leads_to_the_next_step) {
    contract s;
    s.admitted(planned(1, 1));
    s.settle(settlement_of(1, 1, send_result::unknown));
    s.expect<refused>(s.admit(planned(1, 2, 1)));
    s.advance(31 * one_second);
    BOOST_TEST(skipped(s, planned(1, 2)) == 1);
}

// The answer is no admission: nothing is counted, reserved or written.
STORE_TEST(an_answer_that_names_another_step_changes_nothing) {
    contract s;
    budget_key const daily{subject(everybody), "daily", "2026-11-03"};
    s.admitted(planned(1, 1));
    settle_accepted(s, 1, 1, 1);
    fail(s, 1, 1);
    auto request = planned(1, 2);
    request.reservations = {{daily, 60, 100, one_day}};
    request.rate_limit_checks = {{subject(one_client), "n", 1, one_day}};
    BOOST_TEST(skipped(s, request) == 1);
    BOOST_TEST(s.spent({daily}).at(0) == 0);
    BOOST_TEST(!s.find(1, 2).has_value());
    request.plan = planned(1, 2, 1).plan;
    s.admitted(request);
    BOOST_TEST(s.spent({daily}).at(0) == 60);
}

// Twice a day and number, whichever instances it asks.
STORE_TEST(parallel_resends_escalate_one_send) {
    contract s;
    s.admitted(planned(1, 1));
    settle_accepted(s, 1, 1, 1);
    fail(s, 1, 1);
    auto const answers = s.in_parallel(200, [&](std::size_t n) {
        return s.get().admit(planned(1, static_cast<std::uint32_t>(n) + 2, 1));
    });
    BOOST_TEST(count_of<admitted>(answers) == 1U);
    BOOST_TEST(count_of<refused>(answers) == 199U); // by the cooldown
}

STORE_TEST(no_number_escalates_more_than_twice_whatever_is_sent_at_once) {
    contract s;
    auto const planned_for = [](std::uint32_t id, std::uint8_t begins_after) {
        auto request = planned(1, id, begins_after);
        request.key.scope = "purpose" + std::to_string(id % 5);
        request.cooldown = {};
        return request;
    };
    for (std::uint32_t id = 1; id <= 5; ++id) {
        s.admitted(planned_for(id, 0));
        auto done = accepted_settlement(1, id);
        done.key.scope = planned_for(id, 0).key.scope;
        done.step = 1;
        s.settle(done);
        fail(s, 1, id);
    }
    auto const answers = s.in_parallel(5, [&](std::size_t n) {
        return s.get().admit(planned_for(static_cast<std::uint32_t>(n) + 10, 1));
    });
    BOOST_TEST(count_of<admitted>(answers) == escalations_max);
    BOOST_TEST(count_of<begin_after>(answers) == 5 - escalations_max);
}

BOOST_AUTO_TEST_SUITE_END()
