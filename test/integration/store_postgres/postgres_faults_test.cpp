/// Servers that end, freeze or are replaced: answers hold, and an outcome that cannot be known is
/// reported as unknown.

#include "postgres_fixture.hpp"
#include "support/rounds.hpp"

#include <algorithm>
#include <map>

using namespace otpd::test;
using namespace otpd;

namespace {

/// Clients that send a code to each number, guess wrongly once and verify, and record the answers.
class noted_load {
public:
    explicit noted_load(std::vector<driven_postgres*> over, std::uint32_t first)
        : over_(std::move(over)) {
        for (std::uint32_t n = 0; n < clients; ++n)
            boost::asio::co_spawn(context_, work(first + n * 100'000), [](std::exception_ptr) {});
        thread_ = std::jthread([this] { context_.run(); });
    }
    ~noted_load() { stop(); }
    void stop() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }

    struct heard {
        bool was_sent = false;
        bool was_wrong = false;
        bool was_verified = false;
    };
    /// Read after stop().
    std::map<std::uint32_t, heard> known;
    std::int64_t sent = 0;
    std::int64_t unknown = 0; ///< sends with an unknown outcome
    std::atomic<std::uint64_t> steps{0};

private:
    static constexpr std::uint32_t clients = 12;

    boost::asio::awaitable<void> work(std::uint32_t first) {
        for (auto n = first; !stopping_; ++n) {
            auto& by = **over_[n % over_.size()];
            auto& mine = known[n];
            auto request = hot_send(n);
            auto const admitted = co_await by.admit(std::move(request));
            mine.was_sent = is<store::admitted>(admitted);
            sent += mine.was_sent ? 1 : 0;
            unknown += admitted.has_error() && admitted.error() == store::fault::unknown ? 1 : 0;
            ++steps;
            if (!mine.was_sent) {
                boost::asio::steady_timer pause(context_, 5ms);
                co_await pause.async_wait(boost::asio::use_awaitable);
                continue;
            }
            auto wrong = guess_of(n, n + 1);
            auto const first_guess = co_await by.check_code(std::move(wrong));
            mine.was_wrong = is<store::wrong>(first_guess);
            if (n % 2 == 0) continue;
            auto right = guess_of(n, n);
            auto const second_guess = co_await by.check_code(std::move(right));
            mine.was_verified = is<store::verified>(second_guess);
            steps += 2;
        }
    }

    std::vector<driven_postgres*> over_;
    boost::asio::io_context context_;
    std::atomic<bool> stopping_{false};
    std::jthread thread_;
};

/// Checks that everything recorded is stored.
void check_known(noted_load const& load, driven_postgres& by, std::int64_t spent_before = 0) {
    for (auto const& [n, heard] : load.known)
        if (heard.was_sent) {
            auto const found = by.find(address_of(n, n)).value();
            BOOST_REQUIRE(found.has_value());
            if (heard.was_wrong)
                BOOST_TEST(std::ranges::count(found->events, store::event_type::wrong,
                                              &store::event::type) == 1);
            if (heard.was_verified) BOOST_CHECK(found->state == store::progress::verified);
        }
    auto const spent = by.spent({hot_budget()}).value().front() - spent_before;
    BOOST_TEST(spent >= load.sent);
    BOOST_TEST(spent <= load.sent + load.unknown);
    BOOST_TEST_MESSAGE(load.steps << " steps, " << load.sent << " sent, " << load.unknown
                                  << " unknown, " << spent << " spent");
}

struct faults_fixture {
    /// A killed program loses nothing that the kernel has, so no commit waits for a disk.
    postgres_process server{
        postgres_setup{.tcp = false, .turned_clock = "", .password = "", .more = {"fsync=off"}}};

    store::postgres_options options() {
        auto chosen = postgres_at(server.url());
        chosen.connections = 4;
        return chosen;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_faults, faults_fixture)

BOOST_AUTO_TEST_CASE(a_server_that_is_restarted) {
    driven_postgres store(options());
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    server.stop();
    eventually([&] { return store.times_lost == 1; });
    BOOST_TEST(!store.answers());
    BOOST_CHECK(store.check(guess_of(1, 111)).error() == store::fault::not_executed);
    server.start();
    eventually([&] { return store.answers(); });
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 111))));
    BOOST_TEST(store.times_ready == 2);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_killed_loses_nothing_that_was_answered) {
    driven_postgres store(options());
    for (std::uint32_t round = 1; round <= rounds(20, 2); ++round) {
        auto const before = store.spent({hot_budget()}).value().front();
        noted_load load({&store}, round * 10'000'000);
        eventually([&] { return load.steps > 300; });
        server.kill();
        server.start();
        eventually([&] { return store.answers(); });
        load.stop();
        check_known(load, store, before);
    }
    BOOST_TEST(!store.failed());
}

