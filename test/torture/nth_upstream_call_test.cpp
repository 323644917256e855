// Lets the n-th call of the upstream fail, for every n of a plan of three routes and with every
// outcome. There must be at most one SMS, the right problem, and the right spending.

#include "in_process_service.hpp"
#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "scenario.hpp"

using namespace otpd::test;
namespace upstream = otpd::bridgexapi;

namespace {

constexpr int last_reason = static_cast<int>(upstream::reason::shutting_down);

std::vector<upstream_failure> all_failures() {
    std::vector<upstream_failure> list;
    for (int value = 0; value <= last_reason; ++value) {
        auto const why = static_cast<upstream::reason>(value);
        list.push_back({upstream::rejected{why}, false});
        list.push_back({upstream::not_sent{why}, false});
        list.push_back({upstream::unknown{why}, false});
        list.push_back({upstream::unknown{why}, true});
    }
    list.push_back({std::nullopt, false});
    list.push_back({std::nullopt, true});
    return list;
}

bool may_have_sent(upstream_failure const& how) {
    return !how.said || std::holds_alternative<upstream::unknown>(*how.said);
}

struct upstream_calls {
    in_process_service service;
    timed_client client{service.port()};
    scenario what{"upstream calls", "the n-th call of the upstream fails, with every outcome"};
    unsigned long long numbers = 31'613'000'000ULL;

    ~upstream_calls() { what.waited(client.longest()); }

    static http_request planned(std::string const& number) {
        return post("/send-otp", {{"phone_number", number}, {"route_plan", "three"}})
            .with("Idempotency-Key", '"' + number + '"');
    }

    /// Returns false if fewer routes were tried.
    bool fail(unsigned nth, upstream_failure const& how) {
        auto const number = std::to_string(++numbers);
        auto const spent = service.spent();
        service.gateway.refuse_before(true);
        service.gateway.fail(nth, how);
        auto const reply = client.ask(planned(number));
        if (!service.gateway.disarm()) return false;
        what.add_rounds();
        auto const cost = service.spent() - spent;
        BOOST_TEST(service.spent() == service.spent_of_the_budget());
        auto const sent = service.gateway.sent_to(number);
        if (may_have_sent(how)) {
            check_outcome(reply, 504, "delivery_unknown");
            BOOST_TEST(cost == price_micros); // it may have been paid for
            BOOST_TEST(sent == (how.has_sent ? 1U : 0U));
        } else if (nth < 3) {
            check_outcome(reply, 200); // by the next route
            BOOST_TEST(cost == cost_micros);
            BOOST_TEST(sent == 1U);
        } else {
            BOOST_TEST((reply.status == 502 || reply.status == 503), reply.body);
            check_problem(reply);
            BOOST_TEST(cost == 0);
            BOOST_TEST(sent == 0U);
        }
        check_repeated(number, how, nth);
        return true;
    }
    /// A code that the user may have received works, and the same request sends no second SMS.
    void check_repeated(std::string const& number, upstream_failure const& how, unsigned nth) {
        bool const nothing_went_out = !may_have_sent(how) && nth == 3;
        service.clock.advance(std::chrono::seconds(6)); // after the back-off of a refused number
        auto const again = client.ask(planned(number));
        if (nothing_went_out) check_outcome(again, 200);
        BOOST_TEST(service.gateway.sent_to(number) <= 1U);
        if (service.gateway.sent_to(number) == 0) return;
        auto const code = service.gateway.last_code(number);
        check_outcome(client.ask(service_fixture::verify_request(number, code)), 200);
        check_outcome(client.ask(service_fixture::verify_request(number, code)), 404);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(nth_upstream_call, upstream_calls)

BOOST_AUTO_TEST_CASE(of_a_plan_of_three_routes) {
    for (auto const& how : all_failures()) {
        unsigned calls = 0;
        while (fail(calls + 1, how))
            ++calls;
        BOOST_TEST(calls == 3U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
