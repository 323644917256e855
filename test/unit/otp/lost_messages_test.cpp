// Sends with an unknown outcome.

#include "delivery_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace otpd::test {

namespace {

using otp::event_type;
using otpd::store::update_outcome;
using state = otpd::store::delivery;
using namespace std::chrono_literals;

struct lost_fixture : delivery_fixture {
    lost_fixture() { options.interval = 1s; }
    [[nodiscard]] bool was_found() const { return event(event_type::delivery) == 1; }
};

} // namespace

BOOST_AUTO_TEST_SUITE(lost_messages)

BOOST_FIXTURE_TEST_CASE(one_that_was_sent_is_found_by_its_number_and_followed, lost_fixture) {
    follow(lost_message());
    clock.advance(2s);
    add_report("BX-9", "SENT");
    poll_until([&] { return was_found(); });
    BOOST_TEST(upstream.queries.front().msisdn.value() == someone);
    BOOST_REQUIRE(store.updates.size() == 1U);
    BOOST_TEST((store.updates[0].message == state::accepted));
    auto const sent = store.updates[0].sent.value();
    BOOST_TEST(store.updates[0].score.has_value()); // BridgeXAPI has the message
    BOOST_TEST(sent.bx_message_id == "BX-9");
    BOOST_TEST(sent.order_id == "order of BX-9");
    BOOST_TEST(sent.route_id == 8);
    BOOST_TEST(!sent.cost.has_value());
    BOOST_TEST(observer.all.at(0).bx_message_id == "BX-9");
    upstream.message("BX-9").status = "DELIVERED";
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::delivered) == 1U);
    BOOST_TEST(event(event_type::failed) == 0U);
}

BOOST_FIXTURE_TEST_CASE(one_that_was_delivered_before_it_was_found_is_published_in_two_steps,
                        lost_fixture) {
    follow(lost_message());
    add_report("BX-9", "DELIVERED");
    poll_until([&] { return open() == 0; });
    BOOST_REQUIRE(observer.all.size() == 2U);
    BOOST_TEST((observer.all[0].type == event_type::delivery));
    BOOST_TEST((observer.all[1].type == event_type::delivered));
}

