/// Limits, reuse, cancellation and shutdown of the pool.

#include "fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <optional>

using namespace otpd;
using namespace otpd::test;

BOOST_FIXTURE_TEST_SUITE(pool, client_fixture)

namespace {

/// Sends that are in flight while the test checks something else.
class started_sends {
public:
    started_sends(client_fixture& f, bridgexapi::client& client) : fixture_(f), client_(client) {}

    void start(std::size_t n, deadline until, boost::asio::cancellation_slot slot = {}) {
        auto ended = [this](std::exception_ptr thrown, bridgexapi::send_outcome outcome) {
            // co_spawn itself ends with this exception if it is cancelled before the send has
            // begun.
            ++outcomes_[thrown ? "not begun" : describe(outcome)];
            ++ended_;
        };
        boost::asio::co_spawn(fixture_.context, send(client_, n, until),
                              boost::asio::bind_cancellation_slot(slot, std::move(ended)));
        ++started_;
    }
    /// Runs the context until `condition` holds.
    void run_until(std::function<bool()> const& condition) {
        auto const end = std::chrono::steady_clock::now() + hang_limit;
        fixture_.context.restart();
        while (!condition() && std::chrono::steady_clock::now() < end)
            fixture_.context.run_one_for(std::chrono::milliseconds(5));
        BOOST_TEST_REQUIRE(condition(), "it did not come to that");
    }
    void run_to_the_end() {
        run_until([this] { return ended_ == started_; });
    }
    std::map<std::string, int>& outcomes() { return outcomes_; }
    [[nodiscard]] std::size_t ended() const { return ended_; }

private:
    /// Returns the outcome even if it is cancelled.
    static boost::asio::awaitable<bridgexapi::send_outcome> send(bridgexapi::client& client,
                                                                 std::size_t n, deadline until) {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        co_return co_await client.send_sms(client_fixture::message(n), until);
    }

    client_fixture& fixture_;
    bridgexapi::client& client_;
    std::map<std::string, int> outcomes_;
    std::size_t started_ = 0;
    std::size_t ended_ = 0;
};

} // namespace

/// A pool of 8, an upstream that stalls, 100 sends.
BOOST_AUTO_TEST_CASE(connections_are_bounded) {
    scripted_server server(server_identity, swallow);
    auto bounded = options(server.port());
    bounded.connections_max = 8;
    bounded.queue_timeout = std::chrono::milliseconds(300);
    bridgexapi::client client(context.get_executor(), bounded, random, observer);

    started_sends sends(*this, client);
    auto const until = deadline::in(std::chrono::seconds(3));
    for (std::size_t i = 0; i < 100; ++i)
        sends.start(i, until);
    sends.run_to_the_end();
    BOOST_TEST(sends.outcomes()["unknown timed_out"] == 8);
    BOOST_TEST(sends.outcomes()["not_sent pool_exhausted"] == 92);
    BOOST_TEST(server.connections() == 8u);
    BOOST_TEST(server.notes().size() == 8u);
    drain(client);
}

BOOST_AUTO_TEST_CASE(the_queue_is_bounded) {
    scripted_server server(server_identity, swallow);
    auto bounded = options(server.port());
    bounded.connections_max = 1;
    bounded.queue_max = 3;
    bridgexapi::client client(context.get_executor(), bounded, random, observer);

    started_sends sends(*this, client);
    auto const until = deadline::in(std::chrono::seconds(2));
    for (std::size_t i = 0; i < 10; ++i)
        sends.start(i, until);
    // One send has the connection and three wait, so six are refused immediately.
    sends.run_until([&] { return sends.ended() == 6; });
    BOOST_TEST(sends.outcomes()["not_sent pool_exhausted"] == 6);
    BOOST_TEST(client.stats().waiting == 3u);
    sends.run_to_the_end();
    BOOST_TEST(sends.outcomes()["unknown timed_out"] == 1);
    BOOST_TEST(sends.outcomes()["not_sent timed_out"] == 3);
    drain(client);
}

BOOST_AUTO_TEST_CASE(those_who_wait_are_served_in_order) {
    scripted_server server(server_identity, accept_every_send());
    auto one = options(server.port());
    one.connections_max = 1;
    one.probation = std::chrono::milliseconds(0);
    bridgexapi::client client(context.get_executor(), one, random, observer);
    started_sends sends(*this, client);
    for (std::size_t i = 0; i < 50; ++i)
        sends.start(i, deadline::in(plenty));
    sends.run_to_the_end();
    BOOST_TEST(sends.outcomes()["accepted"] == 50);
    BOOST_TEST(server.connections() == 1u);
    auto const received = server.notes();
    for (std::size_t i = 0; i < received.size(); ++i)
        BOOST_TEST(received[i].find(message(i).to.digits()) != std::string::npos);
    drain(client);
}

