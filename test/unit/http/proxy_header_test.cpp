#include "http/proxy_header.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <ostream>
#include <set>
#include <string>
#include <string_view>

namespace otpd::http {

using namespace std::string_literals;
using progress = proxy_header::progress;

static std::ostream& operator<<(std::ostream& out, progress made) {
    return out << static_cast<int>(made);
}
static std::ostream& operator<<(std::ostream& out, proxy_fault fault) {
    return out << kind(fault);
}

namespace {

constexpr unsigned proxy = 0x21;
constexpr unsigned local = 0x20;

auto const signature = "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"s;
// 192.0.2.7:4660 to 198.51.100.1:443, and 2001:db8::7 to 2001:db8::1.
auto const v4_addresses = "\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x34\x01\xbb"s;
auto const v6_addresses = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07"
                          "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
                          "\x12\x34\x01\xbb"s;

std::string with_length(unsigned command, unsigned family, std::size_t length,
                        std::string const& payload) {
    auto bytes = signature;
    for (auto const value : {std::size_t{command}, std::size_t{family}, length >> 8, length & 0xff})
        bytes.push_back(static_cast<char>(value));
    return bytes + payload;
}
std::string header(unsigned command, unsigned family, std::string const& payload) {
    return with_length(command, family, payload.size(), payload);
}

std::string source_of(std::string_view bytes) {
    auto const made = parse_proxy_header(bytes);
    BOOST_TEST(made.made == progress::complete);
    return made.source ? made.source->to_string() : "none";
}

void check_rejected(std::string_view bytes, proxy_fault fault) {
    auto const made = parse_proxy_header(bytes);
    BOOST_TEST(made.made == progress::rejected);
    BOOST_TEST(made.fault == fault);
    BOOST_TEST(!made.source.has_value());
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_proxy_header)

BOOST_AUTO_TEST_CASE(names_the_source_of_tcp) {
    BOOST_TEST(source_of(header(proxy, 0x11, v4_addresses)) == "192.0.2.7");
    BOOST_TEST(source_of(header(proxy, 0x21, v6_addresses)) == "2001:db8::7");
}

BOOST_AUTO_TEST_CASE(takes_a_mapped_source_for_ipv4) {
    auto const mapped = std::string(10, '\0') + "\xff\xff\xc0\x00\x02\x07"s + std::string(20, '\0');
    BOOST_TEST(source_of(header(proxy, 0x21, mapped)) == "192.0.2.7");
}

BOOST_AUTO_TEST_CASE(ends_where_its_length_says) {
    for (auto const& bytes :
         {header(proxy, 0x11, v4_addresses), header(proxy, 0x21, v6_addresses),
          header(proxy, 0x11, v4_addresses + "\x04\x00\x01\xff"s), header(local, 0x00, ""),
          header(proxy, 0x00, ""), header(proxy, 0x11, v4_addresses + std::string(1012, 'x'))}) {
        BOOST_TEST(parse_proxy_header(bytes).size == bytes.size());
        BOOST_TEST(parse_proxy_header(bytes + "GET / HTTP/1.1\r\n").size == bytes.size());
        BOOST_TEST(source_of(bytes + "GET /") == source_of(bytes));
    }
}

BOOST_AUTO_TEST_CASE(waits_for_every_missing_byte) {
    for (auto const& bytes : {header(proxy, 0x11, v4_addresses + "\x04\x00\x01\xff"s),
                              header(proxy, 0x21, v6_addresses), header(local, 0x11, v4_addresses),
                              header(proxy, 0x31, std::string(216, '/'))})
        for (std::size_t n = 0; n < bytes.size(); ++n) {
            auto const made = parse_proxy_header(std::string_view(bytes).substr(0, n));
            BOOST_TEST(made.made == progress::need_more, n << " bytes");
        }
}

BOOST_AUTO_TEST_CASE(needs_every_byte_of_the_signature) {
    auto const good = header(proxy, 0x11, v4_addresses);
    for (std::size_t at = 0; at < signature.size(); ++at)
        for (int value = 0; value < 256; ++value) {
            auto bytes = good;
            bytes[at] = static_cast<char>(value);
            if (bytes == good) continue;
            check_rejected(bytes, proxy_fault::missing);
            // Rejected at that byte.
            check_rejected(bytes.substr(0, at + 1), proxy_fault::missing);
        }
}

BOOST_AUTO_TEST_CASE(refuses_what_else_a_connection_may_begin_with) {
    for (auto const& bytes :
         {"PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n"s, "PROXY UNKNOWN\r\n"s, "P"s,
          "GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, "\r\nGET / HTTP/1.1\r\n"s,
          "\r\n\r\nGET / HTTP/1.1"s, "\x16\x03\x01\x02"s, "\0"s, "\n"s})
        check_rejected(bytes, proxy_fault::missing);
}

BOOST_AUTO_TEST_CASE(knows_version_2_and_two_commands) {
    for (unsigned command = 0; command < 256; ++command) {
        if (command == proxy || command == local) continue;
        auto const bytes = header(command, 0x11, v4_addresses);
        check_rejected(bytes, proxy_fault::malformed);
        check_rejected(bytes.substr(0, 13), proxy_fault::malformed);
    }
}

BOOST_AUTO_TEST_CASE(knows_the_families_of_the_specification) {
    std::set<unsigned> const known = {0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32};
    for (unsigned family = 0; family < 256; ++family) {
        auto const bytes = header(proxy, family, std::string(216, '\1'));
        if (known.contains(family)) {
            bool const is_tcp = family == 0x11 || family == 0x21;
            BOOST_TEST((source_of(bytes) != "none") == is_tcp);
        } else {
            check_rejected(bytes, proxy_fault::malformed);
            check_rejected(bytes.substr(0, 14), proxy_fault::malformed);
        }
    }
}

BOOST_AUTO_TEST_CASE(ignores_the_family_and_addresses_of_a_local_connection) {
    for (unsigned family = 0; family < 256; ++family) {
        BOOST_TEST(source_of(header(local, family, v4_addresses)) == "none");
        BOOST_TEST(source_of(header(local, family, "")) == "none");
    }
}

BOOST_AUTO_TEST_CASE(has_no_source_where_the_proxy_does_not_say) {
    BOOST_TEST(source_of(header(proxy, 0x00, "")) == "none");
    BOOST_TEST(source_of(header(proxy, 0x00, v4_addresses)) == "none");
    BOOST_TEST(source_of(header(proxy, 0x12, v4_addresses)) == "none");
    BOOST_TEST(source_of(header(proxy, 0x22, v6_addresses)) == "none");
    BOOST_TEST(source_of(header(proxy, 0x31, std::string(216, '/'))) == "none");
}

BOOST_AUTO_TEST_CASE(needs_room_for_the_addresses_of_its_family) {
    for (std::size_t length = 0; length < v4_addresses.size(); ++length) {
        auto const payload = v4_addresses.substr(0, length);
        check_rejected(header(proxy, 0x11, payload), proxy_fault::malformed);
        // Rejected before the client's bytes could be read as addresses.
        check_rejected(with_length(proxy, 0x11, length, ""), proxy_fault::malformed);
    }
    for (std::size_t length = 0; length < v6_addresses.size(); ++length)
        check_rejected(header(proxy, 0x21, v6_addresses.substr(0, length)), proxy_fault::malformed);
}

BOOST_AUTO_TEST_CASE(bounds_its_length) {
    for (std::size_t length : {1023u, 1024u}) {
        auto const bytes = header(proxy, 0x11, v4_addresses + std::string(length - 12, 'x'));
        BOOST_TEST(source_of(bytes) == "192.0.2.7");
    }
    for (std::size_t length : {1025u, 2048u, 65535u}) {
        check_rejected(with_length(proxy, 0x11, length, ""), proxy_fault::malformed);
        check_rejected(with_length(local, 0x00, length, ""), proxy_fault::malformed);
    }
}

BOOST_AUTO_TEST_CASE(ignores_additional_fields) {
    for (auto const& further : {"\x04\xff\xff"s, "\0"s, "\r\n\r\n"s, std::string(12, '\xff')})
        BOOST_TEST(source_of(header(proxy, 0x11, v4_addresses + further)) == "192.0.2.7");
}

BOOST_AUTO_TEST_CASE(has_one_word_for_each_fault) {
    BOOST_TEST(kind(proxy_fault::untrusted_peer) == "untrusted_proxy");
    BOOST_TEST(kind(proxy_fault::missing) == "proxy_header_missing");
    BOOST_TEST(kind(proxy_fault::malformed) == "bad_proxy_header");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
