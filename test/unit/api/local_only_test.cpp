// Who is served by a server that shows codes or requires no token: local_only.hpp.

#include "otpd/api/local_only.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace otpd;
using namespace otpd::api;

namespace {

using fields = std::vector<http::field_view>;

std::optional<http::response> refusal_of(fields const& given, char const* peer = "127.0.0.1") {
    http::request_parts parts;
    parts.fields = given;
    parts.peer = boost::asio::ip::make_address(peer);
    http::request const request(parts);
    return refuse_unless_local(request);
}

bool is_served(fields const& given, char const* peer = "127.0.0.1") {
    return !refusal_of(given, peer).has_value();
}

} // namespace

BOOST_AUTO_TEST_SUITE(local_only)

BOOST_AUTO_TEST_CASE(serves_loopback_addresses_and_their_names) {
    for (std::string_view host :
         {"localhost", "LocalHost:8000", "otp.localhost:8000", "127.0.0.1", "127.0.0.1:8000",
          "127.255.0.9", "[::1]", "[::1]:8000", "[::ffff:127.0.0.1]:80", "localhost:"})
        BOOST_TEST(is_served({{"Host", host}}), host);
    BOOST_TEST(is_served({})); // HTTP/1.0
    for (auto const* const peer : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
        BOOST_TEST(is_served({{"Host", "localhost"}}, peer), peer);
}

BOOST_AUTO_TEST_CASE(refuses_every_other_host) {
    for (std::string_view host : {"shop.example",
                                  "localhost.shop.example",
                                  "notlocalhost",
                                  "localhost.",
                                  "otpd:8000",
                                  "10.0.0.1",
                                  "192.168.1.7:8000",
                                  "0.0.0.0",
                                  "128.0.0.1",
                                  "127.1",
                                  "2130706433",
                                  "127.0.0.1.nip.io",
                                  "[::2]",
                                  "[::]:8000",
                                  "[2001:db8::1]",
                                  "[::1",
                                  "::1",
                                  "[127.0.0.1]",
                                  "localhost:80:80",
                                  "localhost:http",
                                  "[::1]x",
                                  ""})
        BOOST_TEST(!is_served({{"hOST", host}}), host);
}

BOOST_AUTO_TEST_CASE(refuses_what_a_proxy_adds_whatever_its_value) {
    for (std::string_view name :
         {"X-Forwarded-For", "x-forwarded-for", "X-Forwarded-Host", "X-Forwarded-Proto",
          "X-Forwarded-Port", "X-FORWARDED-SERVER", "Forwarded", "Via", "X-Real-IP"})
        for (std::string_view value : {"", "127.0.0.1", "for=localhost", "1.1 localhost"})
            BOOST_TEST(!is_served({{"Host", "localhost"}, {name, value}}), name);
    for (std::string_view name : {"X-Forwarded", "X-Request-Id", "Viaduct", "X-Real"})
        BOOST_TEST(is_served({{"Host", "localhost"}, {name, "127.0.0.1"}}), name);
}

BOOST_AUTO_TEST_CASE(refuses_the_pages_of_others) {
    auto const from = [](std::string_view origin) {
        return is_served({{"Host", "127.0.0.1:8000"}, {"Origin", origin}});
    };
    for (std::string_view origin : {"http://127.0.0.1:8000", "http://localhost:3000",
                                    "https://app.localhost", "http://[::1]:8000"})
        BOOST_TEST(from(origin), origin);
    for (std::string_view origin :
         {"null", "", "https://shop.example", "http://127.0.0.1.shop.example",
          "http://localhost@shop.example", "http://shop.example/localhost", "file://localhost",
          "chrome-extension://localhost", "localhost"})
        BOOST_TEST(!from(origin), origin);
}

BOOST_AUTO_TEST_CASE(refuses_whom_a_proxy_speaks_for) {
    for (auto const* const peer : {"192.0.2.7", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.7"})
        BOOST_TEST(!is_served({{"Host", "localhost"}}, peer), peer);
}

BOOST_AUTO_TEST_CASE(says_what_to_do) {
    auto const refused = refusal_of({{"Host", "localhost"}, {"X-Forwarded-For", "203.0.113.7"}});
    BOOST_TEST_REQUIRE(refused.has_value());
    BOOST_TEST(refused->status == 403U);
    BOOST_TEST(refused->content_type == "application/problem+json");
    auto const problem = boost::json::parse(refused->body);
    BOOST_TEST(problem.at("code").as_string() == "local_only");
    std::string const detail(problem.at("detail").as_string());
    for (auto const* const word : {"X-Forwarded-For", "API_AUTH_TOKEN", "otp.debug", "localhost"})
        BOOST_TEST(detail.find(word) != std::string::npos, detail);
    BOOST_TEST(refused->body.find("203.0.113.7") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
