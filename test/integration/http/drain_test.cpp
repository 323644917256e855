#include "http_fixture.hpp"

namespace otpd::test {

namespace {

using std::chrono::milliseconds;
constexpr std::chrono::seconds ample{60};

} // namespace

BOOST_AUTO_TEST_SUITE(http_drain)

BOOST_FIXTURE_TEST_CASE(a_quiet_server_drains_at_once, http_fixture) {
    BOOST_TEST(drain(ample).get());
    BOOST_CHECK_THROW(connect(), std::runtime_error);
}

BOOST_FIXTURE_TEST_CASE(idle_connections_are_closed_and_busy_ones_finish, http_fixture) {
    auto fresh = connect();
    auto idle = connect();
    idle.send(get_hello);
    BOOST_TEST(idle.read_reply().value().status == 200u);
    auto busy = connect();
    busy.send(get_wait);
    eventually([&] { return waiting == 1 && seen.opened == 3; });

    auto drained = drain(ample);
    BOOST_TEST(fresh.at_end());
    BOOST_TEST(idle.at_end());
    BOOST_TEST(!idle.was_reset());
    release = true;
    auto const reply = busy.read_reply().value();
    BOOST_TEST(reply.status == 200u);
    BOOST_TEST(reply.field("Connection") == "close");
    BOOST_TEST(busy.at_end());
    BOOST_TEST(drained.get());
}

// A proxy that has not noticed the drain may have a request in flight.
BOOST_AUTO_TEST_CASE(a_request_on_an_idle_connection_is_answered_with_close) {
    auto options = patient_options();
    options.drain_quiet = ample;
    http_fixture server(options);
    auto fresh = server.connect();
    auto kept = server.connect();
    kept.send(get_hello);
    BOOST_TEST(kept.read_reply().value().status == 200u);
    eventually([&] { return server.seen.opened == 2; });
    auto drained = server.drain(ample);
    eventually([&] { // the drain has begun
        try {
            static_cast<void>(server.connect());
            return false;
        } catch (std::runtime_error const&) {
            return true;
        }
    });
    for (auto* c : {&fresh, &kept}) {
        c->send(get_hello);
        auto const reply = c->read_reply().value();
        BOOST_TEST(reply.status == 200u);
        BOOST_TEST(reply.field("Connection") == "close");
        BOOST_TEST(c->at_end());
    }
    BOOST_TEST(drained.get());
}

// The client is connected from its own point of view, and may have sent its request.
BOOST_AUTO_TEST_CASE(a_client_that_the_kernel_has_accepted_is_served) {
    http_fixture server(patient_options(), false);
    auto waiting = server.connect();
    waiting.send(get_hello);
    auto drained = server.drain(ample);
    auto const reply = waiting.read_reply().value();
    BOOST_TEST(reply.status == 200u);
    BOOST_TEST(reply.field("Connection") == "close");
    BOOST_TEST(drained.get());
}

BOOST_FIXTURE_TEST_CASE(a_half_received_request_is_still_answered, http_fixture) {
    auto client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                "Content-Length: 5\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 100u);
    auto idle = connect();
    eventually([&] { return seen.opened == 2; });
    auto drained = drain(ample);
    BOOST_TEST(idle.at_end()); // the drain has begun
    client.send("hello");
    auto const reply = client.read_reply().value();
    BOOST_TEST(reply.body == "hello");
    BOOST_TEST(reply.field("Connection") == "close");
    BOOST_TEST(drained.get());
}

BOOST_FIXTURE_TEST_CASE(what_does_not_end_is_cancelled_at_the_limit, http_fixture) {
    auto stuck = connect();
    stuck.send("GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
    auto half = connect();
    half.send("GET /hel");
    auto busy = connect();
    busy.send(get_wait);
    eventually([&] { return handled == 2 && seen.opened == 3; });
    BOOST_TEST(!drain(milliseconds(50)).get());
    BOOST_TEST(stuck.at_end());
    BOOST_TEST(half.at_end());
    BOOST_TEST(busy.at_end());
    BOOST_TEST(seen.closed == 3);
    BOOST_TEST(seen.handler_failures == 0);
}

/// Every request whose handler began is answered, and no reply is cut off.
BOOST_FIXTURE_TEST_CASE(nothing_is_lost_under_load, http_fixture) {
    constexpr int clients = 16;
    std::atomic<int> answered = 0;
    std::atomic<int> broken = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&, this] {
            try {
                auto client = connect();
                while (client.send(get_hello)) {
                    auto const reply = client.read_reply();
                    if (!reply) return;
                    if (reply->status != 200) ++broken;
                    ++answered;
                    if (reply->has("Connection")) return;
                }
            } catch (std::exception const&) {
                ++broken; // cut off within a reply
            }
        });
    // A client that came after the acceptor was closed would count as broken.
    eventually([&] { return answered > 500 && seen.opened == clients; });
    BOOST_TEST(drain(ample).get());
    for (auto& t : threads)
        t.join();
    BOOST_TEST(broken == 0);
    BOOST_TEST(answered == handled);
}

BOOST_FIXTURE_TEST_CASE(stopping_needs_no_drain, http_fixture) {
    // The fixture stops the server while all of this is in progress.
    static_cast<void>(connect().send(get_hello));
    auto stuck = connect();
    stuck.send("GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually([&] { return handled >= 1; });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
