#include "otpd/http/address_range.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace otpd::http {

namespace {

boost::asio::ip::address address(std::string_view text) {
    return boost::asio::ip::make_address(text);
}

bool holds(std::string_view range, std::string_view text) {
    return address_range::parse(range).value().contains(address(text));
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_address_range)

BOOST_AUTO_TEST_CASE(is_written_and_read_alike) {
    for (std::string_view text :
         {"10.0.0.0/8", "192.0.2.1/32", "0.0.0.0/0", "128.0.0.0/1", "10.128.0.0/9",
          "192.0.2.254/31", "2001:db8::/32", "::/0", "::1/128", "2001:db8:8000::/33"})
        BOOST_TEST(address_range::parse(text).value().to_string() == text);
    BOOST_TEST(address_range::parse("2001:DB8:0::/32").value().to_string() == "2001:db8::/32");
}

BOOST_AUTO_TEST_CASE(of_a_bare_address_holds_that_one) {
    BOOST_TEST(address_range::parse("192.0.2.1").value().to_string() == "192.0.2.1/32");
    BOOST_TEST(address_range::parse("2001:db8::1").value().to_string() == "2001:db8::1/128");
    BOOST_TEST(holds("192.0.2.1", "192.0.2.1"));
    BOOST_TEST(!holds("192.0.2.1", "192.0.2.0"));
    BOOST_TEST(holds("2001:db8::1", "2001:db8::1"));
    BOOST_TEST(!holds("2001:db8::1", "2001:db8::"));
}

BOOST_AUTO_TEST_CASE(refuses_bits_behind_the_prefix) {
    for (std::string_view text :
         {"10.0.0.1/8", "10.1.0.0/8", "192.0.2.1/31", "1.0.0.0/0", "128.0.0.0/0", "10.128.0.0/8",
          "2001:db8::1/32", "2001:db8::1/127", "::1/0", "2001:db8:8000::/32"})
        BOOST_TEST(!address_range::parse(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_prefix) {
    for (std::string_view prefix : {"", "33", "08", "+8", "-8", " 8", "8 ", "8/8", "8x",
                                    "255.0.0.0", "4294967296", "99999999999999999999"})
        BOOST_TEST(!address_range::parse("0.0.0.0/" + std::string(prefix)).has_value(), prefix);
    BOOST_TEST(!address_range::parse("::/129").has_value());
    BOOST_TEST(!address_range::parse("::/4294967296").has_value());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_address) {
    for (std::string_view text : {"", "/", "/8", "10.0.0/8", "10/8", "010.0.0.0/8", "0x0a.0.0.0/8",
                                  "10.0.0.256/32", " 10.0.0.0/8", "10.0.0.0 /8", "localhost", "*"})
        BOOST_TEST(!address_range::parse(text).has_value(), text);
    for (std::string_view text : {":", ":::", "2001:db8::1::/64", "fe80::%eth0/10", "fe80::1%1",
                                  "[::1]", "[::1]/128", "1.2.3.4:80"})
        BOOST_TEST(!address_range::parse(text).has_value(), text);
    BOOST_TEST(!address_range::parse(std::string_view("10.0.0.0\0/8", 11)).has_value());
    BOOST_TEST(!address_range::parse(std::string(1000, '1')).has_value());
}

BOOST_AUTO_TEST_CASE(begins_and_ends_where_the_prefix_says) {
    BOOST_TEST(holds("10.0.0.0/8", "10.0.0.0"));
    BOOST_TEST(holds("10.0.0.0/8", "10.255.255.255"));
    BOOST_TEST(!holds("10.0.0.0/8", "9.255.255.255"));
    BOOST_TEST(!holds("10.0.0.0/8", "11.0.0.0"));
    BOOST_TEST(holds("172.16.0.0/12", "172.31.255.255"));
    BOOST_TEST(!holds("172.16.0.0/12", "172.32.0.0"));
    BOOST_TEST(holds("192.0.2.254/31", "192.0.2.255"));
    BOOST_TEST(!holds("192.0.2.254/31", "192.0.2.253"));
    BOOST_TEST(holds("0.0.0.0/0", "255.255.255.255"));
    BOOST_TEST(holds("2001:db8:8000::/33", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
    BOOST_TEST(!holds("2001:db8:8000::/33", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"));
    BOOST_TEST(holds("::/0", "ffff::1"));
}

BOOST_AUTO_TEST_CASE(takes_mapped_ipv4_for_ipv4) {
    BOOST_TEST(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
    BOOST_TEST(!holds("10.0.0.0/8", "::ffff:11.1.2.3"));
    BOOST_TEST(address_range::parse("::ffff:10.0.0.0/104").value().to_string() == "10.0.0.0/8");
    BOOST_TEST(address_range::parse("::ffff:0:0/96").value().to_string() == "0.0.0.0/0");
    BOOST_TEST(address_range::parse("::ffff:10.0.0.1").value().to_string() == "10.0.0.1/32");
    BOOST_TEST(!address_range::parse("::ffff:10.0.0.0/8").has_value());
    BOOST_TEST(!address_range::parse("::ffff:0:0/95").has_value());
    BOOST_TEST(!address_range::parse("::ffff:10.0.0.0/129").has_value());
}

BOOST_AUTO_TEST_CASE(of_one_family_holds_none_of_the_other) {
    BOOST_TEST(!holds("::/0", "10.0.0.1"));
    BOOST_TEST(!holds("::/0", "::ffff:10.0.0.1"));
    BOOST_TEST(!holds("0.0.0.0/0", "::1"));
    // IPv4-compatible, which is not mapped.
    BOOST_TEST(!holds("10.0.0.0/8", "::10.0.0.1"));
}

BOOST_AUTO_TEST_CASE(ignores_the_zone) {
    BOOST_TEST(holds("fe80::/10", "fe80::1%1"));
}

BOOST_AUTO_TEST_CASE(compares_by_what_it_holds) {
    BOOST_TEST((address_range::parse("10.0.0.0/8") == address_range::parse("::ffff:10.0.0.0/104")));
    BOOST_TEST((address_range::parse("10.0.0.0/8") != address_range::parse("10.0.0.0/9")));
}

BOOST_AUTO_TEST_CASE(reads_plain_addresses_only) {
    BOOST_TEST(parse_address("192.0.2.1").value().to_string() == "192.0.2.1");
    BOOST_TEST(parse_address("2001:DB8::1").value().to_string() == "2001:db8::1");
    BOOST_TEST(parse_address("::FFFF:192.0.2.1").value().to_string() == "192.0.2.1");
    BOOST_TEST(parse_address("0000:0000:0000:0000:0000:ffff:255.255.255.255").has_value());
    for (std::string_view text :
         {"", " ", "192.0.2.1 ", "192.0.2", "192.0.2.1.1", "192.0.2.01", "3221225985", "::1%lo",
          "[::1]", "::1/128", "192.0.2.1/32", "unknown", "_a", "a", "1.2.3.4:5",
          "12345::", "\xef\xbc\x91.2.3.4"})
        BOOST_TEST(!parse_address(text).has_value(), text);
    BOOST_TEST(!parse_address(std::string_view("192.0.2.1\0", 10)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
