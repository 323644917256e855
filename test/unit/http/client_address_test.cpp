// The client's address: a forged X-Forwarded-For has no effect.

#include "otpd/http/request.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::http {

namespace {

/// Fields of that name in order of arrival.
using forwarded = std::vector<std::string_view>;

struct row {
    std::string_view rule;
    std::string_view peer;
    forwarded fields;
    std::string_view client;
};
std::ostream& operator<<(std::ostream& out, row const& r) {
    return out << r.rule;
}

/// The proxies: 10.0.0.0/8 and 2001:db8::/32.
std::vector<row> const rows = {
    // Which peers are trusted
    {"a stranger is who connects", "192.0.2.7", {}, "192.0.2.7"},
    {"a stranger's word is not heard", "192.0.2.7", {"198.51.100.1"}, "192.0.2.7"},
    {"a stranger cannot speak as a proxy", "192.0.2.7", {"198.51.100.1, 10.0.0.2"}, "192.0.2.7"},
    {"an IPv6 stranger's word is not heard", "2001:db9::7", {"198.51.100.1"}, "2001:db9::7"},
    {"a proxy is who connects when it says nothing", "10.0.0.1", {}, "10.0.0.1"},
    {"a proxy is heard", "10.0.0.1", {"198.51.100.1"}, "198.51.100.1"},
    {"a proxy over IPv6 is heard", "2001:db8::1", {"198.51.100.1"}, "198.51.100.1"},
    {"a proxy mapped into IPv6 is heard", "::ffff:10.0.0.1", {"198.51.100.1"}, "198.51.100.1"},
    {"a stranger mapped into IPv6 is IPv4", "::ffff:192.0.2.7", {"198.51.100.1"}, "192.0.2.7"},
    // From right to left
    {"what the client wrote in front is not read",
     "10.0.0.1",
     {"1.1.1.1, 198.51.100.1"},
     "198.51.100.1"},
    {"nor is a field of its own", "10.0.0.1", {"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
    {"nor is a proxy's address it wrote",
     "10.0.0.1",
     {"1.1.1.1, 10.0.0.9, 198.51.100.1"},
     "198.51.100.1"},
    {"nor is nonsense", "10.0.0.1", {"unknown, ,;\"x\", 198.51.100.1"}, "198.51.100.1"},
    {"two proxies are passed", "10.0.0.1", {"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
    {"proxies are passed across fields",
     "10.0.0.1",
     {"1.1.1.1,198.51.100.1", "10.0.0.3, 10.0.0.2"},
     "198.51.100.1"},
    {"proxies of both families are passed",
     "10.0.0.1",
     {"198.51.100.1, 2001:db8::2"},
     "198.51.100.1"},
    {"a client may be a proxy's neighbour of one bit",
     "10.0.0.1",
     {"198.51.100.1, 11.0.0.2"},
     "11.0.0.2"},
    {"where all are trusted the left-most counts",
     "10.0.0.1",
     {"10.0.0.4, 10.0.0.3", "10.0.0.2"},
     "10.0.0.4"},
    {"a mapped proxy is passed", "10.0.0.1", {"198.51.100.1, ::ffff:10.0.0.2"}, "198.51.100.1"},
    {"a mapped client is IPv4", "10.0.0.1", {"::ffff:198.51.100.1"}, "198.51.100.1"},
    // Malformed entries end the walk at the proxy that wrote them
    {"unknown says nothing", "10.0.0.1", {"198.51.100.1, unknown"}, "10.0.0.1"},
    {"an obfuscated name says nothing", "10.0.0.1", {"198.51.100.1, _hidden"}, "10.0.0.1"},
    {"a host name says nothing", "10.0.0.1", {"198.51.100.1, example.org"}, "10.0.0.1"},
    {"nonsense behind a proxy counts as that proxy",
     "10.0.0.1",
     {"198.51.100.1, x, 10.0.0.2"},
     "10.0.0.2"},
    {"an empty field says nothing", "10.0.0.1", {"198.51.100.1", ""}, "10.0.0.1"},
    {"a list that ends in nothing says nothing", "10.0.0.1", {"198.51.100.1,"}, "10.0.0.1"},
    {"a hole says nothing", "10.0.0.1", {"198.51.100.1, , 10.0.0.2"}, "10.0.0.2"},
    {"white space says nothing", "10.0.0.1", {"198.51.100.1, \t "}, "10.0.0.1"},
    {"two addresses without a comma are none",
     "10.0.0.1",
     {"198.51.100.1 198.51.100.2"},
     "10.0.0.1"},
    {"a range is no address", "10.0.0.1", {"198.51.100.0/24"}, "10.0.0.1"},
    {"a number is no address", "10.0.0.1", {"3325256705"}, "10.0.0.1"},
    {"an octal octet is no address", "10.0.0.1", {"198.51.100.01"}, "10.0.0.1"},
    {"a quoted address is none", "10.0.0.1", {"\"198.51.100.1\""}, "10.0.0.1"},
    {"a zone is no address", "10.0.0.1", {"fe80::1%eth0"}, "10.0.0.1"},
    {"the syntax of Forwarded is another", "10.0.0.1", {"for=198.51.100.1"}, "10.0.0.1"},
    // Forms of an address
    {"white space around is none of it",
     "10.0.0.1",
     {" \t198.51.100.1\t , \t10.0.0.2 "},
     "198.51.100.1"},
    {"a port is none of it", "10.0.0.1", {"198.51.100.1:567"}, "198.51.100.1"},
    {"a proxy's port is none of it", "10.0.0.1", {"198.51.100.1, 10.0.0.2:65535"}, "198.51.100.1"},
    {"IPv6", "10.0.0.1", {"2001:db9::1"}, "2001:db9::1"},
    {"IPv6 in full", "10.0.0.1", {"2001:0DB9:0:0:0:0:0:1"}, "2001:db9::1"},
    {"IPv6 in brackets", "10.0.0.1", {"[2001:db9::1]"}, "2001:db9::1"},
    {"IPv6 with a port", "10.0.0.1", {"[2001:db9::1]:443"}, "2001:db9::1"},
    {"a proxy's IPv6 with a port", "10.0.0.1", {"198.51.100.1,[2001:db8::2]:443"}, "198.51.100.1"},
    {"a mapped client with a port", "10.0.0.1", {"[::ffff:198.51.100.1]:443"}, "198.51.100.1"},
    {"IPv6 without brackets has no port", "10.0.0.1", {"2001:db9::1:443"}, "2001:db9::1:443"},
    {"no port behind the colon", "10.0.0.1", {"198.51.100.1:"}, "10.0.0.1"},
    {"a port too large", "10.0.0.1", {"198.51.100.1:65536"}, "10.0.0.1"},
    {"a port with a sign", "10.0.0.1", {"198.51.100.1:-1"}, "10.0.0.1"},
    {"a port with letters", "10.0.0.1", {"198.51.100.1:80a"}, "10.0.0.1"},
    {"a port without an address", "10.0.0.1", {":80"}, "10.0.0.1"},
    {"IPv4 in brackets", "10.0.0.1", {"[198.51.100.1]"}, "10.0.0.1"},
    {"brackets not closed", "10.0.0.1", {"[2001:db9::1"}, "10.0.0.1"},
    {"brackets not opened", "10.0.0.1", {"2001:db9::1]"}, "10.0.0.1"},
    {"nothing in brackets", "10.0.0.1", {"[]"}, "10.0.0.1"},
    {"something behind the brackets", "10.0.0.1", {"[2001:db9::1]x"}, "10.0.0.1"},
    {"no port behind the brackets", "10.0.0.1", {"[2001:db9::1]:"}, "10.0.0.1"},
    {"brackets twice", "10.0.0.1", {"[[2001:db9::1]]"}, "10.0.0.1"},
};

std::string client_of_request(std::string_view peer, std::vector<field_view> const& fields,
                              std::vector<address_range> const& trusted) {
    request_parts parts;
    parts.peer = boost::asio::ip::make_address(peer);
    parts.fields = fields;
    parts.trusted_proxies = trusted;
    return request(parts).client().to_string();
}

std::vector<address_range> proxies() {
    return {address_range::parse("10.0.0.0/8").value(),
            address_range::parse("2001:db8::/32").value()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_client_address)

BOOST_DATA_TEST_CASE(is_what_trusted_proxies_say, boost::unit_test::data::make(rows), what) {
    std::vector<field_view> fields = {{"Host", "a"}, {"X-Real-IP", "1.1.1.1"}};
    for (auto const value : what.fields)
        fields.push_back({"x-Forwarded-FOR", value});
    fields.push_back({"Forwarded", "for=1.1.1.1"});
    fields.push_back({"X-Forwarded", "1.1.1.1"});
    BOOST_TEST(client_of_request(what.peer, fields, proxies()) == what.client);
}

BOOST_DATA_TEST_CASE(is_the_peer_when_nobody_is_trusted, boost::unit_test::data::make(rows), what) {
    std::vector<field_view> fields;
    for (auto const value : what.fields)
        fields.push_back({"X-Forwarded-For", value});
    auto const peer = unmapped(boost::asio::ip::make_address(what.peer)).to_string();
    BOOST_TEST(client_of_request(what.peer, fields, {}) == peer);
}

BOOST_AUTO_TEST_CASE(is_sought_behind_32_proxies_and_no_further) {
    for (int hops : {31, 32, 33, 4000}) {
        std::string list = "198.51.100.1";
        for (int i = 1; i < hops; ++i)
            list += ",10.0.0." + std::to_string(i % 200 + 1);
        auto const client = client_of_request("10.0.0.255", {{"X-Forwarded-For", list}}, proxies());
        BOOST_TEST((client == "198.51.100.1") == (hops <= 32), hops << " hops: " << client);
        BOOST_TEST((hops <= 32 || client.starts_with("10.0.0.")));
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
