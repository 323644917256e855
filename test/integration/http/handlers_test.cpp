#include "http_fixture.hpp"

namespace otpd::test {

BOOST_AUTO_TEST_SUITE(http_handlers)

BOOST_FIXTURE_TEST_CASE(what_a_handler_throws_becomes_an_opaque_500, http_fixture) {
    for (int i = 0; i < 10; ++i) {
        auto client = connect();
        client.send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
        auto const reply = client.read_reply().value();
        BOOST_TEST(reply.status == 500u);
        BOOST_TEST(reply.body.find("secret") == std::string::npos);
        BOOST_TEST(reply.field("Content-Type") == "application/problem+json");
        BOOST_TEST(reply.field("Connection") == "close");
        BOOST_TEST(client.at_end());
    }
    BOOST_TEST(seen.handler_failures == 10);
    auto client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 200u);
}

BOOST_FIXTURE_TEST_CASE(a_client_that_leaves_does_not_stop_its_handler, http_fixture) {
    for (bool by_reset : {false, true}) {
        release = false;
        waiting = 0;
        settled = 0;
        {
            auto client = connect();
            client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
            eventually([&] { return waiting == 1; });
            if (by_reset) client.reset();
        }
        // The handler is still waiting, and is released only now.
        BOOST_TEST(settled == 0);
        release = true;
        eventually([&] { return settled == 1; });
    }
    BOOST_TEST(seen.handler_failures == 0);
}

// However the client disconnects, and whatever it sent ahead.
BOOST_FIXTURE_TEST_CASE(a_handler_that_only_waits_hears_that_its_client_has_hung_up, http_fixture) {
    std::string const poll = "GET /poll HTTP/1.1\r\nHost: a\r\n\r\n";
    int left = 0;
    for (bool by_reset : {false, true})
        for (auto const& bytes : {poll, poll + poll.substr(0, 10), poll + poll}) {
            waiting = 0;
            {
                auto client = connect();
                client.send(bytes);
                eventually([&] { return waiting == 1; });
                if (by_reset) client.reset();
            }
            ++left;
            eventually([&] { return settled >= left; });
            // A pipelined request is read and does not block either.
            eventually([&] { return seen.opened == seen.closed; });
            left = settled;
        }
}

BOOST_FIXTURE_TEST_CASE(who_stays_has_not_hung_up_and_who_has_only_finished_is_answered,
                        http_fixture) {
    auto stays = connect();
    auto finishes = connect();
    std::string const poll = "GET /poll HTTP/1.1\r\nHost: a\r\n\r\n";
    stays.send(poll + "GET /hello HTTP/1.1\r\n"); // half of the pipelined request
    finishes.send(poll);
    eventually([&] { return waiting == 2; });
    finishes.finish();
    BOOST_TEST(finishes.read_reply().value().body == "\"left\"");
    BOOST_TEST(settled == 1);
    release = true;
    BOOST_TEST(stays.read_reply().value().body == "\"released\"");
}

BOOST_FIXTURE_TEST_CASE(a_slow_handler_holds_up_nobody_else, http_fixture) {
    std::vector<raw_client> slow;
    for (int i = 0; i < 20; ++i) {
        slow.push_back(connect());
        slow.back().send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    eventually([&] { return waiting == 20; });
    auto client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 200u);
    release = true;
    for (auto& c : slow)
        BOOST_TEST(c.read_reply().value().body == "\"released\"");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
