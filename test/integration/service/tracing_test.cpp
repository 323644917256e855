// Traces through the whole service: one trace from the client's header to the upstream, with a span
// of each part at the collector, and requests that never wait for a collector.

#include "eventually.hpp"
#include "service_fixture.hpp"
#include "support/free_port.hpp"
#include "support/scripted_server.hpp"

#include <map>

using namespace otpd::test;

namespace {

std::string const the_trace = "4bf92f3577b34da6a3ce929d0e0e4736";
std::string const client_span = "00f067aa0ba902b7";
std::string const traceparent = "00-" + the_trace + '-' + client_span + "-01";

/// A collector that takes everything, and notes each request.
boost::asio::awaitable<void> take_all(scripted_server& server, scripted_connection& client) {
    for (;;) {
        auto request = co_await client.read_request();
        if (request.empty()) co_return;
        server.note(std::move(request));
        co_await client.write(http_reply(200, "{}"));
    }
}

boost::asio::awaitable<void> never_answer(scripted_server& server, scripted_connection& client) {
    server.note(co_await client.read_request());
    co_await client.hang();
}

environment traced_to(std::uint16_t port, environment more = {}) {
    return std::move(more) |
           environment{{"OTPD_TRACING_URL", "http://127.0.0.1:" + std::to_string(port)}};
}

/// The spans of a trace at the collector, by name.
std::map<std::string, json::object> spans_at(scripted_server const& collector,
                                             std::string const& trace = the_trace) {
    std::map<std::string, json::object> found;
    for (auto const& request : collector.notes()) {
        BOOST_TEST(request.starts_with("POST /v1/traces HTTP/1.1\r\n"));
        auto const body = json::parse(request.substr(request.find("\r\n\r\n") + 4));
        for (auto const& entry : body.at_pointer("/resourceSpans/0/scopeSpans/0/spans").as_array())
            if (entry.at("traceId").as_string() == trace)
                found[std::string(entry.at("name").as_string())] = entry.as_object();
    }
    return found;
}

std::string member_of(json::object const& span, std::string_view member) {
    auto const* const value = span.if_contains(member);
    return value != nullptr ? std::string(value->as_string()) : std::string();
}

/// The value of an attribute as text.
std::string attribute_of(json::object const& span, std::string_view key) {
    for (auto const& entry : span.at("attributes").as_array())
        if (entry.at("key").as_string() == key)
            return std::string(entry.at("value").as_object().begin()->value().as_string());
    return {};
}

/// The value of a header of the last SMS that the upstream was sent; empty: it had none.
std::string header_of_send(service_fixture& service, std::string_view name) {
    std::string value;
    for (auto const& request : service.stub.requests())
        if (request.at("endpoint").as_string() == "send_sms") {
            value.clear();
            for (auto const& header : request.at("headers").as_array())
                if (header.at("name").as_string() == name)
                    value = std::string(header.at("value").as_string());
        }
    return value;
}

double counter_of(service_fixture const& service, std::string const& name) {
    auto const text = service.otpd.metrics();
    auto const at = text.find("\n" + name + ' ');
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, name);
    return std::stod(text.substr(at + name.size() + 2));
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_tracing)

