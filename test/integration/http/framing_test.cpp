#include "http_fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/data/test_case.hpp>

#include <array>
#include <ostream>

namespace otpd::test {

namespace {

struct refusal {
    std::string_view name;
    unsigned status;
    std::string bytes;
};
std::ostream& operator<<(std::ostream& out, refusal const& r) {
    return out << r.name;
}

std::string post(std::string_view fields, std::string_view body = {}) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}
std::string chunked(std::string_view body) {
    return post("Transfer-Encoding: chunked\r\n", body);
}

/// Every ambiguous framing (RFC 9112 11.2) and every limit, as bytes. If a body hides a second
/// request, that must not be answered.
std::vector<refusal> const refusals = {
    {"length and encoding", 400,
     post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
          "0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"encoding and length", 400,
     post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
    {"chunked, identity", 400,
     post("Transfer-Encoding: chunked, identity\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"identity", 400, post("Transfer-Encoding: identity\r\n")},
    {"chunked twice", 400, post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
    {"encoding twice", 400,
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"folded encoding", 400, post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
    {"folded field", 400, post("X: a\r\n b\r\nContent-Length: 0\r\n")},
    {"unknown coding", 501, post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
    {"chunked in HTTP/1.0", 400,
     "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"no Host", 400, "GET /hello HTTP/1.1\r\n\r\n"},
    {"two Hosts", 400, "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
    {"list of lengths", 400, post("Content-Length: 2, 2\r\n", "ab")},
    {"two lengths", 400, post("Content-Length: 2\r\nContent-Length: 1\r\n", "ab")},
    {"signed length", 400, post("Content-Length: +2\r\n", "ab")},
    {"space before the colon", 400, post("Content-Length : 2\r\n", "ab")},
    {"bare LF", 400, "GET /hello HTTP/1.1\nHost: a\n\n"},
    {"bare CR", 400, "GET /hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"},
    {"NUL", 400, std::string("GET /hello HTTP/1.1\r\nHost: a\0\r\n\r\n", 33)},
    {"HTTP/0.9", 400, "GET /hello\r\n"},
    {"absolute form of another host", 400, "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"authority form", 400, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"HTTP/1.2", 505, "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n"},
    {"TLS hello", 400, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)},
    {"Authorization twice", 400, post("Authorization: a\r\nAuthorization: b\r\n")},
    {"unknown expectation", 417, post("Expect: 200-ok\r\n")},
    {"long target", 414, "GET /" + std::string(2048, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"endless target", 414, "GET /" + std::string(9000, 'x')},
    {"large header", 431, post("X: " + std::string(9000, 'x') + "\r\n")},
    {"large declared body", 413, post("Content-Length: 4097\r\n", std::string(4097, 'x'))},
    {"large chunked body", 413, chunked("1001\r\n" + std::string(4097, 'x') + "\r\n0\r\n\r\n")},
    {"chunk size of 17 digits", 400, chunked("fffffffffffffffff\r\n")},
    {"chunk size over the limit", 413, chunked("ffffffff\r\n")},
    {"negative chunk size", 400, chunked("-1\r\n")},
    {"chunk of the wrong size", 400, chunked("2\r\nabc\r\n0\r\n\r\n")},
    {"chunk ended by LF", 400, chunked("2\nab\n0\n\n")},
};

std::string many_fields(int count) {
    std::string fields = "Content-Length: 0\r\n"; // and Host
    for (int i = 2; i < count; ++i)
        fields += "X-" + std::to_string(i) + ": y\r\n";
    return post(fields);
}

/// A body of `size` bytes in chunks of one byte, with size lines of `line` bytes.
std::string fine_chunks(std::size_t size, std::size_t line) {
    std::string body;
    for (std::size_t i = 0; i < size; ++i)
        body += "1;" + std::string(line - 4, 'e') + "\r\nx\r\n";
    return chunked(body + "0\r\n\r\n");
}

void check_refusal(http_fixture& server, std::string_view bytes, unsigned status) {
    auto client = server.connect();
    client.send(bytes);
    auto const reply = client.read_reply().value();
    BOOST_TEST(reply.status == status);
    BOOST_TEST(reply.field("Connection") == "close");
    BOOST_TEST(reply.field("Content-Type") == "application/problem+json");
    BOOST_TEST(reply.field("X-Request-Id").size() == 32u);
    auto const document = boost::json::parse(reply.body).as_object();
    BOOST_TEST(document.at("status").as_int64() == status);
    BOOST_TEST(document.at("type").is_string());
    BOOST_TEST(document.at("title").is_string());
    BOOST_TEST(document.at("detail").is_string());
    BOOST_TEST(document.at("code").is_string());
    BOOST_TEST(client.at_end());
    BOOST_TEST(!client.was_reset());
    BOOST_TEST(server.handled == 0);
    BOOST_TEST(server.seen.rejected == 1);
}

unsigned status_of(http_fixture& server, std::string_view bytes) {
    auto client = server.connect();
    client.send(bytes);
    return client.read_reply().value().status;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_framing)

BOOST_DATA_TEST_CASE(is_refused_with_one_problem_and_the_end,
                     boost::unit_test::data::make(refusals), what) {
    http_fixture server;
    check_refusal(server, what.bytes, what.status);
}

BOOST_FIXTURE_TEST_CASE(a_refused_request_may_follow_a_good_one, http_fixture) {
    auto client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" + refusals.front().bytes);
    BOOST_TEST(client.read_reply().value().status == 200u);
    BOOST_TEST(client.read_reply().value().status == 400u);
    BOOST_TEST(client.at_end());
    BOOST_TEST(handled == 1);
}

BOOST_FIXTURE_TEST_CASE(limits_are_exact, http_fixture) {
    for (int count : {63, 64})
        BOOST_TEST(status_of(*this, many_fields(count)) == 200u);
    BOOST_TEST(status_of(*this, many_fields(65)) == 431u);

    auto const sized = [](std::size_t n) {
        return post("Content-Length: " + std::to_string(n) + "\r\n", std::string(n, 'x'));
    };
    for (std::size_t n : {4095u, 4096u})
        BOOST_TEST(status_of(*this, sized(n)) == 200u);
    BOOST_TEST(status_of(*this, sized(4097)) == 413u);

    auto const empty = post("Content-Length: 0\r\nX: \r\n").size();
    auto const padded = [empty](std::size_t n) {
        return post("Content-Length: 0\r\nX: " + std::string(n - empty, 'x') + "\r\n");
    };
    for (std::size_t n : {8191u, 8192u})
        BOOST_TEST(status_of(*this, padded(n)) == 200u);
    BOOST_TEST(status_of(*this, padded(8193)) == 431u);

    // Path and version are not part of the target.
    auto const target = [](std::size_t n) {
        return "GET /hello?" + std::string(n - 7, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    for (std::size_t n : {2047u, 2048u})
        BOOST_TEST(status_of(*this, target(n)) == 200u);
    BOOST_TEST(status_of(*this, target(2049)) == 414u);
}

BOOST_FIXTURE_TEST_CASE(chunks_may_not_hide_a_flood, http_fixture) {
    BOOST_TEST(status_of(*this, fine_chunks(100, 40)) == 200u);
    // The maximum, body plus 8 KiB, and one byte more.
    auto const raw_body = [](std::size_t raw) {
        auto const fixed = std::string_view("1;\r\nx\r\n0\r\n\r\n").size();
        auto const ext = std::string((raw - fixed) / 2, 'e');
        return chunked("1;" + ext + "\r\nx\r\n0;" + std::string(raw - fixed - 1 - ext.size(), 'f') +
                       "\r\n\r\n");
    };
    BOOST_TEST(status_of(*this, raw_body(4096 + 8192)) == 200u);
    BOOST_TEST(status_of(*this, raw_body(4096 + 8192 + 1)) == 413u);
    // 13 kB around a body of 200 bytes, then an extension and a trailer section without an end.
    BOOST_TEST(status_of(*this, fine_chunks(200, 64)) == 413u);
    BOOST_TEST(status_of(*this, chunked("1;" + std::string(20'000, 'e'))) >= 400u);
    BOOST_TEST(status_of(*this, chunked("0\r\nX: " + std::string(20'000, 'e'))) == 413u);
    BOOST_TEST(handled == 2);
}

BOOST_FIXTURE_TEST_CASE(a_refusal_survives_what_was_sent_after_it, http_fixture) {
    for (int i = 0; i < 20; ++i) {
        auto client = connect();
        std::string bytes = post("Content-Length: 900000\r\n");
        client.send(bytes);
        std::thread sender([&client] { client.send(std::string(900'000, 'x')); });
        auto const reply = client.read_reply();
        sender.join();
        BOOST_REQUIRE(reply);
        BOOST_TEST(reply->status == 413u);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
