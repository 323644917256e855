#include "delivery_fixture.hpp"
#include "eventually.hpp"
#include "otpd/otp/timeline.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace otpd::test {

namespace {

using bridgexapi::reason;
using otp::event_type;
using otpd::store::fault;
using otpd::store::update_outcome;
using state = otpd::store::delivery;
using namespace std::chrono_literals;

template <class T>
std::optional<T> detail_of(std::string const& text, std::string const& name) {
    for (auto const& [key, value] : otp::read_details(text))
        if (key == name)
            if (auto const* found = std::get_if<T>(&value)) return *found;
    return std::nullopt;
}

} // namespace

BOOST_AUTO_TEST_SUITE(deliveries)

BOOST_FIXTURE_TEST_CASE(the_entry_of_a_message_ends_with_it_or_with_the_time_to_follow_it,
                        delivery_fixture) {
    for (auto const* id : {"BX-1", "BX-2"}) {
        auto what = message(id);
        what.ticket = id == std::string("BX-1") ? 1 : 2;
        follow(what);
    }
    follow(message("BX-3")); // it has no entry
    BOOST_TEST(poller().take_ended().empty());
    add_report("BX-1", "DELIVERED");
    poll_until([&] { return open() == 2; });
    BOOST_TEST(poller().take_ended() == std::vector<std::uint64_t>{1},
               boost::test_tools::per_element());
    poll_until([&] { return open() == 0; });
    BOOST_TEST(poller().take_ended() == std::vector<std::uint64_t>{2},
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(messages_that_others_follow_are_followed_no_longer_and_keep_their_entries,
                        delivery_fixture) {
    auto entered = message("BX-1");
    entered.ticket = 1;
    follow(entered);
    follow(message("BX-2"));
    poller().forget_journal();
    BOOST_TEST(open() == 1U);
    BOOST_TEST(poller().take_ended().empty());
    add_report("BX-1", "DELIVERED");
    add_report("BX-2", "DELIVERED");
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::delivered) == 1U);
}

BOOST_AUTO_TEST_CASE(only_the_words_that_end_a_message_are_final_in_any_case) {
    for (auto const* word : {"DELIVERED", "delivered", "Delivered"})
        BOOST_TEST((otp::state_of(word) == state::delivered));
    for (auto const* word : {"FAILED", "expired", "Rejected", "UNDELIVERED"})
        BOOST_TEST((otp::state_of(word) == state::failed));
    for (auto const* word : {"QUEUED", "SENT", "", "DELIVERED_MAYBE", "ACCEPTED"})
        BOOST_TEST((otp::state_of(word) == state::accepted));
}

BOOST_AUTO_TEST_CASE(no_view_shows_a_whole_number) {
    bridgexapi::delivery_report report{};
    for (auto const& [number, shown] :
         {std::pair("31651860670", "*******0670"), std::pair("+31651860670", "*******0670"),
          std::pair("123", "***"), std::pair("", ""),
          std::pair("0031651860670", "*********0670")}) {
        report.msisdn = number;
        BOOST_TEST(otp::view_of(report, {}).phone == shown);
    }
}

BOOST_FIXTURE_TEST_CASE(a_delivered_message_is_stored_and_reported_once, delivery_fixture) {
    add_report("BX-1", "DELIVERED");
    auto followed = message("BX-1");
    followed.event.country = "NL";
    follow(followed);
    poll_until([&] { return open() == 0; });
    BOOST_REQUIRE(store.updates.size() == 1U);
    BOOST_TEST((store.updates[0].message == state::delivered));
    auto const& score = store.updates[0].score.value();
    BOOST_TEST(score.route_id == 8);
    BOOST_TEST(score.slot.country == "NL");
    BOOST_TEST(score.slot.hour == otpd::store::score_hour(clock.wall()));
    BOOST_TEST((score.took == observer.all.at(0).since_accepted));
    BOOST_TEST(*detail_of<std::string>(store.updates[0].details, "status") == "DELIVERED");
    BOOST_TEST(detail_of<std::int64_t>(store.updates[0].details, "seconds").has_value());
    BOOST_REQUIRE(observer.all.size() == 1U);
    auto const& event = observer.all[0];
    BOOST_TEST((event.type == event_type::delivered));
    BOOST_TEST(event.verification_id == "verification of BX-1");
    BOOST_TEST(event.status == "DELIVERED");
    BOOST_TEST((event.since_admitted - event.since_accepted == 500ms));
    BOOST_TEST(event.details == store.updates[0].details);
}

