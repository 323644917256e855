#include "delivery_fixture.hpp"
#include "eventually.hpp"
#include "otpd/otp/timeline.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace otpd::test {

namespace {

using bridgexapi::reason;
using otp::occurrence_kind;
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

BOOST_FIXTURE_TEST_CASE(a_delivered_message_is_stored_and_told_once, delivery_fixture) {
    start();
    add_report("BX-1", "DELIVERED");
    tracker->follow(message("BX-1"));
    look_until([&] { return tracker->open() == 0; });
    BOOST_REQUIRE(store.updates.size() == 1U);
    BOOST_TEST((store.updates[0].message == state::delivered));
    BOOST_TEST(*detail_of<std::string>(store.updates[0].details, "status") == "DELIVERED");
    BOOST_TEST(detail_of<std::int64_t>(store.updates[0].details, "seconds").has_value());
    BOOST_REQUIRE(observer.all.size() == 1U);
    auto const& told = observer.all[0];
    BOOST_TEST((told.what == occurrence_kind::delivered));
    BOOST_TEST(told.verification_id == "verification of BX-1");
    BOOST_TEST(told.status == "DELIVERED");
    BOOST_TEST((told.since_admitted - told.since_accepted == 500ms));
    BOOST_TEST(told.details == store.updates[0].details);
}

BOOST_FIXTURE_TEST_CASE(the_upstreams_error_is_kept_with_a_failure, delivery_fixture) {
    start();
    add_report("BX-1", "UNDELIVERED").error = "absent subscriber, 27";
    tracker->follow(message("BX-1"));
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST((store.updates.at(0).message == state::failed));
    BOOST_TEST(*detail_of<std::string>(store.updates[0].details, "error") ==
               "absent subscriber, 27");
    BOOST_TEST(told(occurrence_kind::failed) == 1U);
}

BOOST_FIXTURE_TEST_CASE(other_words_are_told_when_they_change_and_end_nothing, delivery_fixture) {
    start();
    add_report("BX-1", "queued"); // what every reply to a send says is no news
    tracker->follow(message("BX-1"));
    look(3);
    BOOST_TEST(store.updates.empty());
    gateway.message("BX-1").status = "BUFFERED";
    look(4);
    BOOST_TEST(store.updates.size() == 1U);
    BOOST_TEST((store.updates.at(0).message == state::accepted));
    BOOST_TEST(told(occurrence_kind::delivery) == 1U);
    BOOST_TEST(tracker->open() == 1U);
    gateway.message("BX-1").status = "DELIVERED";
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(told(occurrence_kind::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_another_instance_stored_first_is_not_told, delivery_fixture) {
    store.on_update = [] { return update_outcome::known; };
    start();
    add_report("BX-1", "DELIVERED");
    tracker->follow(message("BX-1"));
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(observer.all.empty());
}

BOOST_FIXTURE_TEST_CASE(what_the_store_did_not_take_is_tried_again, delivery_fixture) {
    store.on_update = [] { return fault::not_executed; };
    start();
    add_report("BX-1", "DELIVERED");
    tracker->follow(message("BX-1"));
    look_until([&] { return store.updates.size() >= 3; });
    BOOST_TEST(observer.all.empty());
    BOOST_TEST(tracker->open() == 1U);
    store.on_update = [] { return update_outcome::updated; };
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(told(occurrence_kind::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_update_of_ours_that_was_not_answered_is_told_all_the_same,
                        delivery_fixture) {
    store.on_update = [] { return fault::unknown; };
    start();
    add_report("BX-1", "DELIVERED");
    tracker->follow(message("BX-1"));
    look_until([&] { return !store.updates.empty(); });
    store.on_update = [] { return update_outcome::known; }; // it had arrived
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(told(occurrence_kind::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(ten_thousand_messages_take_a_page_for_each_thousand, delivery_fixture) {
    constexpr std::size_t count = 10'000;
    gateway.filters = false;
    make();
    for (std::size_t i = 0; i < count; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, i % 10 == 0 ? "FAILED" : "DELIVERED");
        tracker->follow(message(id));
    }
    start();
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(gateway.queries.size() <= 12U);
    BOOST_TEST(gateway.asked_ids.empty());
    BOOST_TEST(told(occurrence_kind::delivered) == 9 * count / 10);
    BOOST_TEST(told(occurrence_kind::failed) == count / 10);
    std::set<std::string> ids;
    for (auto const& each : observer.all)
        ids.insert(each.bx_message_id);
    BOOST_TEST(ids.size() == count);
}

BOOST_FIXTURE_TEST_CASE(a_page_that_is_refused_is_asked_for_smaller_until_it_is_given,
                        delivery_fixture) {
    gateway.limit_refused = 300;
    make();
    for (int i = 0; i < 900; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "DELIVERED");
        tracker->follow(message(id));
    }
    start();
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(gateway.queries.front().limit == 1000);
    BOOST_TEST(gateway.queries.back().limit == 250);
}

BOOST_FIXTURE_TEST_CASE(a_page_that_is_cut_is_not_taken_for_the_last, delivery_fixture) {
    gateway.limit_cut = 20;
    make();
    for (int i = 0; i < 200; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "DELIVERED");
        tracker->follow(message(id));
    }
    start();
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(gateway.queries.back().limit == 20);
}

BOOST_FIXTURE_TEST_CASE(a_long_list_is_read_once_and_then_by_what_was_delivered, delivery_fixture) {
    options.page_max = 100;
    options.interval = 100ms;
    make();
    for (int i = 0; i < 1000; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "QUEUED");
        tracker->follow(message(id));
    }
    start();
    look(10);
    settle();
    gateway.message("BX-500").status = "DELIVERED";
    look_until([&] { return told(occurrence_kind::delivered) == 1; });
    BOOST_TEST(gateway.queries.size() <= 12U);
    BOOST_TEST((gateway.queries.back().status == "DELIVERED"));
    // What has another word is found all the same.
    gateway.message("BX-501").status = "FAILED";
    look_until([&] { return told(occurrence_kind::failed) == 1; });
}

BOOST_FIXTURE_TEST_CASE(an_upstream_that_does_not_filter_is_asked_to_only_once, delivery_fixture) {
    options.page_max = 100;
    gateway.filters = false;
    make();
    for (int i = 0; i < 1000; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "QUEUED");
        tracker->follow(message(id));
    }
    start();
    look(40);
    auto const filtered = std::ranges::count_if(
        gateway.queries, [](auto const& each) { return each.status.has_value(); });
    BOOST_TEST(filtered == 1);
}

BOOST_FIXTURE_TEST_CASE(what_two_lists_do_not_show_is_asked_for_by_id, delivery_fixture) {
    start();
    add_report("BX-1", "DELIVERED");
    gateway.hidden.push_back("BX-1");
    tracker->follow(message("BX-1"));
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(gateway.queries.size() == 2U);
    BOOST_TEST(gateway.asked_ids.size() == 1U);
    BOOST_TEST(told(occurrence_kind::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_message_that_the_upstream_does_not_know_yet_is_asked_for_again,
                        delivery_fixture) {
    start();
    tracker->follow(message("BX-1"));
    look_until([&] { return gateway.asked_ids.size() >= 3; });
    BOOST_TEST(tracker->open() == 1U);
    add_report("BX-1", "DELIVERED");
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(told(occurrence_kind::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_message_without_id_is_asked_for_by_its_order, delivery_fixture) {
    start();
    add_report("BX-1", "DELIVERED");
    gateway.hidden.push_back("BX-1");
    auto what = message("");
    what.told.order_id = "order of BX-1";
    tracker->follow(what);
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(gateway.asked_orders.size() == 1U);
    BOOST_TEST(observer.all.at(0).bx_message_id == "BX-1");
    BOOST_TEST(store.updates.at(0).sent.value().bx_message_id == "BX-1");
}

BOOST_FIXTURE_TEST_CASE(nobody_follows_a_message_longer_than_wanted, delivery_fixture) {
    start();
    add_report("BX-1", "SENT");
    tracker->follow(message("BX-1"));
    look(1);
    BOOST_TEST(tracker->open() == 1U);
    clock.advance(301s);
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(told(occurrence_kind::failed) == 0U);
}

BOOST_FIXTURE_TEST_CASE(no_more_messages_are_followed_than_allowed, delivery_fixture) {
    options.open_max = 2;
    start();
    for (auto const* id : {"BX-1", "BX-2", "BX-3"})
        tracker->follow(message(id));
    BOOST_TEST(tracker->open() == 2U);
    BOOST_TEST(metrics.scrape().find("not_followed") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_message_is_followed_once, delivery_fixture) {
    make();
    for (int i = 0; i < 3; ++i)
        tracker->follow(message("BX-1"));
    start();
    BOOST_TEST(tracker->open() == 1U);
    add_report("BX-1", "DELIVERED");
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(store.updates.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_asked_while_nothing_is_open, delivery_fixture) {
    start();
    for (int i = 0; i < 10; ++i) {
        settle();
        clock.advance(1min);
    }
    BOOST_TEST(gateway.queries.empty());
}

BOOST_FIXTURE_TEST_CASE(requests_keep_their_distance_whatever_is_open, delivery_fixture) {
    options.request_spacing = 20ms;
    options.page_max = 50;
    make();
    for (int i = 0; i < 100; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "DELIVERED");
        tracker->follow(message(id));
    }
    start();
    settle();
    BOOST_TEST(gateway.queries.size() == 1U); // of two: the clock stands still
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST(gateway.queries.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_failing_upstream_is_logged_once_and_found_again, delivery_fixture) {
    log_capture written;
    telemetry::logger to_capture(written, telemetry::level::info, 1000);
    otp::delivery_tracker::dependencies const uses{store,    gateway,    clock,  random,
                                                   observer, to_capture, metrics};
    tracker = std::make_unique<otp::delivery_tracker>(context.get_executor(), options, uses);
    tracker->start();
    gateway.fails = reason::upstream_error;
    add_report("BX-1", "DELIVERED");
    tracker->follow(message("BX-1"));
    look(5);
    BOOST_TEST(tracker->open() == 1U);
    gateway.fails.reset();
    look_until([&] { return tracker->open() == 0; });
    tracker->stop();
    auto const count = [&](std::string const& event) {
        std::size_t found = 0;
        for (auto at = written.text().find(event); at != std::string::npos;
             at = written.text().find(event, at + 1))
            ++found;
        return found;
    };
    eventually([&] { return count("delivery_reports_available") == 1; });
    BOOST_TEST(count("delivery_reports_unavailable") == 1U);
    tracker.reset();
    run_on_threads(context, 1);
}

BOOST_FIXTURE_TEST_CASE(stopping_ends_a_question_that_nobody_answers, delivery_fixture) {
    gateway.hangs = true;
    options.timeout = 1h;
    start();
    tracker->follow(message("BX-1"));
    look_until([&] { return gateway.queries.size() == 1; });
    tracker->stop();
    run_on_threads(context, 1);
    tracker->follow(message("BX-2"));
    BOOST_TEST(gateway.queries.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_last_report_is_known_of_open_messages_and_for_a_while_of_others,
                        delivery_fixture) {
    options.reports_max = 1;
    start();
    add_report("BX-1", "SENT");
    tracker->follow(message("BX-1"));
    look_until([&] { return told(occurrence_kind::delivery) == 1; });
    BOOST_TEST(run(context, tracker->last_report("BX-1")).value().status == "SENT");
    gateway.message("BX-1").status = "DELIVERED";
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST((run(context, tracker->last_report("BX-1")).value().state == state::delivered));
    add_report("BX-2", "FAILED");
    tracker->follow(message("BX-2"));
    look_until([&] { return tracker->open() == 0; });
    BOOST_TEST((run(context, tracker->last_report("BX-2")).value().state == state::failed));
    BOOST_TEST(!run(context, tracker->last_report("BX-1")).has_value());
    BOOST_TEST(!run(context, tracker->last_report("BX-3")).has_value());
}

BOOST_FIXTURE_TEST_CASE(what_is_off_follows_nothing, delivery_fixture) {
    options.enabled = false;
    start();
    tracker->follow(message("BX-1"));
    settle();
    BOOST_TEST(tracker->open() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
