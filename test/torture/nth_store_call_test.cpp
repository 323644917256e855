// Lets the n-th call of the store fail, for every n of a request and in every way. The answer must
// be a problem, nothing may be sent twice, every limit and sum must be right, and the next request
// must work.

#include "in_process_service.hpp"
#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "scenario.hpp"

using namespace otpd::test;

namespace {

struct store_calls {
    in_process_service service;
    timed_client client{service.port()};
    scenario what{"store calls", "the n-th call of the store fails, in 4 ways"};
    unsigned long long numbers = 31'612'000'000ULL;

    ~store_calls() { what.waited(client.longest()); }

    std::string fresh_number() { return std::to_string(++numbers); }
    static http_request send_request(std::string const& number, bool planned, std::string key) {
        boost::json::object body{{"phone_number", number}};
        if (planned) body["route_plan"] = "three";
        auto request = post("/send-otp", body);
        return key.empty() ? request : request.with("Idempotency-Key", '"' + std::move(key) + '"');
    }
    unsigned verify(std::string const& number, std::string const& code) {
        return client.ask(service_fixture::verify_request(number, code)).status;
    }
    /// The request was done, or got the one answer that a failing store may cause.
    static void check_failed_properly(raw_reply const& reply) {
        if (reply.status == 200) return;
        check_problem(reply);
        BOOST_TEST((reply.status == 500 || reply.status == 502 || reply.status == 503), reply.body);
        if (reply.status == 503)
            BOOST_TEST(object_of(reply).at("code").as_string() == "store_unavailable");
    }

    /// How many more SMS the number may get.
    std::size_t sends_left(std::string const& number) {
        auto const before = service.gateway.sent_to(number);
        unsigned status = 200;
        for (unsigned i = 0; i <= sends_of_a_number && status != 429; ++i)
            status = client.ask(send_request(number, false, "")).status;
        BOOST_TEST(status == 429U);
        return service.gateway.sent_to(number) - before;
    }

    /// Makes one send with the fault. Returns false if it made fewer calls.
    bool send_with_fault(unsigned nth, store_failure how, bool planned) {
        auto const number = fresh_number();
        auto const spent = service.spent();
        auto const of_the_budget = service.spent_of_the_budget();
        if (planned) {
            service.gateway.refuse_before(true);
            service.gateway.fail(3, {bridgexapi_receipt(), true});
        }
        service.store.fail(nth, how);
        auto const request = send_request(number, planned, number);
        auto const reply = client.ask(request);
        auto const failed = service.store.disarm();
        service.gateway.disarm();
        if (failed.empty()) {
            BOOST_TEST(reply.status == 200U);
            return false;
        }
        what.add_rounds();
        check_failed_properly(reply);
        // The hour's sum and the day's budget must agree.
        BOOST_TEST(service.spent() - spent == service.spent_of_the_budget() - of_the_budget);
        check_after_send(number, request, reply, failed, how, service.spent() - spent);
        return true;
    }

