// Every threshold of guesses, codes, leases, updates and bounds: one before it, at it and one after
// it.

#include "engine/verifications.hpp"
#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

struct boundary {
    counter_time at;
    bool good;
};

delivery_update update_of(delivery message, std::string details = "x") {
    delivery_update request;
    request.address = {key_of(1), id_of(1)};
    request.message = message;
    request.details = std::move(details);
    return request;
}

idempotency_key once_key(std::uint32_t fingerprint = 7) {
    idempotency_key idempotency;
    idempotency.key = key_of(everybody + 1);
    idempotency.fingerprint = key_of(fingerprint);
    idempotency.retention = 1h;
    return idempotency;
}

admission once_send(std::uint32_t id) {
    auto request = send_of(id, id);
    request.lease = 30s;
    request.idempotency = once_key();
    return request;
}

check held(check guess, std::uint32_t id) {
    guess.id = id_of(id);
    return guess;
}

/// A send with that code.
admission send_with(std::uint32_t id, std::uint8_t code, duration ttl) {
    auto request = send_of(1, id);
    request.code = seed_of(code);
    request.ttl = ttl;
    request.repeat.attempts_max = 5;
    return request;
}

check by(check guess, std::uint8_t who) {
    guess.by[0] = std::byte{who};
    return guess;
}

void guess_wrong(engine_world& w, check const& guess, int times) {
    for (int n = 0; n < times; ++n)
        BOOST_REQUIRE(is<wrong>(w.check(guess)));
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_steps)

// --- codes --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_code_verifies_until_it_ends_and_once) {
    for (auto const& [at, good] :
         {boundary{60s - 1us, true}, boundary{60s, false}, boundary{60s + 1us, false}}) {
        engine_world w;
        w.admit(send_of(1, 1));
        w.pass(at);
        BOOST_TEST(is<verified>(w.check(guess_of(1, 1))) == good);
        BOOST_TEST(is<absent>(w.check(guess_of(1, 1))));
        BOOST_TEST((w.find({key_of(1), id_of(1)})->state ==
                    (good ? progress::verified : progress::expired)));
    }
}

BOOST_AUTO_TEST_CASE(a_verification_is_forgotten_with_its_time) {
    for (auto const& [at, kept] :
         {boundary{10min - 1us, true}, boundary{10min, false}, boundary{10min + 1us, false}}) {
        engine_world w;
        w.admit(send_of(1, 1));
        w.pass(at);
        BOOST_TEST(w.find({key_of(1), id_of(1)}).has_value() == kept);
    }
}

BOOST_AUTO_TEST_CASE(a_code_is_compared_by_all_that_its_admission_said) {
    auto const guess_with = [](code_seed const& typed_of) {
        engine_world w;
        w.admit(send_of(1, 1));
        auto guess = guess_of(1, 1);
        guess.is_code_of = typed(typed_of);
        return w.check(guess);
    };
    BOOST_TEST(is<verified>(guess_with(seed_of(1))));
    for (std::size_t byte = 0; byte < 16; ++byte) {
        auto other = seed_of(1);
        other.nonce.at(byte) ^= std::byte{1};
        BOOST_TEST(is<wrong>(guess_with(other)));
    }
    auto of_another_key = seed_of(1);
    of_another_key.key_id = 2;
    BOOST_TEST(is<wrong>(guess_with(of_another_key)));
    auto longer = seed_of(1);
    longer.length = 8;
    BOOST_TEST(is<wrong>(guess_with(longer)));
}

BOOST_AUTO_TEST_CASE(a_send_is_in_flight_for_its_lease_at_most) {
    for (auto const& [at, good] :
         {boundary{30s - 1us, false}, boundary{30s, true}, boundary{30s + 1us, true}}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.lease = 30s;
        w.admit(request);
        w.pass(at);
        request.id = id_of(2);
        BOOST_TEST(is<admitted>(w.admit(request)) == good);
    }
}

BOOST_AUTO_TEST_CASE(a_send_without_a_lease_is_never_in_flight) {
    engine_world w;
    w.be_at(500ms);
    w.admit(send_of(1, 1));
    w.be_at(0s); // nor if the clock was ahead
    BOOST_TEST(is<admitted>(w.admit(send_of(1, 2))));
}

