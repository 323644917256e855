#include "bridgexapi/requests.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::bridgexapi;

namespace {

sms message(std::string text = "Your verification code is 483921",
            std::string caller_id = "BRIDGEXAPI") {
    return sms{2, std::move(caller_id), phone_number::parse("31612345678").value(),
               secret_string(std::move(text))};
}

} // namespace

BOOST_AUTO_TEST_SUITE(requests)

/// Byte for byte like the vendor's SDK.
BOOST_AUTO_TEST_CASE(send_sms) {
    auto const request = send_request(message());
    BOOST_TEST((request.method == net::http_method::post));
    BOOST_TEST(request.target == "/api/v1/send_sms");
    BOOST_TEST(request.body.reveal() ==
               R"({"route_id":2,"caller_id":"BRIDGEXAPI","numbers":["31612345678"],)"
               R"("message":"Your verification code is 483921"})");
    BOOST_TEST(!request.repeatable);
}

BOOST_AUTO_TEST_CASE(estimate) {
    auto const request = estimate_request(message());
    BOOST_TEST((request.method == net::http_method::post));
    BOOST_TEST(request.target == "/api/v1/estimate");
    BOOST_TEST(request.body.reveal() == send_request(message()).body.reveal());
    BOOST_TEST(request.repeatable);
}

/// Every ASCII character survives, in the message and in the caller id.
BOOST_AUTO_TEST_CASE(strings_are_escaped) {
    std::string all;
    for (char c = 0; c < 127; ++c)
        all += c;
    auto const request = send_request(message(all, "a\"\\\nb"));
    auto const parsed = boost::json::parse(request.body.reveal()).as_object();
    BOOST_TEST(parsed.at("message").as_string() == all);
    BOOST_TEST(parsed.at("caller_id").as_string() == "a\"\\\nb");
}

BOOST_AUTO_TEST_CASE(reads) {
    BOOST_TEST(balance_request().target == "/api/v1/balance");
    BOOST_TEST(routes_request().target == "/api/v1/routes");
    BOOST_TEST(pricing_request(8).target == "/api/v1/routes/8/pricing");
    BOOST_TEST(delivery_request("BX-1-a")->target == "/api/v1/dlr/BX-1-a");
    BOOST_TEST(order_deliveries_request("22953", 500, 0)->target ==
               "/api/v1/orders/22953/dlr?limit=500&skip=0");
    BOOST_TEST((balance_request().method == net::http_method::get));
    BOOST_TEST(balance_request().repeatable);
    BOOST_TEST(balance_request().body.empty());
}

/// Unset filters are omitted; limit and skip are always present.
BOOST_AUTO_TEST_CASE(delivery_filters) {
    BOOST_TEST(deliveries_request(delivery_query()).target == "/api/v1/dlr?limit=50&skip=0");
    delivery_query query;
    query.limit = 1;
    query.skip = 2;
    query.status = "DELIVERED&x=y:+";
    query.msisdn = "31612345678";
    BOOST_TEST(deliveries_request(query).target ==
               "/api/v1/dlr?limit=1&skip=2&status=DELIVERED%26x%3Dy%3A%2B&msisdn=31612345678");
}

/// Servers treat escapes and dots differently, so no request is made for such an id.
BOOST_AUTO_TEST_CASE(ids_are_letters_digits_hyphens_and_underscores) {
    BOOST_TEST(delivery_request("BX_1-z9")->target == "/api/v1/dlr/BX_1-z9");
    BOOST_TEST(order_deliveries_request("A_1-z9", 5, 6)->target ==
               "/api/v1/orders/A_1-z9/dlr?limit=5&skip=6");
    BOOST_TEST(delivery_request(std::string(64, 'x')).has_value());
    for (std::string_view const id :
         {"", ".", "..", "../../admin", "a/b", "a.b", "a\\b", "a?b", "a#b", "a%2Fb", "a;b", "a b",
          "a\r\nb", "\xC3\xA9",
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}) {
        BOOST_TEST(!delivery_request(id).has_value(), id);
        BOOST_TEST(!order_deliveries_request(id, 1, 0).has_value(), id);
    }
}

BOOST_AUTO_TEST_SUITE_END()
