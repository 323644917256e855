#include "store/backend/redis/server_info.hpp"

#include <boost/test/unit_test.hpp>

using otpd::store::parse_redis_info;
using otpd::store::redis_server_info;
using otpd::store::why_unusable;

namespace {

constexpr char const* reply_of_redis = "# Server\r\nredis_version:7.0.15\r\nrun_id:4e1f\r\n\r\n"
                                       "# Memory\r\nmaxmemory_policy:noeviction\r\n"
                                       "# Replication\r\nrole:master\r\n"
                                       "# Cluster\r\ncluster_enabled:0\r\n";

redis_server_info good() {
    return parse_redis_info(reply_of_redis);
}

} // namespace

BOOST_AUTO_TEST_SUITE(redis_info)

BOOST_AUTO_TEST_CASE(what_redis_says) {
    auto const server = good();
    BOOST_TEST(server.product == "redis");
    BOOST_TEST(server.version == "7.0.15");
    BOOST_TEST(server.run_id == "4e1f");
    BOOST_TEST(server.role == "master");
    BOOST_TEST(server.maxmemory_policy == "noeviction");
    BOOST_TEST(!server.cluster);
    BOOST_TEST(why_unusable(server).value_or("usable") == "usable");
}

// Valkey also claims to be Redis 7.2.4, for clients that check.
BOOST_AUTO_TEST_CASE(what_valkey_says) {
    auto const server = parse_redis_info(
        "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\nrun_id:x\r\n");
    BOOST_TEST(server.product == "valkey");
    BOOST_TEST(server.version == "8.1.1");
}

BOOST_AUTO_TEST_CASE(versions) {
    for (auto const* version : {"6.2.0", "6.10", "7.0.15", "8.1.1", "10.0"}) {
        auto server = good();
        server.version = version;
        BOOST_TEST(!why_unusable(server), version);
    }
    for (auto const* version : {"6.0.16", "5.0.7", "2.8.24", "x", "6"}) {
        auto server = good();
        server.version = version;
        BOOST_TEST(why_unusable(server).value_or("") ==
                   "redis " + std::string(version) + " is too old: at least 6.2 is needed");
    }
}

BOOST_AUTO_TEST_CASE(servers_that_forget) {
    auto server = good();
    server.maxmemory_policy = "volatile-ttl";
    BOOST_TEST(why_unusable(server).value_or("").find("volatile-ttl") != std::string::npos);
    server = good();
    server.cluster = true;
    BOOST_TEST(why_unusable(server).has_value());
    BOOST_TEST(why_unusable(parse_redis_info("")).has_value());
    BOOST_TEST(why_unusable(parse_redis_info("no colon\r\n:\r\n")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