BOOST_AUTO_TEST_CASE(a_scope_has_so_many_open_verifications_and_no_more) {
    constexpr auto max = static_cast<std::uint32_t>(open_max);
    for (std::uint32_t const count : {max - 1, max, max + 1}) {
        engine_world w;
        for (std::uint32_t id = 1; id <= count; ++id)
            w.admit(send_of(1, id));
        BOOST_TEST((w.find({key_of(1), id_of(1)})->state ==
                    (count > max ? progress::replaced : progress::pending)));
        BOOST_TEST((w.find({key_of(1), id_of(2)})->state == progress::pending));
        BOOST_TEST(is<verified>(w.check(guess_of(1, 1)))); // all of them have the code
    }
}

// --- resends ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_resend_repeats_the_code_for_five_minutes) {
    for (auto const& [at, repeats] : {boundary{5min - 1us, true}, boundary{5min, true},
                                      boundary{5min + 1ms, false}, boundary{9min, false}}) {
        engine_world w;
        w.admit(send_with(1, 1, 10min));
        w.pass(at);
        auto const again = expect<admitted>(w.admit(send_with(2, 2, 10min)));
        BOOST_TEST((again.code == seed_of(repeats ? 1 : 2)));
        BOOST_TEST(is<verified>(w.check(guess_of(1, 1)))); // the code of the first message
    }
}

BOOST_AUTO_TEST_CASE(each_resend_moves_the_end_but_not_over_ten_minutes) {
    engine_world w;
    w.admit(send_with(1, 1, 4min));
    w.pass(3min);
    BOOST_TEST((expect<admitted>(w.admit(send_with(2, 2, 4min))).code_end == 4min)); // at 7
    BOOST_TEST((w.find({key_of(1), id_of(1)})->expires_in == 4min));
    w.pass(2min);                                                                     // 5
    BOOST_TEST((expect<admitted>(w.admit(send_with(3, 3, 10min))).code_end == 5min)); // at 10
    BOOST_TEST((expect<admitted>(w.admit(send_with(4, 4, 1min))).code_end == 5min)); // never sooner
    w.pass(5min - 1us);
    BOOST_TEST(is<wrong>(w.check(guess_of(1, 9))));
    w.pass(1us);
    BOOST_TEST(is<absent>(w.check(guess_of(1, 1))));
}

// The first id can be queried as long as its code can be verified.
BOOST_AUTO_TEST_CASE(a_verification_is_kept_as_long_as_its_code) {
    engine_world w;
    auto request = send_with(1, 1, 1min);
    request.retention = 1min;
    w.admit(request);
    w.pass(50s);
    w.admit(send_with(2, 2, 1min));
    w.pass(1min - 1us);
    BOOST_TEST((w.find({key_of(1), id_of(1)})->state == progress::pending));
    auto guess = held(guess_of(1, 1), 1);
    BOOST_TEST((expect<verified>(w.check(guess)).id == id_of(1)));
}

BOOST_AUTO_TEST_CASE(a_code_of_a_key_that_is_gone_or_of_another_length_is_not_repeated) {
    for (bool const has_key : {true, false})
        for (std::uint8_t const length : {std::uint8_t{6}, std::uint8_t{8}}) {
            engine_world w;
            w.admit(send_with(1, 1, 4min));
            auto request = send_with(2, 2, 4min);
            request.code.key_id = 2;
            request.code.length = length;
            if (has_key) request.repeat.other_keys = {7, 1};
            auto const& sent = expect<admitted>(w.admit(request)).code;
            BOOST_TEST((sent == (has_key && length == 6 ? seed_of(1) : request.code)));
            BOOST_TEST(is<verified>(w.check(guess_of(1, 1))));
        }
}