/// The origin must first show that it keeps connections open; then one connection carries
/// everything.
BOOST_AUTO_TEST_CASE(a_connection_that_stays_open_is_reused) {
    scripted_server server(server_identity, accept_every_send());
    auto cautious = options(server.port());
    cautious.probation = std::chrono::milliseconds(20);
    bridgexapi::client client(context.get_executor(), cautious, random, observer);
    auto const until = deadline::in(hang_limit);
    do {
        BOOST_TEST(describe(send(client)) == "accepted");
    } while (!observer.calls().back().reused_connection && !until.expired());
    auto const before = server.connections();
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(describe(send(client)) == "accepted");
    BOOST_TEST(server.connections() == before);
    BOOST_TEST(observer.calls().back().reused_connection);
    drain(client);
}

/// More concurrent sends than connections, and no trust yet: they wait for places and are served,
/// instead of failing.
BOOST_AUTO_TEST_CASE(a_burst_at_the_start_is_served) {
    scripted_server server(server_identity, accept_every_send());
    auto few = options(server.port());
    few.connections_max = 4;
    bridgexapi::client client(context.get_executor(), few, random, observer);
    started_sends sends(*this, client);
    for (std::size_t i = 0; i < 100; ++i)
        sends.start(i, deadline::in(plenty));
    std::size_t most = 0;
    sends.run_until([&] {
        most = std::max(most, client.stats().open);
        return sends.ended() == 100;
    });
    BOOST_TEST(sends.outcomes()["accepted"] == 100);
    BOOST_TEST(most == 4u);
    drain(client);
}

BOOST_AUTO_TEST_CASE(connection_close_is_obeyed) {
    auto const reply = http_reply(200, accepted_body(), "Connection: close\r\n");
    scripted_server server(server_identity, answer_with(reply));
    auto trusting = options(server.port());
    trusting.probation = std::chrono::milliseconds(0);
    bridgexapi::client client(context.get_executor(), trusting, random, observer);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(describe(send(client)) == "accepted");
    BOOST_TEST(server.connections() == 3u);
    drain(client);
}

BOOST_AUTO_TEST_CASE(idle_connections_are_closed_by_age) {
    scripted_server server(server_identity, accept_every_send());
    auto brief = options(server.port());
    brief.probation = std::chrono::milliseconds(0);
    brief.idle_timeout = std::chrono::milliseconds(50);
    bridgexapi::client client(context.get_executor(), brief, random, observer);
    BOOST_TEST(describe(send(client)) == "accepted");
    started_sends nothing(*this, client);
    nothing.run_until([&] { return client.stats().open == 0; });
    BOOST_TEST(client.stats().idle == 0u);
    drain(client);
}

BOOST_AUTO_TEST_CASE(connections_have_a_lifetime) {
    scripted_server server(server_identity, accept_every_send());
    auto brief = options(server.port());
    brief.probation = std::chrono::milliseconds(0);
    brief.connection_lifetime = std::chrono::milliseconds(0);
    bridgexapi::client client(context.get_executor(), brief, random, observer);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(describe(send(client)) == "accepted");
    BOOST_TEST(server.connections() == 3u);
    drain(client);
}

