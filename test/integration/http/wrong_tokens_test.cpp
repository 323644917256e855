// Clients that try tokens are slowed down. Clients with a right token are not, whatever others at
// the same address do.

#include "http_fixture.hpp"

namespace otpd::test {

namespace {

constexpr int at_once = 10; // per minute

std::string get(std::string_view path, std::string_view authorization) {
    return "GET " + std::string(path) +
           " HTTP/1.1\r\nHost: a\r\nAuthorization: " + std::string(authorization) + "\r\n\r\n";
}
std::string wrong_token() {
    return get("/unauthorized", "Bearer guess");
}

/// Delays answers for longer than any test takes.
http::server_options holding_back(std::size_t connections_max) {
    auto options = patient_options();
    options.connections_max = connections_max;
    options.request_timeout = std::chrono::hours(1);
    options.wrong_token_delay = std::chrono::hours(1);
    return options;
}

void use_up(http_fixture& server, raw_client& client) {
    for (int i = 0; i < at_once; ++i) {
        client.send(wrong_token());
        BOOST_TEST(client.read_reply().value().status == 401U);
    }
    BOOST_TEST(server.seen.wrong_tokens_at_once == at_once);
    BOOST_TEST(server.seen.addresses_slowed == 0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_wrong_tokens)

BOOST_AUTO_TEST_CASE(of_one_address_are_answered_late_after_ten_in_a_minute_and_reported_once) {
    http_fixture server(holding_back(100));
    auto guesser = server.connect();
    use_up(server, guesser);
    guesser.send(wrong_token());
    auto other = server.connect();
    other.send(wrong_token());
    eventually([&] { return server.seen.wrong_tokens_late == 2; });
    BOOST_TEST(server.seen.addresses_slowed == 1);

    // A right token is served meanwhile: a stranger at the same address locks out nobody.
    auto holder = server.connect();
    holder.send(get("/hello", "Bearer right"));
    BOOST_TEST(holder.read_reply().value().status == 200U);
    BOOST_TEST(!guesser.has_input());
    BOOST_TEST(!other.has_input());
}

// The number of delayed answers is bounded, so that they cannot take up all connections.
BOOST_AUTO_TEST_CASE(beyond_a_quarter_of_the_connections_cost_a_connection_each) {
    http_fixture server(holding_back(4));
    auto guesser = server.connect();
    use_up(server, guesser);
    guesser.send(wrong_token());
    eventually([&] { return server.seen.wrong_tokens_late == 1; });
    auto next = server.connect();
    next.send(wrong_token());
    auto const reply = next.read_reply().value();
    BOOST_TEST(reply.status == 401U);
    BOOST_TEST(reply.field("Connection") == "close");
    BOOST_TEST(next.at_end());
    BOOST_TEST(server.seen.wrong_tokens_closed == 1);
    BOOST_TEST(server.seen.addresses_slowed == 1);
}

BOOST_AUTO_TEST_CASE(are_answered_in_the_end_and_the_connection_goes_on) {
    auto options = patient_options();
    options.wrong_token_delay = std::chrono::milliseconds(1);
    http_fixture server(options);
    auto guesser = server.connect();
    use_up(server, guesser);
    for (int i = 0; i < 3; ++i) {
        guesser.send(wrong_token());
        BOOST_TEST(guesser.read_reply().value().status == 401U);
    }
    BOOST_TEST(server.seen.wrong_tokens_late == 3);
    guesser.send(get("/hello", "Bearer right"));
    BOOST_TEST(guesser.read_reply().value().status == 200U);
}

// Some programs first make a request without a token to learn the scheme (RFC 9110 11.6.1). That is
// no guess.
BOOST_AUTO_TEST_CASE(are_not_those_that_are_absent_or_of_another_scheme) {
    http_fixture server(holding_back(100));
    auto client = server.connect();
    for (int i = 0; i < 2 * at_once; ++i) {
        client.send(i % 2 == 0 ? "GET /unauthorized HTTP/1.1\r\nHost: a\r\n\r\n"
                               : get("/unauthorized", "Basic YTpi"));
        auto const reply = client.read_reply().value();
        BOOST_TEST(reply.status == 401U);
        BOOST_TEST(reply.field("WWW-Authenticate") == "Bearer realm=\"otpd\"");
    }
    client.send(wrong_token());
    BOOST_TEST(client.read_reply().value().field("WWW-Authenticate") ==
               "Bearer realm=\"otpd\", error=\"invalid_token\"");
    BOOST_TEST(server.seen.wrong_tokens_at_once == 1);
}

BOOST_AUTO_TEST_CASE(of_other_addresses_behind_a_proxy_are_counted_apart) {
    auto options = holding_back(100);
    options.trusted_proxies = {http::address_range::parse("127.0.0.1").value()};
    http_fixture server(options);
    auto proxy = server.connect();
    for (int i = 0; i < 3 * at_once; ++i) {
        proxy.send("GET /unauthorized HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer guess\r\n"
                   "X-Forwarded-For: 192.0.2." +
                   std::to_string(i % 3) + "\r\n\r\n");
        BOOST_TEST(proxy.read_reply().value().status == 401U);
    }
    BOOST_TEST(server.seen.wrong_tokens_at_once == 3 * at_once);
}

BOOST_AUTO_TEST_CASE(that_are_held_back_end_with_the_server) {
    http_fixture server(holding_back(100));
    auto guesser = server.connect();
    use_up(server, guesser);
    guesser.send(wrong_token());
    eventually([&] { return server.seen.wrong_tokens_late == 1; });
    BOOST_TEST(!server.drain(std::chrono::milliseconds(1)).get());
    BOOST_TEST(server.seen.handler_timeouts == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