// A requester without attempts at a code cannot use another message with it. At most two codes
// live: with two, a send repeats the code all the same, and brings no new attempts.
// Otherwise a stranger could have the owner's verification called exhausted.
BOOST_AUTO_TEST_CASE(only_its_own_requester_makes_the_last_guess_at_a_verification) {
    for (bool const is_own : {true, false}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.by = {std::byte{7}};
        w.admit(request);
        auto guess = guess_of(1, 9);
        guess.by = {std::byte{static_cast<unsigned char>(is_own ? 7 : 8)}};
        for (std::uint32_t n = 1; n <= guess.attempts_max; ++n)
            BOOST_TEST(expect<wrong>(w.check(guess)).is_last ==
                       (is_own && n == guess.attempts_max));
    }
}

BOOST_AUTO_TEST_CASE(where_no_attempts_are_left_a_resend_begins_a_second_code_and_no_third) {
    for (bool const with_id : {true, false}) {
        engine_world w;
        w.admit(send_with(1, 1, 4min));
        auto guess = guess_of(1, 9);
        if (with_id) guess.id = id_of(1);
        guess_wrong(w, guess, 4);
        BOOST_TEST((expect<admitted>(w.admit(send_with(2, 2, 4min))).code == seed_of(1)));
        guess_wrong(w, guess, 1);
        BOOST_TEST(is<exhausted>(w.check(guess)));
        BOOST_TEST((expect<admitted>(w.admit(send_with(3, 3, 4min))).code == seed_of(3)));
        guess_wrong(w, guess, 5);
        BOOST_TEST(is<exhausted>(w.check(guess)));
        BOOST_TEST((expect<admitted>(w.admit(send_with(4, 4, 4min))).code == seed_of(3)));
        guess.is_code_of = typed(seed_of(1));
        BOOST_TEST(is<exhausted>(w.check(guess)));
    }
}

BOOST_AUTO_TEST_CASE(attempts_are_exhausted_until_the_last_code_ends) {
    engine_world w;
    w.admit(send_with(1, 1, 10min));
    w.pass(6min);
    w.admit(send_with(2, 2, 10min));
    guess_wrong(w, guess_of(1, 9), 5);
    BOOST_TEST((expect<exhausted>(w.check(guess_of(1, 9))).retry_after == 10min));
}

// A guess counts at both codes. It is compared with those that have attempts left.
BOOST_AUTO_TEST_CASE(a_guess_is_compared_with_each_code_that_has_attempts_left) {
    engine_world w;
    w.admit(send_with(1, 1, 10min));
    guess_wrong(w, guess_of(1, 9), 3);
    w.pass(6min);
    w.admit(send_with(2, 2, 10min));
    for (std::uint32_t const left : {4U, 3U})
        BOOST_TEST(expect<wrong>(w.check(guess_of(1, 9))).attempts_left == left);
    BOOST_TEST(is<wrong>(w.check(guess_of(1, 1)))); // the attempts at the first code are used up
    BOOST_TEST((expect<verified>(w.check(guess_of(1, 2))).id == id_of(2)));
}

BOOST_AUTO_TEST_CASE(of_three_codes_the_oldest_gives_way) {
    engine_world w;
    w.admit(send_with(1, 1, 10min));
    for (std::uint8_t n = 2; n <= 3; ++n) {
        auto request = send_with(n, n, 10min);
        request.repeat.repeated_for = 0ms;
        w.pass(1ms);
        BOOST_TEST((expect<admitted>(w.admit(request)).code == seed_of(n)));
    }
    BOOST_TEST((w.find({key_of(1), id_of(1)})->state == progress::replaced));
    BOOST_TEST(is<wrong>(w.check(guess_of(1, 1))));
    BOOST_TEST(is<verified>(w.check(guess_of(1, 2))));
    BOOST_TEST(is<absent>(w.check(guess_of(1, 3)))); // a success ends both
}

BOOST_AUTO_TEST_CASE(scopes_have_codes_of_their_own) {
    engine_world w;
    w.admit(send_with(1, 1, 4min));
    auto request = send_with(2, 2, 4min);
    request.key.scope = "payment";
    BOOST_TEST((expect<admitted>(w.admit(request)).code == seed_of(2)));
    BOOST_TEST(is<wrong>(w.check(guess_of(1, 2))));
    BOOST_TEST(is<verified>(w.check(guess_of(1, 1))));
    auto guess = guess_of(1, 2);
    guess.key.scope = "payment";
    BOOST_TEST(is<verified>(w.check(guess)));
}

