// The state of a number: its stored form, and the effects of time and of clocks that jump.

#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(number_states)

// --- the stored form ----------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_state_is_read_as_it_was_written) {
    random_states random(2);
    number_state read;
    for (int n = 0; n < 1000; ++n) {
        auto const state = random.number();
        std::string bytes;
        encode(bytes, state, 77);
        BOOST_REQUIRE(decode(bytes, read)); // over the state that was read before
        BOOST_TEST(same(state, read), "state " << n);
        BOOST_TEST(version_of(bytes) == 77U);
        std::string again;
        encode(again, read, 77);
        BOOST_TEST((again == bytes));
    }
}

BOOST_AUTO_TEST_CASE(a_typical_number_has_at_most_250_bytes) {
    auto state = typical_number();
    std::string bytes;
    encode(bytes, state, ~version{0} >> 1U);
    BOOST_TEST_MESSAGE("a typical number: " << bytes.size() << " bytes");
    BOOST_TEST(bytes.size() <= 250U);
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_read_as_something_whole) {
    std::string bytes;
    encode(bytes, typical_number(), 77);
    check_damaged<number_state>(bytes);
    random_states random(3);
    for (int n = 0; n < 20; ++n) {
        bytes.clear();
        encode(bytes, random.number(), 77);
        check_damaged<number_state>(bytes);
    }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_missing_or_too_many_are_refused) {
    std::string bytes;
    encode(bytes, typical_number(), 77);
    number_state read;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_TEST(!decode(bytes.substr(0, size), read), size << " bytes");
    BOOST_TEST(read.is_empty());
    BOOST_TEST(!decode(bytes + '\0', read));
}

BOOST_AUTO_TEST_CASE(codes_that_nobody_names_or_that_are_missing_are_refused) {
    auto const is_read = [](number_state const& state) {
        std::string bytes;
        encode(bytes, state, 77);
        number_state read;
        return decode(bytes, read);
    };
    auto state = typical_number();
    BOOST_TEST(is_read(state));
    state.codes.push_back(state.codes[0]); // the same number twice
    BOOST_TEST(!is_read(state));
    state.codes[1].number = 2; // no verification refers to it
    BOOST_TEST(!is_read(state));
    state.codes.clear();
    BOOST_TEST(!is_read(state));
    state = typical_number();
    state.verifications[0].code = state.codes[0].number = 0;
    BOOST_TEST(!is_read(state));
}

BOOST_AUTO_TEST_CASE(a_reference_that_no_caller_could_give_is_refused) {
    auto const is_read = [](std::string const& reference) {
        auto state = typical_number();
        state.verifications[0].reference = reference;
        std::string bytes;
        encode(bytes, state, 77);
        number_state read;
        return decode(bytes, read);
    };
    BOOST_TEST(is_read("order-4711"));
    BOOST_TEST(is_read(std::string(reference_max, '~')));
    BOOST_TEST(!is_read(std::string(reference_max + 1, '~')));
    for (auto const* wrong : {"a b", "a\n", "\x7f", "\xc3\xa9"})
        BOOST_TEST(!is_read(wrong));
}

