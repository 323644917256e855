// What must hold under concurrency and with a failing upstream (docs/guarantees.md).

#include "service_fixture.hpp"

#include <map>
#include <set>

using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(service_guarantees)

// Check and send are one atomic step.
BOOST_AUTO_TEST_CASE(of_200_parallel_sends_for_one_number_one_is_sent) {
    service_fixture service;
    auto const number = service.fresh_number();
    std::vector<http_request> const sends(200, service.send_request(number));
    auto const replies = ask_in_parallel(service.otpd.port(), sends, sends.size());
    BOOST_TEST(count_status(replies, 200) == 1U);
    BOOST_TEST(count_status(replies, 429) == 199U);
    for (auto const& reply : replies)
        if (reply.status == 429) check_outcome(reply, 429, "cooldown_active");
    BOOST_TEST(service.stub.messages().size() == 1U);
    BOOST_TEST(service.stub.requests().size() == 1U);
}

// The limit of guesses holds across parallel connections.
BOOST_AUTO_TEST_CASE(of_1000_parallel_wrong_checks_5_are_evaluated) {
    service_fixture service;
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    constexpr int count = 1000;
    std::vector<http_request> checks;
    checks.reserve(count);
    for (int i = 0; i < count; ++i)
        checks.push_back(service.verify_request(number, wrong_code(code, i)));
    auto const replies = ask_in_parallel(service.otpd.port(), checks, 50);
    BOOST_TEST(count_status(replies, 400) == 5U);
    BOOST_TEST(count_status(replies, 429) == 995U);
    std::multiset<std::int64_t> left;
    for (auto const& reply : replies) {
        check_problem(reply);
        if (reply.status == 400)
            left.insert(object_of(reply).at("attempts_left").to_number<std::int64_t>());
    }
    BOOST_TEST((left == std::multiset<std::int64_t>{0, 1, 2, 3, 4}));
    check_outcome(service.verify(number, code), 429, "attempts_exceeded");
}

// A code is accepted once.
BOOST_AUTO_TEST_CASE(of_200_parallel_right_checks_one_succeeds) {
    service_fixture service;
    auto const number = service.fresh_number();
    std::vector<http_request> const checks(
        200, service.verify_request(number, service.sent_code(number)));
    auto const replies = ask_in_parallel(service.otpd.port(), checks, checks.size());
    BOOST_TEST(count_status(replies, 200) == 1U);
    BOOST_TEST(count_status(replies, 404) == 199U);
}

// An SMS may have arrived and been paid for.
BOOST_AUTO_TEST_CASE(an_upstream_that_never_answers_leaves_a_code_that_verifies) {
    service_fixture service(environment{{"OTPD_BRIDGEXAPI_TIMEOUT", "3"}});
    auto const number = service.fresh_number();
    service.stub.set_fault({{"fault", "hold"}, {"endpoint", "send_sms"}});
    auto const reply = service.send(number);
    check_outcome(reply, 504, "delivery_unknown");
    BOOST_TEST(object_of(reply).at("reason").as_string() == "timed_out");
    BOOST_TEST(service.stub.requests().size() == 1U);
    check_outcome(service.send(number), 429, "cooldown_active");
    BOOST_TEST(service.stub.requests().size() == 1U);
    check_outcome(service.verify(number, service.stub.code_sent_to(number)), 200);
}

// A stale pooled connection never loses a request or causes a second send.
BOOST_AUTO_TEST_CASE(an_upstream_that_closes_silently_gets_each_of_1000_sends_once) {
    service_fixture service;
    service.stub.set_fault({{"fault", "silent_close"}});
    constexpr std::size_t count = 1000;
    std::vector<http_request> sends;
    sends.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        sends.push_back(service.send_request(service.fresh_number()));
    auto const replies = ask_in_parallel(service.otpd.port(), sends, 16);
    BOOST_TEST(count_status(replies, 200) == count);
    std::map<std::string, int> received;
    for (auto const& message : service.stub.messages())
        ++received[std::string(message.at("number").as_string())];
    BOOST_TEST(received.size() == count);
    for (auto const& [number, times] : received)
        BOOST_TEST(times == 1, number << " was sent to " << times << " times");
    BOOST_TEST(service.stub.stats().at("by_endpoint").at("send_sms").to_number<int>() == 1000);
}

BOOST_AUTO_TEST_SUITE_END()
