#include "http_fixture.hpp"

namespace otpd::test {

BOOST_AUTO_TEST_SUITE(http_keep_alive)

BOOST_FIXTURE_TEST_CASE(one_connection_serves_many_requests, http_fixture) {
    auto client = connect();
    for (int i = 0; i < 50; ++i) {
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        auto const reply = client.read_reply();
        BOOST_REQUIRE(reply);
        BOOST_TEST(reply->status == 200u);
        BOOST_TEST(reply->body == "\"hello\"");
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd");
        auto const echo = client.read_reply();
        BOOST_REQUIRE(echo);
        BOOST_TEST(echo->body == "abcd");
    }
    BOOST_TEST(seen.opened == 1);
    BOOST_TEST(seen.requests == 100);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
