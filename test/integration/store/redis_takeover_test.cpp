/// A server that has lost its last writes, like a promoted replica. What this instance has seen
/// counts nevertheless.

#include "redis_fixture.hpp"

using namespace otpd::test;
using namespace otpd;

namespace {

/// `lose_since_snapshot` resets the server to its state at `snapshot`.
struct takeover_fixture {
    redis_process server{redis_setup{.tcp = true, .turned_clock = "", .more = {}}};
    driven_redis_backend store{redis_at(server.url())};

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

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_takeover, takeover_fixture)

BOOST_AUTO_TEST_CASE(a_used_code_is_not_revived) {
    store.admit(send_of(1, 111, 1));
    snapshot();
    BOOST_CHECK(std::holds_alternative<store::verified>(check(111)));
    lose_since_snapshot();
    BOOST_TEST(server.ask({"DBSIZE"}) != ":0"); // the server has the code again
    BOOST_CHECK(std::holds_alternative<store::absent>(check(111)));
}

BOOST_AUTO_TEST_CASE(a_canceled_code_is_not_revived) {
    store.admit(send_of(1, 111, 1));
    snapshot();
    store.cancel(address_of(1, 1));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::absent>(check(111)));
}

BOOST_AUTO_TEST_CASE(a_code_whose_send_was_refused_is_not_revived) {
    store.admit(send_of(1, 111, 1));
    snapshot();
    store.settle(settlement_of(1, 1, store::send_result::refused));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::absent>(check(111)));
}

// --- resends ------------------------------------------------------------------------------------

// The lost message holds the code that the other one held.
BOOST_AUTO_TEST_CASE(a_resend_that_is_lost_leaves_the_code_that_it_repeated) {
    store.admit(free_send_of(1, 111, 1));
    snapshot();
    store.admit(free_send_of(1, 333, 2));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::verified>(check(111)));
}

// The loss of one code does not end the other one.
BOOST_AUTO_TEST_CASE(a_second_code_that_is_lost_leaves_the_first_valid) {
    store.admit(fresh_send_of(1, 111, 1));
    snapshot();
    store.admit(fresh_send_of(1, 333, 2));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::wrong>(check(333)));
    BOOST_CHECK(std::holds_alternative<store::verified>(check(111)));
}

BOOST_AUTO_TEST_CASE(codes_that_ended_with_another_are_not_revived) {
    store.admit(fresh_send_of(1, 111, 1));
    store.admit(fresh_send_of(1, 333, 2));
    snapshot();
    BOOST_CHECK(std::holds_alternative<store::verified>(check(111)));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::absent>(check(333)));
    BOOST_CHECK(std::holds_alternative<store::absent>(check(111)));
}

BOOST_AUTO_TEST_CASE(of_two_codes_the_canceled_one_is_not_revived) {
    store.admit(fresh_send_of(1, 111, 1));
    store.admit(fresh_send_of(1, 333, 2));
    snapshot();
    store.cancel(address_of(1, 1));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::wrong>(check(111)));
    BOOST_CHECK(std::holds_alternative<store::verified>(check(333)));
}

BOOST_AUTO_TEST_CASE(the_oldest_that_had_to_go_is_not_revived) {
    store.admit(fresh_send_of(1, 101, 1));
    store.admit(fresh_send_of(1, 102, 2));
    snapshot();
    store.admit(fresh_send_of(1, 200, 9));
    lose_since_snapshot();
    BOOST_CHECK(std::holds_alternative<store::wrong>(check(101)));
    BOOST_CHECK(std::holds_alternative<store::verified>(check(102)));
}

// A resend repeats the code with all its attempts, including lost ones.
BOOST_AUTO_TEST_CASE(attempts_that_were_lost_hold_for_a_resend) {
    store.admit(free_send_of(1, 111, 1));
    snapshot();
    for (int i = 0; i < 3; ++i)
        check(222);
    lose_since_snapshot();
    store.admit(free_send_of(1, 333, 2));
    BOOST_TEST(left_after_wrong() == attempts_max - 4);
}

// --- attempts and guesses -----------------------------------------------------------------------

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