BOOST_AUTO_TEST_CASE(a_guess_in_a_sibling_is_wrong_and_its_own_scope_comes_first) {
    engine_world w;
    auto const bound_to = [](std::string const& what) { return "login" + (binding_mark + what); };
    auto request = send_of(1, 1);
    request.key.scope = bound_to("a");
    w.admit(request);
    auto guess = guess_of(1, 1);
    guess.key.scope = bound_to("b");
    BOOST_TEST(is<wrong>(w.check(guess)));
    request = send_with(2, 2, 60s);
    request.key.scope = bound_to("b");
    w.admit(request);
    guess.key.scope = bound_to("a");
    BOOST_TEST((expect<verified>(w.check(guess)).id == id_of(1)));
}

// The codes of test numbers have no length here.
BOOST_AUTO_TEST_CASE(a_guess_of_another_length_than_the_code_is_absent) {
    for (int const of_code : {0, 6})
        for (int const of_guess : {0, 6, 8}) {
            engine_world w;
            auto request = send_of(1, 1);
            request.code.length = static_cast<std::uint8_t>(of_code);
            w.admit(request);
            auto guess = guess_of(1, 9);
            guess.length = static_cast<std::uint8_t>(of_guess);
            BOOST_TEST(is<absent>(w.check(guess)) == (of_code == 6 && of_guess == 8));
        }
}

BOOST_AUTO_TEST_CASE(a_code_of_a_clock_that_was_ahead_lives_as_long_as_another) {
    engine_world w;
    w.be_at(600s);
    auto request = send_of(1, 1);
    request.lease = 30s;
    w.admit(request);
    w.be_at(0s);
    request.id = id_of(2);
    BOOST_TEST((expect<in_flight>(w.admit(request)).retry_after == 30s)); // and is written back
    w.be_at(30s);
    BOOST_TEST(is<admitted>(w.admit(request)));
    BOOST_TEST((w.find({key_of(1), id_of(1)})->age == 30s));
}

// --- bounds -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_number_keeps_so_many_verifications_and_the_oldest_go) {
    constexpr auto max = static_cast<std::uint32_t>(engine::verifications_max);
    for (std::uint32_t const count : {max - 1, max, max + 1}) {
        engine_world w;
        for (std::uint32_t id = 1; id <= count; ++id)
            BOOST_REQUIRE(is<admitted>(w.admit(send_of(1, id))));
        BOOST_TEST(w.find({key_of(1), id_of(1)}).has_value() == (count <= max));
        BOOST_TEST(w.find({key_of(1), id_of(2)}).has_value());
    }
}

BOOST_AUTO_TEST_CASE(of_those_that_are_over_the_settled_ones_go_first) {
    engine_world w;
    for (std::uint32_t id = 1; id <= engine::verifications_max; ++id) {
        w.admit(send_of(1, id));
        if (id == 7) w.settle(settlement_of(1, id, send_result::accepted));
    }
    w.admit(send_of(1, 1000));
    BOOST_TEST(w.find({key_of(1), id_of(1)}).has_value());
    BOOST_TEST(!w.find({key_of(1), id_of(7)}).has_value());
}

BOOST_AUTO_TEST_CASE(live_codes_are_never_dropped_to_make_room) {
    engine_world w;
    std::uint32_t id = 0;
    auto next = [&id] {
        auto request = send_of(1, ++id);
        request.key.scope = "scope" + std::to_string(id);
        return request;
    };
    constexpr auto others = engine::verifications_max - open_max;
    for (std::size_t n = 0; n <= others; ++n)
        BOOST_REQUIRE(is<admitted>(w.admit(next())));
    BOOST_TEST(is<full>(w.admit(next())));
    auto again = send_of(1, 999); // an existing scope has its place
    again.key.scope = "scope1";
    BOOST_TEST(is<admitted>(w.admit(again)));
}

