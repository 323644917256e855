/// A server that goes away, freezes, fills up, turns read-only or forgets its scripts. Every step
/// fails closed meanwhile, and works again afterwards.

#include "redis_fixture.hpp"

using namespace otpd::test;
using namespace otpd;

namespace {

struct faults_fixture {
    redis_process server{redis_setup{.tcp = true, .turned_clock = "", .more = {}}};

    /// Nothing is admitted or verified, and readiness fails.
    static void check_closed(driven_redis_backend& store, std::uint32_t phone) {
        BOOST_TEST(!store.answers());
        BOOST_TEST(store.admit(send_of(phone + 1000, 111, 1)).has_error());
        BOOST_TEST(store.check(guess_of(phone, 111)).has_error());
        BOOST_TEST(store.settle(settlement_of(phone, 1, store::send_result::unknown)).has_error());
        BOOST_TEST(store.cancel(address_of(phone, 1)).has_error());
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_faults, faults_fixture)

BOOST_AUTO_TEST_CASE(a_server_that_is_killed_and_comes_back) {
    driven_redis_backend store(redis_at(server.url()));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    server.kill();
    eventually([&] { return store.times_lost == 1; });
    check_closed(store, 1);
    server.start();
    eventually([&] { return store.answers(); });
    BOOST_TEST(store.times_ready == 2);
    BOOST_CHECK(is<store::absent>(store.check(guess_of(1, 111)))); // this server saves nothing
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(2, 111, 2))));
}

// A lost connection is made again immediately. Steps wait meanwhile, and none is refused.
BOOST_AUTO_TEST_CASE(steps_wait_for_a_connection_that_is_made_again) {
    driven_redis_backend store(patient_redis_at(server.url()));
    for (std::uint32_t n = 1; n <= 20; ++n) {
        server.ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
        BOOST_CHECK(is<store::admitted>(store.admit(send_of(n, 111, n))));
    }
    BOOST_TEST(store.times_lost > 0);
}

// Steps in flight when the server dies fail; none hangs and none runs twice.
BOOST_AUTO_TEST_CASE(steps_on_their_way_fail_when_the_server_dies) {
    auto options = redis_at(server.url());
    options.timeout = 2s; // how long they would wait for it to come back
    driven_redis_backend store(options);
    std::atomic<int> failed = 0;
    server.freeze();
    for (std::uint32_t i = 0; i < 50; ++i) {
        auto body = [&store, &failed, i]() -> boost::asio::awaitable<void> {
            auto request = send_of(i, 111, i);
            auto const answer = co_await store->admit(std::move(request));
            if (answer.has_error()) ++failed;
        };
        boost::asio::co_spawn(store.context(), body, [](std::exception_ptr) {});
    }
    store.context().restart();
    store.context().poll();
    server.kill();
    run_on_threads(store.context(), 1);
    BOOST_TEST(failed == 50);
}

// Late steps fail, and a batch that the server finds when it resumes is too old to be executed.
BOOST_AUTO_TEST_CASE(a_server_that_freezes) {
    auto options = redis_at(server.url());
    options.timeout = 250ms;
    driven_redis_backend store(options);
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    server.freeze();
    BOOST_CHECK(is_fault(store.check(guess_of(1, 222)), store::fault::unknown));
    check_closed(store, 2);
    server.thaw();
    driven_redis_backend patient(redis_at(server.url()));
    eventually([&] { return patient.answers(); });
    auto const answer = patient.check(guess_of(1, 222));
    BOOST_REQUIRE(is<store::wrong>(answer));
    BOOST_TEST(std::get<store::wrong>(*answer).attempts_left == attempts_max - 1);
    eventually([&] { return store.answers(); });
}

// Admissions stop long before a server is full. Existing verifications can be used, ended and
// counted.
BOOST_AUTO_TEST_CASE(a_server_that_is_full) {
    driven_redis_backend store(redis_at(server.url()));
    for (std::uint32_t n = 1; n <= 4; ++n)
        BOOST_CHECK(is<store::admitted>(store.admit(send_of(n, 111, n))));
    server.ask({"CONFIG", "SET", "maxmemory", "1"});
    std::uint32_t phone = 100;
    auto const admit_another = [&] {
        ++phone;
        return store.admit(send_of(phone, 111, phone));
    };
    eventually([&] { return is<store::full>(admit_another()); });
    BOOST_TEST(store.answers());
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 111))));
    BOOST_CHECK(is<store::absent>(store.check(guess_of(1, 111))));
    BOOST_CHECK((store.cancel(address_of(2, 2)).value() == store::cancel_outcome::canceled));
    BOOST_CHECK(is<store::wrong>(store.check(guess_of(3, 222))));
    BOOST_CHECK((store.settle(settlement_of(4, 4, store::send_result::refused)).value() ==
                 store::settle_outcome::settled));
    server.ask({"CONFIG", "SET", "maxmemory", "0"});
    eventually([&] { return is<store::admitted>(admit_another()); });
}

