/// A pooled connection that died loses no request and causes no second send.

#include "fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <mutex>

using namespace otpd;
using namespace otpd::test;

BOOST_FIXTURE_TEST_SUITE(stale_connection, client_fixture)

namespace {

/// Makes `total` sends to different numbers, `parallel` at a time on `threads` threads.
std::map<std::string, int> send_many(client_fixture& f, bridgexapi::client& client,
                                     std::size_t total, std::size_t parallel, std::size_t threads) {
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> running = parallel;
    std::mutex mutex;
    std::map<std::string, int> outcomes;
    auto worker = [&]() -> boost::asio::awaitable<void> {
        for (auto n = next++; n < total; n = next++) {
            auto const outcome = co_await client.send_sms(client_fixture::message(n),
                                                          deadline::in(client_fixture::plenty));
            std::lock_guard const lock(mutex);
            ++outcomes[describe(outcome)];
        }
        if (--running == 0) co_await client.drain(deadline::in(client_fixture::plenty));
    };
    // Boost.Test is not thread-safe, so failures on other threads are counted.
    std::atomic<int> thrown = 0;
    for (std::size_t i = 0; i < parallel; ++i)
        boost::asio::co_spawn(f.context, worker, [&](std::exception_ptr failure) {
            if (failure) ++thrown;
        });
    run_on_threads(f.context, threads);
    BOOST_TEST(thrown == 0);
    return outcomes;
}

/// Reads one request, sends one reply that promises to keep the connection open, and closes it.
boost::asio::awaitable<void> close_silently(scripted_server& server, scripted_connection& peer) {
    auto request = co_await peer.read_request();
    if (request.empty()) co_return;
    server.note(std::move(request));
    auto reply = http_reply(200, client_fixture::accepted_body());
    co_await peer.write(std::move(reply));
}

/// No check before the write can detect this case: the FIN is in flight while the next request is
/// written. The client waits out the probation, however slow the machine is.
void many_sends_to_a_server_that_closes_silently(client_fixture& f, bool tls, std::size_t parallel,
                                                 std::size_t threads) {
    constexpr std::size_t sends = 300;
    std::optional<scripted_server> server;
    if (tls) {
        server.emplace(f.server_identity, close_silently);
    } else {
        server.emplace(close_silently);
    }
    auto options = tls ? f.options(server->port()) : f.plain_options(server->port());
    options.probation = client_fixture::plenty;
    bridgexapi::client client(f.context.get_executor(), options, f.random, f.observer);

    auto outcomes = send_many(f, client, sends, parallel, threads);
    BOOST_TEST(outcomes["accepted"] == static_cast<int>(sends));
    BOOST_TEST(server->notes().size() == sends);
    BOOST_TEST(count_numbers(server->notes()).size() == sends);
}

} // namespace

BOOST_AUTO_TEST_CASE(silent_close_after_each_reply_one_at_a_time) {
    many_sends_to_a_server_that_closes_silently(*this, true, 1, 1);
}

BOOST_AUTO_TEST_CASE(silent_close_after_each_reply_one_at_a_time_on_threads) {
    many_sends_to_a_server_that_closes_silently(*this, true, 1, 3);
}

BOOST_AUTO_TEST_CASE(silent_close_after_each_reply_sixteen_at_a_time) {
    many_sends_to_a_server_that_closes_silently(*this, true, 16, 3);
}

BOOST_AUTO_TEST_CASE(silent_close_after_each_reply_in_clear_text) {
    many_sends_to_a_server_that_closes_silently(*this, false, 16, 3);
}

/// A client that trusts the server from the start hits the race on purpose. A send may then end as
/// unknown, but every report is true: accepted was received once, not_sent never, nothing twice.
BOOST_AUTO_TEST_CASE(whatever_the_race_the_outcome_is_true) {
    constexpr std::size_t sends = 300;
    scripted_server server(server_identity, close_silently);
    auto trusting = options(server.port());
    trusting.probation = std::chrono::milliseconds(0);
    bridgexapi::client client(context.get_executor(), trusting, random, observer);

    auto outcomes = send_many(*this, client, sends, 4, 3);
    auto const received = server.notes();
    auto const numbers = count_numbers(received);
    BOOST_TEST(numbers.size() == received.size(), "some number was received twice");
    auto const settled = static_cast<std::size_t>(outcomes["accepted"]);
    auto const doubtful = static_cast<std::size_t>(outcomes["unknown connection_lost"]);
    BOOST_TEST(settled + doubtful == sends);
    BOOST_TEST(received.size() >= settled);
    BOOST_TEST_MESSAGE(doubtful << " of " << sends << " sends hit the race");
}

