#include "coroutines.hpp"
#include "fake_gateway.hpp"
#include "otpd/bridgexapi/read_bulkhead.hpp"
#include "otpd/bridgexapi/route_gates.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <list>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace otpd;
using namespace otpd::bridgexapi;
using namespace std::chrono_literals;

namespace {

sms message_for(int route_id) {
    return {route_id, "BRIDGEXAPI", phone_number::parse("31651860670").value(),
            secret_string("Your verification code is 123456.")};
}

std::string text_of(accepted const&) {
    return "accepted";
}
std::string text_of(rejected const& no) {
    return "rejected " + std::string(to_string(no.why));
}
std::string text_of(not_sent const& never) {
    std::string const why = "not_sent " + std::string(to_string(never.why));
    bool const says_when = never.retry_after && *never.retry_after >= 1s;
    return says_when ? why : why + " without a retry_after";
}
std::string text_of(unknown const& perhaps) {
    return "unknown " + std::string(to_string(perhaps.why));
}

/// Holds each send until the test releases it.
class holding_gateway final : public test::unread_gateway {
public:
    std::function<send_outcome(sms const&)> answer = [](sms const&) {
        return send_outcome(test::fake_gateway::default_receipt());
    };
    int free_route = 0; ///< whose sends are not held

    asio::awaitable<send_outcome> send_sms(sms message, deadline) override {
        auto const executor = co_await asio::this_coro::executor;
        if (message.route_id != free_route) {
            asio::steady_timer kept(executor, asio::steady_timer::time_point::max());
            held_.push_back(&kept);
            co_await kept.async_wait(asio::as_tuple(asio::deferred));
            held_.remove(&kept);
        }
        auto const cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none)
            co_return unknown{reason::connection_lost};
        co_return answer(message);
    }
    /// Releases the oldest send.
    void let_go() { held_.front()->cancel(); }
    [[nodiscard]] std::size_t held() const { return held_.size(); }

private:
    std::list<asio::steady_timer*> held_;
};

class remembering_observer final : public route_gate_observer {
public:
    void opened(int route_id, reason why, std::chrono::milliseconds) override {
        waiters += "opened " + std::to_string(route_id) + " " + std::string(to_string(why)) + "\n";
    }
    void closed(int route_id) override { waiters += "closed " + std::to_string(route_id) + "\n"; }
    std::string waiters;
};

/// A single thread, which runs only when a test lets it.
struct gates_fixture {
    explicit gates_fixture(route_gate_options options = small()) : options_(options) {}

    /// Two concurrent sends, three waiting ones.
    static route_gate_options small() {
        route_gate_options options;
        options.concurrency_min = 1;
        options.concurrency_initial = 2;
        options.concurrency_max = 2;
        options.queue_max = 3;
        options.circuit.failures_to_open = 2;
        options.circuit.open_min = options.circuit.open_max = 1h;
        options.circuit.open_longest = 10h;
        return options;
    }

    struct call {
        std::string result = "under way";
        asio::cancellation_signal cancel;
    };
    call& send(int route_id, deadline until = deadline::in(test::hang_limit)) {
        auto& made = calls_.emplace_back();
        auto ended = [&made](std::exception_ptr thrown, send_outcome outcome) {
            made.result = thrown
                              ? "thrown"
                              : std::visit([](auto const& one) { return text_of(one); }, outcome);
        };
        asio::co_spawn(context, send_by(gates, route_id, until),
                       asio::bind_cancellation_slot(made.cancel.slot(), ended));
        settle();
        return made;
    }
    /// Runs until everything waits for the test.
    void settle() {
        context.restart();
        context.poll();
    }
    void let_go() {
        upstream.let_go();
        settle();
    }
    void let_all_go() {
        while (upstream.held() > 0)
            let_go();
    }
    [[nodiscard]] route_gate_stats stats_of(int route_id) const {
        return gates.stats()[static_cast<std::size_t>(route_id)];
    }

    static asio::awaitable<send_outcome> send_by(route_gates& gates, int route_id, deadline until) {
        // A caller that may be cancelled, but wants the outcome.
        co_await asio::this_coro::throw_if_cancelled(false);
        auto message = message_for(route_id);
        co_return co_await gates.send_sms(std::move(message), until);
    }

    asio::io_context context;
    holding_gateway upstream;
    remembering_observer observer;

private:
    route_gate_options options_;
    system_clock clock_;
    openssl_random random_;
    std::deque<call> calls_;

public:
    route_gates gates{context.get_executor(), upstream, options_, clock_, random_, observer};
};

} // namespace

BOOST_AUTO_TEST_SUITE(route_gates_suite)