BOOST_AUTO_TEST_CASE(a_step_that_no_plan_has_is_refused) {
    for (std::uint8_t const step : {std::uint8_t{1}, std::uint8_t{plan_steps_max},
                                    std::uint8_t{plan_steps_max + 1}, std::uint8_t{255}}) {
        auto state = typical_number();
        state.verifications[0].taken = {65'535, step};
        std::string bytes;
        encode(bytes, state, 77);
        number_state read;
        BOOST_TEST(decode(bytes, read) == (step <= plan_steps_max));
    }
}

BOOST_AUTO_TEST_CASE(a_hedge_by_a_step_that_no_plan_has_is_refused) {
    for (std::uint8_t const step : {std::uint8_t{0}, std::uint8_t{plan_steps_max},
                                    std::uint8_t{plan_steps_max + 1}, std::uint8_t{255}}) {
        auto state = typical_number();
        state.verifications[0].taken = {1, 1};
        state.verifications[0].hedge.emplace().step = step;
        std::string bytes;
        encode(bytes, state, 77);
        number_state read;
        BOOST_TEST(decode(bytes, read) == (step <= plan_steps_max));
    }
}

BOOST_AUTO_TEST_CASE(two_messages_have_arrived_if_one_has_and_failed_if_both_have) {
    auto state = typical_number();
    auto& v = state.verifications[0];
    auto const both = [&v](delivery first, delivery second) {
        v.message = first;
        v.hedge = hedge_state{second};
        return v.delivered();
    };
    using enum delivery;
    BOOST_TEST((both(accepted, queued) == accepted));
    BOOST_TEST((both(accepted, failed) == accepted));
    BOOST_TEST((both(accepted, delivered) == delivered));
    BOOST_TEST((both(delivered, failed) == delivered));
    BOOST_TEST((both(failed, accepted) == accepted));
    BOOST_TEST((both(failed, delivered) == delivered));
    BOOST_TEST((both(failed, failed) == failed));
}

BOOST_AUTO_TEST_CASE(a_format_of_another_program_is_refused) {
    std::string bytes;
    encode(bytes, typical_number(), 77);
    number_state read;
    record record;
    shared_state shared;
    BOOST_TEST(!decode(bytes, record));
    BOOST_TEST(!decode(bytes, shared));
    ++bytes[header_size - 1];
    BOOST_TEST(!decode(bytes, read));
}

BOOST_AUTO_TEST_CASE(a_state_of_no_version_is_refused) {
    std::string bytes;
    encode(bytes, typical_number(), absent_version);
    number_state read;
    BOOST_TEST(!decode(bytes, read));
}

// --- time ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_code_ends_with_its_time) {
    for (auto const& [at, live] : std::vector<std::pair<store_time, bool>>{
             {some_time + 600s - 1us, true}, {some_time + 600s, false}}) {
        auto state = typical_number();
        BOOST_TEST(!state.advance(at));
        BOOST_TEST(state.verifications[0].is_live() == live);
        BOOST_TEST(state.codes.empty() == !live);
        BOOST_TEST(count_live_codes(state).count == (live ? 1U : 0U));
    }
}

// Its settlement is still to come.
BOOST_AUTO_TEST_CASE(a_send_in_flight_stays_so_when_its_code_expires_and_at_no_other_end) {
    using enum progress;
    for (auto const how : {verified, replaced, canceled, expired}) {
        auto v = typical_number().verifications.front();
        v.lease_end = some_time + 30s;
        v.end(how);
        BOOST_TEST((v.lease_end == (how == expired ? some_time + 30s : store_time())));
    }
}

BOOST_AUTO_TEST_CASE(each_part_is_forgotten_with_its_time) {
    auto const at_start = [] {
        auto state = typical_number();
        state.guesses = {{{}, guess_kind::common, 3, some_time, some_time + 2h}};
        return state;
    };
    auto state = at_start();
    state.advance(some_time + 1h - 1us);
    BOOST_TEST(!state.cooldowns.empty());
    state.advance(some_time + 1h);
    BOOST_TEST(state.cooldowns.empty());
    state.advance(some_time + 2h - 1us);
    BOOST_TEST(!state.guesses.empty());
    BOOST_TEST((state.find_limit("number_24h") != nullptr));
    state.advance(some_time + 2h);
    BOOST_TEST(state.guesses.empty());
    state.advance(some_time + 8640s - 1us);
    BOOST_TEST((state.find_limit("number_24h") != nullptr));
    state.advance(some_time + 8640s);
    BOOST_TEST((state.find_limit("number_24h") == nullptr));
    state.advance(some_time + 24h - 1us);
    BOOST_TEST((state.find(id_of(1)) != nullptr));
    state.advance(some_time + 24h);
    BOOST_TEST(state.is_empty());
}