namespace {

/// Sends one reply that promises to keep the connection open, reads nothing more, and closes the
/// connection `later`.
scripted_server::script close_later(std::chrono::milliseconds later) {
    return [later](scripted_server& server,
                   scripted_connection& peer) -> boost::asio::awaitable<void> {
        auto request = co_await peer.read_request();
        if (request.empty()) co_return;
        server.note(std::move(request));
        auto reply = http_reply(200, client_fixture::accepted_body());
        co_await peer.write(std::move(reply));
        co_await peer.pause(later);
    };
}

/// Sends until one is lost. Returns how many were not.
int send_until_one_is_lost(client_fixture& f, bridgexapi::client& client) {
    auto const until = deadline::in(hang_limit);
    for (int answered = 0;; ++answered) {
        BOOST_TEST_REQUIRE(!until.expired(), "none was lost");
        auto const outcome = describe(f.send(client, static_cast<std::size_t>(answered)));
        if (outcome == "accepted") continue;
        BOOST_TEST(outcome == "unknown connection_lost");
        return answered;
    }
}

} // namespace

/// The server closes later than the probation, so watching the connection does not help: one send
/// is lost, and the next ones use fresh connections.
BOOST_AUTO_TEST_CASE(an_upstream_that_closes_late_costs_one_send_and_gets_fresh_connections) {
    for (bool const tls : {true, false}) {
        auto const play = close_later(std::chrono::milliseconds(200));
        std::optional<scripted_server> server;
        if (tls) {
            server.emplace(server_identity, play);
        } else {
            server.emplace(play);
        }
        auto learning = tls ? options(server->port()) : plain_options(server->port());
        learning.probation = std::chrono::milliseconds(20);
        learning.fresh_min = plenty;
        bridgexapi::client client(context.get_executor(), learning, random, observer);
        auto const stops_before = observer.stopped_reusing();
        auto const answered = send_until_one_is_lost(*this, client);
        BOOST_TEST(observer.calls().back().reused_connection);
        constexpr std::size_t sends = 600;
        auto outcomes = send_many(*this, client, sends, 16, 3);
        BOOST_TEST(outcomes["accepted"] == static_cast<int>(sends));
        BOOST_TEST(server->notes().size() == sends + static_cast<std::size_t>(answered));
        BOOST_TEST(!observer.calls().back().reused_connection);
        BOOST_TEST(observer.stopped_reusing() == stops_before + 1);
    }
}

/// Also with concurrent sends, only one of them uses the connection on trial. The server closes so
/// late that even a slow client does not see the end of a fresh connection.
BOOST_AUTO_TEST_CASE(a_connection_that_rested_is_tried_with_one_send) {
    scripted_server server(server_identity, close_later(std::chrono::seconds(2)));
    auto learning = options(server.port());
    learning.probation = std::chrono::milliseconds(20);
    learning.fresh_min = plenty;
    bridgexapi::client client(context.get_executor(), learning, random, observer);
    auto outcomes = send_many(*this, client, 300, 16, 3);
    BOOST_TEST(outcomes["unknown connection_lost"] <= 1);
    BOOST_TEST(outcomes["accepted"] + outcomes["unknown connection_lost"] == 300);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_keeps_connections_later_is_found_out) {
    auto const play = [](scripted_server& upstream,
                         scripted_connection& peer) -> boost::asio::awaitable<void> {
        bool const keeps = upstream.notes().size() > 20;
        do {
            auto request = co_await peer.read_request();
            if (request.empty()) co_return;
            upstream.note(std::move(request));
            auto reply = http_reply(200, client_fixture::accepted_body());
            co_await peer.write(std::move(reply));
        } while (keeps);
        co_await peer.pause(std::chrono::milliseconds(200));
    };
    scripted_server server(server_identity, play);
    auto learning = options(server.port());
    learning.probation = std::chrono::milliseconds(20);
    learning.fresh_min = std::chrono::milliseconds(50);
    bridgexapi::client client(context.get_executor(), learning, random, observer);
    auto const until = deadline::in(hang_limit);
    int in_a_row = 0;
    for (std::size_t n = 0; in_a_row < 100 && !until.expired(); ++n) {
        auto const outcome = describe(send(client, n));
        bool const reused = observer.calls().back().reused_connection;
        in_a_row = outcome == "accepted" && reused ? in_a_row + 1 : 0;
    }
    BOOST_TEST(in_a_row == 100);
    drain(client);
}

