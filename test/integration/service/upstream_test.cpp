// A failing or hostile upstream: every fault of the stub, TLS that must not be trusted, redirects.

#include "bridgexapi_stub/faults.hpp"
#include "service_fixture.hpp"

#include <algorithm>
#include <set>

using namespace otpd::test;

namespace {

/// The upstream puts this into every text. None of it may reach a client.
constexpr std::string_view marker = "said-by-the-upstream-4711";

/// A fault of one send, and its expected effects on both sides.
struct scenario {
    json::object fault;
    unsigned status;
    std::string_view code;   ///< of the problem
    std::string_view reason; ///< of the problem
    std::size_t sms;         ///< accepted by the stub
};

scenario goes_through(json::object fault) {
    return {std::move(fault), 200, "", "", 1};
}
scenario unknown(json::object fault, std::string_view reason, std::size_t sms = 1) {
    return {std::move(fault), 504, "delivery_unknown", reason, sms};
}
scenario refused(json::object fault, std::string_view reason) {
    return {std::move(fault), 502, "upstream_rejected", reason, 0};
}

std::vector<scenario> reply_faults() {
    json::array const validation_list{json::object{{"msg", marker}, {"type", marker}}};
    return {
        goes_through({{"fault", "delay"}, {"ms", 20}}),
        unknown({{"fault", "drop_before"}}, "connection_lost", 0),
        unknown({{"fault", "drop_before"}, {"rst", true}}, "connection_lost", 0),
        unknown({{"fault", "drop_after"}}, "connection_lost"),
        unknown({{"fault", "drop_after"}, {"rst", true}}, "connection_lost"),
        unknown({{"fault", "reset"}}, "connection_lost"),
        unknown({{"fault", "cut"}}, "connection_lost"),
        unknown({{"fault", "cut_head"}}, "connection_lost"),
        unknown({{"fault", "truncate"}}, "protocol_error"),
        goes_through({{"fault", "drip"}, {"bytes", 64}, {"ms", 1}}),
        unknown({{"fault", "html"}}, "upstream_error", 0),
        unknown({{"fault", "body"}, {"text", marker}}, "protocol_error"),
        unknown({{"fault", "status"}, {"detail", marker}}, "upstream_error", 0),
        unknown({{"fault", "status"}, {"status", 503}, {"detail", validation_list}},
                "upstream_error", 0),
        refused({{"fault", "status"}, {"status", 422}, {"detail", validation_list}},
                "invalid_request"),
        refused({{"fault", "rate"}, {"retry_after", 7}, {"detail", marker}}, "rate_limited"),
        unknown(
            {{"fault", "redirect"}, {"location", "https://127.0.0.1/said-by-the-upstream-4711"}},
            "protocol_error", 0),
        refused({{"fault", "vendor"}, {"reason", marker}}, "vendor_failed"),
        unknown({{"fault", "array"}}, "protocol_error"),
        unknown({{"fault", "types"}}, "protocol_error"),
        unknown({{"fault", "unsuccess"}, {"text", marker}}, "protocol_error", 0),
        unknown({{"fault", "empty"}}, "protocol_error"),
        unknown({{"fault", "null_messages"}}, "protocol_error"),
        goes_through({{"fault", "null_ids"}}),
        goes_through({{"fault", "string_order"}}),
        goes_through({{"fault", "extra"}}),
        goes_through({{"fault", "duplicate"}}),
        goes_through({{"fault", "created_at"}, {"format", "epoch"}, {"drift_seconds", -86400}}),
        unknown({{"fault", "huge"}}, "protocol_error"),
        unknown({{"fault", "big_header"}}, "protocol_error"),
        goes_through({{"fault", "chunked"}, {"bytes", 7}}),
        goes_through({{"fault", "no_length"}}),
        unknown({{"fault", "no_length"}, {"abort", true}}, "connection_lost"),
        goes_through({{"fault", "interim"}, {"times", 3}}),
        unknown({{"fault", "garbage"}, {"text", marker}}, "protocol_error"),
    };
}

/// Faults that only our deadline ends.
std::vector<scenario> endless_faults() {
    return {
        unknown({{"fault", "hold"}}, "timed_out"),
        unknown({{"fault", "cut"}, {"hold", true}}, "timed_out"),
        unknown({{"fault", "cut_head"}, {"hold", true}}, "timed_out"),
    };
}

/// These run alone: until the close arrives the connection looks usable, and the next send may use
/// it.
std::vector<scenario> silent_faults() {
    return {goes_through({{"fault", "silent_close"}})};
}
std::vector<scenario> aborted_faults() {
    return {goes_through({{"fault", "silent_close"}, {"abort", true}})};
}

/// Faults of connections, which come before any request.
std::vector<scenario> connection_faults() {
    return {
        {{{"fault", "refuse"}}, 503, "upstream_unavailable", "", 0},
        {{{"fault", "refuse"}, {"rst", true}}, 503, "upstream_unavailable", "", 0},
        {{{"fault", "stall"}}, 503, "upstream_unavailable", "", 0},
    };
}

void check_no_leak(std::string_view text) {
    BOOST_TEST(text.find(marker) == std::string_view::npos, "the upstream's text in " << text);
    BOOST_TEST(text.find(api_key) == std::string_view::npos, "the API key in " << text);
    BOOST_TEST(text.find("<html") == std::string_view::npos, "the upstream's page in " << text);
}

std::string text_of(raw_reply const& reply) {
    std::string text = reply.body;
    for (auto const& [name, value] : reply.fields)
        text.append(name).append(": ").append(value).append("\n");
    return text;
}

void check_no_leak(otpd_process& otpd) {
    check_no_leak(otpd.process().output());
    check_no_leak(otpd.process().errors());
    check_no_leak(otpd.metrics());
}

/// Makes one send under each fault, all at once, and checks the results.
void run_scenarios(service_fixture& service, std::vector<scenario> const& scenarios) {
    std::vector<std::string> numbers;
    std::vector<http_request> sends;
    int routes = 0;
    for (auto const& one : scenarios) {
        auto const& number = numbers.emplace_back(service.fresh_number());
        auto fault = one.fault;
        fault["number"] = number;
        fault["endpoint"] = "send_sms";
        service.stub.set_fault(fault);
        // A route with a rate limit is paused for a while, so it gets a route of its own.
        if (one.fault.at("fault").as_string() == "rate")
            sends.push_back(
                post("/send-otp", {{"phone_number", number}, {"route_id", 1 + routes++}}));
        else
            sends.push_back(service.send_request(number));
    }
    auto const replies = ask_in_parallel(service.otpd.port(), sends, sends.size());
    auto const requests = service.stub.requests();
    for (std::size_t i = 0; i < scenarios.size(); ++i) {
        BOOST_TEST_CONTEXT("fault " << json::serialize(scenarios[i].fault)) {
            auto const& wanted = scenarios[i];
            check_outcome(replies[i], wanted.status, wanted.code);
            if (!wanted.reason.empty() && replies[i].status >= 400)
                BOOST_TEST(object_of(replies[i]).at("reason").as_string() == wanted.reason);
            check_no_leak(text_of(replies[i]));
            auto const asked = std::ranges::count_if(requests, [&](json::object const& request) {
                return std::string_view(request.at("body").as_string()).find(numbers[i]) !=
                       std::string_view::npos;
            });
            BOOST_TEST(asked == 1);
            BOOST_TEST(service.stub.messages(numbers[i]).size() == wanted.sms);
            // A code that may be on the user's phone must work.
            if (wanted.sms == 1)
                check_outcome(service.verify(numbers[i], service.stub.code_sent_to(numbers[i])),
                              200);
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_upstream)

BOOST_AUTO_TEST_CASE(the_scenarios_below_cover_every_fault_of_the_stub) {
    std::set<std::string> covered;
    for (auto const& list :
         {reply_faults(), endless_faults(), silent_faults(), connection_faults()})
        for (auto const& one : list)
            covered.emplace(one.fault.at("fault").as_string());
    for (auto const& kind : bridgexapi_stub::fault_kinds())
        BOOST_TEST(covered.contains(std::string(kind.name)), kind.name << " is not covered");
}

// At most one send, the right problem, and none of the upstream's words.
BOOST_AUTO_TEST_CASE(each_fault_of_a_reply_becomes_the_right_problem) {
    service_fixture service;
    run_scenarios(service, reply_faults());
    check_no_leak(service.otpd);
}

BOOST_AUTO_TEST_CASE(a_reply_before_a_silent_close_counts) {
    for (auto const& alone : {silent_faults(), aborted_faults()}) {
        service_fixture service;
        run_scenarios(service, alone);
        check_no_leak(service.otpd);
    }
}

BOOST_AUTO_TEST_CASE(a_reply_that_does_not_end_is_given_up_at_the_deadline) {
    service_fixture service(environment{{"OTPD_BRIDGEXAPI_TIMEOUT", "3"}});
    run_scenarios(service, endless_faults());
    check_no_leak(service.otpd);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_not_served_costs_nothing) {
    for (auto const& one : connection_faults()) {
        BOOST_TEST_CONTEXT("fault " << json::serialize(one.fault)) {
            service_fixture service(environment{{"OTPD_BRIDGEXAPI_CONNECT_TIMEOUT_MS", "500"}});
            service.stub.set_fault(one.fault);
            auto const number = service.fresh_number();
            auto const reply = service.send(number);
            check_outcome(reply, one.status, one.code);
            check_no_leak(text_of(reply));
            BOOST_TEST(service.stub.requests().empty());
            check_outcome(service.verify(number, "123456"), 404, "no_active_otp");
        }
    }
}

namespace {

/// No byte of a request may reach a stub that presents `shown`.
void check_distrust(identity const& shown, std::vector<std::string> const& stub_arguments = {}) {
    service_fixture service({}, shown, stub_arguments);
    auto const reply = service.send(service.fresh_number());
    check_outcome(reply, 503, "upstream_unavailable");
    BOOST_TEST(object_of(reply).at("reason").as_string() == "tls_failed");
    auto const stats = service.stub.stats();
    BOOST_TEST(stats.at("requests").to_number<int>() == 0);
    BOOST_TEST(stats.at("bad_requests").to_number<int>() == 0);
    BOOST_TEST(stats.at("connections_accepted").to_number<int>() >= 2); // ours and otpd's
    BOOST_TEST(service.stub.messages().empty());
}

} // namespace

// An upstream that cannot prove its identity receives nothing.
BOOST_AUTO_TEST_CASE(an_unknown_authority_is_refused) {
    auto const stranger = make_authority();
    check_distrust(identity(certificate_profile(), stranger));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_host_is_refused) {
    certificate_profile other;
    other.common_name = "127.0.0.1"; // the subject's name does not count (RFC 9525)
    other.alternative_names = "DNS:other.example,DNS:localhost,IP:127.0.0.2";
    check_distrust(identity(other, trusted_authority::get().authority));
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_refused) {
    certificate_profile old;
    old.valid_from = std::chrono::hours(-48);
    old.valid_until = std::chrono::hours(-24);
    check_distrust(identity(old, trusted_authority::get().authority));
}

BOOST_AUTO_TEST_CASE(a_self_signed_certificate_is_refused) {
    check_distrust(identity(certificate_profile()));
}

BOOST_AUTO_TEST_CASE(tls_1_1_is_refused) {
    check_distrust(trusted_authority::get().loopback, {"--tls-min", "1.0", "--tls-max", "1.1"});
}

BOOST_AUTO_TEST_CASE(tls_1_2_is_accepted) {
    service_fixture service({}, trusted_authority::get().loopback, {"--tls-max", "1.2"});
    service.sent_code(service.fresh_number());
    BOOST_TEST(service.stub.requests().front().at("tls").as_string() == "TLSv1.2");
}

BOOST_AUTO_TEST_CASE(later_connections_resume_the_tls_session) {
    service_fixture service;
    service.stub.set_fault({{"fault", "silent_close"}}); // each send makes a connection
    for (int i = 0; i < 5; ++i)
        service.sent_code(service.fresh_number());
    auto const requests = service.stub.requests();
    BOOST_REQUIRE(requests.size() == 5U);
    BOOST_TEST(!requests.front().at("tls_resumed").as_bool());
    for (std::size_t i = 1; i < requests.size(); ++i)
        BOOST_TEST(requests[i].at("tls_resumed").as_bool(), "connection " << i << " did not");
}

// Whoever answers in place of the upstream cannot redirect us.
BOOST_AUTO_TEST_CASE(a_redirect_is_not_followed) {
    service_fixture service;
    stub_process elsewhere(STUB_PROGRAM, trusted_authority::get().loopback);
    for (int const status : {301, 302, 303, 307, 308}) {
        service.stub.set_fault({{"fault", "redirect"},
                                {"status", status},
                                {"count", 1},
                                {"location", elsewhere.url() + "/api/v1/send_sms"}});
        check_outcome(service.send(service.fresh_number()), 504, "delivery_unknown");
    }
    BOOST_TEST(elsewhere.stats().at("connections_accepted").to_number<int>() == 1); // our own
    BOOST_TEST(elsewhere.requests().empty());
}

// A stalled upstream gets few connections, and no send waits for one for ever.
BOOST_AUTO_TEST_CASE(a_stalled_upstream_is_asked_over_few_connections) {
    service_fixture service(environment{{"OTPD_BRIDGEXAPI_TIMEOUT", "3"},
                                        {"OTPD_BRIDGEXAPI_CONNECTIONS_MAX", "4"},
                                        {"OTPD_BRIDGEXAPI_QUEUE_MAX", "0"},
                                        {"OTPD_ROUTES_QUEUE_MAX", "0"}});
    service.stub.set_fault({{"fault", "hold"}});
    constexpr std::size_t count = 40;
    std::vector<http_request> sends;
    sends.reserve(count);
    for (std::size_t i = 0; i < count; ++i) // one route gets half of the connections
        sends.push_back(
            post("/send-otp", {{"phone_number", service.fresh_number()}, {"route_id", 1 + i % 3}}));
    auto const replies = ask_in_parallel(service.otpd.port(), sends, sends.size());
    for (auto const& reply : replies) {
        if (reply.status == 504) continue;
        check_outcome(reply, 503, "upstream_unavailable");
        BOOST_TEST(object_of(reply).at("reason").as_string() == "pool_exhausted");
    }
    BOOST_TEST(count_status(replies, 504) >= 4U);
    BOOST_TEST(service.stub.requests().size() == count_status(replies, 504));
}

BOOST_AUTO_TEST_SUITE_END()