BOOST_AUTO_TEST_CASE(devices_and_the_last_success_are_forgotten_after_90_days) {
    number_state state;
    state.devices = {{{std::byte{1}}, some_time - 24h}, {{std::byte{2}}, some_time}};
    state.verified_at = some_time;
    state.untyped = {1, 2};
    BOOST_TEST((state.retained_until() == some_time + known_for + 60s));
    state.advance(some_time - 24h + known_for - 1us);
    BOOST_TEST(state.devices.size() == 2U);
    state.advance(some_time - 24h + known_for);
    BOOST_REQUIRE(state.devices.size() == 1U);
    BOOST_TEST((state.devices[0].hash == device_hash{std::byte{2}}));
    state.advance(some_time + known_for - 1us);
    BOOST_TEST(!state.is_empty());
    BOOST_TEST((state.untyped == per_class<std::uint8_t>{1, 2}));
    state.advance(some_time + known_for);
    BOOST_TEST(state.is_empty());
    BOOST_TEST((state.untyped == per_class<std::uint8_t>{}));
}

BOOST_AUTO_TEST_CASE(escalations_are_forgotten_after_24_hours) {
    number_state state;
    state.escalations = {some_time, some_time + 1s};
    BOOST_TEST((state.retained_until() == some_time + 24h + 61s));
    BOOST_TEST(!state.advance(some_time + 24h - 1us));
    BOOST_TEST(state.escalations.size() == 2U);
    BOOST_TEST(!state.advance(some_time + 24h));
    BOOST_TEST((state.escalations == std::vector{some_time + 1s}));
    BOOST_TEST(!state.is_empty());
    state.advance(some_time + 24h + 1s);
    BOOST_TEST(state.is_empty());
}

BOOST_AUTO_TEST_CASE(a_booking_that_a_clock_wrote_ahead_counts_from_now) {
    for (auto const at : {some_time + 9s, some_time + 9s - 1ms}) {
        auto state = typical_number();
        auto& v = state.verifications[0];
        v.taken = {1, 1};
        v.hedge.emplace().booked = some_time + 10s;
        bool const is_ahead = at < some_time + 9s; // by more than the tolerance
        BOOST_TEST(state.advance(at) == is_ahead);
        BOOST_TEST((v.hedge->booked == (is_ahead ? at : some_time + 10s)));
    }
}

BOOST_AUTO_TEST_CASE(a_state_is_retained_longer_than_anything_in_it) {
    auto state = typical_number();
    BOOST_TEST((state.retained_until() == some_time + 24h + 60s));
    state.guesses = {{{}, guess_kind::common, 1, some_time, some_time + 2h}};
    BOOST_TEST((state.retained_until() == some_time + 26h)); // a clock that was ahead deletes none
}

BOOST_AUTO_TEST_CASE(a_state_is_retained_longer_than_its_devices_or_its_last_success_alone) {
    number_state with_devices;
    with_devices.devices = {{{std::byte{1}}, some_time}, {{std::byte{2}}, some_time - 24h}};
    BOOST_TEST((with_devices.retained_until() == some_time + known_for + 60s));
    number_state with_success;
    with_success.verified_at = some_time;
    BOOST_TEST((with_success.retained_until() == some_time + known_for + 60s));
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_are_forgotten_thirty_days_after_the_last) {
    number_state state;
    state.failures_in_a_row = 7;
    state.last_failure = some_time;
    BOOST_TEST((state.retained_until() == some_time + 31 * 24h));
    BOOST_TEST(!state.advance(some_time + 30 * 24h - 1us));
    BOOST_TEST(state.failures_in_a_row == 7U);
    BOOST_TEST(!state.is_empty());
    BOOST_TEST(!state.advance(some_time + 30 * 24h));
    BOOST_TEST(state.is_empty());
    BOOST_TEST((state.last_failure == store_time()));
}

