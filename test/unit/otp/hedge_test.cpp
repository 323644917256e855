// A second message: when it goes out, over which route, what it costs, and when there is none.

#include "domain_fixture.hpp"
#include "eventually.hpp"
#include "otp/routing/hedge_rules.hpp"
#include "otp/send/hedge_queue.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/smart_ptr/make_shared.hpp>
#include <boost/smart_ptr/weak_ptr.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

namespace {

using namespace otpd;
using namespace otpd::test;
using namespace std::chrono_literals;

/// Of a route in the Netherlands whose messages have reports in `percent` of a hundred cases.
otp::route_score reported(int route_id, std::uint64_t percent) {
    otp::route_score score;
    score.route_id = route_id;
    score.country = "NL";
    score.accepted = 100;
    score.failed = 5;
    score.delivered = percent - score.failed;
    return score;
}

/// Routes 8, 1 and 3, with a second for each message to be reported.
otp::policy hedged_plan() {
    auto rules = without_cooldown();
    otp::route_plan plan{"login", {step(8), step(1), step(3)}, {"login"}, true};
    for (auto& step : plan.steps)
        step.deliver_within = 1s;
    rules.plans.push_back(std::move(plan));
    return rules;
}

struct hedge_fixture : domain_fixture {
    explicit hedge_fixture(otp::policy rules = hedged_plan())
        : hedged(otp::make_operations(std::move(rules), hedging_deps())) {
        stats.all = {reported(8, 100)};
        gateway.on_send = [this](bridgexapi::sms const& message) {
            auto receipt = fake_gateway::default_receipt();
            receipt.order_id = std::to_string(22'000 + message.route_id);
            receipt.bx_message_id = "BX-" + *receipt.order_id + "-c5f4f53431ed22c2";
            return message.route_id == 1 ? second_answer.value_or(receipt)
                                         : bridgexapi::send_outcome(receipt);
        };
    }

    otp::operations_dependencies hedging_deps() {
        auto all = deps();
        all.hedges = &hedger;
        return all;
    }
    otp::outcome<otp::sent> send_hedged() {
        return run(context, hedged.sender.send(request(), deadline::in(30s)));
    }
    /// Lets the time of every report pass, and everything end that follows.
    void let_reports_be_late() {
        clock.advance(1s);
        context.restart();
        context.run_for(hang_limit);
        BOOST_REQUIRE(context.stopped());
    }
    /// "8 1": the routes of the messages so far.
    [[nodiscard]] std::string asked() const {
        std::string text;
        for (auto const& entry : gateway.sent())
            text.append(text.empty() ? "" : " ").append(std::to_string(entry.route_id));
        return text;
    }
    [[nodiscard]] std::int64_t spent() {
        return run(context, store.spent({hedged.spending.total(clock.wall())})).value().at(0);
    }

    std::optional<bridgexapi::send_outcome> second_answer; ///< of route 1
    otp::hedger hedger{{context.get_executor(), stats, deliveries, clock, *log}, {}};
    otp::operations hedged;
};

/// The plan's second step takes the route of the first again, as `best` may.
otp::policy repeating_plan() {
    auto rules = hedged_plan();
    auto& steps = rules.plans.back().steps;
    steps.insert(steps.begin() + 1, steps.front());
    return rules;
}
struct repeating_fixture : hedge_fixture {
    repeating_fixture() : hedge_fixture(repeating_plan()) {}
};

BOOST_FIXTURE_TEST_SUITE(hedges, hedge_fixture)

BOOST_AUTO_TEST_CASE(the_same_code_goes_out_by_the_next_route_once) {
    auto const first = send_hedged();
    BOOST_REQUIRE(first.has_value());
    auto const code = gateway.last_code();
    let_reports_be_late();
    let_reports_be_late();
    BOOST_TEST(asked() == "8 1");
    BOOST_TEST(gateway.last_code() == code);
    BOOST_TEST(spent() == 2 * 87'000);
    BOOST_TEST_REQUIRE(deliveries.all.size() == 2U); // both are followed
    BOOST_TEST(!deliveries.all[0].is_hedge);
    BOOST_TEST(deliveries.all[1].is_hedge);
    auto const view = find(first->id);
    BOOST_TEST_REQUIRE(view.has_value());
    BOOST_TEST(view->sent->cost.value().micros() == 2 * 87'000); // the sum
    BOOST_TEST(view->sent->route_id == 8);
    std::string events;
    for (auto const& event : view->events)
        events.append(event.type).append(" ");
    BOOST_TEST(events == "admitted step accepted step accepted ");
    auto const& hedge = view->events.at(3).details;
    auto const outcome = std::ranges::find(hedge, "outcome", &otp::detail::first);
    BOOST_TEST_REQUIRE((outcome != hedge.end()));
    BOOST_TEST(std::get<std::string>(outcome->second) == "hedged");
    BOOST_TEST(event.kinds() == "admitted accepted accepted");
    BOOST_TEST(verify(code, first->id).has_value());
}

BOOST_AUTO_TEST_CASE(what_ended_meanwhile_gets_none) {
    for (std::string const how : {"verified", "canceled", "newer"}) {
        auto const before = gateway.sent().size();
        auto const first = send_hedged();
        BOOST_REQUIRE(first.has_value());
        if (how == "verified") BOOST_REQUIRE(verify(gateway.last_code(), first->id).has_value());
        if (how == "canceled") BOOST_REQUIRE(cancel(first->id).has_value());
        auto newer = request();
        newer.route_id = 2; // which no plan hedges
        if (how == "newer")
            BOOST_REQUIRE(run(context, hedged.sender.send(newer, deadline::in(30s))).has_value());
        let_reports_be_late();
        BOOST_TEST(gateway.sent().size() == before + (how == "newer" ? 2U : 1U), how);
        clock.advance(1h);
    }
}

// Without the event the store would refuse it.
BOOST_AUTO_TEST_CASE(a_report_drops_the_one_that_waits) {
    auto const first = send_hedged();
    otp::verification_event report;
    report.type = otp::event_type::delivered;
    report.verification_id = first->id;
    BOOST_TEST(hedger.wants(report.type));
    hedger.on_event(report);
    let_reports_be_late();
    BOOST_TEST(asked() == "8");
}

// A reload may have replaced the rules meanwhile.
BOOST_AUTO_TEST_CASE(one_that_waits_keeps_the_generation_of_its_caller) {
    auto first = request();
    first.caller.generation = boost::make_shared<int>(0);
    boost::weak_ptr<void const> const kept = first.caller.generation;
    BOOST_REQUIRE(
        run(context, hedged.sender.send(std::exchange(first, request()), deadline::in(30s)))
            .has_value());
    BOOST_TEST(!kept.expired());
    let_reports_be_late();
    BOOST_TEST(asked() == "8 1");
    BOOST_TEST(kept.expired());
}

BOOST_AUTO_TEST_CASE(a_drain_drops_all_that_wait) {
    send_hedged();
    hedger.stop();
    let_reports_be_late();
    BOOST_TEST(asked() == "8");
}

BOOST_AUTO_TEST_CASE(a_drain_waits_for_the_one_that_is_under_way) {
    send_hedged();
    std::optional<bool> is_drained;
    std::size_t followed = 0;
    gateway.on_send = [&](bridgexapi::sms const&) {
        boost::asio::co_spawn(context, hedger.drain(deadline::in(hang_limit)),
                              [&](std::exception_ptr, bool done) {
                                  is_drained = done;
                                  followed = deliveries.all.size();
                              });
        return bridgexapi::send_outcome(fake_gateway::default_receipt());
    };
    let_reports_be_late();
    BOOST_TEST(is_drained.value());
    BOOST_TEST(followed == 2U);
    BOOST_TEST(spent() == 2 * 87'000);
}

BOOST_AUTO_TEST_CASE(a_drain_waits_no_longer_than_its_deadline) {
    send_hedged();
    std::optional<bool> is_drained;
    gateway.on_send = [&](bridgexapi::sms const&) {
        boost::asio::co_spawn(context, hedger.drain(deadline::in(0s)),
                              [&](std::exception_ptr, bool done) { is_drained = done; });
        return bridgexapi::send_outcome(fake_gateway::default_receipt());
    };
    let_reports_be_late();
    BOOST_TEST(is_drained.has_value());
    BOOST_TEST(spent() == 2 * 87'000); // it was completed all the same
}

BOOST_AUTO_TEST_CASE(while_reports_are_not_read_nothing_is_late) {
    deliveries.is_hearing = false;
    send_hedged();
    let_reports_be_late();
    BOOST_TEST(asked() == "8");
}

BOOST_FIXTURE_TEST_CASE(the_first_messages_route_is_passed_over_without_a_note, repeating_fixture) {
    auto const first = send_hedged();
    let_reports_be_late();
    BOOST_TEST(asked() == "8 1");
    int hedged_steps = 0;
    auto const verification = find(first->id);
    for (auto const& event : verification->events)
        for (auto const& [name, value] : event.details)
            if (name == "outcome" && std::get<std::string>(value) == "hedged") ++hedged_steps;
    BOOST_TEST(hedged_steps == 1);
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_gets_none) {
    gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::unknown{bridgexapi::reason::timed_out});
    };
    send_hedged();
    let_reports_be_late();
    BOOST_TEST(asked() == "8");
}

BOOST_AUTO_TEST_CASE(the_silence_of_a_route_that_seldom_reports_means_nothing) {
    for (std::uint64_t const percent : {0U, 89U, 90U}) {
        stats.all.clear(); // nothing is known
        if (percent != 0) stats.all = {reported(8, percent)};
        auto const before = gateway.sent().size();
        send_hedged();
        let_reports_be_late();
        BOOST_TEST(gateway.sent().size() == before + (percent == 90 ? 2U : 1U));
        clock.advance(1h);
    }
}

BOOST_AUTO_TEST_CASE(one_that_was_refused_costs_nothing_and_is_not_repeated) {
    second_answer = bridgexapi::rejected{bridgexapi::reason::vendor_failed};
    auto const first = send_hedged();
    let_reports_be_late();
    let_reports_be_late();
    BOOST_TEST(asked() == "8 1");
    BOOST_TEST(spent() == 87'000);
    BOOST_TEST(find(first->id)->delivery == "accepted");
}

BOOST_AUTO_TEST_CASE(one_of_unknown_outcome_stays_paid_and_is_not_repeated) {
    second_answer = bridgexapi::unknown{bridgexapi::reason::timed_out};
    send_hedged();
    let_reports_be_late();
    let_reports_be_late();
    BOOST_TEST(asked() == "8 1");
    BOOST_TEST(spent() == 87'000 + 100'000); // the assumed price
}

BOOST_AUTO_TEST_CASE(a_dear_route_is_left_out) {
    prices.of_route = {{8, money::from_micros(40'000)},
                       {1, money::from_micros(90'000)},
                       {3, money::from_micros(50'000)}};
    client.max_price = money::from_micros(50'000);
    send_hedged();
    let_reports_be_late();
    BOOST_TEST(asked() == "8 3");
}

BOOST_AUTO_TEST_CASE(a_plan_that_does_not_hedge_sends_nothing_that_nobody_asked_for) {
    auto rules = hedged_plan();
    rules.plans.back().hedge = false;
    auto const plain = otp::make_operations(std::move(rules), hedging_deps());
    BOOST_REQUIRE(run(context, plain.sender.send(request(), deadline::in(30s))).has_value());
    BOOST_TEST(!hedger.wants(otp::event_type::delivered));
    let_reports_be_late();
    BOOST_TEST(asked() == "8");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hedge_parts)

BOOST_AUTO_TEST_CASE(the_time_of_a_report_is_the_steps_or_learned) {
    known_stats scores;
    otp::route_step any;
    BOOST_TEST(!otp::hedge_after(any, scores, 3, "NL").has_value());
    scores.all = {reported(3, 100)};
    scores.all[0].delivery_seconds_p95 = otp::statistic<double>{8.2, 95};
    BOOST_TEST((otp::hedge_after(any, scores, 3, "NL") == otp::learned_min));
    scores.all[0].delivery_seconds_p95->value = 30.5;
    BOOST_TEST((otp::hedge_after(any, scores, 3, "NL") == 31s));
    any.deliver_within = 5s;
    BOOST_TEST((otp::hedge_after(any, scores, 3, "NL") == 5s));
}

BOOST_AUTO_TEST_CASE(a_queue_gives_back_what_is_due_in_order_of_time) {
    otp::hedge_queue<int> queue(3);
    steady_time const now(1h);
    BOOST_TEST(queue.add("b", now + 2s, 2));
    BOOST_TEST(queue.add("a", now + 1s, 1));
    BOOST_TEST(queue.add("c", now + 3s, 3));
    BOOST_TEST(!queue.add("d", now, 4)); // full
    BOOST_TEST((queue.next_due() == now + 1s));
    BOOST_TEST(!queue.take(now).has_value());
    queue.drop("b");
    queue.drop("b");
    BOOST_TEST(queue.take(now + 3s).value() == 1);
    BOOST_TEST(queue.take(now + 3s).value() == 3);
    BOOST_TEST(!queue.take(now + 3s).has_value());
    BOOST_TEST(queue.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
