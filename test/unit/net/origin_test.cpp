#include "otpd/net/origin.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::net;

BOOST_AUTO_TEST_SUITE(base_url)

BOOST_AUTO_TEST_CASE(parts) {
    auto const plain = parse_base_url("https://hi.bridgexapi.io").value();
    BOOST_TEST(plain.tls);
    BOOST_TEST(plain.host == "hi.bridgexapi.io");
    BOOST_TEST(plain.port == 443);
    BOOST_TEST(plain.path.empty());
    BOOST_TEST(plain.authority() == "hi.bridgexapi.io");
    BOOST_TEST(!plain.host_is_address());

    auto const full = parse_base_url("https://example.test:8443/sms/v2//").value();
    BOOST_TEST(full.port == 8443);
    BOOST_TEST(full.path == "/sms/v2");
    BOOST_TEST(full.authority() == "example.test:8443");

    auto const v6 = parse_base_url("https://[::1]:444/").value();
    BOOST_TEST(v6.host == "::1");
    BOOST_TEST(v6.path.empty());
    BOOST_TEST(v6.authority() == "[::1]:444");
    BOOST_TEST(v6.host_is_address());
    BOOST_TEST(parse_base_url("https://127.0.0.1").value().host_is_address());
    BOOST_TEST(parse_base_url("HTTPS://example.test:/").value().port == 443);
}

BOOST_AUTO_TEST_CASE(http_is_for_loopback_only) {
    for (auto const* url : {"http://127.0.0.1:8080", "http://localhost", "http://[::1]/x"})
        BOOST_TEST(parse_base_url(url).has_value(), url);
    BOOST_TEST(parse_base_url("http://localhost").value().port == 80);
    for (auto const* url : {"http://hi.bridgexapi.io", "http://10.0.0.1", "http://128.0.0.1",
                            "http://localhost.example.test", "http://[::2]"}) {
        auto const parsed = parse_base_url(url);
        BOOST_TEST_REQUIRE(!parsed.has_value(), url);
        BOOST_TEST((parsed.error() == base_url_fault::clear_text), url);
    }
}

BOOST_AUTO_TEST_CASE(what_holds_no_secret_may_go_in_clear_text_anywhere) {
    auto const anywhere = otpd::net::clear_text::anywhere;
    auto const collector = parse_base_url("http://collector.internal:4318/", anywhere).value();
    BOOST_TEST(!collector.tls);
    BOOST_TEST(collector.authority() == "collector.internal:4318");
    BOOST_TEST(parse_base_url("https://collector.internal", anywhere).value().tls);
    BOOST_TEST((parse_base_url("ftp://x.test", anywhere).error() == base_url_fault::scheme));
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
    auto const fault = [](char const* url) { return parse_base_url(url).error(); };
    for (auto const* url :
         {"", "hi.bridgexapi.io", "https://", "https:///path", "/path", "https://a b/",
          "https://example.test:0", "https://example.test:65536", "https://example.test/\r\nX: y",
          "https://%2fpath", "https://example%2etest", "https://[fe80::1%25eth0]"})
        BOOST_TEST((fault(url) == base_url_fault::malformed), url);
    BOOST_TEST((fault("ftp://example.test") == base_url_fault::scheme));
    for (auto const* url : {"https://user@example.test", "https://u:p@example.test",
                            "https://example.test/?a=b", "https://example.test/#x"})
        BOOST_TEST((fault(url) == base_url_fault::not_only_a_base), url);
}

BOOST_AUTO_TEST_SUITE_END()