BOOST_AUTO_TEST_CASE(live_codes_are_counted_with_the_end_of_the_first) {
    auto state = typical_number();
    state.verifications.push_back(state.verifications[0]);
    state.verifications[1].code = 2;
    state.verifications.push_back(state.verifications[0]); // also has the first code
    state.codes.push_back({2, {1, id_of(3), 6}, some_time, some_time + 60s, {}});
    BOOST_TEST((count_live_codes(state) == live_codes{2, some_time + 60s}));
    std::string bytes;
    encode(bytes, state, 77);
    BOOST_TEST((live_codes_in(bytes, some_time + 60s - 1us) == live_codes{2, some_time + 60s}));
    BOOST_TEST((live_codes_in(bytes, some_time + 60s) == live_codes{1, some_time + 600s}));
    BOOST_TEST((live_codes_in(bytes, some_time + 600s) == live_codes{}));
    BOOST_TEST((live_codes_in("no state", some_time) == live_codes{}));
}

// --- clocks that were ahead ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_success_of_a_clock_that_was_ahead_is_as_if_it_were_now) {
    number_state state;
    state.devices = {{{std::byte{1}}, some_time + 600s}};
    state.verified_at = some_time + 600s;
    BOOST_TEST(state.advance(some_time));
    auto const present = std::chrono::floor<duration>(some_time);
    BOOST_TEST((state.devices.at(0).last_success == present));
    BOOST_TEST((state.verified_at == present));
    BOOST_TEST(!state.advance(some_time)); // once
}

// The send that began it was refused, after another instance had repeated the code.
BOOST_AUTO_TEST_CASE(a_code_of_a_clock_that_was_ahead_begins_now_though_its_verification_did_not) {
    auto state = typical_number();
    state.codes[0].begun = some_time + 600s;
    state.codes[0].end = some_time + 700s;
    state.verifications[0].retained_until = some_time + 60s;
    BOOST_TEST(state.advance(some_time));
    BOOST_TEST((state.codes.at(0).begun == some_time && state.codes[0].end == some_time + 100s));
    BOOST_TEST((state.verifications.at(0).admitted == some_time));
    BOOST_TEST((state.verifications[0].retained_until == some_time + 100s));
    BOOST_TEST(!state.advance(some_time)); // once
}

BOOST_AUTO_TEST_CASE(an_escalation_of_a_clock_that_was_ahead_counts_from_now_on) {
    number_state state;
    state.escalations = {some_time + 600s};
    BOOST_TEST(state.advance(some_time));
    BOOST_TEST((state.escalations.at(0) == std::chrono::floor<duration>(some_time)));
    BOOST_TEST(!state.advance(some_time)); // once
}

BOOST_AUTO_TEST_CASE(what_is_barely_in_the_future_was_written_by_another_instance) {
    for (auto const& [ahead, moves] :
         std::vector<std::pair<counter_time, bool>>{{clock_tolerance - 1us, false},
                                                    {clock_tolerance, false},
                                                    {clock_tolerance + 1us, true}}) {
        auto state = typical_number();
        state.guesses = {{{}, guess_kind::common, 7, some_time, some_time + 2h}};
        BOOST_TEST(state.advance(some_time - ahead) == moves);
        BOOST_TEST(state.cooldowns.empty() == moves);
        BOOST_TEST((state.verifications[0].admitted == some_time) == !moves);
        BOOST_TEST((state.guesses[0].since == some_time) == !moves);
    }
}

