// The API's replies and the order of its checks, without sockets.
#include "asking.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace bridgexapi_stub;
using namespace stub_test;
using namespace std::chrono_literals;

namespace {

// A valid order with one member replaced.
std::string order_with(std::string_view name, std::string_view value) {
    auto order = boost::json::parse(good_order).as_object();
    order[name] = boost::json::parse(value);
    return boost::json::serialize(order);
}

std::string order_without(std::string_view name) {
    auto order = boost::json::parse(good_order).as_object();
    order.erase(name);
    return boost::json::serialize(order);
}

std::string first_problem(answer const& from, std::string_view member) {
    auto const& value = from.json.at("detail").at(0).at(member);
    return value.is_string() ? std::string{value.get_string()} : boost::json::serialize(value);
}

service with_balance(std::string_view euros) {
    service_options options;
    options.balance = parse_euros(euros).value();
    return service{options};
}

std::string id_of(answer const& sent, std::size_t index = 0) {
    return std::string{sent.json.at("messages").at(index).at("bx_message_id").as_string()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(stub_api_sending)

BOOST_AUTO_TEST_CASE(a_send_is_answered_like_the_sample) {
    auto stub = with_balance("158.547");
    stub.configure(R"({"routes":[5]})");
    auto const sent = send(stub, order_with("route_id", "5"));
    BOOST_TEST(sent.status == 200U);
    auto const id = id_of(sent);
    BOOST_TEST(is_message_id(id, "22000"), id);
    BOOST_TEST(
        sent.body ==
        R"({"status":"success","message":"SMS batch accepted via route 5","order_id":22000,"route_id":5,)"
        R"("count":1,"messages":[{"bx_message_id":")" +
            id +
            R"(","msisdn":"31612345678","status":"QUEUED"}],"cost":0.087,"balance_after":158.46})");
    auto const messages = stub.messages();
    BOOST_REQUIRE(messages.size() == 1U);
    BOOST_TEST(messages[0].text == "Your code is 483921");
    BOOST_TEST(messages[0].caller_id == "BRIDGEXAPI");
    BOOST_TEST(messages[0].cost == 87'000);
    BOOST_TEST(messages[0].request == 1U);
}

BOOST_AUTO_TEST_CASE(a_batch_costs_unit_times_count_and_keeps_the_order) {
    auto stub = with_balance("10");
    auto const sent =
        send(stub, order_with("numbers", R"(["34600000002","34600000001","34600000002"])"));
    BOOST_TEST(sent.json.at("count").as_int64() == 3);
    BOOST_TEST(sent.json.at("cost").as_double() == 0.153);
    BOOST_TEST(sent.json.at("balance_after").as_double() == 9.847);
    BOOST_TEST(sent.json.at("messages").at(0).at("msisdn").as_string() == "34600000002");
    BOOST_TEST(sent.json.at("messages").at(1).at("msisdn").as_string() == "34600000001");
    BOOST_TEST(id_of(sent, 0) != id_of(sent, 2));
    BOOST_TEST(stub.stats().sms_accepted == 3U);
}