// The limit from the options holds, whatever the server's limit is.
BOOST_AUTO_TEST_CASE(a_bound_of_its_own) {
    auto options = redis_at(server.url());
    options.memory_max = 1;
    driven_redis_backend store(options);
    BOOST_CHECK(is<store::full>(store.admit(send_of(1, 111, 1))));
}

// A demoted master answers READONLY until the links have found the new one.
BOOST_AUTO_TEST_CASE(a_server_that_turns_read_only) {
    driven_redis_backend store(redis_at(server.url()));
    server.ask({"REPLICAOF", "127.0.0.1", "1"});
    check_closed(store, 1);
    server.ask({"REPLICAOF", "NO", "ONE"});
    eventually([&] { return store.answers(); });
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
}

BOOST_AUTO_TEST_CASE(scripts_that_the_server_forgot_are_loaded_again) {
    driven_redis_backend store(redis_at(server.url()));
    BOOST_CHECK(is<store::admitted>(store.admit(send_of(1, 111, 1))));
    server.ask({"SCRIPT", "FLUSH"});
    BOOST_CHECK(is<store::verified>(store.check(guess_of(1, 111))));
    BOOST_TEST(store.times_lost == 0);
}

// If more steps wait than the queue holds, the store refuses the rest immediately.
BOOST_AUTO_TEST_CASE(steps_that_wait_are_bounded) {
    auto options = redis_at(server.url());
    options.in_flight_max = 10;
    driven_redis_backend store(options);
    server.freeze();
    constexpr std::uint32_t flights = 4;
    constexpr std::uint32_t most = flights * 64 + 10; // full batches in flight, and the queue
    constexpr std::uint32_t count = most + 30;
    std::atomic<std::uint32_t> refused = 0;
    std::atomic<std::uint32_t> admitted = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        auto body = [&, i]() -> boost::asio::awaitable<void> {
            auto request = send_of(i, 111, i);
            auto const answer = co_await store->admit(std::move(request));
            if (answer.has_error())
                ++refused;
            else
                ++admitted;
        };
        boost::asio::co_spawn(store.context(), body, [](std::exception_ptr) {});
    }
    store.context().restart();
    while (refused < count - most) // while the server is silent
        store.context().run_one();
    BOOST_TEST(admitted == 0U);
    server.thaw();
    run_on_threads(store.context(), 1);
    BOOST_TEST(refused >= count - most);
    BOOST_TEST(admitted > 0U);
    BOOST_TEST(admitted + refused == count);
}

// Every key on the server expires by itself, whatever happens to the service.
BOOST_AUTO_TEST_CASE(every_key_ends_by_itself) {
    driven_redis_backend store(redis_at(server.url()));
    store.admit(full_send_of(1, 111, 1));
    store.check(full_guess_of(1, 222));
    store.admit(full_send_of(2, 111, 2));
    store.check(full_guess_of(2, 111));
    store.admit(full_send_of(3, 111, 3));
    store.settle(full_settlement_of(3, 3, store::send_result::refused));
    store.admit(full_send_of(4, 111, 4));
    store.settle(full_settlement_of(4, 4, store::send_result::accepted));
    store.update(full_update_of(4, 4));
    store.admit(full_send_of(5, 111, 5));
    store.replace_reservation(
        {address_of(5, 5),
         {store::note{}},
         {},
         {store::reservation{{subject(5), "monthly", "2026-11"}, 1, 1, one_day}}});
    store.cancel(address_of(5, 5));
    store.check(full_guess_of(6, 111));
    store.answers();
    auto const endless = server.ask({"EVAL",
                                     "local n = 0 for _, k in ipairs(redis.call('KEYS', '*')) do "
                                     "if redis.call('PTTL', k) < 0 then n = n + 1 end end return n",
                                     "0"});
    BOOST_TEST(endless == ":0");
    BOOST_TEST(server.ask({"DBSIZE"}) != ":0");
}

BOOST_AUTO_TEST_SUITE_END()
