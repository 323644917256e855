// Known devices: the thresholds, and what a step adds for a class. test/contract has the rules.

#include "engine/devices.hpp"
#include "engine/verifications.hpp"
#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

device_hash device(std::uint32_t n) {
    device_hash hash{};
    hash[7] = static_cast<std::byte>(n);
    return hash;
}

/// The same request with a device.
template <class Request>
Request from(std::uint32_t n, Request request) {
    request.device = device(n);
    return request;
}

check held(check guess, std::uint32_t id) {
    guess.id = id_of(id);
    return guess;
}

/// Makes the device known to number 1.
void make_known(engine_world& w, std::uint32_t n) {
    BOOST_REQUIRE(is<admitted>(w.admit(from(n, send_of(1, 1000 + n)))));
    BOOST_REQUIRE(is<verified>(w.check(from(n, held(guess_of(1, 1), 1000 + n)))));
}

/// Whether strangers cannot see the code of a send with the device. Number 1 has no other code.
bool is_known(engine_world& w, std::uint32_t n) {
    BOOST_REQUIRE(is<admitted>(w.admit(from(n, send_of(1, 2000)))));
    auto const answer = w.check(guess_of(1, 9));
    w.run<engine::cancel>(cancellation{{key_of(1), id_of(2000)}, ""});
    return is<absent>(answer);
}

/// One code may be out.
conversion_guard guard() {
    return {key_of(everybody), "pumping", 1, 1h, false};
}

/// Begins a code, whatever is live.
admission fresh(admission request) {
    request.repeat.repeated_for = duration(-1);
    return request;
}

admission guarded(admission request) {
    request.guards = {guard()};
    return request;
}

/// So that the guard refuses.
void close_guard(engine_world& w) {
    BOOST_REQUIRE(is<admitted>(w.admit(guarded(send_of(2, 1)))));
    BOOST_REQUIRE(is<refused>(w.admit(guarded(send_of(3, 1)))));
}

rate_limit_check limit(audience of) {
    rate_limit_check check{key_of(everybody), "limit", 4, 40s};
    check.of = of;
    return check;
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_devices)

// --- what is known ------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_device_is_known_for_90_days_to_the_millisecond) {
    for (auto const& [at, known] :
         {std::pair<counter_time, bool>{state::known_for - 1us, true}, {state::known_for, false}}) {
        engine_world w;
        make_known(w, 1);
        w.pass(at);
        BOOST_TEST(is_known(w, 1) == known);
    }
}

BOOST_AUTO_TEST_CASE(a_number_knows_so_many_devices) {
    for (std::size_t const count : {engine::devices_max, engine::devices_max + 1}) {
        engine_world w;
        for (std::uint32_t n = 1; n <= count; ++n) {
            make_known(w, n);
            w.pass(1ms);
        }
        BOOST_TEST(is_known(w, 1) == (count == engine::devices_max));
        BOOST_TEST(is_known(w, 2));
    }
}

BOOST_AUTO_TEST_CASE(a_device_that_is_known_already_takes_no_other_place) {
    engine_world w;
    make_known(w, 1);
    for (std::uint32_t n = 0; n < engine::devices_max; ++n) {
        w.pass(1ms);
        make_known(w, 2);
    }
    BOOST_TEST(is_known(w, 1));
}

BOOST_AUTO_TEST_CASE(a_device_is_known_after_a_guess_with_an_id_of_a_send_that_named_it) {
    engine_world w;
    w.admit(send_of(1, 1));
    BOOST_TEST(is<verified>(w.check(from(1, held(guess_of(1, 1), 1)))));
    BOOST_TEST(!is_known(w, 1));
    w.admit(from(1, send_of(1, 2)));
    BOOST_TEST(is<verified>(w.check(from(1, guess_of(1, 1)))));
    BOOST_TEST(!is_known(w, 1));
}

