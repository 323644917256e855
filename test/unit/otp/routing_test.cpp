// Route plans: which route is used, when the next one is, and what callers and the timeline report.

#include "domain_fixture.hpp"
#include "otp/routing/best_route.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace otpd;
using namespace otpd::test;
using bridgexapi::reason;
using namespace std::chrono_literals;

/// Routes 8, 1 and 3, in a plan that is no client's default.
otp::policy with_plan() {
    otp::policy rules;
    rules.plans.push_back({"login", {step(8), step(1), step(3)}, {}});
    rules.plans.back().steps.front().caller_id = "YOURAPP";
    return rules;
}

struct routing_fixture : domain_fixture {
    explicit routing_fixture(otp::policy rules = with_plan()) : domain_fixture(std::move(rules)) {
        gateway.on_send = [this](bridgexapi::sms const& message) {
            auto const found = answers.find(message.route_id);
            if (found != answers.end()) return found->second;
            return bridgexapi::send_outcome(fake_gateway::default_receipt());
        };
    }

    otp::outcome<otp::sent> send_by(std::string plan, std::string const& to = one_number) {
        auto what = request(to);
        what.plan = std::move(plan);
        return send(std::move(what));
    }
    /// "8 1": the routes of the requests to the upstream.
    [[nodiscard]] std::string asked() const {
        std::string text;
        for (auto const& entry : gateway.sent())
            text.append(text.empty() ? "" : " ").append(std::to_string(entry.route_id));
        return text;
    }

    /// Of the Dutch numbers in this hour.
    std::vector<otpd::store::route_counts> scores() {
        otpd::store::score_read request;
        request.slots = {{"NL", otpd::store::score_hour(clock.wall())}};
        return run(context, memory.scores(request)).value().counts.at(0);
    }

    std::map<int, bridgexapi::send_outcome> answers;
};

std::string text_of(std::vector<otp::step_report> const& steps) {
    std::string text;
    for (auto const& step : steps) {
        text.append(text.empty() ? "" : " ").append(std::to_string(step.route_id));
        text.append(":").append(otp::to_string(step.outcome));
        if (!step.why.empty()) text.append(":").append(step.why);
    }
    return text;
}

std::string text_of(otp::verification_view const& view) {
    std::string text;
    for (auto const& event : view.events) {
        text.append(text.empty() ? "" : " ").append(event.type);
        for (auto const& [name, value] : event.details) {
            if (name == "route_id") text += ' ' + std::to_string(std::get<std::int64_t>(value));
            if (name == "outcome" || name == "reason") text += ' ' + std::get<std::string>(value);
        }
        text += ';';
    }
    return text;
}

BOOST_FIXTURE_TEST_SUITE(routing, routing_fixture)

