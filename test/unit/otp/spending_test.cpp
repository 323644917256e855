// Budgets: reservations, corrections, and what a cap refuses.

#include "domain_fixture.hpp"
#include "otpd/otp/ledger.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace otpd;
using namespace otpd::test;
using bridgexapi::reason;

constexpr int cent = 10'000; // in millionths

otp::spending_budget budget(std::string name, otp::budget_key key, int cap, std::string only = {}) {
    otp::spending_budget one;
    one.name = std::move(name);
    one.key = key;
    one.period = otp::budget_period::day;
    one.cap = money::from_micros(cap);
    one.only = std::move(only);
    return one;
}

struct spending_fixture : domain_fixture {
    static otp::policy rules(std::vector<otp::spending_budget> budgets) {
        otp::policy rules;
        rules.budgets = std::move(budgets);
        rules.plans.push_back({"two", {step(8), step(1)}, {}});
        return rules;
    }
    explicit spending_fixture(std::vector<otp::spending_budget> budgets)
        : domain_fixture(rules(std::move(budgets))) {
        for (int const route : {1, 2, 3, 8})
            prices.of_route[route] = money::from_micros(9 * cent);
        gateway.on_send = [this](bridgexapi::sms const& message) {
            if (message.route_id == refuses)
                return bridgexapi::send_outcome(bridgexapi::rejected{reason::vendor_failed});
            if (answers_nothing)
                return bridgexapi::send_outcome(bridgexapi::unknown{reason::timed_out});
            auto receipt = fake_gateway::default_receipt();
            receipt.cost = cost;
            return bridgexapi::send_outcome(receipt);
        };
    }

    otp::outcome<otp::sent> send_next(std::optional<int> route = {}, std::string plan = {}) {
        auto what = request(std::to_string(++number));
        what.route_id = route;
        if (!plan.empty()) what.plan = plan;
        return send(std::move(what));
    }
    std::int64_t spent(otp::spending_budget const& budget) {
        auto const answer =
            run(context, store.spent({domain.spending.key_of(budget, clock.wall())}));
        return answer->at(0);
    }
    std::int64_t spent_in_all() {
        auto const answer = run(context, store.spent({domain.spending.total(clock.wall())}));
        return answer->at(0);
    }

    unsigned long long number = 31610000000;
    int refuses = 0;
    bool answers_nothing = false;
    std::optional<money> cost = money::from_micros(8 * cent);
};

struct total_of_20_cents : spending_fixture {
    static otp::spending_budget daily() {
        return budget("daily", otp::budget_key::total, 20 * cent);
    }
    total_of_20_cents() : spending_fixture({daily()}) {}
    otp::spending_budget cap = daily();
};

BOOST_FIXTURE_TEST_SUITE(total, total_of_20_cents)

BOOST_AUTO_TEST_CASE(a_send_over_the_cap_is_refused_by_name_and_nothing_is_sent) {
    BOOST_TEST(send_next().has_value()); // 8
    BOOST_TEST(send_next().has_value()); // 16: 8 + 9 were within 20
    auto const over = send_next();       // 16 + 9
    BOOST_TEST_REQUIRE(!over.has_value());
    BOOST_TEST((over.error().code == otp::errc::limit_exceeded));
    BOOST_TEST(over.error().violated.at(0).name == "daily");
    BOOST_TEST(gateway.sent().size() == 2);
    BOOST_TEST(event.all.back().reason == "daily");
    // Until the end of the day, in UTC.
    auto const midnight = otp::end_of(otp::budget_period::day, clock.wall());
    BOOST_TEST(over.error().retry_after->count() ==
               std::chrono::ceil<std::chrono::seconds>(midnight - clock.wall()).count());
}

BOOST_AUTO_TEST_CASE(the_real_cost_takes_the_place_of_the_expected_price) {
    send_next();
    BOOST_TEST(spent(cap) == 8 * cent);
    BOOST_TEST(spent_in_all() == 8 * cent);
    cost = money::from_micros(11 * cent); // more expensive than expected, and spent nevertheless
    send_next();
    BOOST_TEST(spent(cap) == 19 * cent);
}

BOOST_AUTO_TEST_CASE(without_a_stated_cost_the_expected_price_stays_spent) {
    cost = std::nullopt;
    send_next();
    BOOST_TEST(spent(cap) == 9 * cent);
}

BOOST_AUTO_TEST_CASE(a_refused_send_costs_nothing) {
    refuses = 3;
    BOOST_TEST(!send_next().has_value());
    BOOST_TEST(spent(cap) == 0);
    BOOST_TEST(spent_in_all() == 0);
}

BOOST_AUTO_TEST_CASE(a_send_of_unknown_outcome_stays_spent_and_is_followed_with_what_it_took) {
    answers_nothing = true;
    BOOST_TEST(!send_next().has_value());
    BOOST_TEST(spent(cap) == 9 * cent);
    BOOST_TEST_REQUIRE(deliveries.all.size() == 1);
    auto const& followed = deliveries.all[0];
    BOOST_TEST(followed.to.has_value());
    BOOST_TEST(followed.expected.micros() == 9 * cent);
    BOOST_TEST(followed.booked.size() == 2); // the total and the budget
}

