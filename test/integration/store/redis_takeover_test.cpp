/// A server that has lost its last writes, as a promoted replica may have: what this instance has seen
/// counts all the same.

#include "redis_fixture.hpp"

using namespace otpd::test;
using namespace otpd;

namespace {

/// `lose_since_snapshot` puts the server back to what it was at `snapshot`.
struct fixture {
    redis_process server{redis_setup{.tcp = true, .turned_clock = "", .more = {}}};
    driven_redis_store store{redis_at(server.url())};

    void snapshot() { server.ask({"SAVE"}); }
    void lose_since_snapshot() {
        auto const before = store.times_lost.load();
        server.kill();
        eventually([&] { return store.times_lost > before; });
        server.start();
        eventually([&] { return store.answers(); });
    }
    store::check_outcome check(std::uint32_t code) {
        return store.check(guess_of(1, code)).value();
    }
    std::uint32_t left_after_wrong() { return std::get<store::wrong>(check(222)).attempts_left; }
};

store::admission without_cooldown(std::uint32_t code, std::uint32_t id) {
    auto request = send_of(1, code, id);
    request.charges.clear();
    return request;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_takeover, fixture)

BOOST_AUTO_TEST_CASE(a_used_code_is_not_revived) {
    store.admit(send_of(1, 111, 1));
    snapshot();
    BOOST_CHECK(std::holds_alternative<store::verified>(check(111)));
    lose_since_snapshot();
    BOOST_TEST(server.ask({"DBSIZE"}) != ":0"); // the server has the code again
    BOOST_CHECK(std::holds_alternative<store::absent>(check(111)));
}

BOOST_AUTO_TEST_CASE(a_replaced_code_is_not_revived) {
    store.admit(without_cooldown(111, 1));
    snapshot();
    store.admit(without_cooldown(333, 2));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::absent>(check(111)));
}

BOOST_AUTO_TEST_CASE(attempts_are_not_given_back) {
    store.admit(send_of(1, 111, 1));
    snapshot();
    for (int i = 0; i < 3; ++i)
        check(222);
    lose_since_snapshot();
    BOOST_TEST(left_after_wrong() == attempts_max - 4);
    BOOST_TEST(left_after_wrong() == 0U);
    BOOST_CHECK(std::holds_alternative<store::exhausted>(check(111)));
}

// Guesses are the number's: they count against the next code, too, and keep it from being sent.
BOOST_AUTO_TEST_CASE(guesses_of_a_number_are_not_given_back) {
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    store.admit(without_cooldown(111, 1));
    snapshot();
    for (int i = 0; i < 3; ++i)
        store.check(guess);
    lose_since_snapshot();
    auto next = without_cooldown(333, 2);
    next.guesses.quota = 3;
    auto const answer = store.admit(next).value();
    BOOST_REQUIRE(std::holds_alternative<store::refused>(answer));
    BOOST_TEST(std::get<store::refused>(answer).violations.at(0).counter == store::guesses_counter);
}

// On one and the same server its own count holds: others have counted and cleared there meanwhile.
BOOST_AUTO_TEST_CASE(guesses_that_another_instance_cleared_stay_cleared) {
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    store.admit(without_cooldown(111, 1));
    store.check(guess);
    store.check(guess);
    driven_redis_store another(redis_at(server.url()));
    BOOST_CHECK(is<store::verified>(another.check(guess_of(1, 111))));
    store.admit(without_cooldown(333, 2));
    auto const answer = store.check(guess).value();
    BOOST_TEST(std::get<store::wrong>(answer).attempts_left == 2U);
}

// Strict mode: a send or a used code counts only once a replica has it.
BOOST_AUTO_TEST_CASE(replicas_are_waited_for) {
    auto options = redis_at(server.url());
    options.replicas = 1;
    options.timeout = 2s; // each time a replica is missing takes three quarters of it
    driven_redis_store strict(options);
    BOOST_CHECK(is_fault(strict.admit(send_of(1, 111, 1)), store::fault::unavailable));
    BOOST_CHECK(is<store::refused>(strict.admit(send_of(1, 111, 1)))); // it stands on the server

    redis_process replica(
        redis_setup{.tcp = true,
                    .turned_clock = "",
                    .more = {"--replicaof", "127.0.0.1 " + std::to_string(server.port())}});
    std::uint32_t phone = 2;
    eventually([&] {
        ++phone;
        return is<store::admitted>(strict.admit(send_of(phone, 111, phone)));
    });
    BOOST_CHECK(is<store::verified>(strict.check(guess_of(phone, 111))));

    BOOST_CHECK(is<store::admitted>(strict.admit(send_of(500, 111, 500))));
    replica.kill();
    BOOST_TEST(strict.check(guess_of(500, 111)).has_error());         // right, and perhaps not kept
    BOOST_CHECK(is<store::absent>(strict.check(guess_of(500, 111)))); // but used up
}

BOOST_AUTO_TEST_SUITE_END()