BOOST_AUTO_TEST_CASE(attempts_with_the_id_are_not_given_back) {
    store.admit(send_of(1, 111, 1));
    snapshot();
    for (std::uint32_t i = 0; i < attempts_max; ++i)
        store.check(held_guess_of(1, 222, 1));
    lose_since_snapshot();
    BOOST_CHECK(is<store::exhausted>(store.check(held_guess_of(1, 111, 1))));
    BOOST_CHECK(is<store::exhausted>(store.check(guess_of(1, 111)))); // nor without the id
}

// Guesses belong to the number: they also count against the next code, and can refuse its send.
BOOST_AUTO_TEST_CASE(guesses_of_a_number_are_not_given_back) {
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    store.admit(free_send_of(1, 111, 1));
    snapshot();
    for (int i = 0; i < 3; ++i)
        store.check(guess);
    lose_since_snapshot();
    auto next = free_send_of(1, 333, 2);
    next.guesses.quota = 3;
    auto const answer = store.admit(next).value();
    BOOST_REQUIRE(std::holds_alternative<store::refused>(answer));
    BOOST_TEST(std::get<store::refused>(answer).violations.at(0).counter == store::guesses_counter);
}

// Each kind of guess is restored: the common ones, and the one that an id has.
BOOST_AUTO_TEST_CASE(guesses_of_all_and_of_ids_are_not_given_back) {
    store::guess_budget const budget{2, one_day, 5};
    auto open = guess_of(1, 222);
    auto held = held_guess_of(1, 222, 1);
    open.guesses = held.guesses = budget;
    store.admit(free_send_of(1, 111, 1));
    snapshot();
    store.check(open);
    store.check(open);
    store.check(held);
    lose_since_snapshot();
    BOOST_CHECK(is<store::locked>(store.check(open)));
    BOOST_CHECK(is<store::locked>(store.check(held)));
}

BOOST_AUTO_TEST_CASE(a_wait_is_not_cut_short) {
    store::guess_budget const budget{20, one_day, 1, 0, 1, one_hour, one_hour};
    auto open = guess_of(1, 222);
    auto held = held_guess_of(1, 111, 1);
    open.guesses = held.guesses = budget;
    store.admit(free_send_of(1, 111, 1));
    snapshot();
    BOOST_CHECK(is<store::wrong>(store.check(open)));
    lose_since_snapshot();
    BOOST_CHECK(is<store::locked>(store.check(open)));
    BOOST_CHECK(is<store::verified>(store.check(held))); // the first guess with an id has no pause
}

// Values written to the new server belong to that server from then on: other instances count and
// clear there.
BOOST_AUTO_TEST_CASE(guesses_are_written_to_a_new_server_once) {
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    store.admit(free_send_of(1, 111, 1));
    snapshot();
    store.check(guess);
    store.check(guess);
    lose_since_snapshot();
    store.admit(fresh_send_of(1, 333, 2));
    driven_redis_backend another(redis_at(server.url()));
    BOOST_CHECK(is<store::verified>(another.check(guess_of(1, 333))));
    store.admit(free_send_of(1, 444, 3));
    auto const answer = store.check(guess).value();
    BOOST_TEST(std::get<store::wrong>(answer).attempts_left == 2U);
}

// On the same server, its own count holds: other instances have counted and cleared there
// meanwhile.
BOOST_AUTO_TEST_CASE(guesses_that_another_instance_cleared_stay_cleared) {
    auto guess = guess_of(1, 222);
    guess.guesses.quota = 3;
    store.admit(free_send_of(1, 111, 1));
    store.check(guess);
    store.check(guess);
    driven_redis_backend another(redis_at(server.url()));
    BOOST_CHECK(is<store::verified>(another.check(guess_of(1, 111))));
    store.admit(free_send_of(1, 333, 2));
    auto const answer = store.check(guess).value();
    BOOST_TEST(std::get<store::wrong>(answer).attempts_left == 2U);
}

// --- sends --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(idempotency_keys_and_sends_in_flight_are_not_forgotten) {
    snapshot();
    auto request = full_send_of(1, 111, 1);
    request.lease = 1h;
    BOOST_CHECK(is<store::admitted>(store.admit(request)));
    lose_since_snapshot();
    BOOST_CHECK(is<store::in_flight>(store.admit(request)));
    request.idempotency.reset();
    request.cooldown = {};
    BOOST_CHECK(is<store::in_flight>(store.admit(request)));
}