/// An upstream closes connections after some idle time without announcing it. After the first time,
/// the client closes idle connections earlier.
BOOST_AUTO_TEST_CASE(how_long_an_upstream_keeps_idle_connections_is_learned) {
    std::atomic<bool> closes = false;
    auto const play = [&closes](scripted_server&,
                                scripted_connection& peer) -> boost::asio::awaitable<void> {
        bool last = false;
        while (!last) {
            auto const request = co_await peer.read_request();
            if (request.empty()) co_return;
            last = closes.exchange(false); // before the client can know the reply
            auto reply = http_reply(200, client_fixture::accepted_body());
            co_await peer.write(std::move(reply));
        }
        co_await peer.pause(std::chrono::milliseconds(100));
    };
    scripted_server server(server_identity, play);
    auto learning = options(server.port());
    learning.probation = std::chrono::milliseconds(10);
    learning.idle_timeout = 2 * hang_limit; // not waited for
    bridgexapi::client client(context.get_executor(), learning, random, observer);
    auto const until_all_are_closed = [&] {
        auto const until = deadline::in(hang_limit);
        context.restart();
        while (client.stats().open != 0 && !until.expired())
            context.run_one_for(std::chrono::milliseconds(5));
        BOOST_TEST_REQUIRE(client.stats().open == 0u);
    };
    auto const until = deadline::in(hang_limit);
    do {
        BOOST_TEST(describe(send(client)) == "accepted");
    } while (!observer.calls().back().reused_connection && !until.expired());
    closes = true;
    BOOST_TEST(describe(send(client)) == "accepted");
    until_all_are_closed(); // by the server
    BOOST_TEST(!closes);
    BOOST_TEST(describe(send(client)) == "accepted");
    until_all_are_closed(); // by the client
    drain(client);
}

namespace {

/// How the client may learn that its connection ended.
enum class noticed_by {
    watch,      ///< the context runs meanwhile
    last_check, ///< the context does not run: only the check right before the write is left
};

/// The server ends its first connection after the reply, while the client is idle. The next send
/// must succeed.
void survives(client_fixture& f, bool tls, noticed_by how,
              boost::asio::awaitable<void> (*end)(scripted_connection&)) {
    auto const play = [end](scripted_server& server,
                            scripted_connection& peer) -> boost::asio::awaitable<void> {
        for (;;) {
            auto request = co_await peer.read_request();
            if (request.empty()) co_return;
            server.note(std::move(request));
            auto reply = http_reply(200, client_fixture::accepted_body());
            co_await peer.write(std::move(reply));
            if (peer.index() != 0) continue;
            co_await end(peer);
            server.note("ended");
            co_await peer.hang();
        }
    };
    std::optional<scripted_server> server;
    if (tls) {
        server.emplace(f.server_identity, play);
    } else {
        server.emplace(play);
    }
    auto trusting = tls ? f.options(server->port()) : f.plain_options(server->port());
    trusting.probation = std::chrono::milliseconds(0);
    bridgexapi::client client(f.context.get_executor(), trusting, f.random, f.observer);

    BOOST_TEST(describe(f.send(client, 1)) == "accepted");
    auto const until = deadline::in(hang_limit);
    f.context.restart();
    while (how == noticed_by::watch && client.stats().open != 0 && !until.expired())
        f.context.run_one_for(std::chrono::milliseconds(5));
    while (server->notes().size() < 2 && !until.expired())
        std::this_thread::yield();
    BOOST_TEST(describe(f.send(client, 2)) == "accepted");
    f.drain(client);
    auto const numbers = count_numbers(server->notes());
    BOOST_TEST(numbers.size() == 2u);
    for (auto const& [number, times] : numbers)
        BOOST_TEST(times == 1);
    BOOST_TEST(server->connections() == 2u);
}

boost::asio::awaitable<void> close(scripted_connection& peer) {
    peer.close();
    co_return;
}
boost::asio::awaitable<void> reset(scripted_connection& peer) {
    peer.reset();
    co_return;
}
boost::asio::awaitable<void> half_close(scripted_connection& peer) {
    peer.shut_down_sending();
    return peer.everything_arrived();
}
boost::asio::awaitable<void> close_notify(scripted_connection& peer) {
    peer.send_close_notify();
    return peer.everything_arrived();
}

} // namespace

