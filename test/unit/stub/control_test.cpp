// The control interface, the recorded requests, and what counts as a violation of good manners.
#include "asking.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>

using namespace bridgexapi_stub;
using namespace stub_test;
using namespace std::string_view_literals;

namespace {

std::vector<std::string> breaches(incoming request) {
    service stub;
    stub.handle(std::move(request));
    std::vector<std::string> out;
    for (auto const& one : stub.violations())
        out.push_back(one.code);
    return out;
}

void remove_header(incoming& from, std::string_view name) {
    std::erase_if(from.headers,
                  [name](auto const& header) { return same_text(header.first, name); });
}

void check_breach(incoming request, std::string_view code) {
    auto const got = breaches(std::move(request));
    BOOST_TEST_CONTEXT(code) {
        BOOST_TEST(std::count(got.begin(), got.end(), code) == 1);
        BOOST_TEST(got.size() == 1U);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(stub_control)

BOOST_AUTO_TEST_CASE(requests_come_back_exactly) {
    service stub;
    auto request = make_request("POST", "/api/v1/send_sms", good_order);
    request.headers.emplace_back("X-Odd-CASE", "Value");
    request.connection.number = 7;
    request.connection.tls_version = "TLSv1.3";
    request.connection.tls_resumed = true;
    stub.handle(request);
    auto const got = ask(stub, "GET", "/__stub/requests").json;
    BOOST_TEST(got.at("total").as_int64() == 1);
    auto const& one = got.at("requests").at(0);
    BOOST_TEST(one.at("sequence").as_int64() == 1);
    BOOST_TEST(one.at("endpoint").as_string() == "send_sms");
    BOOST_TEST(one.at("method").as_string() == "POST");
    BOOST_TEST(one.at("target").as_string() == "/api/v1/send_sms");
    BOOST_TEST(one.at("body").as_string() == good_order);
    BOOST_TEST(one.at("headers").at(4).at("name").as_string() == "X-Odd-CASE");
    BOOST_TEST(one.at("headers").at(4).at("value").as_string() == "Value");
    BOOST_TEST(one.at("connection").as_int64() == 7);
    BOOST_TEST(one.at("tls").as_string() == "TLSv1.3");
    BOOST_TEST(one.at("tls_resumed").as_bool());
    BOOST_TEST(one.at("status").as_int64() == 200);
    BOOST_TEST(one.at("sms").as_array().size() == 1U);
    BOOST_TEST(one.at("order_id").as_int64() == 22'000);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_come_back_as_hex) {
    service stub;
    ask_raw(stub, "POST", "/api/v1/send_sms", "\xff\x00z"sv);
    auto const one = ask(stub, "GET", "/__stub/requests").json.at("requests").at(0);
    BOOST_TEST(!one.as_object().contains("body"));
    BOOST_TEST(one.at("body_hex").as_string() == "ff007a");
}

BOOST_AUTO_TEST_CASE(requests_are_selected_and_forgotten) {
    service stub;
    send(stub);
    ask(stub, "GET", "/api/v1/balance");
    send(stub);
    auto const list = [&](std::string const& query) {
        return ask(stub, "GET", "/__stub/requests" + query).json.at("requests").as_array();
    };
    BOOST_TEST(list("").size() == 3U);
    BOOST_TEST(list("?endpoint=balance").size() == 1U);
    BOOST_TEST(list("?after=2").size() == 1U);
    BOOST_TEST(list("?limit=2").size() == 2U);
    BOOST_TEST(ask(stub, "GET", "/__stub/requests?after=x").status == 400U);
    ask(stub, "DELETE", "/__stub/requests");
    BOOST_TEST(list("").empty());
    BOOST_TEST(stub.stats().requests == 3U);
    BOOST_TEST(stub.stats().of(endpoint::send_sms) == 2U);
    BOOST_TEST(stub.requests(endpoint::balance).empty());
}

BOOST_AUTO_TEST_CASE(a_request_without_a_reply_has_no_status) {
    service stub;
    stub.add_fault(R"({"fault":"hold","count":1})");
    stub.add_fault(R"({"fault":"html","skip":1,"count":1})");
    ask_raw(stub, "POST", "/api/v1/send_sms", good_order);
    ask(stub, "GET", "/api/v1/balance");
    auto const list = ask(stub, "GET", "/__stub/requests").json.at("requests");
    BOOST_TEST(list.at(0).at("status").is_null());
    BOOST_TEST(list.at(0).at("faults").at(0).as_string() == "hold");
    BOOST_TEST(list.at(0).at("sms").as_array().size() == 1U);
    BOOST_TEST(list.at(1).at("status").as_int64() == 502);
}

BOOST_AUTO_TEST_CASE(the_record_is_bounded_and_can_be_off) {
    service_options options;
    options.requests_max = 2;
    options.messages_max = 1;
    service stub{options};
    for (int i = 0; i < 3; ++i)
        send(stub);
    BOOST_TEST(stub.requests().size() == 2U);
    BOOST_TEST(stub.requests().front().sequence == 2U);
    BOOST_TEST(stub.messages().size() == 1U);
    BOOST_TEST(stub.stats().sms_accepted == 3U);
    stub.configure(R"({"record":false})");
    send(stub);
    BOOST_TEST(stub.requests().back().sequence == 3U);
    BOOST_TEST(stub.stats().requests == 4U);
}

BOOST_AUTO_TEST_CASE(messages_are_listed_by_number_and_forced) {
    service stub;
    send(stub);
    send(stub, R"({"route_id":2,"caller_id":"DEMO","numbers":["34612345678"],"message":"hola"})");
    auto const list = [&](std::string const& query) {
        return ask(stub, "GET", "/__stub/messages" + query).json.at("messages").as_array();
    };
    BOOST_TEST(list("").size() == 2U);
    auto const spain = list("?number=34612345678");
    BOOST_REQUIRE(spain.size() == 1U);
    BOOST_TEST(spain[0].at("text").as_string() == "hola");
    BOOST_TEST(spain[0].at("caller_id").as_string() == "DEMO");
    BOOST_TEST(spain[0].at("cost").as_double() == 0.051);
    BOOST_TEST(spain[0].at("state").as_string() == "QUEUED");
    BOOST_TEST(list("?number=3*").size() == 2U);
    BOOST_TEST(list("?number=3").empty());
    auto const forced = ask(stub, "POST", "/__stub/messages",
                            R"({"number":"34*","state":"FAILED","error":"gone"})");
    BOOST_TEST(forced.json.at("changed").as_int64() == 1);
    BOOST_TEST(stub.state_of(spain[0].at("bx_message_id").as_string()).error.value() == "gone");
    BOOST_TEST(ask(stub, "POST", "/__stub/messages", R"({"number":"99","state":"SENT"})").status ==
               404U);
    BOOST_TEST(ask(stub, "POST", "/__stub/messages", R"({"state":"SENT"})").status == 400U);
    ask(stub, "DELETE", "/__stub/messages");
    BOOST_TEST(list("").empty());
}

BOOST_AUTO_TEST_CASE(faults_are_set_listed_and_removed) {
    service stub;
    auto const ids = ask(stub, "POST", "/__stub/faults",
                         R"([{"fault":"delay","ms":1},{"fault":"html","count":1}])");
    BOOST_TEST(ids.body == R"({"ids":[1,2]})");
    BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status == 502U);
    auto const list = ask(stub, "GET", "/__stub/faults").json.at("faults");
    BOOST_TEST(list.at(0).at("hits").as_int64() == 1);
    BOOST_TEST(list.at(1).at("left").as_int64() == 0);
    BOOST_TEST(ask(stub, "DELETE", "/__stub/faults?id=1").status == 200U);
    BOOST_TEST(ask(stub, "DELETE", "/__stub/faults?id=1").status == 404U);
    BOOST_TEST(ask(stub, "GET", "/__stub/faults").json.at("faults").as_array().size() == 1U);
    ask(stub, "DELETE", "/__stub/faults");
    BOOST_TEST(ask(stub, "GET", "/__stub/faults").json.at("faults").as_array().empty());
    auto const half =
        ask(stub, "POST", "/__stub/faults", R"([{"fault":"delay"},{"fault":"nope"}])");
    BOOST_TEST(half.status == 400U);
    BOOST_TEST(
        ask(stub, "GET", "/__stub/faults").json.at("faults").as_array().empty()); // all or none
}

BOOST_AUTO_TEST_CASE(the_clock_is_set_frozen_and_moved) {
    service stub;
    BOOST_TEST(!ask(stub, "GET", "/__stub/clock").json.at("frozen").as_bool());
    auto const moved = ask(stub, "POST", "/__stub/clock",
                           R"({"freeze":true,"set":"2026-04-01T10:00:00","advance_seconds":1.5})");
    BOOST_TEST(moved.body == R"({"now":"2026-04-01T10:00:01.500000Z","frozen":true})");
    BOOST_TEST(
        !ask(stub, "POST", "/__stub/clock", R"({"freeze":false})").json.at("frozen").as_bool());
    for (auto const* wrong : {R"({"advance":1})", R"({"freeze":1})", R"({"set":"now"})",
                              R"({"advance_seconds":"1"})", "[]", "{"})
        BOOST_TEST(ask(stub, "POST", "/__stub/clock", wrong).status == 400U, wrong);
}

BOOST_AUTO_TEST_CASE(wrong_configuration_changes_nothing_and_says_what_is_wrong) {
    service stub;
    auto const before = ask(stub, "GET", "/__stub/config").body;
    auto const refused = [&](std::string_view changes, std::string_view reason) {
        auto const got = ask(stub, "POST", "/__stub/config", changes);
        BOOST_TEST_CONTEXT(changes) {
            BOOST_TEST(got.status == 400U);
            BOOST_TEST(got.body.find(reason) != std::string::npos);
            BOOST_TEST(ask(stub, "GET", "/__stub/config").body == before);
        }
    };
    refused(R"({"balance":1,"nope":2})", R"(has no \"nope\")");
    refused(R"({"balance":"much"})", "a number");
    refused(R"({"routes_shape":"list"})", "one of array, routes");
    refused(R"({"errors":{"nope":{}}})", R"(has no \"nope\")");
    refused(R"({"errors":{"bad_key":{"code":1}}})", R"(has no \"code\")");
    refused(R"({"keys":[{"balance":1}]})", "every account");
    refused(R"({"prices":[{"route":1,"prefix":"31","cost":1}]})", R"(has no \"cost\")");
    refused(R"({"dlr":{"number":"1"}})", R"(has no \"number\")");
    refused(R"({"sandbox":1})", "true or false");
    refused(R"({"limit_max":-1})", "whole number");
    BOOST_CHECK_THROW(stub.configure("{"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_shown_configuration_is_accepted_as_it_is) {
    service stub;
    auto const shown = ask(stub, "GET", "/__stub/config").body;
    BOOST_TEST(ask(stub, "POST", "/__stub/config", shown).body == shown);
}

BOOST_AUTO_TEST_CASE(reset_is_a_fresh_start) {
    service stub;
    stub.connection_opened();
    stub.add_fault(R"({"fault":"delay"})");
    stub.configure(R"({"balance":1,"created_at":"zulu"})");
    stub.freeze();
    send(stub);
    ask(stub, "POST", "/__stub/reset");
    BOOST_TEST(stub.messages().empty());
    BOOST_TEST(stub.requests().empty());
    BOOST_TEST(stub.stats().requests == 0U);
    BOOST_TEST(stub.stats().connections_open == 1U);
    BOOST_TEST(!ask(stub, "GET", "/__stub/clock").json.at("frozen").as_bool());
    BOOST_TEST(ask(stub, "GET", "/__stub/faults").json.at("faults").as_array().empty());
    BOOST_TEST(send(stub).json.at("order_id").as_int64() == 22'000);
    BOOST_TEST(ask(stub, "GET", "/api/v1/balance").json.at("balance").as_double() == 999'999.912);
}

BOOST_AUTO_TEST_CASE(control_requests_leave_no_trace) {
    service stub;
    BOOST_TEST(ask(stub, "GET", "/__stub/nope").status == 404U);
    BOOST_TEST(ask(stub, "PUT", "/__stub/faults").status == 404U);
    ask(stub, "GET", "/__stub/stats");
    BOOST_TEST(stub.requests().empty());
    BOOST_TEST(stub.violations().empty());
    BOOST_TEST(stub.stats().requests == 0U);
}

BOOST_AUTO_TEST_CASE(good_manners_break_nothing) {
    BOOST_TEST(breaches(make_request("POST", "/api/v1/send_sms", good_order)).empty());
    auto get = make_request("GET", "/api/v1/balance");
    get.headers.emplace_back("Content-Type", "application/json"); // like the vendor's SDK
    BOOST_TEST(breaches(std::move(get)).empty());
}

BOOST_AUTO_TEST_CASE(each_breach_is_recorded) {
    auto const good = make_request("POST", "/api/v1/send_sms", good_order);
    auto changed = good;
    remove_header(changed, "x-api-key");
    check_breach(changed, "api_key");
    changed = good;
    changed.headers.emplace_back("x-api-key", "stub-api-key");
    check_breach(changed, "api_key");
    changed = good;
    changed.target += "?key=stub-api-key";
    check_breach(changed, "api_key");
    changed = good;
    remove_header(changed, "host");
    check_breach(changed, "host");
    changed = good;
    changed.version = 10;
    check_breach(changed, "version");
    changed = good;
    remove_header(changed, "content-type");
    check_breach(changed, "content_type");
    changed = good;
    remove_header(changed, "content-length");
    check_breach(changed, "framing");
    changed = good;
    changed.body = "{";
    check_breach(changed, "body");
    changed = make_request("GET", "/api/v1/nope");
    check_breach(changed, "path");
    changed = make_request("GET", "/api/v1/send_sms");
    check_breach(changed, "method");
    changed = make_request("GET", "/api/v1/balance", "{}");
    check_breach(changed, "body");
}

BOOST_AUTO_TEST_CASE(violations_are_read_and_cleared) {
    service stub;
    ask(stub, "GET", "/api/v1/nope");
    connection_info connection;
    connection.number = 3;
    auto const bad = stub.unparsable(connection, "bad method");
    BOOST_TEST(bad.bytes.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    BOOST_TEST((bad.end == ending::close));
    auto const got = ask(stub, "GET", "/__stub/violations").json;
    BOOST_TEST(got.at("total").as_int64() == 2);
    BOOST_TEST(got.at("violations").at(0).at("code").as_string() == "path");
    BOOST_TEST(got.at("violations").at(0).at("request").as_int64() == 1);
    BOOST_TEST(got.at("violations").at(1).at("request").is_null());
    BOOST_TEST(got.at("violations").at(1).at("connection").as_int64() == 3);
    ask(stub, "DELETE", "/__stub/violations");
    BOOST_TEST(stub.violations().empty());
}

BOOST_AUTO_TEST_SUITE_END()