/// After a cancellation in the middle, the caller learns what is known, and the connection is not
/// reused.
BOOST_AUTO_TEST_CASE(cancellation_in_the_middle_of_an_exchange) {
    scripted_server server(server_identity, swallow);
    bridgexapi::client client(context.get_executor(), options(server.port()), random, observer);
    started_sends sends(*this, client);
    boost::asio::cancellation_signal signal;
    sends.start(1, deadline::in(plenty), signal.slot());
    sends.run_until([&] { return !server.notes().empty(); });
    signal.emit(boost::asio::cancellation_type::terminal);
    sends.run_to_the_end();
    BOOST_TEST(sends.outcomes()["unknown timed_out"] == 1);
    sends.run_until([&] { return client.stats().open == 0; });
    drain(client);
    BOOST_TEST(server.notes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(cancellation_in_the_queue) {
    scripted_server server(server_identity, swallow);
    auto one = options(server.port());
    one.connections_max = 1;
    bridgexapi::client client(context.get_executor(), one, random, observer);
    started_sends sends(*this, client);
    sends.start(1, deadline::in(std::chrono::seconds(2)));
    sends.run_until([&] { return !server.notes().empty(); });
    boost::asio::cancellation_signal signal;
    sends.start(2, deadline::in(plenty), signal.slot());
    sends.run_until([&] { return client.stats().waiting == 1; });
    signal.emit(boost::asio::cancellation_type::terminal);
    sends.run_to_the_end();
    BOOST_TEST(sends.outcomes()["not_sent timed_out"] == 1);
    BOOST_TEST(client.stats().waiting == 0u);
    drain(client);
    BOOST_TEST(server.notes().size() == 1u);
}

/// Cancels at every moment of a send, from before its first step on: each run is cancelled one step
/// later.
BOOST_AUTO_TEST_CASE(cancellation_at_every_step) {
    scripted_server server(server_identity, accept_every_send());
    bridgexapi::client client(context.get_executor(), options(server.port()), random, observer);
    started_sends sends(*this, client);
    std::map<std::string, int>& outcomes = sends.outcomes();
    std::size_t n = 0;
    for (std::size_t steps = 0; outcomes["accepted"] == 0; ++steps) {
        boost::asio::cancellation_signal signal;
        sends.start(n++, deadline::in(plenty), signal.slot());
        context.restart();
        for (std::size_t i = 0; i < steps && sends.ended() < n; ++i)
            context.run_one_for(std::chrono::seconds(1));
        signal.emit(boost::asio::cancellation_type::terminal);
        sends.run_to_the_end();
    }
    auto const received = count_numbers(server.notes());
    for (auto const& [number, times] : received)
        BOOST_TEST(times == 1);
    auto const certain = outcomes["not_sent timed_out"] + outcomes["not begun"];
    auto const doubtful = outcomes["unknown timed_out"];
    BOOST_TEST(certain + doubtful + outcomes["accepted"] == static_cast<int>(n));
    BOOST_TEST(outcomes["not begun"] <= 1);
    // The server can only have received sends that were not reported as not_sent.
    BOOST_TEST(received.size() <= static_cast<std::size_t>(doubtful + outcomes["accepted"]));
    drain(client);
}

/// A process that does not drain destroys the client and then the context while sends are in
/// flight. Their frames die last and must not touch destroyed objects (AddressSanitizer checks
/// this).
BOOST_AUTO_TEST_CASE(the_context_may_die_with_sends_under_way) {
    scripted_server server(server_identity, swallow);
    auto few = options(server.port());
    few.connections_max = 2;
    auto own = std::make_unique<boost::asio::io_context>();
    auto client = std::make_unique<bridgexapi::client>(own->get_executor(), few, random, observer);
    for (std::size_t i = 0; i < 4; ++i)
        boost::asio::co_spawn(*own, client->send_sms(message(i), deadline::in(plenty)),
                              [](std::exception_ptr, bridgexapi::send_outcome const&) {
                                  BOOST_TEST(false, "nothing ended");
                              });
    auto const until = deadline::in(hang_limit);
    while (server.notes().size() < 2 && !until.expired())
        own->run_one_for(std::chrono::milliseconds(5));
    client.reset();
    own.reset();
}

BOOST_AUTO_TEST_CASE(drain_lets_what_is_under_way_finish) {
    std::atomic<bool> go = false;
    auto const when_told = [&](scripted_server& upstream,
                               scripted_connection& peer) -> boost::asio::awaitable<void> {
        auto request = co_await peer.read_request();
        upstream.note(std::move(request));
        while (!go)
            co_await peer.pause(std::chrono::milliseconds(1));
        auto reply = http_reply(200, client_fixture::accepted_body());
        co_await peer.write(std::move(reply));
        co_await peer.hang();
    };
    scripted_server server(server_identity, when_told);
    auto one = options(server.port());
    one.connections_max = 1;
    bridgexapi::client client(context.get_executor(), one, random, observer);
    started_sends sends(*this, client);
    sends.start(1, deadline::in(plenty));
    sends.run_until([&] { return !server.notes().empty(); });
    sends.start(2, deadline::in(plenty));
    sends.run_until([&] { return client.stats().waiting == 1; });

    std::optional<bool> complete;
    boost::asio::co_spawn(context, client.drain(deadline::in(plenty)),
                          [&](std::exception_ptr, bool all) { complete = all; });
    // Waiting and new sends are refused immediately; a send with a connection finishes.
    sends.run_until([&] { return sends.outcomes()["not_sent shutting_down"] == 1; });
    sends.start(3, deadline::in(plenty));
    sends.run_until([&] { return sends.outcomes()["not_sent shutting_down"] == 2; });
    BOOST_TEST(!complete.has_value());
    go = true;
    sends.run_to_the_end();
    BOOST_TEST(sends.outcomes()["accepted"] == 1);
    sends.run_until([&] { return complete.has_value(); });
    BOOST_TEST(*complete);
    BOOST_TEST(server.notes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(drain_cuts_off_what_is_left_at_its_deadline) {
    scripted_server server(server_identity, swallow);
    bridgexapi::client client(context.get_executor(), options(server.port()), random, observer);
    started_sends sends(*this, client);
    sends.start(1, deadline::in(plenty));
    sends.run_until([&] { return !server.notes().empty(); });
    BOOST_TEST(!run(context, client.drain(deadline::in(std::chrono::milliseconds(10)))));
    sends.run_to_the_end();
    BOOST_TEST(sends.outcomes().begin()->first.starts_with("unknown "));
}

BOOST_AUTO_TEST_SUITE_END()
