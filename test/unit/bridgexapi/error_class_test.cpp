#include "bridgexapi/error_class.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace otpd;
using namespace otpd::bridgexapi;

namespace {

std::string detail(std::string const& text) {
    return R"({"detail":")" + text + R"("})";
}

net::http_response answer_of(unsigned status, std::string body) {
    net::http_response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

std::string judged(unsigned status, std::string body) {
    auto const outcome = judge_send(answer_of(status, std::move(body)));
    if (std::holds_alternative<accepted>(outcome)) return "accepted";
    if (auto const* no = std::get_if<rejected>(&outcome))
        return "rejected " + std::string(to_string(no->why));
    if (auto const* never = std::get_if<not_sent>(&outcome))
        return "not_sent " + std::string(to_string(never->why));
    return "unknown " + std::string(to_string(std::get<unknown>(outcome).why));
}

struct row {
    char const* text;
    reason why;
};
/// The words of the vendor's SDK, in known and other casings.
constexpr row rows[] = {
    {"Missing API Key", reason::authentication},
    {"Invalid or inactive API Key", reason::authentication},
    {"missing x-api-key header", reason::authentication},
    {"MISSING X-API-KEY HEADER.", reason::authentication},
    {"Invalid route_id", reason::invalid_route},
    {"You are not authorized for route 7", reason::route_not_authorized},
    {"Not authorized for the casino route", reason::route_not_authorized},
    {"You are not authorized for the casino route", reason::route_not_authorized},
    {"Sender ID not allowed for route 8", reason::caller_id_not_allowed},
    {"Insufficient balance", reason::insufficient_balance},
    {"Vendor send failed: timeout", reason::vendor_failed},
    {"Pricing failed: unknown prefix", reason::no_pricing},
    {"Estimate failed", reason::no_pricing},
    {"No pricing available for destination", reason::no_pricing},
    {"DLR record not found", reason::not_found},
};

constexpr char const* success =
    R"({"status":"success","order_id":1,"messages":[{"bx_message_id":"BX-1-a"}]})";

} // namespace

BOOST_AUTO_TEST_SUITE(error_class)

/// The real API's statuses are unknown, so none may matter.
BOOST_AUTO_TEST_CASE(known_words_count_with_every_error_status) {
    for (auto const& [text, why] : rows)
        for (unsigned const status : {400u, 401u, 402u, 403u, 404u, 422u, 500u, 502u, 503u}) {
            BOOST_TEST_CONTEXT(text << " with " << status) {
                BOOST_TEST(to_string(failure_reason(status, detail(text))) == to_string(why));
                BOOST_TEST(judged(status, detail(text)) ==
                           "rejected " + std::string(to_string(why)));
            }
        }
}

BOOST_AUTO_TEST_CASE(the_first_known_words_of_a_list_count) {
    BOOST_TEST(
        (stated_reason(R"({"detail":[{"loc":["body"],"msg":"Field required","type":"missing"},)"
                       R"({"msg":"Value error, Invalid route_id"}]})") == reason::invalid_route));
    BOOST_TEST(judged(422, R"({"detail":[{"loc":["body","numbers"],"msg":"Field required"}]})") ==
               "rejected invalid_request");
}

BOOST_AUTO_TEST_CASE(bodies_that_state_nothing) {
    std::string const deep = std::string(100, '[') + std::string(100, ']');
    for (auto const& body :
         {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
          std::string("\"Insufficient balance\""), std::string("[\"Insufficient balance\"]"),
          std::string(R"([{"detail":"Insufficient balance"}])"), std::string(R"({"detail":null})"),
          std::string(R"({"detail":7})"), std::string(R"({"detail":{}})"),
          std::string(R"({"detail":[]})"), std::string(R"({"detail":[null,1,"x",{"msg":null}]})"),
          std::string(R"({"detail":"something else"})"),
          std::string("<html>502 Bad Gateway</html>"),
          std::string(R"({"detail":"Insufficient balance")"), deep, R"({"detail":)" + deep + "}",
          std::string(60'000, 'x'), detail(std::string(60'000, 'x'))}) {
        BOOST_TEST_CONTEXT(body.substr(0, 60)) {
            BOOST_TEST(!stated_reason(body).has_value());
            BOOST_TEST(judged(400, body) == "rejected invalid_request");
            BOOST_TEST(judged(401, body) == "rejected authentication");
            BOOST_TEST(judged(402, body) == "rejected insufficient_balance");
            BOOST_TEST(judged(403, body) == "rejected authentication");
            BOOST_TEST(judged(404, body) == "rejected not_found");
            BOOST_TEST(judged(405, body) == "rejected upstream_error");
            BOOST_TEST(judged(413, body) == "rejected invalid_request");
            BOOST_TEST(judged(422, body) == "rejected invalid_request");
            BOOST_TEST(judged(429, body) == "rejected rate_limited");
            // A gateway sends 408 for a request that may have passed it.
            BOOST_TEST(judged(408, body) == "unknown upstream_error");
            for (unsigned const status : {500u, 502u, 503u, 504u, 599u})
                BOOST_TEST(judged(status, body) == "unknown upstream_error");
            for (unsigned const status : {200u, 201u, 204u, 299u, 300u, 302u, 303u, 307u, 600u})
                BOOST_TEST(judged(status, body) == "unknown protocol_error");
        }
    }
}

