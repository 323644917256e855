// Repeats every fault of the stub against the real program. Each time there must be the right
// problem and no second SMS, and the program must be unchanged afterwards.

#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "process_usage.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"

using namespace otpd::test;

namespace {

struct fault_case {
    json::object fault;
    std::vector<unsigned> statuses; ///< the correct answers
    bool is_endless = false;        ///< only our own deadline ends it
};

std::vector<fault_case> fault_cases() {
    std::vector<fault_case> list;
    for (auto const* name : {"silent_close", "null_ids", "string_order", "extra", "duplicate",
                             "created_at", "chunked", "no_length", "interim", "delay", "drip"})
        list.push_back({{{"fault", name}}, {200}});
    list.front().statuses.push_back(
        504); // a request may meet the close, and then it is unknown whether it arrived
    list.back().fault["bytes"] = 64;
    list.back().fault["ms"] = 1;
    list[9].fault["ms"] = 20;
    list[5].fault["format"] = "epoch";
    for (auto const* name : {"drop_before", "drop_after", "reset", "cut", "cut_head", "truncate",
                             "html", "body", "status", "array", "types", "unsuccess", "empty",
                             "null_messages", "huge", "big_header", "garbage"})
        list.push_back({{{"fault", name}}, {504}});
    list.push_back({{{"fault", "redirect"}, {"location", "https://127.0.0.1/elsewhere"}}, {504}});
    list.push_back({{{"fault", "vendor"}}, {502}});
    // Then the route is paused.
    list.push_back({{{"fault", "rate"}, {"retry_after", 1}}, {502, 503}});
    list.push_back({{{"fault", "hold"}}, {504}, true});
    list.push_back({{{"fault", "refuse"}}, {503}}); // a fault of connections, like the next one
    list.push_back({{{"fault", "stall"}}, {503}, true});
    for (auto& entry : list)
        if (auto const name = entry.fault.at("fault").as_string();
            name == "body" || name == "garbage")
            entry.fault["text"] = "not what was asked for";
    return list;
}

environment impatient() {
    return {{"OTPD_BRIDGEXAPI_TIMEOUT", "4"},
            {"OTPD_BRIDGEXAPI_CONNECT_TIMEOUT_MS", "3000"},
            {"OTPD_BRIDGEXAPI_IDLE_TIMEOUT_MS", "1000"}};
}

/// A route that hangs or fails takes fewer sends at a time, or none for a while. A send without a
/// place gets the answer that nothing was sent.
bool had_no_turn(raw_reply const& reply) {
    if (reply.status != 503) return false;
    auto const why = object_of(reply).at("reason").as_string();
    return why == "pool_exhausted" || why == "circuit_open";
}

struct faulty_upstream {
    service_fixture service{impatient()};
    scenario what{"upstream faults", "each fault of the stub, again and again"};

    std::size_t rounds_of(fault_case const& one) const {
        return one.is_endless ? rounds(100, 2) : rounds(100, 4);
    }

    /// Kept connections would not see a fault of new ones.
    void forget_connections() {
        eventually(
            [&] { return service.stub.stats().at("connections_open").to_number<int>() <= 1; });
    }

    void strike(fault_case const& one) {
        auto fault = one.fault;
        auto const name = std::string(fault.at("fault").as_string());
        bool const of_connections = name == "refuse" || name == "stall";
        if (of_connections)
            forget_connections();
        else
            fault["endpoint"] = "send_sms";
        service.stub.set_fault(fault);
        std::vector<std::string> numbers;
        std::vector<http_request> sends;
        for (std::size_t i = 0; i < rounds_of(one); ++i) {
            numbers.push_back(service.fresh_number());
            sends.push_back(service_fixture::send_request(numbers.back()));
        }
        constexpr std::size_t at_a_time = 8;
        auto const replies = ask_in_parallel(service.otpd.port(), sends, at_a_time);
        service.stub.clear_faults();
        for (std::size_t i = 0; i < replies.size(); ++i) {
            auto const status = replies[i].status;
            auto const sms = service.stub.messages(numbers[i]).size();
            BOOST_TEST((std::ranges::find(one.statuses, status) != one.statuses.end() ||
                        (had_no_turn(replies[i]) && sms == 0)),
                       status << ' ' << replies[i].body);
            if (status >= 400) check_problem(replies[i]);
            BOOST_TEST(sms <= 1U);
        }
        what.add_rounds(replies.size());
        // It recovers by itself: routes and circuit breakers pause for seconds at most.
        eventually([&] { return service.send(service.fresh_number()).status == 200; });
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(upstream_faults, faulty_upstream)

BOOST_AUTO_TEST_CASE(leave_nothing_behind) {
    auto const number = service.fresh_number();
    auto const wrong = wrong_code(service.sent_code(number));
    forget_connections();
    auto const pid = service.otpd.process().id();
    auto const descriptors = open_descriptors(service.otpd);
    // Requests without the upstream are not delayed.
    ordinary_requests beside(service.otpd.port(), [](timed_client& client, unsigned long long n) {
        auto const other = std::to_string(31'699'000'000ULL + n);
        auto const status = client.ask(service_fixture::verify_request(other, "123456")).status;
        std::this_thread::sleep_for(std::chrono::milliseconds(1)); // adds little load
        return status == 404 ? std::string() : "a check was answered " + std::to_string(status);
    });
    std::size_t resident_before = 0;
    for (auto const& one : fault_cases()) {
        BOOST_TEST_CONTEXT("fault " << json::serialize(one.fault)) {
            strike(one);
        }
        if (resident_before == 0) resident_before = resident_bytes(pid);
    }
    beside.stop();
    what.waited(beside.longest());
    BOOST_TEST(beside.first_fault() == "");
    forget_connections();
    eventually(
        // And that of the ordinary client.
        [&] { return open_descriptors(service.otpd) <= descriptors + 1; });
    constexpr std::size_t more =
        24 * 1024 * 1024; // codes, numbers' limits and buffers of thousands of sends
    if (!is_sanitized) BOOST_TEST(resident_bytes(pid) < resident_before + more);
}

BOOST_AUTO_TEST_SUITE_END()