BOOST_AUTO_TEST_CASE(the_same_post_twice_is_two_sms_and_two_charges) {
    auto stub = with_balance("10");
    send(stub);
    auto const second = send(stub);
    BOOST_TEST(second.json.at("order_id").as_int64() == 22'001);
    BOOST_TEST(second.json.at("balance_after").as_double() == 9.824);
    BOOST_TEST(stub.messages().size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_estimate_costs_nothing_and_shows_when_money_is_short) {
    auto stub = with_balance("201.7");
    std::string const order =
        R"({"route_id":1,"caller_id":"DEMO","numbers":["34612345678"],"message":"hola"})";
    auto const estimate = ask(stub, "POST", "/api/v1/estimate", order);
    BOOST_TEST(
        estimate.body ==
        R"({"status":"success","message":"Estimate calculated successfully.","route_id":1,"count":1,)"
        R"("estimated_cost":0.051,"currency":"EUR","balance":201.7,"sufficient_balance":true,"sandbox":false})");
    BOOST_TEST(stub.messages().empty());
    stub.configure(R"({"balance":0.05,"sandbox":true})");
    auto const poor = ask(stub, "POST", "/api/v1/estimate", order);
    BOOST_TEST(poor.status == 200U);
    BOOST_TEST(!poor.json.at("sufficient_balance").as_bool());
    BOOST_TEST(poor.json.at("sandbox").as_bool());
}

BOOST_AUTO_TEST_CASE(every_refusal_has_its_status_and_text) {
    service stub;
    auto const refused = [&](std::string const& order, unsigned status, std::string_view text) {
        auto const got = send(stub, order);
        BOOST_TEST(got.status == status);
        BOOST_TEST(detail(got) == text);
    };
    refused(order_with("route_id", "9"), 400, "Invalid route_id");
    refused(order_with("route_id", "0"), 400, "Invalid route_id");
    refused(order_with("route_id", "6"), 400, "Invalid route_id");
    refused(order_with("route_id", "7"), 403, "You are not authorized for route 7");
    refused(order_with("route_id", "5"), 403, "You are not authorized for the casino route");
    stub.configure(R"({"sender_ids":["ALLOWED"]})");
    refused(order_with("route_id", "8"), 403, "Sender ID not allowed for route 8");
    refused(order_with("route_id", "4"), 400, "No pricing available for destination");
    refused(order_with("numbers", R"(["99912345678"])"), 400,
            "No pricing available for destination");
    refused(order_with("numbers", R"(["31612345678","34612345678"])"), 400,
            "All numbers in one request must belong to the same country.");
    stub.configure(R"({"balance":0.087})");
    refused(std::string{good_order}, 402, "Insufficient balance");
    stub.configure(R"({"balance":0.088})");
    stub.add_fault(R"({"fault":"vendor","reason":"no carrier","count":1})");
    refused(std::string{good_order}, 502, "Vendor send failed: no carrier");
    BOOST_TEST(stub.messages().empty());
    BOOST_TEST(send(stub).status == 200U); // exactly enough, and nothing was charged before
}

BOOST_AUTO_TEST_CASE(keys) {
    service stub;
    auto request = make_request("GET", "/api/v1/balance");
    request.headers[1].second = "wrong";
    BOOST_TEST(detail(read_answer(stub.handle(request).bytes)) == "Invalid or inactive API Key");
    request.headers[1].second = "";
    BOOST_TEST(detail(read_answer(stub.handle(request).bytes)) == "Missing API Key");
    request.headers.pop_back();
    auto const missing = read_answer(stub.handle(request).bytes);
    BOOST_TEST(missing.status == 401U);
    BOOST_TEST(detail(missing) == "Missing API Key");
    stub.configure(R"({"keys":[{"key":"stub-api-key","active":false}]})");
    BOOST_TEST(detail(ask(stub, "GET", "/api/v1/balance")) == "Invalid or inactive API Key");
    stub.configure(
        R"({"errors":{"missing_key":{"status":403,"detail":"missing x-api-key header"}}})");
    auto const other = read_answer(stub.handle(request).bytes);
    BOOST_TEST(other.status == 403U);
    BOOST_TEST(detail(other) == "missing x-api-key header");
}

BOOST_AUTO_TEST_CASE(the_key_is_checked_before_the_body_and_the_body_before_the_route) {
    service stub;
    auto request = make_request("POST", "/api/v1/send_sms", "{");
    request.headers[1].second = "wrong";
    BOOST_TEST(read_answer(stub.handle(request).bytes).status == 401U);
    auto const bad_both =
        R"({"route_id":99,"caller_id":"X","numbers":["31612345678"],"message":"m"})";
    BOOST_TEST(send(stub, bad_both).status == 422U);
    stub.configure(R"({"balance":0})"); // route before price before balance
    BOOST_TEST(detail(send(stub, order_with("route_id", "7"))) ==
               "You are not authorized for route 7");
    BOOST_TEST(detail(send(stub, order_with("route_id", "4"))) ==
               "No pricing available for destination");
}

BOOST_AUTO_TEST_CASE(each_fault_of_the_body_is_listed_as_fastapi_lists_it) {
    service stub;
    auto const check = [&](std::string const& order, std::string_view type, std::string_view loc) {
        auto const got = send(stub, order);
        BOOST_TEST_CONTEXT(order) {
            BOOST_TEST(got.status == 422U);
            BOOST_REQUIRE(got.json.at("detail").is_array());
            BOOST_TEST(first_problem(got, "type") == type);
            BOOST_TEST(first_problem(got, "loc") == loc);
            BOOST_TEST(got.json.at("detail").at(0).as_object().contains("msg"));
            BOOST_TEST(got.json.at("detail").at(0).as_object().contains("input"));
        }
    };
    check(order_without("route_id"), "missing", R"(["body","route_id"])");
    check(order_without("message"), "missing", R"(["body","message"])");
    check(order_with("route_id", "\"x\""), "int_parsing", R"(["body","route_id"])");
    check(order_with("route_id", "1.5"), "int_from_float", R"(["body","route_id"])");
    check(order_with("route_id", "null"), "int_type", R"(["body","route_id"])");
    check(order_with("caller_id", "7"), "string_type", R"(["body","caller_id"])");
    check(order_with("caller_id", R"("  AB  ")"), "string_too_short", R"(["body","caller_id"])");
    check(order_with("caller_id", R"("ABCDEFGHIJKL")"), "string_too_long",
          R"(["body","caller_id"])");
    check(order_with("numbers", "{}"), "list_type", R"(["body","numbers"])");
    check(order_with("numbers", "[]"), "too_short", R"(["body","numbers"])");
    check(order_with("numbers", "[31612345678]"), "string_type", R"(["body","numbers",0])");
    check(order_with("numbers", R"(["31612345678","+31612345678"])"), "value_error",
          R"(["body","numbers",1])");
    check(order_with("numbers", R"(["316123456"])"), "value_error", R"(["body","numbers",0])");
    check(order_with("numbers", R"(["3161234567890123"])"), "value_error",
          R"(["body","numbers",0])");
    check(order_with("message", "\"" + std::string(159, 'x') + "\""), "string_too_long",
          R"(["body","message"])");
    check(order_with("message", R"("caf\u00e9")"), "value_error", R"(["body","message"])");
    check("[]", "model_attributes_type", R"(["body"])");
    check("{\"route_id\":2,", "json_invalid", R"(["body",14])");
    check("", "missing", R"(["body"])");
}

BOOST_AUTO_TEST_CASE(bounds_are_inclusive) {
    service stub;
    BOOST_TEST(send(stub, order_with("caller_id", R"("ABC")")).status == 200U);
    BOOST_TEST(send(stub, order_with("caller_id", R"(" ABCDEFGHIJK ")")).status == 200U);
    BOOST_TEST(stub.messages().back().caller_id == "ABCDEFGHIJK");
    BOOST_TEST(send(stub, order_with("numbers", R"(["3161234567"])")).status == 200U);
    BOOST_TEST(send(stub, order_with("numbers", R"(["316123456789012"])")).status == 200U);
    BOOST_TEST(send(stub, order_with("message", "\"" + std::string(158, 'x') + "\"")).status ==
               200U);
    BOOST_TEST(send(stub, order_with("message", "\"\"")).status == 200U);
    BOOST_TEST(send(stub, order_with("route_id", "\"2\"")).status == 200U);
    BOOST_TEST(send(stub, order_with("route_id", "2.0")).status == 200U);
    stub.configure(R"({"empty_message":false,"numbers_max":1})");
    BOOST_TEST(send(stub, order_with("message", "\"\"")).status == 422U);
    BOOST_TEST(detail(send(stub, order_with("numbers", R"(["31612345678","31612345679"])"))) ==
               "Too many numbers in one request.");
}

BOOST_AUTO_TEST_CASE(validation_can_speak_in_another_way) {
    service stub;
    stub.configure(R"({"validation_status":400,"validation_as_text":true})");
    auto const got = send(stub, order_without("caller_id"));
    BOOST_TEST(got.status == 400U);
    BOOST_TEST(detail(got) == "Field required");
}

BOOST_AUTO_TEST_CASE(a_body_without_the_json_type_is_not_read_as_json) {
    service stub;
    auto request = make_request("POST", "/api/v1/send_sms", good_order);
    request.headers[2].second = "text/plain";
    auto const got = read_answer(stub.handle(request).bytes);
    BOOST_TEST(got.status == 422U);
    BOOST_TEST(first_problem(got, "type") == "model_attributes_type");
    request.headers[2].second = "application/json; charset=utf-8";
    BOOST_TEST(read_answer(stub.handle(request).bytes).status == 200U);
}

BOOST_AUTO_TEST_CASE(sandbox_accounts_can_get_nulls) {
    service stub;
    stub.configure(R"({"sandbox":true,"sandbox_nulls":true})");
    auto const sent = send(stub);
    BOOST_TEST(sent.json.at("order_id").is_null());
    BOOST_TEST(sent.json.at("cost").is_null());
    BOOST_TEST(sent.json.at("balance_after").is_null());
    BOOST_TEST(sent.json.at("messages").at(0).at("bx_message_id").is_null());
    BOOST_TEST(stub.messages().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stub_api_reading)

BOOST_AUTO_TEST_CASE(balance_in_both_shapes) {
    auto stub = with_balance("158.46");
    BOOST_TEST(
        ask(stub, "GET", "/api/v1/balance").body ==
        R"({"status":"success","balance":158.46,"currency":"EUR","sandbox":false,"username":"demo"})");
    stub.configure(R"({"balance_shape":"account","username":"acme"})");
    BOOST_TEST(ask(stub, "GET", "/api/v1/balance").json.at("account").at("username").as_string() ==
               "acme");
}

BOOST_AUTO_TEST_CASE(a_delivery_report_walks_with_the_clock) {
    service stub;
    stub.freeze();
    auto const id = id_of(send(stub));
    auto const status = [&] {
        return ask(stub, "GET", "/api/v1/dlr/" + id).json.at("status").as_string();
    };
    BOOST_TEST(status() == "QUEUED");
    stub.advance(1s);
    BOOST_TEST(status() == "SENT");
    stub.advance(2s);
    BOOST_TEST(status() == "DELIVERED");
    auto const report = ask(stub, "GET", "/api/v1/dlr/" + id).json;
    BOOST_TEST(report.at("msisdn").as_string() == "31612345678");
    BOOST_TEST(report.at("route_id").as_int64() == 2);
    BOOST_TEST(report.at("sms_order_id").as_int64() == 22'000);
    BOOST_TEST(report.at("error").is_null());
    BOOST_TEST(parse_time(report.at("created_at").as_string()).has_value());
}

BOOST_AUTO_TEST_CASE(a_failed_delivery_has_an_error) {
    service stub;
    stub.freeze();
    stub.configure(
        R"({"dlr_rules":[{"number":"316*","outcome":"FAILED","error":"Unknown subscriber","final_seconds":2}]})");
    auto const id = id_of(send(stub));
    stub.advance(2s);
    auto const report = ask(stub, "GET", "/api/v1/dlr/" + id).json;
    BOOST_TEST(report.at("status").as_string() == "FAILED");
    BOOST_TEST(report.at("error").as_string() == "Unknown subscriber");
}

BOOST_AUTO_TEST_CASE(unknown_reports_and_those_of_others) {
    service stub;
    auto const id = id_of(send(stub));
    BOOST_TEST(ask(stub, "GET", "/api/v1/dlr/BX-1-0").status == 404U);
    BOOST_TEST(detail(ask(stub, "GET", "/api/v1/dlr/BX-1-0")) == "DLR record not found");
    stub.configure(R"({"keys":[{"key":"stub-api-key"},{"key":"other"}]})");
    auto request = make_request("GET", "/api/v1/dlr/" + id);
    request.headers[1].second = "other";
    BOOST_TEST(read_answer(stub.handle(request).bytes).status == 404U);
    request.target = "/api/v1/dlr";
    BOOST_TEST(read_answer(stub.handle(request).bytes).json.at("total").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(the_list_filters_pages_and_orders) {
    service stub;
    stub.freeze();
    ask(stub, "POST", "/__stub/clock", R"({"set":"2026-04-01T10:00:00"})");
    send(stub);
    stub.advance(24h);
    send(stub, order_with("route_id", "1"));
    send(stub, order_with("numbers", R"(["31612345679","31612345670"])"));
    auto const total = [&](std::string const& query) {
        return ask(stub, "GET", "/api/v1/dlr?" + query).json.at("total").as_int64();
    };
    auto const all = ask(stub, "GET", "/api/v1/dlr").json;
    BOOST_TEST(all.at("total").as_int64() == 4);
    BOOST_TEST(all.at("skip").as_int64() == 0);
    BOOST_TEST(all.at("limit").as_int64() == 50);
    BOOST_TEST(all.at("messages").at(0).at("msisdn").as_string() == "31612345670");
    BOOST_TEST(total("status=delivered") == 1);
    BOOST_TEST(total("status=QUEUED") == 3);
    BOOST_TEST(total("msisdn=31612345678") == 2);
    BOOST_TEST(total("order_id=22002") == 2);
    BOOST_TEST(total("route_id=1") == 1);
    BOOST_TEST(total("from_date=2026-04-02") == 3);
    BOOST_TEST(total("to_date=2026-04-01") == 1);
    BOOST_TEST(total("from_date=2026-04-01T10:00:00&to_date=2026-04-01T10:00:00") == 1);
    BOOST_TEST(total("order_id=22002&msisdn=31612345679") == 1);
    auto const page = ask(stub, "GET", "/api/v1/dlr?limit=2&skip=1").json;
    BOOST_TEST(page.at("total").as_int64() == 4);
    BOOST_TEST(page.at("messages").as_array().size() == 2U);
    BOOST_TEST(page.at("messages").at(0).at("msisdn").as_string() == "31612345679");
    BOOST_TEST(ask(stub, "GET", "/api/v1/dlr?limit=x").status == 422U);
    BOOST_TEST(ask(stub, "GET", "/api/v1/dlr?skip=-1").status == 422U);
    BOOST_TEST(ask(stub, "GET", "/api/v1/dlr?order_id=x").status == 422U);
}

BOOST_AUTO_TEST_CASE(a_number_that_is_too_small_differs_from_text_that_is_no_number) {
    service stub;
    auto const fault = [&](std::string const& query) {
        auto const said = ask(stub, "GET", "/api/v1/dlr?" + query).json.at("detail").at(0);
        return boost::json::serialize(said);
    };
    BOOST_TEST(
        fault("limit=0") ==
        R"({"type":"greater_than_equal","loc":["query","limit"],"msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}})");
    BOOST_TEST(fault("skip=-1").find("greater than or equal to 0") != std::string::npos);
    BOOST_TEST(fault("limit=x").find("unable to parse string as an integer") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_reports_of_an_order) {
    service stub;
    send(stub, order_with("numbers", R"(["31612345679","31612345670"])"));
    send(stub);
    auto const got = ask(stub, "GET", "/api/v1/orders/22000/dlr").json;
    BOOST_TEST(got.at("total").as_int64() == 2);
    BOOST_TEST(got.at("limit").as_int64() == 500);
    BOOST_TEST(ask(stub, "GET", "/api/v1/orders/22000/dlr?limit=1&skip=1")
                   .json.at("messages")
                   .as_array()
                   .size() == 1U);
    BOOST_TEST(ask(stub, "GET", "/api/v1/orders/99/dlr").json.at("total").as_int64() == 0);
    BOOST_TEST(ask(stub, "GET", "/api/v1/orders/x/dlr").status == 422U);
    stub.configure(R"({"unknown_order_is_error":true})");
    BOOST_TEST(ask(stub, "GET", "/api/v1/orders/99/dlr").status == 404U);
}

BOOST_AUTO_TEST_CASE(routes_in_every_shape) {
    service stub;
    auto const first = [](boost::json::value const& list) {
        return list.at(0).at("route_id").as_int64();
    };
    for (std::string const shape : {"routes", "items", "data"}) {
        stub.configure(R"({"routes_shape":")" + shape + "\"}");
        BOOST_TEST(first(ask(stub, "GET", "/api/v1/routes").json.at(shape)) == 1);
    }
    stub.configure(R"({"routes_shape":"array"})");
    BOOST_TEST(first(ask(stub, "GET", "/api/v1/routes").json) == 1);
    BOOST_TEST(ask(stub, "GET", "/api/v1/routes").json.as_array().size() == 7U); // without 6
    stub.configure(R"({"routes_items":"bot","routes":[1,6]})");
    BOOST_TEST(ask(stub, "GET", "/api/v1/routes/6").body ==
               R"({"route_id":6,"name":"Web3","is_active":true})");
    stub.configure(R"({"routes_items":"catalogue","routes":[8]})");
    BOOST_TEST(
        ask(stub, "GET", "/api/v1/routes/8").body ==
        R"({"route_id":8,"display_name":"OTP Platform","category":"enterprise","access_policy":"whitelist",)"
        R"("sender_id_required":true,"allowed":true})");
    BOOST_TEST(!ask(stub, "GET", "/api/v1/routes/7").json.at("allowed").as_bool());
    BOOST_TEST(detail(ask(stub, "GET", "/api/v1/routes/9")) == "Invalid route_id");
}

BOOST_AUTO_TEST_CASE(prices_in_every_shape_and_hidden_ones) {
    service stub;
    stub.configure(R"({"prices_clear":true,"prices":[
        {"route":1,"prefix":"31","country":"Netherlands","price":0.088},
        {"route":1,"prefix":"34","country":"Spain","price":0.051,"hidden":true},
        {"route":1,"prefix":"99","country":"Nowhere","price":null}]})");
    auto const pricing = [&] { return ask(stub, "GET", "/api/v1/routes/1/pricing").json; };
    BOOST_TEST(pricing().at("pricing").at(0).at("price").as_double() == 0.088);
    BOOST_TEST(pricing().at("pricing").at(1).at("price").is_null());
    for (std::string const shape : {"items", "prices", "data"}) {
        stub.configure(R"({"pricing_shape":")" + shape + "\"}");
        BOOST_TEST(pricing().at(shape).at(0).at("country_prefix").as_string() == "31");
    }
    stub.configure(R"({"pricing_shape":"array","pricing_items":"destination"})");
    BOOST_TEST(pricing().at(0).at("destination").as_string() == "Netherlands");
    BOOST_TEST(pricing().at(0).at("prefix").as_string() == "31");
    stub.configure(R"({"pricing_items":"country_name"})");
    BOOST_TEST(pricing().at(0).at("code").as_string() == "31");
    BOOST_TEST(send(stub, order_with("route_id", "1")).status == 200U);
    BOOST_TEST(detail(ask(stub, "GET", "/api/v1/routes/6/pricing")) == "Invalid route_id");
}

BOOST_AUTO_TEST_CASE(activity_counts_requests) {
    service stub;
    send(stub);
    send(stub, order_with("route_id", "9"));
    ask(stub, "GET", "/api/v1/balance");
    auto const summary = ask(stub, "GET", "/api/v1/activity/summary").json.at("summary");
    BOOST_TEST(summary.at("total_requests").as_int64() == 3);
    BOOST_TEST(summary.at("success_requests").as_int64() == 2);
    BOOST_TEST(summary.at("error_requests").as_int64() == 1);
    BOOST_TEST(summary.at("recent_errors_24h").as_int64() == 1);
    BOOST_TEST(summary.at("success_rate").is_double());
    auto const logs =
        ask(stub, "GET", "/api/v1/activity/logs?endpoint=/api/v1/send_sms&limit=1&page=2").json;
    BOOST_TEST(logs.at("total").as_int64() == 2);
    BOOST_REQUIRE(logs.at("logs").as_array().size() == 1U);
    BOOST_TEST(logs.at("logs").at(0).at("route_id").as_string() == "2");
    BOOST_TEST(logs.at("logs").at(0).at("ip_address").as_string() == "127.0.0.1");
    BOOST_TEST(
        ask(stub, "GET", "/api/v1/activity/logs?status_code=400").json.at("total").as_int64() == 1);
    BOOST_TEST(ask(stub, "GET", "/api/v1/activity/logs?method=GET&route_id=2")
                   .json.at("total")
                   .as_int64() == 0);
    auto const usage = ask(stub, "GET", "/api/v1/activity/usage?days=2").json.at("usage");
    BOOST_TEST(usage.as_array().size() == 2U);
    BOOST_TEST(usage.at(1).at("errors").as_int64() == 1);
    auto const endpoints = ask(stub, "GET", "/api/v1/activity/endpoints").json.at("endpoints");
    BOOST_TEST(endpoints.at(0).at("endpoint").as_string() == "/api/v1/send_sms");
    BOOST_TEST(endpoints.at(0).at("requests").as_int64() == 2);
}

BOOST_AUTO_TEST_CASE(paths_and_methods_that_do_not_exist) {
    service stub;
    BOOST_TEST(ask(stub, "GET", "/api/v1/nope").status == 404U);
    auto const wrong = ask_raw(stub, "GET", "/api/v1/send_sms").bytes;
    BOOST_TEST(read_answer(wrong).status == 405U);
    BOOST_TEST(wrong.find("allow: POST\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
