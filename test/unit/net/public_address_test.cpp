/// Which addresses a request to a user's URL may reach.

#include "otpd/net/public_address.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

namespace data = boost::unit_test::data;

namespace {

bool is_public(char const* text) {
    return otpd::net::is_public_address(boost::asio::ip::make_address(text));
}

// The first and the last address of each special range, and the public addresses next to them.
constexpr std::array special_v4{
    "0.0.0.0",         "0.255.255.255", "10.0.0.0",        "10.255.255.255",  "100.64.0.0",
    "100.127.255.255", "127.0.0.1",     "127.255.255.255", "169.254.0.0",     "169.254.169.254",
    "169.254.255.255", "172.16.0.0",    "172.31.255.255",  "192.0.0.0",       "192.0.0.255",
    "192.0.2.0",       "192.0.2.255",   "192.88.99.0",     "192.88.99.255",   "192.168.0.0",
    "192.168.255.255", "198.18.0.0",    "198.19.255.255",  "198.51.100.0",    "198.51.100.255",
    "203.0.113.0",     "203.0.113.255", "224.0.0.0",       "239.255.255.255", "240.0.0.0",
    "255.255.255.255"};

constexpr std::array public_v4{
    "1.0.0.0",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255",
    "172.32.0.0",      "191.255.255.255", "192.0.1.0",       "192.0.3.0",      "192.88.98.255",
    "192.88.100.0",    "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
    "198.51.99.255",   "198.51.101.0",    "203.0.112.255",   "203.0.114.0",    "223.255.255.255"};

constexpr std::array special_v6{
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",                               // IPv4-compatible, deprecated
    "64:ff9b::808:808",                        // NAT64
    "64:ff9b:1::1",                            // NAT64, local
    "100::1",                                  // discarded
    "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", // before the global unicast space
    "2001::1",                                 // Teredo
    "2001:2::1",                               // benchmarks
    "2001:20::1",                              // ORCHID
    "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::1",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002:7f00:1::", // 6to4 of 127.0.0.1
    "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff::1",
    "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
    "4000::",
    "5f00::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fec0::1",
    "ff02::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

constexpr std::array public_v6{
    "2000::1", "2001:200::1",     "2001:db7:ffff::1", "2001:db9::1", "2001:4860:4860::8888",
    "2003::1", "2606:4700::1111", "3fff:1000::1",
};

} // namespace

BOOST_AUTO_TEST_SUITE(public_address)

BOOST_DATA_TEST_CASE(special_ipv4_ranges_are_not, data::make(special_v4)) {
    BOOST_TEST(!is_public(sample));
}

BOOST_DATA_TEST_CASE(other_ipv4_addresses_are, data::make(public_v4)) {
    BOOST_TEST(is_public(sample));
}

BOOST_DATA_TEST_CASE(special_ipv6_ranges_are_not, data::make(special_v6)) {
    BOOST_TEST(!is_public(sample));
}

BOOST_DATA_TEST_CASE(other_ipv6_addresses_are, data::make(public_v6)) {
    BOOST_TEST(is_public(sample));
}

BOOST_DATA_TEST_CASE(a_mapped_ipv4_address_is_what_it_is_by_itself_if_special,
                     data::make(special_v4)) {
    BOOST_TEST(!is_public(("::ffff:" + std::string(sample)).c_str()));
}

BOOST_DATA_TEST_CASE(a_mapped_ipv4_address_is_what_it_is_by_itself_if_public,
                     data::make(public_v4)) {
    BOOST_TEST(is_public(("::ffff:" + std::string(sample)).c_str()));
}

BOOST_AUTO_TEST_SUITE_END()
