#include "http_fixture.hpp"

#include <boost/json/parse.hpp>

namespace otpd::test {

namespace {

std::string post_echo(std::string_view body) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_keep_alive)

BOOST_FIXTURE_TEST_CASE(one_connection_serves_many_requests, http_fixture) {
    auto client = connect();
    for (int i = 0; i < 50; ++i) {
        client.send(get_hello);
        auto const reply = client.read_reply();
        BOOST_REQUIRE(reply);
        BOOST_TEST(reply->status == 200u);
        BOOST_TEST(reply->body == "\"hello\"");
        BOOST_TEST(reply->field("Content-Type") == "application/json");
        BOOST_TEST(reply->field("Cache-Control") == "no-store");
        BOOST_TEST(reply->field("X-Content-Type-Options") == "nosniff");
        BOOST_TEST(reply->has("X-Process-Time-Ms"));
        BOOST_TEST(reply->has("Date"));
        BOOST_TEST(!reply->has("Connection"));
        BOOST_TEST(!reply->has("Server"));
        client.send(post_echo("abcd"));
        BOOST_TEST(client.read_reply().value().body == "abcd");
    }
    BOOST_TEST(seen.opened == 1);
    BOOST_TEST(handled == 100);
}

BOOST_FIXTURE_TEST_CASE(pipelined_requests_are_answered_in_order, http_fixture) {
    auto client = connect();
    std::string all;
    for (int i = 0; i < 100; ++i)
        all += "GET /items/" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n" +
               post_echo("body of " + std::to_string(i));
    std::thread sender([&] { client.send(all); });
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(client.read_reply().value().body == std::to_string(i));
        BOOST_TEST(client.read_reply().value().body == "body of " + std::to_string(i));
    }
    sender.join();
    client.finish();
    BOOST_TEST(client.at_end());
}

BOOST_FIXTURE_TEST_CASE(slicing_does_not_matter, http_fixture) {
    auto client = connect();
    for (char c : std::string("\r\n") + post_echo("hello") + std::string(get_hello))
        client.send(std::string_view(&c, 1));
    BOOST_TEST(client.read_reply().value().body == "hello");
    BOOST_TEST(client.read_reply().value().body == "\"hello\"");
}

BOOST_FIXTURE_TEST_CASE(a_client_that_finished_sending_still_gets_its_reply, http_fixture) {
    auto client = connect();
    client.send(get_hello);
    client.finish();
    BOOST_TEST(client.read_reply().value().status == 200u);
    BOOST_TEST(client.at_end());
}

BOOST_FIXTURE_TEST_CASE(close_and_http_1_0_are_honoured, http_fixture) {
    auto closing = connect();
    closing.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" +
                 std::string(get_hello));
    BOOST_TEST(closing.read_reply().value().field("Connection") == "close");
    BOOST_TEST(closing.at_end());

    auto old = connect();
    old.send("GET /hello HTTP/1.0\r\n\r\n");
    BOOST_TEST(old.read_reply().value().field("Connection") == "close");
    BOOST_TEST(old.at_end());

    auto kept = connect();
    for (int i = 0; i < 2; ++i) {
        kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        BOOST_TEST(kept.read_reply().value().field("Connection") == "keep-alive");
    }
}