// What is remembered for months never keeps a code out.
BOOST_AUTO_TEST_CASE(without_ample_room_no_more_numbers_are_remembered) {
    engine_world w;
    w.io.room = room::for_codes;
    make_known(w, 1);
    BOOST_TEST(!is_known(w, 1));
    w.io.room = room::ample;
    make_known(w, 1);
    w.io.room = room::for_codes;
    make_known(w, 2); // the number is remembered already
    BOOST_TEST(is_known(w, 1));
    BOOST_TEST(is_known(w, 2));
}

BOOST_AUTO_TEST_CASE(codes_have_half_of_the_room_for_themselves) {
    BOOST_CHECK(room_of(0, 4) == room::ample);
    BOOST_CHECK(room_of(1, 4) == room::ample);
    BOOST_CHECK(room_of(2, 4) == room::for_codes);
    BOOST_CHECK(room_of(3, 4) == room::for_codes);
    BOOST_CHECK(room_of(4, 4) == room::none);
    BOOST_CHECK(room_of(0, 0) == room::none);
}

// --- classes ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(other_scopes_wait_within_the_class) {
    engine_world w;
    make_known(w, 1);
    auto request = send_of(1, 1);
    request.cooldown = {45s, 45s, 1h};
    w.admit(request);
    request.id = id_of(2);
    request.key.scope = "payment";
    BOOST_TEST(is<refused>(w.admit(request)));
    BOOST_TEST(is<admitted>(w.admit(from(1, request))));
    request.id = id_of(3);
    request.key.scope = "another";
    BOOST_TEST((expect<refused>(w.admit(from(1, request))).violations.at(0).retry_after == 5s));
}

BOOST_AUTO_TEST_CASE(a_limit_of_each_class_counts_the_classes_apart) {
    for (auto const of : {audience::everybody, audience::each_class}) {
        engine_world w;
        make_known(w, 1);
        auto request = send_of(1, 1);
        request.rate_limit_checks = {rate_limit_check{key_of(1), "limit", 1, 40s}};
        request.rate_limit_checks[0].of = of;
        BOOST_TEST(is<admitted>(w.admit(request)));
        state::number_state kept;
        BOOST_REQUIRE(decode(w.io.blob(state::number_state_key(key_of(1))), kept));
        BOOST_TEST((kept.find_limit("limit") != nullptr));
        request.id = id_of(2);
        BOOST_TEST(is<refused>(w.admit(request)));
        BOOST_TEST(is<admitted>(w.admit(from(1, request))) == (of == audience::each_class));
        request.id = id_of(3);
        BOOST_TEST(is<refused>(w.admit(from(1, request))));
    }
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_are_those_of_strangers) {
    engine_world w;
    make_known(w, 1);
    w.admit(from(1, send_of(1, 1)));
    w.admit(send_of(1, 2));
    auto guess = guess_of(1, 9);
    guess.guesses = guess_budget{100, 24h, 0, 100, 0, 0ms, 0ms, 2};
    for (int n = 0; n < 3; ++n)
        BOOST_TEST(is<wrong>(w.check(from(1, guess))));
    BOOST_TEST(is<wrong>(w.check(guess)));
    BOOST_TEST(is<wrong>(w.check(guess)));
    BOOST_TEST(is<locked>(w.check(guess)));
    BOOST_TEST(is<wrong>(w.check(from(1, guess))));
}

BOOST_AUTO_TEST_CASE(a_success_ends_the_waits_of_its_class_if_no_guesses_remain) {
    engine_world w;
    make_known(w, 1);
    w.admit(send_of(1, 1));
    auto own = from(1, send_of(1, 2));
    own.code = seed_of(2);
    w.admit(own);
    auto guess = guess_of(1, 9);
    guess.guesses = guess_budget{20, 24h, 0, 10, 1, 10s, 10s};
    BOOST_TEST(is<wrong>(w.check(guess)));
    BOOST_TEST(is<wrong>(w.check(from(1, guess))));
    w.pass(10s);
    guess.is_code_of = typed(seed_of(2));
    BOOST_TEST(is<verified>(w.check(from(1, guess))));
    auto const pauses = [&w] {
        state::number_state state;
        BOOST_REQUIRE(decode(w.io.blob(state::number_state_key(key_of(1))), state));
        return state.guess_from;
    };
    BOOST_TEST((pauses() == state::per_class<store_time>{some_time + 10s, store_time()}));
}