// The instance that followed it before may have stored both, and told nobody.
BOOST_FIXTURE_TEST_CASE(an_adopted_one_is_published_even_if_the_store_knows_its_end, lost_fixture) {
    store.on_update = [] { return update_outcome::known; };
    auto adopted = lost_message();
    adopted.is_adopted = true;
    adopted.ticket = 7;
    follow(adopted);
    add_report("BX-9", "DELIVERED");
    poll_until([&] { return open() == 0; });
    BOOST_REQUIRE(observer.all.size() == 2U);
    BOOST_TEST((observer.all[0].type == event_type::delivery));
    BOOST_TEST((observer.all[1].type == event_type::delivered));
    BOOST_TEST(poller().take_ended() == std::vector<std::uint64_t>{7},
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(one_that_three_polls_do_not_show_was_not_sent_and_its_price_is_refunded,
                        lost_fixture) {
    follow(lost_message());
    poll_until([&] { return open() == 0; });
    BOOST_TEST(upstream.queries.size() >= 3U);
    BOOST_REQUIRE(store.updates.size() == 1U);
    BOOST_TEST((store.updates[0].message == state::failed));
    BOOST_TEST(store.updates[0].details == "reason=not_sent");
    BOOST_TEST(!store.updates[0].score.has_value());
    BOOST_REQUIRE(store.updates[0].adjustments.size() == 2U);
    BOOST_TEST(store.updates[0].adjustments[0].change == -51'000);
    BOOST_TEST(store.updates[0].adjustments[1].budget.period == "2026-11");
    BOOST_REQUIRE(event(event_type::failed) == 1U);
    BOOST_TEST(observer.all[0].reason == "not_sent");
}

BOOST_FIXTURE_TEST_CASE(three_polls_are_not_enough_within_the_time_that_a_report_may_take,
                        lost_fixture) {
    options.absent_after = 200s;
    follow(lost_message());
    auto const asked_at = clock.wall();
    poll_until([&] { return upstream.queries.size() >= 4; });
    BOOST_TEST(open() == 1U);
    add_report("BX-9", "SENT").created_at = text_of(asked_at + 20s);
    poll_until([&] { return was_found(); });
}

BOOST_FIXTURE_TEST_CASE(a_number_that_the_upstream_does_not_filter_by_proves_no_absence,
                        lost_fixture) {
    follow(lost_message());
    upstream.answers_any_number = true;
    add_report("BX-2", "SENT", someone_else);
    poll_times(20);
    BOOST_TEST(open() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_message_of_somebody_else_is_not_taken_for_it, lost_fixture) {
    follow(message("BX-1"));
    follow(lost_message());
    add_report("BX-1", "SENT");                                          // another open message
    add_report("BX-2", "SENT").route_id = 3;                             // another route
    add_report("BX-3", "SENT", someone_else);                            // another number
    add_report("BX-4", "SENT").created_at = text_of(clock.wall() - 6s);  // before the send
    add_report("BX-5", "SENT").created_at = text_of(clock.wall() + 36s); // after the send
    poll_until([&] { return event(event_type::failed) == 1; });
    BOOST_TEST(event(event_type::delivery) == 1U); // of BX-1
    BOOST_TEST(open() == 1U);
}

BOOST_FIXTURE_TEST_CASE(one_that_was_made_late_in_a_long_timeout_is_found, lost_fixture) {
    options.send_max = 100s;
    follow(lost_message());
    auto const asked_at = clock.wall();
    poll_until([&] { return upstream.queries.size() >= 3 && clock.wall() > asked_at + 90s; });
    BOOST_TEST(open() == 1U); // it may still be made
    add_report("BX-9", "SENT").created_at = text_of(asked_at + 100s);
    poll_until([&] { return was_found(); });
}

BOOST_FIXTURE_TEST_CASE(of_several_that_fit_the_earliest_is_taken, lost_fixture) {
    follow(lost_message());
    add_report("BX-1", "SENT").created_at = text_of(clock.wall() + 2s);
    add_report("BX-2", "SENT").created_at = text_of(clock.wall() + 1s);
    add_report("BX-3", "SENT").created_at = text_of(clock.wall() + 3s);
    poll_until([&] { return was_found(); });
    BOOST_TEST(observer.all[0].bx_message_id == "BX-2");
}

BOOST_FIXTURE_TEST_CASE(without_a_time_only_a_single_unknown_message_fits, lost_fixture) {
    follow(lost_message());
    add_report("BX-1", "SENT").created_at = "yesterday";
    add_report("BX-2", "SENT").created_at = "today";
    poll_times(3);
    BOOST_TEST(!was_found());
    upstream.messages.pop_back();
    poll_until([&] { return was_found(); });
    BOOST_TEST(observer.all[0].bx_message_id == "BX-2");
}

// Another instance sent it, which only the store knows.
BOOST_FIXTURE_TEST_CASE(the_next_one_that_fits_is_taken_if_the_first_is_anothers, lost_fixture) {
    store.on_update = [this] {
        return store.updates.size() == 1 ? update_outcome::taken : update_outcome::updated;
    };
    follow(lost_message());
    add_report("BX-1", "SENT").created_at = text_of(clock.wall() + 1s);
    add_report("BX-2", "SENT").created_at = text_of(clock.wall() + 2s);
    poll_until([&] { return was_found(); });
    BOOST_TEST(observer.all[0].bx_message_id == "BX-2");
    BOOST_TEST(store.updates.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(an_id_that_another_send_may_get_is_asked_for_again, lost_fixture) {
    store.on_update = [this] {
        return store.updates.size() < 3 ? update_outcome::in_flight : update_outcome::updated;
    };
    follow(lost_message());
    add_report("BX-1", "SENT");
    poll_until([&] { return was_found(); });
    BOOST_TEST(store.updates.size() == 3U);
    BOOST_TEST(event(event_type::failed) == 0U);
}

BOOST_FIXTURE_TEST_CASE(two_lost_ones_of_one_number_share_no_report, lost_fixture) {
    follow(lost_message());
    follow(lost_message());
    add_report("BX-1", "SENT");
    poll_until([&] { return event(event_type::failed) == 1; });
    BOOST_TEST(event(event_type::delivery) == 1U);
}

// An upstream that does not show them must not keep others from being followed for a day.
BOOST_FIXTURE_TEST_CASE(one_too_many_takes_the_place_of_the_oldest, lost_fixture) {
    options.open_max = 20;
    auto lost = lost_message();
    for (lost.ticket = 1; lost.ticket <= 5; ++lost.ticket)
        follow(lost);
    BOOST_TEST(open() == 2U);
    BOOST_TEST(poller().take_ended() == (std::vector<std::uint64_t>{1, 2, 3}),
               boost::test_tools::per_element());
    follow(message("BX-1"));
    BOOST_TEST(open() == 3U);
    add_report("BX-9", "SENT");
    poll_until([&] { return was_found(); });
    follow(lost); // there is room again
    BOOST_TEST(open() == 4U);
    BOOST_TEST(poller().take_ended().empty());
}

BOOST_FIXTURE_TEST_CASE(many_are_found_in_the_list_instead_of_one_by_one, lost_fixture) {
    for (int i = 0; i < 1000; ++i) {
        auto const number = std::to_string(31651000000 + i);
        auto what = lost_message();
        what.to = phone_number::parse(number).value();
        follow(what);
        if (i % 2 == 0) add_report("BX-" + std::to_string(i), "DELIVERED", number);
    }
    poll_until([&] { return event(event_type::delivered) == 500; });
    BOOST_TEST(upstream.queries.size() <= 2U);
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::failed) == 500U);
    BOOST_TEST(event(event_type::delivery) == 500U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
