// The client addresses of requests over real connections. unit/http/client_address_test.cpp tests
// the rules one by one.

#include "http_fixture.hpp"

namespace otpd::test {

namespace {

http::server_options trusting(std::string_view range) {
    auto options = patient_options();
    options.trusted_proxies = {http::address_range::parse(range).value()};
    return options;
}

std::string client_of(raw_client& client, std::string_view fields) {
    client.send("GET /client HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    return client.read_reply().value().body;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_client_address)

BOOST_AUTO_TEST_CASE(a_stranger_cannot_say_who_it_is) {
    for (auto const& options : {patient_options(), trusting("10.0.0.0/8")}) {
        http_fixture server(options);
        auto client = server.connect();
        for (std::string_view fields :
             {"", "X-Forwarded-For: 198.51.100.1\r\n",
              "X-Forwarded-For: 198.51.100.1, 10.0.0.1\r\n", "X-Forwarded-For: 127.0.0.2\r\n",
              "X-Real-IP: 198.51.100.1\r\n", "Forwarded: for=198.51.100.1\r\n"})
            BOOST_TEST(client_of(client, fields) == "127.0.0.1 by 127.0.0.1");
        BOOST_TEST(server.seen.forwarded == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_trusted_proxy_says_who_each_request_is_from) {
    http_fixture server(trusting("127.0.0.0/8"));
    auto client = server.connect();
    BOOST_TEST(client_of(client, "X-Forwarded-For: 198.51.100.1\r\n") ==
               "198.51.100.1 by 127.0.0.1");
    BOOST_TEST(client_of(client, "X-Forwarded-For: 2001:db8::1\r\n") == "2001:db8::1 by 127.0.0.1");
    BOOST_TEST(client_of(client, "X-Forwarded-For: 1.1.1.1\r\n"
                                 "x-forwarded-for: 198.51.100.2, 127.0.0.9\r\n") ==
               "198.51.100.2 by 127.0.0.1");
    eventually([&] { return server.seen.requests == 3; });
    BOOST_TEST(server.seen.forwarded == 3);
    BOOST_TEST(client_of(client, "") == "127.0.0.1 by 127.0.0.1");
    BOOST_TEST(client_of(client, "X-Forwarded-For: 1.1.1.1, unknown\r\n") ==
               "127.0.0.1 by 127.0.0.1");
    eventually([&] { return server.seen.requests == 5; });
    BOOST_TEST(server.seen.forwarded == 3);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
