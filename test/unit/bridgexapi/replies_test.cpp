#include "bridgexapi/replies.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::bridgexapi;

BOOST_AUTO_TEST_SUITE(replies)

/// The sample of the vendor's SDK.
BOOST_AUTO_TEST_CASE(accepted_send) {
    auto const reply = read_accepted(
        R"({"status":"success","message":"SMS batch accepted via route 5","order_id":22953,)"
        R"("route_id":2,"count":1,"messages":[{"bx_message_id":"BX-22953-c5f4f53431ed22c2",)"
        R"("msisdn":"31612345678","status":"QUEUED"}],"cost":0.087,"balance_after":158.46,"new":[]})");
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->order_id.value() == "22953");
    BOOST_TEST(reply->bx_message_id.value() == "BX-22953-c5f4f53431ed22c2");
    BOOST_TEST(reply->cost.value().micros() == 87'000);
    BOOST_TEST(reply->balance_after.value().micros() == 158'460'000);
}

BOOST_AUTO_TEST_CASE(accepted_send_with_nulls_and_other_types) {
    auto const nulls = read_accepted(
        R"({"status":"success","order_id":null,"messages":[{"bx_message_id":null}],"cost":null,)"
        R"("balance_after":null})");
    BOOST_TEST_REQUIRE(nulls.has_value());
    BOOST_TEST(!nulls->order_id.has_value());
    BOOST_TEST(!nulls->bx_message_id.has_value());
    BOOST_TEST(!nulls->cost.has_value());
    BOOST_TEST(!nulls->balance_after.has_value());
    auto const absent = read_accepted(R"({"status":"success","messages":[{}]})");
    BOOST_TEST(absent.has_value());
    auto const other = read_accepted(
        R"({"status":"success","order_id":"22229","messages":[{"bx_message_id":5}],"cost":1,)"
        R"("balance_after":1e300})");
    BOOST_TEST_REQUIRE(other.has_value());
    BOOST_TEST(other->order_id.value() == "22229");
    BOOST_TEST(other->bx_message_id.value() == "5");
    BOOST_TEST(other->cost.value().micros() == 1'000'000);
    BOOST_TEST(!other->balance_after.has_value());
    auto const large =
        read_accepted(R"({"status":"success","order_id":18446744073709551615,"messages":[{}]})");
    BOOST_TEST(large->order_id.value() == "18446744073709551615");
}

BOOST_AUTO_TEST_CASE(estimates) {
    auto const reply = read_estimate(
        R"({"status":"success","message":"Estimate calculated successfully.","route_id":1,"count":1,)"
        R"("estimated_cost":0.051,"currency":"EUR","balance":201.7,"sufficient_balance":false,)"
        R"("sandbox":true})");
    BOOST_TEST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->route_id == 1);
    BOOST_TEST(reply->count == 1);
    BOOST_TEST(reply->estimated_cost.micros() == 51'000);
    BOOST_TEST(reply->currency == "EUR");
    BOOST_TEST(reply->balance.micros() == 201'700'000);
    BOOST_TEST(!reply->sufficient_balance);
    BOOST_TEST(reply->sandbox);
    BOOST_TEST(!read_estimate(R"({"status":"success"})").has_value());
    BOOST_TEST(!read_estimate(R"({"route_id":1,"estimated_cost":1,"balance":1,)"
                              R"("sufficient_balance":true})")
                    .has_value());
}

BOOST_AUTO_TEST_CASE(balances) {
    auto const flat = read_balance(
        R"({"status":"success","balance":158.46,"currency":"EUR","sandbox":false,"username":"demo"})");
    BOOST_TEST_REQUIRE(flat.has_value());
    BOOST_TEST(flat->amount.micros() == 158'460'000);
    BOOST_TEST(flat->sandbox.value() == false);
    BOOST_TEST(flat->username.value() == "demo");
    auto const nested =
        read_balance(R"({"balance":-1,"account":{"username":"inner"},"username":"outer"})");
    BOOST_TEST_REQUIRE(nested.has_value());
    BOOST_TEST(nested->username.value() == "inner");
    BOOST_TEST(nested->currency == "EUR");
    BOOST_TEST(nested->amount.micros() == -1'000'000);
    BOOST_TEST(!nested->sandbox.has_value());
    for (auto const* body : {"", "[]", "{}", R"({"balance":"158.46"})", R"({"balance":null})",
                             R"({"status":"error","balance":1})"})
        BOOST_TEST(!read_balance(body).has_value(), body);
}

BOOST_AUTO_TEST_CASE(routes_in_every_shape) {
    std::string const items =
        R"([{"route_id":8,"display_name":"OTP Platform","category":"enterprise",)"
        R"("access_policy":"whitelist","sender_id_required":true,"allowed":true},)"
        R"({"route_id":"3","name":"Route 3","is_active":false},null,7,{"name":"no id"},)"
        R"({"route_id":1,"route":"first"},{"route_id":-1},{"route_id":99999999999}])";
    for (auto const& body : {items, R"({"routes":)" + items + "}", R"({"items":)" + items + "}",
                             R"({"status":"success","routes":null,"data":)" + items + "}"}) {
        auto const routes = read_routes(body);
        BOOST_TEST_REQUIRE(routes.has_value(), body);
        BOOST_TEST_REQUIRE(routes->size() == 3u);
        auto const& otp = routes->at(0);
        BOOST_TEST(otp.route_id == 8);
        BOOST_TEST(otp.name == "OTP Platform");
        BOOST_TEST(otp.category.value() == "enterprise");
        BOOST_TEST(otp.access_policy.value() == "whitelist");
        BOOST_TEST(otp.caller_id_required.value());
        BOOST_TEST(otp.allowed.value());
        BOOST_TEST(!otp.active.has_value());
        BOOST_TEST(routes->at(1).route_id == 3);
        BOOST_TEST(routes->at(1).active.value() == false);
        BOOST_TEST(routes->at(2).name == "first");
    }
    BOOST_TEST(read_routes("[]")->empty());
    for (auto const* body : {"", "{}", "null", R"({"routes":{}})", "7"})
        BOOST_TEST(!read_routes(body).has_value(), body);
}