BOOST_AUTO_TEST_CASE(a_number_keeps_so_many_events_and_the_oldest_go) {
    engine_world w;
    auto guess = guess_of(1, 9);
    guess.attempts_max = guess.guesses.quota = 100'000;
    std::uint32_t id = 0;
    for (; id < 20; ++id) {
        auto request = send_of(1, id);
        request.guesses = guess.guesses;
        BOOST_REQUIRE(is<admitted>(w.admit(request)));
        guess_wrong(w, guess, 40);
    }
    std::size_t events = 0;
    std::size_t kept = 0;
    for (std::uint32_t it = 0; it < id; ++it)
        if (auto const found = w.find({key_of(1), id_of(it)})) {
            BOOST_TEST(found->events.size() <= events_max);
            events += found->events.size();
            ++kept;
        }
    BOOST_TEST(events <= engine::number_events_max);
    BOOST_TEST(kept == engine::number_events_max / events_max);
    BOOST_TEST(w.find({key_of(1), id_of(id - 1)}).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_listed_in_any_case_has_an_end_too) {
    engine_world w;
    w.admit(send_of(1, 1));
    reservation_replacement other;
    other.address = {key_of(1), id_of(1)};
    other.notes.assign(10, note{event_type::step, {}, "x"});
    for (int n = 0; n < 10; ++n)
        w.run<engine::replace_reservation>(other);
    BOOST_TEST(w.find(other.address)->events.size() == 2 * events_max);
}

BOOST_AUTO_TEST_CASE(without_room_nothing_is_admitted) {
    engine_world w;
    w.io.room = room::none;
    BOOST_TEST(is<full>(w.admit(send_of(1, 1))));
    w.io.room = room::for_codes;
    BOOST_TEST(is<admitted>(w.admit(send_of(1, 1))));
}

// --- guesses ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_code_has_so_many_attempts) {
    for (bool const with_id : {true, false})
        for (int const used : {4, 5}) {
            engine_world w;
            w.admit(send_of(1, 1));
            auto guess = guess_of(1, 9);
            if (with_id) guess = held(guess, 1);
            guess_wrong(w, guess, used);
            guess.is_code_of = typed(seed_of(1));
            BOOST_TEST(is<verified>(w.check(guess)) == (used < 5));
            BOOST_TEST(is<exhausted>(w.check(guess)) == (used == 5));
        }
}

BOOST_AUTO_TEST_CASE(each_requester_has_so_many_attempts_at_a_code) {
    engine_world w;
    w.admit(send_of(1, 1));
    for (std::uint8_t const who : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
        auto guess = by(guess_of(1, 9), who);
        guess_wrong(w, guess, 5);
        BOOST_TEST(is<exhausted>(w.check(guess)));
    }
    BOOST_TEST(is<verified>(w.check(by(guess_of(1, 1), 3))));
}

BOOST_AUTO_TEST_CASE(a_number_has_so_many_guesses_and_so_many_of_ids) {
    for (int const used : {9, 10}) {
        engine_world w;
        for (std::uint32_t id = 1; id <= 3; ++id)
            w.admit(send_of(1, id));
        auto guess = by(guess_of(1, 9), 1);
        guess.attempts_max = 100;
        guess.guesses = guess_budget{10, 24h, 2};
        guess_wrong(w, guess, used);
        BOOST_TEST(is<locked>(w.check(guess)) == (used == 10));
        if (used < 10) continue;
        for (std::uint32_t id = 1; id <= 2; ++id) {
            auto const own = held(guess, id);
            guess_wrong(w, own, 1);
            BOOST_TEST(is<locked>(w.check(own))); // one each
            auto request = send_of(1, 10 + id);
            request.key.scope = "payment";
            request.guesses = guess.guesses;
            BOOST_TEST(is<refused>(w.admit(request)) == (id == 2)); // as long as an id has one
        }
        BOOST_TEST(is<locked>(w.check(held(guess, 3)))); // and two in all
    }
}

BOOST_AUTO_TEST_CASE(a_send_waits_until_a_guess_is_left) {
    for (std::uint32_t const of_ids : {0U, 1U}) {
        engine_world w;
        auto request = send_of(1, 1);
        request.guesses = guess_budget{3, 24s, of_ids}; // parts of 1 s
        w.admit(request);
        auto guess = guess_of(1, 9);
        guess.guesses = request.guesses;
        guess_wrong(w, guess, 3);
        w.pass(10s);
        if (of_ids > 0) guess_wrong(w, held(guess, 1), 1);
        request.id = id_of(2);
        auto const against = expect<refused>(w.admit(request)).violations;
        BOOST_TEST((against.at(0) == violation{guesses_counter, 15s}));
    }
}

