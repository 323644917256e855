// The server itself: keep-alive, pipelining, framing of requests, limits, TLS versions and
// resumption, stop and start, threads.
#include "wire_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <openssl/ssl.h>

#include <set>
#include <thread>
#include <vector>

using namespace bridgexapi_stub;
using namespace stub_test;

namespace {

struct session_guard { // sessions of one test do not leak into another
    ~session_guard() { wire_client::forget_session(); }
};

bool connects(server const& to, int tls_max) {
    try {
        wire_client client{to, tls_choice{tls_max}};
        return true;
    } catch (boost::system::system_error const&) {
        return false;
    }
}

// Checks what happens to a second connection that offers the session of the first.
void check_resumption(int tls_max, std::string_view version) {
    session_guard const guard;
    server stub{tls_options()};
    stub.start();
    wire_client first{stub, tls_choice{tls_max}};
    first.write(request_text("GET", "/api/v1/balance"));
    first.read_reply();
    BOOST_TEST(!first.resumed());
    first.keep_session();
    wire_client second{stub, tls_choice{tls_max}};
    second.write(request_text("GET", "/api/v1/balance"));
    second.read_reply();
    BOOST_TEST(second.resumed());
    auto const seen = stub.state().requests();
    BOOST_TEST(seen.at(0).raw.connection.tls_version == version);
    BOOST_TEST(!seen.at(0).raw.connection.tls_resumed);
    BOOST_TEST(seen.at(1).raw.connection.tls_resumed);
    BOOST_TEST(stub.state().stats().tls_handshakes == 2U);
    BOOST_TEST(stub.state().stats().tls_resumed == 1U);
}

} // namespace

