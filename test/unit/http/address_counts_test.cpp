#include "http/address_counts.hpp"

#include <boost/test/unit_test.hpp>

namespace otpd::http {

namespace {

boost::asio::ip::address address(char const* text) {
    return boost::asio::ip::make_address(text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_address_counts)

BOOST_AUTO_TEST_CASE(each_address_has_a_bound_of_its_own) {
    address_counts counts(2);
    counts.enter(address("192.0.2.1"));
    BOOST_TEST(!counts.is_full(address("192.0.2.1")));
    counts.enter(address("::ffff:192.0.2.1"));
    BOOST_TEST(counts.is_full(address("192.0.2.1")));
    BOOST_TEST(counts.is_full(address("::ffff:192.0.2.1")));
    BOOST_TEST(!counts.is_full(address("192.0.2.2")));
    counts.leave(address("192.0.2.1"));
    BOOST_TEST(!counts.is_full(address("192.0.2.1")));
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_counts_as_its_first_64_bits) {
    address_counts counts(1);
    counts.enter(address("2001:db8:0:1::1"));
    BOOST_TEST(counts.is_full(address("2001:db8:0:1:ffff:ffff:ffff:ffff")));
    BOOST_TEST(!counts.is_full(address("2001:db8:0:2::1")));
    counts.leave(address("2001:db8:0:1::2"));
    BOOST_TEST(!counts.is_full(address("2001:db8:0:1::1")));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
