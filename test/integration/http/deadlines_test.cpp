#include "http_fixture.hpp"

namespace otpd::test {

namespace {

using std::chrono::milliseconds;

/// Only the timeout under test is short, and no test waits for it to be long enough.
http::server_options with(std::chrono::milliseconds http::server_options::* timeout,
                          std::chrono::milliseconds value) {
    auto options = patient_options();
    options.*timeout = value;
    return options;
}

/// Sends one byte every few milliseconds until the other side answers or closes.
std::optional<raw_reply> trickle(raw_client& client, std::string_view head, char filler) {
    client.send(head);
    std::atomic<bool> answered = false;
    std::thread sender([&] {
        while (!answered && client.send(std::string_view(&filler, 1)))
            std::this_thread::sleep_for(milliseconds(5));
    });
    auto reply = client.read_reply();
    answered = true;
    sender.join();
    return reply;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_deadlines)

BOOST_AUTO_TEST_CASE(a_header_that_never_ends_is_answered_408) {
    http_fixture server(with(&http::server_options::header_timeout, milliseconds(200)));
    auto client = server.connect();
    auto const reply = trickle(client, "GET /hello HTTP/1.1\r\nX: ", 'x');
    BOOST_TEST(reply.value().status == 408u);
    BOOST_TEST(reply->field("Connection") == "close");
    BOOST_TEST(server.handled == 0);
}

BOOST_AUTO_TEST_CASE(a_header_that_stops_is_answered_408) {
    http_fixture server(with(&http::server_options::header_timeout, milliseconds(50)));
    auto client = server.connect();
    client.send("G");
    BOOST_TEST(client.read_reply().value().status == 408u);
    BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(a_pipelined_header_that_stops_is_answered_408) {
    http_fixture server(with(&http::server_options::header_timeout, milliseconds(50)));
    auto client = server.connect();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /");
    BOOST_TEST(client.read_reply().value().status == 200u);
    BOOST_TEST(client.read_reply().value().status == 408u);
    BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(a_body_that_never_ends_is_answered_408) {
    http_fixture server(with(&http::server_options::body_timeout, milliseconds(200)));
    auto client = server.connect();
    auto const reply =
        trickle(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n", 'x');
    BOOST_TEST(reply.value().status == 408u);
    BOOST_TEST(server.handled == 0);
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_go_on_after_continue_is_answered_408) {
    http_fixture server(with(&http::server_options::body_timeout, milliseconds(50)));
    auto client = server.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                "Transfer-Encoding: chunked\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 100u);
    BOOST_TEST(client.read_reply().value().status == 408u);
    BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_without_a_word) {
    http_fixture server(with(&http::server_options::idle_timeout, milliseconds(50)));
    auto fresh = server.connect();
    BOOST_TEST(fresh.at_end());
    auto used = server.connect();
    used.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(used.read_reply().value().status == 200u);
    BOOST_TEST(used.at_end());
    BOOST_TEST(!used.was_reset());
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_cut_off) {
    auto options = with(&http::server_options::write_timeout, milliseconds(50));
    // Otherwise 32 MiB would be allowed minutes.
    options.write_bytes_per_second_min = 1024 * 1024 * 1024;
    http_fixture server(options);
    raw_client client(server.port(), 4096);
    client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually([&] { return server.seen.closed == 1; });
    BOOST_TEST(client.read_to_end().size() < 32u * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(a_request_that_takes_too_long_is_answered_504) {
    auto options = with(&http::server_options::request_timeout, milliseconds(50));
    options.handler_margin = milliseconds(50);
    http_fixture server(options);
    auto client = server.connect();
    for (int i = 0; i < 2; ++i) {
        client.send("GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(client.read_reply().value().status == 504u);
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(client.read_reply().value().status == 200u);
    }
    BOOST_TEST(server.seen.handler_timeouts == 2);
    BOOST_TEST(server.seen.handler_failures == 0);
}

BOOST_AUTO_TEST_CASE(a_late_handler_that_settles_is_heard) {
    auto options = with(&http::server_options::request_timeout, milliseconds(50));
    options.handler_margin = milliseconds(0);
    http_fixture server(options);
    auto client = server.connect();
    for (int i = 0; i < 2; ++i) {
        client.send("GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n");
        auto const reply = client.read_reply().value();
        BOOST_TEST(reply.status == 200u);
        BOOST_TEST(reply.body == "\"settled\"");
    }
}

BOOST_AUTO_TEST_CASE(many_deadlines_on_many_connections) {
    auto options = patient_options();
    options.header_timeout = milliseconds(30);
    options.idle_timeout = milliseconds(60);
    http_fixture server(options);
    std::vector<raw_client> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(server.connect());
        if (i % 2 == 0) clients.back().send("GET /");
    }
    for (int i = 0; i < 100; ++i) {
        auto const reply = clients[static_cast<std::size_t>(i)].read_reply();
        BOOST_TEST(reply.has_value() == (i % 2 == 0));
        if (reply) BOOST_TEST(reply->status == 408u);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