BOOST_AUTO_TEST_SUITE(stub_connections)

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    for (bool const tls : {false, true}) {
        server stub{options_for(tls)};
        stub.start();
        wire_client client{stub};
        client.write(request_text("POST", "/api/v1/send_sms", good_order()) +
                     request_text("GET", "/api/v1/nope") + request_text("GET", "/api/v1/balance"));
        BOOST_TEST(client.read_reply().status() == 200U);
        BOOST_TEST(client.read_reply().status() == 404U);
        BOOST_TEST(client.read_reply().json().at("currency").as_string() == "EUR");
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_says_close_is_closed) {
    server stub;
    stub.start();
    wire_client client{stub};
    client.write(request_text("GET", "/api/v1/balance", "", "Connection: close\r\n"));
    auto const bytes = client.read_to_end();
    BOOST_TEST(bytes.find("connection: close\r\n") != std::string::npos);
    wire_client old{stub};
    old.write("GET /api/v1/balance HTTP/1.0\r\nHost: localhost\r\nX-API-KEY: stub-api-key\r\n\r\n");
    BOOST_TEST(old.read_to_end().find("\"currency\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_chunked_request_and_one_that_waits_for_100) {
    server stub;
    stub.start();
    wire_client client{stub};
    auto const& order = good_order();
    client.write("POST /api/v1/send_sms HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: "
                 "stub-api-key\r\nContent-Type: "
                 "application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    BOOST_REQUIRE(order.size() == 0x61U); // the chunk size below
    client.write("61\r\n" + order + "\r\n0\r\n\r\n");
    BOOST_TEST(client.read_reply().status() == 200U);
    BOOST_TEST(stub.state().violations().at(0).code == "framing");
    auto const waiting =
        request_text("POST", "/api/v1/send_sms", order, "Expect: 100-continue\r\n");
    client.write(waiting.substr(0, waiting.size() - order.size()));
    BOOST_TEST(client.read_reply().status() == 100U);
    client.write(order);
    BOOST_TEST(client.read_reply().status() == 200U);
    BOOST_TEST(stub.state().messages().size() == 2U);
}

BOOST_AUTO_TEST_CASE(head_has_no_body) {
    server stub;
    stub.start();
    wire_client client{stub};
    client.write(request_text("HEAD", "/api/v1/balance", "", "Connection: close\r\n"));
    auto const bytes = client.read_to_end();
    BOOST_TEST(bytes.starts_with("HTTP/1.1 405 "));
    BOOST_TEST(bytes.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_a_violation) {
    server stub;
    stub.start();
    for (auto const* bytes : {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
                              "POST /api/v1/send_sms HTTP/1.1\r\nContent-Length: x\r\n\r\n"}) {
        wire_client client{stub};
        client.write(bytes);
        BOOST_TEST(client.read_to_end().starts_with("HTTP/1.1 400 Bad Request\r\n"), bytes);
    }
    BOOST_TEST(stub.state().stats().bad_requests == 3U);
    BOOST_TEST(stub.state().violations().size() == 3U);
    BOOST_TEST(stub.state().violations().at(0).code == "http");
    BOOST_TEST(stub.state().requests().empty());
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_413) {
    server_options options;
    options.body_bytes_max = good_order().size();
    server stub{options};
    stub.start();
    BOOST_TEST(ask(stub, "POST", "/api/v1/send_sms", good_order()).status() == 200U);
    BOOST_TEST(ask(stub, "POST", "/api/v1/send_sms", good_order() + " ").status() == 413U);
    BOOST_TEST(stub.state().messages().size() == 1U);
}

BOOST_AUTO_TEST_CASE(bytes_of_a_request_that_never_ends_are_counted) {
    server stub;
    stub.start();
    {
        wire_client client{stub};
        client.write("GET /api/v1/bal");
        BOOST_TEST(stub.state().wait_for(
            [](stub_stats const& stats) { return stats.connections_open == 1; }));
    }
    BOOST_TEST(
        stub.state().wait_for([](stub_stats const& stats) { return stats.connections_open == 0; }));
    BOOST_TEST(stub.state().stats().request_bytes == 15U);
    BOOST_TEST(stub.state().stats().requests == 0U);
}

BOOST_AUTO_TEST_CASE(sessions_are_resumed_and_it_shows) {
    check_resumption(TLS1_3_VERSION, "TLSv1.3");
    check_resumption(TLS1_2_VERSION, "TLSv1.2");
}

BOOST_AUTO_TEST_CASE(the_tls_range_is_as_requested) {
    auto options = tls_options();
    options.tls_min = tls_version::v1_0;
    options.tls_max = tls_version::v1_1;
    server old{options};
    old.start();
    BOOST_TEST(connects(old, TLS1_1_VERSION));
    BOOST_TEST(!connects(old, 0)); // OpenSSL's default is at least TLS 1.2
    BOOST_TEST(old.state().wait_for([](stub_stats const& stats) { return stats.tls_failed == 1; }));
    BOOST_TEST(
        old.state().wait_for([](stub_stats const& stats) { return stats.connections_open == 0; }));
    BOOST_TEST(old.state().stats().request_bytes == 0U);
    options.tls_min = options.tls_max = tls_version::v1_3;
    server recent{options};
    recent.start();
    BOOST_TEST(!connects(recent, TLS1_2_VERSION));
    BOOST_TEST(connects(recent, TLS1_3_VERSION));
    options.tls_min = options.tls_max = tls_version::v1_2;
    server middle{options};
    middle.start();
    BOOST_TEST(connects(middle, 0));
}

BOOST_AUTO_TEST_CASE(it_can_stop_and_come_back_on_its_port) {
    for (bool const tls : {false, true}) {
        server stub{options_for(tls)};
        stub.start();
        auto const port = stub.port();
        wire_client idle{stub};
        ask(stub, "POST", "/api/v1/send_sms", good_order());
        stub.stop();
        stub.stop(); // stopping twice is harmless
        BOOST_TEST(stub.state().stats().connections_open == 0U);
        idle.read_to_end();
        BOOST_CHECK_THROW(wire_client{stub}, boost::system::system_error);
        stub.start();
        BOOST_TEST(stub.port() == port);
        BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status() == 200U);
        BOOST_TEST(stub.state().messages().size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(it_runs_on_an_io_context_of_others) {
    boost::asio::io_context context;
    server stub{context, server_options{}};
    stub.start();
    std::thread runner{[&] { context.run(); }};
    BOOST_TEST(ask(stub, "GET", "/api/v1/balance").status() == 200U);
    stub.stop();
    runner.join(); // the context runs out of work by itself
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_an_error) {
    server first;
    first.start();
    server_options options;
    options.port = first.port();
    server second{options};
    BOOST_CHECK_THROW(second.start(), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(many_clients_on_several_threads_lose_nothing) {
    constexpr int clients = 8;
    constexpr int sends = 50;
    for (bool const tls : {false, true}) {
        auto options = options_for(tls);
        options.threads = 2;
        server stub{options};
        stub.start();
        std::vector<std::thread> threads;
        for (int i = 0; i < clients; ++i)
            threads.emplace_back([&stub] {
                wire_client client{stub};
                for (int k = 0; k < sends; ++k) {
                    client.write(request_text("POST", "/api/v1/send_sms", good_order()));
                    client.read_reply();
                }
            });
        for (auto& thread : threads)
            thread.join();
        std::set<std::string> ids;
        std::set<std::int64_t> orders;
        for (auto const& message : stub.state().messages()) {
            ids.insert(message.bx_message_id);
            orders.insert(message.order_id);
        }
        BOOST_TEST(ids.size() == std::size_t{clients} * sends);
        BOOST_TEST(orders.size() == std::size_t{clients} * sends);
        BOOST_TEST(stub.state().stats().sms_accepted == std::uint64_t{clients} * sends);
        auto const balance = ask(stub, "GET", "/api/v1/balance").json().at("balance").as_double();
        BOOST_TEST(from_euros(balance) ==
                   1'000'000 * one_euro - clients * sends * micro_euros{88'000});
    }
}

BOOST_AUTO_TEST_SUITE_END()