BOOST_AUTO_TEST_CASE(each_refusal_of_a_route_leads_to_exactly_one_send_on_the_next) {
    std::vector<reason> const refusals{reason::authentication,       reason::invalid_route,
                                       reason::route_not_authorized, reason::caller_id_not_allowed,
                                       reason::insufficient_balance, reason::no_pricing,
                                       reason::vendor_failed,        reason::not_found,
                                       reason::invalid_request,      reason::rate_limited};
    unsigned long long number = 31610000000;
    for (auto const why : refusals) {
        BOOST_TEST_CONTEXT(bridgexapi::to_string(why)) {
            answers[8] = bridgexapi::rejected{why};
            auto const before = gateway.sent().size();
            auto const result = send_by("login", std::to_string(++number));
            BOOST_TEST_REQUIRE(result.has_value());
            BOOST_TEST(gateway.sent().size() == before + 2);
            BOOST_TEST(result->route_id == 1);
            BOOST_TEST(result->plan == "login");
            auto const word = std::string(bridgexapi::to_string(why));
            BOOST_TEST(text_of(result->steps) == "8:rejected:" + word + " 1:accepted");
            auto const view = find(result->id);
            BOOST_TEST_REQUIRE(view.has_value());
            BOOST_TEST(text_of(*view) == "admitted; step 8 chosen; step 8 rejected " + word +
                                             "; step 1 chosen; accepted 1;");
            BOOST_TEST(view->sent->route_id == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_route_that_was_not_reached_leads_to_the_next) {
    for (auto const why : {reason::connect_failed, reason::tls_failed, reason::circuit_open,
                           reason::pool_exhausted}) {
        answers[8] = bridgexapi::not_sent{why};
        auto const result =
            send_by("login", "3161000" + std::to_string(1000 + static_cast<int>(why)));
        BOOST_TEST_REQUIRE(result.has_value());
        BOOST_TEST(result->route_id == 1);
    }
}

BOOST_AUTO_TEST_CASE(after_an_unknown_outcome_no_other_route_is_tried) {
    answers[8] = bridgexapi::unknown{reason::timed_out};
    auto const result = send_by("login");
    BOOST_TEST_REQUIRE(!result.has_value());
    BOOST_TEST((result.error().code == otp::errc::delivery_unknown));
    BOOST_TEST(text_of(result.error().steps) == "8:unknown:timed_out");
    BOOST_TEST(asked() == "8");
    BOOST_TEST(event.kinds() == "admitted unknown");
}

BOOST_AUTO_TEST_CASE(a_plan_of_which_every_route_refuses_sends_nothing_and_says_so) {
    for (int const route : {8, 1, 3})
        answers[route] = bridgexapi::rejected{reason::vendor_failed};
    auto const result = send_by("login");
    BOOST_TEST_REQUIRE(!result.has_value());
    BOOST_TEST((result.error().code == otp::errc::upstream_rejected));
    BOOST_TEST(asked() == "8 1 3");
    BOOST_TEST(text_of(result.error().steps) ==
               "8:rejected:vendor_failed 1:rejected:vendor_failed 3:rejected:vendor_failed");
    BOOST_TEST(event.kinds() == "admitted step_left step_left step_left not_sent");
    BOOST_TEST(event.all[1].attempted);
}

BOOST_AUTO_TEST_CASE(a_step_may_have_its_own_caller_id) {
    answers[8] = bridgexapi::rejected{reason::caller_id_not_allowed};
    BOOST_TEST_REQUIRE(send_by("login").has_value());
    auto const sent = gateway.sent();
    BOOST_TEST(sent.at(0).caller_id == "YOURAPP");
    BOOST_TEST(sent.at(1).caller_id == "BRIDGEXAPI");
}

BOOST_AUTO_TEST_CASE(an_explicit_route_is_the_only_one_that_is_tried) {
    answers[8] = bridgexapi::rejected{reason::vendor_failed};
    auto what = request();
    what.route_id = 8;
    auto const result = send(std::move(what));
    BOOST_TEST_REQUIRE(!result.has_value());
    BOOST_TEST(asked() == "8");
}

BOOST_AUTO_TEST_CASE(events_have_the_steps_the_plan_and_the_times_that_the_api_shows) {
    routing_fixture with;
    with.answers[8] = bridgexapi::rejected{reason::vendor_failed};
    manual_clock ahead; // this instance's; the store's own is behind
    ahead.advance(std::chrono::microseconds(7'123'456));
    auto const deps = with.deps();
    auto const domain = otp::make_operations(
        with_plan(),
        {deps.store, deps.sends, deps.questions, deps.keys, deps.plan, ahead, deps.random, deps.log,
         deps.metrics, deps.price_list, deps.stats, deps.deliveries, deps.waiters, deps.events});
    auto request = with.request();
    request.plan = "login";
    auto const sent =
        with.run(with.context,
                 domain.sender.send(std::move(request), deadline::in(std::chrono::seconds(9))));
    BOOST_REQUIRE(sent.has_value());
    with.clock.advance(std::chrono::milliseconds(20));
    with.run(with.context, domain.verifier.verify(with.guess(with.wrong_code(), sent->id)));
    with.clock.advance(std::chrono::milliseconds(30));
    auto const verified = with.run(
        with.context, domain.verifier.verify(with.guess(with.gateway.last_code(), sent->id)));
    BOOST_REQUIRE(verified.has_value());

    auto const view = with.find(sent->id);
    BOOST_REQUIRE(view.has_value());
    auto const shown_at = [&](std::string_view name) {
        for (auto const& event : view->events)
            if (event.type == name) return event.at;
        return wall_time();
    };
    for (auto const& event : with.event.all) {
        if (event.type == otp::event_type::step_left) continue;
        auto const name = otp::to_string(event.type);
        BOOST_CHECK((event.at == shown_at(name == "wrong" ? "wrong_code" : name)));
    }
    BOOST_TEST(with.event.kinds() == "admitted step_left accepted wrong verified");
    auto const& accepted = with.event.all[2];
    BOOST_REQUIRE(accepted.steps.size() == 2U);
    BOOST_TEST(accepted.steps[0].route_id == 8);
    BOOST_TEST(accepted.steps[0].outcome == "rejected");
    BOOST_TEST(accepted.steps[0].reason == "vendor_failed");
    BOOST_TEST(accepted.steps[1].route_id == 1);
    BOOST_TEST(accepted.steps[1].outcome == "accepted");
    BOOST_TEST(with.event.all.back().plan == "login");
    BOOST_CHECK((with.event.all.back().since_admitted == std::chrono::milliseconds(50)));
}

BOOST_AUTO_TEST_CASE(an_unknown_plan_is_refused_before_anything_is_counted) {
    auto const result = send_by("logout");
    BOOST_TEST_REQUIRE(!result.has_value());
    BOOST_TEST((result.error().code == otp::errc::route_plan_unknown));
    BOOST_TEST(send().has_value()); // no cooldown
}

BOOST_AUTO_TEST_CASE(a_step_that_is_too_dear_is_left_out) {
    prices.of_route = {{8, money::from_micros(90'000)}, {1, money::from_micros(80'000)}};
    auto what = request();
    what.plan = "login";
    what.max_price = money::from_micros(80'000);
    auto const result = send(std::move(what));
    BOOST_TEST_REQUIRE(result.has_value());
    BOOST_TEST(text_of(result->steps) == "8:skipped:price 1:accepted");
    BOOST_TEST(asked() == "1");
}

BOOST_AUTO_TEST_CASE(a_price_that_is_not_known_counts_as_the_assumed_one) {
    auto what = request();
    what.max_price = money::from_micros(99'999); // the assumed price is 100,000
    auto const result = send(what);
    BOOST_TEST_REQUIRE(!result.has_value());
    BOOST_TEST((result.error().code == otp::errc::no_route));
    BOOST_TEST(text_of(result.error().steps) == "3:skipped:price");
    BOOST_TEST(asked().empty());
    what.max_price = money::from_micros(100'000);
    BOOST_TEST(send(what).has_value());
}

BOOST_AUTO_TEST_CASE(the_lowest_of_all_price_limits_holds) {
    client.max_price = money::from_micros(50'000);
    prices.of_route = {{3, money::from_micros(60'000)}};
    auto what = request();
    what.max_price = money::from_micros(70'000);
    auto const result = send(std::move(what));
    BOOST_TEST_REQUIRE(!result.has_value());
    BOOST_TEST((result.error().code == otp::errc::no_route));
}

BOOST_AUTO_TEST_SUITE_END()

struct resends : routing_fixture {
    /// The upstream reports the message of a verification.
    void report(std::string const& id, otpd::store::delivery what) {
        otpd::store::delivery_update update;
        update.address = keys.open(id).value();
        update.message = what;
        BOOST_REQUIRE(
            (run(context, store.update(update)).value() == otpd::store::update_outcome::updated));
    }
    /// The steps of a send by the plan; `failed`: the upstream then reports that it did not arrive.
    std::string steps_of_send(bool failed) {
        auto const result = send_by("login");
        BOOST_REQUIRE(result.has_value());
        if (failed) report(result->id, otpd::store::delivery::failed);
        return text_of(result->steps);
    }
};

BOOST_FIXTURE_TEST_SUITE(escalation, resends)

// A failure ends the cooldown, so each is admitted at once.
BOOST_AUTO_TEST_CASE(a_resend_begins_after_the_step_that_failed) {
    BOOST_TEST(steps_of_send(true) == "8:accepted");
    BOOST_TEST(steps_of_send(true) == "8:skipped:tried_before 1:accepted");
    auto const third = send_by("login");
    BOOST_TEST_REQUIRE(third.has_value());
    BOOST_TEST(text_of(third->steps) == "8:skipped:tried_before 1:skipped:tried_before 3:accepted");
    BOOST_TEST(text_of(*find(third->id)) ==
               "admitted; step 8 skipped tried_before; step 1 skipped tried_before; "
               "step 3 chosen; accepted 3;");
    BOOST_TEST(asked() == "8 1 3");
}

BOOST_AUTO_TEST_CASE(a_resend_of_a_late_message_begins_after_its_step) {
    BOOST_TEST(steps_of_send(false) == "8:accepted");
    clock.advance(59s);
    BOOST_TEST(steps_of_send(false) == "8:accepted"); // the cooldown is over, the time is not
    clock.advance(60s);
    BOOST_TEST(steps_of_send(false) == "8:skipped:tried_before 1:accepted");
}

BOOST_AUTO_TEST_CASE(a_message_that_was_delivered_leads_to_the_same_step) {
    auto const first = send_by("login");
    report(first->id, otpd::store::delivery::delivered);
    clock.advance(120s);
    BOOST_TEST(steps_of_send(false) == "8:accepted");
}

BOOST_AUTO_TEST_CASE(a_number_goes_to_a_later_step_twice_a_day) {
    for (int n = 0; n < 3; ++n)
        steps_of_send(true);
    BOOST_TEST(steps_of_send(true) == "8:accepted"); // after the last step
    BOOST_TEST(steps_of_send(true) == "8:accepted"); // and no third time
    clock.advance(24h);
    BOOST_TEST(steps_of_send(true) == "8:accepted");
    BOOST_TEST(steps_of_send(true) == "8:skipped:tried_before 1:accepted");
}

BOOST_AUTO_TEST_CASE(an_explicit_route_is_obeyed_whatever_failed) {
    steps_of_send(true);
    auto what = request();
    what.route_id = 8;
    BOOST_TEST(text_of(send(std::move(what))->steps) == "8:accepted");
}

// Steps that were tried before are better than none.
BOOST_AUTO_TEST_CASE(when_no_later_step_is_left_the_plan_goes_on_with_its_first) {
    steps_of_send(true);
    answers[1] = bridgexapi::rejected{reason::vendor_failed};
    prices.of_route = {{8, money::from_micros(40'000)},
                       {1, money::from_micros(50'000)},
                       {3, money::from_micros(90'000)}};
    auto what = request();
    what.plan = "login";
    what.max_price = money::from_micros(50'000);
    auto const result = send(std::move(what));
    BOOST_TEST_REQUIRE(result.has_value());
    BOOST_TEST(text_of(result->steps) ==
               "8:skipped:tried_before 1:rejected:vendor_failed 3:skipped:price 8:accepted");
    BOOST_TEST(asked() == "8 1 8");
}

// The step that counts is the one that was used in the end.
BOOST_AUTO_TEST_CASE(a_resend_begins_after_the_step_that_took_the_message) {
    answers[8] = bridgexapi::rejected{reason::vendor_failed};
    BOOST_TEST(steps_of_send(true) == "8:rejected:vendor_failed 1:accepted");
    BOOST_TEST(steps_of_send(false) == "8:skipped:tried_before 1:skipped:tried_before 3:accepted");
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_keeps_the_cooldown) {
    answers[8] = bridgexapi::unknown{reason::timed_out};
    BOOST_TEST((send_by("login").error().code == otp::errc::delivery_unknown));
    BOOST_TEST((send_by("login").error().code == otp::errc::cooldown_active));
    clock.advance(60s);
    BOOST_TEST(steps_of_send(false) == "8:skipped:tried_before 1:accepted");
}

BOOST_AUTO_TEST_CASE(a_resend_reserves_the_price_of_the_step_that_it_takes) {
    prices.of_route = {{8, money::from_micros(40'000)}, {1, money::from_micros(70'000)}};
    gateway.on_send = [](bridgexapi::sms const&) {
        auto receipt = fake_gateway::default_receipt();
        receipt.cost.reset(); // what was expected counts
        return bridgexapi::send_outcome(receipt);
    };
    steps_of_send(true);
    steps_of_send(false);
    auto const spent =
        run(context, store.spent({domain.spending.total(clock.wall())})).value().at(0);
    BOOST_TEST(spent == 110'000);
}

BOOST_AUTO_TEST_SUITE_END()

struct other_plans : routing_fixture {
    static otp::policy rules() {
        auto rules = with_plan();
        rules.plans.push_back({"abroad", {step(2), step(3)}, {"payment"}});
        rules.plans.back().steps.front().countries = {"BE", "DE"};
        otp::best_rule best;
        best.routes = {1, 2, 3};
        best.min_samples = 10;
        best.min_verified_share = 0.5;
        otp::route_step by_figures;
        by_figures.best = best;
        rules.plans.push_back({"best", {by_figures, step(8)}, {}});
        rules.plans.push_back({"closed", {step(6), step(3)}, {}});
        rules.explore_percent = 0;
        return rules;
    }
    explicit other_plans(otp::policy chosen = rules()) : routing_fixture(std::move(chosen)) {}

    otp::route_score score(int route, std::uint64_t accepted, double share, int cost) const {
        otp::route_score one;
        one.route_id = route;
        one.country = "NL";
        one.accepted = accepted;
        one.verified_share = otp::statistic<double>{share, accepted};
        one.cost_per_verified = otp::statistic<money>{money::from_micros(cost), accepted};
        return one;
    }
};

BOOST_FIXTURE_TEST_SUITE(choosing, other_plans)

BOOST_AUTO_TEST_CASE(a_step_for_other_countries_is_left_out) {
    auto const result = send_by("abroad");
    BOOST_TEST_REQUIRE(result.has_value());
    BOOST_TEST(text_of(result->steps) == "2:skipped:country 3:accepted");
}

BOOST_AUTO_TEST_CASE(a_route_that_is_not_allowed_is_left_out_of_a_plan) {
    auto const result = send_by("closed");
    BOOST_TEST_REQUIRE(result.has_value());
    BOOST_TEST(text_of(result->steps) == "6:skipped:route_not_allowed 3:accepted");
}

BOOST_AUTO_TEST_CASE(a_purpose_may_have_a_plan_and_a_client_may_have_another) {
    BOOST_TEST(send(request(one_number, "payment"))->plan == "abroad");
    client.default_plan = "login";
    BOOST_TEST(send(request("31610000001", "payment"))->plan == "login");
    auto what = request("31610000002", "payment");
    what.route_id = 2;
    auto const result = send(std::move(what));
    BOOST_TEST(result->plan.empty());
    BOOST_TEST(result->route_id == 2);
}

BOOST_AUTO_TEST_CASE(
    the_best_route_is_the_cheapest_per_verified_user_of_those_that_are_good_enough) {
    stats.all = {score(1, 50, 0.9, 95'000), score(2, 50, 0.4, 10'000), score(3, 9, 1.0, 20'000)};
    auto const first = send_by("best");
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST(first->route_id == 1); // 2 has a low verified share, 3 has too few samples
    auto const view = find(first->id);
    auto const& chosen = view->events.at(1).details;
    auto const share = std::ranges::find(chosen, "verified_share", &otp::detail::first);
    BOOST_TEST_REQUIRE((share != chosen.end()));
    BOOST_TEST(std::get<std::string>(share->second) == "0.900");

    stats.all.push_back(score(3, 10, 0.5, 20'000));
    BOOST_TEST(send_by("best", "31610000001")->route_id == 3);
}

BOOST_AUTO_TEST_CASE(without_figures_the_first_of_the_routes_is_the_best) {
    BOOST_TEST(send_by("best")->route_id == 1);
}

BOOST_AUTO_TEST_SUITE_END()

/// Every send in a step with `best` explores.
struct explorers : other_plans {
    static otp::policy exploring() {
        auto chosen = other_plans::rules();
        chosen.explore_percent = 100;
        chosen.pumping.enabled = false; // nobody types these codes
        return chosen;
    }
    explorers() : other_plans(exploring()) {}

    std::string next_number() { return std::to_string(31610000000ULL + ++numbers); }
    unsigned numbers = 0;
};

BOOST_FIXTURE_TEST_SUITE(exploring, explorers)

BOOST_AUTO_TEST_CASE(a_route_with_too_few_samples_is_taken_instead_of_the_best) {
    stats.all = {score(1, 50, 0.9, 95'000), score(2, 50, 0.4, 10'000), score(3, 9, 1.0, 20'000)};
    for (int n = 0; n < 5; ++n) {
        auto const result = send_by("best", next_number());
        BOOST_TEST_REQUIRE(result.has_value());
        BOOST_TEST(result->route_id == 3); // 2 has enough to be known as bad
        auto const chosen = find(result->id)->events.at(1).details;
        auto const why = std::ranges::find(chosen, "best", &otp::detail::first);
        BOOST_TEST_REQUIRE((why != chosen.end()));
        BOOST_TEST(std::get<std::string>(why->second) == "explored");
    }
    stats.all.back().accepted = 10;
    BOOST_TEST(send_by("best", next_number())->route_id == 3); // it is the best now
    stats.all.front().sent = stats.all.front().accepted = 9;
    BOOST_TEST(send_by("best", next_number())->route_id == 1);
}

BOOST_AUTO_TEST_CASE(a_route_that_refuses_everything_is_known) {
    stats.all = {score(1, 50, 0.9, 95'000), score(2, 50, 0.4, 10'000), score(3, 0, 0.0, 20'000)};
    stats.all.back().sent = 10;
    BOOST_TEST(send_by("best", next_number())->route_id == 1);
}

BOOST_AUTO_TEST_CASE(all_routes_of_which_nothing_is_known_are_taken_but_the_usual_one) {
    std::map<int, int> taken;
    for (int n = 0; n < 60; ++n)
        ++taken[send_by("best", next_number())->route_id];
    // One of two for 60 times, with a chance of 2^-60 that one is left out.
    BOOST_TEST(taken.size() == 2U);
    BOOST_TEST(taken[2] + taken[3] == 60);
}

BOOST_AUTO_TEST_CASE(a_route_that_the_send_may_not_take_is_not_explored) {
    prices.of_route = {{1, money::from_micros(50'000)},
                       {2, money::from_micros(80'000)},
                       {3, money::from_micros(80'001)}};
    for (int n = 0; n < 5; ++n) {
        auto what = request(next_number());
        what.plan = "best";
        what.max_price = money::from_micros(80'000);
        BOOST_TEST(send(what)->route_id == 2);
        what.to = *phone_number::parse(next_number());
        what.max_price = money::from_micros(50'000);
        BOOST_TEST(send(what)->route_id == 1);
    }
    client.routes = {1, 3, 8};
    BOOST_TEST(send_by("best", next_number())->route_id == 3);
}

BOOST_AUTO_TEST_CASE(an_explicit_route_is_obeyed) {
    for (int n = 0; n < 5; ++n) {
        auto what = request(next_number());
        what.route_id = 2;
        BOOST_TEST(send(std::move(what))->route_id == 2);
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_explored_before_the_scores_were_read) {
    stats.read_ago.reset();
    BOOST_TEST(send_by("best")->route_id == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(as_many_sends_explore_as_the_policy_says) {
    class known_random final : public random_source {
    public:
        std::uint64_t value = 0;
        void fill(std::span<std::byte> out) override {
            BOOST_REQUIRE(out.size() == sizeof value);
            std::memcpy(out.data(), &value, sizeof value);
        }
    } random;
    known_stats stats;
    otp::policy rules;
    otp::best_rule rule;
    rule.routes = {1, 2};
    for (std::uint32_t const percent : {0U, 5U, 50U}) {
        rules.explore_percent = percent;
        otp::best_route const best(rules, stats, random);
        std::uint32_t explored = 0;
        for (random.value = 0; random.value < 100; ++random.value)
            if (best.choose(rule, "NL", [](int) { return true; }).route_id == 2) ++explored;
        BOOST_TEST(explored == percent);
    }
}

// --- what a send says of its routes -----------------------------------------------------------------

BOOST_FIXTURE_TEST_SUITE(scoring, routing_fixture)

BOOST_AUTO_TEST_CASE(a_send_counts_each_route_that_was_asked_and_its_code_the_last) {
    answers[8] = bridgexapi::rejected{reason::vendor_failed};
    auto const result = send_by("login");
    BOOST_TEST_REQUIRE(result.has_value());
    BOOST_TEST_REQUIRE(verify(gateway.last_code()).has_value());
    auto const counts = scores();
    BOOST_TEST_REQUIRE(counts.size() == 2U);
    BOOST_TEST(counts[0].route_id == 1);
    BOOST_TEST(counts[0].accepted == 1);
    BOOST_TEST(counts[0].verified == 1);
    BOOST_TEST(counts[0].priced == 1);
    BOOST_TEST(counts[1].route_id == 8);
    BOOST_TEST(counts[1].sent == 1);
    BOOST_TEST(counts[1].accepted == 0);
}

BOOST_AUTO_TEST_CASE(routes_that_were_not_asked_are_not_counted) {
    answers[8] = bridgexapi::not_sent{reason::connect_failed};
    answers[1] = bridgexapi::unknown{reason::connection_lost};
    std::get<bridgexapi::unknown>(answers[1]).stale_connection = true;
    BOOST_TEST(!send_by("login").has_value());
    BOOST_TEST(scores().empty());
    answers[1] = bridgexapi::unknown{reason::timed_out};
    BOOST_TEST(!send_by("login", "31610000001").has_value());
    BOOST_TEST_REQUIRE(scores().size() == 1U);
    BOOST_TEST(scores()[0].route_id == 1);
    BOOST_TEST(scores()[0].sent == 1);
    BOOST_TEST(scores()[0].accepted == 0);
}

BOOST_AUTO_TEST_CASE(a_send_that_all_routes_refuse_counts_against_them) {
    for (int const route : {8, 1, 3})
        answers[route] = bridgexapi::rejected{reason::vendor_failed};
    BOOST_TEST(!send_by("login").has_value());
    BOOST_TEST(scores().size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