BOOST_AUTO_TEST_CASE(a_send_is_one_trace_from_the_client_to_the_upstream) {
    scripted_server collector(take_all);
    service_fixture s(traced_to(collector.port()));
    auto const number = s.fresh_number();
    auto const sent = s.client.ask(service_fixture::send_request(number)
                                       .with("traceparent", traceparent)
                                       .with("tracestate", "vendor=1"));
    BOOST_TEST_REQUIRE(sent.status == 200, sent.body);
    eventually([&] { return spans_at(collector).size() >= 4; });

    auto spans = spans_at(collector);
    BOOST_TEST(spans.size() == 4U);
    auto const request = spans["POST /send-otp"];
    auto const own = member_of(request, "spanId");
    BOOST_TEST(member_of(request, "parentSpanId") == client_span);
    BOOST_TEST(request.at("kind").as_int64() == 2);
    BOOST_TEST(attribute_of(request, "http.request.method") == "POST");
    BOOST_TEST(attribute_of(request, "http.route") == "/send-otp");
    BOOST_TEST(attribute_of(request, "http.response.status_code") == "200");
    for (auto const* name : {"store admit", "bridgexapi send_sms", "store settle"}) {
        BOOST_TEST(member_of(spans[name], "parentSpanId") == own, name);
        BOOST_TEST(std::stoll(member_of(spans[name], "startTimeUnixNano")) <=
                       std::stoll(member_of(spans[name], "endTimeUnixNano")),
                   name);
        BOOST_TEST(!spans[name].contains("status"), name);
    }
    auto const call = spans["bridgexapi send_sms"];
    BOOST_TEST(call.at("kind").as_int64() == 3);
    BOOST_TEST(attribute_of(call, "otpd.outcome") == "ok");
    BOOST_TEST(!attribute_of(call, "otpd.route_id").empty());

    // The upstream's parent is the span of the call.
    BOOST_TEST(header_of_send(s, "traceparent") ==
               "00-" + the_trace + '-' + member_of(call, "spanId") + "-01");
    BOOST_TEST(header_of_send(s, "tracestate") == "vendor=1");

    for (auto const* event : {"request", "otp_sent", "upstream_call"}) {
        s.otpd.wait_for_event(event);
        BOOST_TEST(s.otpd.events(event).at(0).at("trace_id").as_string() == the_trace, event);
    }
    auto const code = std::string(object_of(sent).at("debug_code").as_string());
    for (auto const& text : collector.notes()) {
        BOOST_TEST(text.find(number) == std::string::npos);
        BOOST_TEST(text.find('"' + code) == std::string::npos);
    }
    BOOST_TEST(counter_of(s, "otpd_spans_dropped_total") == 0);
    BOOST_TEST(counter_of(s, "otpd_spans_exported_total") >= 4);
}

