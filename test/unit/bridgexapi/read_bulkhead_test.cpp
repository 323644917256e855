#include "coroutines.hpp"
#include "otpd/bridgexapi/read_bulkhead.hpp"
#include "unread_gateway.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <list>
#include <string>
#include <type_traits>

namespace asio = boost::asio;
using namespace otpd;
using namespace otpd::bridgexapi;
using namespace std::chrono_literals;

namespace {

/// Holds each request until the test releases it.
class holding_gateway final : public test::unread_gateway {
public:
    asio::awaitable<send_outcome> send_sms(sms, deadline) override { co_return accepted{}; }
    reply<balance> get_balance(deadline) override {
        co_await keep();
        balance one;
        one.amount = money::from_micros(asked);
        co_return one;
    }
    reply<delivery_report> get_delivery(std::string id, deadline) override {
        co_await keep();
        delivery_report one;
        one.bx_message_id = std::move(id);
        co_return one;
    }
    /// Releases the oldest request.
    void let_go() { held_.front()->cancel(); }
    [[nodiscard]] std::size_t held() const { return held_.size(); }
    int asked = 0;

private:
    asio::awaitable<void> keep() {
        ++asked;
        auto const executor = co_await asio::this_coro::executor;
        asio::steady_timer kept(executor, asio::steady_timer::time_point::max());
        held_.push_back(&kept);
        co_await kept.async_wait(asio::as_tuple(asio::deferred));
        held_.remove(&kept);
    }
    std::list<asio::steady_timer*> held_;
};

/// A single thread, which runs only when a test lets it.
struct bulkhead_fixture {
    /// Two concurrent requests, three waiting ones.
    static read_bulkhead_options small() {
        read_bulkhead_options options;
        options.concurrency_max = 2;
        options.queue_max = 3;
        options.wait_max = test::hang_limit;
        options.timeout = test::hang_limit;
        return options;
    }
    explicit bulkhead_fixture(read_bulkhead_options options = small())
        : bulkhead(context.get_executor(), upstream, options) {}

    template <class T>
    std::string& spawn(asio::awaitable<answer<T>> question) {
        auto& made = results_.emplace_back("under way");
        asio::co_spawn(context, std::move(question),
                       [&made](std::exception_ptr thrown, answer<T> const& found) {
                           made = "answered";
                           if (!found) made = to_string(found.error().why);
                           if (thrown) made = "thrown";
                       });
        settle();
        return made;
    }
    std::string& ask_for(std::string id) {
        return spawn(bulkhead.get_delivery(std::move(id), deadline::in(test::hang_limit)));
    }
    void settle() {
        context.restart();
        context.poll();
    }
    void let_all_go() {
        while (upstream.held() > 0) {
            upstream.let_go();
            settle();
        }
    }

    asio::io_context context;
    holding_gateway upstream;
    read_bulkhead bulkhead;

private:
    std::deque<std::string> results_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(read_bulkhead_suite)

BOOST_AUTO_TEST_CASE(questions_over_the_share_wait_in_a_queue_that_ends) {
    bulkhead_fixture fixture;
    std::deque<std::string*> all;
    for (int i = 0; i < 6; ++i)
        all.push_back(&fixture.ask_for("BX-" + std::to_string(i)));
    BOOST_TEST(fixture.upstream.held() == 2u);
    BOOST_TEST(*all[4] == "under way");
    BOOST_TEST(*all[5] == "pool_exhausted");
    fixture.let_all_go();
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(*all[static_cast<std::size_t>(i)] == "answered");
    BOOST_TEST(fixture.upstream.asked == 5);
    // The places are free again.
    fixture.ask_for("BX-6");
    fixture.ask_for("BX-7");
    BOOST_TEST(fixture.upstream.held() == 2u);
    fixture.let_all_go();
}

BOOST_AUTO_TEST_CASE(equal_questions_are_asked_once) {
    bulkhead_fixture fixture;
    std::deque<std::string*> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(&fixture.spawn(fixture.bulkhead.get_balance(deadline::in(test::hang_limit))));
    BOOST_TEST(fixture.upstream.asked == 1);
    fixture.let_all_go();
    for (auto const* entry : all)
        BOOST_TEST(*entry == "answered");
}

BOOST_AUTO_TEST_CASE(no_send_can_come_to_wait_behind_questions) {
    BOOST_TEST((!std::is_base_of_v<sms_sender, read_bulkhead>));
}

BOOST_AUTO_TEST_CASE(who_waits_too_long_for_a_place_is_refused_and_leaves_the_queue) {
    auto options = bulkhead_fixture::small();
    options.wait_max = 1ms;
    bulkhead_fixture fixture(options);
    fixture.ask_for("BX-0");
    fixture.ask_for("BX-1");
    auto const& late = fixture.ask_for("BX-2");
    auto const end = std::chrono::steady_clock::now() + test::hang_limit;
    while (late == "under way" && std::chrono::steady_clock::now() < end) {
        fixture.context.restart();
        fixture.context.run_one_for(100ms);
    }
    BOOST_TEST(late == "pool_exhausted");
    fixture.let_all_go();
    BOOST_TEST(fixture.upstream.asked == 2);
}

BOOST_AUTO_TEST_SUITE_END()
