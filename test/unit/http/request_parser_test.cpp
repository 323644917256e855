#include "http/request_parser.hpp"
#include "printing.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::http {

using namespace std::string_literals;
using progress = request_parser::progress;

static std::ostream& operator<<(std::ostream& out, progress p) {
    return out << static_cast<int>(p);
}
namespace {

constexpr std::string_view host = "Host: a\r\n";

std::string get(std::string_view fields) {
    return "GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view fields) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
std::string line(std::string_view request_line) {
    return std::string(request_line) + "\r\nHost: a\r\n\r\n";
}

struct refusal {
    std::string_view name;
    std::string bytes;
    framing_fault fault;
};
std::ostream& operator<<(std::ostream& out, refusal const& r) {
    return out << r.name;
}

std::vector<refusal> const refusals = {
    // Bytes
    {"NUL in the request line", std::string("GET /\0 HTTP/1.1\r\n", 17),
     framing_fault::control_character},
    {"NUL in a value", get(std::string("Host: a\0b\r\n", 11)), framing_fault::control_character},
    {"DEL in a value", get("Host: a\x7f\r\n"), framing_fault::control_character},
    {"escape in a value", get("Host: a\r\nX: \x1b[0m\r\n"), framing_fault::control_character},
    {"TLS hello", std::string("\x16\x03\x01\x02\x00", 5), framing_fault::control_character},
    {"LF ends the request line", "GET / HTTP/1.1\nHost: a\n\n", framing_fault::bare_line_ending},
    {"LF ends a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", framing_fault::bare_line_ending},
    {"CR within a value", get("Host: a\rX: b\r\n"), framing_fault::bare_line_ending},
    {"CR begins a field", get("Host: a\r\n\rX: b\r\n"), framing_fault::bare_line_ending},
    {"CR CR LF", "GET / HTTP/1.1\r\r\n", framing_fault::bare_line_ending},
    {"LF first", "\nGET / HTTP/1.1\r\n", framing_fault::bare_line_ending},
    // Request line
    {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n", framing_fault::bad_request_line},
    {"HTTP/0.9", "GET /\r\n", framing_fault::bad_request_line},
    {"one word", line("GET"), framing_fault::bad_request_line},
    {"no target", line("GET  HTTP/1.1"), framing_fault::bad_target},
    {"two spaces", line("GET  / HTTP/1.1"), framing_fault::bad_target},
    {"space in the target", line("GET /a b HTTP/1.1"), framing_fault::bad_target},
    {"space after the version", line("GET / HTTP/1.1 "), framing_fault::bad_request_line},
    {"tabs", line("GET\t/\tHTTP/1.1"), framing_fault::bad_request_line},
    {"leading space", line(" GET / HTTP/1.1"), framing_fault::bad_request_line},
    {"bad method", line("G(T / HTTP/1.1"), framing_fault::bad_request_line},
    {"lower-case protocol", line("GET / http/1.1"), framing_fault::bad_request_line},
    {"other protocol", line("GET / HTTQ/1.1"), framing_fault::bad_request_line},
    {"version of three digits", line("GET / HTTP/1.10"), framing_fault::bad_request_line},
    {"version without a minor", line("GET / HTTP/1."), framing_fault::bad_request_line},
    {"end of the head after a short version", "GET / X\r\n\r\n", framing_fault::bad_request_line},
    {"HTTP/1.2", line("GET / HTTP/1.2"), framing_fault::version_unsupported},
    {"HTTP/2.0", line("GET / HTTP/2.0"), framing_fault::version_unsupported},
    {"HTTP/0.9 in words", line("GET / HTTP/0.9"), framing_fault::version_unsupported},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", framing_fault::version_unsupported},
    // Target
    {"no slash", line("GET hello HTTP/1.1"), framing_fault::bad_target},
    {"asterisk with GET", line("GET * HTTP/1.1"), framing_fault::bad_target},
    {"authority form", line("CONNECT a:443 HTTP/1.1"), framing_fault::bad_target},
    {"fragment", line("GET /a#b HTTP/1.1"), framing_fault::bad_target},
    {"backslash", line("GET /a\\b HTTP/1.1"), framing_fault::bad_target},
    {"non-ASCII", line("GET /\xc3\xa4 HTTP/1.1"), framing_fault::bad_target},
    {"escape cut off", line("GET /a%2 HTTP/1.1"), framing_fault::bad_target},
    {"bad escape", line("GET /a%2x HTTP/1.1"), framing_fault::bad_target},
    {"bad escape in the query", line("GET /a?b=%zz HTTP/1.1"), framing_fault::bad_target},
    {"escaped NUL", line("GET /a%00b HTTP/1.1"), framing_fault::bad_target},
    {"other scheme", line("GET ftp://a/ HTTP/1.1"), framing_fault::bad_target},
    {"absolute form of another host", line("GET http://b/ HTTP/1.1"), framing_fault::bad_host},
    {"absolute form of no host", line("GET http:///x HTTP/1.1"), framing_fault::bad_target},
    {"absolute form with a user", line("GET http://u@a/ HTTP/1.1"), framing_fault::bad_host},
    // Fields
    {"folded field", get("Host: a\r\nX: b\r\n c\r\n"), framing_fault::folded_field},
    {"folded by a tab", get("Host: a\r\nX: b\r\n\tc\r\n"), framing_fault::folded_field},
    {"folded Transfer-Encoding", post("Transfer-Encoding:\r\n chunked\r\n"),
     framing_fault::folded_field},
    {"space before the first field", get(" Host: a\r\n"), framing_fault::folded_field},
    {"space before the colon", get("Host : a\r\n"), framing_fault::bad_field},
    {"tab before the colon", get("Host\t: a\r\n"), framing_fault::bad_field},
    {"no colon", get("Host: a\r\nX\r\n"), framing_fault::bad_field},
    {"no name", get("Host: a\r\n: b\r\n"), framing_fault::bad_field},
    {"name with a bracket", get("Host: a\r\nX[]: b\r\n"), framing_fault::bad_field},
    {"name beyond ASCII", get("Host: a\r\nX\xe9: b\r\n"), framing_fault::bad_field},
    {"Connection that is no list", get("Host: a\r\nConnection: close keep-alive\r\n"),
     framing_fault::bad_field},
    {"Authorization twice", get("Host: a\r\nAuthorization: x\r\nauthorization: y\r\n"),
     framing_fault::repeated_field},
    {"Content-Type twice", post("Content-Type: a/b\r\nContent-Type: a/b\r\n"),
     framing_fault::repeated_field},
    {"Idempotency-Key twice", post("Idempotency-Key: a\r\nIdempotency-Key: b\r\n"),
     framing_fault::repeated_field},
    // Host
    {"no Host", get(""), framing_fault::bad_host},
    {"two Hosts", get("Host: a\r\nHost: a\r\n"), framing_fault::bad_host},
    {"empty Host", get("Host:\r\n"), framing_fault::bad_host},
    {"list of Hosts", get("Host: a, b\r\n"), framing_fault::bad_host},
    {"Host with a path", get("Host: a/b\r\n"), framing_fault::bad_host},
    {"Host with a user", get("Host: u@a\r\n"), framing_fault::bad_host},
    {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
     framing_fault::bad_host},
    // Content-Length
    {"list of lengths", post("Content-Length: 2, 2\r\n"), framing_fault::bad_content_length},
    {"length twice", post("Content-Length: 2\r\nContent-Length: 2\r\n"),
     framing_fault::bad_content_length},
    {"two lengths", post("Content-Length: 2\r\ncontent-length: 3\r\n"),
     framing_fault::bad_content_length},
    {"signed length", post("Content-Length: +2\r\n"), framing_fault::bad_content_length},
    {"negative length", post("Content-Length: -2\r\n"), framing_fault::bad_content_length},
    {"hexadecimal length", post("Content-Length: 0x2\r\n"), framing_fault::bad_content_length},
    {"fraction", post("Content-Length: 2.0\r\n"), framing_fault::bad_content_length},
    {"inner space", post("Content-Length: 2 2\r\n"), framing_fault::bad_content_length},
    {"empty length", post("Content-Length: \r\n"), framing_fault::bad_content_length},
    {"length in disguise", post("Content-Length: 00000002\r\n"), framing_fault::bad_content_length},
    {"length of 8 digits", post("Content-Length: 10000000\r\n"), framing_fault::body_too_large},
    {"length over 64 bits", post("Content-Length: 18446744073709551617\r\n"),
     framing_fault::body_too_large},
    {"length over the limit", post("Content-Length: 4097\r\n"), framing_fault::body_too_large},
    // Transfer-Encoding
    {"length, then encoding", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
     framing_fault::length_and_encoding},
    {"encoding, then length", post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"),
     framing_fault::length_and_encoding},
    {"encoding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
     framing_fault::bad_transfer_encoding},
    {"chunked not last", post("Transfer-Encoding: chunked, identity\r\n"),
     framing_fault::bad_transfer_encoding},
    {"chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"),
     framing_fault::bad_transfer_encoding},
    {"identity", post("Transfer-Encoding: identity\r\n"), framing_fault::bad_transfer_encoding},
    {"no coding", post("Transfer-Encoding:\r\n"), framing_fault::bad_transfer_encoding},
    {"almost chunked", post("Transfer-Encoding: xchunked\r\n"),
     framing_fault::bad_transfer_encoding},
    {"quoted chunked", post("Transfer-Encoding: \"chunked\"\r\n"),
     framing_fault::bad_transfer_encoding},
    {"chunked with a parameter", post("Transfer-Encoding: chunked;a=b\r\n"),
     framing_fault::bad_transfer_encoding},
    {"chunked and a word", post("Transfer-Encoding: chunked x\r\n"),
     framing_fault::bad_transfer_encoding},
    {"chunked and a vertical tab",
     post("Transfer-Encoding: \x0b"
          "chunked\r\n"),
     framing_fault::control_character},
    {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
     framing_fault::bad_transfer_encoding},
    {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n"),
     framing_fault::encoding_unsupported},
    // Expect
    {"other expectation", post("Expect: 200-ok\r\n"), framing_fault::expectation_unknown},
    {"two expectations", post("Expect: 100-continue\r\nExpect: 100-continue\r\n"),
     framing_fault::repeated_field},
};

struct decoded {
    std::string body;
    std::size_t size = 0;
    bool complete = false;
    std::optional<framing_fault> fault;
};

/// Feeds prefixes of `bytes` that grow by `step`, like a connection.
decoded decode(std::string const& bytes, std::size_t step) {
    request_limits limits;
    limits.body_bytes_max = 10;
    request_parser parser(limits);
    auto made = progress::need_more;
    decoded out;
    for (std::size_t n = 0; made == progress::need_more && n < bytes.size();) {
        n = std::min(n + step, bytes.size());
        auto const received = bytes.substr(0, n);
        made = parser.feed(received);
        if (made == progress::complete) out.body = parser.body(received);
    }
    out.size = parser.end();
    out.complete = made == progress::complete;
    if (made == progress::rejected) out.fault = parser.fault();
    return out;
}

std::string const sized = post("Content-Length: 5\r\n");
std::string const chunked = post("Transfer-Encoding: chunked\r\n");

request_parser parsed(std::string_view bytes) {
    request_parser head{request_limits{}};
    BOOST_TEST(head.feed(bytes) == progress::complete);
    return head;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_request_parser)

BOOST_DATA_TEST_CASE(refuses, boost::unit_test::data::make(refusals), what) {
    request_parser head{request_limits{}};
    BOOST_TEST(head.feed(what.bytes) == progress::rejected);
    BOOST_TEST(head.fault() == what.fault);
}

BOOST_DATA_TEST_CASE(refuses_the_same_when_sliced, boost::unit_test::data::make(refusals), what) {
    request_parser head{request_limits{}};
    auto made = progress::need_more;
    for (std::size_t n = 1; n <= what.bytes.size() && made == progress::need_more; ++n)
        made = head.feed(std::string(what.bytes.substr(0, n)));
    BOOST_TEST(made == progress::rejected);
    BOOST_TEST(head.fault() == what.fault);
}

BOOST_AUTO_TEST_CASE(accepts_a_request_in_slices_and_in_a_moving_buffer) {
    auto const bytes = "POST /a/b?c=d%20e HTTP/1.1\r\nHost: a:80\r\nX-Empty:\r\nX: \t v w \r\n"
                       "Content-Length: 3\r\n\r\nabcGET"s;
    request_parser head{request_limits{}};
    auto const end = bytes.find("abc");
    for (std::size_t n = 1; n < end; ++n)
        BOOST_TEST(head.feed(std::string(bytes.substr(0, n))) == progress::need_more);
    BOOST_TEST(head.feed(bytes) == progress::complete);
    BOOST_TEST(head.head_end() == end);
    BOOST_TEST(head.end() == end + 3);
    BOOST_TEST(head.body(bytes) == "abc");
    BOOST_TEST((head.verb() == method::post));
    BOOST_TEST(head.target().whole(bytes) == "/a/b?c=d%20e");
    BOOST_TEST(head.target().path(bytes) == "/a/b");
    BOOST_TEST(head.target().query(bytes) == "c=d%20e");
    std::vector<field_view> fields;
    head.copy_fields(bytes, fields);
    BOOST_REQUIRE(fields.size() == 4u);
    BOOST_TEST(fields[0].name == "Host");
    BOOST_TEST(fields[0].value == "a:80");
    BOOST_TEST(fields[1].value == "");
    BOOST_TEST(fields[2].value == "v w");
}

BOOST_AUTO_TEST_CASE(skips_one_empty_line_first) {
    auto const bytes = "\r\n"s + get(host);
    auto const head = parsed(bytes);
    BOOST_TEST(head.end() == bytes.size());
    BOOST_TEST(head.target().path(bytes) == "/");
}

BOOST_AUTO_TEST_CASE(forgets_the_last_request) {
    request_parser head{request_limits{}};
    BOOST_TEST(head.feed("POST /a?b HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n"
                         "Expect: 100-continue\r\nAuthorization: x\r\n\r\n") == progress::complete);
    head.reset();
    auto const second = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: y\r\n\r\n"s;
    BOOST_TEST(head.feed(second) == progress::complete);
    BOOST_TEST(head.target().query(second) == "");
    BOOST_TEST(!head.is_http_1_0());
    BOOST_TEST(head.keep_alive());
    BOOST_TEST(!head.expects_continue());
    std::vector<field_view> fields;
    head.copy_fields(second, fields);
    BOOST_TEST(fields.size() == 2u);
}

BOOST_AUTO_TEST_CASE(accepts_absolute_form_of_the_same_host) {
    auto const bytes = "GET http://A:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n"s;
    auto const head = parsed(bytes);
    BOOST_TEST(head.target().path(bytes) == "/x");
    BOOST_TEST(head.target().query(bytes) == "y");
    auto const bare = "GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n"s;
    auto const root = parsed(bare);
    BOOST_TEST(root.target().path(bare) == "/");
    BOOST_TEST(root.target().query(bare) == "y");
}

BOOST_AUTO_TEST_CASE(accepts_asterisk_with_options) {
    auto const bytes = line("OPTIONS * HTTP/1.1");
    BOOST_TEST(parsed(bytes).target().path(bytes) == "*");
}

BOOST_AUTO_TEST_CASE(needs_no_host_in_http_1_0) {
    BOOST_TEST(parsed("OPTIONS / HTTP/1.0\r\n\r\n").is_http_1_0());
}

BOOST_AUTO_TEST_CASE(knows_who_keeps_the_connection) {
    BOOST_TEST(parsed(get(host)).keep_alive());
    BOOST_TEST(!parsed(get("Host: a\r\nConnection: Close\r\n")).keep_alive());
    BOOST_TEST(!parsed(get("Host: a\r\nConnection: x\r\nConnection: y, close\r\n")).keep_alive());
    BOOST_TEST(!parsed("GET / HTTP/1.0\r\nHost: a\r\n\r\n").keep_alive());
    BOOST_TEST(parsed("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n").keep_alive());
    BOOST_TEST(!parsed(get("Host: a\r\nConnection: close, keep-alive\r\n")).keep_alive());
}

BOOST_AUTO_TEST_CASE(expects_continue_in_http_1_1_only) {
    BOOST_TEST(parsed(post("Expect: 100-Continue\r\n")).expects_continue());
    BOOST_TEST(!parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue());
}

BOOST_AUTO_TEST_CASE(bounds_the_header_section) {
    request_limits limits;
    limits.header_bytes_max = 200;
    auto const of_size = [](std::size_t size) {
        auto const frame = get("Host: a\r\nX: \r\n").size();
        return get("Host: a\r\nX: " + std::string(size - frame, 'x') + "\r\n");
    };
    for (std::size_t size : {199u, 200u}) {
        request_parser head{limits};
        BOOST_TEST(head.feed(of_size(size)) == progress::complete);
    }
    request_parser head{limits};
    BOOST_TEST(head.feed(of_size(201)) == progress::rejected);
    BOOST_TEST(head.fault() == framing_fault::header_too_large);
    // Bytes after the header section do not count.
    request_parser pipelined{limits};
    BOOST_TEST(pipelined.feed(of_size(200) + std::string(500, 'x')) == progress::complete);
    // An endless header is refused as soon as the limit is reached.
    request_parser endless{limits};
    BOOST_TEST(endless.feed(of_size(300).substr(0, 199)) == progress::need_more);
    BOOST_TEST(endless.feed(of_size(300).substr(0, 200)) == progress::rejected);
}

/// Wherever the limit falls, a long token gets the same answer as a wrong one; with other fields of
/// up to 7/8 of the limit.
BOOST_AUTO_TEST_CASE(a_section_too_large_for_its_credentials_is_about_them) {
    request_limits limits;
    limits.header_bytes_max = 400;
    auto const others = [](std::size_t size) {
        return size == 0 ? ""s : "X: " + std::string(size - 5, 'x') + "\r\n";
    };
    for (std::size_t before : {0u, 5u, 140u, 260u})
        for (std::size_t behind : {0u, 5u, 40u})
            for (std::size_t size = 1; size < 1000; ++size) {
                auto const bytes = get("Host: a\r\n" + others(before) + "authoriZation: Bearer " +
                                       std::string(size, 't') + "\r\n" + others(behind));
                request_parser head{limits};
                auto const made = head.feed(bytes);
                BOOST_TEST((made == progress::complete) ==
                           (bytes.size() <= limits.header_bytes_max));
                if (made == progress::rejected)
                    BOOST_TEST(head.fault() == framing_fault::credentials_too_large);
            }
}

BOOST_AUTO_TEST_CASE(a_section_too_large_for_others_is_not_about_credentials) {
    request_limits limits;
    limits.header_bytes_max = 200;
    auto const large = std::string(200, 'x');
    for (auto const& fields :
         {"X: " + large, "Authorization: Bearer token\r\nX: " + large, "X-Authorization: " + large,
          "Authorization2: " + large, "Proxy-Authorization: " + large, "X: Authorization: " + large,
          "Authorization" + large}) {
        request_parser head{limits};
        BOOST_TEST(head.feed(get("Host: a\r\n" + fields)) == progress::rejected);
        BOOST_TEST(head.fault() == framing_fault::header_too_large, fields);
    }
    request_parser target{limits};
    BOOST_TEST(target.feed("GET /Authorization: " + large) == progress::rejected);
    BOOST_TEST(target.fault() == framing_fault::target_too_long);
}

BOOST_AUTO_TEST_CASE(large_credentials_are_forgotten_with_their_request) {
    request_limits limits;
    limits.header_bytes_max = 200;
    request_parser head{limits};
    auto const first = get("Host: a\r\nAuthorization: " + std::string(120, 't') + "\r\n");
    BOOST_TEST(head.feed(first) == progress::complete);
    head.reset();
    BOOST_TEST(head.feed(get("Host: a\r\nX: " + std::string(200, 'x') + "\r\n")) ==
               progress::rejected);
    BOOST_TEST(head.fault() == framing_fault::header_too_large);
}

BOOST_AUTO_TEST_CASE(bounds_the_target) {
    request_limits limits;
    limits.target_bytes_max = 20;
    auto const of_size = [](std::size_t size) {
        return line("GET /" + std::string(size - 1, 'x') + " HTTP/1.1");
    };
    for (std::size_t size : {19u, 20u}) {
        request_parser head{limits};
        BOOST_TEST(head.feed(of_size(size)) == progress::complete);
    }
    request_parser head{limits};
    BOOST_TEST(head.feed(of_size(21)) == progress::rejected);
    BOOST_TEST(head.fault() == framing_fault::target_too_long);
    request_parser endless{limits};
    BOOST_TEST(endless.feed("GET /" + std::string(limits.header_bytes_max, 'x')) ==
               progress::rejected);
    BOOST_TEST(endless.fault() == framing_fault::target_too_long);
}

BOOST_AUTO_TEST_CASE(bounds_the_number_of_fields) {
    request_limits limits;
    limits.fields_max = 5;
    auto const with_fields = [](int count) {
        std::string fields(host);
        for (int i = 1; i < count; ++i)
            fields += "X: y\r\n";
        return get(fields);
    };
    for (int count : {4, 5}) {
        request_parser head{limits};
        BOOST_TEST(head.feed(with_fields(count)) == progress::complete);
    }
    request_parser head{limits};
    BOOST_TEST(head.feed(with_fields(6)) == progress::rejected);
    BOOST_TEST(head.fault() == framing_fault::too_many_fields);
}

BOOST_AUTO_TEST_CASE(bounds_the_declared_body) {
    request_limits limits;
    limits.body_bytes_max = 100;
    for (std::string_view length : {"0", "99", "100", "0000100"}) {
        request_parser head{limits};
        auto const bytes =
            post("Content-Length: " + std::string(length) + "\r\n") + std::string(100, 'x');
        BOOST_TEST(head.feed(bytes) == progress::complete);
    }
    request_parser head{limits};
    BOOST_TEST(head.feed(post("Content-Length: 101\r\n")) == progress::rejected);
    BOOST_TEST(head.fault() == framing_fault::body_too_large);
}

BOOST_AUTO_TEST_CASE(decodes_however_the_bytes_are_sliced) {
    auto const next = std::string("GET /");
    auto const plain = sized + "hello";
    auto const chunks = chunked + "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nAuthorization: x\r\n\r\n";
    for (auto const& message : {plain, chunks})
        for (std::size_t step = 1; step <= message.size() + next.size(); ++step) {
            auto const out = decode(message + next, step);
            BOOST_TEST(out.complete);
            BOOST_TEST(out.body == "hello");
            BOOST_TEST(out.size == message.size());
        }
}

BOOST_AUTO_TEST_CASE(is_complete_without_a_body) {
    BOOST_TEST(decode("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000).complete);
    BOOST_TEST(decode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 1000).complete);
}

BOOST_AUTO_TEST_CASE(bounds_the_decoded_body) {
    for (std::size_t size : {9u, 10u})
        BOOST_TEST(decode(chunked + "4\r\naaaa\r\n" + (size == 9 ? "5" : "6") + "\r\n" +
                              std::string(size - 4, 'b') + "\r\n0\r\n\r\n",
                          7)
                       .complete);
    auto const over = decode(chunked + "4\r\naaaa\r\n7\r\nbbbbbbb\r\n0\r\n\r\n", 7);
    BOOST_TEST((over.fault == framing_fault::body_too_large));
}

BOOST_AUTO_TEST_CASE(refuses_broken_chunks) {
    for (std::string_view body : {"x\r\n", "-1\r\n", "0x2\r\nhe\r\n", "2\nhe\n0\n\n", "2\nhe\r\n",
                                  "2\r\nhello\r\n", "2\r\nhe\n0\r\n\r\n", " 2\r\nhe\r\n",
                                  "2;\x01\r\nhe\r\n", "2 he\r\n", "2\r\nhe\r\n0\r\nbad\r\n\r\n",
                                  "2\r\nhe\r\n0\r\nX : y\r\n\r\n", "fffffffffffffffff\r\n"}) {
        auto const out = decode(chunked + std::string(body), 1000);
        BOOST_TEST_CONTEXT(body) {
            BOOST_TEST(out.fault.has_value());
            BOOST_TEST(!out.complete);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