BOOST_AUTO_TEST_CASE(each_part_that_a_clock_wrote_that_was_ahead_is_corrected) {
    using writer_of_part = void (*)(number_state&, store_time);
    std::vector<writer_of_part> const parts{
        [](number_state& to, store_time at) {
            auto& v = to.verifications.emplace_back();
            v.end(progress::canceled);
            v.admitted = at;
            v.retained_until = at + 1h;
        },
        [](number_state& to, store_time at) {
            to.cooldowns = {{"a", {}, 1, at, at + 45s, at + 45s}};
        },
        [](number_state& to, store_time at) {
            to.guesses = {{{}, guess_kind::common, 1, at, at + 1h}};
        },
        [](number_state& to, store_time at) { to.devices = {{{std::byte{1}}, at}}; },
        [](number_state& to, store_time at) { to.escalations = {at}; },
        [](number_state& to, store_time at) { to.verified_at = at; },
        [](number_state& to, store_time at) {
            to.failures_in_a_row = 1;
            to.last_failure = at;
        }};
    for (auto const write : parts)
        for (counter_time const ahead : {clock_tolerance, clock_tolerance + 1us}) {
            number_state state;
            write(state, some_time + ahead);
            BOOST_TEST(!state.is_empty());
            BOOST_TEST(state.advance(some_time) == (ahead > clock_tolerance));
        }
    number_state state;
    state.verified_at = some_time + 600s;
    BOOST_TEST(state.advance(some_time + 1us));
    BOOST_TEST((state.verified_at == some_time)); // in whole milliseconds
}

BOOST_AUTO_TEST_CASE(what_a_clock_wrote_that_was_ahead_is_as_if_written_now) {
    auto state = typical_number();
    state.verifications[0].lease_end = some_time + 30s;
    state.guesses = {{{}, guess_kind::of_id, 7, some_time, some_time + 2h}};
    state.failures_in_a_row = 7;
    state.last_failure = some_time;
    auto const now = some_time - 600s;
    BOOST_TEST(state.advance(now));
    auto const& v = state.verifications[0];
    BOOST_TEST((v.admitted == now && v.retained_until == now + 24h));
    BOOST_TEST((state.codes[0].begun == now && state.codes[0].end == now + 600s));
    BOOST_TEST((v.lease_end == now + 30s));
    BOOST_TEST(
        (state.guesses == std::vector<wrong_guesses>{{{}, guess_kind::of_id, 7, now, now + 2h}}));
    BOOST_TEST(state.cooldowns.empty());
    BOOST_TEST(state.failures_in_a_row == 7U);
    BOOST_TEST((state.last_failure == now));
    BOOST_TEST(!state.advance(now)); // once
}

// The code was first sent before the clock was ahead; this verification came later.
BOOST_AUTO_TEST_CASE(a_verification_of_a_clock_that_was_ahead_is_kept_as_long_as_its_code) {
    auto state = typical_number();
    auto& v = state.verifications[0];
    v.admitted = some_time + 30s;
    v.retained_until = state.codes[0].end = some_time + 90s;
    BOOST_TEST(state.advance(some_time));
    BOOST_TEST((v.admitted == some_time && state.codes[0].end == some_time + 90s));
    BOOST_TEST((v.retained_until == some_time + 90s));
}

BOOST_AUTO_TEST_CASE(no_guess_waits_longer_than_the_longest) {
    for (auto const& [ahead, waits] : std::vector<std::pair<counter_time, bool>>{
             {guess_wait_max + clock_tolerance, true},
             {guess_wait_max + clock_tolerance + 1us, false}}) {
        auto state = typical_number();
        state.guesses = {{{}, guess_kind::common, 7, some_time, some_time + 2h}};
        for (auto const whose : {requester_class::stranger, requester_class::known_device}) {
            state.guess_from = {};
            state.guess_from[whose] = some_time + ahead;
            BOOST_TEST(state.advance(some_time) == !waits);
            BOOST_TEST((state.guess_from[whose] == store_time()) == !waits);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_settled_send_has_no_lease_however_its_times_move) {
    auto state = typical_number();
    state.advance(some_time - 600s);
    BOOST_TEST((state.verifications[0].lease_end == store_time()));
}

BOOST_AUTO_TEST_SUITE_END()
