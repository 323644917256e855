// The shell around the poller: its timer, calls, events and end.

#include "coroutines.hpp"
#include "delivery_fixture.hpp"
#include "eventually.hpp"
#include "unimplemented_store.hpp"
#include "unread_gateway.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace otpd::test {

namespace {

using namespace std::chrono_literals;

/// Lists one page of the upstream's messages.
class listing_gateway final : public unread_gateway {
public:
    explicit listing_gateway(listing_upstream& of) : of_(of) {}

    bool hangs = false;
    int throws = 0; ///< so many requests
    boost::asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms, deadline) override {
        co_return bridgexapi::rejected{bridgexapi::reason::invalid_request};
    }
    reply<bridgexapi::delivery_page> list_deliveries(bridgexapi::delivery_query query,
                                                     deadline until) override {
        otp::delivery_question asked;
        asked.query = query;
        auto answer = of_.answer(asked);
        if (throws-- > 0) throw std::runtime_error("no such luck");
        if (hangs) {
            boost::asio::steady_timer never(co_await boost::asio::this_coro::executor, until.at());
            co_await never.async_wait(boost::asio::use_awaitable);
        }
        co_return answer;
    }
    reply<bridgexapi::delivery_report> get_delivery(std::string id, deadline) override {
        otp::delivery_question asked;
        asked.purpose = otp::delivery_question::about::message;
        asked.name = id;
        auto answer = of_.answer(asked);
        if (!answer) co_return answer.error();
        co_return answer->reports.front();
    }
    reply<bridgexapi::delivery_page> list_order_deliveries(std::string order, std::int64_t limit,
                                                           std::int64_t skip, deadline) override {
        otp::delivery_question asked;
        asked.purpose = otp::delivery_question::about::order;
        asked.name = order;
        asked.query.limit = limit;
        asked.query.skip = skip;
        co_return of_.answer(asked);
    }

private:
    listing_upstream& of_;
};

/// Supports updates only, and delays each.
class update_store final : public unimplemented_store {
public:
    explicit update_store(told_store& of) : of_(of) {}

    int throws = 0; ///< so many updates
    std::size_t under_way = 0;
    std::size_t under_way_most = 0;
    std::chrono::milliseconds pause{0};

    reply<otpd::store::update_outcome> update(otpd::store::delivery_update request) override {
        of_.updates.push_back(std::move(request));
        under_way_most = std::max(under_way_most, ++under_way);
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, pause);
        co_await timer.async_wait(boost::asio::use_awaitable);
        --under_way;
        if (throws-- > 0) throw std::runtime_error("no such luck");
        co_return of_.on_update();
    }

private:
    told_store& of_;
};

struct tracker_fixture : delivery_fixture {
    ~tracker_fixture() {
        if (tracker == nullptr) return;
        tracker->stop();
        tracker.reset();
        run_on_threads(context, 1); // no work is left
    }
    void start() {
        otp::delivery_tracker::dependencies const deps{updates, gateway, clock, random, reports};
        tracker = std::make_unique<otp::delivery_tracker>(context.get_executor(), options, deps);
        tracker->start();
    }
    template <class Condition>
    void run_until(Condition met) {
        auto const end = std::chrono::steady_clock::now() + hang_limit;
        context.restart();
        while (!met() && std::chrono::steady_clock::now() < end) {
            context.run_one_for(1ms);
            clock.advance(10ms);
        }
        BOOST_REQUIRE(met());
    }

    boost::asio::io_context context;
    listing_gateway gateway{upstream};
    update_store updates{store};
    std::unique_ptr<otp::delivery_tracker> tracker;
};

} // namespace

BOOST_AUTO_TEST_SUITE(delivery_trackers)

BOOST_FIXTURE_TEST_CASE(what_cannot_be_followed_here_is_not_taken_over, tracker_fixture) {
    options.open_max = 1;
    start();
    BOOST_TEST(tracker->take_over(message("BX-1")));
    BOOST_TEST(!tracker->take_over(message("BX-2")));
    tracker->stop();
    options.enabled = false;
    start();
    BOOST_TEST(!tracker->take_over(message("BX-1")));
}

