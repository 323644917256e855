/// Which servers are accepted at the start, and what the operator is told about the others.

#include "redis_fixture.hpp"

#include <algorithm>

using namespace otpd::test;
using namespace otpd;

namespace {

/// The reason from start() with a server that has these options, and a URL with these credentials.
std::string reason(std::vector<std::string> more, std::string const& credentials = "") {
    redis_process const server(
        redis_setup{.tcp = true, .turned_clock = "", .more = std::move(more)});
    driven_redis_backend store(
        redis_at("redis://" + credentials + "127.0.0.1:" + std::to_string(server.port())));
    return store.unusable().value_or("usable");
}

bool contains(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// The required rights: those of the script, and of the commands beside it.
std::vector<std::string> const least_rights{
    "--user", "otpd",  "on",    ">secret", "~{otp}*", "resetchannels", "-@all",
    "+hello", "+auth", "+ping", "+info",   "+select", "+wait",         "+evalsha",
    "+eval",  "+time", "+set",  "+del",    "+mget",   "+scan",         "+dbsize"};

} // namespace

BOOST_AUTO_TEST_SUITE(redis_at_the_start)

BOOST_AUTO_TEST_CASE(a_good_server_is_usable) {
    BOOST_TEST(reason({}) == "usable");
}

// A user with exactly these rights suffices; a missing right is named.
BOOST_AUTO_TEST_CASE(the_least_rights_are_enough) {
    BOOST_TEST(reason(least_rights, "otpd:secret@") == "usable");
}

BOOST_AUTO_TEST_CASE(every_right_is_needed_and_a_missing_one_is_named) {
    for (std::string const right : {"info", "evalsha", "eval", "time", "set", "del", "mget"})
        BOOST_TEST_CONTEXT(right) {
            auto fewer = least_rights;
            fewer.push_back("-" + right);
            auto const why = reason(fewer, "otpd:secret@");
            BOOST_TEST(why != "usable");
            BOOST_TEST(contains(why, "'" + right + "'"), why);
        }
}

BOOST_AUTO_TEST_CASE(keys_that_the_user_may_not_touch) {
    auto elsewhere = least_rights;
    std::ranges::replace(elsewhere, "~{otp}*", "~web:*");
    auto const why = reason(elsewhere, "otpd:secret@");
    BOOST_TEST(contains(why, " key"), why); // the servers' messages differ
}

// A server that evicts keys would forget lockouts and live codes.
BOOST_AUTO_TEST_CASE(a_server_that_evicts_is_refused) {
    auto const why = reason({"--maxmemory-policy", "allkeys-lru"});
    BOOST_TEST(contains(why, "maxmemory-policy is allkeys-lru"), why);
    BOOST_TEST(contains(why, "set it to noeviction"), why);
}

BOOST_AUTO_TEST_CASE(a_cluster_is_refused) {
    auto const why = reason({"--cluster-enabled", "yes"});
    BOOST_TEST(contains(why, "cluster mode is not supported"), why);
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_reported_and_not_shown) {
    for (std::string const credentials : {"", ":wrong-pass@", "nobody:wrong-pass@"})
        BOOST_TEST_CONTEXT(credentials) {
            auto const why = reason({"--requirepass", "secret"}, credentials);
            BOOST_TEST((contains(why, "NOAUTH") || contains(why, "WRONGPASS")), why);
            BOOST_TEST(!contains(why, "wrong-pass"), why);
        }
    BOOST_TEST(reason({"--requirepass", "secret"}, ":secret@") == "usable");
}

// An unreachable server is no reason to refuse to start: machines start in any order.
BOOST_AUTO_TEST_CASE(a_server_that_comes_later_is_waited_for) {
    redis_process server(redis_setup{.tcp = true, .turned_clock = "", .more = {}});
    server.stop();
    driven_redis_backend store(redis_at(server.url()));
    BOOST_TEST(store.unusable().value_or("usable") == "usable");
    BOOST_CHECK(is_fault(store.admit(send_of(1, 111, 1)), store::fault::not_executed));
    BOOST_TEST(!store.answers());
    BOOST_TEST(store.times_lost == 1);
    BOOST_TEST(contains(store.why_first_lost(), "Connection refused"), store.why_first_lost());
    server.start();
    eventually([&] { return store.answers(); });
    BOOST_TEST(store.times_ready == 1);
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
}

BOOST_AUTO_TEST_CASE(a_replica_is_no_place_for_codes) {
    redis_process master(redis_setup{.tcp = true, .turned_clock = "", .more = {}});
    redis_process replica(
        redis_setup{.tcp = true,
                    .turned_clock = "",
                    .more = {"--replicaof", "127.0.0.1 " + std::to_string(master.port())}});
    driven_redis_backend store(redis_at(replica.url()));
    BOOST_TEST(!store.answers());
    replica.ask({"REPLICAOF", "NO", "ONE"});
    eventually([&] { return store.answers(); }); // promoted
}

BOOST_AUTO_TEST_CASE(databases_are_apart) {
    redis_process server(redis_setup{.tcp = true, .turned_clock = "", .more = {}});
    driven_redis_backend first(redis_at(server.url() + "/1"));
    driven_redis_backend second(redis_at(server.url() + "/2"));
    BOOST_CHECK(is<store::admitted>(first.admit(send_of(1, 111, 1))));
    BOOST_CHECK(is<store::absent>(second.check(guess_of(1, 111))));
    BOOST_CHECK(is<store::verified>(first.check(guess_of(1, 111))));
}

BOOST_AUTO_TEST_SUITE_END()
