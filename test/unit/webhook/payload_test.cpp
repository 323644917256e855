/// The contents of a webhook message.

#include "otpd/webhook/webhooks.hpp"
#include "webhook/payload.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using otpd::money;
using otpd::otp::event_type;
using otpd::otp::verification_event;
using otpd::webhook::payload_of;
using otpd::webhook::type_of;

namespace {

verification_event happening(event_type kind) {
    verification_event result;
    result.type = kind;
    result.at = otpd::wall_time(std::chrono::sys_days(2026y / 3 / 1) + 12h + 34min + 56s + 7ms);
    return result;
}

std::string with_cost(std::int64_t micros) {
    auto what = happening(event_type::accepted);
    what.cost = money::from_micros(micros);
    auto const text = payload_of(what);
    auto const from = text.find("\"cost\":") + 7;
    return text.substr(from, text.find(',', from) - from);
}

} // namespace

BOOST_AUTO_TEST_SUITE(webhook_payload)

BOOST_AUTO_TEST_CASE(says_all_that_is_known) {
    auto what = happening(event_type::accepted);
    what.verification_id = "v1";
    what.request_id = "r1";
    what.client = "shop";
    what.purpose = "login";
    what.country = "NL";
    what.phone = "+316******78";
    what.reference = "order-4711";
    what.plan = "cheap";
    what.route_id = 3;
    what.cost = money::from_micros(87'000);
    what.price = money::from_micros(90'000);
    what.order_id = "22953";
    what.bx_message_id = "BX-1";
    what.status = "QUEUED";
    what.reason = "because";
    what.details = "the timeline's own";
    BOOST_TEST(
        payload_of(what) ==
        R"({"type":"verification.accepted","timestamp":"2026-03-01T12:34:56.007Z","data":{)"
        R"("verification_id":"v1","client":"shop","purpose":"login","country":"NL",)"
        R"("phone":"+316******78","reference":"order-4711","route_id":3,"route_plan":"cheap",)"
        R"("order_id":"22953",)"
        R"("bx_message_id":"BX-1","status":"QUEUED","reason":"because","cost":0.087,)"
        R"("currency":"EUR","request_id":"r1"}})");
}

BOOST_AUTO_TEST_CASE(has_the_steps_of_the_send_as_its_reply_has_them) {
    auto what = happening(event_type::accepted);
    what.steps = {{8, "rejected", "vendor_failed", money::from_micros(88'000)},
                  {1, "accepted", "", std::nullopt}};
    BOOST_TEST(payload_of(what).ends_with(
        R"("data":{"steps":[{"route_id":8,"outcome":"rejected","reason":"vendor_failed",)"
        R"("price":0.088},{"route_id":1,"outcome":"accepted","reason":null,"price":null}]}})"));
}

BOOST_AUTO_TEST_CASE(has_the_error_of_a_failure) {
    auto what = happening(event_type::failed);
    what.status = "UNDELIVERED";
    what.reason = "delivery_failed";
    what.error = "absent subscriber, 27";
    BOOST_TEST(
        payload_of(what).ends_with(R"("data":{"status":"UNDELIVERED","reason":"delivery_failed",)"
                                   R"("error":"absent subscriber, 27"}})"));
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_not) {
    BOOST_TEST(
        payload_of(happening(event_type::blocked)) ==
        R"({"type":"verification.blocked","timestamp":"2026-03-01T12:34:56.007Z","data":{}})");
}

// Texts of the upstream are escaped, whatever they contain.
BOOST_AUTO_TEST_CASE(escapes_texts) {
    auto what = happening(event_type::failed);
    what.status = "a\"}\n";
    BOOST_TEST(payload_of(what).ends_with(R"("data":{"status":"a\"}\n"}})"));
}

BOOST_AUTO_TEST_CASE(states_money_as_a_decimal_number) {
    BOOST_TEST(with_cost(0) == "0");
    BOOST_TEST(with_cost(1) == "0.000001");
    BOOST_TEST(with_cost(87'000) == "0.087");
    BOOST_TEST(with_cost(1'000'000) == "1");
    BOOST_TEST(with_cost(12'500'000) == "12.5");
    BOOST_TEST(with_cost(-87'000) == "-0.087");
    BOOST_TEST(with_cost(1'000'000'000'000'001) == "1000000000.000001");
}

BOOST_AUTO_TEST_CASE(is_made_of_six_types_of_events) {
    BOOST_TEST(type_of(event_type::accepted) == "verification.accepted");
    BOOST_TEST(type_of(event_type::delivered) == "verification.delivered");
    BOOST_TEST(type_of(event_type::failed) == "verification.failed");
    BOOST_TEST(type_of(event_type::verified) == "verification.verified");
    BOOST_TEST(type_of(event_type::exhausted) == "verification.exhausted");
    BOOST_TEST(type_of(event_type::blocked) == "verification.blocked");
    for (auto const kind :
         {event_type::admitted, event_type::step_left, event_type::unknown, event_type::not_sent,
          event_type::delivery, event_type::wrong, event_type::canceled, event_type::refused})
        BOOST_TEST(type_of(kind).empty());
}

BOOST_AUTO_TEST_SUITE_END()
