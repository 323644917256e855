#include "otpd/store/location.hpp"

#include <boost/test/unit_test.hpp>

using otpd::store::location;
using otpd::store::parse_location;

namespace {

location parsed(std::string const& text) {
    auto found = parse_location(text);
    BOOST_REQUIRE_MESSAGE(found, text);
    return *found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(location_of_a_store)

BOOST_AUTO_TEST_CASE(memory_and_files) {
    BOOST_CHECK(parsed("memory:").what == location::kind::memory);
    BOOST_TEST(!parsed("memory:").outlives_process());
    auto const file = parsed("sqlite:/var/lib/otpd/otpd.db");
    BOOST_CHECK(file.what == location::kind::sqlite);
    BOOST_TEST(file.path == "/var/lib/otpd/otpd.db");
    BOOST_TEST(file.outlives_process());
    BOOST_TEST(parsed("sqlite:otpd.db").path == "otpd.db");
}

BOOST_AUTO_TEST_CASE(one_server) {
    auto const plain = parsed("redis://valkey");
    BOOST_CHECK(plain.what == location::kind::redis);
    BOOST_REQUIRE(plain.servers.size() == 1U);
    BOOST_TEST(plain.servers[0].host == "valkey");
    BOOST_TEST(plain.servers[0].port == 6379U);
    BOOST_TEST(plain.database == 0U);
    BOOST_TEST(!plain.tls);
    BOOST_TEST(plain.user.empty());
    BOOST_TEST(plain.password.empty());

    auto const full = parsed("rediss://otpd:p%40ss%3Aword@[::1]:6380/12");
    BOOST_TEST(full.tls);
    BOOST_TEST(full.user == "otpd");
    BOOST_TEST(full.password.reveal() == "p@ss:word");
    BOOST_TEST(full.servers[0].host == "::1");
    BOOST_TEST(full.servers[0].port == 6380U);
    BOOST_TEST(full.database == 12U);
    BOOST_TEST(parsed("redis://:word@host").password.reveal() == "word");
    BOOST_TEST(parsed("redis://host/").database == 0U);
}

BOOST_AUTO_TEST_CASE(a_unix_socket) {
    auto const plain = parsed("unix:/run/valkey/valkey.sock");
    BOOST_CHECK(plain.what == location::kind::redis);
    BOOST_TEST(plain.path == "/run/valkey/valkey.sock");
    BOOST_TEST(plain.servers.empty());
    auto const full = parsed("unix://otpd:word@/run/valkey.sock?db=2");
    BOOST_TEST(full.path == "/run/valkey.sock");
    BOOST_TEST(full.user == "otpd");
    BOOST_TEST(full.password.reveal() == "word");
    BOOST_TEST(full.database == 2U);
}

BOOST_AUTO_TEST_CASE(sentinels) {
    auto const found = parsed("redis+sentinel://otpd:word@a:26380,b,[::1]:7/name/1");
    BOOST_REQUIRE(found.servers.size() == 3U);
    BOOST_TEST(found.servers[0].to_string() == "a:26380");
    BOOST_TEST(found.servers[1].to_string() == "b:26379");
    BOOST_TEST(found.servers[2].to_string() == "[::1]:7");
    BOOST_TEST(found.master == "name");
    BOOST_TEST(found.database == 1U);
    BOOST_TEST(found.user == "otpd");
    BOOST_TEST(parsed("rediss+sentinel://a/name").tls);
}

// What is logged never holds the user or the password, and reads back as the same place.
BOOST_AUTO_TEST_CASE(shown_without_credentials) {
    for (auto const* text :
         {"memory:", "sqlite:/x/y.db", "redis://otpd:word@host:6380/3",
          "rediss://:word@[::1]:6379/0", "unix://otpd:word@/run/x.sock?db=1",
          "redis+sentinel://otpd:word@a:1,b:2/name/4", "rediss+sentinel://a:1/name/0"})
        BOOST_TEST_CONTEXT(text) {
            auto const shown = parsed(text).to_string();
            BOOST_TEST(shown.find("otpd") == std::string::npos);
            BOOST_TEST(shown.find("word") == std::string::npos);
            BOOST_TEST(parsed(shown).to_string() == shown);
        }
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
    for (auto const* text : {"",
                             "memory",
                             "memory:x",
                             "memory://",
                             "sqlite:",
                             "redis:",
                             "redis:host",
                             "redis://",
                             "redis://host:0",
                             "redis://host:65536",
                             "redis://host:port",
                             "redis://host/name",
                             "redis://host/-1",
                             "redis://a,b",
                             "redis://a b",
                             "redis://[::1",
                             "redis://[::1]x",
                             "redis://u:%zz@host",
                             "redis://host?db=1",
                             "unix:",
                             "unix:relative.sock",
                             "unix:/run/%0ax.sock",
                             "unix:/%2frun/x.sock",
                             "sqlite:/var/%00x.db",
                             "redis+sentinel://a/%1fmaster",
                             "unix:/run/x.sock?name=1",
                             "unix:/run/x.sock?db=x",
                             "unix://host/run/x.sock",
                             "redis+sentinel://a:1",
                             "redis+sentinel://a:1/",
                             "redis+sentinel:///name",
                             "redis+sentinel://a,,b/name",
                             "mysql://host",
                             "http://host",
                             "REDIS://host",
                             "redis://host\n"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!parse_location(text));
        }
}

BOOST_AUTO_TEST_SUITE_END()