BOOST_AUTO_TEST_CASE(strangers_have_so_many_failures_in_a_row) {
    engine_world w;
    auto request = send_of(1, 1);
    request.guesses = guess_budget{100, 24h, 2, 10, 0, 0ms, 0ms, 3};
    w.admit(request);
    auto guess = guess_of(1, 9);
    guess.guesses = request.guesses;
    for (std::uint32_t const left : {2U, 1U, 0U})
        BOOST_TEST(expect<wrong>(w.check(guess)).attempts_left == left);
    BOOST_TEST((expect<locked>(w.check(guess)).retry_after == failure_memory));
    BOOST_TEST(is<locked>(w.check(held(guess, 1))));
    request.id = id_of(2);
    auto const against = expect<refused>(w.admit(request)).violations;
    BOOST_TEST((against.at(0) == violation{guesses_counter, failure_memory}));
    w.pass(failure_memory - 1us);
    BOOST_TEST(is<refused>(w.admit(request)));
    w.pass(1us);
    BOOST_TEST(is<admitted>(w.admit(request)));
}

BOOST_AUTO_TEST_CASE(where_no_guess_waits_none_waits_for_a_clock_that_was_ahead) {
    engine_world w;
    w.be_at(500ms);
    w.admit(send_of(1, 1));
    guess_wrong(w, guess_of(1, 9), 1);
    w.be_at(0s);
    guess_wrong(w, guess_of(1, 9), 1);
}

// A first guess that counts with the others is the only first guess of its id.
BOOST_AUTO_TEST_CASE(an_id_that_was_guessed_with_has_no_guess_of_its_own) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.guesses.of_ids = 10;
    guess_wrong(w, held(guess, 1), 1);
    guess_wrong(w, guess, 4);
    BOOST_TEST(is<exhausted>(w.check(held(guess, 1))));
}

BOOST_AUTO_TEST_CASE(the_guess_of_an_id_may_be_right) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.guesses = guess_budget{5, 24h, 1};
    guess_wrong(w, guess, 5);
    BOOST_TEST(is<exhausted>(w.check(guess_of(1, 1))));
    guess.is_code_of = typed(seed_of(1));
    BOOST_TEST((expect<verified>(w.check(held(guess, 1))).id == id_of(1)));
}