BOOST_FIXTURE_TEST_CASE(the_upstreams_error_is_kept_with_a_failure, delivery_fixture) {
    add_report("BX-1", "UNDELIVERED").error = "absent subscriber, 27";
    follow(message("BX-1"));
    poll_until([&] { return open() == 0; });
    BOOST_TEST((store.updates.at(0).message == state::failed));
    BOOST_TEST(*detail_of<std::string>(store.updates[0].details, "error") ==
               "absent subscriber, 27");
    BOOST_REQUIRE(event(event_type::failed) == 1U);
    BOOST_TEST(observer.all.back().error == "absent subscriber, 27");
    BOOST_TEST(observer.all.back().reason == "delivery_failed");
}

BOOST_FIXTURE_TEST_CASE(a_failure_without_a_word_of_the_upstream_has_the_reason_as_its_error,
                        delivery_fixture) {
    add_report("BX-1", "FAILED");
    follow(message("BX-1"));
    poll_until([&] { return open() == 0; });
    BOOST_REQUIRE(event(event_type::failed) == 1U);
    BOOST_TEST(observer.all.back().error == "delivery_failed");
}

BOOST_FIXTURE_TEST_CASE(an_event_has_the_time_that_the_store_gave_it, delivery_fixture) {
    auto const stored_at = clock.wall() + std::chrono::milliseconds(123); // its clock is ahead
    store.on_update = [=] { return update_outcome(update_outcome::updated, stored_at); };
    add_report("BX-1", "DELIVERED");
    follow(message("BX-1"));
    poll_until([&] { return open() == 0; });
    BOOST_REQUIRE(observer.all.size() == 1U);
    BOOST_CHECK((observer.all[0].at == stored_at));
}

BOOST_FIXTURE_TEST_CASE(unknown_states_are_published_when_they_change_and_are_not_final,
                        delivery_fixture) {
    add_report("BX-1", "queued"); // the status of every reply to a send is no news
    follow(message("BX-1"));
    poll_times(3);
    BOOST_TEST(store.updates.empty());
    upstream.message("BX-1").status = "BUFFERED";
    poll_times(4);
    BOOST_TEST(store.updates.size() == 1U);
    BOOST_TEST((store.updates.at(0).message == state::accepted));
    BOOST_TEST(event(event_type::delivery) == 1U);
    BOOST_TEST(open() == 1U);
    upstream.message("BX-1").status = "DELIVERED";
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::delivered) == 1U);
}

// Past hours do not change, so that they are read once.
BOOST_FIXTURE_TEST_CASE(a_report_counts_in_the_hour_in_which_it_comes, delivery_fixture) {
    clock.advance(59min);
    follow(message("BX-1"));
    auto const hour_of_send = otpd::store::score_hour(clock.wall());
    clock.advance(2min);
    add_report("BX-1", "DELIVERED");
    poll_until([&] { return open() == 0; });
    BOOST_TEST(store.updates.at(0).score.value().slot.hour == hour_of_send + 1);
}

BOOST_FIXTURE_TEST_CASE(what_another_instance_stored_first_is_not_published, delivery_fixture) {
    store.on_update = [] { return update_outcome::known; };
    add_report("BX-1", "DELIVERED");
    follow(message("BX-1"));
    poll_until([&] { return open() == 0; });
    BOOST_TEST(observer.all.empty());
}

// The other message of the verification decides.
BOOST_FIXTURE_TEST_CASE(the_end_of_a_message_that_decides_nothing_is_no_end, delivery_fixture) {
    store.on_update = [] { return update_outcome::recorded; };
    add_report("BX-1", "FAILED");
    auto second = message("BX-1");
    second.is_hedge = true;
    follow(second);
    poll_until([&] { return open() == 0; });
    BOOST_TEST(store.updates.at(0).is_hedge);
    BOOST_TEST(event(event_type::failed) == 0U);
    BOOST_TEST(event(event_type::delivery) == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_the_store_did_not_take_is_tried_again, delivery_fixture) {
    store.on_update = [] { return fault::not_executed; };
    add_report("BX-1", "DELIVERED");
    follow(message("BX-1"));
    poll_until([&] { return store.updates.size() >= 3; });
    BOOST_TEST(observer.all.empty());
    BOOST_TEST(open() == 1U);
    store.on_update = [] { return update_outcome::updated; };
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_update_whose_answer_was_lost_is_still_published, delivery_fixture) {
    store.on_update = [] { return fault::unknown; };
    add_report("BX-1", "DELIVERED");
    follow(message("BX-1"));
    poll_until([&] { return !store.updates.empty(); });
    store.on_update = [] { return update_outcome::known; }; // it had been stored
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(ten_thousand_messages_take_a_page_for_each_thousand, delivery_fixture) {
    constexpr std::size_t count = 10'000;
    upstream.filters = false;
    for (std::size_t i = 0; i < count; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, i % 10 == 0 ? "FAILED" : "DELIVERED");
        follow(message(id));
    }
    poll_until([&] { return open() == 0; });
    BOOST_TEST(upstream.queries.size() <= 12U);
    BOOST_TEST(upstream.asked_ids.empty());
    BOOST_TEST(event(event_type::delivered) == 9 * count / 10);
    BOOST_TEST(event(event_type::failed) == count / 10);
    std::set<std::string> ids;
    for (auto const& entry : observer.all)
        ids.insert(entry.bx_message_id);
    BOOST_TEST(ids.size() == count);
}

BOOST_FIXTURE_TEST_CASE(a_page_that_is_refused_is_requested_smaller_until_it_is_given,
                        delivery_fixture) {
    upstream.limit_refused = 300;
    for (int i = 0; i < 900; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "DELIVERED");
        follow(message(id));
    }
    poll_until([&] { return open() == 0; });
    BOOST_TEST(upstream.queries.front().limit == 1000);
    BOOST_TEST(upstream.queries.back().limit == 250);
}