BOOST_AUTO_TEST_CASE(an_attempt_of_a_webhook_is_a_span_of_the_request_that_caused_it) {
    scripted_server collector(take_all);
    scripted_server receiver(take_all);
    service_fixture s(
        traced_to(collector.port()),
        "[[webhook]]\nname = \"crm\"\nurl = \"http://127.0.0.1:" + std::to_string(receiver.port()) +
            "/\"\nallow_private = true\nsecrets = "
            "[\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"]\n");
    s.client.ask(service_fixture::send_request(s.fresh_number()).with("traceparent", traceparent));
    std::map<std::string, json::object> spans;
    eventually([&] {
        spans = spans_at(collector);
        return spans.contains("webhook crm") && spans.contains("POST /send-otp");
    });
    auto const attempt = spans["webhook crm"];
    BOOST_TEST(member_of(attempt, "parentSpanId") == member_of(spans["POST /send-otp"], "spanId"));
    BOOST_TEST(attempt.at("kind").as_int64() == 3);
    BOOST_TEST(attribute_of(attempt, "otpd.event") == "verification.accepted");
    BOOST_TEST(attribute_of(attempt, "http.response.status_code") == "200");
    BOOST_TEST(!attempt.contains("status"));
    BOOST_TEST(receiver.notes().at(0).find("\r\ntraceparent: 00-" + the_trace + '-' +
                                           member_of(attempt, "spanId") + "-01\r\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_request_without_a_trace_begins_one_and_a_check_has_its_step) {
    scripted_server collector(take_all);
    service_fixture s(traced_to(collector.port()));
    auto const number = s.fresh_number();
    auto const code = s.sent_code(number);
    BOOST_TEST(s.verify(number, code).status == 200U);
    s.otpd.wait_for_event("otp_verified");
    auto const trace = std::string(s.otpd.events("otp_verified").at(0).at("trace_id").as_string());
    BOOST_TEST_REQUIRE(trace.size() == 32U);
    eventually([&] { return spans_at(collector, trace).size() >= 2; });
    auto spans = spans_at(collector, trace);
    BOOST_TEST(member_of(spans["POST /verify-otp"], "parentSpanId") == "");
    BOOST_TEST(member_of(spans["store check_code"], "parentSpanId") ==
               member_of(spans["POST /verify-otp"], "spanId"));
}

BOOST_AUTO_TEST_CASE(a_stranger_s_flag_makes_no_span) {
    scripted_server collector(take_all);
    service_fixture s(traced_to(collector.port(), {{"API_AUTH_TOKEN", "a-token-of-this-test"},
                                                   {"OTPD_TRACING_SAMPLE_RATIO", "0"}}));
    auto const of_stranger = "00-" + std::string(32, 'a') + '-' + client_span + "-01";
    auto const send = service_fixture::send_request(s.fresh_number());
    for (auto const& request : {send, get("/health"), get("/nope"), get("/send-otp")})
        s.client.ask(request.with("traceparent", of_stranger));
    BOOST_TEST(s.client
                   .ask(send.with("traceparent", traceparent)
                            .with("Authorization", "Bearer a-token-of-this-test"))
                   .status == 200U);
    eventually([&] { return spans_at(collector).size() >= 4; }); // spans are sent in order
    BOOST_TEST(spans_at(collector, std::string(32, 'a')).empty());
}

BOOST_AUTO_TEST_CASE(without_a_collector_a_trace_is_logged_and_passed_on_as_it_came) {
    service_fixture s;
    s.client.ask(service_fixture::send_request(s.fresh_number()).with("Traceparent", traceparent));
    BOOST_TEST(header_of_send(s, "traceparent") == traceparent);
    s.otpd.wait_for_event("otp_sent");
    BOOST_TEST(s.otpd.events("otp_sent").at(0).at("trace_id").as_string() == the_trace);

    auto const malformed = "00-" + std::string(32, '0') + '-' + client_span + "-01";
    for (auto const& text : {std::string(), malformed}) {
        auto request = service_fixture::send_request(s.fresh_number());
        if (!text.empty()) request = request.with("traceparent", text).with("tracestate", "a=1");
        BOOST_TEST(s.client.ask(request).status == 200U);
        BOOST_TEST(header_of_send(s, "traceparent") == "");
        BOOST_TEST(header_of_send(s, "tracestate") == "");
    }
    eventually([&] { return s.otpd.events("otp_sent").size() == 3; });
    BOOST_TEST(!s.otpd.events("otp_sent").at(2).contains("trace_id"));
}

BOOST_AUTO_TEST_CASE(nothing_waits_for_a_dead_collector_and_its_spans_are_counted) {
    reserved_port const nobody;
    service_fixture s(traced_to(nobody.number()));
    for (int i = 0; i < 3; ++i)
        s.sent_code(s.fresh_number());
    eventually([&] { return counter_of(s, "otpd_spans_dropped_total") >= 12; });
    BOOST_TEST(counter_of(s, "otpd_spans_exported_total") == 0);
    s.otpd.wait_for_event("span_export_failed");
    s.sent_code(s.fresh_number());
}

BOOST_AUTO_TEST_CASE(nothing_waits_for_a_collector_that_never_answers) {
    scripted_server collector(never_answer);
    service_fixture s(traced_to(collector.port(), {{"OTPD_TRACING_QUEUE_MAX", "64"}}));
    s.sent_code(s.fresh_number());
    eventually([&] { return !collector.notes().empty(); });
    // One request of the exporter hangs. Spans above the limit are dropped at once.
    for (int i = 0; i < 40; ++i)
        s.sent_code(s.fresh_number());
    BOOST_TEST(counter_of(s, "otpd_spans_dropped_total") > 0);
    // The fixture's end waits for the process, which must not wait for the collector.
}

BOOST_AUTO_TEST_CASE(the_last_spans_are_sent_at_the_end) {
    scripted_server collector(take_all);
    {
        service_fixture s(traced_to(collector.port()));
        s.client.ask(
            service_fixture::send_request(s.fresh_number()).with("traceparent", traceparent));
    }
    BOOST_TEST(spans_at(collector).size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
