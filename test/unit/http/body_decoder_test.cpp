#include "http/body_decoder.hpp"
#include "printing.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>

namespace otpd::http {

namespace {

constexpr std::string_view sized = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
constexpr std::string_view chunked =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

struct decoded {
    std::string body;
    std::size_t consumed = 0;
    bool complete = false;
    std::optional<framing_fault> fault;
};

/// Presents `bytes` in growing slices of `step`, as a connection does.
decoded decode(std::string const& bytes, std::size_t step, std::size_t body_bytes_max = 10) {
    decoded out;
    body_decoder decoder(out.body, 8192, body_bytes_max);
    for (std::size_t n = std::min(step, bytes.size());; n = std::min(n + step, bytes.size())) {
        auto const made =
            decoder.put(std::string_view(bytes).substr(out.consumed, n - out.consumed));
        out.consumed += made.consumed;
        out.complete = made.complete;
        out.fault = made.fault;
        if (out.complete || out.fault || n == bytes.size()) return out;
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_body_decoder)

BOOST_AUTO_TEST_CASE(decodes_however_the_bytes_are_sliced) {
    auto const next = std::string("GET /");
    auto const plain = std::string(sized) + "hello";
    auto const chunks =
        std::string(chunked) + "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nAuthorization: x\r\n\r\n";
    for (auto const& message : {plain, chunks})
        for (std::size_t step = 1; step <= message.size() + next.size(); ++step) {
            auto const out = decode(message + next, step);
            BOOST_TEST(out.complete);
            BOOST_TEST(out.body == "hello");
            BOOST_TEST(out.consumed == message.size());
        }
}

BOOST_AUTO_TEST_CASE(is_complete_without_a_body) {
    BOOST_TEST(decode("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000).complete);
    BOOST_TEST(decode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 1000).complete);
}

BOOST_AUTO_TEST_CASE(bounds_the_decoded_body) {
    for (std::size_t size : {9u, 10u})
        BOOST_TEST(decode(std::string(chunked) + "4\r\naaaa\r\n" + (size == 9 ? "5" : "6") +
                              "\r\n" + std::string(size - 4, 'b') + "\r\n0\r\n\r\n",
                          7)
                       .complete);
    auto const over = decode(std::string(chunked) + "4\r\naaaa\r\n7\r\nbbbbbbb\r\n0\r\n\r\n", 7);
    BOOST_TEST((over.fault == framing_fault::body_too_large));
}

BOOST_AUTO_TEST_CASE(refuses_broken_chunks) {
    for (std::string_view body : {"x\r\n", "-1\r\n", "0x2\r\nhe\r\n", "2\nhe\n0\n\n", "2\nhe\r\n",
                                  "2\r\nhello\r\n", "2\r\nhe\n0\r\n\r\n", " 2\r\nhe\r\n",
                                  "2;\x01\r\nhe\r\n", "2 he\r\n", "2\r\nhe\r\n0\r\nbad\r\n\r\n",
                                  "2\r\nhe\r\n0\r\nX : y\r\n\r\n", "fffffffffffffffff\r\n"}) {
        auto const out = decode(std::string(chunked) + std::string(body), 1000);
        BOOST_TEST_CONTEXT(body) {
            BOOST_TEST(out.fault.has_value());
            BOOST_TEST(!out.complete);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