    void check_after_send(std::string const& number, http_request const& request,
                          raw_reply const& reply, std::string_view failed, store_failure how,
                          std::int64_t spent) {
        bool const was_done = how == store_failure::timed_out || how == store_failure::throws_after;
        auto const sent = service.gateway.sent_to(number);
        BOOST_TEST(sent <= 1U);
        BOOST_TEST(sent == (failed == "settle" && reply.status != 502 ? 1U : 0U));
        // Spent money is never lost, and nothing is charged that was neither sent nor reserved.
        if (sent == 1) BOOST_TEST((spent == price_micros || spent == cost_micros));
        if (failed == "admit" && !was_done) BOOST_TEST(spent == 0);
        if (failed == "settle" && was_done && sent == 1) BOOST_TEST(spent == cost_micros);
        // After a store that throws, which is a bug, nothing refunds it.
        if (failed == "replace_reservation" && reply.status != 500) BOOST_TEST(spent == 0);
        // The same request again never sends a second SMS.
        auto const again = client.ask(request);
        BOOST_TEST(service.gateway.sent_to(number) <= 1U);
        if (sent == 0 && failed == "admit" && !was_done) BOOST_TEST(again.status == 200U);
        if (sent == 1) {
            auto const code = service.gateway.last_code(number);
            check_code_works_once(number, code);
        }
        // Whatever happened, the number's limit holds and has counted every send.
        service.clock.advance(std::chrono::minutes(11));
        auto const total = service.gateway.sent_to(number) + sends_left(number);
        BOOST_TEST(total <= sends_of_a_number);
        BOOST_TEST(total + 1 >= sends_of_a_number);
        if (!was_done && failed == "admit") BOOST_TEST(total == sends_of_a_number);
    }
    void check_code_works_once(std::string const& number, std::string const& code) {
        BOOST_TEST(verify(number, code) == 200U);
        BOOST_TEST(verify(number, code) == 404U);
    }
    static otpd::bridgexapi::send_outcome bridgexapi_receipt() {
        return fake_gateway::default_receipt();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(nth_store_call, store_calls)

BOOST_AUTO_TEST_CASE(of_a_send) {
    for (auto const how : all_store_failures) {
        unsigned calls = 0;
        while (send_with_fault(calls + 1, how, false))
            ++calls;
        BOOST_TEST(calls == 2U); // admit, settle
    }
}

BOOST_AUTO_TEST_CASE(of_a_send_that_goes_from_route_to_route) {
    for (auto const how : all_store_failures) {
        unsigned calls = 0;
        while (send_with_fault(calls + 1, how, true))
            ++calls;
        BOOST_TEST(calls == 4U); // admit, replace the reservation twice, settle
    }
}

BOOST_AUTO_TEST_CASE(of_a_check_with_the_right_code) {
    for (auto const how : all_store_failures) {
        auto const number = fresh_number();
        BOOST_TEST(client.ask(send_request(number, false, "")).status == 200U);
        auto const code = service.gateway.last_code(number);
        service.store.fail(1, how);
        auto const reply = client.ask(service_fixture::verify_request(number, code));
        BOOST_TEST(service.store.disarm() == "check_code");
        what.add_rounds();
        check_problem(reply);
        bool const used = how == store_failure::timed_out || how == store_failure::throws_after;
        BOOST_TEST(verify(number, code) == (used ? 404U : 200U));
        BOOST_TEST(verify(number, code) == 404U);
    }
}

BOOST_AUTO_TEST_CASE(of_a_check_with_a_wrong_code) {
    for (auto const how : all_store_failures) {
        auto const number = fresh_number();
        BOOST_TEST(client.ask(send_request(number, false, "")).status == 200U);
        auto const wrong = wrong_code(service.gateway.last_code(number));
        service.store.fail(1, how);
        check_problem(client.ask(service_fixture::verify_request(number, wrong)));
        BOOST_TEST(service.store.disarm() == "check_code");
        what.add_rounds();
        bool const counted = how == store_failure::timed_out || how == store_failure::throws_after;
        unsigned evaluated = counted ? 1 : 0;
        while (verify(number, wrong) == 400)
            ++evaluated;
        BOOST_TEST(evaluated == 5U); // policy::attempts_max, no more and no fewer
    }
}

BOOST_AUTO_TEST_CASE(of_a_query_and_of_a_cancellation) {
    for (auto const how : all_store_failures) {
        auto const number = fresh_number();
        auto const sent = client.ask(send_request(number, false, ""));
        auto target =
            "/verifications/" + std::string(object_of(sent).at("verification_id").as_string());
        service.store.fail(1, how);
        check_problem(client.ask(get(target)));
        BOOST_TEST(service.store.disarm() == "find");
        BOOST_TEST(client.ask(get(target)).status == 200U);
        http_request cancel;
        cancel.method = "DELETE";
        cancel.target = target;
        service.store.fail(1, how);
        check_problem(client.ask(cancel));
        BOOST_TEST(!service.store.disarm().empty());
        what.add_rounds(2);
        client.ask(cancel);
        BOOST_TEST(verify(number, service.gateway.last_code(number)) == 404U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