BOOST_AUTO_TEST_CASE(a_route_that_refuses_takes_no_money_from_the_next) {
    prices.of_route[8] = money::from_micros(19 * cent);
    refuses = 8;
    BOOST_TEST(send_next({}, "two").has_value());
    BOOST_TEST(spent(cap) == 8 * cent);
}

BOOST_AUTO_TEST_CASE(a_next_route_that_is_over_the_budget_is_not_taken) {
    prices.of_route[1] = money::from_micros(21 * cent);
    refuses = 8;
    auto const result = send_next({}, "two");
    BOOST_TEST_REQUIRE(!result.has_value());
    BOOST_TEST((result.error().code == otp::errc::upstream_rejected));
    BOOST_TEST(result.error().steps.back().why == "budget");
    BOOST_TEST(gateway.sent().size() == 1);
    BOOST_TEST(spent(cap) == 0);
}

BOOST_AUTO_TEST_CASE(a_send_is_counted_for_the_route_that_was_tried_last) {
    prices.of_route[1] = money::from_micros(21 * cent);
    refuses = 8;
    send_next({}, "two");
    auto const counted =
        R"(otpd_sends_total{outcome="rejected",reason="vendor_failed",route_id="8"} 1)";
    BOOST_TEST(metrics.scrape().find(counted) != std::string::npos);
    auto const& last = event.all.back();
    BOOST_TEST((last.type == otp::event_type::not_sent));
    BOOST_TEST(last.route_id == 8);
    BOOST_TEST(last.reason == "vendor_failed");
    BOOST_TEST(last.price->micros() == 9 * cent);
    BOOST_TEST(
        logged().find(R"("route_id":8,"routes":"8:rejected:vendor_failed,1:skipped:budget")") !=
        std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

struct budget_of_a_route : spending_fixture {
    budget_of_a_route()
        : spending_fixture({budget("route_8", otp::budget_key::route, 10 * cent, "8")}) {}
};

BOOST_FIXTURE_TEST_SUITE(route_budget, budget_of_a_route)

BOOST_AUTO_TEST_CASE(a_plan_leaves_a_route_whose_own_budget_is_spent) {
    BOOST_TEST(send_next({}, "two")->route_id == 8);
    auto const second = send_next({}, "two");
    BOOST_TEST_REQUIRE(second.has_value());
    BOOST_TEST(second->route_id == 1);
    BOOST_TEST(second->steps.at(0).why == "budget");
}

BOOST_AUTO_TEST_CASE(an_explicit_route_whose_budget_is_spent_is_refused) {
    BOOST_TEST(send_next(8).has_value());
    auto const second = send_next(8);
    BOOST_TEST_REQUIRE(!second.has_value());
    BOOST_TEST((second.error().code == otp::errc::limit_exceeded));
    BOOST_TEST(second.error().violated.at(0).name == "route_8");
    BOOST_TEST(send_next(1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(what_a_tenant_spends_is_summed_for_it_too) {
    spending_fixture fixture({});
    auto const own = [&fixture](char const* name) {
        auto const key = fixture.domain.spending.own(name, fixture.clock.wall());
        return run(fixture.context, fixture.store.spent({key}))->at(0);
    };
    BOOST_TEST(fixture.send_next().has_value());
    BOOST_TEST(own("default") == 0);
    fixture.client.name = "shop";
    fixture.client.is_tenant = true;
    BOOST_TEST(fixture.send_next().has_value());
    BOOST_TEST(own("shop") == 8 * cent);
    BOOST_TEST(fixture.spent_in_all() == 16 * cent);
    fixture.refuses = 3;
    BOOST_TEST(!fixture.send_next().has_value());
    BOOST_TEST(own("shop") == 8 * cent);
    BOOST_TEST(own("default") == 0);
}

struct budget_that_observes : spending_fixture {
    static otp::spending_budget observing() {
        auto one = budget("trial", otp::budget_key::country, cent);
        one.mode = otp::limit_mode::observe;
        return one;
    }
    budget_that_observes() : spending_fixture({observing()}) {}
};

BOOST_FIXTURE_TEST_CASE(a_budget_that_observes_refuses_nothing, budget_that_observes) {
    BOOST_TEST(send_next().has_value());
    BOOST_TEST(send_next().has_value());
    BOOST_TEST(logged().find("limit_observed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(periods_are_those_of_the_calendar) {
    using namespace std::chrono;
    wall_time const at = sys_days(2027y / December / 31) + 23h + 59min + 59s;
    BOOST_TEST(otp::text_of(otp::budget_period::hour, at) == "2027-12-31T23");
    BOOST_TEST(otp::text_of(otp::budget_period::day, at) == "2027-12-31");
    BOOST_TEST(otp::text_of(otp::budget_period::month, at) == "2027-12");
    for (auto const period :
         {otp::budget_period::hour, otp::budget_period::day, otp::budget_period::month})
        BOOST_TEST((otp::end_of(period, at) == sys_days(2028y / January / 1)));
    wall_time const leap_day = sys_days(2028y / February / 29);
    BOOST_TEST((otp::end_of(otp::budget_period::month, leap_day) == sys_days(2028y / March / 1)));
}

} // namespace