BOOST_AUTO_TEST_CASE(strangers_push_out_their_own_verifications_only) {
    engine_world w;
    make_known(w, 1);
    auto own = from(1, send_of(1, 1));
    w.admit(own);
    w.check(from(1, guess_of(1, 1)));
    for (std::uint32_t id = 2; id < 3 * engine::verifications_max; ++id)
        BOOST_REQUIRE(is<admitted>(w.admit(send_of(1, id))));
    BOOST_TEST(w.find({key_of(1), id_of(1)}).has_value());
    BOOST_TEST(!w.find({key_of(1), id_of(1001)}).has_value()); // of a stranger then
}

// --- what an addition says ----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(for_an_audience_that_is_skipped_nothing_is_added) {
    for (auto const of : {audience::strangers, audience::everybody}) {
        std::size_t const added = of == audience::everybody ? 1 : 0;
        engine_world w;
        make_known(w, 1);
        auto request = from(1, send_of(1, 1));
        request.rate_limit_checks = {limit(of)};
        w.admit(request);
        BOOST_TEST(w.io.added.size() == added);
        auto guess = from(1, guess_of(1, 9));
        guess.rate_limit_checks = request.rate_limit_checks;
        BOOST_TEST(is<wrong>(w.check(guess)));
        BOOST_TEST(w.io.added.size() == added);
        guess.is_code_of = typed(seed_of(1));
        BOOST_TEST(is<verified>(w.check(guess)));
        BOOST_TEST(w.io.added.size() == added);
        request.id = id_of(2);
        w.admit(request);
        auto refusal = settlement_of(1, 2, send_result::refused);
        refusal.refund = request.rate_limit_checks;
        w.settle(refusal);
        BOOST_TEST(w.io.added.size() == added);
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_count_absent_guesses_adds_nothing) {
    engine_world w;
    auto guess = guess_of(1, 9);
    guess.rate_limit_checks = {limit(audience::everybody)};
    guess.rate_limit_checks[0].counts_absent = false;
    BOOST_TEST(is<absent>(w.check(guess)));
    BOOST_TEST(w.io.bytes_written == 0U);
}

BOOST_AUTO_TEST_CASE(a_trusted_send_is_counted_without_a_bound) {
    for (bool const is_trusted : {false, true}) {
        engine_world w;
        if (is_trusted) make_known(w, 1);
        w.admit(guarded(send_of(1, 1)));
        BOOST_REQUIRE(w.io.added.size() == 2U);
        for (auto const& entry : w.io.added) {
            BOOST_TEST(entry.delta == 1);
            BOOST_TEST(entry.bound == (is_trusted ? state::value_max : 1));
        }
    }
}

// The bound of the hour before holds only what a send may be refused for.
BOOST_AUTO_TEST_CASE(only_a_send_that_may_be_refused_insists_on_the_hour_before) {
    struct send_case {
        bool is_trusted;
        bool is_observed;
        std::size_t additions;
    };
    for (send_case const one :
         {send_case{false, false, 4}, {false, true, 2}, {true, false, 2}, {true, true, 2}}) {
        engine_world w;
        if (one.is_trusted) make_known(w, 1);
        w.admit(guarded(send_of(2, 1)));
        w.pass(1h);
        auto request = guarded(send_of(1, 1));
        request.guards.at(0).out_max = 9;
        request.guards.at(0).observed = one.is_observed;
        BOOST_TEST(is<admitted>(w.admit(request)));
        BOOST_TEST(w.io.added.size() == one.additions);
    }
}