BOOST_AUTO_TEST_CASE(closed_while_idle) {
    survives(*this, true, noticed_by::watch, close);
    survives(*this, false, noticed_by::watch, close);
}

BOOST_AUTO_TEST_CASE(reset_while_idle) {
    survives(*this, true, noticed_by::watch, reset);
    survives(*this, false, noticed_by::watch, reset);
}

BOOST_AUTO_TEST_CASE(half_closed_while_idle) {
    for (auto const how : {noticed_by::watch, noticed_by::last_check}) {
        survives(*this, true, how, half_close);
        survives(*this, false, how, half_close);
    }
}

/// The event of the end may be handled at any step of a send, even between the pool's hand-out of
/// the connection and its check.
BOOST_AUTO_TEST_CASE(the_end_is_noticed_at_any_step) {
    for (int i = 0; i < 50; ++i)
        survives(*this, false, noticed_by::last_check, half_close);
}

BOOST_AUTO_TEST_CASE(close_notify_while_idle) {
    survives(*this, true, noticed_by::watch, close_notify);
    survives(*this, true, noticed_by::last_check, close_notify);
}

/// One write holds a whole reply and an unexpected second one: the connection is out of step.
BOOST_AUTO_TEST_CASE(bytes_after_a_reply_end_the_connection) {
    auto const reply = http_reply(200, accepted_body());
    for (bool const tls : {true, false}) {
        std::optional<scripted_server> server;
        if (tls) {
            server.emplace(server_identity, answer_with(reply + reply));
        } else {
            server.emplace(answer_with(reply + reply));
        }
        auto trusting = tls ? options(server->port()) : plain_options(server->port());
        trusting.probation = std::chrono::milliseconds(0);
        bridgexapi::client client(context.get_executor(), trusting, random, observer);
        BOOST_TEST(describe(send(client, 1)) == "accepted");
        BOOST_TEST(describe(send(client, 2)) == "accepted");
        drain(client);
        BOOST_TEST(server->connections() == 2u);
        BOOST_TEST(server->notes().size() == 2u);
    }
}

/// A read, unlike a send, is repeated even if it may have arrived.
BOOST_AUTO_TEST_CASE(a_read_on_a_connection_that_is_lost_is_repeated_once) {
    auto const play = [](scripted_server& server,
                         scripted_connection& peer) -> boost::asio::awaitable<void> {
        auto request = co_await peer.read_request();
        server.note(std::move(request));
        auto reply = http_reply(200, R"({"status":"success","balance":1.5,"currency":"EUR"})");
        co_await peer.write(std::move(reply));
        // The second request is read and not answered.
        request = co_await peer.read_request();
        if (!request.empty()) server.note(std::move(request));
    };
    scripted_server server(server_identity, play);
    auto trusting = options(server.port());
    trusting.probation = std::chrono::milliseconds(0);
    bridgexapi::client client(context.get_executor(), trusting, random, observer);
    for (int i = 0; i < 2; ++i) {
        auto const balance = run(context, client.get_balance(deadline::in(plenty)));
        BOOST_TEST_REQUIRE(balance.has_value());
        BOOST_TEST(balance->amount.micros() == 1'500'000);
    }
    drain(client);
    BOOST_TEST(server.connections() == 2u);
    BOOST_TEST(server.notes().size() == 3u);
    BOOST_TEST(observer.calls().back().attempts == 2u);
}

/// A send in the same case ends as unknown, and is sent once.
BOOST_AUTO_TEST_CASE(a_send_on_a_connection_that_is_lost_is_not_repeated) {
    auto const play = [](scripted_server& server,
                         scripted_connection& peer) -> boost::asio::awaitable<void> {
        auto request = co_await peer.read_request();
        server.note(std::move(request));
        auto reply = http_reply(200, client_fixture::accepted_body());
        co_await peer.write(std::move(reply));
        request = co_await peer.read_request();
        if (!request.empty()) server.note(std::move(request));
    };
    scripted_server server(server_identity, play);
    auto trusting = options(server.port());
    trusting.probation = std::chrono::milliseconds(0);
    bridgexapi::client client(context.get_executor(), trusting, random, observer);
    BOOST_TEST(describe(send(client, 1)) == "accepted");
    BOOST_TEST(describe(send(client, 2)) == "unknown connection_lost");
    drain(client);
    BOOST_TEST(server.connections() == 1u);
    BOOST_TEST(server.notes().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
