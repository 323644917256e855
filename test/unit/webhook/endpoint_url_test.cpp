/// The allowed URLs of an endpoint, and the resulting requests.

#include "webhook/endpoint_url.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <stdexcept>

namespace data = boost::unit_test::data;
using otpd::webhook::parse_endpoint_url;

namespace {

constexpr std::array never{
    "",
    "example.org/hook",
    "/hook",
    "https://",
    "ftp://example.org/hook",
    "http://example.org/hook",
    "http://10.0.0.1/hook",
    "https://user:secret@example.org/hook",
    "https://example.org/hook#part",
    "https://example.org:0/hook",
    "https://example.org/a b",
    "https://example.org/\r\nX: y",
};

} // namespace

BOOST_AUTO_TEST_SUITE(webhook_url)

BOOST_AUTO_TEST_CASE(has_a_path_and_a_query_as_they_are_written) {
    auto const url = parse_endpoint_url("https://Example.org:8443/a/b%20c/?key=1%2B&x", false);
    BOOST_TEST(url.origin.tls);
    BOOST_TEST(url.origin.authority() == "Example.org:8443");
    BOOST_TEST(url.origin.path.empty());
    BOOST_TEST(url.target == "/a/b%20c/?key=1%2B&x");
}

BOOST_AUTO_TEST_CASE(may_have_neither) {
    BOOST_TEST(parse_endpoint_url("https://example.org", false).target == "/");
    BOOST_TEST(parse_endpoint_url("https://example.org?a=b", false).target == "/?a=b");
}

BOOST_AUTO_TEST_CASE(is_clear_text_on_this_machine_only_and_where_that_is_allowed) {
    auto const url = parse_endpoint_url("http://127.0.0.1:8080/hook", true);
    BOOST_TEST(!url.origin.tls);
    BOOST_TEST(url.origin.port == 8080u);
    BOOST_CHECK_THROW((void)parse_endpoint_url("http://127.0.0.1:8080/hook", false),
                      std::invalid_argument);
}

BOOST_DATA_TEST_CASE(is_nothing_else, data::make(never)) {
    BOOST_CHECK_THROW((void)parse_endpoint_url(sample, false), std::invalid_argument);
    BOOST_CHECK_THROW((void)parse_endpoint_url(sample, true), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