BOOST_FIXTURE_TEST_CASE(head_has_the_headers_of_get_and_no_body, http_fixture) {
    auto client = connect();
    for (int i = 0; i < 2; ++i) {
        client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        auto const reply = client.read_reply(true);
        BOOST_TEST(reply.value().status == 200u);
        BOOST_TEST(reply->field("Content-Length") == "7");
        BOOST_TEST(reply->field("Content-Type") == "application/json");
        client.send("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(client.read_reply(true).value().status == 404u);
    }
    client.send(get_hello);
    BOOST_TEST(client.read_reply().value().body == "\"hello\"");
}

BOOST_FIXTURE_TEST_CASE(wrong_paths_and_methods_get_problems_and_the_connection_goes_on,
                        http_fixture) {
    auto client = connect();
    auto const expect = [&client](std::string_view request_line, unsigned status,
                                  std::string_view code) {
        client.send(std::string(request_line) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        auto const reply = client.read_reply().value();
        BOOST_TEST(reply.status == status);
        BOOST_TEST(reply.field("Content-Type") == "application/problem+json");
        auto const document = boost::json::parse(reply.body).as_object();
        BOOST_TEST(document.at("code").as_string() == code);
        BOOST_TEST(document.at("status").as_int64() == status);
        BOOST_TEST(document.at("instance").as_string() == reply.field("X-Request-Id"));
        return reply;
    };
    expect("GET /nothing", 404, "not_found");
    expect("GET /hello/", 404, "not_found");
    expect("GET /items/x", 404, "not_found");
    for (std::string_view verb :
         {"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"}) {
        auto const reply = expect(std::string(verb) + " /hello", 405, "method_not_allowed");
        BOOST_TEST(reply.field("Allow") == "GET, HEAD, OPTIONS");
    }
    for (std::string_view target : {"/hello", "*"}) {
        client.send("OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        auto const reply = client.read_reply().value();
        BOOST_TEST(reply.status == 204u);
        BOOST_TEST(reply.has("Allow"));
        BOOST_TEST(!reply.has("Content-Length"));
    }
    BOOST_TEST(handled == 0);
    BOOST_TEST(seen.opened == 1);
}

BOOST_FIXTURE_TEST_CASE(chunked_bodies_are_decoded_and_trailers_are_no_headers, http_fixture) {
    auto client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5;ext=\"v\"\r\nhello\r\n6\r\n world\r\n0\r\n"
                "Authorization: Bearer good\r\nContent-Length: 3\r\nConnection: close\r\n\r\n" +
                std::string(get_hello));
    auto const reply = client.read_reply().value();
    BOOST_TEST(reply.body == "hello world");
    BOOST_TEST(reply.field("X-Authorization") == "none");
    BOOST_TEST(client.read_reply().value().body == "\"hello\"");
}

BOOST_FIXTURE_TEST_CASE(continue_is_said_before_a_body_that_will_be_read, http_fixture) {
    auto client = connect();
    for (int i = 0; i < 2; ++i) {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 5\r\n\r\n");
        BOOST_TEST(client.read_reply().value().status == 100u);
        client.send("hello");
        BOOST_TEST(client.read_reply().value().body == "hello");
    }
    // Not if part of the body has arrived already, or if there is no body (RFC 9110 10.1.1).
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                "Content-Length: 2\r\n\r\nhi");
    BOOST_TEST(client.read_reply().value().status == 200u);
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                "Content-Length: 0\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 200u);

    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                "Content-Length: 4097\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 413u);
    BOOST_TEST(client.at_end());
}

BOOST_FIXTURE_TEST_CASE(bodies_are_welcome_with_get_and_may_be_empty_with_post, http_fixture) {
    auto client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    BOOST_TEST(client.read_reply().value().status == 200u);
    client.send(post_echo(""));
    BOOST_TEST(client.read_reply().value().status == 200u);
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 200u);
}

BOOST_FIXTURE_TEST_CASE(request_ids_are_taken_when_valid_and_made_otherwise, http_fixture) {
    auto client = connect();
    auto const id_for = [&client](std::string_view fields) {
        client.send("GET /id HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
        auto const reply = client.read_reply().value();
        BOOST_TEST(reply.body == reply.field("X-Request-Id"));
        return reply.body;
    };
    BOOST_TEST(id_for("X-Request-Id: abc-1._Z\r\n") == "abc-1._Z");
    for (std::string_view fields :
         {"", "X-Request-Id: a b\r\n", "X-Request-Id: \r\n",
          "X-Request-Id: a\r\nX-Request-Id: b\r\n", "X-Request-Id: \"}{\r\n"})
        BOOST_TEST(id_for(fields).size() == 32u);
}

BOOST_FIXTURE_TEST_CASE(a_handler_cannot_forge_a_field, http_fixture) {
    auto client = connect();
    client.send(post_echo("x"));
    BOOST_TEST(!client.read_reply().value().has("Injected"));
}

BOOST_FIXTURE_TEST_CASE(large_responses_arrive_whole, http_fixture) {
    auto client = connect();
    client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(get_hello));
    BOOST_TEST(client.read_reply().value().body.size() == 32u * 1024 * 1024);
    BOOST_TEST(client.read_reply().value().body == "\"hello\"");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
