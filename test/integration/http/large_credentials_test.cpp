// A token that is too large to be read counts as a wrong token: it gets the same answer, and the
// client can read it.

#include "http_fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace otpd::test {

namespace {

std::string with_token(std::size_t bytes) {
    return "GET /unauthorized HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
           std::string(bytes, 't') + "\r\nAccept: */*\r\n\r\n";
}

/// The reply without what differs between requests, and without the fact that a refusal ends the
/// connection.
std::string comparable(raw_reply const& reply) {
    std::string text = std::to_string(reply.status);
    for (auto const& [name, value] : reply.fields) {
        if (name == "Connection") continue;
        bool const varies = name == "Date" || name == "X-Request-Id" || name == "X-Process-Time-Ms";
        text += '\n' + name + ": " + (varies ? "" : value);
    }
    auto document = boost::json::parse(reply.body).as_object();
    document["instance"] = "";
    return text + '\n' + boost::json::serialize(document);
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_large_credentials)

BOOST_FIXTURE_TEST_CASE(are_answered_like_wrong_ones, http_fixture) {
    auto client = connect();
    client.send(with_token(20));
    auto const wrong = client.read_reply().value();
    BOOST_TEST(wrong.status == 401u);
    BOOST_TEST(handled == 1);
    for (std::size_t bytes : {8'070u, 8'100u, 8'120u, 8'150u, 8'192u, 9'000u, 100'000u}) {
        auto other = connect();
        other.send(with_token(bytes));
        BOOST_TEST(comparable(other.read_reply().value()) == comparable(wrong), bytes << " bytes");
    }
}

BOOST_FIXTURE_TEST_CASE(of_2_mb_are_answered_and_the_connection_ends, http_fixture) {
    for (int i = 0; i < 10; ++i) {
        auto client = connect();
        // Reads only when everything is sent, as many clients do.
        BOOST_TEST(client.send(with_token(2 * 1024 * 1024)));
        auto const reply = client.read_reply().value();
        BOOST_TEST(reply.status == 401u);
        BOOST_TEST(reply.field("Connection") == "close");
        BOOST_TEST(client.at_end());
        BOOST_TEST(!client.was_reset());
    }
    BOOST_TEST(handled == 0);
    BOOST_TEST(seen.large_credentials == 10);
}

BOOST_FIXTURE_TEST_CASE(of_any_size_are_cut_off, http_fixture) {
    auto client = connect();
    client.send("GET /unauthorized HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ");
    std::string const part(1024 * 1024, 't');
    int sent = 0;
    while (sent < 1000 && client.send(part))
        ++sent;
    BOOST_TEST(sent < 1000);
    BOOST_TEST(seen.large_credentials == 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