// Only then does a missing report say something of a message.
BOOST_FIXTURE_TEST_CASE(reports_are_heard_while_the_upstream_answers_and_there_is_room,
                        tracker_fixture) {
    options.open_max = 2;
    start();
    BOOST_TEST(!tracker->hears_reports()); // nothing was asked yet
    add_report("BX-1", "SENT");
    tracker->follow(message("BX-1"));
    run_until([&] { return tracker->hears_reports(); });
    upstream.fails = bridgexapi::reason::timed_out;
    run_until([&] { return !tracker->hears_reports(); });
    upstream.fails.reset();
    run_until([&] { return tracker->hears_reports(); });
    tracker->follow(message("BX-2"));
    BOOST_TEST(!tracker->hears_reports()); // the next one would not be followed
}

BOOST_FIXTURE_TEST_CASE(unknown_outcomes_leave_room_for_other_messages, tracker_fixture) {
    options.open_max = 10;
    start();
    for (int n = 0; n < 20; ++n) {
        tracker->follow(lost_message());
        run_until([&] { return tracker->open() == 1; });
    }
    BOOST_TEST(metrics.scrape().find("otpd_messages_not_followed_total 19") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(each_kind_of_question_is_asked_and_its_answer_stored_and_published,
                        tracker_fixture) {
    start();
    for (auto const* id : {"BX-1", "BX-2", "BX-3"}) {
        add_report(id, "DELIVERED");
        if (id != std::string("BX-1")) upstream.hidden.push_back(id);
    }
    tracker->follow(message("BX-1"));
    tracker->follow(message("BX-2"));
    auto without_id = message("");
    without_id.event.order_id = "order of BX-3";
    tracker->follow(without_id);
    run_until([&] { return tracker->open() == 0; });
    BOOST_TEST(event(otp::event_type::delivered) == 3U);
    BOOST_TEST(store.updates.size() == 3U);
    BOOST_TEST(upstream.asked_ids == std::vector<std::string>{"BX-2"},
               boost::test_tools::per_element());
    BOOST_TEST(upstream.asked_orders.size() == 1U);
    BOOST_TEST((run(context, tracker->last_report("BX-1")).value().state ==
                otpd::store::delivery::delivered));
}

BOOST_FIXTURE_TEST_CASE(many_updates_are_under_way_at_a_time_but_no_more_than_32, tracker_fixture) {
    updates.pause = 1ms;
    start();
    for (int i = 0; i < 100; ++i) {
        auto const id = "BX-" + std::to_string(i);
        add_report(id, "DELIVERED");
        tracker->follow(message(id));
    }
    run_until([&] { return tracker->open() == 0; });
    BOOST_TEST(updates.under_way_most == 32U);
}

BOOST_FIXTURE_TEST_CASE(no_more_messages_are_followed_than_allowed_until_others_ended,
                        tracker_fixture) {
    options.open_max = 2;
    start();
    for (auto const* id : {"BX-1", "BX-2", "BX-3"})
        tracker->follow(message(id));
    BOOST_TEST(tracker->open() == 2U);
    BOOST_TEST(metrics.scrape().find("not_followed") != std::string::npos);
    add_report("BX-1", "DELIVERED");
    run_until([&] { return tracker->open() == 1; });
    tracker->follow(message("BX-4"));
    BOOST_TEST(tracker->open() == 2U);
}

BOOST_FIXTURE_TEST_CASE(stopping_ends_a_question_that_nobody_answers, tracker_fixture) {
    gateway.hangs = true;
    options.timeout = 1h;
    start();
    tracker->follow(message("BX-1"));
    run_until([&] { return upstream.queries.size() == 1; });
    tracker->stop();
    run_on_threads(context, 1);
    tracker->follow(message("BX-2"));
    BOOST_TEST(upstream.queries.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_update_in_progress_is_finished_when_it_stops, tracker_fixture) {
    updates.pause = 5ms;
    start();
    add_report("BX-1", "DELIVERED");
    tracker->follow(message("BX-1"));
    run_until([&] { return updates.under_way == 1; });
    tracker->stop();
    run_on_threads(context, 1);
    BOOST_TEST(updates.under_way == 0U);
    BOOST_TEST(event(otp::event_type::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_question_that_throws_ends_neither_the_tracker_nor_the_message,
                        tracker_fixture) {
    gateway.throws = 2;
    updates.throws = 2;
    start();
    add_report("BX-1", "DELIVERED");
    tracker->follow(message("BX-1"));
    run_until([&] { return tracker->open() == 0; });
    BOOST_TEST(upstream.queries.size() == 5U);
    BOOST_TEST(store.updates.size() == 3U);
    BOOST_TEST(event(otp::event_type::delivered) == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_is_off_follows_nothing, tracker_fixture) {
    options.enabled = false;
    start();
    tracker->follow(message("BX-1"));
    context.poll();
    BOOST_TEST(tracker->open() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