BOOST_FIXTURE_TEST_CASE(a_page_that_is_cut_is_not_taken_for_the_last, delivery_fixture) {
    upstream.limit_cut = 20;
    for (int i = 0; i < 200; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "DELIVERED");
        follow(message(id));
    }
    poll_until([&] { return open() == 0; });
    BOOST_TEST(upstream.queries.back().limit == 20);
}

BOOST_FIXTURE_TEST_CASE(a_long_list_is_read_once_and_then_by_what_was_delivered, delivery_fixture) {
    options.page_max = 100;
    options.interval = 100ms;
    for (int i = 0; i < 1000; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "QUEUED");
        follow(message(id));
    }
    poll_times(10);
    settle();
    upstream.message("BX-500").status = "DELIVERED";
    poll_until([&] { return event(event_type::delivered) == 1; });
    BOOST_TEST(upstream.queries.size() <= 12U);
    BOOST_TEST((upstream.queries.back().status == "DELIVERED"));
    // A message with another status is found nevertheless.
    upstream.message("BX-501").status = "FAILED";
    poll_until([&] { return event(event_type::failed) == 1; });
}

BOOST_FIXTURE_TEST_CASE(an_upstream_that_does_not_filter_is_asked_to_only_once, delivery_fixture) {
    options.page_max = 100;
    upstream.filters = false;
    for (int i = 0; i < 1000; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "QUEUED");
        follow(message(id));
    }
    poll_times(40);
    auto const filtered = std::ranges::count_if(
        upstream.queries, [](auto const& query) { return query.status.has_value(); });
    BOOST_TEST(filtered == 1);
}