// The parts are one second long. Each guess counts for at least the whole window.
BOOST_AUTO_TEST_CASE(guesses_are_forgotten_part_by_part) {
    for (auto const& [at, locks] : {boundary{24'433ms - 1us, true}, boundary{24'433ms, false},
                                    boundary{24'433ms + 1us, false}}) {
        engine_world w;
        w.pass(567ms); // into a part
        auto request = send_of(1, 1);
        request.ttl = 10min;
        w.admit(request);
        auto guess = guess_of(1, 9);
        guess.attempts_max = 100;
        guess.guesses = guess_budget{3, 24s};
        guess_wrong(w, guess, 2);
        w.pass(10s);
        guess_wrong(w, guess, 1);
        BOOST_TEST((expect<locked>(w.check(guess)).retry_after == 14'433ms));
        w.pass(at - 10s);
        BOOST_TEST(is<locked>(w.check(guess)) == locks);
        if (locks) continue;
        guess_wrong(w, guess, 1);
        BOOST_TEST((expect<locked>(w.check(guess)).retry_after <= 10s)); // for the third
    }
}

BOOST_AUTO_TEST_CASE(a_success_takes_back_the_guesses_of_its_own_requester) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.guesses = guess_budget{5, 24h};
    guess_wrong(w, by(guess, 1), 3);
    guess_wrong(w, by(guess, 2), 1);
    BOOST_TEST(is<verified>(w.check(by(guess_of(1, 1), 2))));
    w.admit(send_of(1, 2));
    BOOST_TEST(expect<wrong>(w.check(by(guess, 2))).attempts_left == 1U); // 3 of the first, and it
}

BOOST_AUTO_TEST_CASE(without_an_id_the_requesters_own_send_is_verified_or_none) {
    for (std::uint8_t const who : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}}) {
        engine_world w;
        for (std::uint8_t n = 1; n <= 2; ++n) {
            auto request = send_of(1, n);
            request.by[0] = std::byte{n};
            w.admit(request);
        }
        auto const right = expect<verified>(w.check(by(guess_of(1, 1), who)));
        BOOST_TEST(right.id.has_value() == (who < 3));
        for (std::uint8_t n = 1; n <= 2; ++n)
            BOOST_TEST((w.find({key_of(1), id_of(n)})->state ==
                        (n == who ? progress::verified : progress::replaced)));
    }
}

BOOST_AUTO_TEST_CASE(a_wait_ends_with_the_millisecond) {
    for (bool const with_id : {true, false})
        for (auto const& [at, good] :
             {boundary{10s - 1us, false}, boundary{10s, true}, boundary{10s + 1us, true}}) {
            engine_world w;
            w.admit(send_of(1, 1));
            auto guess = guess_of(1, 9);
            if (with_id) guess = held(guess, 1);
            guess.guesses = guess_budget{20, 24h, 0, 0, 2, 10s, 40s};
            guess_wrong(w, guess, 2);
            BOOST_TEST((expect<locked>(w.check(guess)).retry_after == 10s));
            w.pass(at);
            BOOST_TEST(is<wrong>(w.check(guess)) == good);
        }
}

BOOST_AUTO_TEST_CASE(a_guess_that_is_not_evaluated_writes_nothing) {
    engine_world w;
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess_wrong(w, guess, 5);
    auto const writes = w.io.writes;
    BOOST_TEST(is<exhausted>(w.check(guess)));
    guess.attempts_max = 100;
    guess.guesses.quota = 5;
    BOOST_TEST(is<locked>(w.check(guess)));
    BOOST_TEST(is<absent>(w.check(guess_of(2, 9))));
    BOOST_TEST(w.io.writes == writes);
}

// Never fewer than were counted, whatever the clock was.
BOOST_AUTO_TEST_CASE(wrong_guesses_of_a_clock_that_was_ahead_keep_their_count) {
    engine_world w;
    w.be_at(600s);
    w.admit(send_of(1, 1));
    auto guess = guess_of(1, 9);
    guess.guesses = guess_budget{3, 96s}; // parts of 4 s
    guess_wrong(w, guess, 3);
    w.be_at(0s);
    BOOST_TEST((expect<locked>(w.check(guess)).retry_after == 100s));
    w.be_at(100s - 1us);
    w.admit(send_of(1, 2));
    BOOST_TEST(is<locked>(w.check(guess)));
    w.be_at(100s);
    BOOST_TEST(is<wrong>(w.check(guess)));
}

// --- updates and cancellations ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_update_that_says_no_more_writes_nothing) {
    engine_world w;
    w.admit(send_of(1, 1));
    w.settle(settlement_of(1, 1, send_result::accepted));
    BOOST_TEST((w.run<engine::update>(update_of(delivery::delivered)) == update_outcome::updated));
    auto const writes = w.io.writes;
    BOOST_TEST((w.run<engine::update>(update_of(delivery::failed)) == update_outcome::known));
    BOOST_TEST((w.run<engine::update>(update_of(delivery::accepted)) == update_outcome::known));
    auto other = update_of(delivery::failed);
    other.address.id = id_of(2);
    BOOST_TEST((w.run<engine::update>(other) == update_outcome::absent));
    BOOST_TEST(w.io.writes == writes);
}

BOOST_AUTO_TEST_CASE(an_event_alone_is_listed_while_there_is_room) {
    for (std::size_t const listed : {events_max - 1, events_max}) {
        engine_world w;
        w.admit(send_of(1, 1));
        auto guess = guess_of(1, 9);
        guess.attempts_max = guess.guesses.quota = 100;
        w.settle(settlement_of(1, 1, send_result::accepted));
        guess_wrong(w, guess, static_cast<int>(listed) - 2);
        BOOST_TEST((w.run<engine::update>(update_of(delivery::accepted)) ==
                    (listed < events_max ? update_outcome::updated : update_outcome::known)));
    }
}