// --- places and queue ---------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_over_the_limit_waits_and_goes_in_the_order_it_came) {
    gates_fixture fixture;
    auto const& first = fixture.send(3);
    auto const& second = fixture.send(3);
    auto const& third = fixture.send(3);
    auto const& fourth = fixture.send(3);
    BOOST_TEST(fixture.upstream.held() == 2u);
    BOOST_TEST(fixture.stats_of(3).running == 2u);
    BOOST_TEST(fixture.stats_of(3).waiting == 2u);
    fixture.let_go();
    BOOST_TEST(first.result == "accepted");
    BOOST_TEST(fixture.upstream.held() == 2u);
    fixture.let_go();
    fixture.let_go();
    BOOST_TEST(second.result == "accepted");
    BOOST_TEST(third.result == "accepted");
    BOOST_TEST(fourth.result == "under way");
    fixture.let_all_go();
    BOOST_TEST(fourth.result == "accepted");
    BOOST_TEST(fixture.stats_of(3).running == 0u);
    BOOST_TEST(fixture.stats_of(3).waiting == 0u);
}

BOOST_AUTO_TEST_CASE(when_the_queue_is_full_a_send_is_refused_at_once) {
    gates_fixture fixture;
    for (int i = 0; i < 5; ++i)
        fixture.send(3);
    auto const& one_more = fixture.send(3);
    BOOST_TEST(one_more.result == "not_sent pool_exhausted");
    BOOST_TEST(fixture.stats_of(3).waiting == 3u);
    fixture.let_all_go();
}

BOOST_AUTO_TEST_CASE(who_waits_past_its_deadline_is_refused_and_leaves_the_queue) {
    gates_fixture fixture;
    fixture.send(3);
    fixture.send(3);
    auto const& late = fixture.send(3, deadline::in(20ms));
    auto const end = std::chrono::steady_clock::now() + test::hang_limit;
    while (late.result == "under way" && std::chrono::steady_clock::now() < end) {
        fixture.context.restart();
        fixture.context.run_one_for(100ms);
    }
    BOOST_TEST(late.result == "not_sent pool_exhausted");
    BOOST_TEST(fixture.stats_of(3).waiting == 0u);
    BOOST_TEST(fixture.upstream.held() == 2u);
    fixture.let_all_go();
}

BOOST_AUTO_TEST_CASE(a_cancelled_waiter_gives_way_to_the_next) {
    gates_fixture fixture;
    fixture.send(3);
    fixture.send(3);
    auto& cancelled = fixture.send(3);
    auto const& next = fixture.send(3);
    cancelled.cancel.emit(asio::cancellation_type::terminal);
    fixture.settle();
    BOOST_TEST(cancelled.result == "not_sent pool_exhausted");
    BOOST_TEST(fixture.stats_of(3).waiting == 1u);
    fixture.let_go();
    BOOST_TEST(fixture.stats_of(3).waiting == 0u);
    fixture.let_all_go();
    BOOST_TEST(next.result == "accepted");
    BOOST_TEST(fixture.stats_of(3).running == 0u);
}

BOOST_AUTO_TEST_CASE(a_send_cancelled_on_its_way_gives_its_place_back) {
    gates_fixture fixture;
    auto& cancelled = fixture.send(3);
    cancelled.cancel.emit(asio::cancellation_type::terminal);
    fixture.settle();
    BOOST_TEST(cancelled.result == "unknown connection_lost");
    BOOST_TEST(fixture.stats_of(3).running == 0u);
}

BOOST_AUTO_TEST_CASE(an_exception_passes_on_and_gives_the_place_back) {
    gates_fixture fixture;
    fixture.upstream.answer = [](sms const&) -> send_outcome { throw std::runtime_error("a bug"); };
    for (int i = 0; i < 3; ++i) {
        auto const& thrower = fixture.send(3);
        fixture.let_go();
        BOOST_TEST(thrower.result == "thrown");
        BOOST_TEST(fixture.stats_of(3).running == 0u);
    }
    BOOST_TEST(!fixture.stats_of(3).open);
}

BOOST_AUTO_TEST_CASE(one_route_that_hangs_does_not_keep_another_from_sending) {
    gates_fixture fixture;
    fixture.upstream.free_route = 2;
    for (int i = 0; i < 6; ++i)
        fixture.send(8);
    for (int i = 0; i < 6; ++i)
        BOOST_TEST(fixture.send(2).result == "accepted");
    BOOST_TEST(fixture.stats_of(8).running == 2u);
    fixture.let_all_go();
}

BOOST_AUTO_TEST_CASE(unknown_routes_share_one_gate) {
    gates_fixture fixture;
    fixture.send(9);
    fixture.send(-1);
    fixture.send(12345);
    BOOST_TEST(fixture.stats_of(0).running == 2u);
    BOOST_TEST(fixture.stats_of(0).waiting == 1u);
    fixture.let_all_go();
}

