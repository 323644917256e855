// What is posted to webhooks is what the document describes.

#include "api_document.hpp"
#include "otpd/webhook/webhooks.hpp"
#include "webhook/payload.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace openapi_test;
using otpd::money;
using otpd::otp::event_type;
namespace json = boost::json;

namespace {

/// With everything that an event of that type can have.
otpd::otp::verification_event full_event(event_type type) {
    otpd::otp::verification_event event;
    event.type = type;
    event.request_id = "4632243359b3af9162b51d6861002d3f";
    event.client = "shop";
    event.purpose = "login";
    event.country = "NL";
    event.phone = "*******5678";
    event.reference = "order-4711";
    if (type == event_type::blocked) {
        event.reason = "number_10m,client_1m";
        event.error = "limit_exceeded";
        return event;
    }
    event.verification_id = std::string(64, 'a');
    event.plan = "cheap";
    event.route_id = 3;
    event.cost = money::from_micros(91'000);
    event.order_id = "22953";
    event.bx_message_id = "BX-1";
    if (type == event_type::accepted)
        event.steps = {{3, "accepted", "", money::from_micros(91'000)},
                       {1, "skipped", "price", {}}};
    if (type == event_type::delivered || type == event_type::failed) event.status = "A word";
    if (type == event_type::failed) event.reason = "delivery_failed";
    if (type == event_type::failed) event.error = "absent subscriber";
    return event;
}

json::object const& webhook_of(std::string_view type) {
    return document().at("webhooks").at(type).at("post").as_object();
}

} // namespace

BOOST_AUTO_TEST_SUITE(openapi_webhooks)

BOOST_AUTO_TEST_CASE(the_document_describes_the_types_that_are_sent_and_their_payloads) {
    std::set<std::string_view> sent;
    for (int i = 0; i <= static_cast<int>(event_type::canceled); ++i) {
        auto const type = static_cast<event_type>(i);
        auto const name = otpd::webhook::type_of(type);
        if (name.empty()) continue;
        sent.insert(name);
        BOOST_TEST_CONTEXT(name) {
            auto const& body = webhook_of(name).at("requestBody").as_object();
            auto const& schema = schema_of(body, "application/json");
            auto payload = json::parse(otpd::webhook::payload_of(full_event(type)));
            BOOST_TEST(fault(schema, payload) == "");
            payload.as_object()["type"] = "verification.other";
            BOOST_TEST(fault(schema, payload) != "");
        }
    }
    std::set<std::string_view> described;
    for (auto const& [name, item] : document().at("webhooks").as_object())
        described.insert(name);
    BOOST_TEST(sent == described, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_document_names_the_headers_of_standard_webhooks) {
    for (auto const& [name, item] : document().at("webhooks").as_object()) {
        std::set<std::string_view> headers;
        for (auto const& parameter : item.at("post").at("parameters").as_array()) {
            BOOST_TEST(resolve(parameter).at("required").as_bool());
            headers.insert(resolve(parameter).at("name").as_string());
        }
        std::set<std::string_view> const expected{"webhook-id", "webhook-signature",
                                                  "webhook-timestamp"};
        BOOST_TEST(headers == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
