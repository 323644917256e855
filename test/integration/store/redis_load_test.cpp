/// Two instances under load while the server is killed, stopped, paused, filled and made read-only.
/// In all cases, no code is accepted twice, no sixth guess is evaluated and no send is made without
/// its reservation.

#include "redis_load.hpp"
#include "support/rounds.hpp"
using namespace otpd::test;
using namespace otpd;

namespace {

store::redis_options as_deployed(std::string const& url) {
    auto options = redis_at(url);
    options.timeout = 250ms;
    options.connections = 2;
    return options;
}

struct load_fixture {
    redis_process server{redis_setup{.tcp = true,
                                     .turned_clock = "",
                                     .more = {"--appendonly", "yes", "--appendfsync", "always"}}};
    driven_redis_backend first{as_deployed(server.url())};
    driven_redis_backend second{as_deployed(server.url())};
    load clients{first, second};

    load_fixture() { wait_for_progress(); }
    ~load_fixture() {
        clients.stop();
        BOOST_TEST(clients.violations() == 0U);
        BOOST_TEST(!first.failed());
        BOOST_TEST(!second.failed());
    }

    /// Waits until some more codes are verified.
    void wait_for_progress() const {
        auto const before = clients.verified();
        eventually([&] { return clients.verified() > before + 200; });
    }
    /// Waits until the fault has an effect, ends it, and waits for both instances.
    template <class End>
    void recover(End end, std::chrono::milliseconds felt_for = 300ms) {
        auto const before = clients.faults();
        eventually([&] { return clients.faults() > before + 50; });
        std::this_thread::sleep_for(felt_for); // the duration of the fault itself
        end();
        auto const ended = std::chrono::steady_clock::now();
        eventually([&] { return first.answers() && second.answers(); });
        std::chrono::duration<double> const took = std::chrono::steady_clock::now() - ended;
        BOOST_TEST_MESSAGE("recovered after " << took.count() << " s; " << clients.numbers()
                                              << " numbers, " << clients.faults() << " faults");
        wait_for_progress();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_under_load, load_fixture)

BOOST_AUTO_TEST_CASE(killed_and_started_again) {
    for (std::size_t i = 0; i < rounds(10, 2); ++i) {
        server.kill();
        recover([this] { server.start(); });
    }
}

BOOST_AUTO_TEST_CASE(stopped_for_seconds) {
    server.freeze();
    // Eight times the timeout of a step.
    recover([this] { server.thaw(); }, runs_all_rounds() ? 10s : 2s);
}

BOOST_AUTO_TEST_CASE(clients_paused) {
    server.ask({"CLIENT", "PAUSE", "1000", "ALL"});
    recover([] {}, 1s);
}

BOOST_AUTO_TEST_CASE(scripts_flushed) {
    for (std::size_t i = 0; i < rounds(20, 4); ++i) {
        server.ask({"SCRIPT", "FLUSH"});
        wait_for_progress();
    }
}

BOOST_AUTO_TEST_CASE(out_of_memory) {
    server.ask({"CONFIG", "SET", "maxmemory", "1"});
    recover([this] { server.ask({"CONFIG", "SET", "maxmemory", "0"}); });
}

BOOST_AUTO_TEST_CASE(read_only) {
    server.ask({"REPLICAOF", "127.0.0.1", "1"});
    recover([this] { server.ask({"REPLICAOF", "NO", "ONE"}); });
}

BOOST_AUTO_TEST_SUITE_END()
