// A followed message as text, and back.

#include "delivery_fixture.hpp"
#include "otpd/otp/followed_text.hpp"

namespace otpd::test {

namespace {

otp::followed_message full_message() {
    otp::followed_message message;
    message.address.number[3] = std::byte{0xff};
    message.address.id[1] = std::byte{7};
    message.is_hedge = true;
    message.event.type = otp::event_type::unknown;
    message.event.at = wall_time(std::chrono::milliseconds(1'800'000'000'123));
    message.event.request_id = "req:1";
    message.event.client = "shop";
    message.event.purpose = "login";
    message.event.country = "NL";
    message.event.phone = "*******0670";
    message.event.plan = "best";
    message.event.route_id = 8;
    message.event.price = money::from_micros(51'000);
    message.event.order_id = "22953";
    message.event.since_admitted = std::chrono::milliseconds(321);
    message.admitted_at = message.event.at - std::chrono::milliseconds(321);
    message.asked_at = message.event.at - std::chrono::milliseconds(300);
    message.follow_for = std::chrono::hours(24);
    message.to = phone_number::parse(someone).value();
    otpd::store::budget_key budget;
    budget.key[15] = std::byte{1};
    budget.name = "spend";
    budget.period = "2026-11";
    message.booked = {budget, budget};
    message.expected = money::from_micros(51'000);
    return message;
}

} // namespace

BOOST_AUTO_TEST_SUITE(followed_texts)

BOOST_AUTO_TEST_CASE(a_message_is_read_as_it_was_written) {
    auto const message = full_message();
    auto const now = message.event.at;
    auto const read = otp::followed_message_of(message.address.id, otp::text_of(message, now), now);
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((read->address.number == message.address.number));
    BOOST_TEST((read->address.id == message.address.id));
    BOOST_TEST(read->is_hedge);
    BOOST_TEST((read->event.type == message.event.type));
    BOOST_TEST((read->event.at == message.event.at));
    BOOST_TEST(read->event.request_id == "req:1");
    BOOST_TEST(read->event.client == "shop");
    BOOST_TEST(read->event.purpose == "login");
    BOOST_TEST(read->event.country == "NL");
    BOOST_TEST(read->event.phone == "*******0670");
    BOOST_TEST(read->event.plan == "best");
    BOOST_TEST(read->event.route_id == 8);
    BOOST_TEST((read->event.price == message.event.price));
    BOOST_TEST(!read->event.cost.has_value());
    BOOST_TEST(read->event.order_id == "22953");
    BOOST_TEST(read->event.bx_message_id.empty());
    BOOST_TEST((read->event.since_admitted == message.event.since_admitted));
    BOOST_TEST((read->admitted_at == message.admitted_at));
    BOOST_TEST((read->asked_at == message.asked_at));
    BOOST_TEST((read->follow_for == message.follow_for));
    BOOST_TEST((read->to == message.to));
    BOOST_TEST((read->booked == message.booked));
    BOOST_TEST((read->expected == message.expected));
}

BOOST_AUTO_TEST_CASE(the_time_to_follow_goes_on_while_nobody_follows) {
    auto const message = full_message();
    auto const now = message.event.at;
    auto const text = otp::text_of(message, now);
    using std::chrono::hours;
    BOOST_TEST((otp::followed_message_of({}, text, now + hours(23))->follow_for == hours(1)));
    BOOST_TEST((otp::followed_message_of({}, text, now + hours(30))->follow_for == hours(0)));
}

BOOST_AUTO_TEST_CASE(a_cut_or_longer_text_is_no_message) {
    auto const message = full_message();
    auto const text = otp::text_of(message, message.event.at);
    for (std::size_t size = 0; size < text.size(); ++size)
        BOOST_TEST(!otp::followed_message_of({}, text.substr(0, size), message.event.at));
    BOOST_TEST(!otp::followed_message_of({}, text + "1:x", message.event.at));
    BOOST_TEST(!otp::followed_message_of({}, "01:1" + text.substr(3), message.event.at));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
