/// Sentinel: the store follows the master, and a failover revives nothing.

#include "redis_load.hpp"

using namespace otpd::test;
using namespace otpd;

namespace {

class sentinel_process {
public:
    explicit sentinel_process(std::uint16_t master)
        : process_(redis_process::program(directory_), {configuration(master), "--sentinel"}, {},
                   directory_) {
        process_.wait_for_output(
            [](std::string const& output) { return output.find("+monitor") != std::string::npos; });
    }
    [[nodiscard]] std::string url() const {
        return "redis+sentinel://127.0.0.1:" + std::to_string(port_.number()) + "/otpd";
    }
    /// How many replicas it knows.
    [[nodiscard]] std::size_t replicas() const {
        std::size_t count = 0;
        auto const log = process_.output();
        for (auto at = log.find("+slave "); at != std::string::npos;
             at = log.find("+slave ", at + 1))
            ++count;
        return count;
    }
    /// Waits for an event in its log.
    void wait_for(std::string_view event) const {
        process_.wait_for_output(
            [event](std::string const& output) { return output.find(event) != std::string::npos; });
    }

private:
    std::string configuration(std::uint16_t master) const {
        return directory_.add("sentinel.conf", "port " + std::to_string(port_.number()) +
                                                   "\nbind 127.0.0.1\n"
                                                   "sentinel monitor otpd 127.0.0.1 " +
                                                   std::to_string(master) +
                                                   " 1\n"
                                                   "sentinel down-after-milliseconds otpd 500\n"
                                                   "sentinel failover-timeout otpd 3000\n");
    }

    temporary_directory directory_;
    reserved_port port_;
    child_process process_;
};

struct sentinel_fixture {
    redis_process master{redis_setup{.tcp = true, .turned_clock = "", .more = {}}};
    redis_process replica{
        redis_setup{.tcp = true,
                    .turned_clock = "",
                    .more = {"--replicaof", "127.0.0.1 " + std::to_string(master.port())}}};
    sentinel_process sentinel{master.port()};

    sentinel_fixture() { sentinel.wait_for("+slave"); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_behind_sentinel, sentinel_fixture)

BOOST_AUTO_TEST_CASE(the_new_master_is_found_and_what_it_knows_holds) {
    driven_redis_backend store(redis_at(sentinel.url()));
    BOOST_TEST(!store.unusable());
    eventually([&] { return store.answers(); });
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(2, 111, 2))));
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 111))));
    // Everything so far has reached the replica (WAIT compares with the master's offset).
    eventually([&] {
        auto const info = replica.ask({"INFO", "replication"});
        return info.find("master_link_status:up") != std::string::npos &&
               replica.ask({"DBSIZE"}) == master.ask({"DBSIZE"});
    });
    master.kill();
    sentinel.wait_for("+switch-master");
    eventually([&] { return store.answers(); });
    BOOST_CHECK(is<store::absent>(store.check(guess_of(1, 111))));
    BOOST_CHECK(is<store::refused>(store.admit(send_of(2, 333, 3)))); // its cooldown holds
    BOOST_CHECK(is<store::verified>(store.check(guess_of(2, 111))));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(4, 111, 4))));
}

// The replica had not received some uses of codes before its promotion; these codes stay used.
BOOST_AUTO_TEST_CASE(a_promoted_replica_that_is_behind_revives_nothing) {
    driven_redis_backend store(redis_at(sentinel.url()));
    eventually([&] { return store.answers(); });
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(2, 111, 2))));
    eventually([&] { return replica.ask({"DBSIZE"}) == master.ask({"DBSIZE"}); });
    replica.ask({"REPLICAOF", "127.0.0.1", "1"}); // it receives nothing more
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 111))));
    BOOST_CHECK(is<store::wrong>(store.check(guess_of(2, 222))));
    BOOST_CHECK(is<store::wrong>(store.check(guess_of(2, 222))));
    master.kill();
    sentinel.wait_for("+switch-master");
    eventually([&] { return store.answers(); });
    BOOST_CHECK(is<store::absent>(store.check(guess_of(1, 111))));
    auto const answer = store.check(guess_of(2, 222));
    BOOST_REQUIRE(is<store::wrong>(answer));
    BOOST_TEST(std::get<store::wrong>(*answer).attempts_left == attempts_max - 3);
}

// Strict mode under load, with a second replica so that one is left. No code is accepted twice and
// no number gets two sends, whatever the old master had not replicated. Wrong guesses do not wait
// for replicas: one instance's guesses may be lost to the other, so the limit holds per instance.
BOOST_AUTO_TEST_CASE(a_failover_under_load) {
    redis_process another(
        redis_setup{.tcp = true,
                    .turned_clock = "",
                    .more = {"--replicaof", "127.0.0.1 " + std::to_string(master.port())}});
    eventually([&] { return sentinel.replicas() == 2; });
    auto strict = redis_at(sentinel.url());
    strict.timeout = 1s;
    strict.connections = 2;
    strict.replicas = 1;
    driven_redis_backend first(strict);
    driven_redis_backend second(strict);
    eventually([&] { return first.answers() && second.answers(); });
    load clients(first, second, 2 * static_cast<int>(attempts_max));
    auto wait_for_progress = [&] {
        auto const before = clients.verified();
        eventually([&] { return clients.verified() > before + 200; });
    };
    wait_for_progress();
    master.kill();
    sentinel.wait_for("+switch-master");
    wait_for_progress(); // on the new master, with the other replica
    clients.stop();
    BOOST_TEST(clients.violations() == 0U);
    BOOST_TEST(clients.faults() > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