// Each interrupted transaction is looked up, so all counts are exact.
BOOST_AUTO_TEST_CASE(connections_that_are_cut_off) {
    driven_postgres first(options());
    driven_postgres second(options());
    noted_load load({&first, &second}, 10'000'000);
    for (std::size_t round = 0; round < rounds(200, 10); ++round) {
        auto const before = load.steps.load();
        eventually([&] { return load.steps > before + 20; });
        server.ask("select pg_terminate_backend(pid) from pg_stat_activity where "
                   "application_name = 'otpd' and random() < 0.5");
    }
    load.stop();
    eventually([&] { return first.answers(); });
    check_known(load, first);
    BOOST_TEST(load.unknown == 0);
    BOOST_TEST(server.ask("select sum(deadlocks) from pg_stat_database") == "0");
}

// Late steps fail, and may have been executed.
BOOST_AUTO_TEST_CASE(a_server_that_freezes) {
    driven_postgres patient(options());
    BOOST_CHECK(is<store::admitted>(patient.admit(send_of(1, 111, 1))));
    auto quick = options();
    quick.timeout = 250ms;
    driven_postgres store(quick);
    eventually([&] { return store.answers(); });
    server.freeze();
    BOOST_CHECK(store.check(guess_of(1, 111)).has_error());
    eventually([&] { return store.times_lost == 1; });
    BOOST_CHECK(store.check(guess_of(1, 111)).error() == store::fault::not_executed);
    server.thaw();
    eventually([&] { return store.check(guess_of(1, 222)).has_value(); });
}

BOOST_AUTO_TEST_CASE(of_several_servers_the_one_that_takes_writes) {
    postgres_process first(
        postgres_setup{.tcp = true, .turned_clock = "", .password = "", .more = {"fsync=off"}});
    postgres_process second(
        postgres_setup{.tcp = true, .turned_clock = "", .password = "", .more = {"fsync=off"}});
    auto const hosts = "postgres://otpd@127.0.0.1:" + std::to_string(first.port()) +
                       ",127.0.0.1:" + std::to_string(second.port()) + "/postgres";
    driven_postgres store(postgres_at(hosts));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    BOOST_TEST(first.ask("select count(*) from otpd.subject") == "1");
    // This looks like a demotion to clients.
    first.ask("alter system set default_transaction_read_only = on");
    first.ask("select pg_reload_conf()");
    // A new session has the new setting only after the server has read it.
    eventually([&] { return first.ask("show default_transaction_read_only") == "on"; });
    eventually([&] { return is<store::admitted>(store.admit(send_of(2, 111, 2))); });
    BOOST_TEST(second.ask("select count(*) from otpd.subject") == "1");
    second.kill();
    first.ask("alter system reset default_transaction_read_only");
    first.ask("select pg_reload_conf()");
    eventually([&] { return is<store::verified>(store.check(guess_of(1, 111))); });
}

// Replication is asynchronous: the replica lacks the last answers.
BOOST_AUTO_TEST_CASE(what_an_instance_saw_holds_on_a_replica_that_lacks_it) {
    constexpr std::uint64_t quota = 5;
    postgres_setup setup{.tcp = true, .turned_clock = "", .password = "", .more = {"fsync=off"}};
    postgres_process primary(setup);
    setup.primary = primary.url();
    postgres_process const replica(setup);
    auto const hosts = "postgres://otpd@127.0.0.1:" + std::to_string(primary.port()) +
                       ",127.0.0.1:" + std::to_string(replica.port()) + "/postgres";
    driven_postgres store(postgres_at(hosts));
    for (std::uint32_t n = 1; n <= 2; ++n)
        BOOST_CHECK(is<store::admitted>(store.admit(hot_send(n, quota))));
    replica.fall_behind(primary);
    for (std::uint32_t n = 3; n <= 4; ++n)
        BOOST_CHECK(is<store::admitted>(store.admit(hot_send(n, quota))));
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 1))));
    BOOST_CHECK(is<store::wrong>(store.check(guess_of(2, 9))));
    primary.kill();
    BOOST_TEST(replica.ask("select pg_promote()") == "t");
    eventually([&] { return store.answers(); });
    BOOST_TEST(replica.ask("select count(*) from otpd.subject") == "4"); // it lacks two numbers

    BOOST_CHECK(is<store::absent>(store.check(guess_of(1, 1))));
    BOOST_TEST(store.find(address_of(2, 2)).value()->attempts == 1U);
    BOOST_CHECK(is<store::verified>(store.check(guess_of(2, 2)))); // this one was replicated
    BOOST_CHECK(is<store::absent>(store.check(guess_of(3, 3))));   // no other instance knows it
    BOOST_TEST(store.spent({hot_budget()}).value().front() == 4);
    driven_postgres other(postgres_at(hosts));
    BOOST_TEST(other.spent({hot_budget()}).value().front() == 4);
    BOOST_CHECK(is<store::admitted>(store.admit(hot_send(5, quota))));
    BOOST_CHECK(is<store::refused>(store.admit(hot_send(6, quota))));
    BOOST_CHECK(is<store::refused>(other.admit(hot_send(7, quota))));
}

BOOST_AUTO_TEST_SUITE_END()