BOOST_AUTO_TEST_CASE(a_cancellation_ends_a_code_of_its_own_client) {
    engine_world w;
    auto request = send_of(1, 1);
    request.key.scope = "shop:login";
    w.admit(request);
    cancellation asked{{key_of(1), id_of(1)}, "bank:"};
    BOOST_TEST((w.run<engine::cancel>(asked) == cancel_outcome::absent));
    asked.scope_prefix = "shop:";
    BOOST_TEST((w.run<engine::cancel>(asked) == cancel_outcome::canceled));
    BOOST_TEST((w.run<engine::cancel>(asked) == cancel_outcome::ended));
}

BOOST_AUTO_TEST_CASE(a_release_of_nothing_writes_nothing) {
    engine_world w;
    w.admit(send_of(1, 1));
    w.check(guess_of(1, 9));
    BOOST_TEST((w.run<engine::release_number>(release{key_of(1)}) == released{1, 0, 0}));
    auto const writes = w.io.writes;
    BOOST_TEST((w.run<engine::release_number>(release{key_of(1)}) == released{}));
    BOOST_TEST((w.run<engine::release_number>(release{key_of(2)}) == released{}));
    BOOST_TEST(w.io.writes == writes);
}

BOOST_AUTO_TEST_CASE(events_say_the_same_time_whenever_they_are_read) {
    engine_world w;
    w.pass(123'456us);
    w.admit(send_of(1, 1));
    w.pass(777'777us);
    w.settle(settlement_of(1, 1, send_result::accepted));
    std::vector<otpd::wall_time> seen;
    for (auto const by : {0us, 1us, 999us, 123'457us}) {
        w.pass(by);
        auto const found = w.find({key_of(1), id_of(1)});
        seen.push_back(found->events.at(1).at);
    }
    BOOST_TEST((std::ranges::count(seen, seen.front()) == 4));
}

// --- idempotency --------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_unsettled_request_is_in_flight_for_its_lease) {
    for (auto const& [at, waits] :
         {boundary{30s - 1us, true}, boundary{30s, false}, boundary{30s + 1us, false}}) {
        engine_world w;
        w.admit(once_send(1));
        w.pass(at);
        auto const answer = w.admit(once_send(2));
        BOOST_TEST(is<in_flight>(answer) == waits);
        BOOST_TEST(is<unsettled>(answer) == !waits);
    }
}

BOOST_AUTO_TEST_CASE(a_request_is_forgotten_with_its_time) {
    for (auto const& [at, kept] :
         {boundary{1h - 1us, true}, boundary{1h, false}, boundary{1h + 1us, false}}) {
        engine_world w;
        w.admit(once_send(1));
        auto settlement = settlement_of(1, 1, send_result::accepted);
        settlement.idempotency = once_key();
        settlement.reply = "reply";
        w.settle(settlement);
        w.pass(at);
        auto const answer = w.admit(once_send(2));
        BOOST_TEST(is<replayed>(answer) == kept);
        if (kept) BOOST_TEST(expect<replayed>(answer).reply == "reply");
    }
}

BOOST_AUTO_TEST_CASE(a_request_for_something_else_conflicts) {
    engine_world w;
    w.admit(once_send(1));
    auto other = once_send(2);
    other.idempotency = once_key(8);
    BOOST_TEST(is<conflicting>(w.admit(other)));
}

BOOST_AUTO_TEST_CASE(a_lease_of_a_clock_that_was_ahead_ends_as_soon_as_another) {
    for (auto const& [ahead, clamped] :
         {boundary{1s, false}, boundary{1s + 1ms, true}, boundary{600s, true}}) {
        engine_world w;
        w.be_at(ahead);
        w.admit(once_send(1));
        w.be_at(0s);
        auto const answer = expect<in_flight>(w.admit(once_send(2)));
        BOOST_TEST((answer.retry_after == (clamped ? 30s : 31s)));
        w.be_at(30s);
        BOOST_TEST(is<unsettled>(w.admit(once_send(2))) == clamped);
    }
}

BOOST_AUTO_TEST_SUITE_END()