// --- the conversion guard -----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(so_many_codes_pass_the_guard_after_a_success) {
    engine_world w;
    make_known(w, 1);
    close_guard(w);
    for (std::uint32_t id = 1; id <= engine::trusted_codes; ++id)
        BOOST_TEST(is<admitted>(w.admit(guarded(fresh(send_of(1, id))))));
    BOOST_TEST(is<refused>(w.admit(guarded(fresh(send_of(1, 9))))));
    for (std::uint32_t id = 1; id <= engine::trusted_codes; ++id)
        BOOST_TEST(is<admitted>(w.admit(guarded(from(1, fresh(send_of(1, 10 + id)))))));
    BOOST_TEST(is<refused>(w.admit(guarded(from(1, fresh(send_of(1, 19)))))));
}

BOOST_AUTO_TEST_CASE(the_last_trusted_code_passes_the_guard_again) {
    engine_world w;
    make_known(w, 1);
    close_guard(w);
    for (std::uint32_t id = 1; id <= engine::trusted_codes; ++id)
        BOOST_TEST(is<admitted>(w.admit(guarded(fresh(send_of(1, id))))));
    BOOST_TEST(is<admitted>(w.admit(guarded(send_of(1, 8)))));
    BOOST_TEST(is<refused>(w.admit(guarded(fresh(send_of(1, 9))))));
}

// A count that began again after 255 would trust the codes.
BOOST_AUTO_TEST_CASE(no_number_of_untyped_codes_is_trusted_again) {
    engine_world w;
    make_known(w, 1);
    close_guard(w);
    for (std::uint32_t id = 1; id <= 257; ++id)
        BOOST_REQUIRE(is<admitted>(w.admit(fresh(send_of(1, id)))));
    BOOST_TEST(is<refused>(w.admit(guarded(fresh(send_of(1, 999))))));
}

BOOST_AUTO_TEST_CASE(a_number_that_never_verified_is_not_trusted) {
    engine_world w;
    close_guard(w);
    BOOST_TEST(is<refused>(w.admit(guarded(send_of(1, 1)))));
    BOOST_TEST(is<refused>(w.admit(guarded(from(1, send_of(1, 1))))));
}

BOOST_AUTO_TEST_CASE(a_refused_send_from_before_the_success_takes_back_none_that_followed) {
    for (bool const before : {true, false}) {
        engine_world w;
        make_known(w, 1);
        auto late = send_of(1, 1);
        late.key.scope = "payment";
        if (before) w.admit(late);
        w.pass(1s);
        w.admit(send_of(1, 2));
        w.check(guess_of(1, 1));
        w.pass(1s);
        if (!before) w.admit(late);
        close_guard(w);
        for (std::uint32_t id = before ? 3 : 4; id <= 5; ++id)
            BOOST_TEST(is<admitted>(w.admit(guarded(fresh(send_of(1, id))))));
        w.settle(settlement_of(1, 1, send_result::refused));
        BOOST_TEST(is<admitted>(w.admit(guarded(fresh(send_of(1, 6))))) == !before);
    }
}

BOOST_AUTO_TEST_CASE(
    a_refused_send_of_the_same_millisecond_as_the_success_takes_back_its_own_code) {
    for (bool const before : {true, false}) {
        engine_world w;
        close_guard(w);
        auto late = send_of(1, 1);
        late.key.scope = "payment";
        if (before) w.admit(late);
        make_known(w, 1);
        if (!before) w.admit(late);
        BOOST_TEST(
            (w.settle(settlement_of(1, 1, send_result::refused)) == settle_outcome::settled));
        for (std::uint32_t id = 2; id < 2 + engine::trusted_codes; ++id)
            BOOST_TEST(is<admitted>(w.admit(guarded(fresh(send_of(1, id))))));
        BOOST_TEST(is<refused>(w.admit(guarded(fresh(send_of(1, 9))))));
    }
}

BOOST_AUTO_TEST_SUITE_END()