BOOST_AUTO_TEST_CASE(any_2xx_with_success_and_a_message_is_accepted) {
    for (unsigned const status : {200u, 201u, 202u, 299u})
        BOOST_TEST(judged(status, success) == "accepted");
    // An invalid success: an SMS may have been sent.
    for (auto const* body :
         {R"({"status":"error","messages":[{}]})", R"({"messages":[{}]})",
          R"({"status":"success"})", R"({"status":"success","messages":[]})",
          R"({"status":"success","messages":null})", R"({"status":"success","messages":{}})",
          R"({"status":"success","messages":[null]})", R"({"detail":"Insufficient balance"})"})
        BOOST_TEST(judged(200, body) == "unknown protocol_error", body);
    // A success body does not turn an error into a success.
    BOOST_TEST(judged(500, success) == "unknown upstream_error");
    BOOST_TEST(judged(302, success) == "unknown protocol_error");
}

BOOST_AUTO_TEST_CASE(rate_limits_say_for_how_long) {
    auto response = answer_of(429, "{}");
    response.retry_after = std::chrono::seconds(7);
    auto const outcome = judge_send(response);
    BOOST_TEST((std::get<rejected>(outcome).retry_after == std::chrono::seconds(7)));
    auto const read = judge_read(response);
    BOOST_TEST((read.why == reason::rate_limited));
    BOOST_TEST(read.http_status == 429);
    BOOST_TEST((read.retry_after == std::chrono::seconds(7)));
}

BOOST_AUTO_TEST_CASE(failed_exchanges) {
    using net::exchange_error;
    struct {
        exchange_error from;
        reason to;
    } const table[] = {
        {exchange_error::connect_failed, reason::connect_failed},
        {exchange_error::tls_failed, reason::tls_failed},
        {exchange_error::circuit_open, reason::circuit_open},
        {exchange_error::pool_exhausted, reason::pool_exhausted},
        {exchange_error::shutting_down, reason::shutting_down},
        {exchange_error::connection_lost, reason::connection_lost},
        {exchange_error::malformed_reply, reason::protocol_error},
        {exchange_error::timed_out, reason::timed_out},
    };
    for (auto const& [from, to] : table) {
        net::exchange_failure failure;
        failure.why = from;
        BOOST_TEST((std::get<not_sent>(judge_send(failure)).why == to));
        failure.may_have_arrived = true;
        BOOST_TEST((std::get<unknown>(judge_send(failure)).why == to));
        BOOST_TEST((judge_read(failure).why == to));
        BOOST_TEST(judge_read(failure).http_status == 0);
    }
    net::exchange_failure stale;
    stale.may_have_arrived = true;
    BOOST_TEST(!std::get<unknown>(judge_send(stale)).stale_connection);
    stale.stale = true;
    BOOST_TEST(std::get<unknown>(judge_send(stale)).stale_connection);
    net::exchange_failure open;
    open.why = exchange_error::circuit_open;
    open.retry_after = std::chrono::milliseconds(1'001);
    BOOST_TEST((std::get<not_sent>(judge_send(open)).retry_after == std::chrono::seconds(2)));
}

BOOST_AUTO_TEST_SUITE_END()