BOOST_AUTO_TEST_CASE(the_limit_holds_under_parallel_sends_on_several_threads) {
    struct counting_gateway final : test::unread_gateway {
        asio::awaitable<send_outcome> send_sms(sms, deadline) override {
            auto const now = ++running;
            for (auto seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
            }
            for (int i = 0; i < 3; ++i)
                co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            --running;
            ++sent;
            co_return send_outcome(test::fake_gateway::default_receipt());
        }
        std::atomic<int> running{0}, most{0}, sent{0};
    };
    asio::io_context context;
    counting_gateway upstream;
    remembering_observer observer;
    system_clock clock;
    openssl_random random;
    route_gate_options options;
    options.concurrency_initial = options.concurrency_min = options.concurrency_max = 4;
    route_gates gates(context.get_executor(), upstream, options, clock, random, observer);
    auto const send_some = [](route_gates& by, int route_id) -> asio::awaitable<void> {
        for (int i = 0; i < 20; ++i) {
            auto message = message_for(route_id);
            co_await by.send_sms(std::move(message), deadline::in(test::hang_limit));
        }
    };
    std::atomic<int> failed = 0;
    for (int i = 0; i < 64; ++i)
        asio::co_spawn(asio::make_strand(context), send_some(gates, 3),
                       [&](std::exception_ptr thrown) { failed += thrown ? 1 : 0; });
    test::run_on_threads(context, 4);
    BOOST_TEST(failed == 0);
    BOOST_TEST(upstream.sent == 64 * 20);
    BOOST_TEST(upstream.most <= 4);
    BOOST_TEST(gates.stats()[3].running == 0u);
    BOOST_TEST(gates.stats()[3].waiting == 0u);
}

// --- breaker ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_opening_breaker_refuses_the_queue_and_what_comes_after_it) {
    gates_fixture fixture;
    fixture.upstream.answer = [](sms const&) { return send_outcome(unknown{reason::timed_out}); };
    for (int i = 0; i < 2; ++i)
        fixture.send(3);
    auto const& waiting = fixture.send(3);
    auto const& also_waiting = fixture.send(3);
    // A failure halves the limit to one, which leaves no place for waiting sends.
    fixture.let_go();
    BOOST_TEST(waiting.result == "under way");
    fixture.let_go();
    BOOST_TEST(waiting.result == "not_sent circuit_open");
    BOOST_TEST(also_waiting.result == "not_sent circuit_open");
    BOOST_TEST(fixture.send(3).result == "not_sent circuit_open");
    BOOST_TEST(fixture.observer.waiters == "opened 3 timed_out\n");
    BOOST_TEST(fixture.stats_of(3).open);
    BOOST_TEST(fixture.stats_of(3).refusing);
    BOOST_TEST(!fixture.stats_of(2).refusing);
}

BOOST_AUTO_TEST_CASE(a_breaker_whose_time_is_over_refuses_only_while_a_probe_is_out) {
    auto options = gates_fixture::small();
    options.circuit.open_min = options.circuit.open_max = 0ms;
    gates_fixture fixture(options);
    fixture.upstream.answer = [](sms const&) {
        return send_outcome(rejected{reason::vendor_failed});
    };
    for (int i = 0; i < 2; ++i) {
        fixture.send(3);
        fixture.let_go();
    }
    BOOST_TEST(fixture.stats_of(3).open);
    BOOST_TEST(!fixture.stats_of(3).refusing);
    fixture.upstream.answer = [](sms const&) {
        return send_outcome(test::fake_gateway::default_receipt());
    };
    auto const& probe = fixture.send(3);
    BOOST_TEST(fixture.stats_of(3).refusing);
    BOOST_TEST(fixture.send(3).result == "not_sent circuit_open");
    fixture.let_go();
    BOOST_TEST(probe.result == "accepted");
    BOOST_TEST(fixture.stats_of(3).open);
    fixture.send(3);
    fixture.let_go();
    BOOST_TEST(!fixture.stats_of(3).open);
    BOOST_TEST(fixture.observer.waiters == "opened 3 vendor_failed\nclosed 3\n");
}

BOOST_AUTO_TEST_CASE(reads_pass_whatever_the_gates_do) {
    gates_fixture fixture;
    for (int i = 0; i < 6; ++i)
        fixture.send(3);
    read_bulkhead bulkhead(fixture.context.get_executor(), fixture.upstream, {});
    auto const answered =
        test::run(fixture.context, bulkhead.get_pricing(3, deadline::in(test::hang_limit)));
    BOOST_TEST((answered.error().why == reason::not_found));
    fixture.let_all_go();
}

BOOST_AUTO_TEST_SUITE_END()