BOOST_FIXTURE_TEST_CASE(what_two_lists_do_not_show_is_requested_by_id, delivery_fixture) {
    add_report("BX-1", "DELIVERED");
    upstream.hidden.push_back("BX-1");
    follow(message("BX-1"));
    poll_until([&] { return open() == 0; });
    BOOST_TEST(upstream.queries.size() == 2U);
    BOOST_TEST(upstream.asked_ids.size() == 1U);
    BOOST_TEST(event(event_type::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_message_that_the_upstream_does_not_know_yet_is_polled_again,
                        delivery_fixture) {
    follow(message("BX-1"));
    poll_until([&] { return upstream.asked_ids.size() >= 3; });
    BOOST_TEST(open() == 1U);
    add_report("BX-1", "DELIVERED");
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_message_without_id_is_requested_by_its_order, delivery_fixture) {
    add_report("BX-1", "DELIVERED");
    upstream.hidden.push_back("BX-1");
    auto what = message("");
    what.event.order_id = "order of BX-1";
    follow(what);
    poll_until([&] { return open() == 0; });
    BOOST_TEST(upstream.asked_orders.size() == 1U);
    BOOST_TEST(observer.all.at(0).bx_message_id == "BX-1");
    BOOST_TEST(store.updates.at(0).sent.value().bx_message_id == "BX-1");
}

BOOST_FIXTURE_TEST_CASE(nobody_follows_a_message_longer_than_wanted, delivery_fixture) {
    add_report("BX-1", "SENT");
    follow(message("BX-1"));
    poll_times(1);
    BOOST_TEST(open() == 1U);
    clock.advance(301s);
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::failed) == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_message_is_followed_once, delivery_fixture) {
    for (int i = 0; i < 3; ++i)
        follow(message("BX-1"));
    BOOST_TEST(open() == 1U);
    add_report("BX-1", "DELIVERED");
    poll_until([&] { return open() == 0; });
    BOOST_TEST(store.updates.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_asked_while_nothing_is_open, delivery_fixture) {
    for (int i = 0; i < 10; ++i) {
        settle();
        clock.advance(1min);
    }
    BOOST_TEST(upstream.queries.empty());
}

BOOST_FIXTURE_TEST_CASE(requests_keep_their_distance_whatever_is_open, delivery_fixture) {
    options.request_spacing = 20ms;
    options.page_max = 50;
    for (int i = 0; i < 100; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "DELIVERED");
        follow(message(id));
    }
    settle();
    BOOST_TEST(upstream.queries.size() == 1U); // one of two: the clock stands still
    poll_until([&] { return open() == 0; });
    BOOST_TEST(upstream.queries.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_failing_upstream_is_logged_once_and_found_again, delivery_fixture) {
    log_capture written;
    telemetry::logger to_capture(written, telemetry::level::info, 1000);
    otp::delivery_reports const captured(observer, to_capture, metrics);
    poller_.emplace(options, random, captured);
    upstream.fails = reason::upstream_error;
    add_report("BX-1", "DELIVERED");
    follow(message("BX-1"));
    poll_times(5);
    BOOST_TEST(open() == 1U);
    upstream.fails.reset();
    poll_until([&] { return open() == 0; });
    auto const count = [&](std::string const& event) {
        std::size_t found = 0;
        for (auto at = written.text().find(event); at != std::string::npos;
             at = written.text().find(event, at + 1))
            ++found;
        return found;
    };
    eventually([&] { return count("delivery_reports_available") == 1; });
    BOOST_TEST(count("delivery_reports_unavailable") == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_last_report_is_known_of_open_messages_and_for_a_while_of_others,
                        delivery_fixture) {
    options.reports_max = 1;
    add_report("BX-1", "SENT");
    follow(message("BX-1"));
    poll_until([&] { return event(event_type::delivery) == 1; });
    BOOST_TEST(poller().last_report("BX-1").value().status == "SENT");
    upstream.message("BX-1").status = "DELIVERED";
    poll_until([&] { return open() == 0; });
    BOOST_TEST((poller().last_report("BX-1").value().state == state::delivered));
    add_report("BX-2", "FAILED");
    follow(message("BX-2"));
    poll_until([&] { return open() == 0; });
    BOOST_TEST((poller().last_report("BX-2").value().state == state::failed));
    BOOST_TEST(!poller().last_report("BX-1").has_value());
    BOOST_TEST(!poller().last_report("BX-3").has_value());
}

BOOST_FIXTURE_TEST_CASE(
    a_page_of_news_is_told_in_the_order_of_the_messages_and_before_the_next_question,
    delivery_fixture) {
    constexpr std::size_t count = 100;
    constexpr std::size_t under_way_max = 32;
    for (std::size_t i = 0; i < count; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "SENT");
        follow(message(id));
    }
    BOOST_TEST(!act().has_value()); // the list
    std::deque<otp::store_update> under_way;
    std::size_t told_of = 0;
    while (true) {
        auto action = poller().next_action(now());
        if (auto* const update = std::get_if<otp::store_update>(&action)) {
            BOOST_TEST(update->report.bx_message_id == "BX-" + std::to_string(told_of++));
            under_way.push_back(std::move(*update));
            continue;
        }
        // It waits for the store, however long that takes.
        auto const* const rest = std::get_if<otp::delivery_poller::rest>(&action);
        BOOST_REQUIRE(rest != nullptr);
        if (under_way.empty()) break;
        BOOST_TEST((rest->until == steady_time::max()));
        BOOST_TEST(under_way.size() == std::min(under_way_max, count - told_of + under_way.size()));
        poller().on_update(under_way.front(), update_outcome::updated, now());
        under_way.pop_front();
    }
    BOOST_TEST(told_of == count);
    BOOST_TEST(event(event_type::delivery) == count);
    BOOST_TEST(upstream.queries.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_poll_that_failed_is_repeated_after_a_pause, delivery_fixture) {
    add_report("BX-1", "DELIVERED");
    follow(message("BX-1"));
    auto const action = poller().next_action(now());
    BOOST_REQUIRE(std::holds_alternative<otp::delivery_question>(action));
    poller().abandon_look(clock.now()); // no reply will come
    BOOST_TEST((act() == clock.now() + options.interval));
    poll_until([&] { return open() == 0; });
    BOOST_TEST(event(event_type::delivered) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