BOOST_AUTO_TEST_CASE(what_a_server_kept_of_idempotency_keys_and_sends_in_flight_holds) {
    auto request = full_send_of(1, 111, 1);
    request.lease = 1h;
    store.admit(request);
    snapshot();
    lose_since_snapshot();
    BOOST_CHECK(is<store::in_flight>(store.admit(request)));
    request.idempotency.reset();
    request.cooldown = {};
    BOOST_CHECK(is<store::in_flight>(store.admit(request)));
    store.settle(full_settlement_of(1, 1, store::send_result::accepted));
    BOOST_CHECK(is<store::replayed>(store.admit(full_send_of(1, 111, 1))));
}

// Limits, guards and budgets over many numbers, as far as anything is left of them.
BOOST_AUTO_TEST_CASE(what_is_counted_over_many_numbers_is_not_given_back) {
    auto const counted = [](std::uint32_t n) {
        auto request = full_send_of(n, 111, n);
        request.rate_limit_checks = {
            store::rate_limit_check{subject(everybody), "all", 3, one_hour}};
        return request;
    };
    for (bool const all : {false, true}) {
        server.ask({"FLUSHALL"});
        if (all) snapshot();
        BOOST_CHECK(is<store::admitted>(store.admit(counted(all ? 11 : 1))));
        if (!all) snapshot();
        BOOST_CHECK(is<store::admitted>(store.admit(counted(all ? 12 : 2))));
        BOOST_CHECK(is<store::admitted>(store.admit(counted(all ? 13 : 3))));
        lose_since_snapshot();
        BOOST_TEST(store.spent({daily_budget()}).value().front() == 3 * 87'000);
        BOOST_CHECK(is<store::refused>(store.admit(counted(4))));
        driven_redis_backend another(redis_at(server.url()));
        BOOST_TEST(another.spent({daily_budget()}).value().front() == 3 * 87'000);
        BOOST_CHECK(is<store::refused>(another.admit(counted(5))));
    }
}

// Strict mode: a send, or a used or canceled code, counts only once a replica has it.
BOOST_AUTO_TEST_CASE(replicas_are_waited_for) {
    auto options = redis_at(server.url());
    options.replicas = 1;
    options.timeout = 2s; // each missing replica takes three quarters of it
    driven_redis_backend strict(options);
    store::reservation_replacement other{address_of(1, 1),
                                         {store::note{}},
                                         {},
                                         {store::reservation{daily_budget(), 1, 100, one_hour}}};
    BOOST_CHECK(is_fault(strict.admit(send_of(1, 111, 1)), store::fault::unknown));
    BOOST_CHECK(is_fault(strict.replace_reservation(other), store::fault::unknown));
    BOOST_CHECK(is<store::refused>(strict.admit(send_of(1, 111, 1)))); // it remains on the server

    redis_process replica(
        redis_setup{.tcp = true,
                    .turned_clock = "",
                    .more = {"--replicaof", "127.0.0.1 " + std::to_string(server.port())}});
    std::uint32_t phone = 2;
    eventually([&] {
        ++phone;
        return is<store::admitted>(strict.admit(send_of(phone, 111, phone)));
    });
    other.address = address_of(phone, phone);
    BOOST_CHECK(is<store::reservation_replaced>(strict.replace_reservation(other)));
    BOOST_CHECK(is<store::verified>(strict.check(guess_of(phone, 111))));

    BOOST_CHECK(is<store::admitted>(strict.admit(send_of(500, 111, 500))));
    BOOST_CHECK(is<store::admitted>(strict.admit(send_of(501, 111, 501))));
    BOOST_CHECK(is<store::admitted>(strict.admit(send_of(502, 111, 502))));
    BOOST_CHECK((strict.cancel(address_of(502, 502)).value() == store::cancel_outcome::canceled));
    replica.kill();
    // Right, but perhaps not replicated.
    BOOST_TEST(strict.check(guess_of(500, 111)).has_error());
    BOOST_CHECK(is<store::absent>(strict.check(guess_of(500, 111)))); // but used up
    BOOST_TEST(strict.cancel(address_of(501, 501)).has_error());
    BOOST_CHECK((strict.cancel(address_of(501, 501)).value() == store::cancel_outcome::ended));
}

BOOST_AUTO_TEST_SUITE_END()
