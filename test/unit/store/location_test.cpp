#include "otpd/store/location.hpp"

#include <boost/test/unit_test.hpp>

using otpd::store::location;
using otpd::store::parse_location;
using otpd::store::ssl_mode_of;
using otpd::store::why_unprotected;

namespace {

location parsed(std::string const& text) {
    auto found = parse_location(text);
    BOOST_REQUIRE_MESSAGE(found, text);
    return *found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(location_of_a_store)

BOOST_AUTO_TEST_CASE(memory_and_files) {
    BOOST_CHECK(parsed("memory:").type == location::kind::memory);
    BOOST_TEST(!parsed("memory:").outlives_process());
    auto const file = parsed("sqlite:/var/lib/otpd/otpd.db");
    BOOST_CHECK(file.type == location::kind::sqlite);
    BOOST_TEST(file.path == "/var/lib/otpd/otpd.db");
    BOOST_TEST(file.outlives_process());
    BOOST_TEST(parsed("sqlite:otpd.db").path == "otpd.db");
}

BOOST_AUTO_TEST_CASE(one_server) {
    auto const plain = parsed("redis://valkey");
    BOOST_CHECK(plain.type == location::kind::redis);
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
    BOOST_CHECK(plain.type == location::kind::redis);
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

BOOST_AUTO_TEST_CASE(postgres) {
    auto const plain = parsed("postgres://otpd@db.example/codes");
    BOOST_CHECK(plain.type == location::kind::postgres);
    BOOST_TEST(plain.outlives_process());
    BOOST_REQUIRE(plain.servers.size() == 1U);
    BOOST_TEST(plain.servers[0].to_string() == "db.example:5432");
    BOOST_TEST(plain.postgres.database == "codes");
    BOOST_TEST(plain.user == "otpd");
    BOOST_TEST(plain.password.empty());

    auto const full = parsed("postgresql://o%40d:p%2Fw@a:1,[::1]:2,c/na%20me?sslmode=verify-ca&"
                             "sslrootcert=/x/ca.pem&sslcert=/x/c.pem&sslkey=/x/k.pem");
    BOOST_REQUIRE(full.servers.size() == 3U);
    BOOST_TEST(full.servers[0].to_string() == "a:1");
    BOOST_TEST(full.servers[1].to_string() == "[::1]:2");
    BOOST_TEST(full.servers[2].to_string() == "c:5432");
    BOOST_TEST(full.user == "o@d");
    BOOST_TEST(full.password.reveal() == "p/w");
    BOOST_TEST(full.postgres.database == "na me");
    BOOST_TEST(full.postgres.ssl_mode == "verify-ca");
    BOOST_TEST(full.postgres.ca_file == "/x/ca.pem");
    BOOST_TEST(full.postgres.certificate_file == "/x/c.pem");
    BOOST_TEST(full.postgres.key_file == "/x/k.pem");
}

BOOST_AUTO_TEST_CASE(postgres_over_a_socket) {
    auto const plain = parsed("postgres://otpd:word@/codes?host=/run/postgresql");
    BOOST_TEST(plain.servers.empty());
    BOOST_TEST(plain.path == "/run/postgresql/.s.PGSQL.5432");
    BOOST_TEST(plain.password.reveal() == "word");
    BOOST_TEST(parsed("postgres:///codes?host=/run/a%20b&port=7").path == "/run/a b/.s.PGSQL.7");
}

// A connection that nobody else can read or answer needs no options.
BOOST_AUTO_TEST_CASE(postgres_is_protected_by_default) {
    BOOST_TEST(ssl_mode_of(parsed("postgres://db.example/codes")) == "verify-full");
    BOOST_TEST(ssl_mode_of(parsed("postgres://127.0.0.1,10.0.0.1/codes")) == "verify-full");
    BOOST_TEST(ssl_mode_of(parsed("postgres://127.0.0.1,[::1],localhost/codes")) == "prefer");
    BOOST_TEST(ssl_mode_of(parsed("postgres:///codes?host=/run")) == "prefer");
    BOOST_TEST(ssl_mode_of(parsed("postgres://10.0.0.1/codes?sslmode=require")) == "require");
}

BOOST_AUTO_TEST_CASE(what_others_can_read_on_the_way) {
    for (auto const* text :
         {"postgres://db.example/codes", "postgres://127.0.0.1/codes",
          "postgres://localhost/codes?sslmode=disable",
          "postgres://10.0.0.1/codes?sslmode=verify-full", "postgres:///codes?host=/run",
          "rediss://10.0.0.1", "redis://127.0.0.1", "unix:/run/x.sock", "memory:", "sqlite:x.db"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!why_unprotected(parsed(text)));
        }
    for (auto const* mode : {"disable", "prefer", "require", "verify-ca"})
        BOOST_TEST_CONTEXT(mode) {
            auto const why = why_unprotected(
                parsed("postgres://otpd:word@127.0.0.1,b/codes?sslmode=" + std::string(mode)));
            BOOST_REQUIRE(why.has_value());
            BOOST_TEST(why->find("verify-full") != std::string::npos);
            BOOST_TEST(why->find("word") == std::string::npos);
        }
    BOOST_TEST(why_unprotected(parsed("redis://10.0.0.1")).has_value());
}

// The logged text never contains the user or the password, and reads back as the same location.
BOOST_AUTO_TEST_CASE(shown_without_credentials) {
    for (auto const* text :
         {"memory:", "sqlite:/x/y.db", "redis://otpd:word@host:6380/3",
          "rediss://:word@[::1]:6379/0", "unix://otpd:word@/run/x.sock?db=1",
          "redis+sentinel://otpd:word@a:1,b:2/name/4", "rediss+sentinel://a:1/name/0",
          "postgres://otpd:word@a:1,[::1]:2/na%20me?sslmode=verify-ca&sslrootcert=/x%26/ca.pem",
          "postgres://otpd:word@/name?host=/run/a%20b&port=7"})
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
                             "postgres:",
                             "postgres://",
                             "postgres://host",
                             "postgres://host/",
                             "postgres:///name",
                             "postgres://a,,b/name",
                             "postgres://a:0/name",
                             "postgres://u:%zz@a/name",
                             "postgres://a/name%0a",
                             "postgres://a/name?host=/run",
                             "postgres://a/name?port=1",
                             "postgres:///name?host=run",
                             "postgres:///name?host=/run&port=x",
                             "postgres://a/name?sslmode=",
                             "postgres://a/name?sslmode=allow",
                             "postgres://a/name?sslmode=disable&sslmode=require",
                             "postgres://a/name?password=word",
                             "mysql://host",
                             "http://host",
                             "REDIS://host",
                             "redis://host\n"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!parse_location(text));
        }
}

BOOST_AUTO_TEST_SUITE_END()