BOOST_AUTO_TEST_CASE(prices_in_every_shape) {
    std::string const items = R"([{"country":"Netherlands","country_prefix":"31","price":0.088},)"
                              R"({"destination":"Spain","prefix":34,"price":null},)"
                              R"({"country_name":"Germany","code":"49"},{"price":1},null])";
    for (auto const& body : {items, R"({"pricing":)" + items + "}", R"({"items":)" + items + "}",
                             R"({"prices":)" + items + "}", R"({"data":)" + items + "}"}) {
        auto const prices = read_pricing(body);
        BOOST_TEST_REQUIRE(prices.has_value(), body);
        BOOST_TEST_REQUIRE(prices->size() == 3u);
        BOOST_TEST(prices->at(0).country == "Netherlands");
        BOOST_TEST(prices->at(0).prefix == "31");
        BOOST_TEST(prices->at(0).amount.value().micros() == 88'000);
        BOOST_TEST(prices->at(1).country == "Spain");
        BOOST_TEST(prices->at(1).prefix == "34");
        BOOST_TEST(!prices->at(1).amount.has_value());
        BOOST_TEST(prices->at(2).prefix == "49");
    }
    BOOST_TEST(!read_pricing("{}").has_value());
}

BOOST_AUTO_TEST_CASE(deliveries) {
    auto const report = read_delivery(
        R"({"bx_message_id":"BX-22519-94fc918774ccf6d8","msisdn":"31612345678","status":"DELIVERED",)"
        R"("route_id":2,"sms_order_id":22519,"created_at":"2026-04-01T10:15:30","error":null})");
    BOOST_TEST_REQUIRE(report.has_value());
    BOOST_TEST(report->bx_message_id == "BX-22519-94fc918774ccf6d8");
    BOOST_TEST(report->msisdn == "31612345678");
    BOOST_TEST(report->status == "DELIVERED");
    BOOST_TEST(report->route_id.value() == 2);
    BOOST_TEST(report->order_id.value() == "22519");
    BOOST_TEST(report->created_at == "2026-04-01T10:15:30");
    BOOST_TEST(!report->error.has_value());
    auto const failed = read_delivery(
        R"({"bx_message_id":1,"status":"FAILED","route_id":null,"error":"no credit"})");
    BOOST_TEST_REQUIRE(failed.has_value());
    BOOST_TEST(failed->error.value() == "no credit");
    BOOST_TEST(!failed->route_id.has_value());
    for (auto const* body :
         {"", "[]", "{}", R"({"status":"DELIVERED"})", R"({"bx_message_id":"x"})"})
        BOOST_TEST(!read_delivery(body).has_value(), body);
}

BOOST_AUTO_TEST_CASE(delivery_pages) {
    auto const page = read_delivery_page(
        R"({"total":7,"skip":2,"limit":50,"messages":[{"bx_message_id":"a","status":"QUEUED"},null,)"
        R"({"bx_message_id":"b","status":"SENT"}]})");
    BOOST_TEST_REQUIRE(page.has_value());
    BOOST_TEST(page->total == 7);
    BOOST_TEST(page->skip == 2);
    BOOST_TEST(page->limit == 50);
    BOOST_TEST(page->reports.size() == 2u);
    BOOST_TEST(read_delivery_page(R"({"messages":[]})")->total == 0);
    BOOST_TEST(!read_delivery_page(R"({"total":7})").has_value());
    BOOST_TEST(!read_delivery_page("[]").has_value());
}

/// The maximum nesting that is accepted.
BOOST_AUTO_TEST_CASE(nesting_is_bounded) {
    auto const nested = [](std::size_t levels) {
        return R"({"balance":1,"x":)" + std::string(levels - 1, '[') +
               std::string(levels - 1, ']') + "}";
    };
    BOOST_TEST(read_balance(nested(json_depth_max)).has_value());
    BOOST_TEST(!read_balance(nested(json_depth_max + 1)).has_value());
}

BOOST_AUTO_TEST_CASE(bodies_are_json_and_nothing_like_it) {
    auto const read =
        read_balance(R"({"balance":1,"\u0062alance":2,"username":"a\u0041\n\ud83d\ude00"})");
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(read->amount.micros() == 2'000'000); // the last of duplicates
    BOOST_TEST(read->username.value() == "aA\n\xf0\x9f\x98\x80");
    for (char const* body :
         {"", " ", "null", R"({"balance":1)", R"({"balance":1}})", R"({"balance":1,})",
          R"({"balance":1} x)", R"({"balance":1}/*x*/)", R"({'balance':1})", R"({"balance":01})",
          "{\"balance\":1,\"username\":\"\xff\"}", "{\"balance\":1,\"username\":\"a\nb\"}"})
        BOOST_TEST(!read_balance(body).has_value(), body);
}

BOOST_AUTO_TEST_SUITE_END()
